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
	if s.Store, err = durable.Connect(ctx, nc, c.Durable); err != nil {
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
		nats.CustomInboxPrefix(inboxPrefix),
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
	return nats.Connect(c.NATS, append(options, c.TLS.options()...)...)
}

// inboxPrefix begins the subjects of answers, so that the permissions of a gateway need
// not have those of others. nats-permissions.conf has it.
const inboxPrefix = "_INBOX.accesshook"

// TLS are the files for TLS with NATS servers, which are read at each connection. Those
// that are given require TLS. Zero: as the URLs say, with the authorities of the system.
type TLS struct {
	CA        string // certificates of the authorities
	Cert, Key string // of the gateway
}

func (t TLS) options() (options []nats.Option) {
	if t.CA != "" {
		options = append(options, nats.RootCAs(t.CA))
	}
	if t.Cert != "" {
		options = append(options, nats.ClientCert(t.Cert, t.Key))
	}
	return options
}

// Check returns an error if a file cannot be read, or does not have what it must have.
func (t TLS) Check() (err error) {
	for _, option := range t.options() {
		err = errors.Join(err, option(new(nats.Options)))
	}
	return err
}
