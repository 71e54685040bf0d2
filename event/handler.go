package event

import "context"

// A Handler handles events. HandleEvent is called concurrently, and must not change
// the event. Its error decides the answer to the vendor; see [Permanent] and
// [Unavailable].
//
// The context of an endpoint's Handler carries the request's values and a deadline.
// It is not cancelled when the sender hangs up, since most vendors never send an
// event again.
type Handler interface {
	HandleEvent(ctx context.Context, e *Event) error
}

// HandlerFunc adapts a function to a [Handler].
type HandlerFunc func(ctx context.Context, e *Event) error

// HandleEvent calls f.
func (f HandlerFunc) HandleEvent(ctx context.Context, e *Event) error { return f(ctx, e) }
