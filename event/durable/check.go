package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/event/durable/internal/watermark"
)

// A Report says what a store has, and what is missing.
type Report struct {
	Store    string
	Shards   []ShardReport
	Older    bool   // the store is older than Config.MarkFile says: it may be a copy
	Reported uint64 // events that were reported as missing before, until AcceptMissing
}

// A ShardReport is the part of a Report about one shard.
type ShardReport struct {
	Stream      string
	Events      uint64 // that can be read
	First, Last uint64 // their sequences; First is Last+1 if there are none
	Mark        uint64 // the last sequence that should be there, 0 if that is not known
	Missing     Missing
	Damaged     []string // files of an embedded store with damaged records
}

// Missing is how many events are missing, by where they were. They were not reported yet.
type Missing struct {
	Beginning  uint64 // before the first that is there
	Interior   uint64
	End        uint64 // after the last that is there
	StreamGone uint64 // all: the stream is gone, or is a new one
}

// Total is how many events are missing.
func (m Missing) Total() uint64 { return watermark.Loss(m).Total() }

// String returns where events are missing: "beginning 3, end 7", or "" if none are.
func (m Missing) String() string { return watermark.Loss(m).String() }

// Missing is how many events are missing, with those that were reported before.
func (r Report) Missing() uint64 {
	n := r.Reported
	for _, shard := range r.Shards {
		n += shard.Missing.Total()
	}
	return n
}

// Check says what the store on the servers that nc is connected to has, and what is
// missing. It changes nothing. A server that has not read a damaged file yet does not
// know that something is missing. For an embedded store there is Check of package
// embedded.
func Check(ctx context.Context, nc *nats.Conn, c Config) (Report, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Report{}, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return Report{}, fmt.Errorf("durable: %w", err)
	}
	c.Logger = slog.New(slog.DiscardHandler)
	s := &Store{c: c, js: js, nc: nc, names: names{c.Name}, watermarks: newWatermarks(c.Shards)}
	r := Report{Store: c.Name}
	for began := time.Now(); ; sleep(ctx, confirmAfter/4) {
		if r, err = s.check(ctx); err != nil || r.Missing() == r.Reported || time.Since(began) > confirmAfter {
			return r, err
		}
	}
}

// check is Check at one moment.
func (s *Store) check(ctx context.Context) (Report, error) {
	r := Report{Store: s.c.Name}
	w := s.watermarks
	err := s.readMarks(ctx)
	if err != nil {
		return r, err
	}
	kept, err := s.markFile()
	if err != nil {
		return r, err
	}
	w.current, r.Older = watermark.Merge(w.current, kept)
	r.Reported = w.current.Missing()
	shards, found := make(map[int]bool), false
	for shard := range s.c.Shards {
		shards[shard] = true
		_, err := s.js.Stream(ctx, s.names.stream(shard))
		switch {
		case err == nil:
			found = true
		case errors.Is(err, jetstream.ErrStreamNotFound):
			delete(shards, shard)
		default:
			return r, fmt.Errorf("durable: shard %d: %w", shard, err)
		}
	}
	findings := s.examine(ctx, shards)
	if len(findings) < len(shards) {
		return r, fmt.Errorf("durable: %w", ErrNoAnswer)
	}
	for shard, mark := range w.current.Shards {
		one := ShardReport{Stream: s.names.stream(shard), First: 1, Mark: mark.Last}
		if f, ok := findings[shard]; ok {
			found = true
			one.First, one.Last, one.Missing = f.First, f.State.Last, Missing(f.loss)
			one.Events = f.State.Last + 1 - f.First - watermark.Count(f.Deleted)
		} else {
			one.Missing = Missing(mark.Vanished())
		}
		r.Shards = append(r.Shards, one)
	}
	if !found && len(kept.Shards) == 0 {
		return r, fmt.Errorf("durable: there is no store %s", s.c.Name)
	}
	return r, nil
}
