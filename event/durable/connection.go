package durable

import (
	"time"

	"github.com/nats-io/nats.go"
)

// ConnectOptions returns options of a connection for [Connect]; later options override
// them. Such a connection finds within 6 seconds that its server hangs, also while nothing
// is sent, and never gives up. By default that takes 6 minutes, and a connection that finds
// no server for two is closed: every event is then answered 503.
func ConnectOptions() []nats.Option {
	return []nats.Option{
		nats.MaxReconnects(-1),
		nats.PingInterval(2 * time.Second),
		nats.MaxPingsOutstanding(2),
		// Between two rounds through all servers, of all processes that have lost one.
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, 250*time.Millisecond),
		// While a write waits, all others do.
		nats.FlusherTimeout(silence),
		nats.ReconnectOnFlusherError(),
	}
}
