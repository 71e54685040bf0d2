package durable_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// A dead letter that was dropped is not there, whatever comes before and after it.
func TestDropDeadTwice(t *testing.T) {
	s := open(t, embedded.Config{})
	require.ErrorIs(t, s.DropDead(t.Context(), 1), durable.ErrNotFound, "there never was one")
	run(t, s, durable.Consumer{}, event.HandlerFunc(func(context.Context, *event.Event) error {
		return event.Permanent(errors.New("never"))
	}))
	for n := range 3 {
		store(t, s, newEvent(n))
	}
	require.Eventually(t, func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Dead == 3
	}, patience, 5*time.Millisecond)
	for _, number := range []uint64{2, 1, 3} {
		require.NoError(t, s.DropDead(t.Context(), number))
		assert.ErrorIs(t, s.DropDead(t.Context(), number), durable.ErrNotFound, "number %d", number)
	}
	for _, number := range []uint64{0, 4, 1 << 63} {
		assert.ErrorIs(t, s.DropDead(t.Context(), number), durable.ErrNotFound, "number %d", number)
	}
}
