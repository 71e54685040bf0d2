package durable_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

func TestStatsOfShards(t *testing.T) {
	t.Parallel()
	s := connectStore(t, startServer(t, t.TempDir()), durable.Config{Shards: 3, MaxBytes: 300 << 20})
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	for _, shard := range stats.Shards {
		assert.Equal(t, durable.ShardStats{MaxBytes: 100 << 20, First: shard.First, Consumers: map[string]durable.ConsumerStats{}}, shard)
	}
	got := newRecorder()
	stop := run(t, s, durable.Consumer{}, got)
	store(t, s, numbered(20)...)
	got.wait(t, 20)
	stop()
	store(t, s, newEvent(20))
	stats, err = s.Stats(t.Context())
	require.NoError(t, err)
	require.Len(t, stats.Shards, 3)
	var sum durable.Stats
	var pending uint64
	for _, shard := range stats.Shards {
		assert.EqualValues(t, 1, shard.First)
		assert.Equal(t, shard.Events, shard.Last)
		sum.Events += shard.Events
		sum.Bytes += shard.Bytes
		sum.MaxBytes += shard.MaxBytes
		c := shard.Consumers["default"]
		pending += c.Pending
		assert.Equal(t, c.Pending == 0, c.Oldest.IsZero(), "one shard has the last event")
	}
	assert.EqualValues(t, 21, stats.Events)
	assert.EqualValues(t, 300<<20, stats.MaxBytes)
	assert.Equal(t, durable.Stats{Events: sum.Events, Bytes: sum.Bytes, MaxBytes: sum.MaxBytes},
		durable.Stats{Events: stats.Events, Bytes: stats.Bytes, MaxBytes: stats.MaxBytes})
	assert.EqualValues(t, 1, pending)
	assert.EqualValues(t, 1, stats.Consumers["default"].Pending)
}

// The oldest event is the first that is not acknowledged, whether it waits or fails, and
// whatever was deleted or acknowledged behind it.
func TestOldestEvent(t *testing.T) {
	t.Parallel()
	s := connectStore(t, startServer(t, t.TempDir()), durable.Config{Shards: 1})
	oldest := func(consumer string) durable.ConsumerStats {
		t.Helper()
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		return stats.Consumers[consumer]
	}
	at := func(id string) time.Time { return storedAt(t, s.JetStream(), 1, id) }
	got := newRecorder()
	run(t, s, durable.Consumer{MaxAttempts: 1000, Delay: time.Hour, MaxDelay: time.Hour}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		if e.ID == "event-2" || e.ID == "event-3" {
			defer func() { got.came <- struct{}{} }()
			return errFailed
		}
		return got.HandleEvent(ctx, e)
	}))
	store(t, s, newEvent(0), newEvent(1))
	got.wait(t, 2)
	eventually(t, "acknowledged", func() bool { return oldest("default") == durable.ConsumerStats{} })
	store(t, s, numbered(6)...)
	got.wait(t, 4)
	eventually(t, "acknowledged", func() bool { c := oldest("default"); return c.Active == 2 && c.Pending == 0 })
	c := oldest("default")
	assert.Equal(t, at("event-2"), c.Oldest)
	assert.Positive(t, c.Age)
	assert.Less(t, c.Age, patience)

	stream, err := s.JetStream().Stream(t.Context(), "accesshook-0")
	require.NoError(t, err)
	_, err = stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "filters", FilterSubjects: []string{"accesshook.none.>", "accesshook.relock.>"}, AckPolicy: jetstream.AckExplicitPolicy})
	require.NoError(t, err)
	_, err = stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "none", FilterSubject: "accesshook.none.>", AckPolicy: jetstream.AckExplicitPolicy})
	require.NoError(t, err)
	assert.Equal(t, at("event-0"), oldest("filters").Oldest)
	assert.Zero(t, oldest("none"))

	next := at("event-3")
	require.NoError(t, stream.DeleteMsg(t.Context(), 3)) // somebody does
	assert.Equal(t, next, oldest("default").Oldest)
}
