package durable_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// bury stores the events and makes dead letters of them, in this order.
func bury(t testing.TB, s durableStore, events ...*event.Event) []durable.DeadLetter {
	t.Helper()
	stop := run(t, s, durable.Consumer{MaxAttempts: 1}, failing)
	for i, e := range events {
		store(t, s, e)
		waitLetters(t, s, i+1)
	}
	stop()
	return waitLetters(t, s, len(events))
}

func numbers(letters []durable.DeadLetter) (n []uint64) {
	for _, l := range letters {
		n = append(n, l.Number)
	}
	return n
}

func TestDeadLettersAreListed(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	letters, err := s.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	assert.Empty(t, letters, "of a new store")
	events := numbered(12)
	bury(t, s, events...)
	require.NoError(t, s.DropDead(t.Context(), 1))
	require.NoError(t, s.DropDead(t.Context(), 6))
	tests := map[string]struct {
		after uint64
		limit int
		want  []uint64
	}{
		"first page":     {0, 4, []uint64{2, 3, 4, 5}},
		"second page":    {5, 4, []uint64{7, 8, 9, 10}},
		"last page":      {10, 4, []uint64{11, 12}},
		"behind it":      {12, 4, nil},
		"far behind it":  {1000, 4, nil},
		"the largest":    {math.MaxUint64, 4, nil},
		"one":            {0, 1, []uint64{2}},
		"after one gone": {6, 1, []uint64{7}},
		"all":            {0, 1000, []uint64{2, 3, 4, 5, 7, 8, 9, 10, 11, 12}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			letters, err := s.DeadLetters(t.Context(), tt.after, tt.limit)
			require.NoError(t, err)
			assert.Equal(t, tt.want, numbers(letters))
			for _, l := range letters {
				assert.Equal(t, events[l.Number-1].ID, l.Event.ID)
			}
		})
	}
	for _, limit := range []int{-1, 0, 1001} {
		_, err := s.DeadLetters(t.Context(), 0, limit)
		assert.ErrorContains(t, err, "limit")
	}
}

func TestDeadLetterShowsItsEvent(t *testing.T) {
	t.Parallel()
	began := time.Now()
	s := open(t, embedded.Config{Config: durable.Config{KeepRaw: true, RawKeys: rawKeys(keyA)}})
	in := login(t, s, "u-1")
	run(t, s, durable.Consumer{Name: "siem", MaxAttempts: 1}, event.HandlerFunc(func(context.Context, *event.Event) error {
		return errors.New("line one\r\nline two \x1b[31m" + strings.Repeat("x", 2000))
	}))
	waitLetters(t, s, 1)
	l, err := s.DeadLetter(t.Context(), 1)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(in, l.Event, addresses))
	assert.NoError(t, l.EventError)
	assert.True(t, strings.HasPrefix(l.Error, "line one  line two  [31mxxx"), l.Error)
	assert.Len(t, l.Error, 1024)
	assert.Equal(t, []any{uint64(1), "siem", 1}, []any{l.Number, l.Consumer, l.Attempts})
	assert.False(t, l.Stored.Before(began.Add(-time.Second)) || l.Time.Before(l.Stored) || l.Time.After(time.Now()), "%s %s", l.Stored, l.Time)
	e, err := cloudevent.Decode(l.Data, payloads)
	require.NoError(t, err)
	assert.Equal(t, in.ID, e.ID)
	assert.NotContains(t, string(l.Data), canary)
}

func TestNoSuchDeadLetter(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	bury(t, s, numbered(2)...)
	require.NoError(t, s.DropDead(t.Context(), 1))
	for name, n := range map[string]uint64{"none": 0, "dropped": 1, "not yet": 3, "largest": math.MaxUint64} {
		t.Run(name, func(t *testing.T) {
			_, err := s.DeadLetter(t.Context(), n)
			assert.ErrorIs(t, err, durable.ErrNotFound)
			assert.ErrorIs(t, s.DropDead(t.Context(), n), durable.ErrNotFound)
			assert.ErrorIs(t, s.RetryDead(t.Context(), n, failing), durable.ErrNotFound)
		})
	}
	l, err := s.DeadLetter(t.Context(), 2)
	require.NoError(t, err)
	assert.Equal(t, "event-1", l.Event.ID)
}

func TestRetryDead(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	bury(t, s, newEvent(7))
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), contextKey{}, "v"))
	defer cancel()
	require.ErrorContains(t, s.RetryDead(ctx, 1, nil), "nil handler")
	require.ErrorIs(t, s.RetryDead(ctx, 1, failing), errFailed)
	var panicked *event.PanicError
	require.ErrorAs(t, s.RetryDead(ctx, 1, event.HandlerFunc(func(context.Context, *event.Event) error { panic("again") })), &panicked)
	require.ErrorIs(t, s.RetryDead(ctx, 1, event.HandlerFunc(func(context.Context, *event.Event) error { return event.Permanent(errFailed) })), errFailed)
	waitLetters(t, s, 1)
	require.NoError(t, s.RetryDead(ctx, 1, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		assert.Equal(t, "event-7", e.ID)
		assert.Equal(t, "v", ctx.Value(contextKey{}))
		cancel() // what is done stays done
		return nil
	})))
	noLetters(t, s)
	assert.ErrorIs(t, s.RetryDead(t.Context(), 1, failing), durable.ErrNotFound)
}

type contextKey struct{}

func TestRetryTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	bury(t, s, newEvent(7))
	var both, done sync.WaitGroup
	both.Add(2)
	for range 2 {
		done.Go(func() {
			assert.NoError(t, s.RetryDead(t.Context(), 1, event.HandlerFunc(func(context.Context, *event.Event) error {
				both.Done()
				both.Wait()
				return nil
			})), "its handler has finished the event")
		})
	}
	done.Wait()
	noLetters(t, s)
}

func TestCloseWaitsForARetry(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	bury(t, s, newEvent(7))
	began, release := make(chan struct{}), make(chan struct{})
	retried, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		retried <- s.RetryDead(t.Context(), 1, event.HandlerFunc(func(context.Context, *event.Event) error {
			close(began)
			<-release
			return nil
		}))
	}()
	<-began
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
		t.Error("Close did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	assert.NoError(t, <-retried)
	assert.NoError(t, <-closed)
}

func TestEachConsumerHasItsDeadLetters(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	store(t, s, newEvent(1))
	for _, name := range []string{"a", "b"} {
		run(t, s, durable.Consumer{Name: name, MaxAttempts: 1}, failing)
	}
	var of []string
	for _, l := range waitLetters(t, s, 2) {
		of = append(of, l.Consumer)
	}
	assert.ElementsMatch(t, []string{"a", "b"}, of)
}

// An event stays where it is while its dead letter cannot be written, with its
// error and without further calls.
func TestFullDeadLetters(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s := open(t, embedded.Config{Config: durable.Config{MaxBody: 1, MaxDeadBytes: 70_000, Logger: log.logger()}})
	var calls atomic.Int64
	var seen observer
	run(t, s, quick(durable.Consumer{MaxAttempts: 2, Observe: seen.observe}), event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		calls.Add(1)
		if e.ID == "event-4" {
			return event.Permanent(errors.New("the error of event-4"))
		}
		return fmt.Errorf("the error of %s", e.ID)
	}))
	for i := range 5 {
		e := newEvent(i)
		e.Reason = strings.Repeat("x", 30_000)
		store(t, s, e)
	}
	eventually(t, "full", func() bool { return strings.Count(log.String(), "cannot write the dead letter") > 6 })
	assert.Contains(t, log.String(), "maximum bytes")
	letters := waitLetters(t, s, 2)
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, stats.Consumers["default"].Active, "they wait")

	texts := make(map[string]string)
	for len(texts) < 5 {
		for _, l := range letters {
			texts[l.Event.ID] = l.Error
			want := durable.DeadAttempts
			if l.Event.ID == "event-4" {
				want = durable.DeadPermanent
			}
			assert.Equal(t, want, l.Reason, l.Event.ID)
			require.NoError(t, s.DropDead(t.Context(), l.Number))
		}
		letters, err = s.DeadLetters(t.Context(), 0, 10)
		require.NoError(t, err)
	}
	want := make(map[string]string)
	for _, id := range idsOf(numbered(5)) {
		want[id] = "the error of " + id
	}
	assert.Equal(t, want, texts)
	assert.Equal(t, int64(9), calls.Load(), "twice each, once for the permanent one")
	assert.NotContains(t, strings.Join(seen.wait(t, 9), "\n"), "no attempt came to an end")
}

// A consumer that was made anew comes to the same end. What was dropped of its
// former life must not take the event with it.
func TestSecondDeadLetterOfAnEvent(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	bury(t, s, newEvent(1))
	require.NoError(t, s.DropDead(t.Context(), 1))
	require.NoError(t, s.DeleteConsumer(t.Context(), durable.DefaultConsumerName))
	run(t, s, durable.Consumer{MaxAttempts: 1}, failing)
	l := waitLetters(t, s, 1)[0]
	assert.Equal(t, "event-1", l.Event.ID)
}

// A buryLog holds up whoever has written the first dead letter, until another was
// written.
type buryLog struct {
	slog.Handler
	letters atomic.Int64
	second  chan struct{}
}

func (l *buryLog) Enabled(context.Context, slog.Level) bool { return true }

func (l *buryLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "durable: dead letter" {
		return nil
	}
	switch l.letters.Add(1) {
	case 1:
		select {
		case <-l.second:
		case <-time.After(patience):
		}
	case 2:
		close(l.second)
	}
	return nil
}

// The acknowledgement comes so late that the event was given out again, and is
// buried a second time.
func TestDeadLetterIsStoredOnce(t *testing.T) {
	t.Parallel()
	log := &buryLog{Handler: slog.DiscardHandler, second: make(chan struct{})}
	s := open(t, embedded.Config{Config: durable.Config{Logger: slog.New(log), PublishTimeout: 2 * time.Second}})
	store(t, s, newEvent(1))
	run(t, s, durable.Consumer{MaxAttempts: 1, Workers: 2, Lease: time.Second, Timeout: time.Millisecond}, failing)
	receive(t, "the event, again", log.second)
	eventually(t, "acknowledged", func() bool {
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		return stats.Consumers[durable.DefaultConsumerName] == durable.ConsumerStats{}
	})
	waitLetters(t, s, 1)
}

// A subject may be as long as the server takes, and that of its dead letter not be
// longer: the server closes the connection then, and the client gives it up.
func TestDeadLetterOfALongSubject(t *testing.T) {
	t.Parallel()
	s, nc, js := withClient(t, durable.Config{Shards: 1})
	require.NoError(t, nc.Publish("accesshook-in.0.relock."+strings.Repeat("x", 4050), []byte("no JSON")))
	eventually(t, "stored", func() bool {
		stream, err := js.Stream(t.Context(), "accesshook-0")
		require.NoError(t, err)
		return stream.CachedInfo().State.Msgs == 1
	})
	run(t, s, durable.Consumer{}, newRecorder())
	letter := waitLetters(t, s, 1)[0]
	assert.Equal(t, "no JSON", string(letter.Data))
	assert.Error(t, letter.EventError)
}
