package sinks_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks"
)

// A sinkFunc is a Sink.
type sinkFunc func(ctx context.Context, events []*event.Event) []error

func (f sinkFunc) Send(ctx context.Context, events []*event.Event) []error { return f(ctx, events) }
func (sinkFunc) Close() error                                              { return nil }

// A gate is a Sink whose Send waits until it is opened.
type gate struct {
	open chan struct{} // a value lets one Send return

	mu      sync.Mutex
	batches [][]string // IDs
	busy    int
	busiest int
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) Send(ctx context.Context, events []*event.Event) []error {
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	g.mu.Lock()
	g.batches = append(g.batches, ids)
	g.busy++
	g.busiest = max(g.busiest, g.busy)
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		g.busy--
		g.mu.Unlock()
	}()
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		errs := make([]error, len(events))
		for i := range errs {
			errs[i] = context.Cause(ctx)
		}
		return errs
	}
}

func (*gate) Close() error { return nil }

// handle calls h in the background, and returns where its error comes.
func handle(ctx context.Context, h event.Handler, id string) <-chan error {
	result := make(chan error, 1)
	go func() { result <- h.HandleEvent(ctx, &event.Event{ID: id}) }()
	synctest.Wait() // the event waits, or is being sent
	return result
}

func TestBatchIsWhatCameMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		h := sinks.Handler(g, sinks.Config{MaxEvents: 3})
		var results []<-chan error
		for i := range 6 {
			results = append(results, handle(t.Context(), h, strconv.Itoa(i)))
		}
		for range 3 {
			g.open <- struct{}{}
		}
		for _, result := range results {
			assert.NoError(t, <-result)
		}
		assert.Empty(t, cmp.Diff([][]string{{"0"}, {"1", "2", "3"}, {"4", "5"}}, g.batches))
		assert.Equal(t, 1, g.busiest)
	})
}

func TestSeveralRequestsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		h := sinks.Handler(g, sinks.Config{Requests: 2})
		var results []<-chan error
		for i := range 5 {
			results = append(results, handle(t.Context(), h, strconv.Itoa(i)))
		}
		for range 3 {
			g.open <- struct{}{}
		}
		for _, result := range results {
			assert.NoError(t, <-result)
		}
		assert.Empty(t, cmp.Diff([][]string{{"0"}, {"1"}, {"2", "3", "4"}}, g.batches))
		assert.Equal(t, 2, g.busiest)
	})
}

func TestEachEventHasItsOwnError(t *testing.T) {
	refused := event.Permanent(errors.New("refused"))
	later := event.Unavailable(errors.New("later"), time.Minute)
	synctest.Test(t, func(t *testing.T) {
		first := make(chan struct{})
		h := sinks.Handler(sinkFunc(func(_ context.Context, events []*event.Event) []error {
			errs := make([]error, len(events))
			for i, e := range events {
				switch e.ID {
				case "first":
					<-first
				case "bad":
					errs[i] = refused
				case "busy":
					errs[i] = later
				}
			}
			return errs
		}), sinks.Config{})
		results := map[string]<-chan error{}
		for _, id := range []string{"first", "good", "bad", "busy", "fine"} {
			results[id] = handle(t.Context(), h, id)
		}
		close(first)
		assert.NoError(t, <-results["first"])
		assert.NoError(t, <-results["good"])
		assert.Equal(t, refused, <-results["bad"])
		assert.Equal(t, later, <-results["busy"])
		assert.NoError(t, <-results["fine"])
	})
}

// What a Send does that it must not do fails its batch, and nothing after it.
func TestBrokenSend(t *testing.T) {
	for name, test := range map[string]struct {
		send sinkFunc
		want string
	}{
		"panics": {
			func(context.Context, []*event.Event) []error { panic("out of order") },
			"event: callback panicked: out of order",
		},
		"ends its goroutine": {
			func(context.Context, []*event.Event) []error { runtime.Goexit(); return nil },
			"sinks: Send did not return",
		},
		"too few errors": {
			func(context.Context, []*event.Event) []error { return []error{} },
			"sinks: Send returned 0 errors for 1 events",
		},
		"too many errors": {
			func(context.Context, []*event.Event) []error { return make([]error, 2) },
			"sinks: Send returned 2 errors for 1 events",
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			h := sinks.Handler(sinkFunc(func(ctx context.Context, events []*event.Event) []error {
				if calls++; calls == 1 {
					return test.send(ctx, events)
				}
				return nil
			}), sinks.Config{})
			assert.EqualError(t, h.HandleEvent(t.Context(), &event.Event{}), test.want)
			assert.NoError(t, h.HandleEvent(t.Context(), &event.Event{}), "the next one is sent")
		})
	}
}

func TestPanicKeepsItsStack(t *testing.T) {
	h := sinks.Handler(sinkFunc(func(context.Context, []*event.Event) []error { panic("out of order") }), sinks.Config{})
	panicked, ok := errors.AsType[*event.PanicError](h.HandleEvent(t.Context(), &event.Event{}))
	require.True(t, ok)
	assert.Contains(t, string(panicked.Stack), "TestPanicKeepsItsStack")
}

// A caller that leaves is not held up by the sink, and an event that waits is not sent.
func TestCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		h := sinks.Handler(g, sinks.Config{})
		left := errors.New("left")
		ctx, cancel := context.WithCancelCause(t.Context())
		beingSent := handle(t.Context(), h, "being sent")
		leaving, staying := handle(ctx, h, "leaving"), handle(t.Context(), h, "staying")
		cancel(left)
		assert.Equal(t, left, <-leaving)
		g.open <- struct{}{}
		assert.NoError(t, <-beingSent)
		g.open <- struct{}{}
		assert.NoError(t, <-staying)
		assert.Equal(t, left, h.HandleEvent(ctx, &event.Event{ID: "late"}))
		synctest.Wait()
		assert.Empty(t, cmp.Diff([][]string{{"being sent"}, {"staying"}}, g.batches))
	})
}

// Send is cancelled when nobody waits for any of its events, and not before.
func TestAllCallersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		h := sinks.Handler(g, sinks.Config{})
		first := handle(t.Context(), h, "first")
		ctxA, leaveA := context.WithCancel(t.Context())
		ctxB, leaveB := context.WithCancel(t.Context())
		a, b := handle(ctxA, h, "a"), handle(ctxB, h, "b")
		g.open <- struct{}{}
		assert.NoError(t, <-first)
		synctest.Wait()
		leaveA()
		assert.Equal(t, context.Canceled, <-a)
		synctest.Wait()
		assert.Equal(t, 1, g.busy, "b waits for it")
		leaveB()
		assert.Equal(t, context.Canceled, <-b)
		synctest.Wait()
		assert.Zero(t, g.busy)
	})
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		err := sinks.Handler(newGate(), sinks.Config{}).HandleEvent(t.Context(), &event.Event{})
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, 5*time.Minute, time.Since(begin))
	})
}

func TestHandlerRefusesWrongArguments(t *testing.T) {
	assert.PanicsWithValue(t, "sinks: nil sink", func() { sinks.Handler(nil, sinks.Config{}) })
	for _, c := range []sinks.Config{{MaxEvents: -1}, {Requests: -1}, {Timeout: -1}} {
		assert.PanicsWithValue(t, "sinks: negative value in Config", func() { sinks.Handler(newGate(), c) })
	}
}

// Each of many callers gets its own result, whatever leaves meanwhile.
func TestManyCallers(t *testing.T) {
	odd := errors.New("odd")
	h := sinks.Handler(sinkFunc(func(_ context.Context, events []*event.Event) []error {
		errs := make([]error, len(events))
		for i, e := range events {
			if n, _ := strconv.Atoi(e.ID); n%2 == 1 {
				errs[i] = fmt.Errorf("%s: %w", e.ID, odd)
			}
		}
		return errs
	}), sinks.Config{MaxEvents: 7, Requests: 3})
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%5 == 0 {
				go cancel()
			}
			err := h.HandleEvent(ctx, &event.Event{ID: strconv.Itoa(i)})
			switch {
			case i%5 == 0 && errors.Is(err, context.Canceled):
			case i%2 == 0:
				assert.NoError(t, err)
			default:
				assert.EqualError(t, err, strconv.Itoa(i)+": odd")
			}
		})
	}
	wg.Wait()
}
