package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// sends is an endpoint's way by webhook: what was answered.
func sends(t *testing.T, hook *verify.Endpoint, body string, h event.Handler) int {
	w := httptest.NewRecorder()
	hook.Handler(h).ServeHTTP(w, signed(t, "http://localhost/", body))
	return w.Code
}

func keep(events *[]*event.Event) event.Handler {
	return event.HandlerFunc(func(_ context.Context, e *event.Event) error { *events = append(*events, e); return nil })
}

// What is fetched becomes the event that the webhook would have given.
func TestDeliverGivesTheWebhooksEvent(t *testing.T) {
	const id = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	var log journal
	endpoint := verify.Config{Name: "north", Logger: textLogger(&log), Observe: func(context.Context, verify.Observation) { t.Error("observed") }}
	silent := endpoint
	silent.Observe = nil
	for name, c := range map[string]struct {
		open    func(verify.Config) (*verify.Endpoint, error)
		request func(body []byte) (*http.Request, error)
		body    string
		hidden  string
	}{
		"a signature": {
			func(c verify.Config) (*verify.Endpoint, error) {
				return relock.New(relock.Config{Secrets: event.Secrets(testSecret), Endpoint: c})
			},
			func(body []byte) (*http.Request, error) {
				return relock.NewRequest(t.Context(), "http://localhost/", testSecret, body)
			},
			`{"event":"session.ended","timestamp":"2025-02-11T06:58:03Z","data":{"userId":"u-17","sessionId":"s-4"}}`, "",
		},
		"a credential in the body": {
			func(c verify.Config) (*verify.Endpoint, error) {
				return userlock.New(userlock.Config{IDs: event.Secrets(id), Endpoint: c})
			},
			func(body []byte) (*http.Request, error) {
				return http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/", strings.NewReader(string(body)))
			},
			`{"id":"` + id + `","eventType":4,"userAccount":"ada","site":"` + id + `"}`, id,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var came []*event.Event
			hook, err := c.open(silent)
			require.NoError(t, err)
			r, err := c.request([]byte(c.body))
			require.NoError(t, err)
			w := httptest.NewRecorder()
			hook.Handler(keep(&came)).ServeHTTP(w, r)
			require.Equal(t, http.StatusOK, w.Code)
			log.log.Reset()

			hook, err = c.open(endpoint)
			require.NoError(t, err)
			before := time.Now()
			duplicate, err := hook.Deliver(t.Context(), []byte(c.body), keep(&came))
			require.NoError(t, err)
			assert.False(t, duplicate)
			require.Len(t, came, 2)
			assert.WithinRange(t, came[1].Received, before.Add(-time.Millisecond), time.Now())
			assert.Empty(t, came[1].Credential)
			assert.NotEmpty(t, came[0].Credential)
			assert.Empty(t, cmp.Diff(came[0], came[1], withoutTimes, cmpopts.IgnoreFields(event.Event{}, "Credential")))
			if c.hidden != "" {
				encoded, err := came[1].MarshalJSON()
				require.NoError(t, err)
				assert.NotContains(t, string(encoded), c.hidden)
			}
			assert.Empty(t, log.log.String(), "there was no request to log")
		})
	}
}

// The first of two ways brings the event, whichever it is.
func TestDeliverSharesTheMemoryOfWrap(t *testing.T) {
	const body = `{"t":"2024-05-14T08:31:07Z"}`
	ways := map[string]func(*testing.T, *verify.Endpoint, event.Handler) (duplicate any){
		"Handler": func(t *testing.T, hook *verify.Endpoint, h event.Handler) any {
			assert.Equal(t, http.StatusOK, sends(t, hook, body, h))
			return nil
		},
		"Process": func(t *testing.T, hook *verify.Endpoint, h event.Handler) any {
			status, _, _ := hook.Process(t.Context(), signed(t, "http://localhost/", body), []byte(body), h)
			assert.Equal(t, http.StatusOK, status)
			return nil
		},
		"Deliver": func(t *testing.T, hook *verify.Endpoint, h event.Handler) any {
			duplicate, err := hook.Deliver(t.Context(), []byte(body), h)
			assert.NoError(t, err)
			return duplicate
		},
	}
	for first, one := range ways {
		for second, other := range ways {
			t.Run(first+" "+second, func(t *testing.T) {
				hook := newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})}})
				calls := 0
				handler := func() event.Handler { return eventFunc(func() error { calls++; return nil }) }
				assert.NotEqual(t, true, one(t, hook, handler()))
				assert.NotEqual(t, false, other(t, hook, handler()))
				assert.Equal(t, 1, calls)
			})
		}
	}
}

// A webhook that is being handled is waited for.
func TestDeliverWaitsForTheWebhook(t *testing.T) {
	hook := newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})}})
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		h := eventFunc(func() error { calls++; time.Sleep(time.Second); return nil })
		done := make(chan int)
		go func() { done <- sends(t, hook, "{}", h) }()
		synctest.Wait()
		duplicate, err := hook.Deliver(t.Context(), []byte("{}"), h)
		assert.NoError(t, err)
		assert.True(t, duplicate)
		assert.Equal(t, http.StatusOK, <-done)
		assert.Equal(t, 1, calls)
	})
}

// The vendor's API may write the same event in another way: that is no reason for a
// warning, as another body by webhook is.
func TestDeliverDoesNotWarnOfAnotherBody(t *testing.T) {
	const compact, wide = `{"t":"2024-05-14T08:31:07Z"}`, `{ "t": "2024-05-14T08:31:07Z" }`
	webhook := func(t *testing.T, hook *verify.Endpoint, body string) {
		require.Equal(t, http.StatusOK, sends(t, hook, body, event.NewMux()))
	}
	deliver := func(t *testing.T, hook *verify.Endpoint, body string) {
		_, err := hook.Deliver(t.Context(), []byte(body), event.NewMux())
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		first, second func(*testing.T, *verify.Endpoint, string)
		warned        bool
	}{
		"webhook, webhook": {webhook, webhook, true},
		"webhook, Deliver": {webhook, deliver, false},
		"Deliver, webhook": {deliver, webhook, false},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(strings.Builder)
			hook := newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{Logger: textLogger(log)})}})
			c.first(t, hook, compact)
			c.second(t, hook, wide)
			assert.Equal(t, c.warned, strings.Contains(log.String(), "another body"), log)
		})
	}
}

// Nor if a Queue is in between.
func TestDeliverToAQueueDoesNotWarnOfAnotherBody(t *testing.T) {
	const compact, wide = `{"t":"2024-05-14T08:31:07Z"}`, `{ "t": "2024-05-14T08:31:07Z" }`
	synctest.Test(t, func(t *testing.T) {
		log := new(strings.Builder)
		hook := newEndpoint(t, verify.Config{})
		queue := event.NewQueue(event.Dedupe(event.DedupeConfig{Logger: textLogger(log)})(event.NewMux()), event.QueueConfig{})
		require.Equal(t, http.StatusOK, sends(t, hook, compact, queue))
		synctest.Wait()
		_, err := hook.Deliver(t.Context(), []byte(wide), queue)
		require.NoError(t, err)
		synctest.Wait()
		assert.Empty(t, log.String())
		require.Equal(t, http.StatusOK, sends(t, hook, wide, queue))
		synctest.Wait()
		assert.Contains(t, log.String(), "another body", "by webhook")
	})
}

func TestDeliverReturnsTheHandlersError(t *testing.T) {
	failed := errors.New("disk full")
	hook := newEndpoint(t, verify.Config{})
	for name, c := range map[string]struct {
		body   string
		handle func() error
		check  func(*testing.T, error)
	}{
		"failed":      {"{}", func() error { return failed }, func(t *testing.T, err error) { assert.Equal(t, failed, err) }},
		"permanent":   {"{}", func() error { return event.Permanent(failed) }, func(t *testing.T, err error) { assert.True(t, event.IsPermanent(err)) }},
		"unavailable": {"{}", func() error { return event.Unavailable(failed, time.Minute) }, func(t *testing.T, err error) { _, ok := event.IsUnavailable(err); assert.True(t, ok) }},
		"panicked": {"{}", func() error { panic("boom") }, func(t *testing.T, err error) {
			p, ok := errors.AsType[*event.PanicError](err)
			require.True(t, ok)
			assert.Equal(t, "boom", p.Value)
			assert.Contains(t, string(p.Stack), "deliver_test.go")
		}},
		"panicked to abort": {"{}", func() error { panic(http.ErrAbortHandler) }, func(t *testing.T, err error) {
			_, ok := errors.AsType[*event.PanicError](err)
			assert.True(t, ok)
		}},
		"undecodable": {"[]", func() error { return nil }, func(t *testing.T, err error) { assert.ErrorIs(t, err, verify.ErrMalformed) }},
		"undecodable and failed": {"[]", func() error { return failed }, func(t *testing.T, err error) {
			assert.ErrorIs(t, err, verify.ErrMalformed)
			assert.ErrorIs(t, err, failed)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			duplicate, err := hook.Deliver(t.Context(), []byte(c.body), eventFunc(c.handle))
			c.check(t, err)
			assert.False(t, duplicate)
		})
	}
}

// What cannot be decoded is not lost.
func TestDeliverOfAnUndecodableBody(t *testing.T) {
	var came []*event.Event
	hook := newEndpoint(t, verify.Config{Name: "north"})
	_, err := hook.Deliver(t.Context(), []byte(`["x"]`), keep(&came))
	assert.ErrorIs(t, err, verify.ErrMalformed)
	want := unknown(`["x"]`, "array")
	want.Credential = ""
	require.Len(t, came, 1)
	assert.Empty(t, cmp.Diff(want, came[0], withoutTimes))
	assert.False(t, came[0].Received.IsZero())
}

func TestDeliverContext(t *testing.T) {
	type key struct{}
	hook := newEndpoint(t, verify.Config{HandlerTimeout: time.Minute})
	synctest.Test(t, func(t *testing.T) {
		for _, limit := range []time.Duration{time.Hour, time.Second} {
			ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), key{}, "kept"), limit)
			defer cancel()
			start := time.Now()
			_, err := hook.Deliver(ctx, []byte("{}"), event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
				assert.Equal(t, "kept", ctx.Value(key{}))
				<-ctx.Done()
				return ctx.Err()
			}))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, min(limit, time.Minute), time.Since(start))
		}
	})
}

func TestDeliverToAQueue(t *testing.T) {
	came := make(chan string, 1)
	queue := event.NewQueue(event.HandlerFunc(func(_ context.Context, e *event.Event) error { came <- e.ID; return nil }), event.QueueConfig{})
	logged := 0
	log := func(h event.Handler) event.Handler {
		return event.HandlerFunc(func(ctx context.Context, e *event.Event) error { logged++; return h.HandleEvent(ctx, e) })
	}
	hook := newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{log}})
	duplicate, err := hook.Deliver(t.Context(), []byte("{}"), queue)
	require.NoError(t, err)
	assert.False(t, duplicate)
	assert.Equal(t, "1", <-came)
	assert.Equal(t, 1, logged)
	_, err = queue.Shutdown(t.Context())
	require.NoError(t, err)
	_, err = hook.Deliver(t.Context(), []byte("{}"), queue)
	assert.ErrorIs(t, err, event.ErrQueueClosed)

	hook = newEndpoint(t, verify.Config{Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})}})
	for _, h := range []event.Handler{queue, event.Recover(queue), queue} {
		assert.Panics(t, func() { hook.Deliver(t.Context(), []byte("{}"), h) }, "what is only queued is not done")
	}
}

func TestDeliverRefuses(t *testing.T) {
	never := eventFunc(func() error { t.Error("called"); return nil })
	var zero verify.Endpoint
	_, err := zero.Deliver(t.Context(), []byte("{}"), never)
	assert.ErrorIs(t, err, verify.ErrUnauthenticated)

	hook := newEndpoint(t, verify.Config{MaxBody: 5})
	_, err = hook.Deliver(t.Context(), []byte("{    }"), never)
	assert.ErrorIs(t, err, verify.ErrBodyTooLarge)
	assert.Panics(t, func() { hook.Deliver(t.Context(), []byte("{}"), nil) })
}

// A window for webhooks says nothing about what is fetched, which is late by design.
func TestDeliverHasNoWindow(t *testing.T) {
	hook := newEndpoint(t, verify.Config{MaxAge: time.Hour, MaxFuture: time.Hour})
	for _, when := range []time.Time{time.Now().AddDate(0, 0, -30), time.Now().AddDate(0, 0, 30)} {
		body := fmt.Sprintf(`{"t":%q}`, when.Format(time.RFC3339))
		var came []*event.Event
		_, err := hook.Deliver(t.Context(), []byte(body), keep(&came))
		require.NoError(t, err)
		assert.Len(t, came, 1)
		assert.Equal(t, http.StatusUnauthorized, sends(t, hook, body, keep(&came)), "by webhook")
	}
}
