package durable_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
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

// What is read ahead is bounded by its size: the largest messages of the default
// MaxBody have 4 MiB, so that few of them are asked for.
func TestReadersReadLittleAhead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		maxBody int64
		most    int
	}{
		"default": {0, 3},
		"small":   {64 << 10, 51},
		"tiny":    {1 << 10, 64},
		"large":   {1900 << 10, 2}, // with 8 MiB the server takes no more
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, nc, _ := withClient(t, durable.Config{Shards: 1, MaxBody: tt.maxBody})
			const count = 100
			store(t, s, numbered(count)...)
			pulls, err := nc.SubscribeSync("$JS.API.CONSUMER.MSG.NEXT.accesshook-0.>")
			require.NoError(t, err)
			require.NoError(t, nc.Flush())
			seen, requested := 0, 0
			require.NoError(t, s.Replay(t.Context(), time.Time{}, time.Time{}, durable.Filter{}, event.HandlerFunc(func(context.Context, *event.Event) error {
				seen++
				requested += asked(t, pulls)
				assert.LessOrEqual(t, requested, seen+tt.most, "when %d were taken", seen)
				return nil
			})))
			assert.Equal(t, count, seen)
			eventually(t, "all asked for, and no more", func() bool {
				requested += asked(t, pulls)
				return requested == count
			})
		})
	}
}

// asked is how many messages were asked for since the last call.
func asked(t *testing.T, pulls *nats.Subscription) (n int) {
	for {
		m, err := pulls.NextMsg(time.Millisecond)
		if errors.Is(err, nats.ErrTimeout) {
			return n
		}
		require.NoError(t, err)
		var request struct{ Batch int }
		require.NoError(t, json.Unmarshal(m.Data, &request))
		n += request.Batch
	}
}

// Who wants one dead letter does not read more of them.
func TestOneDeadLetterIsOneMessage(t *testing.T) {
	t.Parallel()
	s, nc, _ := withClient(t, durable.Config{Shards: 1, MaxBody: 1 << 10})
	store(t, s, numbered(5)...)
	run(t, s, durable.Consumer{MaxAttempts: 1}, failing)
	waitLetters(t, s, 5)
	pulls, err := nc.SubscribeSync("$JS.API.CONSUMER.MSG.NEXT.accesshook-dead.>")
	require.NoError(t, err)
	require.NoError(t, nc.Flush())
	letters, err := s.DeadLetters(t.Context(), 0, 1)
	require.NoError(t, err)
	assert.Len(t, letters, 1)
	eventually(t, "asked for", func() bool { return asked(t, pulls) == 1 })
}
