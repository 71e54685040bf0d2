package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sides starts a gateway, and runs f with the addresses of -addr and of -admin-addr.
func sides(t *testing.T, f func(t *testing.T, p *process), args ...string) {
	p := start(t, withRelock, append(args, "-admin-addr", "127.0.0.1:0")...)
	for side, url := range map[string]string{"public": p.url, "admin": p.admin()} {
		t.Run(side, func(t *testing.T) { f(t, &process{t: t, url: url}) })
	}
}

// requireDropped requires that the gateway closes a connection over which single bytes
// arrive slowly, and returns the answer.
func (c connection) requireDropped() string {
	c.t.Helper()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
				if _, err := io.WriteString(c.Conn, "x"); err != nil {
					return
				}
			}
		}
	}()
	answer, err := io.ReadAll(c.Conn)
	failed, ok := err.(net.Error)
	require.False(c.t, ok && failed.Timeout(), "it is still open: %v", err)
	return string(answer)
}

func TestHeaderTimeout(t *testing.T) {
	sides(t, func(t *testing.T, p *process) {
		c := dial(t, p)
		c.send("POST /webhooks/relock HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
		assert.Empty(t, c.requireDropped())
	}, "-header-timeout", "100ms", "-body-timeout", "1h")
}

// The header timeout also limits the TLS handshake.
func TestHandshakeTimeout(t *testing.T) {
	p, _ := startPlainOrTLS(t, true, "-header-timeout", "100ms", "-body-timeout", "1h")
	c := dial(t, &process{url: strings.Replace(p.url, "https:", "http:", 1)})
	c.send("\x16\x03\x01\x01\x00") // the head of a record
	c.requireDropped()
}

// A slow body cannot keep a connection open, neither one that is refused unread nor one
// that no endpoint reads.
func TestBodyOfARefusedRequestTimesOut(t *testing.T) {
	for name, path := range map[string]string{"no such path": "/nothing", "no signature": "/webhooks/relock"} {
		t.Run(name, func(t *testing.T) {
			sides(t, func(t *testing.T, p *process) {
				c := dial(t, p)
				c.send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
				c.requireDropped()
			}, "-header-timeout", "100ms", "-body-timeout", "100ms")
		})
	}
}

func TestBodyTimeoutOfASlowBody(t *testing.T) {
	p := start(t, withRelock, "-header-timeout", "1h", "-body-timeout", "100ms")
	c := dial(t, p)
	c.send(halfABody[:strings.Index(halfABody, "Content-Length")] + "Content-Length: 60000\r\n\r\n")
	assert.Contains(t, c.requireDropped(), "HTTP/1.1 408 ")
}

func TestIdleTimeout(t *testing.T) {
	sides(t, func(t *testing.T, p *process) {
		c := dial(t, p)
		c.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		text, err := io.ReadAll(c.Conn)
		require.NoError(t, err, "it is still open")
		assert.Contains(t, string(text), "HTTP/1.1 200 ")
	}, "-idle-timeout", "100ms", "-header-timeout", "1h", "-body-timeout", "1h")
}

func TestMaxHeader(t *testing.T) {
	for name, test := range map[string]struct {
		args      []string
		fits, not int
	}{
		"by default": {nil, 15 << 10, 21 << 10},
		"a flag":     {[]string{"-max-header", "1024"}, 900, 6 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			sides(t, func(t *testing.T, p *process) {
				for size, want := range map[int]int{test.fits: 200, test.not: 431} {
					c := dial(t, p)
					c.send(fmt.Sprintf("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", size)))
					status, _ := c.answer()
					assert.Equal(t, want, status, "%d bytes", size)
				}
			}, test.args...)
		})
	}
}
