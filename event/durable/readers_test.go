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
)

// Reading leaves nothing behind on the server, however often it is done: a page
// that shows the dead letters asks every few seconds.
func TestReadersLeaveNothing(t *testing.T) {
	s, _, js := withClient(t, durable.Config{Shards: 2})
	for n := range 10 {
		store(t, s, newEvent(n))
	}
	stop := run(t, s, durable.Consumer{}, event.HandlerFunc(func(context.Context, *event.Event) error {
		return event.Permanent(errors.New("refused"))
	}))
	require.Eventually(t, func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Dead == 10
	}, patience, 10*time.Millisecond)
	stop()
	for range 10 {
		letters, err := s.DeadLetters(t.Context(), 0, 3)
		require.NoError(t, err)
		require.Len(t, letters, 3)
		require.NoError(t, s.Replay(t.Context(), time.Time{}, time.Time{}, durable.Filter{}, newRecorder()))
	}
	for name, want := range map[string]int{"accesshook-dead": 0, "accesshook-0": 1, "accesshook-1": 1} {
		stream, err := js.Stream(t.Context(), name)
		require.NoError(t, err)
		assert.Equal(t, want, stream.CachedInfo().State.Consumers, name)
	}
}
