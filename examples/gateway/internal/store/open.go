package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// open opens the directory or the connection to the servers.
func (s *Store) open(ctx context.Context, c Config) error {
	if err := c.checkMoved(); err != nil {
		return err
	}
	if c.Dir != "" {
		dir, err := embedded.Open(ctx, embedded.Config{Dir: c.Dir, Config: c.Durable})
		if err == nil {
			s.Store, s.close = dir.Store, dir.Close
		}
		return err
	}
	nc, err := connect(c)
	if err != nil {
		return err
	}
	s.Store, err = durable.Connect(ctx, nc, c.Durable)
	if errors.Is(err, nats.ErrNoResponders) {
		err = fmt.Errorf("JetStream is not enabled on the server: %w", err)
	}
	if err != nil {
		nc.Close()
		return err
	}
	s.close = func() error {
		defer nc.Close()
		return s.Store.Close()
	}
	return nil
}

// OpenExisting opens the store in c.Dir, whatever order of events it was made with. It
// fails if there is none: opening it would create one.
func OpenExisting(ctx context.Context, c Config) (*Store, error) {
	if _, err := os.Stat(filepath.Join(c.Dir, "jetstream")); err != nil {
		return nil, fmt.Errorf("there is no store in %s", c.Dir)
	}
	c.Durable.Order = durable.OrderAsStored
	s, err := Open(ctx, c)
	if errors.Is(err, embedded.ErrInUse) {
		err = fmt.Errorf("a gateway has %s open: use -admin instead of -data", c.Dir)
	}
	return s, err
}

// connect connects to NATS servers. It fails if it cannot reach them; after that, the
// connection waits for lost servers to come back. Their URLs are not logged, since they may
// have a user and a password.
func connect(c Config) (*nats.Conn, error) {
	var server string // of the last connection; the client calls handlers one after another
	connected := func(msg string) nats.ConnHandler {
		return func(nc *nats.Conn) {
			server = nc.ConnectedAddr()
			c.Log.Info(msg, "server", server, "name", nc.ConnectedServerName())
		}
	}
	options := append(durable.ConnectOptions(),
		nats.Name("accesshook gateway"),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // nil: the connection was closed, or the store leaves the server and says so
				c.Log.Warn("the NATS server is gone: events are answered 503 until there is one", "server", server, "error", err)
			}
		}),
		nats.ConnectHandler(connected("connected to a NATS server")),
		nats.ReconnectHandler(connected("connected to a NATS server again")),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c.Log.Warn("NATS", "error", err) }),
	)
	if c.Credentials != "" {
		options = append(options, nats.UserCredentials(c.Credentials)) // read at each connection
	}
	return nats.Connect(c.NATS, options...)
}
