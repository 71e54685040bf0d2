package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A site is a server on loopback. On Linux every address of 127.0.0.0/8 can be a client.
type site struct {
	*gateway
	addr   string
	client *tls.Config // nil: plain HTTP
}

func newSite(t testing.TB, c Config, https bool) *site {
	t.Helper()
	s := new(site)
	if https {
		c.TLS, s.client = newPair(t)
	}
	s.gateway = newGateway(t, c)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.addr = l.Addr().String()
	s.run(l)
	return s
}

func (s *site) dial(from net.IP) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}
	c, err := d.Dial("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	return c, c.SetDeadline(time.Now().Add(patience))
}

// secure wraps c in TLS, if the site speaks HTTPS.
func (s *site) secure(c net.Conn) net.Conn {
	if s.client != nil {
		return tls.Client(c, s.client)
	}
	return c
}

// deliver sends a request of a vendor on a connection of its own, and returns the status.
func (s *site) deliver(from net.IP, request string) (int, error) {
	accepted, err := s.dial(from)
	if err != nil {
		return 0, err
	}
	defer accepted.Close()
	c := s.secure(accepted)
	if _, err = io.WriteString(c, request); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// attacks do on a connection what keeps it busy. The connection may be closed meanwhile.
var attacks = map[string]struct {
	https  bool
	attack func(s *site, c net.Conn)
	state  state // of connections that are under it
}{
	"silence":          {false, func(*site, net.Conn) {}, header},
	"kept alive":       {false, keepAlive, idle},
	"half header":      {false, sendHalfHeader, header},
	"stalled body":     {false, sendHalfBody, request},
	"TLS silence":      {true, func(*site, net.Conn) {}, header},
	"TLS handshake":    {true, sendHalfHandshake, header},
	"TLS half header":  {true, sendHalfHeader, header},
	"TLS stalled body": {true, sendHalfBody, request},
}

func keepAlive(s *site, c net.Conn) {
	_, _ = io.WriteString(c, hello)
	_, _ = c.Read(make([]byte, 1<<10))
}

func sendHalfHandshake(_ *site, c net.Conn) {
	_, _ = io.WriteString(c, "\x16\x03\x01\x01\x00"+strings.Repeat("x", 100))
}

func sendHalfHeader(s *site, c net.Conn) {
	_, _ = io.WriteString(s.secure(c), halfHeader+"X-Long: "+strings.Repeat("x", 7<<10))
}

// sendHalfBody sends a body except for its last byte.
func sendHalfBody(s *site, c net.Conn) {
	_, _ = io.WriteString(s.secure(c), strings.Replace(halfBody, " 10", " 65536", 1)+strings.Repeat(" ", 64<<10-2))
}

const (
	total     = 60
	perClient = 20
)

// requireBounded requires that the bounds hold.
func (s *site) requireBounded(t *testing.T) {
	t.Helper()
	s.open.mu.Lock()
	defer s.open.mu.Unlock()
	require.LessOrEqual(t, s.open.open, total)
	for addr, c := range s.open.clients {
		require.LessOrEqual(t, len(c.conns), perClient, addr)
	}
}

// Whatever attackers keep open, from one address or from many, requests of vendors are
// answered.
func TestVendorsAreServedUnderAttack(t *testing.T) {
	request := genuine(t, "1")
	for name, test := range attacks {
		for _, clients := range []int{1, 200} {
			t.Run(fmt.Sprintf("%s, from %d", name, clients), func(t *testing.T) {
				s := newSite(t, Config{
					MaxConnections: total, MaxPerClient: perClient,
					HeaderTimeout: time.Hour, ReadTimeout: time.Hour, WriteTimeout: time.Hour,
				}, test.https)
				// Every connection of the attack is open until ctx is done, or the server closes it.
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				var attacked atomic.Int64
				open := func() net.Conn {
					c, err := s.dial(net.IPv4(127, 0, 1, byte(1+attacked.Add(1)%int64(clients))))
					if assert.NoError(t, err) {
						context.AfterFunc(ctx, func() { _ = c.Close() })
						test.attack(s, c)
					}
					return c
				}
				// A vendor of which nothing is known yet.
				for round := range byte(3) {
					for range 2 * perClient {
						open()
					}
					status, err := s.deliver(net.IPv4(127, 0, 2, round), request)
					require.NoError(t, err)
					require.Equal(t, 200, status)
					s.requireBounded(t)
				}
				// One that has sent before, while the attack goes on.
				var attackers sync.WaitGroup
				for range 4 {
					attackers.Go(func() {
						var held []net.Conn
						for ctx.Err() == nil {
							held = append(held, open())
							if len(held) == total/2 { // and so more than the server has for all attackers
								_, _ = io.Copy(io.Discard, held[0]) // until it is closed
								_ = held[0].Close()
								held = held[1:]
							}
						}
					})
				}
				for range 10 {
					status, err := s.deliver(net.IPv4(127, 0, 2, 1), request)
					if assert.NoError(t, err) {
						assert.Equal(t, 200, status)
					}
					s.requireBounded(t)
				}
				stop()
				attackers.Wait()
				reached := reachedTotal
				if clients == 1 {
					reached = reachedClient
				}
				assert.Positive(t, s.closedFor(reached))
				assert.Zero(t, s.closedFor(reachedBusy))
			})
		}
	}
}

// However connections end, none is counted for ever.
func TestCountReturnsToZero(t *testing.T) {
	serverTLS, clientTLS := newPair(t)
	for _, https := range []bool{false, true} {
		t.Run(fmt.Sprint("HTTPS ", https), func(t *testing.T) {
			c := Config{MaxConnections: 20, MaxPerClient: 10}
			if https {
				c.TLS = serverTLS
			}
			g := newGateway(t, c)
			mux := g.config.Handler
			g.config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/abort":
					panic(http.ErrAbortHandler)
				case "/hijack":
					c, _, err := http.NewResponseController(w).Hijack()
					assert.NoError(t, err)
					go func() {
						_, _ = io.Copy(io.Discard, c)
						_ = c.Close()
					}()
				default:
					mux.ServeHTTP(w, r)
				}
			})
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			g.run(l)
			event := genuine(t, "1")
			fates := []func(net.Conn){
				func(net.Conn) {},
				func(c net.Conn) { _, _ = io.WriteString(c, halfHeader) },
				func(c net.Conn) { _, _ = io.WriteString(c, halfBody) },
				func(c net.Conn) { _, _ = io.WriteString(c, "\x00\r\n\r\n") },
				func(c net.Conn) { _, _ = io.WriteString(c, event+hello+halfBody) },
				func(c net.Conn) {
					_, _ = io.WriteString(c, event)
					_, _ = c.Read(make([]byte, 1))
				},
				func(c net.Conn) {
					_, _ = io.WriteString(c, strings.Replace(hello, "hello", "abort", 1))
					_, _ = c.Read(make([]byte, 1))
				},
				func(c net.Conn) { _, _ = io.WriteString(c, strings.Replace(hello, "hello", "hijack", 1)) },
			}
			var clients sync.WaitGroup
			for range 8 {
				clients.Go(func() {
					var open []net.Conn
					for range 50 {
						d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+rand.IntN(4)))}}
						c, err := d.Dial("tcp", l.Addr().String())
						if !assert.NoError(t, err) {
							return
						}
						open = append(open, c)
						assert.NoError(t, c.SetDeadline(time.Now().Add(patience)))
						secure := c
						if https && rand.IntN(4) > 0 {
							secure = tls.Client(c, clientTLS)
						}
						fates[rand.IntN(len(fates))](secure)
						if rand.IntN(2) == 0 {
							_ = secure.Close()
						}
						if rand.IntN(4) == 0 { // with a reset
							_ = c.(*net.TCPConn).SetLinger(0)
						}
						if len(open) > 8 {
							_ = open[0].Close()
							open = open[1:]
						}
					}
					for _, c := range open {
						_ = c.Close()
					}
				})
			}
			clients.Wait()
			g.open.requireEmpty(t)
			g.stop()
			require.NoError(t, <-g.ran)
		})
	}
}

// It reports how much memory a connection takes that does not go on, both ends of it.
func BenchmarkStalledConnection(b *testing.B) {
	for name, test := range attacks {
		b.Run(name, func(b *testing.B) {
			const n = 200
			var used int64
			for b.Loop() {
				s := newSite(b, Config{MaxConnections: n, MaxPerClient: n, DrainTimeout: 1}, test.https)
				before := inUse()
				conns := make([]net.Conn, n)
				for i := range conns {
					var err error
					conns[i], err = s.dial(net.IPv4(127, 0, 0, 1))
					require.NoError(b, err)
					test.attack(s, conns[i])
				}
				for s.open.in(test.state) < n {
					time.Sleep(time.Millisecond)
				}
				used += inUse() - before
				for _, c := range conns {
					_ = c.Close()
				}
				s.stop()
				require.NoError(b, <-s.ran)
			}
			b.ReportMetric(float64(used)/n/float64(b.N), "B/conn")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// inUse returns how many bytes of heap and stacks are in use.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
