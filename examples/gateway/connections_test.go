package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

// dialSmall connects with a small receive buffer.
func dialSmall(t *testing.T, p *process) connection {
	t.Helper()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		return errors.Join(raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
		}), err)
	}}
	_, addr, _ := strings.Cut(p.url, "://")
	c, err := d.DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = c.Close() })
	return connection{c, t}
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
func startPlainOrTLS(t *testing.T, https bool, args ...string) (p *process, hidden func(net.Conn) net.Conn) {
	t.Helper()
	if !https {
		return start(t, withRelock, args...), func(c net.Conn) net.Conn { return c }
	}
	cert, key := newPair(t, "gateway")
	p = start(t, withRelock, append(args, "-tls-cert", writeFile(t, cert), "-tls-key", writeFile(t, key))...)
	return p, func(c net.Conn) net.Conn {
		config := trusting(cert)
		config.ServerName = "127.0.0.1"
		return tls.Client(c, config)
	}
}

// It asks the server whether the connection is closed: the client's kernel may take half
// a minute to notice.
func TestClientThatDoesNotReadIsDropped(t *testing.T) {
	cert, key := newPair(t, "gateway")
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	require.NoError(t, err)
	for name, request := range unanswered {
		for _, https := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, HTTPS %t", name, https), func(t *testing.T) {
				t.Parallel()
				s := newServing(t, done, "-body-timeout", "100ms", "-handler-timeout", "100ms", "-answer-timeout", "100ms")
				if https {
					s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
				}
				s.start(t)
				c := dialSmall(t, &process{url: s.url})
				require.NoError(t, c.SetDeadline(time.Time{}))
				client := net.Conn(c)
				if https {
					config := trusting(cert)
					config.ServerName = "127.0.0.1"
					client = tls.Client(c, config)
				}
				_, err := io.WriteString(client, request)
				require.NoError(t, err)
				_, err = http.ReadResponse(bufio.NewReader(client), nil)
				require.NoError(t, err)
				sent := make(chan error, 1)
				go func() { sent <- endless(client, func() string { return strings.Repeat(request, 100) }) }()
				require.Eventually(t, func() bool { return s.server.open.len() == 0 }, patience, time.Millisecond)
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
	p := start(t, withAdmin, "-admin-addr", "0.0.0.0:0", "-tls-cert", writeFile(t, cert), "-tls-key", writeFile(t, key))
	config := trusting(cert)
	config.NextProtos = []string{"h2", "http/1.1"}
	c, err := tls.Dial("tcp", strings.TrimPrefix(onLoopback(p.admin()), "http://"), config)
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
				p.stop()
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
			p := start(t, withRelock, append(args, "-header-timeout", "1s", "-answer-timeout", "1s")...)
			c := dialSmall(t, p)
			const sent = 100
			for n := range sent {
				r, err := relock.NewRequest(t.Context(), p.url+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: fmt.Sprint("s-", n)})
				require.NoError(t, err)
				require.NoError(t, r.Write(c))
			}
			stuck(t, c, func() string { return "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" }) // a long answer
			p.stop()

			printed := make(map[string]bool)
			events := p.events()
			if name == "store" { // which keeps what was not printed yet
				again := start(t, withRelock, stored...)
				again.untilHandled()
				again.stop()
				events = append(events, again.events()...)
			}
			for _, e := range events {
				printed[e.Session.ID] = true
			}
			answered := 0
			require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
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

// serving is a server in this process whose callback a test chooses.
type serving struct {
	*server
	*pipe
	url    string
	stop   context.CancelFunc
	served chan error
}

func serve(t *testing.T, f func(context.Context, *event.Event) error, args ...string) *serving {
	t.Helper()
	s := newServing(t, f, args...)
	s.start(t)
	return s
}

// newServing returns a server that does not serve yet.
func newServing(t *testing.T, f func(context.Context, *event.Event) error, args ...string) *serving {
	t.Helper()
	s := &serving{pipe: newPipe(t, f, args...), served: make(chan error, 1)}
	o, err := parseOptions(args, io.Discard)
	require.NoError(t, err)
	s.server = newServer(o, http.NewServeMux(), s.receivers, s.pipe.pipeline, newHealth(nil, s.pipe.pipeline), slog.New(slog.NewTextHandler(&s.pipe.log, nil)))
	return s
}

func (s *serving) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.url = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	s.stop = stop
	go func() { s.served <- s.serve(ctx, smallBuffers{l}) }()
}

// The connections of smallBuffers buffer few answers for clients that do not read.
type smallBuffers struct{ net.Listener }

func (l smallBuffers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return c, c.(*net.TCPConn).SetWriteBuffer(4096)
}

func (s *serving) dial(t *testing.T) connection { return dial(t, &process{url: s.url}) }

var halfABody = "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + strings.Repeat("0", 64) + "\r\nContent-Length: 10\r\n\r\n{"

// It is a failure if a callback is cut off, and none if a client is.
func TestOnlyACallbackThatIsCutIsAFailure(t *testing.T) {
	t.Run("callback", func(t *testing.T) {
		called, release := make(chan struct{}), make(chan struct{})
		defer close(release)
		s := serve(t, func(context.Context, *event.Event) error {
			close(called)
			<-release
			return nil
		})
		s.shutdownTimeout = finishTime + 100*time.Millisecond
		r, err := relock.NewRequest(t.Context(), s.url+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1"})
		require.NoError(t, err)
		c := s.dial(t)
		require.NoError(t, r.Write(c))
		<-called
		s.stop()
		require.EqualError(t, <-s.served, "1 requests did not finish within 1.1s")
		_, err = http.ReadResponse(bufio.NewReader(c), nil)
		require.Error(t, err, "it was not answered")
	})
	for name, text := range map[string]string{
		"handshake or nothing": "",
		"half a header":        "POST /webhooks/relock HTTP/1.1\r\n",
		"half a body":          halfABody,
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, done, "-body-timeout", "1h", "-header-timeout", "1h")
			s.shutdownTimeout = finishTime + 100*time.Millisecond
			s.dial(t).send(text)
			require.Eventually(t, func() bool { return s.server.open.len() == 1 }, patience, time.Millisecond)
			s.stop()
			require.NoError(t, <-s.served)
			assert.Contains(t, s.pipe.log.String(), `level=WARN msg="connections were cut: a client did not read its answer, or did not send its request, in time" connections=1`)
		})
	}
}

// The queue has time of its own to finish, however long connections take.
func TestConnectionsLeaveTimeForTheQueue(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(context.Context, *event.Event) error {
		<-release
		return nil
	}, "-queue", "10", "-queue-workers", "1", "-body-timeout", "1h")
	s.finishTime = patience
	s.shutdownTimeout = patience + 100*time.Millisecond
	s.take(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: relock.Vendor, ID: "2"})
	s.dial(t).send(halfABody)
	require.Eventually(t, func() bool { return s.server.open.len() == 1 }, patience, time.Millisecond)
	s.stop()
	require.Eventually(t, func() bool { return strings.Contains(s.pipe.log.String(), "finishing what waits in the queue") }, patience, time.Millisecond)
	close(release)
	require.NoError(t, <-s.served)
	assert.Equal(t, "1 2", s.ids())
}

// Close of a TLS connection would wait for a client that does not read.
func TestTLSConnectionIsClosedAtOnce(t *testing.T) {
	cert, key := newPair(t, "gateway")
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		close func(net.Conn)
		took  time.Duration
	}{
		"closeNow": {closeNow, 0},
		"Close":    {func(c net.Conn) { _ = c.Close() }, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				server, client := tls.Server(near, &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: tls.VersionTLS12}), tls.Client(far, &tls.Config{InsecureSkipVerify: true})
				go func() { assert.NoError(t, client.Handshake()) }()
				require.NoError(t, server.Handshake())
				began := time.Now()
				test.close(server)
				assert.Equal(t, test.took, time.Since(began))
				_ = near.Close()
			})
		})
	}
}
