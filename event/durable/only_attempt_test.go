package durable_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

// A delivery that came to no callback, as one that a process had just taken when
// it died, is not the only attempt that an event gets.
func TestALostDeliveryIsNoAttempt(t *testing.T) {
	srv, err := server.NewServer(&server.Options{
		DontListen: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20,
	})
	require.NoError(t, err)
	srv.Start()
	defer srv.Shutdown()
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	require.NoError(t, err)
	defer nc.Close()
	s, err := durable.Connect(t.Context(), nc, durable.Config{Payloads: payloads, Shards: 1})
	require.NoError(t, err)
	defer s.Close()

	c := durable.Consumer{MaxAttempts: 1, Lease: 5 * time.Second} // which a loaded machine keeps
	got := newRecorder()
	stop := run(t, s, c, got)
	store(t, s, newEvent(1))
	got.wait(t, 1)
	stop()
	store(t, s, newEvent(2))
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	consumer, err := js.Consumer(t.Context(), "accesshook-0", durable.DefaultConsumerName)
	require.NoError(t, err)
	m, err := consumer.Next() // and that is all
	require.NoError(t, err)
	require.NotNil(t, m)
	run(t, s, c, got)
	got.wait(t, 1)
	assert.Equal(t, []string{"event-1", "event-2"}, got.ids())
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Zero(t, stats.Dead)
}
