package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The server counts deliveries. That does not tell which event kills the process: it
// counts deliveries that never reached a callback, and it counts for all events that
// were in flight when the process died. So attempts are recorded in a stream of their
// own, before the callbacks are called: those of events that were delivered before, or
// that the in-flight mark of a dead process covers. Without marks all attempts at the
// beginning of a run are recorded, since the events of a dead process come first. After
// that, nothing is recorded for an event that succeeds at once, unless MaxAttempts is 1:
// a delivery that reached nobody must not count as the only attempt.

const (
	// warmUp is how long a run looks for records of all events, and without marks records
	// all attempts. It is longer than the server takes to write its own count to disk.
	warmUp = time.Second
	// attemptsKept is how long a record is kept; it is longer than any pause.
	attemptsKept     = 7 * 24 * time.Hour
	maxAttemptsBytes = 64 << 20
	// maxDied is how many attempts of an event may not end: it may kill the process.
	maxDied        = 12
	maxRecordError = 256 // bytes, so that there is room for many
)

// A record says how often the callbacks of a consumer were called with an event.
type record struct {
	Attempts int  `json:"attempts"`
	Ended    bool `json:"ended"`         // the last attempt ended
	Done     bool `json:"done"`          // it succeeded: only the acknowledgement may be missing
	Died     int  `json:"died,omitzero"` // how many did not end, without the last
	// Pause is that after the last attempt.
	Pause time.Duration `json:"pause,omitzero"`
	// Bury says that the event must become a dead letter, which could not be written.
	Bury  bool   `json:"bury,omitzero"`
	Error string `json:"error,omitzero"` // the last, shortened

	at time.Time // when it was stored, by the clock of the server
}

// attemptsSubject is the subject of the record of an event, for a consumer. The time
// tells events of a stream that was deleted and created again, which counts from one. The
// last part tells consumers that were deleted and created again.
func (d *delivery) attemptsSubject() string {
	return fmt.Sprintf("%s.%s.%d.%d-%d-%s", d.names.attempts(), d.c.Name, d.feed.shard,
		d.meta.Sequence.Stream, d.meta.Timestamp.UnixNano(), d.made)
}

func (s *Store) attemptsStream() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        s.names.attempts(),
		Description: "accesshook attempts that failed or may have killed a process",
		Subjects:    []string{s.names.attempts() + ".>"},
		// A record that is discarded costs some attempts more, and no event. There is
		// room for some 100,000 events that wait for another attempt.
		Discard:           jetstream.DiscardOld,
		MaxMsgsPerSubject: 1,
		MaxAge:            attemptsKept,
		MaxBytes:          maxAttemptsBytes,
		Storage:           jetstream.FileStorage,
		Replicas:          s.c.Replicas,
		Duplicates:        time.Minute,
		Metadata:          s.metadata(),
	}
}

// attempts returns the record of d before this attempt, and whether the event may have
// killed a process.
func (d *delivery) attempts(ctx context.Context) (r record, suspect bool, err error) {
	marked, err := d.marked(ctx)
	if err != nil {
		return record{}, false, err
	}
	d.recorded = d.recorded || marked
	if !d.recorded && time.Since(d.began) >= warmUp {
		return record{}, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.Store.c.PublishTimeout)
	defer cancel()
	m, err := d.journal.GetLastMsgForSubject(ctx, d.attemptsSubject())
	switch {
	case err == nil:
		if err := json.Unmarshal(m.Data, &r); err != nil {
			return record{}, false, fmt.Errorf("durable: record of attempts: %w", err)
		}
		d.recorded = true
		if same, err := d.sameConsumer(ctx); err != nil {
			return record{}, false, err
		} else if !same {
			return d.attempts(ctx)
		}
		r.Attempts, r.Died = max(r.Attempts, 0), max(r.Died, 0) // whoever wrote it
		r.at = m.Time
	case !errors.Is(err, jetstream.ErrMsgNotFound):
		return record{}, false, fmt.Errorf("durable: record of attempts: %w", err)
	case (d.meta.NumDelivered > 1 || marked) && d.c.MaxAttempts > 1:
		r = record{Attempts: 1} // which was not recorded, or reached nobody
	}
	return r, r.Attempts > 0 && !r.Ended, nil
}

// sameConsumer reports whether the consumer is still the one that the run began with. A
// run that has no request open while the consumer is deleted, and created again by
// another process, is not told. The run then ends, unless the stream was deleted as well,
// and d belongs to the new consumer.
func (d *delivery) sameConsumer(ctx context.Context) (bool, error) {
	consumer, err := d.js.Consumer(ctx, d.names.stream(d.feed.shard), d.c.Name)
	if isGone(err) {
		return true, nil // there is no other yet
	}
	if err != nil {
		return false, fmt.Errorf("durable: consumer %s of shard %d: %w", d.c.Name, d.feed.shard, err)
	}
	made := madeOf(consumer)
	if made == d.made {
		return true, nil
	}
	d.renew(ctx, d.feed, d.source)
	d.made, d.mark = made, nil
	return false, nil
}

// count records attempt number n before it begins, if it must be recorded.
func (d *delivery) count(ctx context.Context, n int) error {
	switch {
	case d.recorded:
		return d.record(ctx, record{Attempts: n, Died: d.died})
	case d.mark != nil:
		return d.mark.raise(ctx, d)
	}
	return nil
}

// record records r for d.
func (d *delivery) record(ctx context.Context, r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.Store.c.PublishTimeout)
	defer cancel()
	_, err = d.js.Publish(ctx, d.attemptsSubject(), data, jetstream.WithExpectStream(d.names.attempts()))
	if err != nil {
		return fmt.Errorf("durable: record of attempts: %w", err)
	}
	return nil
}

// suspects has a token while an event that may have killed a process is with the
// callbacks of this one. It is shared by all consumers and stores, since all their
// attempts die with the process.
var suspects = make(chan struct{}, 1)

// alone waits until no other event that may have killed a process is with the callbacks,
// so that one that kills this process is known. ok is false if the run ends, or if others
// have taken as long as a callback may.
func (r *run) alone() (release func(), ok bool) {
	timeout := time.NewTimer(r.c.Timeout)
	defer timeout.Stop()
	select {
	case suspects <- struct{}{}:
	case <-timeout.C:
		return nil, false
	case <-r.done:
		return nil, false
	}
	give := sync.OnceFunc(func() { <-suspects })
	// A callback that ignores its deadline must not block the others for ever.
	late := time.AfterFunc(r.c.Timeout+r.c.Lease, give)
	return func() {
		late.Stop()
		give()
	}, true
}
