package durable

import (
	"context"
	"errors"

	"github.com/accesshook/accesshook/event"
)

// errOwnEvent is what a store answers that is given, for the callbacks, an event
// of its own: it would take it for a duplicate, and the callbacks would never be
// called.
var errOwnEvent = errors.New("durable: this event came from the store and was given back to it: give Run the callbacks, and not the store")

// A handed is in the context of an event that a store has handed out.
type handed struct {
	by *Store
	id string
}

type handedKey struct{}

// handing returns h with contexts that tell where events come from.
func (s *Store) handing(h event.Handler) event.Handler {
	h = event.Recover(h)
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		id, _ := messageID(e)
		return h.HandleEvent(context.WithValue(ctx, handedKey{}, handed{s, id}), e)
	})
}

// isOwn reports whether this is the event that s has handed out with ctx. Others
// that a callback makes are welcome.
func (s *Store) isOwn(ctx context.Context, e *event.Event) bool {
	from, ok := ctx.Value(handedKey{}).(handed)
	if !ok || from.by != s || e == nil {
		return false
	}
	id, _ := messageID(e)
	return id == from.id
}
