package verify_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A wire is a connection to a real server, on which anything can be written.
type wire struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func dial(t *testing.T, server *httptest.Server) *wire {
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return &wire{conn, t, bufio.NewReader(conn)}
}

func (w *wire) write(format string, args ...any) {
	_, err := fmt.Fprintf(w, format, args...)
	require.NoError(w.t, err)
}

func (w *wire) answer() (*http.Response, string) {
	res, err := http.ReadResponse(w.r, nil)
	require.NoError(w.t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return res, string(body)
}

// ended reports whether the server has closed the connection.
func (w *wire) ended() bool {
	_, err := w.r.ReadByte()
	var timeout net.Error
	return err != nil && (!errors.As(err, &timeout) || !timeout.Timeout())
}

func serve(t *testing.T, c verify.Config, h event.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(newEndpoint(t, c).Handler(h))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// TestAnswers has a case for every row of the table of answers.
func TestAnswers(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: localhost\r\n"
	sig := func(body string) string { return sigHeader + ": " + sign(testSecret, body) + "\r\n" }
	length := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }
	failed := errors.New("callback failed")
	gate, err := verify.NewBasicAuth(verify.NewCredential("gate", "swordfish"))
	require.NoError(t, err)

	for name, c := range map[string]struct {
		text   string
		config verify.Config
		handle func(context.Context, *event.Event) error
		status int
		body   string
		header map[string]string
		closes bool
		called bool
	}{
		"accepted": {
			text: head + sig("{}") + length("{}"), status: 200, body: `{"received":true}`, called: true,
		},
		"accepted, chunked": {
			text: head + sig("{}") + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", status: 200, body: `{"received":true}`, called: true,
		},
		"accepted, HTTP/1.0": {
			text: "POST / HTTP/1.0\r\n" + sig("{}") + length("{}"), status: 200, body: `{"received":true}`, called: true, closes: true,
		},
		"permanent": {
			text:   head + sig("{}") + length("{}"),
			handle: func(context.Context, *event.Event) error { return event.Permanent(failed) },
			status: 200, body: `{"received":true}`, called: true,
		},
		"verified, not JSON": {
			text: head + sig("<xml/>") + length("<xml/>"), status: 400, body: `{"error":"bad request"}`, called: true,
		},
		"verified, not an object": {
			text: head + sig("[1]") + length("[1]"), status: 400, body: `{"error":"bad request"}`, called: true,
		},
		"no body at all": {
			text: head + sig("") + "\r\n", status: 400, body: `{"error":"bad request"}`, called: true,
		},
		"verified, not an object, callback failed": {
			text:   head + sig("[1]") + length("[1]"),
			handle: func(context.Context, *event.Event) error { return failed },
			status: 500, body: `{"error":"internal server error"}`, called: true,
		},
		"wrong signature": {
			text: head + sig("{} ") + length("{}"), status: 401, body: `{"error":"unauthorized"}`, header: map[string]string{"WWW-Authenticate": ""},
		},
		"no signature": {
			text: head + length("{}"), status: 401, body: `{"error":"unauthorized"}`,
		},
		"two signatures": {
			text: head + sig("{}") + sig("{}") + length("{}"), status: 401, body: `{"error":"unauthorized"}`,
		},
		"two signatures in one line": {
			text: head + strings.TrimSuffix(sig("{}"), "\r\n") + ", " + sign(testSecret, "{}") + "\r\n" + length("{}"), status: 401, body: `{"error":"unauthorized"}`,
		},
		"no password": {
			text: head + sig("{}") + length("{}"), config: verify.Config{Also: gate},
			status: 401, body: `{"error":"unauthorized"}`, header: map[string]string{"WWW-Authenticate": `Basic realm="webhook", charset="UTF-8"`},
		},
		"too old": {
			text: head + sig(`{"t":"2024-05-14T08:31:07Z"}`) + length(`{"t":"2024-05-14T08:31:07Z"}`), config: verify.Config{MaxAge: time.Hour},
			status: 401, body: `{"error":"unauthorized"}`,
		},
		"not POST": {
			text: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", status: 405, body: `{"error":"method not allowed"}`, header: map[string]string{"Allow": "POST"},
		},
		"lower-case post": {
			text: "post / HTTP/1.1\r\nHost: localhost\r\n" + sig("{}") + length("{}"), status: 405, body: `{"error":"method not allowed"}`, header: map[string]string{"Allow": "POST"},
		},
		"body not in time": {
			text: head + sig("{}") + "Content-Length: 2\r\n\r\n{", config: verify.Config{BodyTimeout: 50 * time.Millisecond},
			status: 408, body: `{"error":"request timeout"}`, closes: true,
		},
		"chunks not in time": {
			text: head + sig("{}") + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", config: verify.Config{BodyTimeout: 50 * time.Millisecond},
			status: 408, body: `{"error":"request timeout"}`, closes: true,
		},
		"declared too large": {
			text: head + sig("{}") + "Content-Length: 65537\r\n\r\n", status: 413, body: `{"error":"request body too large"}`, closes: true,
		},
		"declared absurdly large": {
			text: head + sig("{}") + "Content-Length: 9223372036854775807\r\n\r\n", status: 413, body: `{"error":"request body too large"}`, closes: true,
		},
		"really too large": {
			text: head + sig("{}") + "Transfer-Encoding: chunked\r\n\r\n10001\r\n" + strings.Repeat(" ", 65537), status: 413, body: `{"error":"request body too large"}`, closes: true,
		},
		"a content encoding": {
			text: head + "Content-Encoding: gzip\r\n" + sig("{}") + length("{}"), status: 415, body: `{"error":"unsupported content encoding"}`,
		},
		"chunks that are none": {
			text: head + sig("{}") + "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", status: 400, body: `{"error":"bad request"}`, closes: true,
		},
		"callback failed": {
			text:   head + sig("{}") + length("{}"),
			handle: func(context.Context, *event.Event) error { return failed },
			status: 500, body: `{"error":"internal server error"}`, called: true,
		},
		"callback panicked": {
			text:   head + sig("{}") + length("{}"),
			handle: func(context.Context, *event.Event) error { panic(failed) },
			status: 500, body: `{"error":"internal server error"}`, called: true,
		},
		"callback out of time": {
			text: head + sig("{}") + length("{}"), config: verify.Config{HandlerTimeout: 50 * time.Millisecond},
			handle: func(ctx context.Context, _ *event.Event) error { <-ctx.Done(); return context.Cause(ctx) },
			status: 500, body: `{"error":"internal server error"}`, called: true,
		},
		"unavailable": {
			text:   head + sig("{}") + length("{}"),
			handle: func(context.Context, *event.Event) error { return event.Unavailable(failed, 90*time.Second) },
			status: 503, body: `{"error":"service unavailable"}`, header: map[string]string{"Retry-After": "90"}, called: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var called atomic.Bool
			server := serve(t, c.config, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
				called.Store(true)
				if c.handle != nil {
					return c.handle(ctx, e)
				}
				return nil
			}))
			w := dial(t, server)
			w.write("%s", c.text)
			res, body := w.answer()
			assert.Equal(t, c.status, res.StatusCode)
			assert.Equal(t, c.body, body)
			assert.Equal(t, "application/json", res.Header.Get("Content-Type"))
			for name, value := range c.header {
				assert.Equal(t, value, res.Header.Get(name), name)
			}
			assert.Equal(t, c.called, called.Load())
			assert.Equal(t, c.closes, res.Close)
			if c.closes {
				assert.True(t, w.ended())
			}
		})
	}
}

// The connection stays usable after an answer that does not close it, also a
// refusal whose body was not read.
func TestConnectionIsKept(t *testing.T) {
	server := serve(t, verify.Config{}, event.NewMux())
	w := dial(t, server)
	for range 3 {
		w.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
		res, _ := w.answer()
		require.Equal(t, 401, res.StatusCode)
		w.write("POST / HTTP/1.1\r\nHost: localhost\r\n%s: %s\r\nContent-Length: 2\r\n\r\n{}", sigHeader, sign(testSecret, "{}"))
		res, _ = w.answer()
		require.Equal(t, 200, res.StatusCode)
	}
}

// The deadline for the body is not left on the connection: the callback may take
// longer, and so may the next request.
func TestBodyDeadlineIsTakenBack(t *testing.T) {
	const timeout = 200 * time.Millisecond
	server := serve(t, verify.Config{BodyTimeout: timeout}, event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(4 * timeout):
			return nil
		}
	}))
	w := dial(t, server)
	for range 2 {
		w.write("POST / HTTP/1.1\r\nHost: localhost\r\n%s: %s\r\nContent-Length: 2\r\n\r\n{}", sigHeader, sign(testSecret, "{}"))
		res, _ := w.answer()
		require.Equal(t, 200, res.StatusCode)
		require.False(t, res.Close)
	}
}

// A ReadTimeout of the server that is shorter than BodyTimeout counts.
func TestServerReadTimeoutIsRespected(t *testing.T) {
	server := httptest.NewUnstartedServer(newEndpoint(t, verify.Config{BodyTimeout: time.Hour}).Handler(event.NewMux()))
	server.Config.ReadTimeout = 500 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	w := dial(t, server)
	w.write("POST / HTTP/1.1\r\nHost: localhost\r\n%s: %s\r\nContent-Length: 2\r\n\r\n{", sigHeader, sign(testSecret, "{}"))
	res, _ := w.answer()
	assert.Equal(t, 408, res.StatusCode)
}

// A refusal does not wait for a body that never comes for longer than
// BodyTimeout, though the server would like to read it first.
func TestRefusalDoesNotWait(t *testing.T) {
	server := serve(t, verify.Config{BodyTimeout: 50 * time.Millisecond}, event.NewMux())
	w := dial(t, server)
	w.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n")
	res, _ := w.answer()
	assert.Equal(t, 401, res.StatusCode)
}

// Nobody is sent a "100 Continue" whose headers are refused already.
func TestExpectContinue(t *testing.T) {
	server := serve(t, verify.Config{}, event.NewMux())
	w := dial(t, server)
	w.write("POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	res, _ := w.answer()
	assert.Equal(t, 401, res.StatusCode)

	w = dial(t, server)
	w.write("POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n%s: %s\r\nContent-Length: 2\r\n\r\n", sigHeader, sign(testSecret, "{}"))
	res, _ = w.answer()
	assert.Equal(t, 100, res.StatusCode)
	w.write("{}")
	res, _ = w.answer()
	assert.Equal(t, 200, res.StatusCode)
}

// A length that is only declared costs no memory: buffers grow with what comes.
func TestDeclaredLengthCostsNothing(t *testing.T) {
	const conns, declared = 2000, 1 << 20
	arrived := make(chan struct{}, conns)
	hook := newEndpoint(t, verify.Config{MaxBody: declared, BodyTimeout: time.Minute})
	handler := hook.Handler(event.NewMux())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &announced{ReadCloser: r.Body, arrived: arrived}
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var wires []*wire
	for range conns {
		w := dial(t, server)
		w.write("POST / HTTP/1.1\r\nHost: localhost\r\n%s: %s\r\nContent-Length: %d\r\n\r\n", sigHeader, sign(testSecret, ""), declared)
		wires = append(wires, w)
	}
	for range conns {
		<-arrived
	}
	runtime.ReadMemStats(&after)
	perConn := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / conns
	assert.Less(t, perConn, int64(64<<10), "bytes for each connection")
	for _, w := range wires {
		w.Close()
	}
}

// announced says when its first Read begins.
type announced struct {
	io.ReadCloser
	arrived chan struct{}
	once    bool
}

func (a *announced) Read(p []byte) (int, error) {
	if !a.once {
		a.once = true
		a.arrived <- struct{}{}
	}
	return a.ReadCloser.Read(p)
}

// Bodies of every size around the steps in which the buffer grows.
func TestBodySizes(t *testing.T) {
	const limit = 20_000
	var got atomic.Pointer[event.Event]
	server := serve(t, verify.Config{MaxBody: limit}, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		got.Store(e)
		return nil
	}))
	for _, n := range []int{2, 3, 4094, 4095, 4096, 4097, 8191, 8192, 8193, 16385, limit - 1, limit, limit + 1} {
		body := "{" + strings.Repeat(" ", n-2) + "}"
		for name, declared := range map[string]int64{"declared": int64(n), "chunked": -1} {
			r := signed(t, server.URL, body)
			r.ContentLength = declared
			if declared < 0 {
				r.Body = io.NopCloser(io.MultiReader(strings.NewReader(body[:1]), strings.NewReader(body[1:])))
			}
			res, err := server.Client().Do(r)
			if n > limit {
				if err == nil { // the server may close before the client has finished
					assert.Equal(t, 413, res.StatusCode)
					res.Body.Close()
				}
				continue
			}
			require.NoError(t, err)
			res.Body.Close()
			require.Equal(t, 200, res.StatusCode, "%d bytes, %s", n, name)
			require.Equal(t, body, string(got.Load().Raw))
			require.Equal(t, len(body), cap(got.Load().Raw), "an append to Raw must not write behind it")
		}
	}
}

// Bodies that misbehave without a network.
func TestBodyReaders(t *testing.T) {
	hook := newEndpoint(t, verify.Config{MaxBody: 100})
	for name, c := range map[string]struct {
		body io.Reader
		err  error
	}{
		"nothing forever":      {readerFunc(func([]byte) (int, error) { return 0, nil }), verify.ErrBodyIncomplete},
		"endless":              {readerFunc(func(p []byte) (int, error) { return len(p), nil }), verify.ErrBodyTooLarge},
		"an error":             {readerFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }), verify.ErrBodyIncomplete},
		"data with EOF":        {readerFunc(func(p []byte) (int, error) { return copy(p, "{}"), io.EOF }), nil},
		"another's bound":      {http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("{    }")), 3), verify.ErrBodyTooLarge},
		"byte by byte":         {iotestOneByte{strings.NewReader("{}")}, nil},
		"longer than declared": {strings.NewReader("{}" + strings.Repeat(" ", 99)), verify.ErrBodyTooLarge},
	} {
		r := signed(t, "http://localhost/", "{}")
		r.Body = io.NopCloser(c.body)
		_, err := hook.Receive(httptest.NewRecorder(), r)
		assert.ErrorIs(t, err, c.err, name)
	}
	r := signed(t, "http://localhost/", "")
	r.Body = nil
	_, err := hook.Receive(httptest.NewRecorder(), r)
	assert.ErrorIs(t, err, verify.ErrMalformed, "no body")
}

// What the server says of a broken trailer has a line of it, which nobody has
// vouched for.
func TestBrokenTrailerIsNotLogged(t *testing.T) {
	var log bytes.Buffer
	observed := make(chan error, 1)
	server := serve(t, verify.Config{
		Logger:  slog.New(slog.NewTextHandler(&log, nil)),
		Observe: func(_ context.Context, o verify.Observation) { observed <- o.Err },
	}, event.NewMux())
	c := dial(t, server)
	_, err := fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: test\r\n%s: %s\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nno colon but swordfish\r\n\r\n",
		sigHeader, strings.Repeat("0", 64))
	require.NoError(t, err)
	res, err := http.ReadResponse(c.r, nil)
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, 400, res.StatusCode)
	err = <-observed
	require.ErrorIs(t, err, verify.ErrBodyIncomplete)
	assert.NotContains(t, err.Error(), "swordfish")
	assert.Contains(t, log.String(), "body incomplete")
	assert.NotContains(t, log.String(), "swordfish")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type iotestOneByte struct{ io.Reader }

func (r iotestOneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:1]) }
