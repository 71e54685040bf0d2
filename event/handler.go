package event

import "context"

// A Handler takes events. HandleEvent may be called from many goroutines at
// once, and must not change the event.
//
// The context of an endpoint's Handler carries the request's values and a
// deadline but is not cancelled when the sender hangs up, since most vendors
// never send an event again.
//
// What the error means to the vendor is described at [Permanent] and
// [Unavailable].
type Handler interface {
	HandleEvent(ctx context.Context, e *Event) error
}

// HandlerFunc adapts a function to a [Handler].
type HandlerFunc func(ctx context.Context, e *Event) error

// HandleEvent calls f.
func (f HandlerFunc) HandleEvent(ctx context.Context, e *Event) error { return f(ctx, e) }
