package event

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// A dedupeKey says which event a delivery is of.
type dedupeKey struct {
	text   string            // for a store; empty for a DedupeMemory, which needs the hash alone
	sum    [sha256.Size]byte // of text
	digest uint64            // of the body; zero if the ID is a hash of it, or the event was fetched
}

func (d *deduper) key(e *Event) dedupeKey {
	k := dedupeKey{sum: sumKey(e.Vendor, e.Source, e.ID)}
	if _, ok := d.claims.(*DedupeMemory); !ok {
		k.text = joinKey(e.Vendor, e.Source, e.ID)
	}
	// What was fetched from the vendor's API has no credential, and need not be written as
	// in the webhook.
	if len(e.Raw) > 0 && !isHash(e.ID) && e.Credential != "" {
		body := sha256.Sum256(e.Raw)
		k.digest = binary.BigEndian.Uint64(body[:])
	}
	return k
}

// isHash reports whether id has the form of a SHA-256, as an ID that is made of
// the body has.
func isHash(id string) bool {
	if len(id) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// A claim is what the store gave for a key; the zero claim is none.
type claim struct {
	owner  string
	number uint64 // in place of owner, of a DedupeMemory
	held   bool
}

// claims is a store as Dedupe uses it: a DedupeMemory, without making strings of
// keys, or one of another kind.
type claims interface {
	// claim is DedupeStore.Claim; changed is that of DedupeDigestStore.
	claim(ctx context.Context, k dedupeKey, lease time.Duration) (c claim, state ClaimState, changed bool, err error)
	done(ctx context.Context, k dedupeKey, c claim, keep time.Duration) error
	release(ctx context.Context, k dedupeKey, c claim) error
}

// claim claims the key, and waits if another instance has. The result is
// DedupeHandled (to be handled now), DedupeDuplicate or DedupeBusy.
func (d *deduper) claim(ctx context.Context, e *Event, k dedupeKey) (claim, DedupeResult, error) {
	var end time.Time
	poll := firstPoll
	for {
		c, state, changed, err := d.claims.claim(ctx, k, d.lease(ctx))
		if err == nil && changed && state != ClaimGranted {
			d.warnOfBody(ctx, e, k)
		}
		switch {
		case err != nil && ctx.Err() != nil && !end.IsZero():
			return claim{}, DedupeBusy, nil // gave up waiting; the store may be fine
		case err != nil:
			d.failed(ctx, e, "claim", err)
			return claim{}, DedupeHandled, err
		case state == ClaimGranted:
			c.held = true
			return c, DedupeHandled, nil
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

func (d *deduper) lease(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return max(d.c.Lease, min(time.Until(deadline), math.MaxInt64-leaseMargin)+leaseMargin)
	}
	return d.c.Lease
}

// settle tells the store how handling ended.
func (d *deduper) settle(ctx context.Context, e *Event, k dedupeKey, c claim, result error) (err error) {
	if !c.held {
		return nil
	}
	op := "release"
	if isDone(result) {
		op = "done"
		err = d.claims.done(ctx, k, c, d.c.Keep)
	} else {
		err = d.claims.release(ctx, k, c)
	}
	if err != nil {
		d.failed(ctx, e, op, err)
	}
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

// maxWarned is how many events warnOfBody remembers, so that it logs each once.
const maxWarned = 1024

// warnOfBody logs, once for an event, that it came before with another body.
func (d *deduper) warnOfBody(ctx context.Context, e *Event, k dedupeKey) {
	d.mu.Lock()
	_, before := d.warned[k.sum]
	if !before {
		if d.warned == nil || len(d.warned) == maxWarned {
			d.warned = make(map[[sha256.Size]byte]struct{})
		}
		d.warned[k.sum] = struct{}{}
	}
	d.mu.Unlock()
	if !before {
		logger(d.c.Logger).LogAttrs(ctx, slog.LevelWarn, "event: another body under a known ID", describe(e, nil)...)
	}
}

// storeClaims asks a store that may be slow, fail or panic.
type storeClaims struct {
	store   DedupeStore
	digests DedupeDigestStore // the same, if it is one
	timeout time.Duration
}

func (s *storeClaims) claim(ctx context.Context, k dedupeKey, lease time.Duration) (c claim, state ClaimState, changed bool, err error) {
	err = s.ask(ctx, func(ctx context.Context) (err error) {
		if s.digests != nil && k.digest != 0 {
			c.owner, state, changed, err = s.digests.ClaimDigest(ctx, k.text, k.digest, lease)
		} else {
			c.owner, state, err = s.store.Claim(ctx, k.text, lease)
		}
		if err == nil && (state < ClaimGranted || state > ClaimBusy) {
			err = fmt.Errorf("event: de-duplication store returned claim state %d", int(state))
		}
		return err
	})
	return c, state, changed, err
}

func (s *storeClaims) done(ctx context.Context, k dedupeKey, c claim, keep time.Duration) error {
	ctx = context.WithoutCancel(ctx) // it may have ended because handling took too long
	return s.ask(ctx, func(ctx context.Context) error { return s.store.Done(ctx, k.text, c.owner, keep) })
}

func (s *storeClaims) release(ctx context.Context, k dedupeKey, c claim) error {
	ctx = context.WithoutCancel(ctx)
	return s.ask(ctx, func(ctx context.Context) error { return s.store.Release(ctx, k.text, c.owner) })
}

// ask calls a method of the store with a deadline. A panic becomes an error.
func (s *storeClaims) ask(ctx context.Context, f func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	err = f(ctx)
	examine(err)
	return err
}
