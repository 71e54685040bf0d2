package durable

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/event"
)

// A Filter selects events. The zero Filter selects all.
type Filter struct {
	Vendor string     // empty: every vendor
	Type   event.Type // a type, a family such as "session.*", or empty for all
}

// subjects returns the filter as a NATS subject, without the prefix of the store.
func (f Filter) subjects() (string, error) {
	vendor, types := "*", ">"
	if f.Vendor != "" {
		if !validVendor.MatchString(f.Vendor) {
			return "", errors.New("durable: invalid Filter.Vendor")
		}
		vendor = f.Vendor
	}
	if t := string(f.Type); t != "" && t != "*" {
		family, isFamily := strings.CutSuffix(t, ".*")
		if !validTokens(family) {
			return "", errors.New("durable: invalid Filter.Type")
		}
		if types = t; isFamily {
			types = family + ".>"
		}
	}
	return vendor + "." + types, nil
}

// Replay calls h with the events that were stored at from or later and before to, one
// after another, in the order in which they were stored. It returns when it has given all
// events that there were when it began. A zero to is no end. from and to are times of the
// servers' clocks, which also decide the order of events from different servers.
//
// Events that were deleted after their Retention are gone. Dead letters are replayed as
// well. Replay changes nothing for consumers. It reads about 16 MiB of each shard ahead.
//
// Replay stops at the first error of h, and returns it with the time at which the event
// was stored, from which another Replay can go on. It leaves out an event that cannot be
// decoded, and returns an error in the end. It also stops if ctx is done, or the store is
// closed. h gets ctx.
func (s *Store) Replay(ctx context.Context, from, to time.Time, f Filter, h event.Handler) error {
	if h == nil {
		return errors.New("durable: nil handler")
	}
	subjects, err := f.subjects()
	if err != nil {
		return err
	}
	reading, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	stopped := func(err error) error {
		if s.base.Err() != nil {
			err = ErrClosed
		}
		return fmt.Errorf("durable: replay: %w", err)
	}
	shards, stop, err := s.openShards(reading, from, subjects)
	defer stop()
	if err != nil {
		return stopped(err)
	}
	h = s.withOrigin(h)
	var firstLeft error
	left := 0
	for {
		m := earliest(shards)
		if m == nil || !to.IsZero() && !m.meta.Timestamp.Before(to) {
			break
		}
		if err := reading.Err(); err != nil {
			return stopped(err)
		}
		e, err := s.decode(m.msg.Headers(), m.msg.Data())
		if err != nil {
			if left++; left == 1 {
				firstLeft = err
			}
		} else if err := h.HandleEvent(ctx, e); err != nil {
			return fmt.Errorf("durable: replay stopped at event %s, stored %s: %w", e.ID, m.meta.Timestamp.UTC().Format(time.RFC3339Nano), err)
		}
		if err := m.advance(reading); err != nil {
			return stopped(err)
		}
	}
	if left > 0 {
		return fmt.Errorf("durable: replay left out %d events that cannot be decoded, the first with: %w", left, firstLeft)
	}
	return nil
}

// A shardReader is at one event of a shard: msg, nil at the end.
type shardReader struct {
	*reader
	msg  jetstream.Msg
	meta *jetstream.MsgMetadata
}

func (r *shardReader) advance(ctx context.Context) (err error) {
	r.msg, r.meta, err = r.next(ctx)
	return err
}

// openShards opens a reader of each shard, at its first event. stop is never nil.
func (s *Store) openShards(ctx context.Context, from time.Time, subjects string) (shards []*shardReader, stop func(), err error) {
	stop = func() {
		for _, r := range shards {
			r.stop()
		}
	}
	for shard := range s.c.Shards {
		one, err := s.read(ctx, s.names.stream(shard), s.c.ahead(), jetstream.OrderedConsumerConfig{
			FilterSubjects: []string{s.names.stored(subjects)},
			DeliverPolicy:  jetstream.DeliverByStartTimePolicy, OptStartTime: &from,
		})
		if err != nil {
			return shards, stop, err
		}
		r := &shardReader{reader: one}
		shards = append(shards, r)
		if err := r.advance(ctx); err != nil {
			return shards, stop, err
		}
	}
	return shards, stop, nil
}

// earliest returns the reader whose event was stored first, or nil.
func earliest(shards []*shardReader) *shardReader {
	var first *shardReader
	for _, r := range shards {
		if r.msg != nil && (first == nil || r.meta.Timestamp.Before(first.meta.Timestamp)) {
			first = r
		}
	}
	return first
}
