package durable

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A DeadFilter selects dead letters. The zero DeadFilter selects all.
type DeadFilter struct {
	// Filter is the vendor and the type of the event, also of one that cannot be decoded.
	Filter
	Consumer string    // who could not handle it; empty: every consumer
	Error    string    // a part of DeadLetter.Error, in the same letter case; empty: every error
	Since    time.Time // DeadLetter.Time is this or later; zero: no limit
	Until    time.Time // DeadLetter.Time is before this; zero: no limit
	After    uint64    // DeadLetter.Number is above this
}

// Validate returns an error if the vendor, the type or the consumer cannot be one.
func (f DeadFilter) Validate() error {
	if f.Consumer != "" && !validName.MatchString(f.Consumer) {
		return errors.New("durable: invalid DeadFilter.Consumer")
	}
	_, err := f.Filter.subjects()
	return err
}

// subject returns the subject of the dead letters that f may select.
func (f DeadFilter) subject(n names) (string, error) {
	if err := f.Validate(); err != nil {
		return "", err
	}
	if f.Consumer == "" && f.Filter == (Filter{}) {
		return n.dead() + ".>", nil // whatever somebody else has published, too
	}
	event, _ := f.Filter.subjects()
	if f.Filter == (Filter{}) {
		event = ">" // also where there is no vendor
	}
	return n.dead() + "." + cmp.Or(f.Consumer, "*") + "." + event, nil
}

// selects reports whether f selects a dead letter with the right subject.
func (f DeadFilter) selects(at time.Time, h nats.Header) bool {
	return !at.Before(f.Since) && (f.Until.IsZero() || at.Before(f.Until)) &&
		strings.Contains(h.Get(headerDeadError), f.Error)
}

// EachDead returns the dead letters that f selects, the oldest first. It ends with those
// that there were when it began: none comes twice, and none that became one meanwhile.
// Dead letters may be retried and dropped while it runs. It reads some 16 MiB ahead. An
// error ends it.
func (s *Store) EachDead(ctx context.Context, f DeadFilter) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		if err := s.eachDead(ctx, f, s.c.ahead(), func(l DeadLetter) bool { return yield(l, nil) }); err != nil {
			yield(DeadLetter{}, err)
		}
	}
}

// headersAhead is how many messages are read ahead without their data.
const headersAhead = 256

// eachDead calls visit with what f selects until it returns false.
func (s *Store) eachDead(ctx context.Context, f DeadFilter, ahead int, visit func(DeadLetter) bool) error {
	subject, err := f.subject(s.names)
	if err != nil {
		return err
	}
	stream, err := s.js.Stream(ctx, s.names.dead())
	if err != nil {
		return fmt.Errorf("durable: dead letters: %w", err)
	}
	state := stream.CachedInfo().State
	first := max(f.After+1, state.FirstSeq)
	if f.After+1 == 0 || state.Msgs == 0 || first > state.LastSeq {
		return nil
	}
	// Who is looking for some among many reads the headers of all, and the whole of those.
	headers := f.Error != "" || !f.Since.IsZero() || !f.Until.IsZero()
	if headers {
		ahead = headersAhead
	}
	r, err := s.read(ctx, s.names.dead(), ahead, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{subject}, HeadersOnly: headers,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: first,
	})
	if err != nil {
		return fmt.Errorf("durable: dead letters: %w", err)
	}
	defer r.stop()
	for {
		m, meta, err := r.next(ctx)
		if err != nil {
			return fmt.Errorf("durable: dead letters: %w", err)
		}
		if m == nil {
			return nil
		}
		if !f.selects(deadTime(meta.Timestamp, m.Headers()), m.Headers()) {
			continue
		}
		var l DeadLetter
		if !headers {
			l = s.deadLetter(meta.Sequence.Stream, meta.Timestamp, m.Headers(), m.Data())
		} else if l, err = s.DeadLetter(ctx, meta.Sequence.Stream); errors.Is(err, ErrNotFound) {
			continue // dropped just now
		} else if err != nil {
			return err
		}
		if !visit(l) {
			return nil
		}
	}
}
