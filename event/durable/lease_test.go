package durable_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// The lease is a matter of the server: the process that begins last decides. An
// event with another process keeps it nevertheless, as when a new release with
// another lease is rolled out.
func TestProcessesWithOtherLeases(t *testing.T) {
	t.Parallel()
	for name, leases := range map[string][2]time.Duration{
		"shorter": {durable.DefaultLease, 3 * time.Second},
		"longer":  {3 * time.Second, durable.DefaultLease},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			c := durable.Config{Shards: 1, Order: durable.OrderByUser}
			first, second := connectStore(t, srv, c), connectStore(t, srv, c)
			store(t, first, newEvent(1), newEvent(2))
			began, others := make(chan struct{}), make(chan struct{})
			var seen observer
			var calls atomic.Int64
			run(t, first, durable.Consumer{Lease: leases[0], Observe: seen.observe}, event.HandlerFunc(func(context.Context, *event.Event) error {
				if calls.Add(1) == 1 {
					close(began)
					<-others
				}
				return nil
			}))
			<-began
			run(t, second, durable.Consumer{Lease: leases[1], Observe: seen.observe}, event.HandlerFunc(func(context.Context, *event.Event) error {
				calls.Add(1)
				return nil
			}))
			// Longer than the shorter lease: nothing may happen in it.
			time.Sleep(5 * time.Second)
			assert.Equal(t, int64(1), calls.Load(), "calls while the first one runs")
			close(others)
			assert.Equal(t, []string{"1 handled", "1 handled"}, seen.wait(t, 2))
		})
	}
}

// A callback that keeps its deadline is not said to ignore it.
func TestDeadlinesThatAreKept(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s := connectStore(t, startServer(t, t.TempDir()), durable.Config{Shards: 1, Logger: log.logger()})
	const count = 200
	store(t, s, numbered(count)...)
	var seen observer
	run(t, s, durable.Consumer{Workers: count, MaxAttempts: 1, Timeout: time.Second, Observe: seen.observe},
		event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
			<-ctx.Done()
			return ctx.Err()
		}))
	seen.wait(t, count)
	assert.NotContains(t, log.String(), "ignores its deadline")
}

// A callback that fails long after its lease was lost says nothing of the attempt
// that has begun meanwhile: it does not take it back from the count, nor begin
// another one beside it.
func TestFailuresAfterTheLease(t *testing.T) {
	t.Parallel()
	s := connectStore(t, startServer(t, t.TempDir()), durable.Config{Shards: 1})
	store(t, s, newEvent(1))
	const attempts = 2
	began := make(chan chan struct{}, 10)
	var seen observer
	run(t, s, quick(durable.Consumer{Workers: 4, MaxAttempts: attempts, Lease: time.Second, Timeout: 100 * time.Millisecond, Observe: seen.observe}),
		event.HandlerFunc(func(context.Context, *event.Event) error {
			goOn := make(chan struct{})
			began <- goOn
			<-goOn
			return errFailed
		}))
	first, second := <-began, <-began
	close(first)
	eventually(t, "the first one has failed", func() bool {
		return slices.Contains(seen.wait(t, 0), "1 delayed: failed on purpose")
	})
	select {
	case third := <-began:
		close(third)
		t.Error("it was called again")
	case <-time.After(500 * time.Millisecond): // many pauses
	}
	close(second)
	assert.Equal(t, attempts, waitLetters(t, s, 1)[0].Attempts)
	assert.Empty(t, began)
}
