package verify_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// accepts is a verifier that accepts everything.
type accepts struct{}

func (accepts) Verify(*http.Request, []byte) (string, error) { return "", nil }

func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// What Dedupe dropped is answered as what it handled: only the log and Observe
// tell the two apart.
func TestDuplicateIsLoggedAndObserved(t *testing.T) {
	for _, kind := range []string{"Handler", "Middleware"} {
		t.Run(kind, func(t *testing.T) {
			log := new(strings.Builder)
			var observed []bool
			hook, err := verify.NewEndpoint(verify.Definition{
				Vendor: "vendor", Verifier: accepts{},
				Decode: func(_ http.Header, body []byte) (*event.Event, error) { return &event.Event{ID: string(body)}, nil },
				Config: verify.Config{
					Logger:  textLogger(log),
					Observe: func(_ context.Context, o verify.Observation) { observed = append(observed, o.Duplicate) },
					Wrap:    []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})},
				},
			})
			require.NoError(t, err)
			calls := 0
			h := hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { calls++; return nil }))
			if kind == "Middleware" {
				h = hook.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
			}
			for i, body := range []string{"a", "a", "b"} {
				log.Reset()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
				require.Equal(t, http.StatusOK, w.Code)
				assert.Equal(t, i == 1, strings.Contains(log.String(), "duplicate=true"), log)
				assert.Equal(t, 1, strings.Count(log.String(), "\n"))
			}
			assert.Equal(t, 2, calls)
			assert.Equal(t, []bool{false, true, false}, observed)
		})
	}
}

// A handler that marks its delivery before it looks at its context, and after.
func TestDuplicateIsMarkedInAnyContextOfTheHandler(t *testing.T) {
	for name, mark := range map[string]func(context.Context){
		"as it is": event.MarkDuplicate,
		"derived": func(ctx context.Context) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			event.MarkDuplicate(context.WithoutCancel(ctx))
		},
		"once ended": func(ctx context.Context) { <-ctx.Done(); event.MarkDuplicate(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			log := new(strings.Builder)
			hook, err := verify.NewEndpoint(verify.Definition{
				Vendor: "vendor", Verifier: accepts{},
				Decode: func(http.Header, []byte) (*event.Event, error) { return new(event.Event), nil },
				Config: verify.Config{Logger: textLogger(log), HandlerTimeout: 1},
			})
			require.NoError(t, err)
			h := hook.Handler(event.HandlerFunc(func(ctx context.Context, _ *event.Event) error { mark(ctx); return nil }))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")))
			assert.Contains(t, log.String(), "duplicate=true")
		})
	}
}
