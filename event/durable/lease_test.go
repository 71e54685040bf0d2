package durable_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// watchLeases returns the sequence of an event of the first shard each time its lease
// is renewed, for a consumer of the default name.
func watchLeases(t *testing.T, nc *nats.Conn) <-chan string {
	t.Helper()
	renewed := make(chan string, 1<<10)
	_, err := nc.Subscribe("$JS.ACK.accesshook-0.default.>", func(m *nats.Msg) {
		if string(m.Data) == "+WPI" {
			renewed <- strings.Split(m.Subject, ".")[5]
		}
	})
	require.NoError(t, err)
	require.NoError(t, nc.Flush())
	return renewed
}

// The lease is a matter of the server: the process that begins last decides. An
// event with another process keeps it nevertheless, as when a new release with
// another lease is rolled out.
func TestProcessesWithOtherLeases(t *testing.T) {
	t.Parallel()
	const shorter = 6 * time.Second // which a loaded machine keeps as well
	for name, leases := range map[string][2]time.Duration{
		"shorter": {durable.DefaultLease, shorter},
		"longer":  {shorter, durable.DefaultLease},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			c := durable.Config{Shards: 1, Order: durable.OrderByUser}
			first, second := connectStore(t, srv, c), connectStore(t, srv, c)
			store(t, first, newEvent(1), newEvent(2))
			began, others := make(chan struct{}), make(chan struct{})
			var seen observer
			var calls atomic.Int64
			run(t, first, durable.Consumer{Lease: leases[0], Observe: seen.observe}, event.HandlerFunc(func(context.Context, *event.Event) error {
				if calls.Add(1) == 1 {
					close(began)
					<-others
				}
				return nil
			}))
			receive(t, "a call", began)
			run(t, second, durable.Consumer{Lease: leases[1], Observe: seen.observe}, event.HandlerFunc(func(context.Context, *event.Event) error {
				calls.Add(1)
				return nil
			}))
			renewed := watchLeases(t, connect(t, srv))
			for range shorter/(time.Second/3) + 3 { // for longer than the shorter lease
				assert.Equal(t, "1", receive(t, "a renewal", renewed))
			}
			assert.Equal(t, int64(1), calls.Load(), "calls while the first one runs")
			close(others)
			assert.Equal(t, []string{"1 handled", "1 handled"}, seen.wait(t, 2))
		})
	}
}
