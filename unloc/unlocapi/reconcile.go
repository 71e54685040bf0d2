package unlocapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

// A Result is what [Reconcile] did.
type Result struct {
	Read      int // items of the log, of any age
	Found     int // of these, created not before since; the sum of the following
	Delivered int // the handler took them; a Queue also takes what a Dedupe under it drops
	Known     int // a Dedupe or a store dropped them, since they had come already
	Failed    int // the handler, or decoding, failed
}

// Reconcile hands the handler what the webhooks of a project have missed: it reads the
// access log and gives each event that was created not before since to
// [verify.Endpoint.Deliver], with the ID and the Source that the webhook's has.
//
// Something must know what came already: an [event.Dedupe] in the endpoint's Config.Wrap,
// around h, or under the [event.Queue] that h is; or a store of package durable as h. It
// must be the one that the webhooks go through, and share its store with the other
// processes. Then Reconcile may run every hour, in several processes, and while webhooks
// come. Without one, h gets every event each time.
//
// # Choosing since
//
// The phone of a user who is offline reports an event days later, under the time when it
// happened. So choose since generously, such as seven days ago; a zero since is for all of
// the log, the last 60 days. What came already must be remembered for longer than that:
// DedupeConfig.Keep, or the DedupeWindow of a durable store, must be more than the time
// from since to now, and a DedupeMemory must have room for the events. Both defaults are 24
// hours. A DedupeMemory forgets everything when the process ends.
//
// # What comes
//
// The order of the log is not documented. So Reconcile reads all of it each time, and hands
// events on in its order. The log may have more than webhooks bring: events of keys that
// were shared in the app, of type viewedCode, and of locks without a registration. It may
// have less: events of a lock whose privacy policy is private, and no user where it is
// anonymized. A durable store with OrderByUser knows an event only under the same user,
// and takes it twice then: use OrderByLock, or none.
//
// An event whose time cannot be read, or lies ahead, is handed on in each run, whatever
// since is, for as long as the log has it: 60 days or more. It reaches the callback again
// when its memory, such as DedupeConfig.Keep, has ended. One without a usable id has the
// hash of its bytes as ID, which in the log need not be those of the webhook. It may come
// twice, once from each: nothing is lost.
//
// # What fails
//
// An event that fails does not keep back the others. The next run tries it again, unless
// the error is [event.Permanent]. An event that the handler is [event.Unavailable] for,
// such as a full Queue, is tried again for up to two minutes. If it stays so, if ctx ends
// or if the log cannot be read, Reconcile stops. An event that another delivery handles
// all that time ([event.ErrInProgress]) fails alone.
//
// The Result counts what was done in any case. The error says how many events failed and
// wraps the first few.
//
// Reconcile returns an error if hook is not for Unloc's events. It panics where
// [verify.Endpoint.Deliver] does.
func Reconcile(ctx context.Context, c *Client, since time.Time, hook *verify.Endpoint, h event.Handler) (Result, error) {
	return reconcile(ctx, c, AccessLogQuery{}, since, hook, h)
}

// ReconcileLock is [Reconcile] for the events of one lock. Use it where the locks of a
// project have endpoints of their own: with the endpoint of another lock, events would have
// a Source that no webhook has given them.
func ReconcileLock(ctx context.Context, c *Client, lockID string, since time.Time, hook *verify.Endpoint, h event.Handler) (Result, error) {
	if lockID == "" {
		return Result{}, errors.New("unlocapi: lockID is empty")
	}
	return reconcile(ctx, c, AccessLogQuery{LockID: lockID}, since, hook, h)
}

func reconcile(ctx context.Context, c *Client, q AccessLogQuery, since time.Time, hook *verify.Endpoint, h event.Handler) (Result, error) {
	switch {
	case c == nil:
		return Result{}, errors.New("unlocapi: the client is nil")
	case hook == nil || hook.Vendor() != unloc.Vendor:
		return Result{}, errors.New("unlocapi: the endpoint is not for Unloc's events")
	case h == nil:
		return Result{}, errors.New("unlocapi: the handler is nil")
	}
	r := reconciler{since: since, hook: hook, h: h}
	err := r.read(ctx, c, q)
	return r.result, errors.Join(r.failure(), err)
}

// A reconciler is one call of Reconcile.
type reconciler struct {
	since  time.Time
	hook   *verify.Endpoint
	h      event.Handler
	result Result
	errs   []error // of the first events that failed, and of the last that ended it
}

// maxErrors is how many errors of events the error of Reconcile holds.
const maxErrors = 5

var errUnavailable = errors.New("unlocapi: stopped reconciling, since the handler stays unavailable")

// read hands on what the log has. It returns why it stopped before the end.
func (r *reconciler) read(ctx context.Context, c *Client, q AccessLogQuery) error {
	for item, err := range c.items(ctx, q) {
		if err != nil {
			return err
		}
		r.result.Read++
		id, created := identify(item)
		if !created.IsZero() && created.Before(r.since) {
			continue
		}
		r.result.Found++
		duplicate, err := r.deliver(ctx, item)
		_, unavailable := event.IsUnavailable(err)
		stop := unavailable && !errors.Is(err, event.ErrInProgress) || ctx.Err() != nil
		switch {
		case err != nil:
			r.result.Failed++
			if len(r.errs) < maxErrors || stop {
				r.errs = append(r.errs, fmt.Errorf("event %s: %w", id, err))
			}
		case duplicate:
			r.result.Known++
		default:
			r.result.Delivered++
		}
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("unlocapi: stopped reconciling: %w", ctx.Err())
		case stop:
			return errUnavailable
		}
	}
	return nil
}

// identify returns the ID of an item and when it was created, or zero if it does not say.
func identify(item []byte) (id string, created time.Time) {
	e, err := unloc.Decode(item)
	if err != nil {
		return "without an ID", time.Time{}
	}
	return e.ID, e.Time
}

// While the handler is unavailable.
const (
	patience     = 2 * time.Minute
	shortestWait = time.Second
	longestWait  = 30 * time.Second
)

func (r *reconciler) deliver(ctx context.Context, item []byte) (duplicate bool, err error) {
	for begun := time.Now(); ; {
		duplicate, err = r.hook.Deliver(ctx, item, r.h)
		after, unavailable := event.IsUnavailable(err)
		pause := min(max(after, shortestWait), longestWait)
		if !unavailable || time.Since(begun)+pause > patience || !apiclient.Sleep(ctx, pause) {
			return duplicate, err
		}
	}
}

// failure returns the error about the events that failed, or nil.
func (r *reconciler) failure() error {
	if r.result.Failed == 0 {
		return nil
	}
	return fmt.Errorf("unlocapi: %d of %d events failed: %w", r.result.Failed, r.result.Found, errors.Join(r.errs...))
}
