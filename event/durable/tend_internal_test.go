package durable

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Events are asked for that nobody has held for a lease: not those that came meanwhile, nor
// those that were held at the last look and are on their way now, and not too many at once.
func TestReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lease = 9 * time.Second
		var f feed
		look := func(pending int, floor, delivered uint64, held ...uint64) []uint64 {
			time.Sleep(lease / 3)
			claims := make(map[uint64]claim)
			for _, seq := range held {
				claims[seq] = claim{working: true}
			}
			info := &jetstream.ConsumerInfo{NumAckPending: pending}
			info.AckFloor.Stream, info.Delivered.Stream = floor, delivered
			return f.released(info, claims, lease)
		}
		assert.Empty(t, look(2, 10, 20, 12, 15), "all are held")
		assert.Empty(t, look(3, 10, 20, 12, 15))
		assert.Empty(t, look(3, 10, 20, 12, 15))
		assert.Empty(t, look(2, 10, 20, 12, 15), "it was on its way")
		for range 3 {
			assert.Empty(t, look(4, 10, 20, 12, 15), "not for a lease")
		}
		assert.Equal(t, []uint64{11, 13, 14, 16, 17, 18, 19, 20}, look(4, 10, 25, 15), "12 is on its way")
		assert.Equal(t, []uint64{17, 18, 19, 20, 21, 22, 23, 24, 25}, look(4, 16, 30, 15))
		assert.Empty(t, look(1, 29, 30, 30))

		const last = 100 + maxReleased + 5
		for range 3 {
			assert.Zero(t, len(look(2, 100, last, 101)))
		}
		first := look(2, 100, last, 101)
		require.Equal(t, maxReleased, len(first))
		assert.EqualValues(t, 102, first[0])
		assert.Equal(t, 4, len(look(2, 100, last, 101)), "the rest")
		assert.EqualValues(t, 102, look(2, 100, last, 101)[0], "and again")
	})
}
