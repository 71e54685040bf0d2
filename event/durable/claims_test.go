package durable_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// An event that another process has with a callback is given back, whatever has made the
// server deliver it again, and that is no attempt. When it has been given up there, it is
// taken over.
func TestEventsInWorkElsewhere(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	c := durable.Config{Shards: 1, Order: durable.OrderByUser}
	began, goOn := make(chan struct{}, 10), make(chan struct{})
	h := event.HandlerFunc(func(context.Context, *event.Event) error {
		began <- struct{}{}
		<-goOn
		return nil
	})
	var seen observer
	consumer := durable.Consumer{Lease: 2 * time.Second, Observe: seen.observe}
	first := connectStore(t, srv, c)
	store(t, first, newEvent(1))
	run(t, first, consumer, h)
	receive(t, "a call", began)
	run(t, connectStore(t, srv, c), consumer, h)
	defer close(goOn)

	info, err := newJetStream(t, connect(t, srv)).Consumer(t.Context(), "accesshook-0", "default")
	require.NoError(t, err)
	nc := connect(t, srv)
	eventually(t, "given back", func() bool { // by the run that is free
		require.NoError(t, nc.Publish("$JS.ACK.accesshook-0.default.1.1.1.0.0", []byte("-NAK")))
		time.Sleep(100 * time.Millisecond)
		state, err := info.Info(t.Context())
		return err == nil && state.NumRedelivered > 0 && len(seen.wait(t, 0)) > 2
	})
	for _, text := range seen.wait(t, 0) {
		assert.Equal(t, "0 delayed: durable: given back: it came too early, or a callback has it", text)
	}
	assert.Empty(t, began, "it was called while it was with a callback")
	goOn <- struct{}{}
	eventually(t, "handled", func() bool {
		texts := seen.wait(t, 0)
		return texts[len(texts)-1] == "1 handled"
	})
	assert.Empty(t, began)
}

// Processes that may not ask each other say so once, and go on by the clock of the server.
func TestProcessesThatMayNotAsk(t *testing.T) {
	t.Parallel()
	for name, deny := range map[string]server.Permissions{
		"publish":   {Publish: &server.SubjectPermission{Deny: []string{"accesshook-work.>"}}},
		"subscribe": {Subscribe: &server.SubjectPermission{Deny: []string{"accesshook-work.>"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, err := server.NewServer(&server.Options{
				DontListen: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20,
				Users: []*server.User{{Username: "gateway", Password: "p", Permissions: &deny}},
			})
			require.NoError(t, err)
			srv.Start()
			t.Cleanup(func() {
				srv.Shutdown()
				srv.WaitForShutdown()
			})
			require.True(t, srv.ReadyForConnections(patience))
			nc, err := nats.Connect("", nats.InProcessServer(srv), nats.UserInfo("gateway", "p"), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
			require.NoError(t, err)
			t.Cleanup(nc.Close)
			var log logBuffer
			s, err := durable.Connect(t.Context(), nc, durable.Config{Shards: 2, Payloads: payloads, Logger: log.logger()})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			store(t, s, numbered(20)...)
			run(t, s, quick(durable.Consumer{MaxAttempts: 3, Workers: 10}), failing)
			waitLetters(t, s, 20)
			assert.Equal(t, 1, strings.Count(log.String(), "cannot ask each other"), log.String())
			assert.Contains(t, log.String(), `subject=accesshook-work.>`)
		})
	}
}
