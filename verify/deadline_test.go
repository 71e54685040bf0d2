package verify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A deadlineRecorder keeps the deadlines that are set, as times from its start.
type deadlineRecorder struct {
	*httptest.ResponseRecorder
	start time.Time
	set   []time.Duration
}

func (w *deadlineRecorder) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		w.set = append(w.set, 0)
	} else {
		w.set = append(w.set, t.Sub(w.start))
	}
	return nil
}

// A body has BodyTimeout from the end of the header on, or the server's own
// ReadTimeout if that is less, also if it is not wanted.
func TestBodyDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		timeout, servers, want time.Duration
	}{
		"default":          {0, 0, verify.DefaultBodyTimeout},
		"own":              {3 * time.Second, 0, 3 * time.Second},
		"server's shorter": {3 * time.Second, 2 * time.Second, 2 * time.Second},
		"server's longer":  {3 * time.Second, 4 * time.Second, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handler := newEndpoint(t, verify.Config{BodyTimeout: c.timeout}).Handler(event.NewMux())
				for method, want := range map[string][]time.Duration{
					http.MethodPost: {c.want, 0}, // and taken back
					http.MethodGet:  {c.want},
				} {
					r := signed(t, "http://localhost/", "{}")
					r.Method = method
					if c.servers != 0 {
						r = r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, &http.Server{ReadTimeout: c.servers}))
					}
					w := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder(), start: time.Now()}
					handler.ServeHTTP(w, r)
					assert.Equal(t, want, w.set, method)
				}
			})
		})
	}
}

// A callback that looks a value up finds those of its request, and is still not bound to
// the sender.
func TestValuesOfTheContext(t *testing.T) {
	type key struct{}
	for name, first := range map[string]func(context.Context){
		"at once":          func(context.Context) {},
		"after the timer":  func(ctx context.Context) { ctx.Done() },
		"after the values": func(ctx context.Context) { ctx.Value(key{}) },
	} {
		t.Run(name, func(t *testing.T) {
			var seen verify.Observation
			endpoint := newEndpoint(t, verify.Config{Observe: func(_ context.Context, o verify.Observation) { seen = o }})
			r := signed(t, "http://localhost/", "{}")
			ctx, hangUp := context.WithCancel(context.WithValue(r.Context(), key{}, "value"))
			endpoint.Handler(event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
				first(ctx)
				assert.Equal(t, "value", ctx.Value(key{}))
				assert.Nil(t, ctx.Value("no such key"))
				child, cancel := context.WithCancel(ctx)
				defer cancel()
				hangUp()
				assert.NoError(t, child.Err())
				event.MarkDuplicate(ctx)
				return nil
			})).ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
			assert.True(t, seen.Duplicate)
		})
	}
}
