package durable

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// saveAfter is after how many messages a move notes how far it has come.
const saveAfter = 1000

// A selection is what is copied of a stream: of what is between two sequences.
type selection struct {
	stream      string
	after, last uint64
	selects     func(seq uint64, at time.Time) bool
}

// finished returns the finished events of each shard that were stored since then.
func (v *mover) finished(since time.Time) (all []selection) {
	for shard, s := range v.source.shards {
		all = append(all, selection{v.From.names.stream(shard), 0, s.delivered, func(seq uint64, at time.Time) bool {
			return !s.unfinished(seq) && at.After(since)
		}})
	}
	return all
}

// unfinished returns the unfinished events of each shard.
func (v *mover) unfinished() (all []selection) {
	for shard, s := range v.source.shards {
		all = append(all, selection{v.From.names.stream(shard), s.finished, math.MaxUint64, func(seq uint64, _ time.Time) bool {
			return s.unfinished(seq)
		}})
	}
	return all
}

// copy publishes what is selected, in the order in which it was stored, as the message
// that convert makes of it. It goes on after v.state.UpTo.
func (v *mover) copy(ctx context.Context, count *MovedCount, from []selection, convert func(*shardReader) (*nats.Msg, string)) (err error) {
	v.count, v.room = count, missing{}
	if v.state.UpTo == nil {
		v.state.UpTo = make([]uint64, len(from))
	}
	upTo := append([]uint64(nil), v.state.UpTo...)
	readers, stop, err := v.openSelections(ctx, from, upTo)
	defer stop()
	if err != nil {
		return err
	}
	settle := func() error {
		if err := v.settleAll(ctx); err != nil {
			return err
		}
		if v.room.messages > 0 {
			return nil // some are missing, and must be read again
		}
		copy(v.state.UpTo, upTo)
		return v.save(ctx)
	}
	read := 0
	for r := earliest(readers); r != nil; r = earliest(readers) {
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), settle())
		}
		i, seq := slices.Index(readers, r), r.meta.Sequence.Stream
		if from[i].selects(seq, r.meta.Timestamp) {
			if count == &v.state.Moved.Finished {
				count.Source++
			}
			m, stream := convert(r)
			if err := v.publish(ctx, m, stream); err != nil {
				return err
			}
		}
		upTo[i] = seq
		if read++; read%saveAfter == 0 {
			if err := settle(); err != nil {
				return err
			}
		}
		if v.Progress != nil {
			v.Progress(v.state.Moved)
		}
		if err := from[i].advance(ctx, r); err != nil {
			return errors.Join(fmt.Errorf("durable: stream %s: %w", from[i].stream, err), settle())
		}
	}
	if err := settle(); err != nil {
		return err
	}
	if v.room.messages > 0 {
		return fmt.Errorf("%w: %d messages of %d bytes were not copied: give it that much more, and move again", ErrFull, v.room.messages, v.room.bytes)
	}
	return nil
}

// openSelections opens a reader of each stream, at its first message after upTo. stop is
// never nil.
func (v *mover) openSelections(ctx context.Context, from []selection, upTo []uint64) (readers []*shardReader, stop func(), err error) {
	stop = func() {
		for _, r := range readers {
			r.stop()
		}
	}
	for i, s := range from {
		one, err := v.From.read(ctx, s.stream, v.From.c.ahead(), jetstream.OrderedConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(upTo[i], s.after) + 1,
		})
		if err != nil {
			return readers, stop, fmt.Errorf("durable: stream %s: %w", s.stream, err)
		}
		r := &shardReader{reader: one}
		readers = append(readers, r)
		if err := s.advance(ctx, r); err != nil {
			return readers, stop, fmt.Errorf("durable: stream %s: %w", s.stream, err)
		}
	}
	return readers, stop, nil
}

// advance goes to the next message, or to the end after the last that there may be.
func (s selection) advance(ctx context.Context, r *shardReader) error {
	err := r.advance(ctx)
	if err == nil && r.msg != nil && r.meta.Sequence.Stream > s.last {
		r.msg = nil
	}
	return err
}

// event returns the message that r is at, for the store that gets it, and its stream
// there.
func (v *mover) event(r *shardReader) (*nats.Msg, string) {
	m := v.moved(r)
	shard := v.To.shardOfStored(m)
	m.Subject = v.To.names.ingest(shard, strings.TrimPrefix(r.msg.Subject(), v.From.names.stored("")))
	return m, v.To.names.stream(shard)
}

// deadLetter is as event, for a dead letter.
func (v *mover) deadLetter(r *shardReader) (*nats.Msg, string) {
	m := v.moved(r)
	m.Header.Set(headerDeadTime, deadTime(r.meta.Timestamp, m.Header).UTC().Format(time.RFC3339Nano))
	m.Subject = v.To.names.dead() + strings.TrimPrefix(r.msg.Subject(), v.From.names.dead())
	return m, v.To.names.dead()
}

// moved returns the message that r is at, without a subject and without what a server
// made of it.
func (v *mover) moved(r *shardReader) *nats.Msg {
	m := nats.NewMsg("")
	m.Data = r.msg.Data()
	for key, values := range r.msg.Headers() {
		if strings.HasPrefix(key, "Accesshook-") || key == headerContentType || key == nats.MsgIdHdr {
			m.Header[key] = values
		}
	}
	if m.Header.Get(nats.MsgIdHdr) == "" { // somebody else has published it
		m.Header.Set(nats.MsgIdHdr, fmt.Sprintf("moved:%s:%s:%d", v.source.id, r.stream, r.meta.Sequence.Stream))
	}
	return m
}

// shardOfStored returns the shard of a stored event, as encode did. An event that cannot
// be decoded is in no order.
func (s *Store) shardOfStored(m *nats.Msg) int {
	sum := digest(m.Header.Get(nats.MsgIdHdr))
	if id, err := base64.RawURLEncoding.DecodeString(m.Header.Get(nats.MsgIdHdr)); err == nil && len(id) == len(sum) {
		copy(sum[:], id)
	}
	if e := s.decodeEnvelope(m.Header, m.Data); e != nil {
		return s.c.Order.shardOf(e, sum, s.c.Shards)
	}
	return shardOfSum(sum, s.c.Shards)
}
