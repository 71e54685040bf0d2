package server

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dropped waits until the server closes a connection over which single bytes arrive
// slowly, and returns what it answered.
func (p peer) dropped() string {
	p.t.Helper()
	var slow sync.WaitGroup
	defer slow.Wait()
	slow.Go(func() {
		for err := error(nil); err == nil; _, err = io.WriteString(p.Conn, "x") {
			time.Sleep(10 * time.Millisecond)
		}
	})
	answer, err := io.ReadAll(p.Conn)
	require.NoError(p.t, err)
	return string(answer)
}

func TestTimeouts(t *testing.T) {
	c := Config{HeaderTimeout: 3 * time.Second, ReadTimeout: 7 * time.Second, IdleTimeout: 20 * time.Second}
	serverTLS, _ := newPair(t)
	for name, test := range map[string]struct {
		text   string
		tls    *tls.Config
		took   time.Duration
		answer string
	}{
		"nothing sent":        {halfHeader[:1], nil, c.HeaderTimeout, ""},
		"header":              {halfHeader + "X-Slow: ", nil, c.HeaderTimeout, ""},
		"handshake":           {"\x16\x03\x01\x40\x00", serverTLS, c.HeaderTimeout, ""},
		"body":                {strings.Replace(halfBody, " 10", " 60000", 1), nil, c.ReadTimeout, "HTTP/1.1 408 "},
		"body that is unread": {"POST /nothing HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100000\r\n\r\n", nil, c.ReadTimeout, "HTTP/1.1 404 "},
	} {
		t.Run(name, func(t *testing.T) {
			c := c
			c.TLS = test.tls
			inBubble(t, c, func(t *testing.T, g *gateway, n *network) {
				began := time.Now()
				answer := n.dial("192.0.2.1").send(test.text).dropped()
				assert.True(t, strings.HasPrefix(answer, test.answer), answer)
				assert.InDelta(t, test.took, time.Since(began), float64(time.Second))
				synctest.Wait()
				assert.Zero(t, g.open.len())
			})
		})
	}
	inBubble(t, c, func(t *testing.T, g *gateway, n *network) {
		idle := n.dial("192.0.2.1").send(hello)
		idle.answer()
		began := time.Now()
		_, err := idle.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		assert.Equal(t, c.IdleTimeout, time.Since(began))
	})
}

func TestDefaultsAreBounds(t *testing.T) {
	c := New(Config{Handler: http.NotFoundHandler()}).http
	for _, d := range []time.Duration{c.ReadHeaderTimeout, c.ReadTimeout, c.WriteTimeout, c.IdleTimeout, time.Duration(c.MaxHeaderBytes)} {
		assert.Positive(t, d)
	}
	assert.Panics(t, func() { New(Config{}) })
}

// A client that does not read its answers keeps its connection for WriteTimeout.
func TestClientThatDoesNotReadIsDropped(t *testing.T) {
	serverTLS, clientTLS := newPair(t)
	for _, https := range []bool{false, true} {
		t.Run(fmt.Sprint("HTTPS ", https), func(t *testing.T) {
			c := Config{WriteTimeout: 9 * time.Second}
			if https {
				c.TLS = serverTLS
			}
			inBubble(t, c, func(t *testing.T, g *gateway, n *network) {
				p := n.dial("192.0.2.1")
				if https {
					p.Conn = tls.Client(p.Conn, clientTLS)
				}
				began := time.Now()
				p.send(hello)
				for g.open.len() > 0 {
					time.Sleep(10 * time.Millisecond)
				}
				assert.GreaterOrEqual(t, time.Since(began), c.WriteTimeout)
				assert.LessOrEqual(t, time.Since(began), c.WriteTimeout+6*time.Second) // TLS tries to say goodbye
			})
		})
	}
}

// Close of a TLS connection waits for a client that does not read. To make room, or at
// the end, nothing waits.
func TestTLSConnectionIsCutAtOnce(t *testing.T) {
	serverTLS, clientTLS := newPair(t)
	inBubble(t, Config{TLS: serverTLS, MaxConnections: 1, HeaderTimeout: time.Hour}, func(t *testing.T, g *gateway, n *network) {
		p := n.dial("192.0.2.1")
		secure := tls.Client(p.Conn, clientTLS)
		require.NoError(t, secure.Handshake())
		began := time.Now()
		assert.False(t, n.dial("192.0.2.2").isClosed())
		assert.True(t, p.isClosed())
		assert.Zero(t, time.Since(began))
	})
}

func TestHTTPS(t *testing.T) {
	serverTLS, clientTLS := newPair(t)
	serverTLS.NextProtos = []string{"h2", "http/1.1"}
	g := newGateway(t, Config{TLS: serverTLS})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g.run(l)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: clientTLS, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	answer, err := client.Get("https://" + l.Addr().String() + "/hello")
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, "TLS true", string(body), "Request.TLS is set")
	// None of the timeouts of HTTP/2 ends a connection whose client does not read.
	assert.Equal(t, "HTTP/1.1", answer.Proto)
	assert.Empty(t, g.log.String())
}

func TestFailedHandshakes(t *testing.T) {
	serverTLS, clientTLS := newPair(t)
	inBubble(t, Config{TLS: serverTLS}, func(t *testing.T, g *gateway, n *network) {
		plain := n.dial("192.0.2.1").send(hello[:5])
		answer := plain.answer()
		assert.Equal(t, 400, answer.StatusCode)
		assert.Equal(t, uint64(1), g.Stats().Refused["400"])
		assert.Contains(t, g.log.String(), "status=400 client=192.0.2.1:4711")

		garbage := n.dial("192.0.2.2")
		go func() { _, _ = io.Copy(io.Discard, garbage) }()
		garbage.send("\xff\x03\x01\x00\x01")
		assert.Contains(t, g.log.String(), "http: TLS handshake error from 192.0.2.2:4711: ")

		protocols := clientTLS.Clone()
		protocols.NextProtos = []string{strings.Repeat("canary", 40), strings.Repeat("canary", 40)}
		before := len(g.log.String())
		assert.Error(t, tls.Client(n.dial("192.0.2.3"), protocols).Handshake())
		synctest.Wait()
		assert.Contains(t, g.log.String()[before:], "handshake error from 192.0.2.3:4711: ")
		assert.Less(t, len(g.log.String())-before, 400, "a client does not choose how long a record is")
		assert.Equal(t, uint64(1), g.Stats().Refused["400"], "those are no answers")
		assert.Zero(t, g.open.len())
	})
}

func TestHandshakeThatMadeRoomIsNoError(t *testing.T) {
	serverTLS, _ := newPair(t)
	inBubble(t, Config{TLS: serverTLS, MaxConnections: 1}, func(t *testing.T, g *gateway, n *network) {
		first := n.dial("192.0.2.1")
		n.dial("192.0.2.2")
		assert.True(t, first.isClosed())
		assert.NotContains(t, g.log.String(), "handshake")
	})
}

func TestMaxHeader(t *testing.T) {
	for limit, sizes := range map[int][2]int{0: {7 << 10, 13 << 10}, 1024: {900, 6 << 10}} {
		for i, want := range []int{200, 431} {
			inBubble(t, Config{MaxHeader: limit}, func(t *testing.T, g *gateway, n *network) {
				p := n.dial("192.0.2.1")
				go func() {
					_, _ = fmt.Fprintf(p.Conn, "GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", sizes[i]))
				}()
				assert.Equal(t, want, p.answer().StatusCode)
			})
		}
	}
}
