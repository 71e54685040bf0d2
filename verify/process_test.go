package verify_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// Process answers, logs and observes as Handler does, whatever is sent.
func TestProcessIsHandler(t *testing.T) {
	gate, err := verify.NewBasicAuth(verify.NewCredential("gate", "swordfish"))
	require.NoError(t, err)
	failed := errors.New("disk full")
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, c := range map[string]struct {
		body   string
		change func(*http.Request)
		config verify.Config
		handle func() error
		twice  bool
		status int
	}{
		"a duplicate": {body: "{}", twice: true, status: 200, config: verify.Config{
			Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})},
		}},
		"accepted":        {body: "{}", status: 200},
		"permanent":       {body: "{}", handle: func() error { return event.Permanent(failed) }, status: 200},
		"failed":          {body: "{}", handle: func() error { return failed }, status: 500},
		"panicked":        {body: "{}", handle: func() error { panic("boom") }, status: 500},
		"unavailable":     {body: "{}", handle: func() error { return event.Unavailable(failed, time.Minute) }, status: 503},
		"no object":       {body: "[]", status: 400},
		"not POST":        {body: "{}", change: func(r *http.Request) { r.Method = http.MethodPut }, status: 405},
		"no method":       {body: "{}", change: func(r *http.Request) { r.Method = "" }, status: 405},
		"not allowed":     {body: "{}", config: verify.Config{AllowFrom: []string{"198.51.100.1"}}, status: 403},
		"gzip":            {body: "{}", change: header("Content-Encoding", "gzip"), status: 415},
		"no password":     {body: "{}", config: verify.Config{Also: gate}, status: 401},
		"wrong signature": {body: "{}", change: header(sigHeader, strings.Repeat("0", 64)), status: 401},
		"too large":       {body: "{    }", config: verify.Config{MaxBody: 5}, status: 413},
		"too old":         {body: `{"t":"2024-05-14T08:31:07Z"}`, config: verify.Config{MaxAge: time.Hour}, status: 401},
		"outside":         {body: "{}", config: verify.Config{AllowFromReport: []string{"198.51.100.1"}}, status: 200},
		"over its rate":   {body: "{}", config: verify.Config{RateLimit: verify.RateLimit{Requests: 1, EveryRequest: true}}, status: 429},
		"wrapped, not let by": {body: "{}", config: verify.Config{Wrap: []func(event.Handler) event.Handler{
			func(event.Handler) event.Handler { return eventFunc(func() error { return failed }) },
		}}, status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			request := func() *http.Request {
				r := signed(t, "http://localhost/", c.body)
				r.RemoteAddr = "192.0.2.1:4711"
				if c.change != nil {
					c.change(r)
				}
				return r
			}
			type outcome struct {
				Status int
				Header http.Header
				Body   string
				Record map[string]any
				Seen   verify.Observation
				Err    string
			}
			run := func(way func(*verify.Endpoint, event.Handler) (int, http.Header, []byte)) (o outcome) {
				j := newJournal()
				config := c.config
				config.Logger, config.Observe = j.config().Logger, j.config().Observe
				hook := newEndpoint(t, config)
				h := eventFunc(func() error {
					if c.handle != nil {
						return c.handle()
					}
					return nil
				})
				if config.RateLimit.Requests > 0 { // use it up
					_, err := hook.Check(request(), []byte(c.body))
					require.NoError(t, err)
				}
				if c.twice {
					way(hook, h)
					j.next(t)
				}
				status, header, body := way(hook, h)
				seen, record := j.next(t)
				if seen.Err != nil {
					o.Err = seen.Err.Error()
				}
				for _, key := range []string{"time", "duration", "stack", "bytes"} {
					delete(record, key)
				}
				seen.Err, seen.Event, seen.Duration, seen.Received, seen.Bytes = nil, nil, 0, time.Time{}, 0
				header.Del("Connection") // of a connection, which Process has none of
				if after := header.Get("Retry-After"); len(after) > 2 {
					header.Set("Retry-After", "some minutes")
				}
				return outcome{status, header, string(body), record, seen, o.Err}
			}
			handler := run(func(hook *verify.Endpoint, h event.Handler) (int, http.Header, []byte) {
				w := httptest.NewRecorder()
				hook.Handler(h).ServeHTTP(w, request())
				return w.Code, w.Header(), w.Body.Bytes()
			})
			process := run(func(hook *verify.Endpoint, h event.Handler) (int, http.Header, []byte) {
				r := request()
				r.Body = nil
				return hook.Process(t.Context(), r, []byte(c.body), h)
			})
			assert.Equal(t, c.status, process.Status)
			assert.Equal(t, c.twice, process.Seen.Duplicate)
			assert.Empty(t, cmp.Diff(handler, process, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })))
		})
	}
}

// Wrappers are put around the handler once, not for each call: what they remember is
// remembered, and a new handler each time is a new handler.
func TestProcessWrapsOnce(t *testing.T) {
	wraps, through := 0, 0
	hook := newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{
		func(h event.Handler) event.Handler {
			wraps++
			calls := 0 // of this wrapper's own
			return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
				calls++
				through = calls
				return h.HandleEvent(ctx, e)
			})
		},
		event.Retry(event.RetryConfig{Attempts: 2, Logger: slog.New(slog.DiscardHandler)}),
	}})
	assert.Zero(t, wraps)
	synctest.Test(t, func(t *testing.T) {
		for i := range 5 {
			calls := 0
			status, _, _ := hook.Process(t.Context(), signed(t, "http://localhost/", "{}"), []byte("{}"), eventFunc(func() error {
				if calls++; calls == 1 {
					return errors.New("not yet")
				}
				return nil
			}))
			assert.Equal(t, 200, status)
			assert.Equal(t, 2, calls, "the handler of call %d, and as often as a wrapper calls it", i)
		}
	})
	assert.Equal(t, 1, wraps)
	assert.Equal(t, 5, through)

	j := newJournal()
	dedupe := deduped(t, j)
	calls := 0
	for range 3 {
		status, _, _ := dedupe.Process(t.Context(), signed(t, "http://localhost/", "{}"), []byte("{}"), eventFunc(func() error { calls++; return nil }))
		assert.Equal(t, 200, status)
	}
	assert.Equal(t, 1, calls, "duplicates")
}

func TestProcessContext(t *testing.T) {
	type key struct{}
	hook := newEndpoint(t, verify.Config{HandlerTimeout: time.Minute})
	run := func(ctx context.Context, f func(ctx context.Context) error) int {
		r := signed(t, "http://localhost/", "{}")
		status, _, _ := hook.Process(ctx, r, []byte("{}"), event.HandlerFunc(func(ctx context.Context, _ *event.Event) error { return f(ctx) }))
		return status
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx := context.WithValue(context.Background(), key{}, "kept")
		assert.Equal(t, 500, run(ctx, func(ctx context.Context) error {
			assert.Equal(t, "kept", ctx.Value(key{}))
			<-ctx.Done()
			return ctx.Err()
		}))
		assert.Equal(t, time.Minute, time.Since(start), "HandlerTimeout")

		start = time.Now()
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		assert.Equal(t, 500, run(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
		assert.Equal(t, time.Second, time.Since(start), "the function's own deadline")
	})
}

func TestProcessMisused(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	r := signed(t, "http://localhost/", "{}")
	assert.Panics(t, func() { hook.Process(t.Context(), r, nil, nil) })
	queue := event.NewQueue(event.NewMux(), event.QueueConfig{})
	for _, h := range []event.Handler{queue, event.Recover(queue)} {
		assert.PanicsWithValue(t, "verify: Process with a Queue, which loses what it holds when the function stops",
			func() { hook.Process(t.Context(), r, []byte("{}"), h) })
	}
	hook = newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{func(event.Handler) event.Handler { return nil }}})
	for range 2 {
		assert.Panics(t, func() { hook.Process(t.Context(), r, []byte("{}"), event.NewMux()) }, "a wrapper that returns nothing")
	}
	hook = newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{func(h event.Handler) event.Handler {
		return event.HandlerFunc(func(_ context.Context, e *event.Event) error { return h.HandleEvent(context.Background(), e) })
	}}})
	status, _, _ := hook.Process(t.Context(), r, []byte("{}"), event.NewMux())
	assert.Equal(t, 500, status, "a wrapper that keeps the context to itself")

	var zero verify.Endpoint
	status, header, answer := zero.Process(t.Context(), r, []byte("{}"), eventFunc(func() error { t.Error("called"); return nil }))
	assert.Equal(t, 401, status)
	assert.Equal(t, "application/json", header.Get("Content-Type"))
	assert.JSONEq(t, `{"error":"unauthorized"}`, string(answer))
}

// What Process returns is the caller's to change.
func TestProcessAnswersAreNotShared(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	for range 2 {
		r := signed(t, "http://localhost/", "{}")
		_, header, answer := hook.Process(t.Context(), r, []byte("{}"), event.NewMux())
		require.Equal(t, `{"received":true}`, string(answer))
		require.Equal(t, http.Header{"Content-Type": {"application/json"}}, header)
		answer[0] = 'x'
		header["Content-Type"][0] = "text/plain"
		assert.Equal(t, http.Header{http.CanonicalHeaderKey(sigHeader): {sign(testSecret, "{}")}}, r.Header, "and the request is left alone")
	}
}
