package main_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// sides starts a gateway, and runs f with the addresses of -addr and of -admin-addr.
func sides(t *testing.T, f func(t *testing.T, p *gatewaytest.Process), args ...string) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, append(args, "-admin-addr", "127.0.0.1:0")...)
	for side, url := range map[string]string{"public": p.URL, "admin": p.Admin()} {
		t.Run(side, func(t *testing.T) { f(t, &gatewaytest.Process{T: t, URL: url}) })
	}
}

// requireDropped requires that the gateway closes a connection over which single bytes
// arrive slowly, and returns the answer.
func requireDropped(c gatewaytest.Connection) string {
	c.T.Helper()
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
	require.False(c.T, ok && failed.Timeout(), "it is still open: %v", err)
	return string(answer)
}

func TestHeaderTimeout(t *testing.T) {
	sides(t, func(t *testing.T, p *gatewaytest.Process) {
		c := p.Dial()
		c.Send("POST /webhooks/relock HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
		assert.Empty(t, requireDropped(c))
	}, "-header-timeout", "100ms", "-body-timeout", "1h")
}

// The header timeout also limits the TLS handshake.
func TestHandshakeTimeout(t *testing.T) {
	p, _ := startPlainOrTLS(t, true, "-header-timeout", "100ms", "-body-timeout", "1h")
	c := p.Dial()
	c.Send("\x16\x03\x01\x01\x00") // the head of a record
	requireDropped(c)
}

// A slow body cannot keep a connection open, neither one that is refused unread nor one
// that no endpoint reads.
func TestBodyOfARefusedRequestTimesOut(t *testing.T) {
	for name, path := range map[string]string{"no such path": "/nothing", "no signature": "/webhooks/relock"} {
		t.Run(name, func(t *testing.T) {
			sides(t, func(t *testing.T, p *gatewaytest.Process) {
				c := p.Dial()
				c.Send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
				requireDropped(c)
			}, "-header-timeout", "100ms", "-body-timeout", "100ms")
		})
	}
}

func TestBodyTimeoutOfASlowBody(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-header-timeout", "1h", "-body-timeout", "100ms")
	c := p.Dial()
	c.Send(halfABody[:strings.Index(halfABody, "Content-Length")] + "Content-Length: 60000\r\n\r\n")
	assert.Contains(t, requireDropped(c), "HTTP/1.1 408 ")
}

func TestIdleTimeout(t *testing.T) {
	sides(t, func(t *testing.T, p *gatewaytest.Process) {
		c := p.Dial()
		c.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
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
		"by default": {nil, 7 << 10, 13 << 10},
		"a flag":     {[]string{"-max-header", "1024"}, 900, 6 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			sides(t, func(t *testing.T, p *gatewaytest.Process) {
				for size, want := range map[int]int{test.fits: 200, test.not: 431} {
					c := p.Dial()
					c.Send(fmt.Sprintf("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", size)))
					status, _ := c.Answer()
					assert.Equal(t, want, status, "%d bytes", size)
				}
			}, test.args...)
		})
	}
}

var halfABody = "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + strings.Repeat("0", 64) + "\r\nContent-Length: 10\r\n\r\n{"
