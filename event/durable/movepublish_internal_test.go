package durable

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/cloudevent"
)

// In a store with an order one message after another goes to each stream: one that failed
// must not come after the next. Without an order there may be many.
func TestPublisherKeepsTheOrder(t *testing.T) {
	t.Parallel()
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20})
	require.NoError(t, err)
	srv.Start()
	require.True(t, srv.ReadyForConnections(time.Minute))
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	for order, most := range map[Order]int{OrderByUser: 1, OrderNone: windowMessages} {
		s, err := Connect(t.Context(), nc, Config{Name: "order-" + string(order), Shards: 2, Order: order, Payloads: cloudevent.Payloads{"acme": nil}})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		p := newPublisher(s)
		p.count = new(MovedCount)
		longest := 0
		for n := range 1000 {
			m := nats.NewMsg(s.names.ingest(n%2, "acme.x"))
			require.NoError(t, p.publish(t.Context(), m, s.names.stream(n%2)))
			longest = max(longest, p.waiting[s.names.stream(0)])
			assert.LessOrEqual(t, len(p.window), windowMessages)
		}
		assert.LessOrEqual(t, longest, most)
		assert.True(t, order != OrderNone || longest > 1)
		require.NoError(t, p.settleAll(t.Context()))
		assert.Equal(t, MovedCount{Copied: 1000}, *p.count)
		assert.Equal(t, map[string]uint64{s.names.stream(0): 500, s.names.stream(1): 500}, p.copied)
	}

	// Large messages are fewer.
	s, err := Connect(t.Context(), nc, Config{Name: "large", Payloads: cloudevent.Payloads{"acme": nil}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	p := newPublisher(s)
	p.count = new(MovedCount)
	for range 8 {
		m := nats.NewMsg(s.names.ingest(0, "acme.x"))
		m.Data = make([]byte, 4<<20)
		require.NoError(t, p.publish(t.Context(), m, s.names.stream(0)))
		assert.LessOrEqual(t, len(p.window), 3)
	}
	require.NoError(t, p.settleAll(t.Context()))
	assert.Zero(t, p.bytes)
}
