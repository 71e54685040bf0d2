package durable

import (
	"context"
	"errors"

	"github.com/accesshook/accesshook/event"
)

// errReentry is what a store answers when it is given, in the place of the
// callbacks, an event that it has handed out: it would drop it as a duplicate, and
// the callbacks would never be called.
var errReentry = errors.New("durable: this event came from the store and was given back to it: give Run the callbacks, and not the store")

// An origin says which store has handed out an event, and which event that is.
type origin struct {
	store *Store
	id    string
}

type originKey struct{}

// withOrigin returns h with contexts that have the origin of the event.
func (s *Store) withOrigin(h event.Handler) event.Handler {
	h = event.Recover(h)
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		id, _ := messageID(e)
		return h.HandleEvent(context.WithValue(ctx, originKey{}, origin{s, id}), e)
	})
}

// isReentry reports whether e is the event that s has handed out with ctx. A
// callback may store any other.
func (s *Store) isReentry(ctx context.Context, e *event.Event) bool {
	from, ok := ctx.Value(originKey{}).(origin)
	if !ok || from.store != s || e == nil {
		return false
	}
	id, _ := messageID(e)
	return id == from.id
}
