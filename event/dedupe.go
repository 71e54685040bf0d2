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
	// Lease is how long an event stays claimed by a process that died while it
	// handled it. Until the lease expires, duplicates are answered [Unavailable].
	//
	// If the context of the event has a deadline (HandlerTimeout of an endpoint or
	// a [Queue], Timeout of [Retry]), the claim lasts until 30 seconds after it, if
	// that is later. Leases are not extended. Without a deadline, as in an
	// endpoint's Middleware, choose a Lease longer than the handler ever takes:
	// when it expires, another instance may handle the event a second time. This
	// process does not, whatever the lease. Zero: 1 minute.
	Lease time.Duration
	// Keep is how long an event is remembered once it is done. A recorded request
	// cannot be replayed in that time. It must be longer than the sender keeps
	// sending an event again. Zero: 24 hours.
	Keep time.Duration
	// Wait is how long a delivery waits for another instance of the service that
	// has claimed its event, before it is answered Unavailable. Zero: 5 seconds.
	// Negative: it does not wait.
	Wait time.Duration
	// StoreTimeout is the deadline of each call of the store, of which an event
	// waits for two. Zero: 2 seconds.
	StoreTimeout time.Duration
	// Logger gets two kinds of records. Level Error: the store failed. The keys
	// are op ("claim", "done", "release"), endpoint, vendor, id, type and error,
	// and stack if it panicked. Level Warn, once for an ID: an event of a known ID
	// came with another body. The keys are endpoint, vendor, id and type. Nil:
	// slog.Default at the time.
	Logger *slog.Logger
	// Observe is called once for each delivery, when its answer is known, such as
	// to count duplicates. It must be fast. A panic in it is contained and logged.
	// Nil: nothing.
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
	// DedupeBusy means that another delivery was still being handled when the wait
	// or the context ended: answered Unavailable.
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

// ErrInProgress is the answer to a duplicate, marked [Unavailable], if another
// delivery of its event is still being handled after its wait.
var ErrInProgress = errors.New("event: another delivery of this event is still being handled")

// Dedupe returns a wrapper that drops duplicate deliveries: each event reaches the
// handler once. What it drops is answered as done, and marked ([MarkDuplicate]).
//
// # What is a duplicate
//
// Two deliveries are of the same event if they have the same Vendor, Source and
// ID. An event without an ID is never a duplicate.
//
// Event.Credential does not count: all credentials of an endpoint belong to one
// owner, so a rotation of secrets makes no event new. Owners who do not trust each
// other need endpoints with different names (verify.Config.Name). With one name,
// the sender of one can keep out the events of the other.
//
// For most vendors the ID is a hash of the body, so another body is another event.
// Where the vendor sends the ID, as Unloc does, another body under a known ID is a
// duplicate. The log has a warning if the store can tell: [DedupeMemory] can, and a
// [DedupeDigestStore]. There is none if one of
// the two has no Credential: it was fetched from the vendor's API, which may write it in
// another way.
//
// # When an event is done
//
// An event is done once the handler has returned nil or a [Permanent] error. After
// any other error, a panic or a timeout the next delivery calls the handler again.
// A [Mux] is called as a whole: callbacks that had succeeded see the event again.
//
//   - A duplicate of an event that is done is answered nil: the vendor gets a 200.
//   - A delivery that arrives while this process handles the same event waits, and
//     gets the same answer, nil or error. It takes over if the first delivery says
//     nothing about the event: because its context ended, or its request was
//     aborted ([net/http.ErrAbortHandler]). A sender that hangs up never ends the
//     work for another. If its own context ends first, the answer is
//     [ErrInProgress].
//   - If another instance has claimed the event, a delivery waits for
//     DedupeConfig.Wait.
//
// An event may still be handled twice: if the store fails, since that is better
// than losing the event (the log says so); if a handler runs for longer than its
// lease and there is another instance; if the process dies after the handler
// succeeded and before the store knows. Handlers should tolerate that.
//
// # Where it goes
//
// The order is [Queue], [Retry], Dedupe, Mux; without a Queue it may go into
// verify.Config.Wrap. Around a Queue it would mark done what is only queued, and
// can be lost. The wrapper panics if its handler is nil, is a Queue or itself, or is
// a Mux or a wrapper that holds one. It looks into Muxes as they are at that moment
// and into wrappers with a method Unwrap() Handler, as those of this package have.
// It cannot look into functions: register a Queue as Mux.Handle("*", queue), not as
// Mux.HandleFunc("*", queue.HandleEvent).
//
// A wrapper has one memory. Put around two handlers, it lets an event through to
// one of them: make two wrappers, with a store each, if both should see it. A
// handler must not pass its own event to the same wrapper again, which would wait
// for itself.
//
// Dedupe panics if a duration other than Wait is negative.
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
	flights map[[sha256.Size]byte]*flight  // events that this process handles now
	warned  map[[sha256.Size]byte]struct{} // events that came with another body, and were logged
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
