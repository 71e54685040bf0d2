package event_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
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

var (
	errBroken = errors.New("broken")
	bg        = context.Background()
)

func delivery(id string) *event.Event {
	return &event.Event{
		ID: id, Vendor: "relock", Source: "site", Credential: "secret 1", Type: event.SessionStarted, Raw: []byte(`{}`),
	}
}

// quiet is a logger that keeps what it gets.
func quiet() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}

// tally counts what Dedupe observes.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tally) observe(_ context.Context, o event.DedupeObservation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[o.Result.String()]++
	if o.Err != nil {
		c.n["store error"]++
	}
}

// script is a handler that counts its calls and does what f says for each,
// beginning with 1.
type script struct {
	calls atomic.Int64
	f     func(ctx context.Context, call int64) error
}

func (s *script) HandleEvent(ctx context.Context, _ *event.Event) error {
	n := s.calls.Add(1)
	if s.f == nil {
		return nil
	}
	return s.f(ctx, n)
}

func TestDedupe_DuplicateOfWhatIsDone(t *testing.T) {
	for name, tt := range map[string]struct {
		first error
		calls int64 // after a second delivery
	}{
		"success":                 {nil, 1},
		"permanent":               {event.Permanent(errBroken), 1},
		"all permanent":           {errors.Join(event.Permanent(errBroken), event.Permanent(errBroken)), 1},
		"failed":                  {errBroken, 2},
		"one of two permanent":    {errors.Join(event.Permanent(errBroken), errBroken), 2},
		"unavailable":             {event.Unavailable(errBroken, time.Second), 2},
		"context of the callback": {context.DeadlineExceeded, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var seen tally
			s := &script{f: func(_ context.Context, call int64) error {
				if call == 1 {
					return tt.first
				}
				return nil
			}}
			h := event.Dedupe(event.DedupeConfig{Observe: seen.observe})(s)
			assert.Equal(t, tt.first, h.HandleEvent(bg, delivery("a")))
			assert.NoError(t, h.HandleEvent(bg, delivery("a")))
			assert.NoError(t, h.HandleEvent(bg, delivery("a")))
			assert.Equal(t, tt.calls, s.calls.Load())
			want := map[string]int{"handled": int(tt.calls), "duplicate": 3 - int(tt.calls)}
			assert.Empty(t, cmp.Diff(want, seen.n))
		})
	}
}

func TestDedupe_FiftyAtOnce(t *testing.T) {
	for name, answer := range map[string]error{
		"nil":       nil,
		"error":     errBroken,
		"permanent": event.Permanent(errBroken),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen tally
				s := &script{f: func(context.Context, int64) error {
					time.Sleep(20 * time.Second) // longer than Wait, which is for other instances
					return answer
				}}
				h := event.Dedupe(event.DedupeConfig{Observe: seen.observe})(s)
				var wg sync.WaitGroup
				for range 50 {
					wg.Go(func() { assert.Equal(t, answer, h.HandleEvent(bg, delivery("a"))) })
				}
				wg.Wait()
				assert.EqualValues(t, 1, s.calls.Load())
				assert.Empty(t, cmp.Diff(map[string]int{"handled": 1, "shared": 49}, seen.n))

				err := h.HandleEvent(bg, delivery("a"))
				if answer != nil && !event.IsPermanent(answer) {
					assert.Equal(t, answer, err)
					assert.EqualValues(t, 2, s.calls.Load())
				} else {
					assert.NoError(t, err)
					assert.EqualValues(t, 1, s.calls.Load())
				}
			})
		})
	}
}

func TestDedupe_OtherEventsDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{f: func(context.Context, int64) error { time.Sleep(time.Second); return nil }}
		h := event.Dedupe(event.DedupeConfig{})(s)
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() { assert.NoError(t, h.HandleEvent(bg, delivery(strconv.Itoa(i)))) })
		}
		wg.Wait()
		assert.EqualValues(t, 50, s.calls.Load())
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func boom() { panic("boom") }

func TestDedupe_Panic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{f: func(_ context.Context, call int64) error {
			if call == 1 {
				time.Sleep(time.Second)
				boom()
			}
			return nil
		}}
		var seen tally
		h := event.Dedupe(event.DedupeConfig{Observe: seen.observe})(s)
		outer := event.Recover(h)
		var wg sync.WaitGroup
		var stacks atomic.Int64
		for range 10 {
			wg.Go(func() {
				var p *event.PanicError
				if assert.ErrorAs(t, outer.HandleEvent(bg, delivery("a")), &p) {
					assert.Equal(t, "boom", p.Value)
					if bytes.Contains(p.Stack, []byte("boom(")) {
						stacks.Add(1)
					}
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 1, s.calls.Load())
		assert.EqualValues(t, 10, stacks.Load(), "where it panicked is in every stack, also the leader's")
		assert.Empty(t, cmp.Diff(map[string]int{"handled": 1, "shared": 9}, seen.n))

		assert.NoError(t, h.HandleEvent(bg, delivery("a")), "released")
		assert.EqualValues(t, 2, s.calls.Load())
	})
}

func TestDedupe_PanicPassesAsItWas(t *testing.T) {
	h := event.Dedupe(event.DedupeConfig{})(event.HandlerFunc(func(context.Context, *event.Event) error { panic(errBroken) }))
	assert.PanicsWithValue(t, errBroken, func() { _ = h.HandleEvent(bg, delivery("b")) })
}

func TestDedupe_Goexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{f: func(_ context.Context, call int64) error {
			if call == 1 {
				time.Sleep(time.Second)
				runtime.Goexit()
			}
			return nil
		}}
		h := event.Dedupe(event.DedupeConfig{})(s)
		go func() { _ = h.HandleEvent(bg, delivery("a")) }()
		synctest.Wait()
		assert.ErrorContains(t, h.HandleEvent(bg, delivery("a")), "goroutine")
		assert.NoError(t, h.HandleEvent(bg, delivery("a")))
		assert.EqualValues(t, 2, s.calls.Load())
	})
}

// ctxStore fails like a store on a network once its context is over.
type ctxStore struct{ event.DedupeStore }

func (s ctxStore) Claim(ctx context.Context, key string, lease time.Duration) (string, event.ClaimState, error) {
	if ctx.Err() != nil {
		return "", 0, ctx.Err()
	}
	return s.DedupeStore.Claim(ctx, key, lease)
}

func (s ctxStore) Done(ctx context.Context, key, owner string, keep time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.DedupeStore.Done(ctx, key, owner, keep)
}

func (s ctxStore) Release(ctx context.Context, key, owner string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.DedupeStore.Release(ctx, key, owner)
}

func TestDedupe_ReleasedOnTimeout(t *testing.T) {
	for name, call2 := range map[string]int64{"timeout": 2, "succeeded all the same": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{f: func(ctx context.Context, call int64) error {
					<-ctx.Done()
					if call2 == 2 && call == 1 {
						return ctx.Err()
					}
					return nil
				}}
				store := ctxStore{event.NewDedupeMemory(0)}
				h := event.Dedupe(event.DedupeConfig{Store: store})(s)
				for range 2 {
					ctx, cancel := context.WithTimeout(bg, time.Second)
					defer cancel()
					_ = h.HandleEvent(ctx, delivery("a"))
				}
				assert.EqualValues(t, call2, s.calls.Load())
			})
		})
	}
}

func TestDedupe_WaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		s := &script{f: func(context.Context, int64) error { time.Sleep(time.Minute); return nil }}
		h := event.Dedupe(event.DedupeConfig{Observe: seen.observe, Lease: 7 * time.Second})(s)
		var wg sync.WaitGroup
		wg.Go(func() { assert.NoError(t, h.HandleEvent(bg, delivery("a"))) })
		synctest.Wait()
		start := time.Now()
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		err := h.HandleEvent(ctx, delivery("a"))
		assert.Equal(t, time.Second, time.Since(start))
		assert.ErrorIs(t, err, event.ErrInProgress)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		after, ok := event.IsUnavailable(err)
		assert.True(t, ok)
		assert.Equal(t, 7*time.Second, after)
		wg.Wait()
		assert.Empty(t, cmp.Diff(map[string]int{"handled": 1, "busy": 1}, seen.n))
	})
}

// Two wrappers over one store are two instances of a service, which a memory in
// each process did not keep from handling the same event (webrenew/unicon#56).
func TestDedupe_webrenewUnicon56_OtherInstance(t *testing.T) {
	for name, tt := range map[string]struct {
		takes  time.Duration
		wait   time.Duration
		first  error
		busy   bool
		calls  int64
		within time.Duration
	}{
		"done in time":            {takes: 2 * time.Second, calls: 1, within: 3 * time.Second},
		"failed in time":          {takes: 2 * time.Second, first: errBroken, calls: 2, within: 3 * time.Second},
		"takes too long":          {takes: time.Minute, busy: true, calls: 1, within: event.DefaultDedupeWait},
		"another wait":            {takes: time.Minute, wait: 300 * time.Millisecond, busy: true, calls: 1, within: 300 * time.Millisecond},
		"a look at the end":       {takes: 290 * time.Millisecond, wait: 300 * time.Millisecond, calls: 1, within: 300 * time.Millisecond},
		"does not wait":           {takes: time.Second, wait: -1, busy: true, calls: 1},
		"polls soon at the start": {takes: 20 * time.Millisecond, calls: 1, within: 25 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := event.NewDedupeMemory(0)
				s := &script{f: func(_ context.Context, call int64) error {
					if call == 1 {
						time.Sleep(tt.takes)
						return tt.first
					}
					return nil
				}}
				c := event.DedupeConfig{Store: store, Wait: tt.wait}
				one, two := event.Dedupe(c)(s), event.Dedupe(c)(s)
				go func() { _ = one.HandleEvent(bg, delivery("a")) }()
				synctest.Wait()
				start := time.Now()
				err := two.HandleEvent(bg, delivery("a"))
				assert.LessOrEqual(t, time.Since(start), tt.within)
				_, unavailable := event.IsUnavailable(err)
				assert.Equal(t, tt.busy, unavailable, "%v", err)
				assert.Equal(t, tt.busy, errors.Is(err, event.ErrInProgress))
				if !tt.busy {
					assert.NoError(t, err)
				}
				assert.Equal(t, tt.calls, s.calls.Load())
				time.Sleep(tt.takes)
			})
		})
	}
}

// If the delivery that polls gives up because its own sender has gone, one of
// those that wait with it goes on.
func TestDedupe_OtherInstance_LeaderGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := ctxStore{event.NewDedupeMemory(0)}
		s := &script{f: func(context.Context, int64) error { time.Sleep(3 * time.Second); return nil }}
		c := event.DedupeConfig{Store: store}
		one, two := event.Dedupe(c)(s), event.Dedupe(c)(s)
		go func() { _ = one.HandleEvent(bg, delivery("a")) }()
		synctest.Wait()
		var wg sync.WaitGroup
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		wg.Go(func() { assert.ErrorIs(t, two.HandleEvent(ctx, delivery("a")), event.ErrInProgress) })
		synctest.Wait()
		for range 5 {
			wg.Go(func() { assert.NoError(t, two.HandleEvent(bg, delivery("a"))) })
		}
		wg.Wait()
		assert.EqualValues(t, 1, s.calls.Load())
	})
}

// Those who wait together for another instance wait once.
func TestDedupe_OtherInstance_AllGiveUpTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := event.NewDedupeMemory(0)
		s := &script{f: func(context.Context, int64) error { time.Sleep(time.Minute); return nil }}
		one, two := event.Dedupe(event.DedupeConfig{Store: store})(s), event.Dedupe(event.DedupeConfig{Store: store})(s)
		var wg sync.WaitGroup
		wg.Go(func() { assert.NoError(t, one.HandleEvent(bg, delivery("a"))) })
		synctest.Wait()
		start := time.Now()
		for range 5 {
			wg.Go(func() {
				assert.ErrorIs(t, two.HandleEvent(bg, delivery("a")), event.ErrInProgress)
				assert.Equal(t, event.DefaultDedupeWait, time.Since(start))
			})
		}
		wg.Wait()
		assert.EqualValues(t, 1, s.calls.Load())
	})
}

// A context that ends while the store is being asked is no failure of the store.
func TestDedupe_OtherInstance_ContextEndsInTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := quiet()
		looks := 0
		store := funcStore(func(ctx context.Context) (event.ClaimState, error) {
			if looks++; looks == 1 {
				return event.ClaimBusy, nil
			}
			<-ctx.Done()
			return 0, ctx.Err()
		})
		s := new(script)
		h := event.Dedupe(event.DedupeConfig{Store: store, Logger: log})(s)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		assert.ErrorIs(t, h.HandleEvent(ctx, delivery("a")), event.ErrInProgress)
		assert.Zero(t, s.calls.Load())
		assert.Empty(t, out.String())
	})
}

func TestDedupe_LeaseOfAnInstanceThatDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := event.NewDedupeMemory(0)
		keys := &keyStore{DedupeStore: store}
		s := new(script)
		h := event.Dedupe(event.DedupeConfig{Store: keys, Wait: -1})(s)
		require.NoError(t, h.HandleEvent(bg, delivery("a")))

		// The claim of the one that died, made by hand.
		store = event.NewDedupeMemory(0)
		_, _, err := store.Claim(bg, keys.last(), time.Minute)
		require.NoError(t, err)
		h = event.Dedupe(event.DedupeConfig{Store: store, Wait: -1})(s)
		time.Sleep(time.Minute - 1)
		assert.ErrorIs(t, h.HandleEvent(bg, delivery("a")), event.ErrInProgress)
		assert.EqualValues(t, 1, s.calls.Load())
		time.Sleep(time.Nanosecond)
		assert.NoError(t, h.HandleEvent(bg, delivery("a")))
		assert.EqualValues(t, 2, s.calls.Load())
	})
}

// keyStore notes keys, leases and keeps.
type keyStore struct {
	event.DedupeStore
	mu     sync.Mutex
	keys   []string
	leases []time.Duration
	keeps  []time.Duration
}

func (s *keyStore) last() string { return s.keys[len(s.keys)-1] }

func (s *keyStore) Claim(ctx context.Context, key string, lease time.Duration) (string, event.ClaimState, error) {
	s.mu.Lock()
	s.keys, s.leases = append(s.keys, key), append(s.leases, lease)
	s.mu.Unlock()
	return s.DedupeStore.Claim(ctx, key, lease)
}

func (s *keyStore) Done(ctx context.Context, key, owner string, keep time.Duration) error {
	s.mu.Lock()
	s.keeps = append(s.keeps, keep)
	s.mu.Unlock()
	return s.DedupeStore.Done(ctx, key, owner, keep)
}

func TestDedupe_LeaseOutlastsTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct{ lease, timeout, want time.Duration }{
			{0, 0, time.Minute},
			{0, time.Second, time.Minute},
			{0, 5 * time.Minute, 5*time.Minute + 30*time.Second},
			{10 * time.Second, 30 * time.Second, time.Minute},
			{time.Hour, 30 * time.Second, time.Hour},
			{0, math.MaxInt64, math.MaxInt64}, // as long as there is
		} {
			store := &keyStore{DedupeStore: event.NewDedupeMemory(0)}
			h := event.Dedupe(event.DedupeConfig{Store: store, Lease: tt.lease})(new(script))
			ctx, cancel := bg, context.CancelFunc(func() {})
			if tt.timeout > 0 {
				ctx, cancel = context.WithTimeout(bg, tt.timeout)
			}
			require.NoError(t, h.HandleEvent(ctx, delivery("a")))
			cancel()
			assert.Equal(t, []time.Duration{tt.want}, store.leases)
			assert.Equal(t, []time.Duration{24 * time.Hour}, store.keeps)
		}
	})
}

// A handler that outlasts its lease is not called again in this process, and
// what it did counts if nobody else has claimed the event.
func TestDedupe_HandlerOutlastsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := event.NewDedupeMemory(0)
		s := &script{f: func(context.Context, int64) error { time.Sleep(10 * time.Minute); return nil }}
		log, out := quiet()
		var seen tally
		c := event.DedupeConfig{Store: store, Lease: time.Minute, Logger: log, Observe: seen.observe}
		h := event.Dedupe(c)(s)
		go func() { _ = h.HandleEvent(bg, delivery("a")) }()
		time.Sleep(2 * time.Minute)
		assert.NoError(t, h.HandleEvent(bg, delivery("a")))
		assert.NoError(t, h.HandleEvent(bg, delivery("a")))
		assert.EqualValues(t, 1, s.calls.Load())
		assert.Empty(t, out.String())

		// Another instance takes over and both succeed: told, and done.
		go func() { _ = h.HandleEvent(bg, delivery("b")) }()
		time.Sleep(2 * time.Minute)
		assert.NoError(t, event.Dedupe(c)(s).HandleEvent(bg, delivery("b")))
		assert.EqualValues(t, 3, s.calls.Load())
		assert.Equal(t, 1, seen.n["store error"])
		assert.Contains(t, out.String(), "op=done")
		assert.Contains(t, out.String(), event.ErrClaimLost.Error())
		assert.NoError(t, h.HandleEvent(bg, delivery("b")))
		assert.EqualValues(t, 3, s.calls.Load())
	})
}

// brokenStore fails where it is told to.
type brokenStore struct {
	event.DedupeStore
	claim, done, release func() error
	state                event.ClaimState
}

func (s brokenStore) Claim(ctx context.Context, key string, lease time.Duration) (string, event.ClaimState, error) {
	if s.claim != nil {
		return "", s.state, s.claim()
	}
	return s.DedupeStore.Claim(ctx, key, lease)
}

func (s brokenStore) Done(ctx context.Context, key, owner string, keep time.Duration) error {
	if s.done != nil {
		return s.done()
	}
	return s.DedupeStore.Done(ctx, key, owner, keep)
}

func (s brokenStore) Release(ctx context.Context, key, owner string) error {
	if s.release != nil {
		return s.release()
	}
	return s.DedupeStore.Release(ctx, key, owner)
}

func TestDedupe_StoreDown(t *testing.T) {
	down := func() error { return errors.New("no route") }
	for name, tt := range map[string]struct {
		store  brokenStore
		answer error // of the handler
		log    []string
	}{
		"claim":            {brokenStore{claim: down}, nil, []string{"op=claim", `error="no route"`}},
		"claim, and fails": {brokenStore{claim: down}, errBroken, []string{"op=claim"}},
		"claim panics":     {brokenStore{claim: func() error { panic("oops") }}, nil, []string{"op=claim", "oops", "stack="}},
		"no state":         {brokenStore{claim: func() error { return nil }}, nil, []string{"op=claim", "claim state 0"}},
		"unknown state":    {brokenStore{claim: func() error { return nil }, state: 4}, nil, []string{"op=claim", "claim state 4"}},
		"done":             {brokenStore{done: down}, nil, []string{"op=done", "no route"}},
		"done panics":      {brokenStore{done: func() error { panic("oops") }}, nil, []string{"op=done", "oops"}},
		"release":          {brokenStore{release: down}, errBroken, []string{"op=release", "no route"}},
		"release panics":   {brokenStore{release: func() error { panic("oops") }}, errBroken, []string{"op=release", "oops"}},
	} {
		t.Run(name, func(t *testing.T) {
			log, out := quiet()
			var seen tally
			tt.store.DedupeStore = event.NewDedupeMemory(0)
			s := &script{f: func(context.Context, int64) error { return tt.answer }}
			h := event.Dedupe(event.DedupeConfig{Store: tt.store, Logger: log, Observe: seen.observe, Wait: -1})(s)
			assert.Equal(t, tt.answer, h.HandleEvent(bg, delivery("a")))
			assert.EqualValues(t, 1, s.calls.Load())
			for _, want := range append(tt.log, "level=ERROR", "endpoint=site", "vendor=relock", "id=a", "type=session.started") {
				assert.Contains(t, out.String(), want)
			}
			assert.Equal(t, 1, strings.Count(out.String(), "\n"))
			assert.Empty(t, cmp.Diff(map[string]int{"handled": 1, "store error": 1}, seen.n))
		})
	}

	t.Run("release after a panic panics", func(t *testing.T) {
		log, out := quiet()
		s := &script{f: func(context.Context, int64) error { panic("first") }}
		store := brokenStore{DedupeStore: event.NewDedupeMemory(0), release: func() error { panic("second") }}
		h := event.Dedupe(event.DedupeConfig{Store: store, Logger: log, Wait: -1})(s)
		assert.PanicsWithValue(t, "first", func() { _ = h.HandleEvent(bg, delivery("a")) })
		assert.Contains(t, out.String(), "second")
		assert.ErrorIs(t, h.HandleEvent(bg, delivery("a")), event.ErrInProgress, "still claimed, and nobody waits for ever")
	})

	t.Run("concurrent ones share the answer all the same", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			log, _ := quiet()
			s := &script{f: func(context.Context, int64) error { time.Sleep(time.Second); return nil }}
			h := event.Dedupe(event.DedupeConfig{Store: brokenStore{claim: down}, Logger: log})(s)
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { assert.NoError(t, h.HandleEvent(bg, delivery("a"))) })
			}
			wg.Wait()
			assert.EqualValues(t, 1, s.calls.Load())
		})
	})

	t.Run("goes down while waiting for another instance", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			log, _ := quiet()
			looks := 0
			store := funcStore(func(context.Context) (event.ClaimState, error) {
				if looks++; looks > 2 {
					return 0, errBroken
				}
				return event.ClaimBusy, nil
			})
			s := new(script)
			h := event.Dedupe(event.DedupeConfig{Store: store, Logger: log})(s)
			assert.NoError(t, h.HandleEvent(bg, delivery("a")))
			assert.EqualValues(t, 1, s.calls.Load())
		})
	})

	t.Run("hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			log, out := quiet()
			store := funcStore(func(ctx context.Context) (event.ClaimState, error) { <-ctx.Done(); return 0, ctx.Err() })
			s := new(script)
			h := event.Dedupe(event.DedupeConfig{Store: store, Logger: log})(s)
			start := time.Now()
			assert.NoError(t, h.HandleEvent(bg, delivery("a")))
			assert.Equal(t, event.DefaultDedupeStoreTimeout, time.Since(start))
			assert.EqualValues(t, 1, s.calls.Load())
			assert.Contains(t, out.String(), "deadline exceeded")
		})
	})

	t.Run("context over before it is asked", func(t *testing.T) {
		log, _ := quiet()
		ctx, cancel := context.WithCancel(bg)
		cancel()
		s := new(script)
		h := event.Dedupe(event.DedupeConfig{Store: ctxStore{event.NewDedupeMemory(0)}, Logger: log})(s)
		assert.NoError(t, h.HandleEvent(ctx, delivery("a")))
		assert.EqualValues(t, 1, s.calls.Load())
	})
}

// funcStore answers Claim only.
type funcStore func(context.Context) (event.ClaimState, error)

func (f funcStore) Claim(ctx context.Context, _ string, _ time.Duration) (string, event.ClaimState, error) {
	state, err := f(ctx)
	return "", state, err
}
func (f funcStore) Done(context.Context, string, string, time.Duration) error { return nil }
func (f funcStore) Release(context.Context, string, string) error             { return nil }

func TestDedupe_StoreFullOfOpenClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := quiet()
		store := event.NewDedupeMemory(2)
		s := &script{f: func(context.Context, int64) error { time.Sleep(time.Second); return nil }}
		h := event.Dedupe(event.DedupeConfig{Store: store, Logger: log})(s)
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() { assert.NoError(t, h.HandleEvent(bg, delivery(strconv.Itoa(i)))) })
		}
		wg.Wait()
		assert.EqualValues(t, 5, s.calls.Load())
		assert.Equal(t, 3, strings.Count(out.String(), event.ErrStoreFull.Error()))
		assert.Equal(t, 2, store.Len())
	})
}

// Nobody can claim the events of another owner or vendor.
func TestDedupe_KeySeparation(t *testing.T) {
	var all []*event.Event
	for _, f := range []func(*event.Event){
		func(*event.Event) {},
		func(e *event.Event) { e.Vendor = "unloc" },
		func(e *event.Event) { e.Source = "site2" },
		func(e *event.Event) { e.ID = "b" },
		func(e *event.Event) { e.Source, e.ID = "sitea", "b" },
		func(e *event.Event) { e.Source, e.ID = "", "sitea" },
		func(e *event.Event) { e.Vendor, e.Source = "relocksite", "" },
		func(e *event.Event) { e.Source, e.ID = "site1:a", "a" },
		func(e *event.Event) { e.Source, e.ID = "site", "1:a" },
		func(e *event.Event) { e.ID = "a\x00" },
		func(e *event.Event) { e.ID = strings.Repeat("a", 1000) },
		func(e *event.Event) { e.ID = strings.Repeat("a", 1001) },
		func(e *event.Event) { e.Source, e.ID = "sitea", strings.Repeat("a", 1000) },
	} {
		e := delivery("a")
		f(e)
		all = append(all, e)
	}
	s := new(script)
	store := &keyStore{DedupeStore: event.NewDedupeMemory(0)}
	h := event.Dedupe(event.DedupeConfig{Store: store})(s)
	for range 2 {
		for _, e := range all {
			require.NoError(t, h.HandleEvent(bg, e))
			other := *e
			other.Credential = "another label"
			require.NoError(t, h.HandleEvent(bg, &other))
		}
		assert.EqualValues(t, len(all), s.calls.Load())
	}
	for _, k := range store.keys {
		assert.LessOrEqual(t, len(k), 256)
	}
	// What is in a shared store is API.
	assert.Equal(t, "6:relock4:site1:a", store.keys[0])
	assert.Equal(t, "sha256:31fe2bdc1d8d25610570f17992c4eaad0b182ace728fe67389311294a50d867f", store.keys[20])

	longest := strings.Repeat("i", 256-len("6:relock4:site239:"))
	h = event.Dedupe(event.DedupeConfig{Store: store})(s)
	require.NoError(t, h.HandleEvent(bg, delivery(longest)))
	assert.Len(t, store.last(), 256)
	require.NoError(t, h.HandleEvent(bg, delivery(longest+"i")))
	assert.True(t, strings.HasPrefix(store.last(), "sha256:"))
}

func TestDedupe_Construction(t *testing.T) {
	queue := event.NewQueue(new(script), event.QueueConfig{})
	mux, inner, fallback := event.NewMux(), event.NewMux(), event.NewMux()
	inner.Handle("session.*", event.Recover(queue))
	mux.Handle("lock.unlocked", new(script))
	mux.Handle("session.*", inner)
	fallback.Default(func(context.Context, *event.Event) error { return nil })
	retry := event.Retry(event.RetryConfig{})
	dedupe := event.Dedupe(event.DedupeConfig{})
	other := event.Dedupe(event.DedupeConfig{})
	for name, tt := range map[string]struct {
		h    event.Handler
		text string
	}{
		"queue":                    {queue, "around a Queue"},
		"retry, mux, queue":        {retry(inner), "around a Queue"},
		"recover, queue":           {event.Recover(queue), "around a Queue"},
		"recover, recover, queue":  {event.Recover(event.Recover(queue)), "around a Queue"},
		"mux, mux, recover, queue": {mux, "around a Queue"},
		"wrapper of another":       {wrapper{queue}, "around a Queue"},
		"itself":                   {event.Recover(dedupe(new(script))), "around itself"},
		"nil":                      {nil, "nil handler"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() { assert.Contains(t, fmt.Sprint(recover()), tt.text) }()
			dedupe(tt.h)
		})
	}
	for name, h := range map[string]event.Handler{
		"mux":                       event.NewMux(),
		"mux with a default":        fallback,
		"another dedupe":            other(new(script)),
		"wrapper of nothing":        wrapper{},
		"a queue that is wanted so": event.HandlerFunc(queue.HandleEvent),
		"retry":                     retry(new(script)),
	} {
		t.Run(name, func(t *testing.T) { assert.NotPanics(t, func() { dedupe(h) }) })
	}
	for name, c := range map[string]event.DedupeConfig{
		"Lease": {Lease: -1}, "Keep": {Keep: -1}, "StoreTimeout": {StoreTimeout: -1},
	} {
		t.Run(name, func(t *testing.T) { assert.Panics(t, func() { event.Dedupe(c) }) })
	}
}

type wrapper struct{ event.Handler }

func (w wrapper) Unwrap() event.Handler { return w.Handler }

func TestDedupe_ObservePanics(t *testing.T) {
	log, out := quiet()
	h := event.Dedupe(event.DedupeConfig{Logger: log, Observe: func(context.Context, event.DedupeObservation) { panic("oops") }})(new(script))
	for _, id := range []string{"a", "a", ""} {
		assert.NoError(t, h.HandleEvent(bg, delivery(id)))
	}
	assert.Equal(t, 3, strings.Count(out.String(), "Observe panicked"))
}

func TestDedupe_OneWrapperIsOneMemory(t *testing.T) {
	a, b := new(script), new(script)
	w := event.Dedupe(event.DedupeConfig{})
	require.NoError(t, w(a).HandleEvent(bg, delivery("a")))
	require.NoError(t, w(b).HandleEvent(bg, delivery("a")))
	assert.EqualValues(t, 1, a.calls.Load())
	assert.EqualValues(t, 0, b.calls.Load())
}

// Regression tests, named after flaws of others.

// Watermill's default de-duplicator keys on the Adler-32 of the payload, 32 bits
// that small bodies barely fill: of 20,000 different ones its handler saw 6,752.
func TestDedupe_watermill_Adler32DropsDifferentEvents(t *testing.T) {
	s := new(script)
	h := event.Dedupe(event.DedupeConfig{})(s)
	for i := range 20_000 {
		require.NoError(t, h.HandleEvent(bg, delivery(fmt.Sprintf(`{"id":%d}`, i))))
	}
	assert.EqualValues(t, 20_000, s.calls.Load())
}

// An event was marked before it was handled, so that one that failed was lost.
func TestDedupe_Engram566_MarkedOnlyAfterSuccess(t *testing.T) {
	s := &script{f: func(_ context.Context, call int64) error {
		if call < 3 {
			return errBroken
		}
		return nil
	}}
	h := event.Dedupe(event.DedupeConfig{})(s)
	for call := range 5 {
		assert.Equal(t, call < 2, h.HandleEvent(bg, delivery("a")) != nil)
	}
	assert.EqualValues(t, 3, s.calls.Load())
}

// A duplicate was answered 401, so that the sender raised an alarm. What an
// endpoint makes of nil is 200.
func TestDedupe_loomcycle304_DuplicateIsNoError(t *testing.T) {
	h := event.Dedupe(event.DedupeConfig{})(new(script))
	require.NoError(t, h.HandleEvent(bg, delivery("a")))
	assert.NoError(t, h.HandleEvent(bg, delivery("a")))
}

// An endpoint gives every event an ID. Those from elsewhere that have none must not
// all be taken for one.
func TestDedupe_MissingIDIsNeverADuplicate(t *testing.T) {
	var seen tally
	s := new(script)
	store := &keyStore{DedupeStore: event.NewDedupeMemory(0)}
	h := event.Dedupe(event.DedupeConfig{Store: store, Observe: seen.observe})(s)
	for range 3 {
		assert.NoError(t, h.HandleEvent(bg, delivery("")))
	}
	assert.EqualValues(t, 3, s.calls.Load())
	assert.Empty(t, store.keys)
	assert.Empty(t, cmp.Diff(map[string]int{"without_id": 3}, seen.n))
}

// What is remembered must outlive the sender's last attempt.
func TestDedupe_vercelChat667_KeepOutlivesRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(script)
		h := event.Dedupe(event.DedupeConfig{})(s)
		require.NoError(t, h.HandleEvent(bg, delivery("a")))
		time.Sleep(24*time.Hour - 1)
		require.NoError(t, h.HandleEvent(bg, delivery("a")))
		assert.EqualValues(t, 1, s.calls.Load())
		time.Sleep(time.Nanosecond)
		require.NoError(t, h.HandleEvent(bg, delivery("a")))
		assert.EqualValues(t, 2, s.calls.Load())
	})
}

// Whether an event was new was told by comparing its ID with that of the last
// one; but IDs have no order, and events come out of it
// (zed-industries/zed#15510, stripe/stripe-cli#418).
func TestDedupe_zed15510_OrderOfIDsDoesNotMatter(t *testing.T) {
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = fmt.Sprintf("evt_%03d", i)
	}
	for name, order := range map[string]func(i int) int{
		"rising":  func(i int) int { return i },
		"falling": func(i int) int { return len(ids) - 1 - i },
		"mixed":   func(i int) int { return i * 37 % len(ids) },
	} {
		t.Run(name, func(t *testing.T) {
			var handled []string
			h := event.Dedupe(event.DedupeConfig{})(event.HandlerFunc(func(_ context.Context, e *event.Event) error {
				handled = append(handled, e.ID)
				return nil
			}))
			var sent []string
			for i := range ids {
				id := ids[order(i)]
				sent = append(sent, id)
				e := delivery(id)
				e.Time = time.Unix(int64(1000-order(i)), 0) // the latest by its ID happened first
				require.NoError(t, h.HandleEvent(bg, e))
				require.NoError(t, h.HandleEvent(bg, delivery(sent[i/2])), "an earlier one again")
			}
			assert.Empty(t, cmp.Diff(sent, handled))
		})
	}
}

// With a DedupeMemory no string is made of a key: what is left is the flight.
func TestDedupe_InMemoryAllocatesLittle(t *testing.T) {
	h := event.Dedupe(event.DedupeConfig{})(event.NewMux())
	for name, e := range map[string]*event.Event{
		"hash": delivery(strings.Repeat("0", 64)),
		"ID of the vendor's, and a body to compare": withBody("4711", strings.Repeat("body", 1000)),
	} {
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = h.HandleEvent(bg, e) }), 1.0, name)
	}
}

func BenchmarkDedupe(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		h := event.Dedupe(event.DedupeConfig{})(event.NewMux())
		e := delivery("")
		id := []byte(strings.Repeat("0", 64))
		b.ReportAllocs()
		for i := range b.N {
			for j, n := 63, i; n > 0; j, n = j-1, n/10 {
				id[j] = byte('0' + n%10)
			}
			e.ID = string(id)
			_ = h.HandleEvent(bg, e)
		}
	})
	b.Run("duplicate", func(b *testing.B) {
		h := event.Dedupe(event.DedupeConfig{})(event.NewMux())
		e := delivery(strings.Repeat("0", 64))
		_ = h.HandleEvent(bg, e)
		b.ReportAllocs()
		for b.Loop() {
			_ = h.HandleEvent(bg, e)
		}
	})
}
