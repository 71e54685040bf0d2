package event_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

//go:noinline
func explode(v any) error { panic(v) }

func TestRecover(t *testing.T) {
	tests := map[string]struct {
		value any
		text  string
		is    error
	}{
		"text":                 {"boom", "event: callback panicked: boom", nil},
		"number":               {42, "event: callback panicked: 42", nil},
		"error":                {errors.ErrUnsupported, "event: callback panicked: unsupported operation", errors.ErrUnsupported},
		"wrapped error":        {fmt.Errorf("w: %w", errors.ErrUnsupported), "event: callback panicked: w: unsupported operation", errors.ErrUnsupported},
		"http.ErrAbortHandler": {http.ErrAbortHandler, "event: callback panicked: net/http: abort Handler", http.ErrAbortHandler},
	}
	muxed := func(h event.Handler) event.Handler {
		m := event.NewMux()
		m.Handle("*", h)
		return m
	}
	for name, tt := range tests {
		for by, wrap := range map[string]func(event.Handler) event.Handler{"Recover": event.Recover, "Mux": muxed} {
			t.Run(name+"/"+by, func(t *testing.T) {
				h := wrap(event.HandlerFunc(func(context.Context, *event.Event) error { return explode(tt.value) }))
				err := h.HandleEvent(t.Context(), &event.Event{})
				var p *event.PanicError
				require.ErrorAs(t, err, &p)
				assert.Equal(t, tt.value, p.Value)
				assert.Equal(t, tt.text, err.Error(), "without the stack")
				assert.Contains(t, string(p.Stack), "event_test.explode", "the stack of the callback")
				assert.Contains(t, string(p.Stack), "recover_test.go")
				if tt.is == nil {
					assert.NoError(t, errors.Unwrap(err))
				} else {
					assert.ErrorIs(t, err, tt.is)
				}
			})
		}
	}
}

func TestRecoverRuntimeError(t *testing.T) {
	h := event.Recover(event.HandlerFunc(func(_ context.Context, e *event.Event) error { return errors.New(e.Reason) }))
	err := h.HandleEvent(t.Context(), nil)
	var p *event.PanicError
	require.ErrorAs(t, err, &p)
	assert.ErrorContains(t, err, "nil pointer")
}

func TestRecoverHandsThrough(t *testing.T) {
	failed := errors.New("failed")
	e := &event.Event{}
	for _, want := range []error{nil, failed} {
		h := event.Recover(event.HandlerFunc(func(ctx context.Context, got *event.Event) error {
			assert.Same(t, e, got)
			assert.Equal(t, t.Context(), ctx)
			return want
		}))
		assert.Equal(t, want, h.HandleEvent(t.Context(), e))
	}
}
