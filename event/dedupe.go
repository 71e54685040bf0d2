package event

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Defaults of [DedupeConfig].
const (
	DefaultDedupeLease        = time.Minute
	DefaultDedupeKeep         = 24 * time.Hour
	DefaultDedupeWait         = 5 * time.Second
	DefaultDedupeStoreTimeout = 2 * time.Second
)

// leaseMargin is what a lease has beyond the deadline of the handler's context,
// for a handler that is slow to return, and for clocks that differ.
const leaseMargin = 30 * time.Second

// Between two looks at a claim of another instance.
const (
	firstPoll = 25 * time.Millisecond
	lastPoll  = time.Second
)

// DedupeConfig says how [Dedupe] works. The zero DedupeConfig is ready to use.
type DedupeConfig struct {
	// Store remembers the events. Nil: a new [DedupeMemory] with
	// DefaultDedupeEntries.
	Store DedupeStore
	// Lease is how long an event stays claimed by a process that died over it;
	// until then its duplicates are answered [Unavailable]. If the context of
	// the event has a deadline (HandlerTimeout of an endpoint or a [Queue],
	// Timeout of [Retry]), the claim lasts until 30 seconds after it if that is
	// later. Leases are not extended: without a deadline, as in an endpoint's
	// Middleware, choose a Lease that is longer than the handler ever takes, or
	// another instance may handle the event a second time. Within this process
	// an event that is being handled is never handled a second time, whatever
	// its lease. Zero: 1 minute.
	Lease time.Duration
	// Keep is how long an event is remembered once it is done. It must be longer
	// than the sender goes on sending an event again, and is the time during
	// which a recorded request cannot be replayed. Zero: 24 hours.
	Keep time.Duration
	// Wait is how long a delivery waits for another instance of the service that
	// has claimed its event, before it is answered Unavailable. Zero: 5 seconds;
	// negative: not at all.
	Wait time.Duration
	// StoreTimeout is the deadline of each call of the store. The handler of an
	// event waits for two of them. Zero: 2 seconds.
	StoreTimeout time.Duration
	// Logger gets what the store failed with, at level Error with the keys op
	// ("claim", "done", "release"), endpoint, vendor, id, type and error, and
	// stack if it panicked. It gets an event of a known ID that comes with another
	// body than before, once for an ID, at level Warn with the keys endpoint,
	// vendor, id and type. Nil: slog.Default at the time.
	Logger *slog.Logger
	// Observe is told once about each delivery, after its answer is known, as
	// for counting duplicates. It must be fast; a panic in it is contained and
	// logged. Nil: nothing.
	Observe func(context.Context, DedupeObservation)
}

// A DedupeObservation is what [Dedupe] did with one delivery.
type DedupeObservation struct {
	Event  *Event
	Result DedupeResult
	Err    error // what the store failed with; nil if it worked
}

// A DedupeResult is what [Dedupe] did with one delivery.
type DedupeResult int

const (
	// DedupeHandled means that the handler was called, and not that it succeeded.
	DedupeHandled DedupeResult = iota + 1
	// DedupeDuplicate means that the event was done already: answered nil.
	DedupeDuplicate
	// DedupeShared means that the delivery took the answer of a concurrent one.
	DedupeShared
	// DedupeBusy means that another delivery was still being worked on when the
	// wait or the context was over: answered Unavailable.
	DedupeBusy
	// DedupeWithoutID means that the event has no ID: the handler is called.
	DedupeWithoutID
)

// String returns "handled", "duplicate", "shared", "busy", "without_id", or
// "invalid". It can serve as a label of a metric.
func (r DedupeResult) String() string {
	switch r {
	case DedupeHandled:
		return "handled"
	case DedupeDuplicate:
		return "duplicate"
	case DedupeShared:
		return "shared"
	case DedupeBusy:
		return "busy"
	case DedupeWithoutID:
		return "without_id"
	}
	return "invalid"
}

// ErrInProgress is what a duplicate is answered, marked [Unavailable], if
// another delivery of its event is still being worked on after its wait.
var ErrInProgress = errors.New("event: another delivery of this event is still being worked on")

// Dedupe returns a wrapper that lets an event through to its handler once.
//
// Two deliveries are of the same event if they have the same Vendor, Source and
// ID. Event.Credential does not count: the credentials of an endpoint belong to
// one owner, as a secret and its successor do, so a rotation of secrets makes no
// event new. Owners who do not trust each other need endpoints with different
// names (verify.Config.Name), or the sender of one can keep out the events of the
// other. An event without an ID is never taken for a duplicate.
//
// An event that is sent again with another body is a new one where the ID is a
// hash of the body, as it is for most vendors. Where the vendor sends the ID, as
// Unloc does, it is a duplicate, and the log has a warning if the store can tell:
// [DedupeMemory] can, others if they are a [DedupeDigestStore].
//
// An event is done once the handler has returned nil or a [Permanent] error, and
// not before: on any other error, a panic or a timeout it is free again and the
// next delivery calls the handler anew. A handler of several callbacks, such as
// a [Mux], is called as a whole: those that had succeeded see the event again.
//
//   - A duplicate of what is done is answered nil: the vendor gets a 200.
//   - A delivery that comes while this process works on the same event waits for
//     that and is answered the same, nil or error, without calling the handler.
//     It takes over if the context of the delivery that was worked on ended first,
//     or if that delivery's request was aborted ([net/http.ErrAbortHandler]): one
//     sender that hangs up never ends the work for another. If its own context
//     ends first it is answered [ErrInProgress].
//   - If another instance has claimed the event, it waits as long as
//     [DedupeConfig] says for that to end.
//
// If the store fails, the handler is called, for an event handled twice is
// better than one that is lost, and the log says so. The same holds for a handler
// that runs for longer than its lease while there is another instance, and for a
// process that dies after the handler has succeeded and before the store knows.
// A handler should therefore bear to see an event twice, even if that is rare.
//
// The wrapper is one memory. Put around two handlers, only one of them sees an
// event; make two wrappers, with a store each, if both should. A handler must
// not pass its own event to the same wrapper again: that would wait for itself.
//
// Dedupe goes inside a [Queue], around what handles the event, in the order
// Queue, [Retry], Dedupe, Mux. Around a Queue it would mark done what is only
// queued, and what is queued can be lost. So the wrapper panics if it is put
// around a Queue, around itself, or around a Mux or a wrapper that holds one; it
// looks into Muxes as they are at that moment, and into wrappers that have a
// method Unwrap() Handler, as those of this package do. It does not see into
// functions, so a Queue behind Mux.HandleFunc("*", queue.HandleEvent),
// Mux.Default(queue.HandleEvent), HandlerFunc(queue.HandleEvent) or an [On] is
// yours to avoid: register it as Mux.Handle("*", queue), and it is found. The
// wrapper also panics if its handler is nil; Dedupe panics if a duration other
// than Wait is negative.
func Dedupe(c DedupeConfig) func(Handler) Handler {
	if c.Lease < 0 || c.Keep < 0 || c.StoreTimeout < 0 {
		panic("event: negative duration in DedupeConfig")
	}
	if c.Store == nil {
		c.Store = NewDedupeMemory(0)
	}
	if c.Lease == 0 {
		c.Lease = DefaultDedupeLease
	}
	if c.Keep == 0 {
		c.Keep = DefaultDedupeKeep
	}
	if c.Wait == 0 {
		c.Wait = DefaultDedupeWait
	}
	if c.StoreTimeout == 0 {
		c.StoreTimeout = DefaultDedupeStoreTimeout
	}
	d := &deduper{c: c, flights: make(map[[sha256.Size]byte]*flight)}
	if memory, ok := c.Store.(*DedupeMemory); ok {
		d.claims = memory
	} else {
		digests, _ := c.Store.(DedupeDigestStore)
		d.claims = &storeClaims{store: c.Store, digests: digests, timeout: c.StoreTimeout}
	}
	return func(h Handler) Handler {
		if h == nil {
			panic(errNilHandler)
		}
		if holds(h, func(h Handler) bool { _, ok := h.(*Queue); return ok }) {
			panic("event: Dedupe around a Queue would mark done what is only queued: put the Queue around Dedupe")
		}
		if holds(h, func(h Handler) bool { x, ok := h.(*deduping); return ok && x.d == d }) {
			panic("event: Dedupe around itself")
		}
		return &deduping{d: d, next: h}
	}
}

// holds reports whether is holds for h, or for a handler that h is known to call.
func holds(h Handler, is func(Handler) bool) bool {
	for h != nil && !is(h) {
		switch x := h.(type) {
		case *Mux:
			for _, r := range x.routes {
				if holds(r.h, is) {
					return true
				}
			}
			return false // a default is a function
		case interface{ Unwrap() Handler }:
			h = x.Unwrap()
		default:
			return false
		}
	}
	return h != nil
}

// A deduper is what all handlers under one Dedupe share.
type deduper struct {
	c      DedupeConfig
	claims claims // of c.Store

	mu      sync.Mutex
	flights map[[sha256.Size]byte]*flight  // events that this process works on
	warned  map[[sha256.Size]byte]struct{} // events whose other body was warned of
}

func (d *deduper) observe(ctx context.Context, o DedupeObservation) {
	if d.c.Observe == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			err := panicked(v)
			logger(d.c.Logger).LogAttrs(ctx, slog.LevelError, "event: Observe panicked", describe(o.Event, err)...)
		}
	}()
	d.c.Observe(context.WithoutCancel(ctx), o)
}
