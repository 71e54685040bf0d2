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
	"os/exec"
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
	t.Parallel() // the admin side waits for 20 seconds
	for name, path := range map[string]string{"no such path": "/nothing", "no signature": "/webhooks/relock"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
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

// With few descriptors, idle connections make room for the vendor.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	gatewaytest.Needs(t, "sh")
	p := gatewaytest.New(t, gatewaytest.WithRelock)
	p.Cmd.Args = append([]string{"sh", "-c", `ulimit -n 200 && exec "$0" "$@"`, p.Cmd.Path}, p.Cmd.Args[1:]...)
	sh, err := exec.LookPath("sh")
	require.NoError(t, err)
	p.Cmd.Path = sh
	p.Start()
	t.Cleanup(p.Stop)
	for i := range 400 {
		c := dialFrom(t, p, i%100)
		if i%2 == 0 { // an idle connection has had a request
			c.Send("GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n")
		}
	}
	for range 3 {
		assert.Equal(t, 200, p.From(gatewaytest.RelockSecret, "genuine", "", ""))
	}
}

// dialFrom connects from one of several addresses of this machine.
func dialFrom(t *testing.T, p *gatewaytest.Process, client int) gatewaytest.Connection {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(client+1))}}
	_, addr, _ := strings.Cut(p.URL, "://")
	c, err := d.DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(gatewaytest.Patience)))
	t.Cleanup(func() { _ = c.Close() })
	return gatewaytest.Connection{Conn: c, T: t}
}

// What does not end a request is bounded in number, in all and for each client, and the
// genuine vendor is answered meanwhile.
func TestUnfinishedRequestsAreBounded(t *testing.T) {
	unfinished := map[string]string{
		"bodies":  halfABody,
		"headers": "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Long: " + strings.Repeat("x", 7<<10),
		"nothing": "",
	}
	for name, text := range unfinished {
		for clients, bound := range map[int]float64{1: 20, 100: 50} {
			t.Run(fmt.Sprintf("%s, clients %d", name, clients), func(t *testing.T) {
				p := gatewaytest.New(t, gatewaytest.WithRelock, "-admin-addr", "127.0.0.1:0", "-max-connections", "50", "-max-connections-per-client", "20",
					"-header-timeout", "1h", "-body-timeout", "1h")
				p.Start()
				t.Cleanup(p.Kill)
				for i := range 300 {
					c := dialFrom(t, p, i%clients)
					_, _ = io.WriteString(c, text) // fails where it was closed already
					if i%60 == 0 {
						assert.Equal(t, 200, p.From(gatewaytest.RelockSecret, fmt.Sprint("genuine ", i), "", ""))
					}
				}
				assert.Equal(t, 200, p.From(gatewaytest.RelockSecret, "genuine, at the end", "", ""))
				p.Eventually("it is not counted", func() bool {
					series, _ := p.Metrics(p.Admin())
					open := 0.
					for _, state := range []string{"idle", "header", "request", "event", "answer"} {
						open += series[`accesshook_connections{state="`+state+`"}`]
					}
					closed := series[`accesshook_connections_closed_total{reason="max_connections"}`] + series[`accesshook_connections_closed_total{reason="max_per_client"}`]
					require.LessOrEqual(t, open, bound+1) // and that of the genuine vendor
					return closed >= 200
				})
			})
		}
	}
}

// What net/http refuses before any handler sees it is counted.
func TestServerErrorsAreCounted(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-admin-addr", "127.0.0.1:0")
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: gateway\r\nX-Long: " + strings.Repeat("x", 20<<10) + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: gateway\r\nExpect: the-unexpected\r\n\r\n",
		"not HTTP\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: made-up\r\n\r\n",
	} {
		c := p.Dial()
		c.Send(text)
		_, _ = io.ReadAll(c)
	}
	p.RequireMetrics(p.Admin(), map[string]float64{
		`accesshook_server_errors_total{status="431"}`: 1,
		`accesshook_server_errors_total{status="417"}`: 1,
		`accesshook_server_errors_total{status="400"}`: 1,
		`accesshook_server_errors_total{status="501"}`: 1,
	})
	p.Stop()
	assert.Contains(t, p.Stderr.String(), "431")
}
