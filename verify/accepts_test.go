package verify_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// A picky handler takes the events of some vendors.
type picky map[string]bool

func (picky) HandleEvent(context.Context, *event.Event) error { return nil }

func (p picky) AcceptsVendor(vendor string) error {
	if !p[vendor] {
		return errors.New("add it to the list")
	}
	return nil
}

// What cannot take an endpoint's events is found when the service is put together,
// not when the first event comes.
func TestHandlersThatDoNotTakeTheVendor(t *testing.T) {
	unaware := picky{"unloc": true}
	wrapIn := func(h event.Handler) func(event.Handler) event.Handler {
		return func(event.Handler) event.Handler { return h }
	}
	opaque := func(h event.Handler) event.Handler { return event.HandlerFunc(h.HandleEvent) }
	dedupe := func() func(event.Handler) event.Handler { return event.Dedupe(event.DedupeConfig{}) }
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	tests := map[string]struct {
		handler event.Handler // nil: Middleware
		wrap    []func(event.Handler) event.Handler
	}{
		"itself":                    {unaware, nil},
		"in a wrapper":              {event.Recover(dedupe()(unaware)), nil},
		"under Wrap":                {unaware, []func(event.Handler) event.Handler{opaque}},
		"in Wrap":                   {picky{"relock": true}, []func(event.Handler) event.Handler{wrapIn(unaware)}},
		"in Wrap, under another":    {picky{"relock": true}, []func(event.Handler) event.Handler{opaque, wrapIn(unaware)}},
		"in Wrap, and Middleware":   {nil, []func(event.Handler) event.Handler{wrapIn(unaware)}},
		"in Wrap, wrapped by Retry": {nil, []func(event.Handler) event.Handler{wrapIn(event.Retry(event.RetryConfig{})(unaware))}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			hook, err := relock.New(relock.Config{
				Secrets: event.Secrets("a-secret-of-these-tests"), Endpoint: verify.Config{Name: "north", Wrap: tt.wrap},
			})
			require.NoError(t, err)
			refused := func(wire func()) {
				t.Helper()
				assert.PanicsWithValue(t, `verify: the handler of endpoint "north" does not take the events of vendor "relock": add it to the list`, wire)
			}
			if tt.handler == nil {
				refused(func() { hook.Middleware(next) })
				return
			}
			refused(func() { hook.Handler(tt.handler) })
			refused(func() { hook.Process(t.Context(), httptest.NewRequest(http.MethodPost, "/", nil), nil, tt.handler) })
			refused(func() { hook.Deliver(t.Context(), []byte("{}"), tt.handler) })
		})
	}
	hook, err := relock.New(relock.Config{Secrets: event.Secrets("a-secret-of-these-tests")})
	require.NoError(t, err)
	assert.NotPanics(t, func() { hook.Handler(dedupe()(picky{"relock": true})) })
}
