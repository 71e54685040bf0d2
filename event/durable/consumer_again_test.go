package durable_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// A consumer that was deleted and made again has finished nothing: it sees each
// event that is kept, whatever was noted of the one before.
func TestConsumerMadeAgainSeesAll(t *testing.T) {
	s := open(t, embedded.Config{})
	for n := range 10 {
		store(t, s, newEvent(n))
	}
	for range 2 {
		got := newRecorder()
		stop := run(t, s, durable.Consumer{}, got)
		got.wait(t, 10)
		stop()
		require.NoError(t, s.DeleteConsumer(t.Context(), durable.DefaultConsumerName))
	}
}

// A dead letter that was dropped does not stand in the way of the dead letter
// that the event becomes when the consumer is made again.
func TestConsumerMadeAgainHasDeadLetters(t *testing.T) {
	s := open(t, embedded.Config{})
	store(t, s, newEvent(1))
	for range 2 {
		stop := run(t, s, durable.Consumer{}, event.HandlerFunc(func(context.Context, *event.Event) error {
			return event.Permanent(errors.New("refused"))
		}))
		require.Eventually(t, func() bool {
			stats, err := s.Stats(t.Context())
			return err == nil && stats.Dead == 1
		}, patience, 10*time.Millisecond, "it is in no dead letter")
		stop()
		letters, err := s.DeadLetters(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Len(t, letters, 1)
		assert.Equal(t, "event-1", letters[0].Event.ID)
		require.NoError(t, s.DropDead(t.Context(), letters[0].Number))
		require.NoError(t, s.DeleteConsumer(t.Context(), durable.DefaultConsumerName))
	}
}

// Processes that begin at the same time make one consumer, not one each.
func TestConsumerIsMadeOnce(t *testing.T) {
	s := open(t, embedded.Config{})
	got := newRecorder()
	var stops []func()
	for range 8 {
		stops = append(stops, run(t, s, durable.Consumer{}, got))
	}
	for n := range 100 {
		store(t, s, newEvent(n))
	}
	got.wait(t, 100)
	for _, stop := range stops {
		stop()
	}
	assert.Len(t, got.ids(), 100)
}

// A run that was busy while its consumer was deleted and made again elsewhere has
// not been told. What it noted of the one before does not count for the new one
// either: every event is called, and is a dead letter, again.
func TestConsumerMadeAgainElsewhereSeesAll(t *testing.T) {
	t.Parallel()
	for name, maxAttempts := range map[string]int{"with records": 1, "without": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testConsumerMadeAgainElsewhere(t, maxAttempts)
		})
	}
}

func testConsumerMadeAgainElsewhere(t *testing.T, maxAttempts int) {
	s := open(t, embedded.Config{Config: durable.Config{Shards: 1}})
	const count, bad, last = 6, "event-1", "event-5"
	c := durable.Consumer{MaxAttempts: maxAttempts}
	called := newRecorder()
	handler := func(id string, began, goOn chan struct{}) event.Handler {
		return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			_ = called.HandleEvent(ctx, e)
			if e.ID == id {
				close(began)
				<-goOn
			}
			if e.ID == bad {
				return event.Permanent(errFailed)
			}
			return nil
		})
	}
	store(t, s, numbered(count)...)
	began, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { ended <- s.Consumer(c).Run(t.Context(), handler(last, began, goOn)) }()
	<-began
	require.NoError(t, s.DropDead(t.Context(), waitLetters(t, s, 1)[0].Number))
	require.NoError(t, s.DeleteConsumer(t.Context(), durable.DefaultConsumerName))

	called = newRecorder()
	beganAgain, goOnAgain := make(chan struct{}), make(chan struct{})
	finish := sync.OnceFunc(func() { close(goOnAgain) })
	run(t, s, c, handler("event-0", beganAgain, goOnAgain))
	defer finish()
	<-beganAgain
	close(goOn)
	require.ErrorIs(t, <-ended, durable.ErrConsumerDeleted)
	finish()
	called.wait(t, count)
	assert.ElementsMatch(t, idsOf(numbered(count)), called.ids())
	assert.Equal(t, bad, waitLetters(t, s, 1)[0].Event.ID)
}
