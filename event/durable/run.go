package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/event"
)

const (
	// pollWait is how long a worker waits for an event before it checks whether to stop.
	pollWait = 500 * time.Millisecond
	// faultWait is the longest pause while the servers cannot be reached.
	faultWait = 5 * time.Second
	// longestPause is the longest pause between two attempts. The record of attempts
	// must outlive it.
	longestPause = attemptsKept / 2
	// flushWait is how long the end of Run waits for the server to take the last
	// acknowledgements.
	flushWait = 5 * time.Second
)

// A run is one call of Runner.Run.
type run struct {
	*Store
	c Consumer
	h event.Handler

	began   time.Time
	done    <-chan struct{}  // closed when the run must end
	journal jetstream.Stream // of attempts
	feeds   []*feed          // of each shard
	peers   peers
	online  func() bool // whether there is a connection

	stop  context.CancelCauseFunc // ends all workers
	works sync.WaitGroup
}

// An ended is why a run ended by itself. If the caller ended its context, the cause is
// another error.
type ended struct{ error }

func newRun(s *Store, c Consumer, h event.Handler) *run {
	r := &run{Store: s, c: c, h: s.withOrigin(h), online: s.nc.IsConnected}
	for shard := range s.c.Shards {
		r.feeds = append(r.feeds, &feed{shard: shard})
	}
	return r
}

func (r *run) run(ctx context.Context) error {
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	r.done = ctx.Done()
	defer r.meet()()
	err := r.create(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	r.began = time.Now()
	workers := r.c.Workers
	if r.Store.c.Order != OrderNone {
		workers = 1
	}
	for _, f := range r.feeds {
		for range workers {
			r.works.Go(func() { r.work(ctx, f) })
		}
		r.works.Go(func() { r.tend(ctx, f) })
	}
	r.works.Go(func() { r.purgeLoop(ctx) })
	r.works.Wait()

	flush, cancel := context.WithTimeout(context.Background(), flushWait)
	defer cancel()
	for _, f := range r.feeds {
		f.source.Load().closeMark(flush)
	}
	_ = r.nc.FlushWithContext(flush) // else the last events come again
	if end, ok := context.Cause(ctx).(ended); ok {
		return end.error
	}
	return nil
}

// create creates the consumer in each shard, and waits for servers that cannot be
// reached, and for streams that were deleted.
func (r *run) create(ctx context.Context) error {
	pause := 50 * time.Millisecond
	for {
		err := r.tryCreate(ctx)
		var refused *jetstream.APIError
		gone := errors.Is(err, jetstream.ErrStreamNotFound)
		if err == nil || ctx.Err() != nil || errors.As(err, &refused) && refused.Code < 500 && !gone || errors.Is(err, nats.ErrConnectionClosed) ||
			errors.Is(err, nats.ErrPermissionViolation) || errors.Is(err, ErrSettings) {
			return err
		}
		r.log().LogAttrs(ctx, slog.LevelWarn, "durable: cannot begin yet",
			slog.String("consumer", r.c.Name), slog.String("error", err.Error()))
		pause = min(2*pause, faultWait)
		sleep(ctx, pause)
	}
}

func (r *run) tryCreate(ctx context.Context) (err error) {
	if r.journal, err = r.js.Stream(ctx, r.names.attempts()); err != nil {
		return fmt.Errorf("durable: stream %s: %w", r.names.attempts(), err)
	}
	for _, f := range r.feeds {
		if f.source.Load() != nil {
			continue // of an earlier try
		}
		if err := r.open(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// work handles the events of a shard one after another. It does not fetch ahead: an event
// that waits here would use up its lease, and an attempt.
func (r *run) work(ctx context.Context, f *feed) {
	returned := false
	defer func() {
		if !returned { // a callback ended the goroutine
			r.works.Go(func() { r.work(ctx, f) })
		}
	}()
	pause := time.Duration(0)
	for ctx.Err() == nil {
		source := f.source.Load()
		err := r.next(ctx, f, source)
		if err == nil {
			pause = 0
			continue
		}
		if r.ends(ctx, f, source, err) {
			break
		}
		pause = min(max(2*pause, 50*time.Millisecond), faultWait)
		sleep(ctx, pause)
	}
	returned = true
}

// next waits for an event of a shard, for pollWait at most, and handles it.
func (r *run) next(ctx context.Context, f *feed, s *source) error {
	asked := time.Now()
	batch, err := s.consumer.Fetch(1, jetstream.FetchMaxWait(pollWait))
	if err != nil {
		return err
	}
	// Not ended by ctx: an event that the server has delivered would wait for its lease.
	for m := range batch.Messages() {
		r.deliver(ctx, f, s, m, asked)
	}
	return batch.Error()
}

// ends reports whether err ends the run, and ends it. Otherwise the servers may be back
// later.
func (r *run) ends(ctx context.Context, f *feed, s *source, err error) bool {
	if errors.Is(err, nats.ErrConnectionClosed) {
		r.stop(ended{err})
		return true
	}
	_, infoErr := r.js.Consumer(ctx, r.names.stream(f.shard), r.c.Name)
	if isGone(err) || isGone(infoErr) {
		r.renew(ctx, f, s)
		return ctx.Err() != nil
	}
	if infoErr != nil && ctx.Err() == nil {
		r.log().LogAttrs(ctx, slog.LevelWarn, "durable: cannot fetch events",
			slog.String("consumer", r.c.Name), slog.Int("shard", f.shard), slog.String("error", err.Error()))
	}
	return false
}

// deliver handles one event, and tells the store the outcome. The server was asked for
// an event at the time asked, and has delivered it since then.
func (r *run) deliver(ctx context.Context, f *feed, s *source, m jetstream.Msg, asked time.Time) {
	ctx = context.WithoutCancel(ctx)
	meta, err := m.Metadata()
	if err != nil {
		r.failed(ctx, "read", nil, err) // not from a consumer: nothing to answer
		return
	}
	d := &delivery{
		run: r, msg: m, feed: f, source: s, made: s.made, meta: meta, mark: s.mark, lease: lease{start: asked},
	}
	defer f.holds.end(d)
	d.recorded = meta.NumDelivered > 1 || r.c.MaxAttempts == 1 || d.mark == nil && time.Since(r.began) < warmUp
	a := Attempt{Consumer: r.c.Name}
	d.attempt(ctx, &a)
	d.observe(ctx, a)
}

var (
	errNotFinished = errors.New("durable: no attempt came to an end: the process died, or a callback outran its lease")
	errRunEnded    = errors.New("durable: given back: Run was cancelled")
	errHeld        = errors.New("durable: given back: it came too early, or a callback has it")
	errNotAlone    = errors.New("durable: given back: another event that may have killed the process took too long")
)

func (r *run) observe(ctx context.Context, a Attempt) {
	if r.c.Observe == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			r.failed(ctx, "observe", a.Event, &event.PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	r.c.Observe(ctx, a)
}

// failed logs an error of the given step with an event.
func (r *run) failed(ctx context.Context, op string, e *event.Event, err error) {
	r.log().LogAttrs(ctx, slog.LevelError, "durable: failed", append(describe(e, err),
		slog.String("op", op), slog.String("consumer", r.c.Name))...)
}

// longestDelay is the longest pause after attempt n. The shortest is half of that.
func (c Consumer) longestDelay(n int) time.Duration {
	longest := min(c.Delay, c.MaxDelay)
	for range n - 1 {
		if longest > c.MaxDelay/2 {
			return c.MaxDelay
		}
		longest *= 2
	}
	return longest
}

// delay is the pause after attempt n, which failed with err.
func (c Consumer) delay(n int, err error) time.Duration {
	longest := c.longestDelay(n)
	pause := longest/2 + rand.N(longest/2+1)
	if after, ok := event.IsUnavailable(err); ok {
		pause += min(max(after, 0), longestPause)
	}
	return min(pause, longestPause)
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
