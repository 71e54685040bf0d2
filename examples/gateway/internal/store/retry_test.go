package store

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/relock"
)

// openWithDead returns a store with one dead letter, of a sink.
func openWithDead(t *testing.T, retry event.Handler) *Store {
	refuse := event.HandlerFunc(func(context.Context, *event.Event) error { return event.Permanent(errors.New("refused")) })
	s, err := Open(t.Context(), Config{
		Dir: t.TempDir(), Durable: testConfig(), Log: slog.New(slog.DiscardHandler),
		Consumer:  durable.Consumer{Timeout: time.Hour},
		Callbacks: event.HandlerFunc(func(context.Context, *event.Event) error { return nil }),
		Sinks: []Sink{{
			Consumer: durable.Consumer{Name: "sink-slow", Timeout: 10 * time.Hour},
			Handler:  refuse, Retry: retry, GaveUp: func(*event.Event, error) {}, End: func() {},
		}},
	})
	require.NoError(t, err)
	s.Start(func(err error) { assert.NoError(t, err) })
	t.Cleanup(func() { assert.NoError(t, s.Finish(context.Background())) })
	require.NoError(t, s.HandleEvent(t.Context(), &event.Event{Vendor: relock.Vendor, Source: relock.Vendor, ID: "1", Type: event.SessionEnded}))
	require.Eventually(t, func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Dead == 1
	}, 2*time.Minute, 5*time.Millisecond)
	return s
}

// A retry has the time that any attempt of its consumer has: a sink may need much longer
// than the callbacks, and what is cut short and taken nevertheless comes twice.
func TestRetryHasTheTimeOfItsConsumer(t *testing.T) {
	var left time.Duration
	s := openWithDead(t, event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return nil
	}))
	require.NoError(t, s.Retry(t.Context(), 1))
	assert.Greater(t, left, 9*time.Hour)
}

// A sink that takes no end does not hold up the stop by a retry either.
func TestStopEndsRetriesToSinks(t *testing.T) {
	t.Parallel() // it waits
	s := openWithDead(t, event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Minute):
			return nil
		}
	}))
	s.Stopping()
	require.ErrorIs(t, s.Retry(t.Context(), 1), ErrCallbacksFailed)
}
