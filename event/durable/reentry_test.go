package durable_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

const given = "was given back to it"

// A store in the place of the callbacks takes its events for duplicates. They must
// not count as handled.
func TestStoreAsItsOwnHandler(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	store(t, s, newEvent(1))
	var seen observer
	mux := event.NewMux()
	mux.Handle("*", s)
	run(t, s, quick(durable.Consumer{MaxAttempts: 2, Observe: seen.observe}), mux)
	for _, text := range seen.wait(t, 2) {
		assert.Contains(t, text, given)
	}
	letter := waitLetters(t, s, 1)[0]
	assert.Contains(t, letter.Error, given)
	assert.ErrorContains(t, s.RetryDead(t.Context(), letter.Number, s), given)
	assert.ErrorContains(t, s.Replay(t.Context(), time.Time{}, time.Time{}, durable.Filter{}, s), given)
	waitLetters(t, s, 1)
}

// What a callback makes of an event may be stored, and any event in another store.
func TestCallbacksStoreOtherEvents(t *testing.T) {
	t.Parallel()
	s, other := open(t, embedded.Config{}), open(t, embedded.Config{})
	store(t, s, newEvent(1))
	got := newRecorder()
	run(t, s, durable.Consumer{}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		if e.ID == newEvent(1).ID {
			if err := s.HandleEvent(ctx, newEvent(2)); err != nil {
				return err
			}
		}
		return other.HandleEvent(ctx, e)
	}))
	run(t, other, durable.Consumer{}, got)
	got.wait(t, 2)
	assert.ElementsMatch(t, idsOf([]*event.Event{newEvent(1), newEvent(2)}), got.ids())
	noLetters(t, s)
}
