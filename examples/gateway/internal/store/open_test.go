package store

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/relock"
)

func testConfig() durable.Config {
	return durable.Config{Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode}}
}

func startServer(t *testing.T) *natsd.Server {
	t.Helper()
	server, err := natsd.NewServer(&natsd.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20, NoSigs: true})
	require.NoError(t, err)
	server.Start()
	t.Cleanup(server.Shutdown)
	require.True(t, server.ReadyForConnections(2*time.Minute))
	return server
}

// A connection must never give up: it would answer 503 for ever.
func TestConnection(t *testing.T) {
	nc, err := connect(Config{NATS: startServer(t).ClientURL(), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer nc.Close()
	assert.Negative(t, nc.Opts.MaxReconnect)
}

func TestCloseDisconnects(t *testing.T) {
	server := startServer(t)
	s, err := Open(t.Context(), Config{NATS: server.ClientURL(), Durable: testConfig(), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	assert.Equal(t, 1, server.NumClients())
	require.NoError(t, s.Close())
	require.Eventually(t, func() bool { return server.NumClients() == 0 }, 2*time.Minute, time.Millisecond)
}

// A stop does not wait for a callback that ignores its deadline. The event stays.
func TestFinishDoesNotWaitForEver(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	s, err := Open(t.Context(), Config{
		Dir: t.TempDir(), Durable: testConfig(), Log: slog.New(slog.DiscardHandler),
		Callbacks: event.HandlerFunc(func(context.Context, *event.Event) error {
			close(begun)
			<-release
			return nil
		}),
	})
	require.NoError(t, err)
	s.Start(func(err error) { assert.NoError(t, err) })
	require.NoError(t, s.HandleEvent(t.Context(), &event.Event{Vendor: relock.Vendor, Source: relock.Vendor, ID: "1", Type: event.SessionEnded}))
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, s.Finish(ctx), "callbacks did not finish; their events stay in the store")
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	c := stats.Consumers[durable.DefaultConsumerName]
	assert.EqualValues(t, 1, c.Pending+uint64(c.Active))
	close(release)
	require.NoError(t, s.Finish(t.Context()))
}

func TestSealedBodiesAreNotShown(t *testing.T) {
	l := durable.DeadLetter{Data: []byte(`{"id":"1","accesshookraw":"c2VhbGVk"}`), EventError: errFails}
	assert.JSONEq(t, `{"id":"1"}`, string(eventJSON(l)))
	l.Data = []byte(`"c2VhbGVk"`)
	assert.Nil(t, eventJSON(l))
}

var errFails = errors.New("it fails")

// An event that was handled and could not be deleted will be handled again by the next
// Retry: whoever asked for it must know.
func TestRetryThatCannotDelete(t *testing.T) {
	server := startServer(t)
	var handled atomic.Bool
	c := Config{NATS: server.ClientURL(), Durable: testConfig(), Log: slog.New(slog.DiscardHandler)}
	c.Durable.PublishTimeout = time.Second
	c.Consumer = durable.Consumer{MaxAttempts: 1, Timeout: time.Minute}
	c.Callbacks = event.HandlerFunc(func(context.Context, *event.Event) error {
		if !handled.Load() {
			return errFails
		}
		server.Shutdown()
		return nil
	})
	s, err := Open(t.Context(), c)
	require.NoError(t, err)
	s.Start(func(error) {})
	require.NoError(t, s.HandleEvent(t.Context(), &event.Event{Vendor: relock.Vendor, Source: relock.Vendor, ID: "1", Type: event.SessionEnded}))
	require.Eventually(t, func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Dead == 1
	}, 2*time.Minute, 5*time.Millisecond)
	handled.Store(true)
	require.ErrorIs(t, s.Retry(t.Context(), 1), ErrNotDeleted)
}
