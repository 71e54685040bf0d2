package event_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

type handle = event.HandlerFunc

func ids(events []*event.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, e.ID)
	}
	return all
}

func fillUp(t *testing.T, q *event.Queue, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, q.HandleEvent(bg, delivery(strconv.Itoa(i))))
	}
}

func drain(t *testing.T, q *event.Queue) {
	t.Helper()
	left, err := q.Shutdown(bg)
	assert.NoError(t, err)
	assert.Empty(t, left)
	assert.Zero(t, q.Len())
	assert.Zero(t, q.Bytes())
	assert.Zero(t, q.Oldest())
}

func TestQueue_Workers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most, calls atomic.Int64
		q := event.NewQueue(handle(func(context.Context, *event.Event) error {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			calls.Add(1)
			return nil
		}), event.QueueConfig{Workers: 3})
		start := time.Now()
		fillUp(t, q, 10)
		assert.Zero(t, time.Since(start))
		assert.Equal(t, 7, q.Len(), "three are handed to workers at once")
		assert.EqualValues(t, 14, q.Bytes())
		time.Sleep(1500 * time.Millisecond)
		assert.Equal(t, 4, q.Len())
		assert.Equal(t, 1500*time.Millisecond, q.Oldest())
		drain(t, q)
		assert.Equal(t, 4*time.Second, time.Since(start))
		assert.EqualValues(t, 3, most.Load())
		assert.EqualValues(t, 10, calls.Load())
	})
}

func TestQueue_Context(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		for timeout, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, time.Second: time.Second} {
			var err error
			log, _ := quiet()
			q := event.NewQueue(handle(func(ctx context.Context, e *event.Event) error {
				assert.Nil(t, ctx.Value(key{}))
				deadline, _ := ctx.Deadline()
				assert.Equal(t, want, time.Until(deadline))
				<-ctx.Done()
				err = ctx.Err()
				return err
			}), event.QueueConfig{HandlerTimeout: timeout, Logger: log})
			// Work outlives the request (treeverse/lakeFS#10453).
			ctx, cancel := context.WithCancel(context.WithValue(bg, key{}, 1))
			cancel()
			require.NoError(t, q.HandleEvent(ctx, delivery("a")))
			drain(t, q)
			assert.Equal(t, context.DeadlineExceeded, err)
		}
	})
}

func TestQueue_Full(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		h := handle(func(context.Context, *event.Event) error { <-block; return nil })
		sized := func(n int) *event.Event { return &event.Event{Raw: make([]byte, n)} }
		refused := func(err error, after time.Duration) {
			t.Helper()
			assert.ErrorIs(t, err, event.ErrQueueFull)
			d, ok := event.IsUnavailable(err)
			assert.True(t, ok)
			assert.Equal(t, after, d)
		}

		depth := event.NewQueue(h, event.QueueConfig{Workers: 1, Depth: 2, RetryAfter: 3 * time.Second})
		fillUp(t, depth, 3)
		refused(depth.HandleEvent(bg, delivery("x")), 3*time.Second)
		assert.Equal(t, 2, depth.Len())

		size := event.NewQueue(h, event.QueueConfig{Workers: 1, MaxBytes: 100})
		require.NoError(t, size.HandleEvent(bg, sized(1000)), "handed to the free worker")
		require.NoError(t, size.HandleEvent(bg, sized(60)))
		refused(size.HandleEvent(bg, sized(41)), 10*time.Second)
		require.NoError(t, size.HandleEvent(bg, sized(40)))
		assert.EqualValues(t, 100, size.Bytes())
		refused(size.HandleEvent(bg, sized(1)), 10*time.Second)
		require.NoError(t, size.HandleEvent(bg, sized(0)))

		def := event.NewQueue(h, event.QueueConfig{})
		fillUp(t, def, 8+1024)
		refused(def.HandleEvent(bg, delivery("x")), 10*time.Second)

		block <- struct{}{} // room again
		block <- struct{}{}
		close(block)
		for _, q := range []*event.Queue{depth, size, def} {
			synctest.Wait()
			assert.NoError(t, q.HandleEvent(bg, sized(100)))
			drain(t, q)
		}
	})
}

// Events behind a busy key count as waiting too.
func TestQueue_FullBehindAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		q := event.NewQueue(handle(func(context.Context, *event.Event) error { <-block; return nil }),
			event.QueueConfig{Workers: 4, Depth: 2, MaxBytes: 3, Key: func(*event.Event) string { return "k" }})
		require.NoError(t, q.HandleEvent(bg, delivery("a")))
		require.NoError(t, q.HandleEvent(bg, delivery("b")))
		assert.ErrorIs(t, q.HandleEvent(bg, delivery("c")), event.ErrQueueFull, "bytes")
		require.NoError(t, q.HandleEvent(bg, &event.Event{}))
		assert.ErrorIs(t, q.HandleEvent(bg, &event.Event{}), event.ErrQueueFull, "depth")
		assert.Equal(t, 2, q.Len())
		close(block)
		drain(t, q)
	})
}

// Events of one key are handled one after another in order, and those of all
// keys are handled, whatever the numbers of workers, keys and events.
func TestQueue_OrderPerKey(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			workers, keys, events := 1+r.IntN(6), 1+r.IntN(10), 1+r.IntN(300)
			var mu sync.Mutex
			busy, got, want := map[string]bool{}, map[string][]string{}, map[string][]string{}
			log, _ := quiet()
			free := 0 // handled without a key
			q := event.NewQueue(handle(func(_ context.Context, e *event.Event) error {
				key := e.User.ID
				mu.Lock()
				if key != "" && busy[key] {
					t.Errorf("seed %d: two of key %s at once", seed, key)
				}
				busy[key] = true
				pause := time.Duration(r.IntN(1000)) * time.Millisecond
				ending := r.IntN(12)
				mu.Unlock()
				time.Sleep(pause)
				mu.Lock()
				defer mu.Unlock()
				busy[key] = false
				if key == "" {
					free++
				} else {
					got[key] = append(got[key], e.ID)
				}
				switch ending {
				case 0:
					return errBroken
				case 1:
					panic("boom")
				case 2:
					runtime.Goexit()
				}
				return nil
			}), event.QueueConfig{Workers: workers, Key: event.ByUser, Logger: log})
			noKey, send := 0, rand.New(rand.NewPCG(seed, 1))
			for i := range events {
				e := delivery(strconv.Itoa(i))
				if k := send.IntN(keys + 1); k > 0 {
					e.User.ID = strconv.Itoa(k)
					want[e.User.ID] = append(want[e.User.ID], e.ID)
				} else {
					noKey++
				}
				require.NoError(t, q.HandleEvent(bg, e))
				if send.IntN(3) == 0 {
					time.Sleep(time.Duration(send.IntN(200)) * time.Millisecond)
				}
			}
			drain(t, q)
			assert.Empty(t, cmp.Diff(want, got), "seed %d", seed)
			assert.Equal(t, noKey, free)
		})
	}
}

// Without a key events begin in the order of their arrival.
func TestQueue_FirstInFirstOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []*event.Event
		q := event.NewQueue(handle(func(_ context.Context, e *event.Event) error {
			time.Sleep(time.Second)
			got = append(got, e)
			return nil
		}), event.QueueConfig{Workers: 1})
		fillUp(t, q, 5)
		drain(t, q)
		assert.Equal(t, []string{"0", "1", "2", "3", "4"}, ids(got))
	})
}

// A key that has many events waiting gets its turn like the others.
func TestQueue_KeysTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []*event.Event
		q := event.NewQueue(handle(func(_ context.Context, e *event.Event) error {
			time.Sleep(time.Second)
			got = append(got, e)
			return nil
		}), event.QueueConfig{Workers: 1, Key: func(e *event.Event) string { return e.ID[:1] }})
		for _, id := range []string{"a1", "a2", "a3", "b1", "b2", "c1"} {
			require.NoError(t, q.HandleEvent(bg, delivery(id)))
		}
		drain(t, q)
		assert.Equal(t, []string{"a1", "b1", "c1", "a2", "b2", "a3"}, ids(got))
	})
}

// A key that is slow, with many events behind it, holds one worker.
func TestQueue_SlowKeyBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var slow, fast time.Duration
		q := event.NewQueue(handle(func(_ context.Context, e *event.Event) error {
			if e.Lock.ID == "slow" {
				time.Sleep(time.Minute)
				slow = time.Since(start)
			} else {
				time.Sleep(time.Second)
				fast = time.Since(start)
			}
			return nil
		}), event.QueueConfig{Workers: 2, Key: event.ByLock})
		for range 20 {
			e := delivery("s")
			e.Lock.ID = "slow"
			require.NoError(t, q.HandleEvent(bg, e))
		}
		for i := range 10 {
			e := delivery("f")
			e.Lock.ID = strconv.Itoa(i)
			require.NoError(t, q.HandleEvent(bg, e))
		}
		drain(t, q)
		assert.Equal(t, 10*time.Second, fast)
		assert.Equal(t, 20*time.Minute, slow)
	})
}

func TestQueue_Errors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := quiet()
		var reported []error
		answers := map[string]error{"error": errBroken, "permanent": event.Permanent(errBroken)}
		q := event.NewQueue(handle(func(_ context.Context, e *event.Event) error {
			switch e.ID {
			case "panic":
				boom()
			case "exit":
				runtime.Goexit()
			}
			return answers[e.ID]
		}), event.QueueConfig{Workers: 1, Logger: log, OnError: func(e *event.Event, err error) {
			reported = append(reported, fmt.Errorf("%s: %w", e.ID, err))
			if e.ID == "permanent" {
				panic("in OnError")
			}
		}})
		for _, id := range []string{"fine", "error", "permanent", "panic", "exit", "fine"} {
			require.NoError(t, q.HandleEvent(bg, delivery(id)))
		}
		drain(t, q)
		require.Len(t, reported, 4)
		assert.EqualError(t, reported[0], "error: broken")
		assert.EqualError(t, reported[1], "permanent: broken")
		p, ok := errors.AsType[*event.PanicError](reported[2])
		require.True(t, ok)
		assert.Contains(t, string(p.Stack), "boom(")
		assert.ErrorContains(t, reported[3], "goroutine")

		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Len(t, lines, 5)
		for i, want := range [][]string{
			{"level=ERROR", "id=error", "error=broken", "endpoint=site", "vendor=relock", "type=session.started"},
			{"level=WARN", "id=permanent"},
			{"level=ERROR", "OnError panicked", "in OnError", "stack="},
			{"level=ERROR", "id=panic", "boom", "stack=", "boom("},
			{"level=ERROR", "id=exit"},
		} {
			for _, w := range want {
				assert.Contains(t, lines[i], w)
			}
		}
	})
}

// A failing test ends its goroutine, also in OnError.
func TestQueue_OnErrorExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := quiet()
		var handled []string
		q := event.NewQueue(handle(func(_ context.Context, e *event.Event) error {
			handled = append(handled, e.ID)
			return errBroken
		}), event.QueueConfig{Workers: 1, Key: func(*event.Event) string { return "k" }, Logger: log, OnError: func(*event.Event, error) { runtime.Goexit() }})
		fillUp(t, q, 3)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		left, err := q.Shutdown(ctx)
		assert.NoError(t, err)
		assert.Empty(t, left)
		assert.Equal(t, []string{"0", "1", "2"}, handled)
		assert.Equal(t, 3, strings.Count(out.String(), "level=ERROR"))
	})
}

// No event is a mistake of the caller's, and not to be found by a worker.
func TestQueue_NilEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := event.NewQueue(new(script), event.QueueConfig{})
		assert.Panics(t, func() { _ = q.HandleEvent(bg, nil) })
		drain(t, q)
	})
}

// Another handler of an event that writes to it, against the rules, does not make
// the queue miscount.
func TestQueue_RawChangesWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		q := event.NewQueue(handle(func(context.Context, *event.Event) error { <-block; return nil }), event.QueueConfig{Workers: 1})
		fillUp(t, q, 1)
		e := delivery("a")
		require.NoError(t, q.HandleEvent(bg, e))
		e.Raw = nil
		close(block)
		drain(t, q)
	})
}

func TestQueue_Closed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		q := event.NewQueue(handle(func(context.Context, *event.Event) error { <-block; return nil }), event.QueueConfig{RetryAfter: time.Second})
		require.NoError(t, q.HandleEvent(bg, delivery("a")))
		done := make(chan struct{})
		go func() { defer close(done); drain(t, q) }()
		synctest.Wait()
		err := q.HandleEvent(bg, delivery("b"))
		assert.ErrorIs(t, err, event.ErrQueueClosed)
		after, _ := event.IsUnavailable(err)
		assert.Equal(t, time.Second, after)
		close(block)
		<-done
		assert.ErrorIs(t, q.HandleEvent(bg, delivery("c")), event.ErrQueueClosed)
		drain(t, q) // again
	})
}

func TestQueue_ForcedShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := quiet()
		var cause atomic.Value
		q := event.NewQueue(handle(func(ctx context.Context, e *event.Event) error {
			<-ctx.Done()
			cause.Store(context.Cause(ctx))
			switch e.ID {
			case "1":
				return nil // finished all the same
			case "2":
				return event.Permanent(errBroken)
			}
			return ctx.Err()
		}), event.QueueConfig{Workers: 3, Key: event.ByUser, Logger: log})
		for i := range 8 {
			e := delivery(strconv.Itoa(i))
			if i%2 == 0 {
				e.User.ID = "u" // 0, 2, 4, 6
			}
			require.NoError(t, q.HandleEvent(bg, e))
		}
		synctest.Wait()
		// 0, 1 and 3 are being handled.
		assert.Equal(t, 5, q.Len())
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		start := time.Now()
		left, err := q.Shutdown(ctx)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, []string{"0", "2", "3", "4", "5", "6", "7"}, ids(left))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "7 events left")
		assert.Equal(t, event.ErrQueueClosed, cause.Load())
		assert.Empty(t, out.String(), "what is returned is not reported")
		drain(t, q) // nothing is returned twice
	})
}

func TestQueue_ForcedShutdown_NothingLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := quiet()
		q := event.NewQueue(handle(func(ctx context.Context, e *event.Event) error {
			<-ctx.Done()
			if e.ID == "0" {
				return event.Permanent(errBroken)
			}
			return nil
		}), event.QueueConfig{Logger: log})
		fillUp(t, q, 2)
		ctx, cancel := context.WithCancel(bg)
		cancel()
		left, err := q.Shutdown(ctx)
		assert.NoError(t, err)
		assert.Nil(t, left)
		assert.Equal(t, 1, strings.Count(out.String(), "level=WARN"))
	})
}

func TestQueue_ForcedShutdown_HandlerIgnoresItsContext(t *testing.T) {
	for name, end := range map[string]error{"succeeds": nil, "fails": errBroken} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				block := make(chan struct{})
				log, _ := quiet()
				q := event.NewQueue(handle(func(context.Context, *event.Event) error { <-block; return end }),
					event.QueueConfig{Workers: 2, Grace: 3 * time.Second, Logger: log})
				fillUp(t, q, 4)
				ctx, cancel := context.WithCancel(bg)
				cancel()
				start := time.Now()
				left, err := q.Shutdown(ctx)
				assert.Equal(t, 3*time.Second, time.Since(start))
				assert.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, []string{"0", "1", "2", "3"}, ids(left))

				left, err = q.Shutdown(ctx)
				assert.NoError(t, err)
				assert.Empty(t, left, "once")
				close(block)
				drain(t, q)
			})
		})
	}
}

// Whatever happens at shutdown, an event is handled or returned, exactly one of
// the two if handlers respect their context.
func TestQueue_ShutdownLosesNothing(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex
			handled := map[string]int{}
			q := event.NewQueue(handle(func(ctx context.Context, e *event.Event) error {
				mu.Lock()
				pause := time.Duration(r.IntN(1000)) * time.Millisecond
				mu.Unlock()
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(pause):
				}
				mu.Lock()
				defer mu.Unlock()
				handled[e.ID]++
				return nil
			}), event.QueueConfig{Workers: 1 + r.IntN(4), Key: event.ByUser})
			var accepted []string
			var wg sync.WaitGroup
			wg.Go(func() {
				for i := range 100 {
					e := delivery(strconv.Itoa(i))
					mu.Lock()
					e.User.ID = []string{"", "a", "b"}[r.IntN(3)]
					mu.Unlock()
					if q.HandleEvent(bg, e) == nil {
						accepted = append(accepted, e.ID)
					}
					time.Sleep(100 * time.Millisecond)
				}
			})
			time.Sleep(5 * time.Second)
			ctx, cancel := context.WithTimeout(bg, time.Duration(seed)*time.Second)
			defer cancel()
			left, err := q.Shutdown(ctx)
			assert.Equal(t, len(left) > 0, err != nil)
			wg.Wait()
			for _, e := range left {
				handled[e.ID]++
			}
			assert.Len(t, handled, len(accepted))
			for _, id := range accepted {
				assert.Equal(t, 1, handled[id], id)
			}
			assert.True(t, slices.IsSortedFunc(left, func(a, b *event.Event) int {
				x, _ := strconv.Atoi(a.ID)
				y, _ := strconv.Atoi(b.ID)
				return x - y
			}))
		})
	}
}

// An idle Queue has no goroutines, with or without Shutdown: synctest would
// report a deadlock of those that are left.
func TestQueue_NoGoroutinesWhileIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := event.NewQueue(handle(func(context.Context, *event.Event) error { return nil }), event.QueueConfig{})
		fillUp(t, q, 50)
		synctest.Wait()
		assert.Zero(t, q.Len())
		fillUp(t, q, 50)
	})
}

// The CloudEvents receiver hands events over an unbuffered channel and stalls for
// good once nobody takes them (cloudevents/sdk-go#1332).
func TestQueue_cloudevents1332_DoesNotStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := quiet()
		calls := 0
		q := event.NewQueue(handle(func(ctx context.Context, _ *event.Event) error {
			calls++
			<-ctx.Done() // hangs until its time is over
			return ctx.Err()
		}), event.QueueConfig{Workers: 1, Depth: 1, HandlerTimeout: time.Minute, Logger: log})
		for range 5 {
			ctx, cancel := context.WithCancel(bg)
			cancel() // the client has gone
			require.NoError(t, q.HandleEvent(ctx, delivery("a")))
			require.NoError(t, q.HandleEvent(ctx, delivery("b")))
			require.ErrorIs(t, q.HandleEvent(ctx, delivery("c")), event.ErrQueueFull)
			time.Sleep(2*time.Minute + 1)
		}
		drain(t, q)
		assert.Equal(t, 10, calls)
	})
}

// go-githubapp's workers range over a channel that nobody closes, so that there
// is no end to wait for: a deployment loses what is queued.
func TestQueue_goGithubapp_Drains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		q := event.NewQueue(handle(func(context.Context, *event.Event) error { time.Sleep(time.Second); calls.Add(1); return nil }), event.QueueConfig{Workers: 2})
		fillUp(t, q, 20)
		drain(t, q)
		assert.EqualValues(t, 20, calls.Load())
	})
}

// What the whole chain promises: an event that fails first is tried again, one
// that comes twice is handled once.
func TestQueue_Chain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := quiet()
		s := &script{f: func(_ context.Context, call int64) error {
			time.Sleep(time.Second)
			if call < 3 {
				return errBroken
			}
			return nil
		}}
		h := event.Retry(event.RetryConfig{Logger: log})(event.Dedupe(event.DedupeConfig{})(s))
		q := event.NewQueue(h, event.QueueConfig{})
		for range 20 {
			require.NoError(t, q.HandleEvent(bg, delivery("a")))
		}
		drain(t, q)
		assert.EqualValues(t, 3, s.calls.Load())
	})
}

func TestQueue_ShutdownEndsThePauseOfARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := quiet()
		h := event.Retry(event.RetryConfig{Logger: log})(handle(func(context.Context, *event.Event) error {
			return event.Unavailable(errBroken, time.Minute)
		}))
		q := event.NewQueue(h, event.QueueConfig{Workers: 1, Logger: log})
		fillUp(t, q, 2)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		start := time.Now()
		left, err := q.Shutdown(ctx)
		assert.Error(t, err)
		assert.Equal(t, []string{"0", "1"}, ids(left))
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestQueue_Concurrent(t *testing.T) {
	var calls atomic.Int64
	q := event.NewQueue(handle(func(context.Context, *event.Event) error { calls.Add(1); return nil }),
		event.QueueConfig{Workers: 4, Key: func(e *event.Event) string { return e.ID }})
	var accepted atomic.Int64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				if q.HandleEvent(bg, delivery(strconv.Itoa((w+i)%7))) == nil {
					accepted.Add(1)
				}
				if i%100 == 0 {
					_, _, _ = q.Len(), q.Bytes(), q.Oldest()
				}
			}
		})
	}
	wg.Wait()
	drain(t, q)
	assert.Equal(t, accepted.Load(), calls.Load())
}

func TestQueue_Construction(t *testing.T) {
	h := new(script)
	assert.Panics(t, func() { event.NewQueue(nil, event.QueueConfig{}) })
	for name, c := range map[string]event.QueueConfig{
		"Workers": {Workers: -1}, "Depth": {Depth: -1}, "MaxBytes": {MaxBytes: -1},
		"HandlerTimeout": {HandlerTimeout: -1}, "RetryAfter": {RetryAfter: -1}, "Grace": {Grace: -1},
	} {
		assert.Panics(t, func() { event.NewQueue(h, c) }, name)
	}
}

func TestQueueKeys(t *testing.T) {
	user := func(u event.User) *event.Event { return &event.Event{Vendor: "v", Source: "s", User: u} }
	lock := func(l event.Lock) *event.Event { return &event.Event{Vendor: "v", Source: "s", Lock: l} }
	seen := map[string]bool{"": true}
	for _, u := range []event.User{
		{ID: "a"}, {ID: "b"}, {Name: "a"}, {Name: "a", Domain: "d"}, {Name: "da"}, {Email: "a"}, {Phone: "a"},
	} {
		k := event.ByUser(user(u))
		assert.False(t, seen[k], "%+v", u)
		seen[k] = true
		other := user(u)
		other.Source = "s2"
		assert.NotEqual(t, k, event.ByUser(other))
		other = user(u)
		other.Vendor = "v2"
		assert.NotEqual(t, k, event.ByUser(other))
	}
	assert.Equal(t, event.ByUser(user(event.User{ID: "a"})), event.ByUser(user(event.User{ID: "a", Name: "n", Email: "e"})))
	assert.Equal(t, event.ByUser(user(event.User{Name: "n"})), event.ByUser(user(event.User{Name: "n", Email: "e", FullName: "f"})))
	assert.Empty(t, event.ByUser(user(event.User{FullName: "f"})))

	assert.NotEqual(t, event.ByLock(lock(event.Lock{ID: "a"})), event.ByLock(lock(event.Lock{Name: "a"})))
	assert.Equal(t, event.ByLock(lock(event.Lock{ID: "a"})), event.ByLock(lock(event.Lock{ID: "a", Name: "b", KeyID: "k"})))
	assert.NotEmpty(t, event.ByLock(lock(event.Lock{Name: "a"})))
	assert.Empty(t, event.ByLock(lock(event.Lock{KeyID: "a"})))
}

func BenchmarkQueue(b *testing.B) {
	for name, key := range map[string]func(*event.Event) string{"plain": nil, "by_user": event.ByUser} {
		b.Run(name, func(b *testing.B) {
			q := event.NewQueue(event.NewMux(), event.QueueConfig{Key: key})
			events := make([]*event.Event, 64)
			for i := range events {
				events[i] = delivery(strconv.Itoa(i))
				events[i].User.ID = strconv.Itoa(i % 16)
				events[i].Raw = bytes.Repeat([]byte("x"), 374)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				for q.HandleEvent(bg, events[i%64]) != nil {
					runtime.Gosched()
				}
				i++
			}
			_, _ = q.Shutdown(bg)
		})
	}
}
