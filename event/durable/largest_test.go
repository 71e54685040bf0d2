package durable_test

import (
	"context"
	"errors"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// A dead letter is larger than its event: what is accepted must fit as one too, or
// it would be in work for ever.
func TestTheLargestEventCanBeBuried(t *testing.T) {
	s := open(t, embedded.Config{Config: durable.Config{MaxBody: 1 << 10}})
	n := 0
	now := time.Now().UTC() // written with as many digits in all of them
	tooLarge := sort.Search(1<<20, func(size int) bool {
		n++
		e := newEvent(n)
		e.Time, e.Received = now, now
		e.Reason = strings.Repeat("x", size)
		err := s.HandleEvent(t.Context(), e)
		if err != nil {
			assert.ErrorIs(t, err, durable.ErrTooLarge)
			_, unavailable := event.IsUnavailable(err)
			assert.False(t, unavailable, "sending it again cannot help")
		}
		return err != nil
	})
	largest := newEvent(n + 1)
	largest.Time, largest.Received = now, now
	largest.Reason = strings.Repeat("x", tooLarge-5) // its ID may be longer
	store(t, s, largest)
	long := errors.New(strings.Repeat("e", 10_000))
	run(t, s, durable.Consumer{Name: strings.Repeat("c", 32), MaxAttempts: 1}, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		if e.ID == largest.ID {
			return long
		}
		return nil
	}))
	require.Eventually(t, func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Dead == 1
	}, patience, 10*time.Millisecond)
	letters, err := s.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	assert.Equal(t, largest.ID, letters[0].Event.ID)
}
