package event

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Defaults of [QueueConfig].
const (
	DefaultQueueWorkers        = 8
	DefaultQueueDepth          = 1024
	DefaultQueueMaxBytes       = 64 << 20
	DefaultQueueHandlerTimeout = 5 * time.Minute
	DefaultQueueRetryAfter     = 10 * time.Second
	DefaultQueueGrace          = time.Second
)

// QueueConfig says how a [Queue] works. The zero QueueConfig is ready to use.
type QueueConfig struct {
	// Workers is how many events are handled at the same time. Zero: 8.
	Workers int
	// Depth is how many events may wait, without those that are being handled.
	// Zero: 1024.
	Depth int
	// MaxBytes limits the sum of len(Raw) of the events that wait. With its decoded
	// payload an event takes several times as much memory. Make it many times the
	// MaxBody of the endpoints: an event larger than MaxBytes is accepted only while
	// a worker is free. Zero: 64 MiB.
	MaxBytes int64
	// Key returns the ordering key of an event, such as [ByUser] and [ByLock] do.
	// Events with the same key are handled one after another, in the order of their
	// arrival, whether the one before failed or not. An event that waits for another
	// occupies no worker. An empty key means no order. Key is called concurrently.
	// Nil: no order.
	Key func(*Event) string
	// HandlerTimeout is the deadline of the handler's context, for all attempts of a
	// [Retry] together. A handler that ignores its context occupies its worker for
	// longer. Zero: 5 minutes.
	HandlerTimeout time.Duration
	// RetryAfter is the Retry-After value when the queue is full or shut down.
	// Zero: 10 seconds.
	RetryAfter time.Duration
	// Grace is how long Shutdown waits for handlers after it has cancelled their
	// context. Zero: 1 second.
	Grace time.Duration
	// OnError is called with each error of the handler: a panic as a [*PanicError],
	// and a [Permanent] error too. It runs on the worker. A panic in it is contained
	// and logged. Nil: nothing.
	OnError func(*Event, error)
	// Logger gets each error of the handler, at level Error, or Warn if it is
	// Permanent, with the keys endpoint, vendor, id, type, error, and stack for a
	// panic. Nil: slog.Default at the time.
	Logger *slog.Logger
}

var (
	// ErrQueueFull is the answer of a [Queue] that is full, marked [Unavailable].
	ErrQueueFull = errors.New("event: queue is full")
	// ErrQueueClosed is the answer of a [Queue] after its Shutdown began, marked
	// [Unavailable]. It is also the cause with which Shutdown cancels the contexts
	// of handlers.
	ErrQueueClosed = errors.New("event: queue is shut down")
)

// A Queue is a [Handler] that answers at once and has events handled later, by a
// limited number of workers, so that the sender does not wait.
//
// What is queued is lost with the process: the vendor has been answered 200 and
// does not send it again. A crash, a kill or a power failure before the handler
// returns loses the event. So does an error of the handler, unless a [Retry] is
// under the queue. For events that must not be lost let the sender wait, or store
// them first, as package event/durable does.
//
// Give a Queue to an endpoint's Handler, not to its Wrap. One Queue may serve
// several endpoints.
//
// The handler's context is not the request's: it carries no values, has a deadline,
// and is cancelled when Shutdown is forced. A Queue is safe for concurrent use, and
// has no goroutines while it is idle. Make one with [NewQueue].
type Queue struct {
	h    Handler
	c    QueueConfig
	base context.Context
	stop context.CancelCauseFunc
	idle chan struct{} // closed when the queue is closed and empty and no handler runs

	mu      sync.Mutex
	seq     uint64
	waiting list.List            // of *queued: all that wait, by arrival
	ready   list.List            // of *queued: those of waiting whose turn it is
	keys    map[string][]*queued // for each key that is being handled or ready, what waits behind it
	running map[*queued]struct{}
	bytes   int64 // of Raw in waiting
	closed  bool
	forced  bool
	left    []*queued // cut short by a forced shutdown
}

type queued struct {
	event *Event
	key   string
	size  int64 // of Raw, as it came
	since time.Time
	seq   uint64
	place *list.Element // in waiting
	taken bool          // returned by Shutdown, or kept for it in left, while it was still running
}

// NewQueue returns a Queue in front of h. It panics if h is nil or a number in c is
// negative.
func NewQueue(h Handler, c QueueConfig) *Queue {
	if h == nil {
		panic(errNilHandler)
	}
	if c.Workers < 0 || c.Depth < 0 || c.MaxBytes < 0 || c.HandlerTimeout < 0 || c.RetryAfter < 0 || c.Grace < 0 {
		panic("event: negative value in QueueConfig")
	}
	c.Workers = cmp.Or(c.Workers, DefaultQueueWorkers)
	c.Depth = cmp.Or(c.Depth, DefaultQueueDepth)
	c.MaxBytes = cmp.Or(c.MaxBytes, DefaultQueueMaxBytes)
	c.HandlerTimeout = cmp.Or(c.HandlerTimeout, DefaultQueueHandlerTimeout)
	c.RetryAfter = cmp.Or(c.RetryAfter, DefaultQueueRetryAfter)
	c.Grace = cmp.Or(c.Grace, DefaultQueueGrace)
	q := &Queue{
		h: h, c: c, idle: make(chan struct{}),
		keys: make(map[string][]*queued), running: make(map[*queued]struct{}),
	}
	q.base, q.stop = context.WithCancelCause(context.Background())
	return q
}

// HandleEvent queues e and returns nil, or [ErrQueueFull] or [ErrQueueClosed],
// marked [Unavailable]. It does not wait, and ignores its context.
func (q *Queue) HandleEvent(_ context.Context, e *Event) error {
	x := &queued{event: e, size: int64(len(e.Raw)), since: time.Now()}
	if q.c.Key != nil {
		x.key = q.c.Key(e)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return Unavailable(ErrQueueClosed, q.c.RetryAfter)
	}
	x.seq = q.seq
	q.seq++
	behind, busy := q.keys[x.key]
	if !busy && len(q.running) < q.c.Workers {
		// While a worker is free nothing is ready.
		q.occupy(x.key)
		q.running[x] = struct{}{}
		go q.work(x)
		return nil
	}
	if q.waiting.Len() >= q.c.Depth || q.bytes+x.size > q.c.MaxBytes {
		return Unavailable(ErrQueueFull, q.c.RetryAfter)
	}
	x.place = q.waiting.PushBack(x)
	q.bytes += x.size
	if busy {
		q.keys[x.key] = append(behind, x)
		return nil
	}
	q.occupy(x.key)
	q.ready.PushBack(x)
	return nil
}

func (q *Queue) occupy(key string) {
	if key != "" {
		q.keys[key] = nil
	}
}

// work handles x and then whatever is ready.
func (q *Queue) work(x *queued) {
	for x != nil {
		x = q.handle(x)
	}
}

// handle handles x and returns what the worker has to handle next.
func (q *Queue) handle(x *queued) (next *queued) {
	returned := false
	defer func() {
		next = q.finish(x)
		if !returned && next != nil {
			go q.work(next) // in place of the goroutine that is ending
		}
	}()
	q.call(x)
	returned = true
	return nil
}

// call calls the handler for x and reports its error. It does not return if the
// handler or OnError ends the goroutine.
func (q *Queue) call(x *queued) {
	err := errGoexit
	defer func() {
		if err != nil && !q.cutShort(x, err) {
			q.report(x.event, err)
		}
	}()
	ctx, cancel := context.WithTimeout(q.base, q.c.HandlerTimeout)
	defer cancel()
	err = call(ctx, q.h, x.event)
}

// cutShort reports whether a forced shutdown is taken to be the reason for err,
// and keeps x for Shutdown to return.
func (q *Queue) cutShort(x *queued, err error) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.forced || IsPermanent(err) {
		return false
	}
	if !x.taken {
		x.taken = true
		q.left = append(q.left, x)
	}
	return true
}

// finish ends the handling of x and returns what its worker has to handle next.
func (q *Queue) finish(x *queued) (next *queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.running, x)
	if behind := q.keys[x.key]; len(behind) > 0 {
		q.ready.PushBack(behind[0])
		behind[0] = nil
		q.keys[x.key] = behind[1:]
	} else {
		delete(q.keys, x.key)
	}
	if front := q.ready.Front(); front != nil {
		next = q.ready.Remove(front).(*queued)
		q.waiting.Remove(next.place)
		q.bytes -= next.size
		q.running[next] = struct{}{}
	}
	q.signal()
	return next
}

// signal closes idle when there is nothing more to come.
func (q *Queue) signal() {
	if !q.closed || len(q.running) > 0 || q.waiting.Len() > 0 {
		return
	}
	select {
	case <-q.idle:
	default:
		close(q.idle)
	}
}

func (q *Queue) report(e *Event, err error) {
	level := slog.LevelError
	if IsPermanent(err) {
		level = slog.LevelWarn
	}
	logger(q.c.Logger).LogAttrs(q.base, level, "event: handling a queued event failed", describe(e, err)...)
	if q.c.OnError == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			err := panicked(v)
			logger(q.c.Logger).LogAttrs(q.base, slog.LevelError, "event: OnError panicked", describe(e, err)...)
		}
	}()
	q.c.OnError(e, err)
}

// Shutdown stops accepting events and waits until all that were accepted have
// been handled. It then returns nil, nil, and no goroutine of the queue is left.
//
// If ctx ends first, Shutdown cancels the contexts of the handlers, waits for Grace,
// and returns the events that were not handled, in the order of their arrival, so
// that they can be saved. These are the events that still waited; those whose
// handler failed then, without a [Permanent] error, which is not reported; and those
// whose handler still runs because it ignores its context, and may yet succeed. The
// error says how many events were left, and why. It is nil if none were.
//
// Shut the HTTP server down first: its requests need the queue. Shutdown may be
// called again; it returns an event only once.
func (q *Queue) Shutdown(ctx context.Context) ([]*Event, error) {
	q.mu.Lock()
	q.closed = true
	q.signal()
	q.mu.Unlock()
	select {
	case <-q.idle:
	case <-ctx.Done():
		q.force()
	}
	q.mu.Lock()
	left := q.left
	q.left = nil
	for x := range q.running { // none unless forced
		if !x.taken {
			x.taken = true
			left = append(left, x)
		}
	}
	q.mu.Unlock()
	if len(left) == 0 {
		return nil, nil
	}
	slices.SortFunc(left, func(a, b *queued) int { return cmp.Compare(a.seq, b.seq) })
	events := make([]*Event, len(left))
	for i, x := range left {
		events[i] = x.event
	}
	return events, fmt.Errorf("event: queue shut down with %d events left: %w", len(events), cmp.Or(context.Cause(ctx), ErrQueueClosed))
}

// force empties the queue, cancels the handlers and gives them time to return.
func (q *Queue) force() {
	q.mu.Lock()
	q.forced = true
	for el := q.waiting.Front(); el != nil; el = el.Next() {
		q.left = append(q.left, el.Value.(*queued))
	}
	q.waiting.Init()
	q.ready.Init()
	clear(q.keys)
	q.bytes = 0
	q.signal()
	q.mu.Unlock()
	q.stop(ErrQueueClosed)
	t := time.NewTimer(q.c.Grace)
	defer t.Stop()
	select {
	case <-q.idle:
	case <-t.C:
	}
}

// Len returns how many events wait, without those that are being handled.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting.Len()
}

// Bytes returns the sum of len(Raw) of the events that wait.
func (q *Queue) Bytes() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// Oldest returns how long the oldest of the events that wait has waited, or zero if
// none waits.
func (q *Queue) Oldest() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if front := q.waiting.Front(); front != nil {
		return time.Since(front.Value.(*queued).since)
	}
	return 0
}
