package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// opened is a durable.Store, in a directory or on servers.
type opened interface {
	event.Handler // stores
	Consumer(durable.Consumer) *durable.Runner
	Stats(context.Context) (durable.Stats, error)
	DeadLetters(ctx context.Context, after uint64, limit int) ([]durable.DeadLetter, error)
	DeadLetter(ctx context.Context, number uint64) (durable.DeadLetter, error)
	RetryDead(ctx context.Context, number uint64, h event.Handler) error
	DropDead(ctx context.Context, number uint64) error
	AcceptsVendor(vendor string) error
	Close() error
}

// open never returns an interface with a nil pointer.
func open(ctx context.Context, c Config) (opened, error) {
	if c.Dir == "" {
		return connect(ctx, c)
	}
	s, err := embedded.Open(ctx, embedded.Config{Dir: c.Dir, Config: c.Durable})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// OpenExisting opens the store in c.Dir, whatever order of events it was made with. It
// fails if there is none: opening it would create one.
func OpenExisting(ctx context.Context, c Config) (*Store, error) {
	if _, err := os.Stat(filepath.Join(c.Dir, "jetstream")); err != nil {
		return nil, fmt.Errorf("there is no store in %s", c.Dir)
	}
	var s *Store
	var err error
	for _, c.Durable.Order = range []durable.Order{durable.OrderNone, durable.OrderByUser, durable.OrderByLock} {
		if s, err = Open(ctx, c); !errors.Is(err, durable.ErrMismatch) {
			break
		}
	}
	if errors.Is(err, embedded.ErrInUse) {
		err = fmt.Errorf("a gateway has %s open: use -admin instead of -data", c.Dir)
	}
	return s, err
}

// A natsStore is a store with the connection that it uses.
type natsStore struct {
	*durable.Store
	nc *nats.Conn
}

// connect returns a store on NATS servers. It fails if it cannot reach them; after that,
// it waits for lost servers to come back. Their URLs are not logged, since they may have
// a user and a password.
func connect(ctx context.Context, c Config) (opened, error) {
	log := c.Log
	options := []nats.Option{
		nats.Name("accesshook gateway"),
		nats.MaxReconnects(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // nil: the connection was closed
				log.Warn("the NATS server is gone: events are answered 503 until there is one", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) { log.Info("connected to a NATS server again", "server", nc.ConnectedAddr()) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("NATS", slog.Any("error", err)) }),
	}
	if c.Credentials != "" {
		options = append(options, nats.UserCredentials(c.Credentials)) // read at each connection
	}
	nc, err := nats.Connect(c.NATS, options...)
	if err != nil {
		return nil, err
	}
	log.Info("connected to a NATS server", "server", nc.ConnectedAddr())
	s, err := durable.Connect(ctx, nc, c.Durable)
	if errors.Is(err, nats.ErrNoResponders) {
		err = fmt.Errorf("JetStream is not enabled on the server: %w", err)
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return &natsStore{s, nc}, nil
}

// Close closes the store, and then the connection.
func (s *natsStore) Close() error {
	err := s.Store.Close()
	s.nc.Close()
	return err
}
