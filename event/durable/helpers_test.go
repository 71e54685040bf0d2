package durable_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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

// patience bounds every wait. Nothing takes that long unless it is broken.
const patience = time.Minute

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

// rawKeys are keys for Config.RawKeys.
func rawKeys(keys ...[]byte) []event.Secret {
	secrets := make([]event.Secret, len(keys))
	for i, key := range keys {
		secrets[i] = event.NewSecretBytes(key)
	}
	return secrets
}

// masked is a secret as an encoding gives it back.
func masked(t testing.TB) (s event.Secret) {
	require.NoError(t, s.UnmarshalText([]byte("[redacted]")))
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
		case <-time.After(patience):
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

// startServer starts a plain NATS server that listens on no port, for what an
// embedded store hides: other clients, and several stores on one server.
func startServer(t testing.TB, dir string) *server.Server {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		ServerName: "test", DontListen: true, NoSigs: true, JetStream: true, StoreDir: dir, MaxPayload: 8 << 20,
	})
	require.NoError(t, err)
	srv.Start()
	require.True(t, srv.ReadyForConnections(patience))
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	return srv
}

func connect(t testing.TB, srv *server.Server) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(srv), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func newJetStream(t testing.TB, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	return js
}

// connectStore returns a store on srv with a connection of its own.
func connectStore(t testing.TB, srv *server.Server, c durable.Config) *durable.Store {
	t.Helper()
	if c.Payloads == nil {
		c.Payloads = payloads
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := durable.Connect(t.Context(), connect(t, srv), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// receive returns what comes next from c.
func receive[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		require.FailNow(t, "did not come: "+what)
	}
	return v
}

// eventually waits until ok is true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			require.FailNow(t, "did not come to be", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// A logBuffer keeps what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) contains(text string) bool { return strings.Contains(l.String(), text) }

func (l *logBuffer) count(text string) int { return strings.Count(l.String(), text) }

func (l *logBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// A durableStore is what embedded.Store and durable.Store share.
type durableStore interface {
	event.Handler
	Consumer(durable.Consumer) *durable.Runner
	DeadLetters(ctx context.Context, after uint64, limit int) ([]durable.DeadLetter, error)
	DeadLetter(ctx context.Context, number uint64) (durable.DeadLetter, error)
	Stats(context.Context) (durable.Stats, error)
}

var errFailed = errors.New("failed on purpose")

// failing is a handler that fails.
var failing = event.HandlerFunc(func(context.Context, *event.Event) error { return errFailed })

// waitLetters waits until there are n dead letters.
func waitLetters(t testing.TB, s durableStore, n int) (letters []durable.DeadLetter) {
	t.Helper()
	eventually(t, "dead letters", func() bool {
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		return stats.Dead >= uint64(n)
	})
	letters, err := s.DeadLetters(t.Context(), 0, 1000)
	require.NoError(t, err)
	require.Len(t, letters, n)
	return letters
}
