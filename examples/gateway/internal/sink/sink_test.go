package sink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/gateway/internal/sink"
	"github.com/accesshook/accesshook/examples/sinks"
	"github.com/accesshook/accesshook/examples/sinks/filter"
)

// A fake is a sink whose answer a test chooses.
type fake struct {
	mu     sync.Mutex
	err    error
	panics bool
	sent   []string // IDs
	closed bool
}

func (f *fake) Send(_ context.Context, events []*event.Event) []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panics {
		panic("it panics")
	}
	errs := make([]error, len(events))
	for i, e := range events {
		if errs[i] = f.err; f.err == nil {
			f.sent = append(f.sent, e.ID)
		}
	}
	return errs
}

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func (f *fake) isClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

func (f *fake) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fake) ids() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.sent, " ")
}

// A box is a Sink with all around it.
type box struct {
	*sink.Sink
	t        *testing.T
	registry *prometheus.Registry
	log      gatewaytest.Buffer
}

func newBox(t *testing.T, c sink.Config) *box {
	b := &box{t: t, registry: prometheus.NewRegistry()}
	c.Name, c.Metrics, c.Log = "fake", sink.NewMetrics(b.registry), slog.New(slog.NewTextHandler(&b.log, nil))
	var err error
	b.Sink, err = sink.New(c)
	require.NoError(t, err)
	return b
}

func newFake(t *testing.T) (*fake, *box) {
	f := new(fake)
	return f, newBox(t, sink.Config{Open: func(envsecret.Values) (sinks.Sink, error) { return f, nil }})
}

// metric returns the value of a series, such as `sink_failing other`.
func (b *box) metric(text string) float64 {
	b.t.Helper()
	name, label, _ := strings.Cut(text, " ")
	families, err := b.registry.Gather()
	require.NoError(b.t, err)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if family.GetName() == "accesshook_"+name && slices.Contains(values, "fake") && (label == "" || slices.Contains(values, label)) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	require.Fail(b.t, "no such metric", text)
	return 0
}

func numbered(n int) *event.Event {
	return &event.Event{Vendor: "relock", Source: "relock", ID: fmt.Sprint(n), Type: event.SessionEnded}
}

var errFails = errors.New("it fails")

// A kind of error has a series of its own, which is 1 until an event is taken.
func TestKindsOfErrors(t *testing.T) {
	kinds := map[string]string{
		"refused": "", "unavailable": "", "timeout": "", "connection": "", "other": "",
	}
	for name, test := range map[string]struct {
		err  error
		kind string
	}{
		"permanent":      {event.Permanent(errFails), "refused"},
		"unavailable":    {event.Unavailable(errFails, time.Minute), "unavailable"},
		"deadline":       {event.Unavailable(context.DeadlineExceeded, 0), "timeout"},
		"slow network":   {&net.DNSError{IsTimeout: true}, "timeout"},
		"network":        {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "connection"},
		"errno":          {event.Unavailable(fmt.Errorf("x: %w", syscall.ECONNRESET), 0), "connection"},
		"end of answer":  {event.Unavailable(io.ErrUnexpectedEOF, 0), "connection"},
		"anything else":  {errFails, "other"},
		"refused at all": {event.Permanent(context.DeadlineExceeded), "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			f, b := newFake(t)
			f.set(test.err)
			assert.Equal(t, test.err, b.HandleEvent(t.Context(), numbered(1)))
			for kind := range kinds {
				want := 0.
				if kind == test.kind {
					want = 1
				}
				assert.Equal(t, want, b.metric("sink_failing "+kind), kind)
			}
			assert.Contains(t, b.log.String(), `level=WARN msg="a sink fails" sink=fake kind=`+test.kind+" ")
			f.set(nil)
			assert.NoError(t, b.HandleEvent(t.Context(), numbered(1)))
			assert.Zero(t, b.metric("sink_failing "+test.kind))
		})
	}
}

// A failing sink is named once a minute, and so is what it loses.
func TestLogIsSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, b := newFake(t)
		f.set(errFails)
		for range 3 { // minutes
			for i := range 10 {
				assert.Error(t, b.HandleEvent(t.Context(), numbered(i)))
				b.GaveUp(numbered(i), errFails)
			}
			time.Sleep(time.Minute)
		}
		b.GaveUp(nil, errFails) // one that cannot be decoded
		assert.Equal(t, 3, strings.Count(b.log.String(), "a sink fails"))
		assert.Equal(t, 2, strings.Count(b.log.String(), `msg="a sink fails" sink=fake kind=other error="it fails" vendor=relock id=0 type=session.ended suppressed=9`))
		assert.Equal(t, 4, strings.Count(b.log.String(), "an event was given up"))
		assert.EqualValues(t, 30, b.metric("sink_events_total failed"))
		assert.EqualValues(t, 31, b.metric("sink_events_total given_up"))

		assert.NotContains(t, b.log.String(), "takes events again")
		f.set(nil)
		for i := range 3 {
			assert.NoError(t, b.HandleEvent(t.Context(), numbered(i)))
		}
		assert.Equal(t, 1, strings.Count(b.log.String(), `level=INFO msg="the sink takes events again" sink=fake`))
	})
}

func TestPanicIsReported(t *testing.T) {
	f, b := newFake(t)
	f.panics = true
	assert.Error(t, b.HandleEvent(t.Context(), numbered(1)))
	assert.Contains(t, b.log.String(), "it panics")
	assert.Contains(t, b.log.String(), "fake).Send") // the stack
}

// An event of the queue is sent again for minutes, and then given up.
func TestQueueTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, b := newFake(t)
		b.StartQueue(sink.QueueConfig{Depth: 10, MaxBytes: 1 << 20})
		f.set(errFails)
		b.Offer(numbered(1))
		time.Sleep(10 * time.Second)
		f.set(nil)
		time.Sleep(time.Minute)
		assert.Equal(t, "1", f.ids(), "ten seconds lose nothing")

		f.set(errFails)
		failed := b.metric("sink_events_total failed")
		b.Offer(numbered(2))
		time.Sleep(time.Hour)
		assert.EqualValues(t, 30, b.metric("sink_events_total failed")-failed)
		assert.EqualValues(t, 1, b.metric("sink_events_total given_up"))
		f.set(event.Permanent(errFails))
		b.Offer(numbered(3))
		synctest.Wait()
		assert.EqualValues(t, 2, b.metric("sink_events_total given_up"))
		assert.NoError(t, b.FinishQueue(t.Context()))
	})
}

// Events with one key are sent in the order of their arrival.
func TestQueueKeepsOrder(t *testing.T) {
	f, b := newFake(t)
	b.StartQueue(sink.QueueConfig{Depth: 100, MaxBytes: 1 << 20, Key: func(*event.Event) string { return "same" }})
	want := ""
	for i := range 100 {
		b.Offer(numbered(i))
		want += fmt.Sprint(" ", i)
	}
	require.NoError(t, b.FinishQueue(t.Context()))
	assert.Equal(t, want[1:], f.ids())
}

func TestFullQueueOfASinkGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, b := newFake(t)
		f.set(errFails)
		b.StartQueue(sink.QueueConfig{Depth: 3, MaxBytes: 1 << 20})
		for i := range 260 { // 256 are being sent
			b.Offer(numbered(i))
		}
		assert.EqualValues(t, 1, b.metric("sink_events_total given_up"))
		assert.EqualValues(t, 3, b.metric("sink_queue_depth"))
		time.Sleep(time.Millisecond)
		assert.InDelta(t, .001, b.metric("sink_queue_oldest_age_seconds"), 1e-9)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.ErrorContains(t, b.FinishQueue(ctx), "sink fake: event: queue shut down with 259 events left")
		assert.EqualValues(t, 260, b.metric("sink_events_total given_up"))
	})
}

// End cuts short what is being sent, without a word about the sink.
func TestEnd(t *testing.T) {
	hangs := sinkFunc(func(ctx context.Context, events []*event.Event) []error {
		<-ctx.Done()
		return []error{context.Cause(ctx)}
	})
	b := newBox(t, sink.Config{Open: func(envsecret.Values) (sinks.Sink, error) { return hangs, nil }})
	ended := make(chan error, 1)
	go func() { ended <- b.HandleEvent(context.Background(), numbered(1)) }()
	b.End()
	assert.ErrorIs(t, <-ended, context.Canceled)
	assert.Empty(t, b.log.String())
	assert.Error(t, b.HandleEvent(t.Context(), numbered(2)), "later ones fail")
}

// All events that the workers of a store have at once are one batch.
func TestBatchOfAllWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 128 * durable.DefaultShards
		busy, batches := make(chan struct{}), []int{}
		s := sinkFunc(func(_ context.Context, events []*event.Event) []error {
			batches = append(batches, len(events))
			<-busy
			return nil
		})
		b := newBox(t, sink.Config{Open: func(envsecret.Values) (sinks.Sink, error) { return s, nil }})
		var sending sync.WaitGroup
		send := func(n int) { sending.Go(func() { assert.NoError(t, b.HandleEvent(t.Context(), numbered(n))) }) }
		send(0)
		synctest.Wait()
		for n := range workers {
			send(1 + n)
		}
		synctest.Wait()
		close(busy)
		sending.Wait()
		assert.Equal(t, []int{1, workers}, batches)
	})
}

// An event that a stopped queue sends no more is no failure of the sink.
func TestQueueIsClosed(t *testing.T) {
	closed := sinkFunc(func(_ context.Context, events []*event.Event) []error {
		return []error{event.ErrQueueClosed}
	})
	b := newBox(t, sink.Config{Open: func(envsecret.Values) (sinks.Sink, error) { return closed, nil }})
	assert.ErrorIs(t, b.HandleEvent(t.Context(), numbered(1)), event.ErrQueueClosed)
	assert.Empty(t, b.log.String())
	assert.Zero(t, b.metric("sink_events_total failed"))
}

type sinkFunc func(context.Context, []*event.Event) []error

func (f sinkFunc) Send(ctx context.Context, events []*event.Event) []error { return f(ctx, events) }
func (sinkFunc) Close() error                                              { return nil }

// New credentials that are refused leave the old ones. A sink that was replaced is closed
// once nothing can use it any more.
func TestSetCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, next := new(fake), new(fake)
		b := newBox(t, sink.Config{Open: func(v envsecret.Values) (sinks.Sink, error) {
			switch v.Source {
			case "bad":
				return nil, errFails
			case "next":
				return next, nil
			}
			return old, nil
		}})
		assert.Equal(t, errFails, b.SetCredentials(envsecret.Values{Source: "bad"}))
		assert.NoError(t, b.HandleEvent(t.Context(), numbered(1)))
		assert.NoError(t, b.SetCredentials(envsecret.Values{Source: "next"}))
		assert.NoError(t, b.HandleEvent(t.Context(), numbered(2)))
		assert.Equal(t, "1", old.ids())
		assert.Equal(t, "2", next.ids())
		assert.False(t, old.isClosed())
		time.Sleep(time.Hour)
		assert.True(t, old.isClosed())
		assert.NoError(t, b.Close())
		assert.True(t, next.isClosed())
	})
}

func TestFilterOfASink(t *testing.T) {
	only, err := filter.Known{}.Parse("vendor=unloc")
	require.NoError(t, err)
	f := new(fake)
	b := newBox(t, sink.Config{Only: only, Open: func(envsecret.Values) (sinks.Sink, error) { return f, nil }})
	b.StartQueue(sink.QueueConfig{Depth: 1, MaxBytes: 1 << 20})
	assert.NoError(t, b.HandleEvent(t.Context(), numbered(1)))
	b.Offer(numbered(2))
	assert.EqualValues(t, 2, b.metric("sink_events_total left_out"))
	assert.NoError(t, b.SendAnyway(t.Context(), numbered(3)))
	assert.Equal(t, "3", f.ids())
}

// The log of a store loses the records of sinks' events alone.
func TestQuiet(t *testing.T) {
	var text gatewaytest.Buffer
	log := sink.Quiet(slog.New(slog.NewTextHandler(&text, nil))).With("a", 1).WithGroup("g")
	log.Warn("durable: callback failed", "id", "1", "consumer", "sink-hec", "attempt", 1)
	log.Error("durable: dead letter", "consumer", "sink-hec")
	assert.Empty(t, text.String())
	log.Warn("durable: callback failed", "consumer", "default")
	log.Error("durable: failed", "consumer", "sink-hec")
	assert.Equal(t, 2, strings.Count(text.String(), " a=1 g.consumer="))
}
