package durable

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Stats are the numbers of a store at one moment. Shards are asked one after another.
type Stats struct {
	Events    uint64  // stored events, also acknowledged ones that are kept
	Bytes     uint64  // of Events
	MaxBytes  uint64  // Config.MaxBytes
	Fullest   float64 // the fullest shard, 0 to 1
	Dead      uint64  // dead letters
	DeadBytes uint64
	Consumers map[string]ConsumerStats
}

// ConsumerStats are the numbers of a consumer.
type ConsumerStats struct {
	Pending  uint64 // events that were not delivered yet
	Active   int    // events with the callbacks, or waiting for another attempt
	Repeated int    // those of Active that had more than one attempt
}

// Stats returns the numbers of the store, as the servers have them now.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	stats := Stats{Consumers: make(map[string]ConsumerStats)}
	for shard := range s.c.Shards {
		stream, err := s.js.Stream(ctx, s.names.stream(shard))
		if err != nil {
			return Stats{}, fmt.Errorf("durable: shard %d: %w", shard, err)
		}
		info := stream.CachedInfo()
		limit := uint64(max(info.Config.MaxBytes, 1))
		stats.Events += info.State.Msgs
		stats.Bytes += info.State.Bytes
		stats.MaxBytes += limit
		stats.Fullest = max(stats.Fullest, float64(info.State.Bytes)/float64(limit))
		if err := stats.addConsumers(ctx, stream); err != nil {
			return Stats{}, fmt.Errorf("durable: shard %d: %w", shard, err)
		}
	}
	dead, err := s.js.Stream(ctx, s.names.dead())
	if err != nil {
		return Stats{}, fmt.Errorf("durable: dead letters: %w", err)
	}
	stats.Dead, stats.DeadBytes = dead.CachedInfo().State.Msgs, dead.CachedInfo().State.Bytes
	return stats, nil
}

func (s *Stats) addConsumers(ctx context.Context, stream jetstream.Stream) error {
	consumers, err := durableConsumers(ctx, stream)
	if err != nil {
		return err
	}
	for _, info := range consumers {
		c := s.Consumers[info.Name]
		c.Pending += info.NumPending
		c.Active += info.NumAckPending
		c.Repeated += info.NumRedelivered
		s.Consumers[info.Name] = c
	}
	return nil
}
