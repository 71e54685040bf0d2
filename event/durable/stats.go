package durable

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Stats are the numbers of a store at one moment: of the store, whichever process asks.
type Stats struct {
	Events    uint64  // stored events, also acknowledged ones that are kept
	Bytes     uint64  // of Events
	MaxBytes  uint64  // Config.MaxBytes
	Fullest   float64 // the fullest shard, 0 to 1
	Dead      uint64  // dead letters
	DeadBytes uint64
	Missing   uint64                   // events that were lost, until AcceptMissing
	Consumers map[string]ConsumerStats // of all shards together
	Shards    []ShardStats
}

// ShardStats are the numbers of one shard.
type ShardStats struct {
	Events    uint64
	Bytes     uint64
	MaxBytes  uint64 // 0: an operator has taken the limit away
	First     uint64 // the sequence of the oldest event that is kept
	Last      uint64 // the sequence of the newest event that was stored, 0 before the first
	Consumers map[string]ConsumerStats
}

// ConsumerStats are the numbers of a consumer.
type ConsumerStats struct {
	Pending  uint64 // events that were not delivered yet
	Active   int    // events with the callbacks, or waiting for another attempt
	Repeated int    // those of Active that had more than one attempt
	// Oldest is when the oldest event was stored that the consumer has not acknowledged,
	// and Age how long ago, both by the clock of the server. Zero if there is none.
	Oldest time.Time
	Age    time.Duration
}

// Stats returns the numbers of the store, as the servers have them now. It fails if any
// shard does not answer. All are asked at once.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	stats := Stats{Shards: make([]ShardStats, s.c.Shards)}
	errs := make([]error, s.c.Shards)
	var asking sync.WaitGroup
	for shard := range s.c.Shards {
		asking.Go(func() { stats.Shards[shard], errs[shard] = s.shardStats(ctx, shard) })
	}
	dead, err := s.js.Stream(ctx, s.names.dead())
	asking.Wait()
	for shard, err := range errs {
		if err != nil {
			return Stats{}, fmt.Errorf("durable: shard %d: %w", shard, err)
		}
	}
	if err != nil {
		return Stats{}, fmt.Errorf("durable: dead letters: %w", err)
	}
	stats.Dead, stats.DeadBytes = dead.CachedInfo().State.Msgs, dead.CachedInfo().State.Bytes
	stats.addShards()
	stats.Missing = s.watermarks.missing.Load()
	return stats, nil
}

func (s *Stats) addShards() {
	s.Consumers = make(map[string]ConsumerStats)
	for _, shard := range s.Shards {
		s.Events += shard.Events
		s.Bytes += shard.Bytes
		s.MaxBytes += shard.MaxBytes
		if shard.MaxBytes > 0 {
			s.Fullest = max(s.Fullest, float64(shard.Bytes)/float64(shard.MaxBytes))
		}
		for name, of := range shard.Consumers {
			c := s.Consumers[name]
			c.Pending += of.Pending
			c.Active += of.Active
			c.Repeated += of.Repeated
			if of.Age > c.Age || c.Oldest.IsZero() {
				c.Oldest, c.Age = of.Oldest, of.Age
			}
			s.Consumers[name] = c
		}
	}
}

func (s *Store) shardStats(ctx context.Context, shard int) (ShardStats, error) {
	stream, err := s.js.Stream(ctx, s.names.stream(shard))
	if err != nil {
		return ShardStats{}, err
	}
	info := stream.CachedInfo()
	stats := ShardStats{
		Events: info.State.Msgs, Bytes: info.State.Bytes, MaxBytes: uint64(max(info.Config.MaxBytes, 0)),
		First: info.State.FirstSeq, Last: info.State.LastSeq,
		Consumers: make(map[string]ConsumerStats),
	}
	consumers, err := durableConsumers(ctx, stream)
	if err != nil {
		return ShardStats{}, err
	}
	for _, c := range consumers {
		of := ConsumerStats{Pending: c.NumPending, Active: c.NumAckPending, Repeated: c.NumRedelivered}
		if of.Pending > 0 || of.Active > 0 {
			if of.Oldest, err = s.oldest(ctx, stream, c); err != nil {
				return ShardStats{}, fmt.Errorf("consumer %s: %w", c.Name, err)
			}
		}
		if !of.Oldest.IsZero() {
			of.Age = max(c.TimeStamp.Sub(of.Oldest), 0)
		}
		stats.Consumers[c.Name] = of
	}
	return stats, nil
}

// oldest returns when the event was stored that c has to acknowledge next, the zero time
// if there is none. Somebody may have deleted events after the last one that it has
// acknowledged, so the server looks for the first that is there.
func (s *Store) oldest(ctx context.Context, stream jetstream.Stream, c *jetstream.ConsumerInfo) (oldest time.Time, err error) {
	subjects := filters(c)
	if len(subjects) == 0 {
		subjects = []string{s.names.stored(">")}
	}
	for _, subject := range subjects {
		m, err := stream.GetMsg(ctx, c.AckFloor.Stream+1, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // acknowledged or deleted meanwhile
		}
		if err != nil {
			return time.Time{}, err
		}
		if oldest.IsZero() || m.Time.Before(oldest) {
			oldest = m.Time
		}
	}
	return oldest, nil
}
