package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go"

	"github.com/accesshook/accesshook/event/durable"
)

// natsCredentialsVariable holds the path of a file with the JWT and the seed of a NATS
// user.
const natsCredentialsVariable = "NATS_CREDS_FILE"

// A natsStore is a store with the connection that it uses.
type natsStore struct {
	*durable.Store
	nc *nats.Conn
}

// openNATS returns a store on the NATS servers of -nats. It fails if it cannot reach
// them; after that, it waits for lost servers to come back. The URLs are not logged,
// since they may have a user and a password.
func openNATS(ctx context.Context, servers string, env environment, c durable.Config, log *slog.Logger) (*natsStore, error) {
	options := []nats.Option{
		nats.Name("accesshook gateway"),
		nats.MaxReconnects(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // nil: the connection was closed
				log.Warn("the NATS server is gone: events are answered 503 until there is one", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) { log.Info("connected to a NATS server again", "server", nc.ConnectedAddr()) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("NATS", "error", err) }),
	}
	if path, ok := env(natsCredentialsVariable); ok {
		options = append(options, nats.UserCredentials(path)) // read at each connection
	}
	nc, err := nats.Connect(servers, options...)
	if err != nil {
		return nil, err
	}
	log.Info("connected to a NATS server", "server", nc.ConnectedAddr())
	s, err := durable.Connect(ctx, nc, c)
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
