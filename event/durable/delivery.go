package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// A delivery is one event that the server has delivered to this process.
type delivery struct {
	*run
	msg      jetstream.Msg
	feed     *feed
	source   *source
	made     string // of the source, or of the one after it
	mark     *mark  // of the shard, or nil
	meta     *jetstream.MsgMetadata
	recorded bool // its attempts are recorded
	died     int  // attempts that did not end
	lease    lease
	event    atomic.Pointer[event.Event] // nil until it is decoded
}

// attempt calls the callbacks with the event, unless there were too many attempts or the
// event is held, and sets a to the outcome. An attempt counts before the event is decoded:
// a decoder can end the process as well.
func (d *delivery) attempt(ctx context.Context, a *Attempt) {
	rest, due, ok := d.feed.holds.begin(d)
	if !ok || rest > earlyBy {
		d.leave(ctx, a, rest)
		return
	}
	d.lease.extend(d.Store.storeWait() + d.c.Timeout) // also for the turn of a suspect
	defer d.keepLease(ctx)()
	before, suspect, err := d.attempts(ctx)
	if err != nil {
		a.Number = 1
		d.postpone(ctx, a, err)
		return
	}
	a.Number = before.Attempts
	if before.Done {
		d.decode(a)
		a.Err, a.Result = nil, Handled
		d.answer(ctx, a.Event, d.msg.Ack())
		return
	}
	if rest, held := d.heldElsewhere(ctx, before, suspect, due); held {
		d.leave(ctx, a, rest)
		return
	}
	if d.died = before.Died; suspect {
		d.died++
	}
	if before.Attempts >= d.c.MaxAttempts || before.Bury || d.died >= min(d.c.MaxAttempts, maxDied) {
		if before.Ended {
			d.decode(a)
			a.Err = errors.New(before.Error)
		} else {
			a.Event, a.Err = d.decodeEnvelope(d.msg.Headers(), d.msg.Data()), errNotFinished
		}
		a.Result = d.bury(ctx, *a)
		return
	}
	if suspect {
		release, ok := d.alone()
		if !ok {
			d.giveBack(ctx, a, before)
			return
		}
		defer release()
		d.lease.extend(d.Store.storeWait())
	}
	if d.runEnds() {
		d.giveBack(ctx, a, before)
		return
	}
	a.Number++
	if err := d.count(ctx, a.Number); err != nil {
		d.notBegun(ctx, a, before) // it may have been recorded nevertheless
		d.postpone(ctx, a, err)
		return
	}
	if d.decode(a); a.Err != nil {
		a.Result = d.bury(ctx, *a)
		return
	}
	d.call(ctx, a)
}

// decode sets Event or Err of a.
func (d *delivery) decode(a *Attempt) {
	a.Event, a.Err = d.Store.decode(d.msg.Headers(), d.msg.Data())
	d.event.Store(a.Event)
}

// runEnds reports whether the run must end.
func (d *delivery) runEnds() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// heldElsewhere reports whether another run has the event with a callback, or in a pause
// that is not over, and what is left of that. A pause that a process began which has died
// is measured by the clocks, and is not longer than it was. due says that the event was in
// a pause of this run, which is over.
func (d *delivery) heldElsewhere(ctx context.Context, before record, suspect, due bool) (rest time.Duration, held bool) {
	if d.meta.NumDelivered == 1 && !suspect {
		return 0, false
	}
	seq := d.meta.Sequence.Stream
	if claims, ok := d.ask(ctx, d.feed.shard, seq-1, seq); ok {
		if c, claimed := claims[seq]; claimed {
			return c.rest, c.working || c.rest > earlyBy
		}
	}
	if due || !before.Ended {
		return 0, false
	}
	rest = before.Pause - max(time.Since(before.at), 0)
	return rest, rest > earlyBy
}

// leave has the event come again after the rest of its pause, or after a lease if a
// callback has it. That is no attempt.
func (d *delivery) leave(ctx context.Context, a *Attempt, rest time.Duration) {
	if rest <= 0 {
		rest = d.c.Lease
	}
	a.Number, a.Err, a.Result = 0, errHeld, Delayed
	d.answer(ctx, nil, d.nak(rest))
}

// nak has the event delivered again after a pause, by the clock of the server or by that
// of this process.
func (d *delivery) nak(pause time.Duration) error {
	d.feed.holds.pause(d, pause)
	return d.msg.NakWithDelay(pause)
}

// giveBack has the event delivered again: to another process at once if the run ends,
// else after a pause. That is no attempt.
func (d *delivery) giveBack(ctx context.Context, a *Attempt, before record) {
	if before.Attempts == 0 {
		d.notBegun(ctx, a, before)
	}
	a.Result = Delayed
	if d.runEnds() {
		a.Err = errRunEnded
		d.answer(ctx, nil, d.msg.Nak())
		return
	}
	a.Err = errNotAlone
	d.answer(ctx, nil, d.nak(d.c.delay(1, nil)))
}

// postpone has the event delivered again soon: the store fails, and this attempt could
// not be recorded.
func (d *delivery) postpone(ctx context.Context, a *Attempt, err error) {
	d.failed(ctx, "count", a.Event, err)
	a.Err, a.Result = err, Delayed
	d.answer(ctx, a.Event, d.nak(faultWait))
}

// call calls the callbacks and sets a to the outcome.
func (d *delivery) call(ctx context.Context, a *Attempt) {
	returned := false
	defer func() {
		if !returned { // the callback called runtime.Goexit
			a.Err = errors.New("durable: callback ended its goroutine")
			a.Result = d.fail(ctx, *a)
			d.observe(ctx, *a)
		}
	}()
	d.lease.call(d.c.Timeout)
	began := time.Now()
	attempt, cancel := context.WithTimeout(ctx, d.c.Timeout)
	defer cancel()
	a.Err = d.h.HandleEvent(attempt, a.Event)
	a.Duration = time.Since(began)
	returned = true
	d.lease.extend(d.Store.storeWait())
	if a.Err != nil {
		a.Result = d.fail(ctx, *a)
		return
	}
	a.Result = Handled
	if d.recorded {
		d.end(ctx, a, record{Attempts: a.Number, Ended: true, Done: true})
	}
	d.answer(ctx, a.Event, d.msg.Ack())
}

// fail handles an attempt that failed.
func (d *delivery) fail(ctx context.Context, a Attempt) Result {
	switch {
	case d.lease.over(d.c.Lease):
		// The event was delivered again, or will be. From now on that attempt alone
		// records and answers.
		d.failed(ctx, "lease", a.Event, a.Err)
		return Delayed
	case event.IsPermanent(a.Err):
		return d.bury(ctx, a)
	}
	return d.retry(ctx, a)
}

// retry has the event delivered again after a pause, unless that was the last attempt.
func (d *delivery) retry(ctx context.Context, a Attempt) Result {
	if a.Number >= d.c.MaxAttempts {
		return d.bury(ctx, a)
	}
	pause := d.c.delay(a.Number, a.Err)
	d.log().LogAttrs(ctx, slog.LevelWarn, "durable: callback failed", append(describe(a.Event, a.Err),
		slog.String("consumer", d.c.Name), slog.Int("attempt", a.Number), slog.Duration("delay", pause))...)
	d.end(ctx, &a, record{
		Attempts: a.Number, Ended: true, Died: d.died, Pause: pause, Error: oneLine(a.Err.Error(), maxRecordError),
	})
	d.answer(ctx, a.Event, d.nak(pause))
	return Delayed
}

// end records that an attempt ended. If that fails, the attempt counts as one that
// killed the process.
func (d *delivery) end(ctx context.Context, a *Attempt, r record) {
	if err := d.record(ctx, r); err != nil {
		d.failed(ctx, "count", a.Event, err)
	}
}

// notBegun records that there was no attempt since before. Without a record the delivery
// would count as one.
func (d *delivery) notBegun(ctx context.Context, a *Attempt, before record) {
	before.Ended, before.Pause = before.Ended || before.Attempts == 0, 0
	d.end(ctx, a, before)
}

// bury makes the event a dead letter. If the dead letter cannot be written, the event
// stays in its shard, and the callbacks are not called again.
func (d *delivery) bury(ctx context.Context, a Attempt) Result {
	if err := d.writeDead(ctx, a); err != nil {
		d.failed(ctx, "bury", a.Event, fmt.Errorf("cannot write the dead letter: %w; it was to say: %w", err, a.Err))
		// An attempt that did not end has not ended by that: the event must not be
		// decoded again.
		ended := !errors.Is(a.Err, errNotFinished)
		d.end(ctx, &a, record{
			Attempts: a.Number, Ended: ended, Died: d.died, Bury: true, Error: oneLine(a.Err.Error(), maxRecordError),
		})
		d.answer(ctx, a.Event, d.nak(d.c.delay(int(min(d.meta.NumDelivered, 64)), nil)))
		return Delayed
	}
	d.log().LogAttrs(ctx, slog.LevelError, "durable: dead letter", append(describe(a.Event, a.Err),
		slog.String("consumer", d.c.Name), slog.Int("attempt", a.Number))...)
	d.answer(ctx, a.Event, d.msg.Ack())
	return Buried
}

// answer logs that the server could not be told the outcome. The event will be delivered
// again.
func (d *delivery) answer(ctx context.Context, e *event.Event, err error) {
	if err != nil {
		d.failed(ctx, "answer", e, err)
	}
}

// describe returns the attributes of an event and an error for a log record, with the
// keys of packages verify and event. e may be nil.
func describe(e *event.Event, err error) []slog.Attr {
	attrs := make([]slog.Attr, 0, 9)
	if e != nil {
		attrs = append(attrs,
			slog.String("endpoint", jsonappend.Visible(e.Source)), slog.String("vendor", e.Vendor),
			slog.String("id", jsonappend.Visible(e.ID)), slog.String("type", jsonappend.Visible(string(e.Type))))
	}
	attrs = append(attrs, slog.String("error", jsonappend.Visible(err.Error())))
	if p, ok := errors.AsType[*event.PanicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	return attrs
}
