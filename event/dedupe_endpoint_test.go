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
				assert.EqualValues(t, 3, calls.Load(), "whichever secret it was")
			})
		})
	}
}

// The sender of the first delivery hangs up while it is worked on. The second is
// not answered 500 for that, and not 200 before the work is done.
func TestDedupe_InMiddleware_SenderHangsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := 0
		h := dedupedEndpoint(t).Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
				w.WriteHeader(http.StatusInternalServerError)
			case <-time.After(time.Second):
				done++
			}
		}))
		ctx, hangUp := context.WithCancel(t.Context())
		go func() {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("a")).WithContext(ctx)
			h.ServeHTTP(httptest.NewRecorder(), r)
		}()
		time.AfterFunc(400*time.Millisecond, hangUp)
		time.Sleep(200 * time.Millisecond)
		status, _ := post(h, "", "a")
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, 1, done)
	})
}

// De-duplication was by a header with the delivery's ID, which no signature
// covers: whoever had seen a request could send it again under another ID
// (prathamdby/pr-agent#476) or without one (open-mercato/open-mercato#1343,
// #1394). Here the ID is in the body or made of it, whatever the headers say.
func TestDedupe_prAgent476_openMercato1394_HeadersDoNotMatter(t *testing.T) {
	for name, decode := range map[string]func(http.Header, []byte) (*event.Event, error){
		"ID in the body": func(_ http.Header, body []byte) (*event.Event, error) { return &event.Event{ID: string(body)}, nil },
		"no ID":          func(http.Header, []byte) (*event.Event, error) { return new(event.Event), nil },
	} {
		t.Run(name, func(t *testing.T) {
			log, _ := quiet()
			s := new(script)
			v, err := verify.NewBearer(event.NewSecret("a token for tests"))
			require.NoError(t, err)
			hook, err := verify.NewEndpoint(verify.Definition{
				Vendor: "vendor", Verifier: v, Decode: decode,
				Config: verify.Config{Logger: log, Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})}},
			})
			require.NoError(t, err)
			h := hook.Handler(s)
			send := func(body, id string) {
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer a token for tests")
				if id != "" {
					for _, name := range []string{"Webhook-Id", "Svix-Id", "X-GitHub-Delivery", "X-Request-Id", "Idempotency-Key"} {
						r.Header.Set(name, id)
					}
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				assert.Equal(t, http.StatusOK, w.Code)
			}
			for _, id := range []string{"1", "1", "2", ""} {
				send(`{"n":1}`, id)
			}
			assert.EqualValues(t, 1, s.calls.Load(), "sent again under other IDs")
			send(`{"n":2}`, "1")
			assert.EqualValues(t, 2, s.calls.Load(), "another event under the same ID")
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
