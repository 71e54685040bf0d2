package durable

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fakeStream has an event every second, but for those that were deleted.
type fakeStream struct {
	jetstream.Stream
	deleted map[uint64]bool
}

func (s fakeStream) GetMsg(_ context.Context, seq uint64, _ ...jetstream.GetMsgOpt) (*jetstream.RawStreamMsg, error) {
	if s.deleted[seq] {
		return nil, jetstream.ErrMsgNotFound
	}
	return &jetstream.RawStreamMsg{Sequence: seq, Time: storedAfter(seq)}, nil
}

func storedAfter(seq uint64) time.Time { return time.Unix(int64(seq), 0) }

// Of some old and some young events, just the old ones are deleted.
func TestFirstSince(t *testing.T) {
	tests := map[string]struct {
		first, end uint64
		since      time.Time
		deleted    []uint64
		want       uint64
	}{
		"none old":      {1, 12, storedAfter(1), nil, 1},
		"all old":       {1, 12, storedAfter(12), nil, 12},
		"some old":      {1, 12, storedAfter(8), nil, 8},
		"in between":    {1, 12, storedAfter(8).Add(1), nil, 9},
		"the first old": {5, 9, storedAfter(6), nil, 6},
		"no events":     {5, 5, storedAfter(9), nil, 5},
		"one":           {5, 6, storedAfter(9), nil, 6},
		"a gap":         {1, 12, storedAfter(8), []uint64{6, 7}, 6}, // rather too little than too much
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := fakeStream{deleted: make(map[uint64]bool)}
			for _, seq := range tt.deleted {
				s.deleted[seq] = true
			}
			got, err := firstSince(t.Context(), s, tt.first, tt.end, tt.since)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}
