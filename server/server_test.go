package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

const secret = "canary-relock-secret"

// patience limits every wait for a real socket. Only what is broken takes that long.
const patience = 2 * time.Minute

// A gateway is a server with an endpoint, and beside it a path that answers at once.
type gateway struct {
	*Server
	t        testing.TB
	callback func(context.Context, *event.Event) error
	log      buffer
	stop     context.CancelFunc
	ran      chan error
}

func newGateway(t testing.TB, c Config) *gateway {
	t.Helper()
	g := &gateway{t: t, ran: make(chan error, 1)}
	g.callback = func(context.Context, *event.Event) error { return nil }
	mux := http.NewServeMux()
	c.Handler = CleanPath(mux)
	c.Log = slog.New(slog.NewTextHandler(&g.log, nil))
	g.Server = New(c)
	endpoint, err := relock.New(relock.Config{Secrets: event.Secrets(secret), Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)}})
	require.NoError(t, err)
	mux.Handle("/webhooks/relock", endpoint.Handler(g.Counted(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		return g.callback(ctx, e)
	}))))
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "TLS %t", r.TLS != nil && r.TLS.HandshakeComplete)
	})
	mux.Handle("/", g.NotFound([]string{"/webhooks/relock", "/webhooks/unloc"}, nil))
	return g
}

// run runs the server on l until the test ends, or stop is called.
func (g *gateway) run(l net.Listener) {
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.ran <- g.Run(ctx, l)
	}()
	g.t.Cleanup(func() {
		stop()
		<-done
		g.open.requireEmpty(g.t)
	})
}

func (g *gateway) closedFor(reason string) int { return int(g.Stats().Closed[reason]) }

// A buffer can be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A network is a listener in memory, for bubbles of synctest.
type network struct {
	t        *testing.T
	accepted chan net.Conn
	failures chan error
	closed   chan struct{}
	close    func()
}

func newNetwork(t *testing.T) *network {
	n := &network{t: t, accepted: make(chan net.Conn), failures: make(chan error), closed: make(chan struct{})}
	n.close = sync.OnceFunc(func() { close(n.closed) })
	return n
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.accepted:
		return c, nil
	case err := <-n.failures:
		return nil, err
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.close()
	return nil
}

func (n *network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

// A peer is the client's end of a connection.
type peer struct {
	net.Conn
	t testing.TB
}

// addressed is a connection that says from where it came.
type addressed struct {
	net.Conn
	from net.Addr
}

func (c addressed) RemoteAddr() net.Addr { return c.from }

// dial connects from an address, and waits until the server has accepted or refused it.
func (n *network) dial(from string) peer {
	n.t.Helper()
	near, far := net.Pipe()
	n.t.Cleanup(func() { _ = near.Close() })
	var addr net.Addr = &net.UnixAddr{Net: "unix", Name: "@"}
	if from != "unix" {
		addr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 4711))
	}
	select {
	case n.accepted <- addressed{far, addr}:
	case <-n.closed:
		n.t.Fatal("the listener is closed")
	}
	synctest.Wait()
	return peer{near, n.t}
}

// send sends, and waits until the server has done what it can.
func (p peer) send(text string) peer {
	p.t.Helper()
	_, err := io.WriteString(p.Conn, text)
	require.NoError(p.t, err)
	synctest.Wait()
	return p
}

// answer reads an answer whole, and waits likewise.
func (p peer) answer() *http.Response {
	p.t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(p.Conn), nil)
	require.NoError(p.t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, r.Body.Close())
	synctest.Wait()
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

// isClosed reports, in a bubble, whether the server has closed the connection.
func (p peer) isClosed() bool {
	p.t.Helper()
	synctest.Wait()
	_ = p.SetReadDeadline(time.Now()) // which fails if the pipe is closed, as Read does
	_, err := p.Read(make([]byte, 1))
	_ = p.SetReadDeadline(time.Time{})
	require.Error(p.t, err, "there is an answer to read")
	return err == io.EOF
}

// The parts of requests.
const (
	hello      = "GET /hello HTTP/1.1\r\nHost: gateway\r\n\r\n"
	halfHeader = "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\n"
)

var halfBody = halfHeader + "X-Relock-Signature: " + strings.Repeat("0", 64) + "\r\nContent-Length: 10\r\n\r\n{"

// genuine is a whole request of a vendor.
func genuine(t testing.TB, id string) string {
	t.Helper()
	r, err := relock.NewRequest(t.Context(), "http://gateway/webhooks/relock", secret, &relock.SessionEnded{SessionID: id})
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, r.Write(&text))
	return text.String()
}

// inBubble runs f in a bubble of synctest, with a server.
func inBubble(t *testing.T, c Config, f func(t *testing.T, g *gateway, n *network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// Runs last: net/http waits half a second before it closes some connections.
		t.Cleanup(func() { time.Sleep(time.Second) })
		g, n := newGateway(t, c), newNetwork(t)
		g.run(n)
		f(t, g, n)
	})
}

// blocked has callbacks wait until release is called, or the test ends.
func (g *gateway) blocked(t *testing.T) (release func()) {
	wait := make(chan struct{})
	release = sync.OnceFunc(func() { close(wait) })
	t.Cleanup(release)
	g.callback = func(context.Context, *event.Event) error {
		<-wait
		return nil
	}
	return release
}

// newPair returns a certificate for 127.0.0.1, and the configuration of a client that
// trusts it.
func newPair(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}},
		&tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
}

func TestRunStopsInSteps(t *testing.T) {
	stopping := make(chan struct{})
	inBubble(t, Config{StopDelay: 10 * time.Second, Stopping: func() { close(stopping) }}, func(t *testing.T, g *gateway, n *network) {
		kept := n.dial("192.0.2.1").send(hello)
		assert.False(t, kept.answer().Close)
		g.stop()
		<-stopping
		time.Sleep(9 * time.Second)
		assert.False(t, kept.isClosed())
		assert.True(t, kept.send(hello).answer().Close, "the client must not send its next request here")
		assert.True(t, kept.isClosed())
		waits, late := n.dial("192.0.2.1"), n.dial("192.0.2.1").send(genuine(t, "late"))
		assert.Equal(t, 200, late.answer().StatusCode)
		assert.Empty(t, g.ran)

		time.Sleep(time.Second)
		synctest.Wait()
		select {
		case <-n.closed:
		default:
			t.Error("it still listens")
		}
		assert.Equal(t, 200, waits.send(genuine(t, "accepted")).answer().StatusCode)
		assert.NoError(t, <-g.ran)
		assert.Equal(t, 1, strings.Count(g.log.String(), "msg=stopping\n"))
	})
}

func TestRunReturnsWhyItsListenerFailed(t *testing.T) {
	inBubble(t, Config{StopDelay: time.Hour}, func(t *testing.T, g *gateway, n *network) {
		began := time.Now()
		n.failures <- net.UnknownNetworkError("test")
		assert.ErrorIs(t, <-g.ran, net.UnknownNetworkError("test"))
		assert.Zero(t, time.Since(began))
	})
}

// Most vendors send a request once.
func TestStopAnswersWhatWasBegun(t *testing.T) {
	for name, kept := range map[string]bool{"first request": false, "kept connection": true} {
		for at := range []string{"header", "body"} {
			t.Run(fmt.Sprint(name, at), func(t *testing.T) {
				inBubble(t, Config{}, func(t *testing.T, g *gateway, n *network) {
					c := n.dial("192.0.2.1")
					if kept {
						c.send(hello).answer()
					}
					request := genuine(t, "1")
					cut := []int{len(halfHeader) / 2, len(request) - 3}[at]
					c.send(request[:cut])
					idle := n.dial("192.0.2.2").send(hello)
					idle.answer()
					g.stop()
					time.Sleep(4 * time.Second)
					assert.True(t, idle.isClosed())
					answer := c.send(request[cut:]).answer()
					assert.Equal(t, 200, answer.StatusCode)
					assert.NoError(t, <-g.ran)
					assert.NotContains(t, g.log.String(), "level=WARN")
				})
			})
		}
	}
}

// A client that does not send or read delays a stop for its timeout, and no longer.
func TestStopDoesNotWaitForClients(t *testing.T) {
	for name, test := range map[string]struct {
		first, text string
		took        time.Duration
		cut         bool
	}{
		"nothing":       {"", "", 4 * time.Second, false}, // its timeout, as for a running server
		"half a header": {"", halfHeader, 4 * time.Second, false},
		"half a body":   {"", halfBody, 14 * time.Second, true}, // its timeout, and then the answer
		"a byte":        {hello, "G", 5 * time.Second, true},    // of a later request
		"unread answer": {"", genuine(t, "1"), 5 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{WriteTimeout: time.Hour}, func(t *testing.T, g *gateway, n *network) {
				c := n.dial("192.0.2.1")
				if test.first != "" {
					c.send(test.first).answer()
				}
				c.send(test.text)
				time.Sleep(time.Second)
				began := time.Now()
				g.stop()
				assert.NoError(t, <-g.ran)
				assert.InDelta(t, test.took, time.Since(began), float64(2*drainTick))
				assert.Equal(t, test.cut, strings.Contains(g.log.String(), "msg=\"connections were cut: a client did not read its answer, or did not send its request, in time\" connections=1\n"))
			})
		})
	}
}

// It is a failure if an event in a callback is cut off, and none if a client is.
func TestDrainTimeout(t *testing.T) {
	c := Config{DrainTimeout: 3 * time.Second}
	inBubble(t, c, func(t *testing.T, g *gateway, n *network) {
		g.blocked(t)
		waits := n.dial("192.0.2.1").send(genuine(t, "1"))
		began := time.Now()
		g.stop()
		assert.EqualError(t, <-g.ran, "1 requests did not finish within 3s")
		assert.InDelta(t, c.DrainTimeout, time.Since(began), float64(2*drainTick))
		assert.True(t, waits.isClosed(), "it was not answered")
	})
	inBubble(t, c, func(t *testing.T, g *gateway, n *network) {
		n.dial("192.0.2.1").send(halfBody)
		g.stop()
		assert.NoError(t, <-g.ran)
		assert.Contains(t, g.log.String(), "connections=1\n")
	})
}

// An event is handled to its end although its client has gone.
func TestStopWaitsForEventsWithoutAConnection(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *gateway, n *network) {
		release := g.blocked(t)
		n.dial("192.0.2.1").send(genuine(t, "1"))
		g.open.cut(func(*conn) bool { return true })
		g.stop()
		time.Sleep(time.Second)
		assert.Empty(t, g.ran)
		release()
		assert.NoError(t, <-g.ran)
	})
}

// A picky handler takes events of no vendor.
type picky struct{ event.Handler }

func (picky) AcceptsVendor(string) error { return errors.New("of none") }

// An endpoint finds out at the start what its handler does not take, as without Counted.
func TestCountedShowsItsHandler(t *testing.T) {
	s := New(Config{Handler: http.NotFoundHandler()})
	endpoint, err := relock.New(relock.Config{Secrets: event.Secrets(secret)})
	require.NoError(t, err)
	assert.Panics(t, func() { endpoint.Handler(s.Counted(picky{event.NewMux()})) })
	assert.NotPanics(t, func() { endpoint.Handler(s.Counted(event.NewMux())) })
}

// The defaults of an endpoint fit into those of the server.
func TestDefaultsFitAnEndpoint(t *testing.T) {
	s := New(Config{Handler: http.NotFoundHandler()})
	assert.Greater(t, s.http.WriteTimeout, verify.DefaultBodyTimeout+verify.DefaultHandlerTimeout)
	assert.Greater(t, s.http.ReadTimeout, verify.DefaultBodyTimeout)
}
