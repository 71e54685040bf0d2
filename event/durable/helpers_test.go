package durable_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

var payloads = cloudevent.Payloads{
	userlock.Vendor: userlock.Decode, unloc.Vendor: unloc.Decode,
	relock.Vendor: relock.Decode, loginradius.Vendor: loginradius.Decode,
}

// open opens an embedded store in a directory of its own, or in c.Dir.
func open(t testing.TB, c embedded.Config) *embedded.Store {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	if c.Payloads == nil {
		c.Payloads = payloads
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := embedded.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// newEvent returns event number n, without a payload.
func newEvent(n int) *event.Event {
	now := time.Now().UTC()
	return &event.Event{
		ID: fmt.Sprintf("event-%d", n), Vendor: relock.Vendor, Source: relock.Vendor, Credential: "secret 1",
		Type: event.SessionStarted, VendorType: "session.created", Time: now, Received: now,
		Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo,
		User: event.User{ID: fmt.Sprintf("user-%d", n%10)},
	}
}

func store(t testing.TB, h event.Handler, events ...*event.Event) {
	t.Helper()
	for _, e := range events {
		require.NoError(t, h.HandleEvent(t.Context(), e))
	}
}

// A recorder is a handler that keeps what it got.
type recorder struct {
	mu     sync.Mutex
	events []*event.Event
	came   chan struct{}
}

func newRecorder() *recorder { return &recorder{came: make(chan struct{}, 1<<16)} }

func (r *recorder) HandleEvent(_ context.Context, e *event.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	r.came <- struct{}{}
	return nil
}

// wait waits until n more events have come.
func (r *recorder) wait(t testing.TB, n int) {
	t.Helper()
	for range n {
		select {
		case <-r.came:
		case <-time.After(30 * time.Second):
			require.FailNow(t, "an event did not come")
		}
	}
}

func (r *recorder) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for _, e := range r.events {
		ids = append(ids, e.ID)
	}
	return ids
}

// run runs a consumer until the test ends or stop is called.
func run(t testing.TB, s interface {
	Consumer(durable.Consumer) *durable.Runner
}, c durable.Consumer, h event.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Consumer(c).Run(ctx, h) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return stop
}
