package event

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// Between keeping a cut short event for Shutdown and the end of its worker,
// another Shutdown may look.
func TestQueue_CutShortIsReturnedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(HandlerFunc(func(context.Context, *Event) error { return nil }), QueueConfig{})
		x := &queued{event: new(Event)}
		q.running[x] = struct{}{}
		q.forced = true
		assert.True(t, q.cutShort(x, errors.New("cancelled")))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		left, err := q.Shutdown(ctx)
		assert.Equal(t, []*Event{x.event}, left)
		assert.ErrorContains(t, err, "with 1 events left")
		assert.Nil(t, q.finish(x))
		left, err = q.Shutdown(t.Context())
		assert.NoError(t, err)
		assert.Empty(t, left)
	})
}
