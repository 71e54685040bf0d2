package durable_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// withSuspects returns a store of one shard with n events that came to a process
// before, which is not known to have lived through it.
func withSuspects(t *testing.T, c durable.Config, n int) *durable.Store {
	t.Helper()
	srv := startServer(t, t.TempDir())
	c.Shards = 1
	s := connectStore(t, srv, c)
	store(t, s, numbered(n)...)
	pending := n
	if c.Order != durable.OrderNone {
		pending = 1
	}
	deliverInVain(t, newJetStream(t, connect(t, srv)), "default", pending)
	return s
}

// deliverInVain has a consumer give out n events to nobody.
func deliverInVain(t *testing.T, js jetstream.JetStream, name string, n int) {
	t.Helper()
	consumer, err := js.CreateConsumer(t.Context(), "accesshook-0", jetstream.ConsumerConfig{
		Durable: name, AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: n,
	})
	require.NoError(t, err)
	batch, err := consumer.Fetch(n)
	require.NoError(t, err)
	var all []jetstream.Msg
	for m := range batch.Messages() {
		all = append(all, m)
	}
	require.NoError(t, batch.Error())
	require.Len(t, all, n)
	for _, m := range all { // now, or the same ones would come again
		require.NoError(t, m.Nak())
	}
}

// Events that may have killed a process are tried one at a time, and keep their
// lease while they wait for each other.
func TestSuspects(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 1})
	store(t, s, numbered(2)...)
	deliverInVain(t, newJetStream(t, connect(t, srv)), "default", 2)
	renewed := watchLeases(t, connect(t, srv))
	goOn := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(goOn) })
	var seen observer
	var now, calls atomic.Int64
	run(t, s, durable.Consumer{Workers: 3, MaxAttempts: 5, Observe: seen.observe}, event.HandlerFunc(func(context.Context, *event.Event) error {
		assert.Equal(t, int64(1), now.Add(1), "not alone")
		defer now.Add(-1)
		calls.Add(1)
		<-goOn
		return nil
	}))
	defer letGo()
	for both := make(map[string]int); both["1"] < 3 || both["2"] < 3; {
		both[receive(t, "a renewal", renewed)]++
	}
	require.Eventually(t, func() bool { return calls.Load() == 1 }, time.Minute, time.Millisecond, "no event is tried")
	letGo()
	assert.Equal(t, []string{"2 handled", "2 handled"}, seen.wait(t, 2), "what did not come to an end counts")
	assert.Equal(t, int64(2), calls.Load())
}

// A cancelled Run does not begin with what waits for its turn: it gives it back,
// and that is no attempt.
func TestCancelGivesBackSuspects(t *testing.T) {
	t.Parallel()
	const count, workers = 16, 8
	s := withSuspects(t, durable.Config{}, count)
	ctx, cancel := context.WithCancel(t.Context())
	began, held := make(chan struct{}, count), make(chan struct{})
	finish := sync.OnceFunc(func() { close(held) })
	defer cancel()
	defer finish()
	var first observer
	ended := make(chan error)
	go func() {
		ended <- s.Consumer(durable.Consumer{Workers: workers, MaxAttempts: 2, Observe: first.observe}).Run(ctx, event.HandlerFunc(func(context.Context, *event.Event) error {
			began <- struct{}{}
			<-held
			return nil
		}))
	}()
	<-began
	eventually(t, "all workers have one", func() bool {
		consumer, err := s.JetStream().Consumer(t.Context(), "accesshook-0", "default")
		return err == nil && consumer.CachedInfo().NumRedelivered >= workers
	})
	cancel()
	for _, text := range first.wait(t, workers-1) { // while the one that runs goes on
		assert.Equal(t, "1 delayed: durable: given back: Run was cancelled", text)
	}
	finish()
	require.NoError(t, <-ended)
	assert.Empty(t, began, "only what ran before was called")

	var rest observer
	run(t, s, durable.Consumer{Workers: workers, MaxAttempts: 2, Observe: rest.observe}, newRecorder())
	for _, text := range rest.wait(t, count-1) {
		assert.Equal(t, "2 handled", text)
	}
}

// What comes when Run is cancelled already is given back as well, and has all its
// attempts later. With an order nothing overtakes it.
func TestWhatComesAfterCancel(t *testing.T) {
	t.Parallel()
	for _, order := range []durable.Order{durable.OrderNone, durable.OrderByUser} {
		t.Run("order "+string(order), func(t *testing.T) {
			t.Parallel()
			testWhatComesAfterCancel(t, order)
		})
	}
}

func testWhatComesAfterCancel(t *testing.T, order durable.Order) {
	s := open(t, embedded.Config{Config: durable.Config{Order: order, Shards: 2}})
	const count = 40
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	first, got := newRecorder(), newRecorder()
	go func() { ended <- s.Consumer(durable.Consumer{Workers: 4, MaxAttempts: 2}).Run(ctx, first) }()
	store(t, s, newEvent(count))
	first.wait(t, 1)
	cancel() // its workers wait for events
	store(t, s, numbered(count)...)
	require.NoError(t, <-ended)
	assert.Len(t, first.ids(), 1)
	var seen observer
	run(t, s, durable.Consumer{Workers: 4, MaxAttempts: 2, Observe: seen.observe}, got)
	for _, text := range seen.wait(t, count) {
		assert.Equal(t, "1 handled", text)
	}
	if order == durable.OrderNone {
		return
	}
	last := make(map[string]int)
	for _, id := range got.ids() {
		var n int
		_, err := fmt.Sscanf(id, "event-%d", &n)
		require.NoError(t, err)
		user := newEvent(n).User.ID
		assert.GreaterOrEqual(t, n, last[user], "%s was overtaken", id)
		last[user] = n
	}
}

// Suspects whose turn does not come are not called all at once: whoever kills the
// process would have an attempt of the others counted.
func TestSuspectsStayAlone(t *testing.T) {
	t.Parallel()
	const count = 6
	s := withSuspects(t, durable.Config{}, count)
	held := make(chan struct{})
	finish := sync.OnceFunc(func() { close(held) })
	defer finish()
	var seen observer
	var now, calls atomic.Int64
	run(t, s, quick(durable.Consumer{Workers: count, MaxAttempts: 2, Timeout: 200 * time.Millisecond, Observe: seen.observe}),
		event.HandlerFunc(func(context.Context, *event.Event) error {
			assert.Equal(t, int64(1), now.Add(1), "not alone")
			defer now.Add(-1)
			if calls.Add(1) == 1 {
				<-held
			}
			return nil
		}))
	const given = "1 delayed: durable: given back: another event that may have killed the process took too long"
	for _, text := range seen.wait(t, 2*count) { // all the others, and again
		assert.Equal(t, given, text)
	}
	finish()
	handled := 0
	eventually(t, "all of them", func() bool {
		handled = 0
		for _, text := range seen.wait(t, 0) {
			if text != given {
				assert.Equal(t, "2 handled", text)
				handled++
			}
		}
		return handled == count
	})
	assert.Equal(t, int64(count), calls.Load())
}

// A callback that never ends does not keep the other suspects from theirs.
func TestSuspectThatHangs(t *testing.T) {
	t.Parallel()
	s := withSuspects(t, durable.Config{}, 2)
	finish, other := make(chan struct{}), make(chan struct{}, 10)
	var first atomic.Pointer[string]
	run(t, s, quick(durable.Consumer{Workers: 3, Lease: time.Second, Timeout: 100 * time.Millisecond, MaxAttempts: 2}),
		event.HandlerFunc(func(_ context.Context, e *event.Event) error {
			if first.CompareAndSwap(nil, &e.ID) {
				<-finish
			} else if e.ID != *first.Load() {
				other <- struct{}{}
			}
			return nil
		}))
	defer close(finish)
	receive(t, "the other one", other)
}

// Nor beside those of another consumer: what kills the process takes all with it.
func TestSuspectsOfTwoConsumersStayAlone(t *testing.T) {
	t.Parallel()
	const count = 20
	srv := startServer(t, t.TempDir())
	js := newJetStream(t, connect(t, srv))
	s := connectStore(t, srv, durable.Config{Shards: 1})
	store(t, s, numbered(count)...)
	consumers := []string{"one", "two"}
	for _, name := range consumers {
		deliverInVain(t, js, name, count)
	}
	var seen observer
	var now atomic.Int64
	for _, name := range consumers {
		run(t, s, durable.Consumer{Name: name, Observe: seen.observe}, event.HandlerFunc(func(context.Context, *event.Event) error {
			assert.Equal(t, int64(1), now.Add(1), "not alone")
			defer now.Add(-1)
			time.Sleep(5 * time.Millisecond)
			return nil
		}))
	}
	for _, text := range seen.wait(t, len(consumers)*count) {
		assert.Equal(t, "2 handled", text)
	}
}
