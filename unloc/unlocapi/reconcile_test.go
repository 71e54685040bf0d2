package unlocapi_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/unloctest"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
	"github.com/accesshook/accesshook/verify"
)

var quiet = slog.New(slog.DiscardHandler)

func newHook(t testing.TB, c verify.Config) *verify.Endpoint {
	t.Helper()
	c.Logger = quiet
	hook, err := unloc.New(unloc.Config{Credentials: []verify.Credential{verify.NewCredential("unloc", hookPassword)}, Endpoint: c})
	require.NoError(t, err)
	return hook
}

func wrap(w ...func(event.Handler) event.Handler) verify.Config { return verify.Config{Wrap: w} }

// A recorder counts what it is called with, by ID.
type recorder struct {
	mu    sync.Mutex
	calls map[string]int
	last  *event.Event
}

func (r *recorder) HandleEvent(_ context.Context, e *event.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = make(map[string]int)
	}
	r.calls[e.ID]++
	r.last = e
	return nil
}

func (r *recorder) seen() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// handlerFunc calls f with the ID of each event.
func handlerFunc(f func(id string) error) event.Handler {
	return event.HandlerFunc(func(_ context.Context, e *event.Event) error { return f(e.ID) })
}

// logClient is a client of an access log that is one page.
func logClient(t testing.TB, items ...string) *unlocapi.Client {
	return newClient(t, transport(func(r *http.Request) (int, string, error) {
		if isToken(r) {
			return 200, `{"access_token":"eyJ.x","expires_in":3600}`, nil
		}
		return 200, "[" + strings.Join(items, ",") + "]", nil
	}).config())
}

var monday = time.Date(2025, 2, 10, 0, 0, 0, 0, time.UTC)

func TestReconcileSince(t *testing.T) {
	var r recorder
	result, err := unlocapi.Reconcile(t.Context(), logClient(t,
		`{"id":"after","action":"unlocked","created":"2025-02-10T00:00:00.001Z"}`,
		`{"id":"before","action":"unlocked","created":"2025-02-09T23:59:59.999Z"}`,
		`{"id":"at","action":"unlocked","created":"2025-02-10T01:00:00.000+01:00"}`,
		`{"id":"ahead","action":"unlocked","created":"2125-02-10T00:00:00.000Z"}`,
		`{"id":"unreadable","action":"unlocked","created":"on Monday"}`,
		`{"id":"without","action":"viewedCode"}`,
	), monday, newHook(t, verify.Config{}), &r)
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"after": 1, "at": 1, "ahead": 1, "unreadable": 1, "without": 1}, r.seen())
	assert.Equal(t, unlocapi.Result{Read: 6, Found: 5, Delivered: 5}, result)

	result, err = unlocapi.Reconcile(t.Context(), logClient(t, `{"id":"old","action":"locked","created":"1999-01-01T00:00:00Z"}`), time.Time{}, newHook(t, verify.Config{}), &r)
	require.NoError(t, err)
	assert.Equal(t, unlocapi.Result{Read: 1, Found: 1, Delivered: 1}, result, "a zero since is for all")
}

// What has no time, or one to come, is in each run, also after its memory has ended.
func TestReconcileEventsOfNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recorder
		hook := newHook(t, wrap(event.Dedupe(event.DedupeConfig{Keep: 8 * 24 * time.Hour})))
		client := logClient(t, `{"id":"now","created":"`+time.Now().UTC().Format(time.RFC3339)+`"}`, `{"id":"without"}`, `{"id":"ahead","created":"2125-02-10T00:00:00Z"}`)
		for range 10 {
			_, err := unlocapi.Reconcile(t.Context(), client, time.Now().AddDate(0, 0, -7), hook, &r)
			require.NoError(t, err)
			time.Sleep(24 * time.Hour)
		}
		assert.Equal(t, map[string]int{"now": 1, "without": 2, "ahead": 2}, r.seen())
	})
}

// The event is the webhook's.
func TestReconcileGivesTheWebhooksEvent(t *testing.T) {
	const body = `{"id":"e1","action":"unlocked","created":"2025-02-11T06:58:03.417Z","keyId":"k-17","lockId":"l-4","lockName":"Dør Ø","appUserId":"+4790001234","userName":"","more":[1, 2]}`
	var fromHook, fromLog recorder
	hook := newHook(t, verify.Config{Name: "north"})
	r, err := unloc.NewRequest(t.Context(), "https://hooks.example/", "unloc", hookPassword, []byte(body))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	hook.Handler(&fromHook).ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	_, err = unlocapi.Reconcile(t.Context(), logClient(t, `{"id":"e0"}`, body), monday, hook, &fromLog)
	require.NoError(t, err)
	want, got := fromHook.last.Clone(), fromLog.last.Clone()
	assert.Equal(t, body, string(got.Raw), "byte for byte")
	assert.NotEmpty(t, want.Credential)
	want.Credential, want.Received, got.Received = "", time.Time{}, time.Time{}
	assert.Empty(t, cmp.Diff(want, got, cmp.Comparer(func(a, b event.Client) bool { return a == b })))
}

// Events that came already are known, however they are written, and if the log has them
// twice.
func TestReconcileKnowsWhatCame(t *testing.T) {
	var log strings.Builder
	dedupe := event.Dedupe(event.DedupeConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	hook := newHook(t, wrap(dedupe))
	var r recorder
	_, err := hook.Deliver(t.Context(), []byte(`{"id":"e1","action":"unlocked"}`), &r)
	require.NoError(t, err)
	client := logClient(t, `{"action":"unlocked", "id":"e1"}`, `{"id":"e2"}`, `{"id":"e2"}`, `{"action":"locked"}`, `{"id":"not/usable"}`)
	result, err := unlocapi.Reconcile(t.Context(), client, monday, hook, &r)
	require.NoError(t, err)
	assert.Equal(t, unlocapi.Result{Read: 5, Found: 5, Delivered: 3, Known: 2}, result)
	result, err = unlocapi.Reconcile(t.Context(), client, monday, hook, &r)
	require.NoError(t, err)
	assert.Equal(t, unlocapi.Result{Read: 5, Found: 5, Known: 5}, result, "also those whose ID is a hash")
	assert.Len(t, r.seen(), 4)
	for id, calls := range r.seen() {
		assert.Equal(t, 1, calls, id)
	}
	assert.Empty(t, log.String())
}

func TestReconcileHandlerFails(t *testing.T) {
	var items []string
	for i := range 20 {
		items = append(items, fmt.Sprintf(`{"id":"e%d"}`, i))
	}
	broken := errors.New("disk full")
	hook := newHook(t, wrap(event.Dedupe(event.DedupeConfig{})))
	client := logClient(t, items...)
	calls := map[string]int{}
	h := handlerFunc(func(id string) error {
		if calls[id]++; calls[id] > 1 {
			return nil
		}
		switch id {
		case "e3":
			panic("boom")
		case "e4":
			return event.Permanent(errors.New("no such door"))
		case "e5", "e6", "e7", "e8", "e9":
			return broken
		}
		return nil
	})
	result, err := unlocapi.Reconcile(t.Context(), client, monday, hook, h)
	assert.Equal(t, unlocapi.Result{Read: 20, Found: 20, Delivered: 13, Failed: 7}, result, "one does not keep back the others")
	require.ErrorContains(t, err, "unlocapi: 7 of 20 events failed: event e3: event: callback panicked: boom\nevent e4: no such door\nevent e5: disk full")
	assert.ErrorIs(t, err, broken)
	assert.NotContains(t, err.Error(), "e8", "only the first few")
	_, ok := errors.AsType[*event.PanicError](err)
	assert.True(t, ok)

	result, err = unlocapi.Reconcile(t.Context(), client, monday, hook, h)
	require.NoError(t, err)
	assert.Equal(t, unlocapi.Result{Read: 20, Found: 20, Delivered: 6, Known: 14}, result, "what failed is tried again, what failed for good is not")
}

func TestReconcileItemsThatAreNoEvents(t *testing.T) {
	var r recorder
	result, err := unlocapi.Reconcile(t.Context(), logClient(t, `"x"`, `{"id":"e1"}`, `null`, `{"id":"`+strings.Repeat("x", 70<<10)+`"}`), monday, newHook(t, verify.Config{}), &r)
	assert.Equal(t, unlocapi.Result{Read: 4, Found: 4, Delivered: 1, Failed: 3}, result)
	assert.ErrorIs(t, err, verify.ErrMalformed)
	assert.ErrorIs(t, err, verify.ErrBodyTooLarge)
	assert.Len(t, r.seen(), 3, "what can be held reaches the handler, as an event without a payload")
}

// An unavailable handler is waited for, and not for ever.
func TestReconcileHandlerIsUnavailable(t *testing.T) {
	full := errors.New("store is full")
	for name, c := range map[string]struct {
		after  time.Duration // what the handler asks to wait
		lasts  time.Duration
		want   unlocapi.Result
		within time.Duration
	}{
		"for a moment":          {0, 1500 * time.Millisecond, unlocapi.Result{Read: 3, Found: 3, Delivered: 3}, 2 * time.Second},
		"for the time it says":  {10 * time.Second, 15 * time.Second, unlocapi.Result{Read: 3, Found: 3, Delivered: 3}, 20 * time.Second},
		"for less than it says": {time.Hour, 45 * time.Second, unlocapi.Result{Read: 3, Found: 3, Delivered: 3}, time.Minute},
		"for good":              {time.Minute, time.Hour, unlocapi.Result{Read: 2, Found: 2, Delivered: 1, Failed: 1}, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				h := handlerFunc(func(id string) error {
					if id != "e1" && time.Since(begun) < c.lasts {
						return event.Unavailable(full, c.after)
					}
					return nil
				})
				result, err := unlocapi.Reconcile(t.Context(), logClient(t, `{"id":"e1"}`, `{"id":"e2"}`, `{"id":"e3"}`), monday, newHook(t, verify.Config{}), h)
				assert.Equal(t, c.want, result)
				assert.Equal(t, c.within, time.Since(begun))
				if c.want.Failed == 0 {
					require.NoError(t, err)
					return
				}
				assert.ErrorIs(t, err, full)
				assert.ErrorContains(t, err, "unlocapi: 1 of 2 events failed: event e2: store is full")
				assert.ErrorContains(t, err, "stopped reconciling")
				_, ok := event.IsUnavailable(err)
				assert.True(t, ok)
			})
		})
	}
}

// A callback that never returns keeps back its own event alone.
func TestReconcileWhileAnEventIsHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var r recorder
		h := event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			if e.ID == "e1" {
				<-release
			}
			return r.HandleEvent(ctx, e)
		})
		hook := newHook(t, wrap(event.Dedupe(event.DedupeConfig{})))
		go hook.Deliver(context.Background(), []byte(`{"id":"e1"}`), h)
		synctest.Wait()
		result, err := unlocapi.Reconcile(t.Context(), logClient(t, `{"id":"e1"}`, `{"id":"e2"}`), monday, hook, h)
		assert.ErrorIs(t, err, event.ErrInProgress)
		assert.Equal(t, unlocapi.Result{Read: 2, Found: 2, Delivered: 1, Failed: 1}, result)
		assert.Equal(t, map[string]int{"e2": 1}, r.seen())
		close(release)
	})
}

// The error says why Reconcile stopped, however many events failed before.
func TestReconcileStopsAfterManyFailures(t *testing.T) {
	var items []string
	for i := range 20 {
		items = append(items, fmt.Sprintf(`{"id":"e%d"}`, i))
	}
	full, broken := errors.New("store is full"), errors.New("disk full")
	for name, at := range map[string]func(cancel func()) error{
		"unavailable":   func(func()) error { return event.Unavailable(full, 0) },
		"ctx has ended": func(cancel func()) error { cancel(); return full },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				result, err := unlocapi.Reconcile(ctx, logClient(t, items...), monday, newHook(t, verify.Config{}), handlerFunc(func(id string) error {
					if id == "e12" {
						return at(cancel)
					}
					return broken
				}))
				assert.Equal(t, unlocapi.Result{Read: 13, Found: 13, Failed: 13}, result)
				assert.ErrorIs(t, err, full)
				assert.ErrorContains(t, err, "event e4: disk full\nevent e12: store is full")
				_, unavailable := event.IsUnavailable(err)
				assert.Equal(t, name == "unavailable", unavailable)
			})
		})
	}
}

// A log that is longer than a Queue fits into it by and by.
func TestReconcileIntoAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var items []string
		for i := range 50 {
			items = append(items, fmt.Sprintf(`{"id":"e%d"}`, i))
		}
		var r recorder
		queue := event.NewQueue(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			time.Sleep(time.Second)
			return r.HandleEvent(ctx, e)
		}), event.QueueConfig{Workers: 1, Depth: 10})
		result, err := unlocapi.Reconcile(t.Context(), logClient(t, items...), monday, newHook(t, verify.Config{}), queue)
		require.NoError(t, err)
		assert.Equal(t, 50, result.Delivered)
		_, err = queue.Shutdown(t.Context())
		require.NoError(t, err)
		assert.Len(t, r.seen(), 50)
	})
}

func TestReconcileContext(t *testing.T) {
	hook := newHook(t, verify.Config{})
	items := []string{`{"id":"e1"}`, `{"id":"e2"}`, `{"id":"e3"}`}
	t.Run("between events", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		result, err := unlocapi.Reconcile(ctx, logClient(t, items...), monday, hook, handlerFunc(func(string) error { cancel(); return nil }))
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, unlocapi.Result{Read: 1, Found: 1, Delivered: 1}, result)
	})
	t.Run("in the handler", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		result, err := unlocapi.Reconcile(ctx, logClient(t, items...), monday, hook, event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
			cancel()
			<-ctx.Done()
			return errors.New("gave up")
		}))
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorContains(t, err, "gave up")
		assert.Equal(t, unlocapi.Result{Read: 1, Found: 1, Failed: 1}, result)
	})
	t.Run("while the handler is unavailable", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			begun := time.Now()
			result, err := unlocapi.Reconcile(ctx, logClient(t, items...), monday, hook, handlerFunc(func(string) error { return event.Unavailable(errors.New("full"), time.Minute) }))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, unlocapi.Result{Read: 1, Found: 1, Failed: 1}, result)
			assert.Equal(t, 3*time.Second, time.Since(begun))
		})
	})
	t.Run("HandlerTimeout ends one event", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			result, err := unlocapi.Reconcile(t.Context(), logClient(t, items...), monday, hook, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
				if e.ID == "e2" {
					<-ctx.Done()
				}
				return ctx.Err()
			}))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, unlocapi.Result{Read: 3, Found: 3, Delivered: 2, Failed: 1}, result)
		})
	})
}

// What was read before the log broke off has been handed on.
func TestReconcileLogBreaksOff(t *testing.T) {
	s := unloctest.New(t, nil)
	answers(t, s, `{"accessEvents":[{"id":"e1"}],"startAfterId":"c1"}`, `{"message":"down for maintenance"}`)
	var r recorder
	result, err := unlocapi.Reconcile(t.Context(), newClient(t, s.Config()), monday, newHook(t, verify.Config{}), &r)
	assert.ErrorContains(t, err, "no list of events")
	assert.Equal(t, unlocapi.Result{Read: 1, Found: 1, Delivered: 1}, result)
	assert.Len(t, r.seen(), 1)
}

func TestReconcileLock(t *testing.T) {
	s := unloctest.New(t, nil)
	s.Happen(unloc.AccessEvent{ID: "e4", LockID: "l-4"})
	s.Happen(unloc.AccessEvent{ID: "e5", LockID: "l-5"})
	var r recorder
	result, err := unlocapi.ReconcileLock(t.Context(), newClient(t, s.Config()), "l-5", monday, newHook(t, verify.Config{}), &r)
	require.NoError(t, err)
	assert.Equal(t, unlocapi.Result{Read: 1, Found: 1, Delivered: 1}, result)
	assert.Equal(t, map[string]int{"e5": 1}, r.seen())
	_, err = unlocapi.ReconcileLock(t.Context(), newClient(t, s.Config()), "", monday, newHook(t, verify.Config{}), &r)
	assert.ErrorContains(t, err, "lockID is empty", "that would be all locks")
}

func TestReconcileRefuses(t *testing.T) {
	other, err := relock.New(relock.Config{Secrets: event.Secrets("a-secret-of-these-tests")})
	require.NoError(t, err)
	s := unloctest.New(t, nil)
	client, hook := newClient(t, s.Config()), newHook(t, verify.Config{})
	var r recorder
	for name, run := range map[string]func() (unlocapi.Result, error){
		"the endpoint is not for Unloc's events": func() (unlocapi.Result, error) { return unlocapi.Reconcile(t.Context(), client, monday, other, &r) },
		"the endpoint is not for Unloc's":        func() (unlocapi.Result, error) { return unlocapi.Reconcile(t.Context(), client, monday, nil, &r) },
		"the endpoint is not for": func() (unlocapi.Result, error) {
			return unlocapi.Reconcile(t.Context(), client, monday, new(verify.Endpoint), &r)
		},
		"the client is nil":  func() (unlocapi.Result, error) { return unlocapi.Reconcile(t.Context(), nil, monday, hook, &r) },
		"the handler is nil": func() (unlocapi.Result, error) { return unlocapi.Reconcile(t.Context(), client, monday, hook, nil) },
	} {
		result, err := run()
		assert.ErrorContains(t, err, "unlocapi: "+name)
		assert.Zero(t, result)
	}
	assert.Empty(t, s.Requests(""))
}
