package durable

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A survey is what the store has that is moved.
type survey struct {
	id         string // of this store in this state
	unfinished uint64 // events
	dead       uint64 // dead letters
	streams    []jetstream.Stream
	consumers  []*jetstream.ConsumerInfo // of each shard; nil: there is none
	shards     []sourceShard
}

// A sourceShard says which events of a shard the consumer has finished.
type sourceShard struct {
	finished  uint64              // every event up to this one
	delivered uint64              // no event after this one
	open      map[uint64]struct{} // those between that are not finished; nil: all of them
}

// unfinished reports whether the consumer has not finished the event.
func (s sourceShard) unfinished(seq uint64) bool {
	if seq <= s.finished || seq > s.delivered || s.open == nil {
		return seq > s.finished
	}
	_, open := s.open[seq]
	return open
}

// survey finds out how much there is to move. It fails if the store is in use.
func (m Move) survey(ctx context.Context) (survey, error) {
	var s survey
	id := []string{m.Consumer}
	dead, err := m.From.js.Stream(ctx, m.From.names.dead())
	if err != nil {
		return survey{}, fmt.Errorf("durable: dead letters: %w", err)
	}
	add := func(info *jetstream.StreamInfo) {
		id = append(id, info.Config.Name, info.Created.UTC().String(), fmt.Sprint(info.State.LastSeq))
	}
	add(dead.CachedInfo())
	s.dead = dead.CachedInfo().State.Msgs
	id = append(id, fmt.Sprint(s.dead))
	for shard := range m.From.c.Shards {
		stream, err := m.From.js.Stream(ctx, m.From.names.stream(shard))
		if err != nil {
			return survey{}, fmt.Errorf("durable: shard %d: %w", shard, err)
		}
		add(stream.CachedInfo())
		consumer, err := m.consumer(ctx, stream)
		if err != nil {
			return survey{}, fmt.Errorf("durable: shard %d: %w", shard, err)
		}
		s.streams, s.consumers = append(s.streams, stream), append(s.consumers, consumer)
		if consumer == nil {
			s.unfinished += stream.CachedInfo().State.Msgs
			continue
		}
		id = append(id, consumer.Config.Metadata[metaMade], fmt.Sprint(consumer.AckFloor.Stream))
		s.unfinished += consumer.NumPending + uint64(consumer.NumAckPending)
	}
	sum := digest(id...)
	s.id = hex.EncodeToString(sum[:16])
	return s, nil
}

// consumer returns the state of the consumer that is moved, nil if there is none. Nobody
// may use it, and no other may have work left.
func (m Move) consumer(ctx context.Context, stream jetstream.Stream) (found *jetstream.ConsumerInfo, err error) {
	all, err := durableConsumers(ctx, stream)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		switch left := c.NumPending + uint64(c.NumAckPending); {
		case c.NumWaiting > 0 || c.PushBound:
			return nil, fmt.Errorf("%w: consumer %s is running: stop what runs it", ErrStoreInUse, c.Name)
		case c.Name == m.Consumer:
			found = c
		case left > 0:
			return nil, fmt.Errorf("consumer %s has not finished %d events, which might not be copied: run it, or delete it", c.Name, left)
		}
	}
	return found, nil
}

// findUnfinished finds out which events the consumer has not finished.
func (m Move) findUnfinished(ctx context.Context, s *survey) error {
	for shard, consumer := range s.consumers {
		var one sourceShard // nothing is finished
		if consumer != nil {
			var err error
			if one, err = m.sourceShard(ctx, s.streams[shard], consumer); err != nil {
				return fmt.Errorf("durable: consumer %s of shard %d: %w", m.Consumer, shard, err)
			}
		}
		s.shards = append(s.shards, one)
	}
	return nil
}

// sourceShard finds out which events the consumer has finished. Above the last one up to
// which it has finished all, the server tells how many there are, but not which.
func (m Move) sourceShard(ctx context.Context, stream jetstream.Stream, c *jetstream.ConsumerInfo) (sourceShard, error) {
	s := sourceShard{finished: c.AckFloor.Stream, delivered: c.Delivered.Stream}
	open := uint64(c.NumAckPending)
	switch {
	case open == 0:
		s.finished = s.delivered
		return s, nil
	case open == s.delivered-s.finished:
		return s, nil
	}
	consumer, err := stream.Consumer(ctx, m.Consumer)
	if err != nil {
		return s, err
	}
	found := make(map[uint64]struct{})
	for range 3 {
		if err := m.giveBack(ctx, s, c); err != nil {
			return s, err
		}
		if err := collect(consumer, s, int(open), found); err != nil {
			return s, err
		}
		if uint64(len(found)) == open {
			s.open = found
			return s, nil
		}
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
	}
	return s, nil // rather some events twice than one not at all
}

// giveBack has the server deliver again what the consumer has not finished. It ignores
// this for all other events. It answers the last one, after it has seen to all others.
func (m Move) giveBack(ctx context.Context, s sourceShard, c *jetstream.ConsumerInfo) error {
	subject := func(seq uint64) string {
		return fmt.Sprintf("$JS.ACK.%s.%s.1.%d.%d.0.0", c.Stream, c.Name, seq, c.Delivered.Consumer)
	}
	for seq := s.finished + 1; seq < s.delivered; seq++ {
		if err := m.From.nc.Publish(subject(seq), []byte("-NAK")); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, giveBackWait)
	defer cancel()
	_, err := m.From.nc.RequestWithContext(ctx, subject(s.delivered), []byte("-NAK"))
	return err
}

// giveBackWait is how long the server may take.
const giveBackWait = time.Minute

const (
	collectAtOnce = 100
	collectWait   = 2 * time.Second
)

// collect adds to found the events up to s.delivered that are delivered again, until it
// has so many, or no more come.
func collect(c jetstream.Consumer, s sourceShard, open int, found map[uint64]struct{}) error {
	for len(found) < open {
		batch, err := c.Fetch(min(open-len(found), collectAtOnce), jetstream.FetchMaxWait(collectWait))
		if err != nil {
			return err
		}
		came := 0
		for m := range batch.Messages() {
			if meta, err := m.Metadata(); err == nil && meta.Sequence.Stream <= s.delivered {
				found[meta.Sequence.Stream] = struct{}{}
				came++
			}
		}
		if err := batch.Error(); err != nil && !errors.Is(err, jetstream.ErrNoMessages) {
			return err
		}
		if came == 0 {
			return nil
		}
	}
	return nil
}
