package store

import (
	"context"
	"errors"
	"log/slog"
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

// A connection must never give up: it would answer 503 for ever.
func TestConnection(t *testing.T) {
	server, err := natsd.NewServer(&natsd.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20, NoSigs: true})
	require.NoError(t, err)
	server.Start()
	defer server.Shutdown()
	require.True(t, server.ReadyForConnections(2*time.Minute))
	s, err := connect(t.Context(), Config{NATS: server.ClientURL(), Durable: testConfig(), Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	nc := s.(*natsStore).nc
	assert.Negative(t, nc.Opts.MaxReconnect)
	require.NoError(t, s.Close())
	assert.True(t, nc.IsClosed())
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

// A forgetfulStore stops answering when the callback has finished.
type forgetfulStore struct{ opened }

func (s forgetfulStore) DeadLetter(context.Context, uint64) (durable.DeadLetter, error) {
	return durable.DeadLetter{Event: &event.Event{ID: "1"}}, nil
}

func (s forgetfulStore) RetryDead(ctx context.Context, number uint64, h event.Handler) error {
	return errors.Join(h.HandleEvent(ctx, &event.Event{ID: "1"}), errFails)
}

// An event that was handled and could not be deleted will be handled again by the next
// Retry: whoever asked for it must know.
func TestRetryThatCannotDelete(t *testing.T) {
	s := &Store{
		opened: forgetfulStore{}, timeout: time.Minute, log: slog.New(slog.DiscardHandler),
		callbacks: event.HandlerFunc(func(context.Context, *event.Event) error { return nil }),
	}
	require.ErrorIs(t, s.Retry(t.Context(), 1), ErrNotDeleted)
}
