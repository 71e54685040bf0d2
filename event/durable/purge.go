package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// purgeEvery is how often Run looks for events to delete.
	purgeEvery = 30 * time.Second
	// fullPause is the pause after a full shard was purged.
	fullPause = time.Second
	// logEvery is how often at most the log says that a shard is still full.
	logEvery = time.Minute
	// A shard that is fuller than high is purged of acknowledged events of any age, down
	// to low. Both are parts of its limit.
	high, low = 0.9, 0.75
)

// purgeLoop deletes old acknowledged events now and then, and more of them in a shard that
// was full.
func (s *Store) purgeLoop(ctx context.Context) {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		for shard := range s.c.Shards {
			s.tryPurge(ctx, shard, false)
		}
	wait:
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				break wait
			case shard := <-s.full:
				s.tryPurge(ctx, shard, true)
				sleep(ctx, fullPause)
			}
		}
	}
}

func (s *Store) tryPurge(ctx context.Context, shard int, full bool) {
	if err := s.purge(ctx, shard, full); err != nil && ctx.Err() == nil {
		s.log().LogAttrs(ctx, slog.LevelWarn, "durable: cannot delete finished events",
			slog.Int("shard", shard), slog.String("error", err.Error()))
	}
}

// purge deletes the events of a shard that every consumer has acknowledged and that are
// older than the retention, or of any age if the shard is nearly full or was found full.
func (s *Store) purge(ctx context.Context, shard int, full bool) error {
	stream, err := s.js.Stream(ctx, s.names.stream(shard))
	if err != nil {
		return err
	}
	state := stream.CachedInfo().State
	if state.Msgs == 0 {
		return nil
	}
	finished, behind, err := finishedUpTo(ctx, stream)
	if err != nil {
		return err
	}
	if finished < state.FirstSeq {
		if full && behind != nil {
			s.logHeld(ctx, shard, behind)
		}
		return nil
	}
	// Another process may have made the window longer.
	keep := max(s.c.Retention, stream.CachedInfo().Config.Duplicates)
	end, err := firstSince(ctx, stream, state.FirstSeq, finished+1, time.Now().Add(-keep))
	if err != nil {
		return err
	}
	if excess := s.excess(stream.CachedInfo(), full); excess > 0 {
		if need := min(finished+1, state.FirstSeq+excess); need > end {
			end = need
			s.log().LogAttrs(ctx, slog.LevelWarn, "durable: a shard is nearly full: finished events are deleted before their time",
				slog.Int("shard", shard), slog.Uint64("events", end-state.FirstSeq), slog.Uint64("bytes", state.Bytes))
		}
	}
	if end == state.FirstSeq {
		return nil
	}
	if err := s.markPurge(ctx, shard, end-1); err != nil {
		return err
	}
	if err := stream.Purge(ctx, jetstream.WithPurgeSequence(end)); err != nil {
		return err
	}
	_ = s.markPurge(ctx, shard, end-1) // now there may be room for it
	s.logRoom(ctx, shard)
	return nil
}

// A fullness is what the log says of a shard.
type fullness struct {
	held   bool      // it is full, and its oldest event is not acknowledged
	logged time.Time // when the log said so last
}

// logHeld logs that a shard is full of events that the consumer has not acknowledged.
func (s *Store) logHeld(ctx context.Context, shard int, c *jetstream.ConsumerInfo) {
	s.fullMu.Lock()
	defer s.fullMu.Unlock()
	f := &s.fullness[shard]
	if time.Since(f.logged) < logEvery {
		return
	}
	*f = fullness{held: true, logged: time.Now()}
	s.log().LogAttrs(ctx, slog.LevelWarn, "durable: a shard is full and a consumer has not finished its oldest event: "+
		"events are answered 503 until it has, or the consumer is deleted",
		slog.Int("shard", shard), slog.String("consumer", c.Name),
		slog.Uint64("pending", c.NumPending), slog.Int("active", c.NumAckPending))
}

// logRoom logs that a shard has room again, if the log has said that it has none.
func (s *Store) logRoom(ctx context.Context, shard int) {
	s.fullMu.Lock()
	defer s.fullMu.Unlock()
	if s.fullness[shard].held {
		s.fullness[shard].held = false
		s.log().LogAttrs(ctx, slog.LevelInfo, "durable: a shard that was full has room again", slog.Int("shard", shard))
	}
}

// excess is about how many events a shard has too many: 0 unless it is nearly full, or was
// found full.
func (s *Store) excess(info *jetstream.StreamInfo, full bool) uint64 {
	bytes, limit := float64(info.State.Bytes), float64(info.Config.MaxBytes)
	if limit <= 0 || !full && bytes <= high*limit {
		return 0
	}
	// A small shard may be full for a large event well below high.
	keep := max(0, min(low*limit, limit-float64(s.c.maxMessage())))
	if full {
		keep = min(keep, low*bytes) // the limit may be another one, of the server
	}
	return uint64(math.Ceil(max(0, bytes-keep) / bytes * float64(info.State.Msgs)))
}

// finishedUpTo returns the sequence up to which every durable consumer of the stream has
// acknowledged all events, and the consumer that is behind all others; 0 and nil if there
// is none.
func finishedUpTo(ctx context.Context, stream jetstream.Stream) (finished uint64, behind *jetstream.ConsumerInfo, err error) {
	consumers, err := durableConsumers(ctx, stream)
	if err != nil {
		return 0, nil, err
	}
	info := stream.CachedInfo() // from before the consumers were asked
	for _, c := range consumers {
		upTo, err := finishedBy(ctx, stream, c, info.State.LastSeq)
		if err != nil {
			return 0, nil, fmt.Errorf("consumer %s: %w", c.Name, err)
		}
		if behind == nil || upTo < finished {
			finished, behind = upTo, c
		}
	}
	return finished, behind, nil
}

// finishedBy is the sequence up to which c has acknowledged the events up to last. The
// consumer of another client may have a filter, and acknowledges nothing while no event is
// for it. It has finished if it has acknowledged the newest event in the stream that is
// for it. Its own count of pending events does not say that: its server may not have the
// newest event yet.
func finishedBy(ctx context.Context, stream jetstream.Stream, c *jetstream.ConsumerInfo, last uint64) (uint64, error) {
	floor := c.AckFloor.Stream
	subjects := filters(c)
	if len(subjects) == 0 || floor >= last {
		return floor, nil
	}
	for _, f := range subjects {
		m, err := stream.GetLastMsgForSubject(ctx, f)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if m.Sequence > floor {
			return floor, nil
		}
	}
	return last, nil
}

// filters are the subjects of the events for c, none if all are.
func filters(c *jetstream.ConsumerInfo) []string {
	if c.Config.FilterSubject != "" {
		return []string{c.Config.FilterSubject}
	}
	return c.Config.FilterSubjects
}

// durableConsumers returns the state of all consumers of the stream but those of a Replay.
// It asks one after another: a cluster leaves consumers out of a list whose server does
// not answer. Here that is an error.
func durableConsumers(ctx context.Context, stream jetstream.Stream) ([]*jetstream.ConsumerInfo, error) {
	names, err := consumerNames(ctx, stream)
	if err != nil {
		return nil, err
	}
	var consumers []*jetstream.ConsumerInfo
	for _, name := range names {
		info, err := consumerInfo(ctx, stream, name)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			// Deleted meanwhile, or not yet known to a server that has just started.
			if again, listErr := consumerNames(ctx, stream); listErr == nil && !slices.Contains(again, name) {
				continue
			}
		}
		if err != nil {
			return nil, fmt.Errorf("consumer %s: %w", name, err)
		}
		if info.Config.Durable != "" {
			consumers = append(consumers, info)
		}
	}
	return consumers, nil
}

func consumerNames(ctx context.Context, stream jetstream.Stream) ([]string, error) {
	var names []string
	list := stream.ConsumerNames(ctx)
	for name := range list.Name() {
		names = append(names, name)
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("consumers: %w", err)
	}
	return names, nil
}

// consumerInfo returns the state of a consumer, pull or push.
func consumerInfo(ctx context.Context, stream jetstream.Stream, name string) (*jetstream.ConsumerInfo, error) {
	pull, err := stream.Consumer(ctx, name)
	if err == nil {
		return pull.CachedInfo(), nil
	}
	if !errors.Is(err, jetstream.ErrNotPullConsumer) {
		return nil, err
	}
	push, err := stream.PushConsumer(ctx, name)
	if err != nil {
		return nil, err
	}
	return push.CachedInfo(), nil
}

// firstSince returns the first sequence of [first, end) whose event was stored at
// t or later, or end. Times grow with sequences.
func firstSince(ctx context.Context, stream jetstream.Stream, first, end uint64, t time.Time) (uint64, error) {
	for first < end {
		middle := first + (end-first)/2
		m, err := stream.GetMsg(ctx, middle)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			end = middle // it was deleted: rather too few than too many
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
