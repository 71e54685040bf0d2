package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Defaults of [RetryConfig].
const (
	DefaultRetryAttempts = 5
	DefaultRetryDelay    = time.Second
	DefaultRetryMaxDelay = time.Minute
	DefaultRetryTimeout  = 30 * time.Second
)

// RetryConfig says how [Retry] works. The zero RetryConfig is ready to use.
type RetryConfig struct {
	// Attempts is how often the handler is called at most, the first call
	// included. Zero: 5.
	Attempts int
	// Delay is the longest pause after the first attempt. It doubles with each
	// attempt, up to MaxDelay. Each pause is random between zero and that, so that
	// events that failed together are not tried again together. Zero: 1 second.
	Delay time.Duration
	// MaxDelay is the longest pause, not counting what [Unavailable] asks for.
	// Zero: 1 minute.
	MaxDelay time.Duration
	// Timeout is the deadline of the context of each attempt. Zero: 30 seconds.
	// Negative: only that of the caller's context.
	Timeout time.Duration
	// Logger gets each failure that is tried again, at level Warn with the keys
	// attempt, delay, endpoint, vendor, id, type, error, and stack for a panic.
	// The last failure is left to the caller. Nil: slog.Default at the time.
	Logger *slog.Logger
}

// Retry returns a wrapper that calls its handler again if it fails.
//
// It stops when the handler returns nil or a [Permanent] error, when the attempts
// are used up, and when the context ends. It does not begin a pause that the
// context's deadline would cut short. After an error marked [Unavailable] the pause
// is its retryAfter and the random pause. A panic is a failure and becomes a
// [*PanicError]. The handler is always called once, even if the context has ended.
//
// The error is the last one, with the number of attempts if there were several. It
// is Unavailable or Permanent if the last one was.
//
// Use Retry under a [Queue], whose HandlerTimeout limits all attempts together.
// Directly under an endpoint the sender waits for all of them, with its connection
// open. In an endpoint's Middleware it does not work, since a request can be handled
// only once. A pause occupies the worker of the queue, and blocks later events of
// the same key. Nothing is kept on disk: an event that is being tried again when the
// process ends is lost, unless Queue.Shutdown returned it.
//
// Around a Queue it would try nothing again, since a Queue answers at once. The
// wrapper panics if it is put around a Queue, or around wrappers of one that have a
// method Unwrap() Handler, as those of this package have. It does not look into a
// [Mux], whose other handlers may need it, or into functions.
//
// Retry panics if Attempts, Delay or MaxDelay is negative, the wrapper if its
// handler is nil.
func Retry(c RetryConfig) func(Handler) Handler {
	if c.Attempts < 0 || c.Delay < 0 || c.MaxDelay < 0 {
		panic("event: negative value in RetryConfig")
	}
	if c.Attempts == 0 {
		c.Attempts = DefaultRetryAttempts
	}
	if c.Delay == 0 {
		c.Delay = DefaultRetryDelay
	}
	if c.MaxDelay == 0 {
		c.MaxDelay = DefaultRetryMaxDelay
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultRetryTimeout
	}
	return func(h Handler) Handler {
		if h == nil {
			panic(errNilHandler)
		}
		if wrapsQueue(h) {
			panic("event: Retry around a Queue retries nothing: put the Queue around Retry")
		}
		return &retrying{c: c, next: h, jitter: rand.N[time.Duration]}
	}
}

// wrapsQueue reports whether h is a Queue, or a wrapper that leads to one.
func wrapsQueue(h Handler) bool {
	for h != nil {
		if _, ok := h.(*Queue); ok {
			return true
		}
		w, ok := h.(interface{ Unwrap() Handler })
		if !ok {
			return false
		}
		h = w.Unwrap()
	}
	return false
}

type retrying struct {
	c      RetryConfig
	next   Handler
	jitter func(d time.Duration) time.Duration // from 0 to less than d
}

func (r *retrying) Unwrap() Handler { return r.next }

func (r *retrying) HandleEvent(ctx context.Context, e *Event) error {
	ceiling := min(r.c.Delay, r.c.MaxDelay)
	for attempt := 1; ; attempt++ {
		err := r.try(ctx, e)
		if err == nil {
			return nil
		}
		if attempt >= r.c.Attempts || IsPermanent(err) {
			return afterAttempts(attempt, err)
		}
		delay := r.jitter(ceiling)
		if retryAfter, ok := IsUnavailable(err); ok {
			delay = max(retryAfter, retryAfter+delay) // the sum may overflow
		}
		ceiling = double(ceiling, r.c.MaxDelay)
		if cause := context.Cause(ctx); cause != nil {
			return stoppedAfterAttempts(attempt, err, cause)
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
			return stoppedAfterAttempts(attempt, err, context.DeadlineExceeded)
		}
		logger(r.c.Logger).LogAttrs(ctx, slog.LevelWarn, "event: trying again", append(
			[]slog.Attr{slog.Int("attempt", attempt), slog.Duration("delay", delay)}, describe(e, err)...)...)
		if !sleep(ctx, delay) {
			return stoppedAfterAttempts(attempt, err, context.Cause(ctx))
		}
	}
}

func (r *retrying) try(ctx context.Context, e *Event) error {
	if r.c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.c.Timeout)
		defer cancel()
	}
	return call(ctx, r.next, e)
}

// double returns 2*d or limit, whichever is less.
func double(d, limit time.Duration) time.Duration {
	if d > limit/2 {
		return limit
	}
	return 2 * d
}

func afterAttempts(n int, err error) error {
	if n == 1 {
		return err
	}
	return fmt.Errorf("event: after %d attempts: %w", n, err)
}

func stoppedAfterAttempts(n int, err, cause error) error {
	if errors.Is(err, cause) {
		return afterAttempts(n, err)
	}
	return fmt.Errorf("event: stopped (%w) after attempt %d: %w", cause, n, err)
}

// sleep waits for d and reports whether ctx lasted so long.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
