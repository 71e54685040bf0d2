package event

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// A claim is what Claim of the store gave; the zero claim is none.
type claim struct {
	owner string
	held  bool
}

// claim claims key, and waits if another instance has. The result is
// DedupeHandled (to be handled now), DedupeDuplicate or DedupeBusy.
func (d *deduper) claim(ctx context.Context, e *Event, key string) (claim, DedupeResult, error) {
	var end time.Time
	poll := firstPoll
	for {
		owner, state, err := d.tryClaim(ctx, key)
		switch {
		case err != nil && ctx.Err() != nil && !end.IsZero():
			return claim{}, DedupeBusy, nil // gave up waiting; the store may be fine
		case err != nil:
			d.failed(ctx, e, "claim", err)
			return claim{}, DedupeHandled, err
		case state == ClaimGranted:
			return claim{owner, true}, DedupeHandled, nil
		case state == ClaimDone:
			return claim{}, DedupeDuplicate, nil
		}
		if end.IsZero() {
			end = time.Now().Add(d.c.Wait)
		}
		left := time.Until(end)
		if left <= 0 || !sleep(ctx, min(poll, left)) {
			return claim{}, DedupeBusy, nil
		}
		poll = min(2*poll, lastPoll)
	}
}

func (d *deduper) tryClaim(ctx context.Context, key string) (owner string, state ClaimState, err error) {
	lease := d.c.Lease
	if deadline, ok := ctx.Deadline(); ok {
		lease = max(lease, min(time.Until(deadline), math.MaxInt64-leaseMargin)+leaseMargin)
	}
	err = d.ask(ctx, func(ctx context.Context) (err error) {
		owner, state, err = d.c.Store.Claim(ctx, key, lease)
		if err == nil && (state < ClaimGranted || state > ClaimBusy) {
			err = fmt.Errorf("event: de-duplication store returned claim state %d", int(state))
		}
		return err
	})
	return owner, state, err
}

// settle tells the store how handling ended.
func (d *deduper) settle(ctx context.Context, e *Event, key string, c claim, result error) error {
	if !c.held {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // it may be over because handling took too long
	op := "release"
	f := func(ctx context.Context) error { return d.c.Store.Release(ctx, key, c.owner) }
	if isDone(result) {
		op = "done"
		f = func(ctx context.Context) error { return d.c.Store.Done(ctx, key, c.owner, d.c.Keep) }
	}
	err := d.ask(ctx, f)
	if err != nil {
		d.failed(ctx, e, op, err)
	}
	return err
}

// ask calls a method of the store with a deadline. A panic becomes an error.
func (d *deduper) ask(ctx context.Context, f func(context.Context) error) (err error) {
	if !d.instant {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.c.StoreTimeout)
		defer cancel()
	}
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	err = f(ctx)
	examine(err)
	return err
}

func (d *deduper) inProgress(ctx context.Context) error {
	err := ErrInProgress
	if cause := context.Cause(ctx); cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return Unavailable(err, d.c.Lease)
}

func (d *deduper) failed(ctx context.Context, e *Event, op string, err error) {
	logger(d.c.Logger).LogAttrs(ctx, slog.LevelError, "event: de-duplication store failed", append(
		[]slog.Attr{slog.String("op", op)}, describe(e, err)...)...)
}
