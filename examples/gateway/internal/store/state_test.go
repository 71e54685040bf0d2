package store

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

func TestStoreStateIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := uint64(0)
		s := &state{stats: func(context.Context) (durable.Stats, error) {
			asked++
			time.Sleep(100 * time.Millisecond)
			return durable.Stats{Events: asked}, nil
		}}
		for _, want := range []uint64{1, 1, 2} {
			stats, err := s.get()
			require.NoError(t, err)
			assert.Equal(t, want, stats.Events)
			time.Sleep(stateMaxAge / 2)
		}
	})
}

// Concurrent calls read the state once.
func TestStoreStateIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		s := &state{stats: func(context.Context) (durable.Stats, error) {
			asked.Add(1)
			return durable.Stats{}, nil
		}}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { _, _ = s.get() })
		}
		all.Wait()
		assert.EqualValues(t, 1, asked.Load())
	})
}

// get does not wait long for a store that does not answer, and the second time not at
// all.
func TestStoreStateIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &state{stats: func(ctx context.Context) (durable.Stats, error) {
			<-ctx.Done()
			return durable.Stats{}, ctx.Err()
		}}
		began := time.Now()
		for range 3 {
			_, err := s.get()
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}
		assert.Equal(t, stateTimeout, time.Since(began))
	})
}
