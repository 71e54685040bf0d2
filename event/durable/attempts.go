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

// The server counts deliveries, and that is not enough to know which event kills
// the process: it counts those as well that never reached a callback, and it counts
// for all that were in work when the process died. So attempts are recorded in a
// stream of their own, before the callbacks are called: those of events that were
// delivered before, or that the mark of a dead process covers. Without marks all
// are at the beginning of a run, since what a dead process was working on comes
// first. Nothing is recorded for an event that succeeds at once later on, unless
// one attempt is all: a delivery that came to nobody must not be taken for it.

const (
	// warmUp is how long a run looks for records of all events, and without marks
	// records all attempts. It is longer than the server takes to have its own count
	// on disk.
	warmUp = time.Second
	// attemptsKept is how long a record is kept; it is longer than any pause.
	attemptsKept     = 7 * 24 * time.Hour
	maxAttemptsBytes = 64 << 20
	maxRecordError   = 256 // bytes, so that there is room for many
)

// A record says how often an event was given to the callbacks of a consumer.
type record struct {
	Attempts int  `json:"attempts"`
	Ended    bool `json:"ended"` // the last of them came to an end
	Done     bool `json:"done"`  // with success: only the acknowledgement may be missing
	// Bury says that it is to become a dead letter, which could not be written.
	Bury  bool   `json:"bury,omitzero"`
	Error string `json:"error,omitzero"` // the last, shortened
}

// attemptsSubject is where the record of an event is, for a consumer. The time is
// for a stream that was made anew and counts again, the last part for a consumer
// that was made anew and has finished nothing.
func (d *delivery) attemptsSubject() string {
	return fmt.Sprintf("%s.%s.%d.%d-%d-%s", d.names.attempts(), d.c.Name, d.shard,
		d.meta.Sequence.Stream, d.meta.Timestamp.UnixNano(), d.made)
}

func (s *Store) attemptsStream() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        s.names.attempts(),
		Description: "accesshook attempts that failed or may have killed a process",
		Subjects:    []string{s.names.attempts() + ".>"},
		// A record that is discarded costs some more attempts, and no event. There is
		// room for the records of some 100,000 events that wait for another attempt.
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

// attempts returns the record of d before this attempt, and whether it may have
// killed the process.
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
		r.Attempts = max(r.Attempts, 0) // whoever wrote it
	case !errors.Is(err, jetstream.ErrMsgNotFound):
		return record{}, false, fmt.Errorf("durable: record of attempts: %w", err)
	case (d.meta.NumDelivered > 1 || marked) && d.c.MaxAttempts > 1:
		r = record{Attempts: 1} // which was not recorded, or came to nobody
	}
	return r, r.Attempts > 0 && !r.Ended, nil
}

// sameConsumer reports whether the consumer is still the one that the run began
// with: who has no request open while it is deleted, and made again by another
// process, is not told. If it is not, the run is to end, and d is of the new one.
func (d *delivery) sameConsumer(ctx context.Context) (bool, error) {
	consumer, err := d.js.Consumer(ctx, d.names.stream(d.shard), d.c.Name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return true, nil // there is no other yet
	}
	if err != nil {
		return false, fmt.Errorf("durable: consumer %s of shard %d: %w", d.c.Name, d.shard, err)
	}
	made := consumer.CachedInfo().Config.Metadata[metaMade]
	if made == d.made {
		return true, nil
	}
	d.made, d.mark = made, nil
	d.stop(ended{ErrConsumerDeleted})
	return false, nil
}

// count counts attempt number n before it begins, as far as it must be.
func (d *delivery) count(ctx context.Context, n int) error {
	switch {
	case d.recorded:
		return d.record(ctx, record{Attempts: n})
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
// callbacks of this one: of any consumer and store, since what kills the process
// kills the attempts of all.
var suspects = make(chan struct{}, 1)

// alone waits until no other event that may have killed the process is with the
// callbacks, so that the next one to do so is the only one. ok is false if the run
// is over, or others have taken as long as a callback may.
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
	// A callback that ignores its deadline must not keep the others waiting for ever.
	late := time.AfterFunc(r.c.Timeout+r.c.Lease, give)
	return func() {
		late.Stop()
		give()
	}, true
}
