package event_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
)

// The first delivery of an event works for all that wait. What ends it alone must
// not end the others: they take over, one after another.
func TestDedupe_WaitersTakeOver(t *testing.T) {
	aborts := func(context.Context) error { panic(http.ErrAbortHandler) }
	for name, tt := range map[string]struct {
		first  func(context.Context) error // the handler of the first delivery, whose context ends after a second
		calls  int64
		second error // what the second delivery is answered
	}{
		"returns its context's error":  {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 2, nil},
		"wraps it":                     {func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("query: %w", ctx.Err()) }, 2, nil},
		"returns another error for it": {func(ctx context.Context) error { <-ctx.Done(); return errBroken }, 2, nil},
		"unavailable for it":           {func(ctx context.Context) error { <-ctx.Done(); return event.Unavailable(errBroken, time.Second) }, 2, nil},
		"panics for it":                {func(ctx context.Context) error { <-ctx.Done(); panic("boom") }, 2, nil},
		"ends its goroutine for it":    {func(ctx context.Context) error { <-ctx.Done(); runtime.Goexit(); return nil }, 2, nil},
		"aborts its own request":       {aborts, 2, nil},
		"aborts, contained by a Mux": {func(ctx context.Context) error {
			return event.Recover(event.HandlerFunc(func(ctx context.Context, _ *event.Event) error { return aborts(ctx) })).HandleEvent(ctx, nil)
		}, 2, nil},
		"succeeds late":                   {func(ctx context.Context) error { <-ctx.Done(); time.Sleep(time.Second); return nil }, 1, nil},
		"fails for good":                  {func(ctx context.Context) error { <-ctx.Done(); return event.Permanent(errBroken) }, 1, event.Permanent(errBroken)},
		"fails":                           {func(context.Context) error { return errBroken }, 1, errBroken},
		"fails with a context of its own": {func(context.Context) error { return context.Canceled }, 1, context.Canceled},
		"returns what aborts":             {func(context.Context) error { return http.ErrAbortHandler }, 1, http.ErrAbortHandler},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{f: func(ctx context.Context, call int64) error {
					if call > 1 {
						assert.NoError(t, ctx.Err(), "of the delivery that took over")
						return nil
					}
					time.Sleep(500 * time.Millisecond) // until the second waits
					return tt.first(ctx)
				}}
				h := event.Dedupe(event.DedupeConfig{})(s)
				ctx, cancel := context.WithCancel(bg)
				go func() {
					defer func() { _ = recover() }()
					_ = h.HandleEvent(ctx, delivery("a"))
				}()
				time.AfterFunc(time.Second, cancel)
				synctest.Wait()
				assert.Equal(t, tt.second, h.HandleEvent(bg, delivery("a")))
				assert.Equal(t, tt.calls, s.calls.Load())
			})
		})
	}
}

// Each of those that wait has a context of its own: the second gives up as well,
// the third succeeds, and the rest share that.
func TestDedupe_WaitersTakeOverOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		running := 0
		s := &script{f: func(ctx context.Context, call int64) error {
			running++
			defer func() { running-- }()
			assert.Equal(t, 1, running)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Minute):
				return nil
			}
		}}
		h := event.Dedupe(event.DedupeConfig{Observe: seen.observe})(s)
		var wg sync.WaitGroup
		for i := range 10 {
			timeout := time.Hour
			if i < 2 {
				timeout = time.Duration(i+1) * 10 * time.Second
			}
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(bg, timeout)
				defer cancel()
				err := h.HandleEvent(ctx, delivery("a"))
				if i == 0 {
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				} else if i > 1 {
					assert.NoError(t, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		assert.Contains(t, []int64{2, 3}, s.calls.Load(), "who of the waiting takes over is not said")
		assert.Equal(t, 10, seen.n["handled"]+seen.n["shared"]+seen.n["busy"])
	})
}

// A delivery whose own context has ended does not take over.
func TestDedupe_EndedWaiterDoesNotTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		s := &script{f: func(ctx context.Context, _ int64) error { <-ctx.Done(); return ctx.Err() }}
		h := event.Dedupe(event.DedupeConfig{Observe: seen.observe})(s)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { assert.Error(t, h.HandleEvent(ctx, delivery("a"))) })
		}
		wg.Wait()
		assert.EqualValues(t, 1, s.calls.Load())
		assert.Empty(t, cmp.Diff(map[string]int{"handled": 1, "busy": 49}, seen.n))
	})
}
