package main_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"

	"github.com/accesshook/accesshook/examples/gateway/internal/admin"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// dialSmall connects with a small receive gatewaytest.Buffer.
func dialSmall(t *testing.T, p *gatewaytest.Process) gatewaytest.Connection {
	t.Helper()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		return errors.Join(raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
		}), err)
	}}
	_, addr, _ := strings.Cut(p.URL, "://")
	c, err := d.DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(gatewaytest.Patience)))
	t.Cleanup(func() { _ = c.Close() })
	return gatewaytest.Connection{Conn: c, T: t}
}

// endless sends requests and reads no answer, until it cannot send more.
func endless(c net.Conn, requests func() string) error {
	for {
		if _, err := io.WriteString(c, requests()); err != nil {
			return err
		}
	}
}

// unanswered are requests that are refused, for several reasons.
var unanswered = map[string]string{
	"no signature": "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\n{}",
	"no such path": "GET /nothing HTTP/1.1\r\nHost: gateway\r\n\r\n",
}

// startPlainOrTLS starts a gateway, with HTTPS if https is set. hidden then wraps a
// client's connection in TLS.
func startPlainOrTLS(t *testing.T, https bool, args ...string) (p *gatewaytest.Process, hidden func(net.Conn) net.Conn) {
	t.Helper()
	if !https {
		return gatewaytest.Start(t, gatewaytest.WithRelock, args...), func(c net.Conn) net.Conn { return c }
	}
	cert, key := newPair(t, "gateway")
	p = gatewaytest.Start(t, gatewaytest.WithRelock, append(args, "-tls-cert", gatewaytest.WriteFile(t, cert), "-tls-key", gatewaytest.WriteFile(t, key))...)
	return p, func(c net.Conn) net.Conn {
		config := trusting(cert)
		config.ServerName = "127.0.0.1"
		return tls.Client(c, config)
	}
}

// It asks the server whether the connection is closed: the client's kernel may take half
// a minute to notice.
func TestClientThatDoesNotReadIsDropped(t *testing.T) {
	for name, request := range unanswered {
		for _, https := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTPS %t", name, https), func(t *testing.T) {
				t.Parallel()
				p, hidden := startPlainOrTLS(t, https, "-admin-addr", "127.0.0.1:0", "-body-timeout", "100ms", "-handler-timeout", "100ms", "-answer-timeout", "100ms")
				c := dialSmall(t, p)
				require.NoError(t, c.SetDeadline(time.Time{}))
				client := hidden(c)
				_, err := io.WriteString(client, request)
				require.NoError(t, err)
				_, err = http.ReadResponse(bufio.NewReader(client), nil)
				require.NoError(t, err)
				sent := make(chan error, 1)
				go func() { sent <- endless(client, func() string { return strings.Repeat(request, 100) }) }()
				p.RequireMetrics(p.Admin(), map[string]float64{
					`accesshook_connections{state="answer"}`:  0,
					`accesshook_connections{state="header"}`:  0,
					`accesshook_connections{state="idle"}`:    0,
					`accesshook_connections{state="request"}`: 0,
				})
				_ = c.Close()
				require.Error(t, <-sent)
			})
		}
	}
}

// HTTP/2 is not served: none of its timeouts ends a connection whose client does not
// read, so that anyone could keep any number of them without a password.
func TestAdminSideHasNoHTTP2(t *testing.T) {
	cert, key := newPair(t, "gateway")
	p := gatewaytest.Start(t, gatewaytest.WithAdmin, "-admin-addr", "0.0.0.0:0", "-tls-cert", gatewaytest.WriteFile(t, cert), "-tls-key", gatewaytest.WriteFile(t, key))
	config := trusting(cert)
	config.NextProtos = []string{"h2", "http/1.1"}
	c, err := tls.Dial("tcp", strings.TrimPrefix(onLoopback(p.Admin()), "http://"), config)
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, "http/1.1", c.ConnectionState().NegotiatedProtocol)
}

// stuck lets c send requests without reading, until the gateway stops reading as well,
// or reads very slowly.
func stuck(t *testing.T, c net.Conn, requests func() string) {
	t.Helper()
	err := endless(c, func() string {
		assert.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Second)))
		return requests()
	})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// A client that does not read does not delay a stop, whatever the timeouts of a running
// gateway are.
func TestSIGTERMDoesNotWaitForAClientThatDoesNotRead(t *testing.T) {
	for name, request := range unanswered {
		for _, https := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTPS %t", name, https), func(t *testing.T) {
				t.Parallel()
				p, hidden := startPlainOrTLS(t, https, "-handler-timeout", "1h", "-header-timeout", "1s", "-answer-timeout", "1s")
				stuck(t, hidden(dialSmall(t, p)), func() string { return strings.Repeat(request, 100) })
				p.Stop()
			})
		}
	}
}

// An event that was answered 200 was handled, whether the client has read the answer or
// not.
func TestSIGTERMFinishesWhatItDoesNotWaitFor(t *testing.T) {
	stored := []string{"-data", filepath.Join(t.TempDir(), "data")}
	for name, args := range map[string][]string{"by itself": nil, "queue": {"-queue", "100000"}, "store": stored} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := gatewaytest.Start(t, gatewaytest.WithRelock, append(args, "-header-timeout", "1s", "-answer-timeout", "1s")...)
			c := dialSmall(t, p)
			const sent = 100
			for n := range sent {
				r, err := relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: fmt.Sprint("s-", n)})
				require.NoError(t, err)
				require.NoError(t, r.Write(c))
			}
			stuck(t, c, func() string { return "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" }) // a long answer
			p.Stop()

			printed := make(map[string]bool)
			events := p.Events()
			if name == "store" { // which keeps what was not printed yet
				again := gatewaytest.Start(t, gatewaytest.WithRelock, stored...)
				again.Eventually("events are left", func() bool {
					_, details := again.Health(again.URL)
					return details.Store.Up && details.Store.Consumers["default"] == admin.Consumer{}
				})
				again.Stop()
				events = append(events, again.Events()...)
			}
			for _, e := range events {
				printed[e.Session.ID] = true
			}
			answered := 0
			require.NoError(t, c.SetReadDeadline(time.Now().Add(gatewaytest.Patience)))
			for r := bufio.NewReader(c); answered < sent; answered++ {
				answer, err := http.ReadResponse(r, nil)
				if err != nil {
					break
				}
				require.Equal(t, 200, answer.StatusCode)
				if _, err = io.Copy(io.Discard, answer.Body); err != nil {
					break
				}
			}
			require.NotZero(t, answered)
			for n := range answered {
				assert.True(t, printed[fmt.Sprint("s-", n)], "event %d was answered 200", n)
			}
		})
	}
}
