package event_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// byHeader accepts everything, as sent by the credential that a header names.
type byHeader struct{}

func (byHeader) Verify(r *http.Request, _ []byte) (string, error) { return r.Header.Get("By"), nil }

func dedupedEndpoint(t *testing.T) *verify.Endpoint {
	t.Helper()
	log, _ := quiet()
	hook, err := verify.NewEndpoint(verify.Definition{
		Vendor: "vendor", Verifier: byHeader{},
		Decode: func(_ http.Header, body []byte) (*event.Event, error) {
			return &event.Event{ID: string(body), Type: event.Unknown}, nil
		},
		Config: verify.Config{
			Logger: log,
			Wrap:   []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})},
		},
	})
	require.NoError(t, err)
	return hook
}

func post(h http.Handler, by, body string) (status int, panicked any) {
	defer func() { panicked = recover() }()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("By", by)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, nil
}

// What an endpoint makes of Dedupe in its Config.Wrap, for callbacks and for an
// http.Handler of the user's.
func TestDedupe_InAnEndpoint(t *testing.T) {
	for _, kind := range []string{"Handler", "Middleware"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int64
				work := func() error {
					time.Sleep(time.Second)
					switch calls.Add(1) {
					case 1:
						return errBroken
					case 2:
						panic("boom")
					}
					return nil
				}
				hook := dedupedEndpoint(t)
				h := hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { return work() }))
				if kind == "Middleware" {
					h = hook.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if work() != nil {
							w.WriteHeader(http.StatusInternalServerError)
						}
					}))
				}
				many := func(status int) {
					t.Helper()
					var wg sync.WaitGroup
					var panics atomic.Int64
					for range 50 {
						wg.Go(func() {
							got, panicked := post(h, "secret 1", "a")
							if panicked != nil {
								panics.Add(1)
								return
							}
							assert.Equal(t, status, got)
						})
					}
					wg.Wait()
					assert.Equal(t, kind == "Middleware" && calls.Load() == 2, panics.Load() == 1, "a panic in a middleware is the server's")
				}
				many(http.StatusInternalServerError) // failed
				assert.EqualValues(t, 1, calls.Load())
				many(http.StatusInternalServerError) // panicked
				assert.EqualValues(t, 2, calls.Load())
				many(http.StatusOK)
				assert.EqualValues(t, 3, calls.Load())
				many(http.StatusOK) // duplicates of what is done
				assert.EqualValues(t, 3, calls.Load())
				status, _ := post(h, "secret 2", "a")
				assert.Equal(t, http.StatusOK, status)
				assert.EqualValues(t, 4, calls.Load())
			})
		})
	}
}

// A Queue as the handler of an endpoint that has Dedupe in its Wrap.
func TestDedupe_InAnEndpointAroundAQueue(t *testing.T) {
	hook := dedupedEndpoint(t)
	q := event.NewQueue(new(script), event.QueueConfig{})
	assert.Panics(t, func() { hook.Handler(q) })
}

func TestQueue_InAnEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := quiet()
		hook, err := verify.NewEndpoint(verify.Definition{
			Vendor: "vendor", Verifier: byHeader{}, Config: verify.Config{Logger: log},
			Decode: func(http.Header, []byte) (*event.Event, error) { return &event.Event{ID: "x"}, nil },
		})
		require.NoError(t, err)
		block := make(chan struct{})
		q := event.NewQueue(event.HandlerFunc(func(context.Context, *event.Event) error { <-block; return nil }),
			event.QueueConfig{Workers: 1, Depth: 1})
		h := hook.Handler(q)
		for _, want := range []int{200, 200, 503} {
			status, _ := post(h, "", "{}")
			assert.Equal(t, want, status)
		}
		close(block)
		drain(t, q)
		status, _ := post(h, "", "{}")
		assert.Equal(t, 503, status)
	})
}
