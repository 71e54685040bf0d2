package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func nothing(http.Header, []byte) (*event.Event, error) { return &event.Event{ID: "1"}, nil }

// decodeTime takes {"t":"…"}.
func decodeTime(_ http.Header, body []byte) (*event.Event, error) {
	var p struct{ T time.Time }
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, errors.New("not an object")
	}
	return &event.Event{ID: "1", Type: event.LockUnlocked, VendorType: "open", Time: p.T, Payload: &p}, nil
}

const (
	testSecret = "a secret for tests of endpoints"
	sigHeader  = "X-Test-Signature"
)

func testVerifier(t testing.TB, secrets ...string) verify.Verifier {
	v, err := verify.NewSigned(verify.SignedConfig{Header: sigHeader, Secrets: event.Secrets(secrets...)})
	require.NoError(t, err)
	return v
}

func newEndpoint(t testing.TB, c verify.Config) *verify.Endpoint {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	hook, err := verify.NewEndpoint(verify.Definition{Vendor: "test", Verifier: testVerifier(t, testSecret), Decode: decodeTime, Config: c})
	require.NoError(t, err)
	return hook
}

func signed(t testing.TB, url, body string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set(sigHeader, sign(testSecret, body))
	return r
}

func TestNewEndpointErrors(t *testing.T) {
	good := verify.Definition{Vendor: "v", Verifier: testVerifier(t, testSecret), Decode: nothing}
	for field, change := range map[string]func(*verify.Definition){
		"Definition.Vendor":     func(d *verify.Definition) { d.Vendor = "" },
		"Vendor is empty or":    func(d *verify.Definition) { d.Vendor = "Vendor X" },
		"Definition.Verifier":   func(d *verify.Definition) { d.Verifier = nil },
		"Definition.Decode":     func(d *verify.Definition) { d.Decode = nil },
		"Config.Name":           func(d *verify.Definition) { d.Config.Name = "north gate" },
		"more than 64":          func(d *verify.Definition) { d.Config.Name = strings.Repeat("n", 65) },
		"Config.MaxBody":        func(d *verify.Definition) { d.Config.MaxBody = -1 },
		"Config.BodyTimeout":    func(d *verify.Definition) { d.Config.BodyTimeout = -1 },
		"Config.HandlerTimeout": func(d *verify.Definition) { d.Config.HandlerTimeout = -1 },
		"Config.MaxAge":         func(d *verify.Definition) { d.Config.MaxAge = -1 },
		"Config.MaxFuture":      func(d *verify.Definition) { d.Config.MaxFuture = -1 },
		"Config.Wrap[0]":        func(d *verify.Definition) { d.Config.Wrap = []func(event.Handler) event.Handler{nil} },
	} {
		d := good
		change(&d)
		hook, err := verify.NewEndpoint(d)
		assert.Nil(t, hook, field)
		assert.ErrorContains(t, err, field)
	}
	hook, err := verify.NewEndpoint(good)
	require.NoError(t, err)
	assert.Equal(t, "v", hook.Vendor())
	assert.Equal(t, "v", hook.Source())
	assert.Panics(t, func() { hook.Handler(nil) })
	assert.Panics(t, func() { hook.Middleware(nil) })
}

func TestZeroEndpointRefuses(t *testing.T) {
	var hook verify.Endpoint
	called := false
	handler := hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { called = true; return nil }))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, signed(t, "http://localhost/", "{}"))
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	_, err := hook.Check(post(), nil)
	assert.ErrorIs(t, err, verify.ErrUnauthenticated)
	assert.ErrorIs(t, hook.Verify(post(), nil), verify.ErrUnauthenticated)
	_, err = hook.Decode([]byte("{}"))
	assert.Error(t, err)
	hook.SetVerifier(verifierFunc(func(*http.Request, []byte) (string, error) { return "anybody", nil }))
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, signed(t, "http://localhost/", "{}"))
	assert.Equal(t, http.StatusUnauthorized, w.Code, "without a decoder a verifier does not open it")
	assert.False(t, called)
}

func TestEventOfEndpoint(t *testing.T) {
	hook := newEndpoint(t, verify.Config{Name: "north"})
	body := `{"t":"2024-05-14T10:31:07+02:00"}`
	before := time.Now()
	e, err := hook.Check(signed(t, "http://localhost/", body), []byte(body))
	require.NoError(t, err)
	assert.Equal(t, "test", e.Vendor)
	assert.Equal(t, "north", e.Source)
	assert.Equal(t, "secret 1", e.Credential)
	assert.Equal(t, body, string(e.Raw))
	assert.True(t, e.Time.Equal(time.Date(2024, 5, 14, 8, 31, 7, 0, time.UTC)))
	assert.WithinRange(t, e.Received, before.Add(-time.Millisecond), time.Now())
	assert.Equal(t, time.UTC, e.Received.Location())

	e, err = hook.Check(signed(t, "http://localhost/", "{}"), []byte("{}"))
	require.NoError(t, err)
	assert.Equal(t, e.Received, e.Time, "a vendor that sends no time")

	e, err = hook.Decode([]byte(body))
	require.NoError(t, err)
	assert.Zero(t, e.Received)
	assert.Equal(t, "north", e.Source)
	assert.Equal(t, body, string(e.Raw))
}

func TestTooManyWarningsOfADecoder(t *testing.T) {
	hook, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: testVerifier(t, testSecret), Decode: func(http.Header, []byte) (*event.Event, error) {
		return &event.Event{Warnings: make([]event.Warning, 100)}, nil
	}})
	require.NoError(t, err)
	e, err := hook.Decode([]byte("{}"))
	require.NoError(t, err)
	assert.Len(t, e.Warnings, event.MaxWarnings)
}

// Stripe's verifier takes a signature that is dated ten years ahead; Paddle's
// takes one of 1970 unless told otherwise. A window here counts both ways, and an
// event without a time is in no window.
func TestIssue1184_stripeDotnet_AgeWindowBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		at := func(d time.Duration) string { return fmt.Sprintf(`{"t":%q}`, now.Add(d).Format(time.RFC3339Nano)) }
		for name, c := range map[string]struct {
			config verify.Config
			body   string
			ok     bool
		}{
			"no window, 1970":        {verify.Config{}, `{"t":"1970-01-01T00:00:00Z"}`, true},
			"no window, no time":     {verify.Config{}, `{}`, true},
			"just young enough":      {verify.Config{MaxAge: time.Minute}, at(-time.Minute), true},
			"too old":                {verify.Config{MaxAge: time.Minute}, at(-time.Minute - 1), false},
			"old, only the future":   {verify.Config{MaxFuture: time.Minute}, at(-time.Hour), true},
			"just near enough":       {verify.Config{MaxFuture: time.Minute}, at(time.Minute), true},
			"too far ahead":          {verify.Config{MaxFuture: time.Minute}, at(time.Minute + 1), false},
			"ten years ahead":        {verify.Config{MaxAge: time.Minute, MaxFuture: time.Minute}, at(87600 * time.Hour), false},
			"ahead, only the past":   {verify.Config{MaxAge: time.Minute}, at(time.Hour), true},
			"no time in a window":    {verify.Config{MaxAge: time.Hour}, `{}`, false},
			"no time, only a future": {verify.Config{MaxFuture: time.Hour}, `{}`, false},
		} {
			hook := newEndpoint(t, c.config)
			_, err := hook.Check(signed(t, "http://localhost/", c.body), []byte(c.body))
			if c.ok {
				assert.NoError(t, err, name)
			} else {
				assert.ErrorIs(t, err, verify.ErrStale, name)
				assert.Equal(t, http.StatusUnauthorized, verify.Status(err), name)
			}
		}
	})
}

func TestAlsoIsAskedToo(t *testing.T) {
	gate, err := verify.NewBasicAuth(verify.NewCredential("gate", "swordfish"))
	require.NoError(t, err)
	hook := newEndpoint(t, verify.Config{Also: gate})
	r := signed(t, "http://localhost/", "{}")
	assert.ErrorIs(t, hook.Verify(r, []byte("{}")), verify.ErrNoCredential)
	r.SetBasicAuth("gate", "swordfish")
	assert.NoError(t, hook.Verify(r, []byte("{}")))

	hook.SetVerifier(testVerifier(t, "another secret for endpoint tests"))
	assert.ErrorIs(t, hook.Verify(r, []byte("{}")), verify.ErrBadCredential)
	r.Header.Set(sigHeader, sign("another secret for endpoint tests", "{}"))
	assert.NoError(t, hook.Verify(r, []byte("{}")))
	r.Header.Del("Authorization")
	assert.ErrorIs(t, hook.Verify(r, []byte("{}")), verify.ErrNoCredential, "Also stays in force")

	w := httptest.NewRecorder()
	hook.Respond(w, verify.ErrNoCredential)
	assert.Equal(t, gate.Challenge(), w.Header().Get("WWW-Authenticate"))
}

func TestVerifierErrorsAreRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"any error":   {errors.New("signature wrong"), 401},
		"io error":    {io.ErrUnexpectedEOF, 401},
		"permanent":   {event.Permanent(errors.New("x")), 401},
		"own":         {verify.ErrBadCredential, 401},
		"forbidden":   {verify.ErrForbidden, 403},
		"rate":        {verify.ErrRateLimited, 429},
		"cannot tell": {event.Unavailable(errors.New("key store down"), time.Second), 503},
	} {
		hook, err := verify.NewEndpoint(verify.Definition{
			Vendor: "v", Decode: nothing,
			Verifier: verifierFunc(func(*http.Request, []byte) (string, error) { return "", c.err }),
		})
		require.NoError(t, err)
		err = hook.Verify(post(), nil)
		assert.Equal(t, c.status, verify.Status(err), name)
	}
}

func TestReceiveAndRespond(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := hook.Receive(w, r)
		if err == nil {
			again, readErr := io.ReadAll(r.Body)
			if readErr != nil || !bytes.Equal(again, e.Raw) {
				err = errors.New("the body does not read again")
			}
		}
		hook.Respond(w, err)
	}))
	defer server.Close()
	for body, want := range map[string]int{"{}": 200, "[]": 400} {
		res, err := server.Client().Do(signed(t, server.URL, body))
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, want, res.StatusCode)
	}
	w := httptest.NewRecorder()
	hook.Respond(w, event.Unavailable(errors.New("full"), 1500*time.Millisecond))
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "2", w.Header().Get("Retry-After"))
	w = httptest.NewRecorder()
	hook.Respond(w, event.Unavailable(errors.New("full"), 0))
	assert.Empty(t, w.Header().Values("Retry-After"))
}

// A sender that hangs up must not cancel the work (treeverse/lakeFS#10453,
// mark3labs/mcp-go#248), values of the request stay (ferro-labs/ai-gateway#181).
func TestIssue10453_lakeFS_ContextOutlivesTheSender(t *testing.T) {
	type key struct{}
	hook := newEndpoint(t, verify.Config{HandlerTimeout: time.Minute})
	started, gone, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	handler := hook.Handler(event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
		close(started)
		<-gone
		deadline, ok := ctx.Deadline()
		switch {
		case ctx.Err() != nil:
			done <- ctx.Err()
		case ctx.Value(key{}) != "kept":
			done <- errors.New("no value")
		case !ok || time.Until(deadline) > time.Minute || time.Until(deadline) < 30*time.Second:
			done <- fmt.Errorf("deadline %v", deadline)
		default:
			done <- nil
		}
		return nil
	}))
	requestDone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		go func() { <-r.Context().Done(); close(requestDone) }()
		handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "kept")))
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		res, err := server.Client().Do(signed(t, server.URL, "{}").WithContext(ctx))
		if err == nil {
			res.Body.Close()
		}
	}()
	<-started
	cancel()
	<-requestDone
	close(gone)
	assert.NoError(t, <-done)
}

func TestHandlerContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := newEndpoint(t, verify.Config{HandlerTimeout: time.Minute})
		var kept context.Context
		run := func(f func(ctx context.Context) error) int {
			w := httptest.NewRecorder()
			hook.Handler(event.HandlerFunc(func(ctx context.Context, _ *event.Event) error { kept = ctx; return f(ctx) })).ServeHTTP(w, signed(t, "http://localhost/", "{}"))
			return w.Code
		}
		start := time.Now()
		assert.Equal(t, 500, run(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
		assert.Equal(t, time.Minute, time.Since(start))
		assert.ErrorIs(t, kept.Err(), context.DeadlineExceeded)

		// It is over when the callback has returned, for what it has left behind.
		assert.Equal(t, 200, run(func(ctx context.Context) error { return ctx.Err() }))
		assert.ErrorIs(t, kept.Err(), context.Canceled)
		assert.Equal(t, 200, run(func(ctx context.Context) error { return nil }))
		assert.ErrorIs(t, kept.Err(), context.Canceled)

		assert.Equal(t, 500, run(func(ctx context.Context) error {
			child, cancel := context.WithCancelCause(ctx)
			defer cancel(nil)
			<-child.Done()
			return context.Cause(child)
		}))
	})
}

func TestAbortHandlerIsPanickedOn(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	mux := event.NewMux()
	mux.Default(func(context.Context, *event.Event) error { panic(http.ErrAbortHandler) })
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() {
		hook.Handler(mux).ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
	})

	// An error is no panic, whatever it wraps.
	returns := func(event.Handler) event.Handler {
		return eventFunc(func() error { return fmt.Errorf("proxy: %w", http.ErrAbortHandler) })
	}
	for name, h := range map[string]http.Handler{
		"Handler":    hook.Handler(returns(nil)),
		"Middleware": newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{returns}}).Middleware(http.NotFoundHandler()),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, signed(t, "http://localhost/", "{}"))
		assert.Equal(t, 500, w.Code, name)
	}
}

func TestWrap(t *testing.T) {
	var calls []string
	wrap := func(name string) func(event.Handler) event.Handler {
		return func(h event.Handler) event.Handler {
			return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
				calls = append(calls, name)
				return h.HandleEvent(ctx, e)
			})
		}
	}
	hook := newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{wrap("outer"), wrap("inner")}})
	want := []string{"outer", "inner", "handler"}
	hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { calls = append(calls, "handler"); return nil })).
		ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
	assert.Equal(t, want, calls)
	calls = nil
	hook.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls = append(calls, "handler") })).
		ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
	assert.Equal(t, want, calls)
}

func TestMiddlewareAndWrap(t *testing.T) {
	answer := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if status != 0 {
				w.WriteHeader(status)
			}
		}
	}
	for name, c := range map[string]struct {
		wrap   func(event.Handler) event.Handler
		next   http.HandlerFunc
		status int
		failed bool
	}{
		"silent":             {nil, answer(0), 200, false},
		"accepted":           {nil, answer(202), 202, false},
		"client error":       {nil, answer(422), 422, true},
		"failed":             {nil, answer(500), 500, true},
		"unavailable":        {nil, answer(503), 503, true},
		"not called, a copy": {func(event.Handler) event.Handler { return eventFunc(func() error { return nil }) }, answer(202), 200, false},
		"not called, failed": {func(event.Handler) event.Handler { return eventFunc(func() error { return errors.New("store down") }) }, answer(202), 500, true},
		"not called, too busy": {func(event.Handler) event.Handler {
			return eventFunc(func() error { return event.Unavailable(errors.New("busy"), 0) })
		}, answer(202), 503, true},
		"failed after the call": {func(h event.Handler) event.Handler { return thenFail{h} }, answer(202), 202, true},
		"called twice":          {func(h event.Handler) event.Handler { return twice{h} }, answer(202), 202, true},
	} {
		t.Run(name, func(t *testing.T) {
			var seen error
			observe := func(h event.Handler) event.Handler {
				return event.HandlerFunc(func(ctx context.Context, e *event.Event) error { seen = h.HandleEvent(ctx, e); return seen })
			}
			config := verify.Config{Wrap: []func(event.Handler) event.Handler{observe}}
			if c.wrap != nil {
				config.Wrap = append(config.Wrap, c.wrap)
			}
			w := httptest.NewRecorder()
			newEndpoint(t, config).Middleware(c.next).ServeHTTP(w, signed(t, "http://localhost/", "{}"))
			assert.Equal(t, c.status, w.Code)
			assert.Equal(t, c.failed, seen != nil, "%v", seen)
		})
	}
}

type eventFunc func() error

func (f eventFunc) HandleEvent(context.Context, *event.Event) error { return f() }

type thenFail struct{ event.Handler }

func (h thenFail) HandleEvent(ctx context.Context, e *event.Event) error {
	return errors.Join(h.Handler.HandleEvent(ctx, e), errors.New("too late"))
}

type twice struct{ event.Handler }

func (h twice) HandleEvent(ctx context.Context, e *event.Event) error {
	return errors.Join(h.Handler.HandleEvent(ctx, e), h.Handler.HandleEvent(ctx, e))
}

func TestMiddlewareLeavesThePanicToTheServer(t *testing.T) {
	var log bytes.Buffer
	hook := newEndpoint(t, verify.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	assert.PanicsWithValue(t, "own", func() {
		hook.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("own") })).
			ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
	})
	assert.Contains(t, log.String(), "level=ERROR")
}

func TestMiddlewareKeepsTheWriter(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	server := httptest.NewServer(hook.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)))
		_, ok := w.(http.Flusher)
		assert.True(t, ok)
		assert.NoError(t, http.NewResponseController(w).Flush())
		w.WriteHeader(http.StatusTeapot) // too late: Flush has answered
	})))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer server.Close()
	res, err := server.Client().Do(signed(t, server.URL, "{}"))
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, 200, res.StatusCode)
}

func TestLogRecord(t *testing.T) {
	began := time.Now()
	var log bytes.Buffer
	var seen []verify.Observation
	hook := newEndpoint(t, verify.Config{
		Name:    "north",
		Logger:  slog.New(slog.NewJSONHandler(&log, nil)),
		Observe: func(_ context.Context, o verify.Observation) { seen = append(seen, o) },
	})
	mux := event.NewMux()
	fail := error(nil)
	mux.Default(func(context.Context, *event.Event) error { return fail })
	handler := hook.Handler(mux)
	records := func(r *http.Request) map[string]any {
		log.Reset()
		r.RemoteAddr = "[::ffff:192.0.2.7]:4711"
		handler.ServeHTTP(httptest.NewRecorder(), r)
		require.Equal(t, 1, strings.Count(log.String(), "\n"), "one record a request")
		var m map[string]any
		require.NoError(t, json.Unmarshal(log.Bytes(), &m))
		assert.IsType(t, float64(0), m["duration"])
		delete(m, "time")
		delete(m, "duration")
		return m
	}
	assert.Empty(t, cmp.Diff(map[string]any{
		"level": "INFO", "msg": "webhook", "endpoint": "north", "vendor": "test", "status": 200.0, "client": "192.0.2.7", "bytes": 2.0,
		"credential": "secret 1", "id": "1", "type": "lock.unlocked", "vendor_type": "open",
	}, records(signed(t, "http://localhost/", "{}"))))

	forged := signed(t, "http://localhost/", "{}")
	forged.Header.Set(sigHeader, strings.Repeat("0", 64))
	assert.Empty(t, cmp.Diff(map[string]any{
		"level": "WARN", "msg": "webhook", "endpoint": "north", "vendor": "test", "status": 401.0, "client": "192.0.2.7", "bytes": 2.0,
		"error": "verify: not authenticated: credential refused: signature does not match",
	}, records(forged)))

	fail = event.Permanent(errors.New("no such door"))
	m := records(signed(t, "http://localhost/", "{}"))
	assert.Equal(t, "WARN", m["level"], "a permanent error is never silent")
	assert.Equal(t, 200.0, m["status"])
	assert.Equal(t, "no such door", m["error"])

	fail = &event.PanicError{Value: "boom", Stack: []byte("the stack")}
	m = records(signed(t, "http://localhost/", "{}"))
	assert.Equal(t, "ERROR", m["level"])
	assert.Equal(t, "the stack", m["stack"])

	require.Len(t, seen, 4)
	for i, status := range []int{200, 401, 200, 500} {
		o := seen[i]
		assert.Equal(t, status, o.Status)
		assert.Equal(t, "north", o.Source)
		assert.Equal(t, "test", o.Vendor)
		assert.Equal(t, "192.0.2.7", o.Client.String())
		assert.Equal(t, 2, o.Bytes)
		assert.Positive(t, o.Duration)
		assert.Equal(t, status == 401, o.Event == nil)
		assert.Equal(t, status == 401, o.Credential == "")
		assert.WithinRange(t, o.Received, began, time.Now())
		if status == 401 {
			assert.Zero(t, o.ID+string(o.Type)+o.VendorType)
		} else {
			assert.Equal(t, []string{"1", "lock.unlocked", "open"}, []string{o.ID, string(o.Type), o.VendorType})
		}
		assert.Equal(t, i == 0, o.Err == nil)
	}
}

// The record says how much of a body was read, also if it broke off.
func TestBytesThatWereRead(t *testing.T) {
	var log bytes.Buffer
	var observed int
	hook := newEndpoint(t, verify.Config{
		MaxBody: 10,
		Logger:  slog.New(slog.NewTextHandler(&log, nil)),
		Observe: func(_ context.Context, o verify.Observation) { observed = o.Bytes },
	})
	broken := func(err error) io.Reader { return io.MultiReader(strings.NewReader("{  "), iotest.ErrReader(err)) }
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
		change func(*http.Request)
		status int
		want   int
	}{
		"whole":          {body: strings.NewReader("{}"), length: 2, status: 200, want: 2},
		"broken off":     {body: broken(io.ErrUnexpectedEOF), length: 9, status: 400, want: 3},
		"not in time":    {body: broken(os.ErrDeadlineExceeded), length: 9, status: 408, want: 3},
		"no progress":    {body: io.MultiReader(strings.NewReader("{"), readerFunc(func([]byte) (int, error) { return 0, nil })), length: 9, status: 400, want: 1},
		"another bound":  {body: broken(&http.MaxBytesError{Limit: 3}), length: 9, status: 413, want: 3},
		"too large":      {body: strings.NewReader(strings.Repeat(" ", 99)), length: -1, status: 413, want: 11},
		"says too large": {body: strings.NewReader(strings.Repeat(" ", 99)), length: 99, status: 413, want: 0},
		"no signature":   {body: strings.NewReader("{}"), length: 2, change: func(r *http.Request) { r.Header.Del(sigHeader) }, status: 401, want: 0},
		"not POST":       {body: strings.NewReader("{}"), length: 2, change: func(r *http.Request) { r.Method = "PUT" }, status: 405, want: 0},
	} {
		log.Reset()
		r := signed(t, "http://localhost/", "{}")
		r.Body, r.ContentLength = io.NopCloser(c.body), c.length
		if c.change != nil {
			c.change(r)
		}
		w := httptest.NewRecorder()
		hook.Handler(event.NewMux()).ServeHTTP(w, r)
		assert.Equal(t, c.status, w.Code, name)
		assert.Equal(t, c.want, observed, name)
		assert.Contains(t, log.String(), fmt.Sprintf(" bytes=%d ", c.want), name)
	}
}

// A handler that changes the headers, or its event against the rules, does not
// write the log: the record says what was verified.
func TestLogRecordIsNotTheHandlers(t *testing.T) {
	var log bytes.Buffer
	var seen verify.Observation
	hook := newEndpoint(t, verify.Config{
		Logger:   slog.New(slog.NewJSONHandler(&log, nil)),
		ClientIP: verify.XForwardedFor("10.0.0.1"),
		Observe:  func(_ context.Context, o verify.Observation) { seen = o },
	})
	forge := func(e *event.Event) {
		e.ID, e.Type, e.VendorType, e.Vendor, e.Source, e.Credential = "2", "lock.locked", "close", "other", "south", "secret 9"
		e.Raw = append(e.Raw, "more"...)
	}
	for name, handler := range map[string]http.Handler{
		"Middleware": hook.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			e, _ := event.FromContext(r.Context())
			forge(e)
			r.Header.Set("X-Forwarded-For", "203.0.113.66")
			r.RemoteAddr = "203.0.113.66:1"
		})),
		"Handler": hook.Handler(event.HandlerFunc(func(_ context.Context, e *event.Event) error { forge(e); return nil })),
	} {
		log.Reset()
		r := signed(t, "http://localhost/", "{}")
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
		handler.ServeHTTP(httptest.NewRecorder(), r)
		var got map[string]any
		require.NoError(t, json.Unmarshal(log.Bytes(), &got))
		delete(got, "time")
		delete(got, "duration")
		assert.Empty(t, cmp.Diff(map[string]any{
			"level": "INFO", "msg": "webhook", "endpoint": "test", "vendor": "test", "status": 200.0, "client": "198.51.100.7", "bytes": 2.0,
			"credential": "secret 1", "id": "1", "type": "lock.unlocked", "vendor_type": "open",
		}, got), name)
		assert.Equal(t, []string{"198.51.100.7", "test", "test", "1", "lock.unlocked", "open", "secret 1"},
			[]string{seen.Client.String(), seen.Vendor, seen.Source, seen.ID, string(seen.Type), seen.VendorType, seen.Credential}, name)
	}
}

func TestObservePanicIsContained(t *testing.T) {
	var log bytes.Buffer
	hook := newEndpoint(t, verify.Config{
		Logger:  slog.New(slog.NewTextHandler(&log, nil)),
		Observe: func(context.Context, verify.Observation) { panic("observer") },
	})
	w := httptest.NewRecorder()
	hook.Handler(event.NewMux()).ServeHTTP(w, signed(t, "http://localhost/", "{}"))
	assert.Equal(t, 200, w.Code)
	assert.Contains(t, log.String(), "Observe panicked")
}

func TestNilLoggerIsTheDefault(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	defer slog.SetDefault(old)
	hook, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: testVerifier(t, testSecret), Decode: nothing})
	require.NoError(t, err)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	hook.Handler(event.NewMux()).ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
	assert.Contains(t, log.String(), "msg=webhook")
}

// Secrets are swapped under load: every request that is signed with the secret
// that stays is accepted, and none sees half a list.
func TestSetVerifierUnderLoad(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	lists := []verify.Verifier{testVerifier(t, testSecret, "the old secret of tests"), testVerifier(t, "the new secret of tests", testSecret)}
	stop := make(chan struct{})
	var swapping, sending sync.WaitGroup
	swapping.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				hook.SetVerifier(lists[i%2])
			}
		}
	})
	for range 4 {
		sending.Go(func() {
			for range 2000 {
				if _, err := hook.Check(signed(t, "http://localhost/", "{}"), []byte("{}")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	sending.Wait()
	close(stop)
	swapping.Wait()
}

// A wrapper that turns a panic or an error of next into its own return value must
// not make an answer of 200 of it: the event would be lost.
func TestMiddlewareDoesNotLoseFailures(t *testing.T) {
	unavailable := func(h event.Handler) event.Handler {
		return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			return errors.Join(h.HandleEvent(ctx, e), event.Unavailable(errors.New("store down"), time.Second))
		})
	}
	panics := func(event.Handler) event.Handler {
		return event.HandlerFunc(func(context.Context, *event.Event) error { panic("wrapper") })
	}
	for name, c := range map[string]struct {
		wrap   func(event.Handler) event.Handler
		next   http.HandlerFunc
		status int
	}{
		"recovered panic":            {event.Recover, func(http.ResponseWriter, *http.Request) { panic("next") }, 500},
		"recovered panic, answered":  {event.Recover, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202); panic("next") }, 202},
		"unavailable after silence":  {unavailable, func(http.ResponseWriter, *http.Request) {}, 503},
		"unavailable after a 202":    {unavailable, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) }, 202},
		"panic before next":          {panics, func(http.ResponseWriter, *http.Request) { t.Error("called") }, 500},
		"another endpoint's refusal": {func(event.Handler) event.Handler { return eventFunc(func() error { return verify.ErrBadCredential }) }, nil, 500},
	} {
		if c.next == nil {
			c.next = func(http.ResponseWriter, *http.Request) {}
		}
		w := httptest.NewRecorder()
		newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{c.wrap}}).Middleware(c.next).ServeHTTP(w, signed(t, "http://localhost/", "{}"))
		assert.Equal(t, c.status, w.Code, name)
	}
	hook := newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{event.Recover}})
	assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() {
		hook.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })).
			ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
	})
	hook = newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{func(event.Handler) event.Handler { return nil }}})
	assert.Panics(t, func() { hook.Handler(event.NewMux()) }, "a wrapper that returns nothing")
}

// A wrapper that calls on after it has returned finds the request over.
func TestMiddlewareLateCall(t *testing.T) {
	var late func() error
	wrap := func(h event.Handler) event.Handler {
		return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			late = func() error { return h.HandleEvent(ctx, e) }
			return nil
		})
	}
	called := false
	w := httptest.NewRecorder()
	newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{wrap}}).
		Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true })).
		ServeHTTP(w, signed(t, "http://localhost/", "{}"))
	assert.Equal(t, 200, w.Code)
	assert.Error(t, late())
	assert.False(t, called)
}

// What a callback says about another request, or panics with, is not taken for
// what the endpoint itself would say.
func TestStatusOfCallbacks(t *testing.T) {
	for name, c := range map[string]struct {
		handle func() error
		status int
	}{
		"another's refusal":            {func() error { return verify.ErrBadCredential }, 500},
		"another's bound":              {func() error { return verify.ErrBodyTooLarge }, 500},
		"another's method":             {func() error { return verify.ErrMethod }, 500},
		"permanent, another's":         {func() error { return event.Permanent(fmt.Errorf("bad: %w", verify.ErrMalformed)) }, 200},
		"unavailable, another's":       {func() error { return event.Unavailable(verify.ErrUnauthenticated, time.Second) }, 503},
		"panic with a refusal":         {func() error { panic(verify.ErrUnauthenticated) }, 500},
		"panic with a permanent error": {func() error { panic(event.Permanent(errors.New("x"))) }, 500},
		"panic with an unavailable":    {func() error { panic(event.Unavailable(errors.New("x"), 0)) }, 500},
	} {
		w := httptest.NewRecorder()
		newEndpoint(t, verify.Config{}).Handler(eventFunc(c.handle)).ServeHTTP(w, signed(t, "http://localhost/", "{}"))
		assert.Equal(t, c.status, w.Code, name)
	}
}

func TestHugeMaxBody(t *testing.T) {
	_, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: testVerifier(t, testSecret), Decode: nothing, Config: verify.Config{MaxBody: 1<<30 + 1}})
	assert.ErrorContains(t, err, "MaxBody")
	hook := newEndpoint(t, verify.Config{MaxBody: 1 << 30})
	r := signed(t, "http://localhost/", "{"+strings.Repeat(" ", 100_000)+"}")
	r.ContentLength = -1
	_, err = hook.Receive(httptest.NewRecorder(), r)
	assert.NoError(t, err)
}

// A buffer doubles, whatever the bound.
func TestBufferGrowsWithTheBytes(t *testing.T) {
	hook := newEndpoint(t, verify.Config{MaxBody: 1 << 30})
	r := signed(t, "http://localhost/", "{"+strings.Repeat(" ", 5000)+"}")
	r.ContentLength = -1
	largest := 0
	body := r.Body
	r.Body = io.NopCloser(readerFunc(func(p []byte) (int, error) { largest = max(largest, len(p)); return body.Read(p) }))
	_, err := hook.Receive(httptest.NewRecorder(), r)
	require.NoError(t, err)
	assert.LessOrEqual(t, largest, 8<<10)
}

func TestTypedNilVerifierFailsClosed(t *testing.T) {
	var broken *brokenVerifier
	var seen []verify.Observation
	hook, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: broken, Decode: nothing, Config: verify.Config{
		Logger:  slog.New(slog.DiscardHandler),
		Observe: func(_ context.Context, o verify.Observation) { seen = append(seen, o) },
	}})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { t.Error("called"); return nil })).ServeHTTP(w, signed(t, "http://localhost/", "{}"))
	assert.Equal(t, 500, w.Code)
	assert.Len(t, seen, 1)
}

type brokenVerifier struct{ credential string }

func (v *brokenVerifier) Verify(*http.Request, []byte) (string, error) { return v.credential, nil }

func TestAnyOfThatCannotTell(t *testing.T) {
	token, err := verify.NewBearer(event.NewSecret("a token for tests"))
	require.NoError(t, err)
	down := verifierFunc(func(*http.Request, []byte) (string, error) {
		return "", event.Unavailable(errors.New("key store down"), time.Minute)
	})
	hook := newEndpoint(t, verify.Config{})
	for _, v := range []verify.Verifier{verify.AnyOf(token, down), verify.AnyOf(down, token)} {
		hook.SetVerifier(v)
		assert.Equal(t, 503, verify.Status(hook.Verify(post(), []byte("{}"))))
		assert.NoError(t, hook.Verify(post("Authorization", "Bearer a token for tests"), []byte("{}")))
	}
}

// The first of equal credentials gives the label, and Also comes behind.
func TestLabels(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	hook.SetVerifier(testVerifier(t, "another secret of tests", testSecret, testSecret))
	e, err := hook.Check(signed(t, "http://localhost/", "{}"), []byte("{}"))
	require.NoError(t, err)
	assert.Equal(t, "secret 2", e.Credential)

	gate, err := verify.NewBasicAuth(verify.NewCredential("gate", "swordfish"), verify.NewCredential("gate", "swordfish"))
	require.NoError(t, err)
	hook = newEndpoint(t, verify.Config{Also: gate})
	r := signed(t, "http://localhost/", "{}")
	r.SetBasicAuth("gate", "swordfish")
	e, err = hook.Check(r, []byte("{}"))
	require.NoError(t, err)
	assert.Equal(t, "secret 1 + user gate", e.Credential)

	id := newBodyID(t, "11112222", "1111-2222")
	credential, err := id.Verify(nil, []byte(`{"id":"11112222"}`))
	require.NoError(t, err)
	assert.Equal(t, "ID 1", credential)
}

func TestBase64IsStrict(t *testing.T) {
	v, err := verify.NewSigned(verify.SignedConfig{Header: "Sig", Encoding: verify.Base64, Secrets: event.Secrets(vectorKey)})
	require.NoError(t, err)
	good := "tKU48onJY55Zy7bLZp8rbO06bjdJqgtY7PylhaGRtjI="
	_, err = v.Verify(post("Sig", good), []byte(vectorBody))
	require.NoError(t, err)
	for _, sent := range []string{good[:42] + "J=", good[:20] + "\n" + good[20:43], good[:43] + "A"} {
		_, err = v.Verify(post("Sig", sent), []byte(vectorBody))
		assert.ErrorIs(t, err, verify.ErrBadCredential, sent)
	}
}

func TestAnswersThatCloseTheConnection(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	for err, want := range map[error]string{
		verify.ErrBodyTimeout: "close", verify.ErrBodyTooLarge: "close", verify.ErrBodyIncomplete: "close", verify.ErrTooManyBodies: "close",
		verify.ErrBadCredential: "", verify.ErrMalformed: "", nil: "",
	} {
		w := httptest.NewRecorder()
		hook.Respond(w, err)
		assert.Equal(t, want, w.Header().Get("Connection"), "%v", err)
	}
}

// Observe is told of a request whose sender has hung up, and of one that was
// aborted, with a context that is alive.
func TestObserveOutlivesTheSender(t *testing.T) {
	var seen []verify.Observation
	var errs []error
	hook := newEndpoint(t, verify.Config{Observe: func(ctx context.Context, o verify.Observation) {
		seen, errs = append(seen, o), append(errs, ctx.Err())
	}})
	ctx, cancel := context.WithCancel(context.Background())
	hook.Handler(eventFunc(func() error { cancel(); return nil })).ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}").WithContext(ctx))
	assert.Panics(t, func() {
		hook.Handler(eventFunc(func() error { panic(http.ErrAbortHandler) })).ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
	})
	require.Len(t, seen, 2)
	assert.Equal(t, []error{nil, nil}, errs)
	assert.Equal(t, 200, seen[0].Status)
	assert.Equal(t, 0, seen[1].Status)
}

func TestMiddlewareOfChunkedRequests(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	server := httptest.NewServer(hook.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.EqualValues(t, 2, r.ContentLength)
		assert.Empty(t, r.TransferEncoding)
		w.WriteHeader(http.StatusAccepted)
		w.WriteHeader(http.StatusInternalServerError) // superfluous: the first counts
	})))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer server.Close()
	r := signed(t, server.URL, "{}")
	r.ContentLength = -1
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, 202, res.StatusCode)
}

func TestLongVendorTypesInTheLog(t *testing.T) {
	var log bytes.Buffer
	hook, err := verify.NewEndpoint(verify.Definition{
		Vendor: "v", Verifier: testVerifier(t, testSecret),
		Decode: func(http.Header, []byte) (*event.Event, error) {
			return &event.Event{ID: "1", VendorType: strings.Repeat("é", 5000)}, nil
		},
		Config: verify.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))},
	})
	require.NoError(t, err)
	hook.Handler(event.NewMux()).ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
	assert.Less(t, log.Len(), 500)
}

// Printing the context must not read what others write.
func TestContextPrints(t *testing.T) {
	newEndpoint(t, verify.Config{}).Handler(event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
		var wg sync.WaitGroup
		wg.Go(func() { <-time.After(0); _ = ctx.Err() })
		for range 100 {
			_ = fmt.Sprint(ctx)
		}
		wg.Wait()
		return nil
	})).ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
}

// A Queue that Config.Wrap makes could not be shut down. One that is given to
// Handler can.
func TestQueueInWrapIsRefused(t *testing.T) {
	queue := func(h event.Handler) event.Handler { return event.NewQueue(h, event.QueueConfig{}) }
	own := queue(event.NewMux())
	for name, c := range map[string]struct {
		wrap []func(event.Handler) event.Handler
		text string
	}{
		"alone":         {[]func(event.Handler) event.Handler{queue}, "Config.Wrap[0] is a Queue"},
		"under Recover": {[]func(event.Handler) event.Handler{event.Recover, queue}, "Config.Wrap[1] is a Queue"},
		"over Recover":  {[]func(event.Handler) event.Handler{queue, event.Recover}, "Config.Wrap[0] is a Queue"},
	} {
		hook := newEndpoint(t, verify.Config{Wrap: c.wrap})
		for way, start := range map[string]func(){
			"Middleware":           func() { hook.Middleware(http.NotFoundHandler()) },
			"Handler":              func() { hook.Handler(event.NewMux()) },
			"Handler with a Queue": func() { hook.Handler(own) },
		} {
			func() {
				defer func() { assert.Contains(t, fmt.Sprint(recover()), c.text, "%s, %s", way, name) }()
				start()
			}()
		}
	}

	for name, wrap := range map[string][]func(event.Handler) event.Handler{
		"nothing": nil, "Recover": {event.Recover, event.Recover},
	} {
		hook := newEndpoint(t, verify.Config{Wrap: wrap})
		assert.NotPanics(t, func() { hook.Handler(own) }, name)
		assert.NotPanics(t, func() { hook.Handler(event.Recover(own)) }, name)
	}
	hook := newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})}})
	assert.PanicsWithValue(t, "event: Dedupe around a Queue would mark done what is only queued: put the Queue around Dedupe",
		func() { hook.Handler(own) })
}

// An event must have an ID, or it could be neither told apart nor encoded.
func TestIDOfADecoderWithoutOne(t *testing.T) {
	hook, err := verify.NewEndpoint(verify.Definition{
		Vendor: "v", Verifier: testVerifier(t, testSecret),
		Decode: func(http.Header, []byte) (*event.Event, error) { return new(event.Event), nil },
	})
	require.NoError(t, err)
	e, err := hook.Check(signed(t, "http://localhost/", "{}"), []byte("{}"))
	require.NoError(t, err)
	assert.Equal(t, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", e.ID)
}

func TestUnmarshalRefuses(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, body := range []string{" {}", "\ufeff{}", deep(64)} {
		_, err := verify.Unmarshal([]byte(body), new(struct{}))
		assert.NoError(t, err, body)
	}
	for _, body := range []string{"", "null", "[]", "{", "{}{}", `{"a":NaN}`, deep(65)} {
		_, err := verify.Unmarshal([]byte(body), new(struct{}))
		assert.ErrorIs(t, err, verify.ErrMalformed, body)
	}
}
