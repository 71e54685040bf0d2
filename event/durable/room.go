package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// roomEvery is how often Run looks for what may be deleted.
	roomEvery = 30 * time.Second
	// A shard that is fuller than high is emptied down to low, of what is
	// finished, whatever its age. In parts of its limit.
	high, low = 0.9, 0.75
)

// keepRoom deletes what is finished and old, now and then, and when a shard is
// full.
func (s *Store) keepRoom(ctx context.Context) {
	tick := time.NewTicker(roomEvery)
	defer tick.Stop()
	for {
		for shard := range s.c.Shards {
			if err := s.purge(ctx, shard); err != nil && ctx.Err() == nil {
				s.log().LogAttrs(ctx, slog.LevelWarn, "durable: cannot delete finished events",
					slog.Int("shard", shard), slog.String("error", err.Error()))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.full:
			sleep(ctx, time.Second) // and what else becomes full meanwhile
		}
	}
}

// purge deletes the events of a shard which every consumer has finished and that
// are older than the retention, or of any age if the shard is nearly full.
func (s *Store) purge(ctx context.Context, shard int) error {
	stream, err := s.js.Stream(ctx, s.names.stream(shard))
	if err != nil {
		return err
	}
	info := stream.CachedInfo()
	state, limit := info.State, float64(info.Config.MaxBytes)
	if state.Msgs == 0 {
		return nil
	}
	finished, err := finishedUpTo(ctx, stream)
	if err != nil || finished < state.FirstSeq {
		return err
	}
	end, err := firstSince(ctx, stream, state.FirstSeq, finished+1, time.Now().Add(-s.c.Retention))
	if err != nil {
		return err
	}
	if limit > 0 && float64(state.Bytes) > high*limit {
		excess := (float64(state.Bytes) - low*limit) / float64(state.Bytes) * float64(state.Msgs)
		if need := min(finished+1, state.FirstSeq+uint64(excess)); need > end {
			end = need
			s.log().LogAttrs(ctx, slog.LevelWarn, "durable: a shard is nearly full: finished events are deleted before their time",
				slog.Int("shard", shard), slog.Uint64("events", end-state.FirstSeq), slog.Uint64("bytes", state.Bytes))
		}
	}
	if end == state.FirstSeq {
		return nil
	}
	return stream.Purge(ctx, jetstream.WithPurgeSequence(end))
}

// finishedUpTo returns the last sequence that every durable consumer of the
// stream has finished, with all before it; 0 if there is no consumer.
func finishedUpTo(ctx context.Context, stream jetstream.Stream) (uint64, error) {
	finished, found := uint64(0), false
	consumers, err := consumersOf(ctx, stream)
	for _, c := range consumers {
		if floor := c.AckFloor.Stream; !found || floor < finished {
			finished, found = floor, true
		}
	}
	return finished, err
}

// consumersOf returns all durable consumers of a stream, or an error. The list
// that a cluster gives leaves out those that have no leader at the moment, and
// the client does not say so: it may have some twice instead. Names are complete.
func consumersOf(ctx context.Context, stream jetstream.Stream) (consumers []*jetstream.ConsumerInfo, err error) {
	list := stream.ConsumerNames(ctx)
	var names []string
	for name := range list.Name() {
		names = append(names, name)
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("consumers: %w", err)
	}
	for _, name := range names {
		var c interface {
			CachedInfo() *jetstream.ConsumerInfo
		}
		c, err = stream.Consumer(ctx, name)
		if errors.Is(err, jetstream.ErrNotPullConsumer) { // of another client
			c, err = stream.PushConsumer(ctx, name)
		}
		if err != nil {
			return nil, fmt.Errorf("consumer %s: %w", name, err)
		}
		if c.CachedInfo().Config.Durable != "" { // else of a Replay
			consumers = append(consumers, c.CachedInfo())
		}
	}
	return consumers, nil
}

// firstSince returns the first sequence of [first, end) whose event was stored at
// t or later, or end. Times grow with sequences.
func firstSince(ctx context.Context, stream jetstream.Stream, first, end uint64, t time.Time) (uint64, error) {
	for first < end {
		middle := first + (end-first)/2
		m, err := stream.GetMsg(ctx, middle)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			end = middle // deleted meanwhile, or by hand: rather too little than too much
			continue
		}
		if err != nil {
			return 0, err
		}
		if m.Time.Before(t) {
			first = middle + 1
		} else {
			end = middle
		}
	}
	return first, nil
}
