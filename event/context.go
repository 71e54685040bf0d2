package event

import "context"

type contextKey struct{}

// NewContext returns a context that carries e.
func NewContext(ctx context.Context, e *Event) context.Context {
	return context.WithValue(ctx, contextKey{}, e)
}

// FromContext returns the event that ctx carries, as set by an endpoint's
// Middleware. It reports false if there is none.
func FromContext(ctx context.Context) (*Event, bool) {
	e, ok := ctx.Value(contextKey{}).(*Event)
	return e, ok && e != nil
}
