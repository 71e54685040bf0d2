package event

import (
	"context"
	"errors"
	"net/http"
)

// A flight is an event that this process handles now. The delivery that came first
// leads it, others wait for its answer.
type flight struct {
	done       chan struct{} // closed when the fields below are set; nil while nobody waits
	err        error         // the answer
	unanswered bool          // it is the leader's alone: one of those that wait takes over
	digest     uint64        // of the leader's body
}

type deduping struct {
	d    *deduper
	next Handler
}

func (h *deduping) Unwrap() Handler { return h.next }

func (h *deduping) HandleEvent(ctx context.Context, e *Event) error {
	d := h.d
	if e.ID == "" {
		defer d.observe(ctx, DedupeObservation{Event: e, Result: DedupeWithoutID})
		return h.next.HandleEvent(ctx, e)
	}
	k := d.key(e)
	for {
		f, first := d.join(k)
		if first {
			return h.lead(ctx, e, k, f)
		}
		if k.digest != 0 && f.digest != 0 && k.digest != f.digest {
			d.warnOfBody(ctx, e, k)
		}
		select {
		case <-f.done:
			if !f.unanswered {
				if isDone(f.err) {
					MarkDuplicate(ctx)
				}
				d.observe(ctx, DedupeObservation{Event: e, Result: DedupeShared})
				return f.err
			}
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			d.observe(ctx, DedupeObservation{Event: e, Result: DedupeBusy})
			return d.inProgress(ctx)
		}
	}
}

// join returns the flight of an event, and whether the caller leads it.
func (d *deduper) join(k dedupeKey) (f *flight, first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.flights[k.sum]
	if !ok {
		f = &flight{digest: k.digest}
		d.flights[k.sum] = f
		return f, true
	}
	if f.done == nil {
		f.done = make(chan struct{})
	}
	return f, false
}

// finish ends a flight and wakes those that wait.
func (d *deduper) finish(ctx context.Context, k dedupeKey, f *flight, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.flights, k.sum)
	f.err, f.unanswered = err, cutShort(ctx, err)
	if f.done != nil {
		close(f.done)
	}
}

// cutShort reports whether err may come from the end of the delivery's own context
// or request. It then says nothing about the event.
func cutShort(ctx context.Context, err error) bool {
	if isDone(err) {
		return false
	}
	p, ok := errors.AsType[*PanicError](err)
	return ctx.Err() != nil || ok && errors.Is(p.Unwrap(), http.ErrAbortHandler)
}

// isDone reports whether an event with this result is not handled again.
func isDone(err error) bool { return err == nil || IsPermanent(err) }

// lead handles an event for all deliveries that wait for the flight. It runs the
// handler on the caller's goroutine, with the caller's context, and lets a panic
// pass: an endpoint's Middleware needs all of that.
func (h *deduping) lead(ctx context.Context, e *Event, k dedupeKey, f *flight) (err error) {
	d := h.d
	o := DedupeObservation{Event: e, Result: DedupeHandled}
	var c claim
	returned := false
	defer func() {
		var v any
		if !returned {
			if v = recover(); v != nil {
				err = panicked(v)
			} else {
				err = errGoexit
			}
			o.Err = errors.Join(o.Err, d.settle(ctx, e, k, c, err))
		}
		d.finish(ctx, k, f, err)
		d.observe(ctx, o)
		if v != nil {
			panic(v)
		}
	}()
	c, o.Result, o.Err = d.claim(ctx, e, k)
	switch o.Result {
	case DedupeHandled:
		err = h.next.HandleEvent(ctx, e)
		if failed := d.settle(ctx, e, k, c, err); failed != nil {
			o.Err = errors.Join(o.Err, failed)
		}
	case DedupeDuplicate:
		MarkDuplicate(ctx)
	case DedupeBusy:
		err = d.inProgress(ctx)
	}
	returned = true
	return err
}
