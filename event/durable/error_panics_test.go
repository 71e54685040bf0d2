package durable_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// A callback that returns a nil pointer as its error, an easy mistake, does not
// end the process when the error is shown.
func TestErrorPanics(t *testing.T) {
	s := open(t, embedded.Config{})
	store(t, s, newEvent(1))
	var calls atomic.Int64
	run(t, s, durable.Consumer{MaxAttempts: 2, Delay: time.Millisecond}, event.HandlerFunc(func(context.Context, *event.Event) error {
		calls.Add(1)
		var err *nilError
		return err
	}))
	require.Eventually(t, func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Dead == 1
	}, patience, 10*time.Millisecond)
	assert.Equal(t, int64(2), calls.Load())
}
