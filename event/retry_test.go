package event_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

// attempts records when a handler under Retry was called, from the start.
type attempts struct {
	start time.Time
	at    []time.Duration
	f     func(ctx context.Context, call int) error
}

func (a *attempts) HandleEvent(ctx context.Context, _ *event.Event) error {
	if a.at == nil {
		a.start = time.Now()
	}
	a.at = append(a.at, time.Since(a.start))
	return a.f(ctx, len(a.at))
}

func TestRetry_Defaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := quiet()
		var timeouts []time.Duration
		a := &attempts{f: func(ctx context.Context, _ int) error {
			deadline, _ := ctx.Deadline()
			timeouts = append(timeouts, time.Until(deadline))
			return errBroken
		}}
		err := event.Retry(event.RetryConfig{Logger: log})(a).HandleEvent(bg, delivery("a"))
		require.ErrorIs(t, err, errBroken)
		assert.EqualError(t, err, "event: after 5 attempts: broken")
		require.Len(t, a.at, 5)
		for i, most := range []time.Duration{0, 1, 2, 4, 8} {
			if i > 0 {
				assert.LessOrEqual(t, a.at[i]-a.at[i-1], most*time.Second)
			}
			assert.Equal(t, 30*time.Second, timeouts[i])
		}
		assert.Equal(t, 4, strings.Count(out.String(), "level=WARN"))
		for _, want := range []string{"attempt=1", "attempt=4", "delay=", "endpoint=site", "vendor=relock", "id=a", "error=broken"} {
			assert.Contains(t, out.String(), want)
		}
	})
}

// Full jitter: pauses spread over all of zero to the ceiling, and not beyond.
func TestRetry_Jitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := quiet()
		var low, high time.Duration = math.MaxInt64, 0
		for range 500 {
			a := &attempts{f: func(context.Context, int) error { return errBroken }}
			_ = event.Retry(event.RetryConfig{Attempts: 2, Delay: time.Second, Logger: log})(a).HandleEvent(bg, delivery("a"))
			low, high = min(low, a.at[1]), max(high, a.at[1])
		}
		assert.Less(t, low, 50*time.Millisecond)
		assert.Greater(t, high, 950*time.Millisecond)
		assert.LessOrEqual(t, high, time.Second)
	})
}

func TestRetry_LongestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := quiet()
		ctx, cancel := context.WithTimeout(bg, time.Nanosecond)
		defer cancel()
		h := event.Retry(event.RetryConfig{Delay: math.MaxInt64, MaxDelay: math.MaxInt64, Logger: log})(handle(func(context.Context, *event.Event) error { return errBroken }))
		assert.ErrorIs(t, h.HandleEvent(ctx, delivery("a")), errBroken)
	})
}

func TestRetry_Stops(t *testing.T) {
	for name, tt := range map[string]struct {
		f     func(ctx context.Context, call int) error
		calls int
		err   string
	}{
		"success":       {func(context.Context, int) error { return nil }, 1, ""},
		"success later": {func(_ context.Context, call int) error { return map[bool]error{true: errBroken}[call < 3] }, 3, ""},
		"permanent":     {func(context.Context, int) error { return event.Permanent(errBroken) }, 1, "broken"},
		"permanent later": {func(_ context.Context, call int) error {
			if call < 3 {
				return errBroken
			}
			return event.Permanent(errBroken)
		}, 3, "event: after 3 attempts: broken"},
		"partly permanent": {func(context.Context, int) error { return errors.Join(event.Permanent(errBroken), errBroken) }, 4, "event: after 4 attempts: broken\nbroken"},
		"panic":            {func(context.Context, int) error { boom(); return nil }, 4, "event: after 4 attempts: event: callback panicked: boom"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, _ := quiet()
				a := &attempts{f: tt.f}
				err := event.Retry(event.RetryConfig{Attempts: 4, Logger: log})(a).HandleEvent(bg, delivery("a"))
				assert.Len(t, a.at, tt.calls)
				if tt.err == "" {
					assert.NoError(t, err)
					return
				}
				assert.EqualError(t, err, tt.err)
				assert.Equal(t, strings.HasPrefix(name, "permanent"), event.IsPermanent(err))
				if p, ok := errors.AsType[*event.PanicError](err); name == "panic" && assert.True(t, ok) {
					assert.Contains(t, string(p.Stack), "boom(")
				}
			})
		})
	}
}

func TestRetry_Context(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := quiet()
		failing := func(context.Context, int) error { return errBroken }
		retry := event.Retry(event.RetryConfig{Delay: time.Hour, MaxDelay: time.Hour, Attempts: 100, Logger: log})

		// Cancelled in a pause, with the cause in the error.
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(bg)
		time.AfterFunc(time.Millisecond, func() { cancel(why) })
		a := &attempts{f: failing}
		start := time.Now()
		err := retry(a).HandleEvent(ctx, delivery("a"))
		assert.ErrorIs(t, err, errBroken)
		assert.ErrorIs(t, err, why)
		assert.Equal(t, time.Millisecond, time.Since(start))
		assert.Contains(t, err.Error(), "after attempt 1")

		// Cancelled before: called once.
		out.Reset()
		a = &attempts{f: failing}
		err = retry(a).HandleEvent(ctx, delivery("a"))
		assert.ErrorIs(t, err, why)
		assert.Len(t, a.at, 1)
		assert.Equal(t, time.Millisecond, time.Since(start), "no pause")
		assert.Empty(t, out.String(), "nor the promise of one")

		// The error of the context itself is not repeated.
		a = &attempts{f: func(ctx context.Context, _ int) error { return context.Cause(ctx) }}
		assert.Equal(t, why, retry(a).HandleEvent(ctx, delivery("a")))

		// A pause that the deadline would cut short is not begun.
		ctx2, cancel2 := context.WithTimeout(bg, time.Minute)
		defer cancel2()
		a = &attempts{f: func(context.Context, int) error { return event.Unavailable(errBroken, time.Minute) }}
		start = time.Now()
		err = retry(a).HandleEvent(ctx2, delivery("a"))
		assert.Zero(t, time.Since(start))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		after, ok := event.IsUnavailable(err)
		assert.True(t, ok)
		assert.Equal(t, time.Minute, after)
		assert.False(t, event.IsPermanent(err))
	})
}

func TestRetry_TimeoutOfAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := quiet()
		hang := func(ctx context.Context, call int) error {
			if call < 3 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		a := &attempts{f: hang}
		assert.NoError(t, event.Retry(event.RetryConfig{Timeout: time.Minute, Delay: 1, Logger: log})(a).HandleEvent(bg, delivery("a")))
		require.Len(t, a.at, 3)
		assert.InDelta(t, 2*time.Minute, a.at[2], 10)

		ctx, cancel := context.WithTimeout(bg, time.Hour)
		defer cancel()
		a = &attempts{f: func(ctx context.Context, _ int) error {
			deadline, _ := ctx.Deadline()
			assert.Equal(t, time.Hour, time.Until(deadline))
			return nil
		}}
		assert.NoError(t, event.Retry(event.RetryConfig{Timeout: -1})(a).HandleEvent(ctx, delivery("a")))
	})
}

func TestRetry_Construction(t *testing.T) {
	for name, c := range map[string]event.RetryConfig{
		"Attempts": {Attempts: -1}, "Delay": {Delay: -1}, "MaxDelay": {MaxDelay: -1},
	} {
		assert.Panics(t, func() { event.Retry(c) }, name)
	}
	assert.Panics(t, func() { event.Retry(event.RetryConfig{})(nil) })

	const text = "event: Retry around a Queue retries nothing: put the Queue around Retry"
	queue := event.NewQueue(new(script), event.QueueConfig{})
	mux := event.NewMux()
	mux.Handle("session.*", queue)
	retry := event.Retry(event.RetryConfig{})
	for name, h := range map[string]event.Handler{
		"queue":              queue,
		"recover, queue":     event.Recover(queue),
		"wrapper of another": wrapper{event.Recover(queue)},
	} {
		assert.PanicsWithValue(t, text, func() { retry(h) }, name)
	}
	for name, h := range map[string]event.Handler{
		"a mux that has other handlers too": mux,
		"a queue that is wanted so":         event.HandlerFunc(queue.HandleEvent),
		"dedupe":                            event.Dedupe(event.DedupeConfig{})(new(script)),
		"wrapper of nothing":                wrapper{},
	} {
		assert.NotPanics(t, func() { retry(h) }, name)
	}
}
