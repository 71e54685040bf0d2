package durable_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
)

// quick is a consumer that does not wait long.
func quick(c durable.Consumer) durable.Consumer {
	c.Delay, c.MaxDelay = 10*time.Millisecond, 20*time.Millisecond
	return c
}

// An observer keeps what a consumer tells of its attempts.
type observer struct {
	mu       sync.Mutex
	attempts []durable.Attempt
}

func (o *observer) observe(_ context.Context, a durable.Attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.attempts = append(o.attempts, a)
}

// wait waits for n attempts and returns them as "number result: error".
func (o *observer) wait(t testing.TB, n int) (texts []string) {
	t.Helper()
	eventually(t, "attempts", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return len(o.attempts) >= n
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range o.attempts {
		text := fmt.Sprint(a.Number, " ", a.Result)
		if a.Err != nil {
			text += ": " + a.Err.Error()
		}
		texts = append(texts, text)
	}
	return texts
}

func numbered(n int) (events []*event.Event) {
	for i := range n {
		events = append(events, newEvent(i))
	}
	return events
}

func idsOf(events []*event.Event) (ids []string) {
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestConsumersSeeEverything(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	events := numbered(60)
	store(t, s, events[:30]...)
	siem, hours, late := newRecorder(), newRecorder(), newRecorder()
	run(t, s, durable.Consumer{Name: "siem", Workers: 3}, siem)
	run(t, s, durable.Consumer{Name: "hours"}, hours)
	store(t, s, events[30:]...)
	siem.wait(t, 60)
	hours.wait(t, 60)
	run(t, s, durable.Consumer{Name: "late"}, late)
	late.wait(t, 60)
	for _, r := range []*recorder{siem, hours, late} {
		assert.ElementsMatch(t, idsOf(events), r.ids())
	}
}

func TestProcessesShareTheWork(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	a, b := connectStore(t, srv, durable.Config{}), connectStore(t, srv, durable.Config{})
	gotA, gotB := newRecorder(), newRecorder()
	// Who has an event waits for the other to have one.
	var both sync.WaitGroup
	both.Add(2)
	sharing := func(r *recorder) event.Handler {
		has := sync.OnceFunc(both.Done)
		return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			has()
			both.Wait()
			return r.HandleEvent(ctx, e)
		})
	}
	run(t, a, durable.Consumer{}, sharing(gotA))
	run(t, b, durable.Consumer{}, sharing(gotB))
	events := numbered(300)
	store(t, a, events...)
	eventually(t, "all", func() bool { return len(gotA.ids())+len(gotB.ids()) >= len(events) })
	assert.ElementsMatch(t, idsOf(events), append(gotA.ids(), gotB.ids()...), "each of them once")
	assert.NotEmpty(t, gotA.ids())
	assert.NotEmpty(t, gotB.ids())
}

func TestAtMostSoManyAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{Shards: 2}})
	store(t, s, numbered(60)...)
	const most = 6 // Workers times Shards
	var now atomic.Int64
	began, goOn := make(chan struct{}, 60), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(goOn) })
	got := newRecorder()
	run(t, s, durable.Consumer{Workers: 3}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		assert.LessOrEqual(t, now.Add(1), int64(most))
		defer now.Add(-1)
		began <- struct{}{}
		<-goOn
		return got.HandleEvent(ctx, e)
	}))
	defer letGo()
	for range most {
		receive(t, "a call", began)
	}
	letGo()
	got.wait(t, 60)
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("x", 5)
	tests := map[string]struct {
		max    int
		handle func(attempt int) error
		want   []string
		letter string // its error, if there is one
	}{
		"succeeds": {3, func(int) error { return nil }, []string{"1 handled"}, ""},
		"succeeds at last": {
			3, func(n int) error {
				if n < 3 {
					return errFailed
				}
				return nil
			},
			[]string{"1 delayed: failed on purpose", "2 delayed: failed on purpose", "3 handled"}, "",
		},
		"fails": {
			3, func(n int) error { return fmt.Errorf("%s %d", many, n) },
			[]string{"1 delayed: xxxxx 1", "2 delayed: xxxxx 2", "3 buried: xxxxx 3"}, "xxxxx 3",
		},
		"fails with one attempt": {1, func(int) error { return errFailed }, []string{"1 buried: failed on purpose"}, "failed on purpose"},
		"permanent":              {12, func(int) error { return event.Permanent(errFailed) }, []string{"1 buried: failed on purpose"}, "failed on purpose"},
		"permanent later": {
			12, func(n int) error {
				if n < 2 {
					return errFailed
				}
				return event.Permanent(errors.New("for good"))
			},
			[]string{"1 delayed: failed on purpose", "2 buried: for good"}, "for good",
		},
		"one of two permanent": {
			2, func(n int) error { return errors.Join(event.Permanent(errFailed), errFailed) },
			[]string{"1 delayed: failed on purpose\nfailed on purpose", "2 buried: failed on purpose\nfailed on purpose"}, "failed on purpose failed on purpose",
		},
		"panics": {
			2, func(int) error { panic("oh\x1b[0m no") },
			[]string{"1 delayed: event: callback panicked: oh\x1b[0m no", "2 buried: event: callback panicked: oh\x1b[0m no"}, "event: callback panicked: oh [0m no",
		},
		"panics permanently": {
			2, func(int) error { panic(event.Permanent(errFailed)) },
			[]string{"1 delayed: event: callback panicked: failed on purpose", "2 buried: event: callback panicked: failed on purpose"}, "event: callback panicked: failed on purpose",
		},
		"ends its goroutine": {
			2, func(int) error { runtime.Goexit(); return nil },
			[]string{"1 delayed: durable: callback ended its goroutine", "2 buried: durable: callback ended its goroutine"}, "durable: callback ended its goroutine",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			s := open(t, embedded.Config{Config: durable.Config{Shards: 1, Logger: log.logger()}})
			var seen observer
			calls := 0
			got := newRecorder()
			run(t, s, quick(durable.Consumer{Name: "siem", MaxAttempts: tt.max, Observe: seen.observe}),
				event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
					if e.ID != "event-1" {
						return got.HandleEvent(ctx, e)
					}
					calls++
					return tt.handle(calls)
				}))
			store(t, s, newEvent(1))
			assert.Equal(t, tt.want, seen.wait(t, len(tt.want)))
			store(t, s, newEvent(2))
			got.wait(t, 1) // the shard goes on
			assert.Equal(t, len(tt.want), calls)
			seen.mu.Lock()
			attempts := seen.attempts[:len(tt.want)]
			seen.mu.Unlock()
			for _, a := range attempts {
				assert.Equal(t, "siem", a.Consumer)
				assert.Equal(t, "event-1", a.Event.ID)
			}
			if strings.HasPrefix(name, "panics") {
				assert.Contains(t, log.String(), "run_test.go", "the stack is logged")
			}
			if tt.letter == "" {
				noLetters(t, s)
				return
			}
			letter := waitLetters(t, s, 1)[0]
			assert.Equal(t, tt.letter, letter.Error)
			assert.Equal(t, calls, letter.Attempts)
			assert.Equal(t, "siem", letter.Consumer)
			want := durable.DeadAttempts
			if strings.HasPrefix(name, "permanent") {
				want = durable.DeadPermanent
			}
			assert.Equal(t, want, letter.Reason)
			for i, a := range attempts {
				if i < len(attempts)-1 {
					want = ""
				} else {
					want = letter.Reason
				}
				assert.Equal(t, want, a.Reason)
			}
		})
	}
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{Shards: 1}})
	store(t, s, newEvent(1))
	calls := make(chan time.Time, 10)
	run(t, s, durable.Consumer{MaxAttempts: 4, Delay: 200 * time.Millisecond, MaxDelay: 400 * time.Millisecond},
		event.HandlerFunc(func(context.Context, *event.Event) error {
			calls <- time.Now()
			return errFailed
		}))
	last := <-calls
	for _, least := range []time.Duration{100, 200, 200} {
		next := <-calls
		assert.GreaterOrEqual(t, next.Sub(last), least*time.Millisecond-5*time.Millisecond)
		assert.Less(t, next.Sub(last), durable.DefaultLease, "it waited for the lease")
		last = next
	}
}

// What a callback asks for is waited for, even if it is longer than the lease.
func TestUnavailableIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{Shards: 1}})
	store(t, s, newEvent(1))
	calls := make(chan time.Time, 10)
	const lease, asked = 3 * time.Second, 4 * time.Second // a loaded machine keeps the lease
	run(t, s, quick(durable.Consumer{Lease: lease}), event.HandlerFunc(func(context.Context, *event.Event) error {
		calls <- time.Now()
		return event.Unavailable(errFailed, asked)
	}))
	first := receive(t, "a call", calls)
	assert.GreaterOrEqual(t, receive(t, "another call", calls).Sub(first), asked)
}

func TestPanicOfObserveIsContained(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s := open(t, embedded.Config{Config: durable.Config{Shards: 1, Logger: log.logger()}})
	got := newRecorder()
	run(t, s, durable.Consumer{Observe: func(context.Context, durable.Attempt) { panic("observer") }}, got)
	store(t, s, newEvent(1), newEvent(2))
	got.wait(t, 2)
	eventually(t, "logged", func() bool { return strings.Count(log.String(), "op=observe") == 2 })
	assert.Contains(t, log.String(), "callback panicked: observer")
}

// What cannot be decoded goes to the dead letters, and never past the callbacks.
func TestWhatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	payload := func(id, vendor string) *event.Event {
		e := newEvent(0)
		e.ID, e.Vendor, e.Payload = id, vendor, &relock.SecurityAlert{}
		return e
	}
	t.Run("by payloads", func(t *testing.T) {
		t.Parallel()
		p := cloudevent.Payloads{
			"relock": relock.Decode,
			"panics": func([]byte) (*event.Event, error) { panic("decoder") },
			"none":   func([]byte) (*event.Event, error) { return nil, nil },
			"fails":  func([]byte) (*event.Event, error) { return nil, errFailed },
			"bare":   nil,
		}
		s := open(t, embedded.Config{Config: durable.Config{Payloads: p}})
		var seen observer
		got := newRecorder()
		run(t, s, durable.Consumer{Observe: seen.observe}, got)
		vendors := []string{"acme", "panics", "none", "fails", "bare", "unknown"}
		for _, v := range vendors[:5] {
			store(t, s, payload(v, v))
		}
		without := payload("unknown", "unknown")
		without.Payload = nil
		good := payload("good bare", "bare")
		good.Payload = nil
		store(t, s, without, good, payload("good", "relock"))
		got.wait(t, 2)
		assert.ElementsMatch(t, []string{"good bare", "good"}, got.ids())
		letters := waitLetters(t, s, 6)
		found := make(map[string]durable.DeadLetter)
		for _, l := range letters {
			assert.Nil(t, l.Event)
			assert.Error(t, l.EventError)
			assert.Equal(t, durable.DeadUndecodable, l.Reason)
			for _, v := range vendors {
				if strings.Contains(string(l.Data), `"id":"`+v+`"`) {
					found[v] = l
				}
			}
		}
		require.Len(t, found, 6)
		for _, v := range []string{"acme", "bare", "unknown"} {
			assert.ErrorIs(t, found[v].EventError, cloudevent.ErrNoDecoder, v)
			assert.Contains(t, found[v].Error, v)
		}
		assert.ErrorIs(t, found["fails"].EventError, errFailed)
		assert.Contains(t, found["panics"].Error, "decoder")
		for _, text := range seen.wait(t, 8) {
			assert.True(t, strings.Contains(text, "buried") || text == "1 handled", text)
		}
	})
	t.Run("by schema", func(t *testing.T) {
		t.Parallel()
		srv := startServer(t, t.TempDir())
		s := connectStore(t, srv, durable.Config{})
		js := newJetStream(t, connect(t, srv))
		got := newRecorder()
		run(t, s, durable.Consumer{}, got)
		line, err := cloudevent.Encode(newEvent(1))
		require.NoError(t, err)
		headers := []nats.Header{
			{"Accesshook-Schema": {"2"}}, {}, {"Accesshook-Schema": {strings.Repeat("1", 500)}},
			{"Accesshook-Schema": {"1"}, "Accesshook-Credential": {"%zz"}},
		}
		for i, h := range headers {
			_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: fmt.Sprintf("accesshook-in.%d.relock.x", i), Header: h, Data: line})
			require.NoError(t, err)
		}
		_, err = js.PublishMsg(t.Context(), &nats.Msg{Subject: "accesshook-in.7.relock.x", Header: nats.Header{"Accesshook-Schema": {"1"}}, Data: []byte("no JSON")})
		require.NoError(t, err)
		letters := waitLetters(t, s, 5)
		schemas := 0
		for _, l := range letters {
			require.Error(t, l.EventError)
			if errors.Is(l.EventError, durable.ErrSchema) {
				schemas++
			}
		}
		assert.Equal(t, 3, schemas)
		assert.Empty(t, got.ids())
	})
}

func TestCallbacksThatIgnoreTheirDeadline(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{Shards: 1}})
	store(t, s, newEvent(1))
	release, again := make(chan struct{}), make(chan struct{}, 10)
	var calls atomic.Int64
	run(t, s, durable.Consumer{Workers: 2, Lease: time.Second, Timeout: 100 * time.Millisecond}, event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
		if calls.Add(1) == 1 {
			<-release
			return nil
		}
		deadline, ok := ctx.Deadline()
		assert.True(t, ok)
		assert.LessOrEqual(t, time.Until(deadline), 100*time.Millisecond)
		again <- struct{}{}
		return nil
	}))
	defer close(release)
	receive(t, "another call", again)
}

func TestCancelFinishesWhatRuns(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	store(t, s, numbered(100)...)
	ctx, cancel := context.WithCancel(t.Context())
	began, release := make(chan struct{}, 100), make(chan struct{})
	first := newRecorder()
	ended := make(chan error)
	go func() {
		ended <- s.Consumer(durable.Consumer{MaxAttempts: 1}).Run(ctx, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			began <- struct{}{}
			<-release
			assert.NoError(t, ctx.Err(), "its context was cancelled")
			return first.HandleEvent(ctx, e)
		}))
	}()
	for range 8 {
		<-began
	}
	cancel()
	select {
	case <-ended:
		t.Fatal("Run did not wait")
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	require.NoError(t, <-ended)
	assert.Len(t, first.ids(), 8, "one of each shard, and nothing after it")

	rest := newRecorder()
	var seen observer
	run(t, s, durable.Consumer{MaxAttempts: 1, Observe: seen.observe}, rest)
	rest.wait(t, 92)
	assert.ElementsMatch(t, idsOf(numbered(100)), append(first.ids(), rest.ids()...))
	for _, text := range seen.wait(t, 92) {
		assert.Equal(t, "1 handled", text)
	}
	noLetters(t, s)
}

func TestCloseWaitsForCallbacks(t *testing.T) {
	t.Parallel()
	s := connectStore(t, startServer(t, t.TempDir()), durable.Config{})
	store(t, s, newEvent(1))
	began, release := make(chan struct{}), make(chan struct{})
	ended, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		ended <- s.Run(t.Context(), event.HandlerFunc(func(context.Context, *event.Event) error {
			close(began)
			<-release
			return nil
		}))
	}()
	<-began
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
		t.Fatal("Close did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	require.NoError(t, <-closed)
	require.NoError(t, <-ended, "the end of a Run by Close is no error")
}

// A context may end with a cause of its own, as that of signal.NotifyContext does.
func TestCauseOfTheContextIsNoError(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	ctx, cancel := context.WithCancelCause(t.Context())
	got := newRecorder()
	ended := make(chan error)
	go func() { ended <- s.Run(ctx, got) }()
	store(t, s, newEvent(1))
	got.wait(t, 1)
	cancel(errors.New("signal"))
	assert.NoError(t, <-ended)
	assert.NoError(t, s.Run(ctx, got), "and one that was over before")
}

func TestDeletedConsumer(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	store(t, s, numbered(20)...)
	got := newRecorder()
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- s.Consumer(durable.Consumer{Name: "siem"}).Run(t.Context(), got) }()
	}
	got.wait(t, 20)
	require.NoError(t, s.DeleteConsumer(t.Context(), "siem"))
	for range 2 {
		assert.ErrorIs(t, <-ended, durable.ErrConsumerDeleted)
	}
	require.NoError(t, s.DeleteConsumer(t.Context(), "siem"), "there is none any more")
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Empty(t, stats.Consumers)

	// Made anew, it has finished nothing.
	run(t, s, durable.Consumer{Name: "siem"}, got)
	got.wait(t, 20)
	assert.Len(t, got.ids(), 40)
}

func TestClosedConnectionEndsRun(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	nc := connect(t, srv)
	s, err := durable.Connect(t.Context(), nc, durable.Config{Payloads: payloads})
	require.NoError(t, err)
	got := newRecorder()
	ended := make(chan error)
	go func() { ended <- s.Run(t.Context(), got) }()
	store(t, s, newEvent(1))
	got.wait(t, 1)
	nc.Close()
	assert.ErrorIs(t, <-ended, nats.ErrConnectionClosed)
	assert.ErrorIs(t, s.Run(t.Context(), got), nats.ErrConnectionClosed)
}

func TestRunWaitsForTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := startServer(t, dir)
	n := newNetwork(srv)
	s, nc := connectOver(t, n, durable.Config{Shards: 2})
	got := newRecorder()
	run(t, s, durable.Consumer{}, got)
	store(t, s, newEvent(1))
	got.wait(t, 1)
	srv.Shutdown()
	srv.WaitForShutdown()
	eventually(t, "disconnected", func() bool { return !nc.IsConnected() })
	later := newRecorder()
	run(t, s, durable.Consumer{Name: "later"}, later) // begins while it is away
	n.use(startServer(t, dir))
	eventually(t, "stored", func() bool { return s.HandleEvent(t.Context(), newEvent(2)) == nil })
	got.wait(t, 1)
	later.wait(t, 2)
}

// Not parallel: it compares the goroutines of the process.
func TestNoGoroutineIsLeft(t *testing.T) {
	s := open(t, embedded.Config{}) // what the server and the client begin once
	require.NoError(t, s.Close())
	for _, failed := range []error{nil, errFailed} {
		s := open(t, embedded.Config{})
		store(t, s, numbered(20)...)
		got := newRecorder()
		run(t, s, durable.Consumer{Workers: 3, MaxAttempts: 1}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			_ = got.HandleEvent(ctx, e)
			return failed
		}))
		got.wait(t, 20)
		require.NoError(t, s.Replay(t.Context(), time.Time{}, time.Time{}, durable.Filter{}, got))
		_, err := s.DeadLetters(t.Context(), 0, 5)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	eventually(t, "no goroutine of ours", func() bool {
		var b strings.Builder
		require.NoError(t, pprof.Lookup("goroutine").WriteTo(&b, 2))
		for stack := range strings.SplitSeq(b.String(), "\n\n") {
			// Tests of this package wait for their turn.
			if strings.Contains(stack, "TestNoGoroutineIsLeft") || strings.Contains(stack, "testing.(*T).Parallel") {
				continue
			}
			for _, of := range []string{"event/durable.", "event/durable/embedded.", "nats.go/jetstream.", "nats-io/nats%2ego"} {
				if strings.Contains(stack, of) {
					return false
				}
			}
		}
		return true
	})
}

// What a process recorded before it died decides how the next one goes on.
func TestRecordsOfAttempts(t *testing.T) {
	tests := map[string]struct {
		record string
		want   string
		called bool
	}{
		"none":           {"", "1 handled", true},
		"in work":        {`{"attempts":2,"ended":false,"done":false}`, "3 handled", true},
		"failed":         {`{"attempts":2,"ended":true,"done":false,"error":"before"}`, "3 handled", true},
		"done":           {`{"attempts":1,"ended":true,"done":true}`, "1 handled", false},
		"used up":        {`{"attempts":3,"ended":false,"done":false}`, "3 buried: durable: no attempt came to an end: the process died, or a callback outran its lease", false},
		"failed for all": {`{"attempts":3,"ended":true,"done":false,"error":"the last"}`, "3 buried: the last", false},
		"to be buried":   {`{"attempts":1,"ended":true,"done":false,"bury":true,"error":"for good"}`, "1 buried: for good", false},
		"no record":      {`[]`, "1 delayed: durable: record of attempts: ", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			s := connectStore(t, srv, durable.Config{Shards: 1})
			store(t, s, newEvent(1))
			js := newJetStream(t, connect(t, srv))
			if tt.record != "" {
				at := storedAt(t, js, 1, "event-1")
				_, err := js.CreateConsumer(t.Context(), "accesshook-0", jetstream.ConsumerConfig{
					Durable: "siem", AckPolicy: jetstream.AckExplicitPolicy, Metadata: map[string]string{"accesshook-made": "once"},
				})
				require.NoError(t, err)
				_, err = js.Publish(t.Context(), fmt.Sprintf("accesshook-attempts.siem.0.1-%d-once", at.UnixNano()), []byte(tt.record))
				require.NoError(t, err)
			}
			var seen observer
			var calls atomic.Int64
			run(t, s, durable.Consumer{Name: "siem", MaxAttempts: 3, Observe: seen.observe}, event.HandlerFunc(func(context.Context, *event.Event) error {
				calls.Add(1)
				return nil
			}))
			assert.True(t, strings.HasPrefix(seen.wait(t, 1)[0], tt.want), "%s", seen.wait(t, 1))
			assert.Equal(t, tt.called, calls.Load() == 1)
		})
	}
}
