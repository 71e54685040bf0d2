package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// startWait is how long a server may take to read the stored events.
const startWait = 5 * time.Minute

// An engine is a NATS server in this process that can be started again.
type engine struct {
	options server.Options
	log     *slog.Logger

	mu     sync.Mutex
	server *server.Server // nil while there is none
	conn   net.Conn       // the last connection to it
}

func newEngine(c Config, maxPayload int32, log *slog.Logger) *engine {
	return &engine{
		log: log,
		options: server.Options{
			ServerName: "accesshook",
			DontListen: true,
			NoSigs:     true, // else it would end the process at SIGTERM
			JetStream:  true,
			StoreDir:   c.Dir,
			SyncAlways: true,
			MaxPayload: maxPayload,
			MaxPending: max(server.MAX_PENDING_SIZE, 2*int64(maxPayload)), // else the server refuses large ones
			// The streams have limits. They may have been created with more than this
			// Config says, so the limit of the server is out of their way.
			JetStreamMaxStore:  1 << 62,
			JetStreamMaxMemory: 64 << 20,
		},
	}
}

// connect returns a client that connects again after a restart of the server.
func (e *engine) connect() (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(e), nats.Name("accesshook"),
		nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(0, 0),
		// Without it they go to standard error.
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			e.log.LogAttrs(context.Background(), slog.LevelWarn, "embedded: the connection to the store", slog.String("error", err.Error()))
		}))
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	return nc, nil
}

// InProcessConn implements nats.InProcessConnProvider.
func (e *engine) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return nil, errNoServer
	}
	conn, err := e.server.InProcessConn()
	if err != nil {
		return nil, err
	}
	e.conn = conn
	return conn, nil
}

var errNoServer = errors.New("embedded: the store is not running")

// start starts the server, and returns once it has read the stored events.
func (e *engine) start() error {
	if err := mend(e.options.StoreDir, e.log); err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	options := e.options
	srv, err := server.NewServer(&options)
	if err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	log := &serverLog{log: e.log}
	srv.SetLoggerV2(log, false, false, false)
	srv.Start()
	// After a fatal error it is never ready.
	if log.fatal.Load() || !srv.ReadyForConnections(startWait) || !srv.JetStreamEnabled() {
		stopServer(srv)
		return fmt.Errorf("embedded: the store in %s cannot be opened; the log says why", e.options.StoreDir)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server = srv
	return nil
}

// detach closes the connection to the server, and makes no other. It returns the server
// for stopServer, nil if there is none.
func (e *engine) detach() *server.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	srv, conn := e.server, e.conn
	e.server, e.conn = nil, nil
	if conn != nil {
		_ = conn.Close()
	}
	return srv
}

// stopServer stops srv, if it is not nil, and returns once it has left its directory.
func stopServer(srv *server.Server) {
	if srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}

// health returns why the server no longer stores events, or nil.
func (e *engine) health() error {
	e.mu.Lock()
	srv := e.server
	e.mu.Unlock()
	if srv == nil {
		return errNoServer
	}
	return lasting(func() error {
		if h := srv.Healthz(nil); h.Error != "" {
			return fmt.Errorf("embedded: %s", h.Error)
		}
		return nil
	})
}

// lasting asks again after an error. The server gives itself a millisecond to find that
// it is ready, which may be too short on a busy machine. An error that keeps it from
// storing stays.
func lasting(health func() error) (err error) {
	for range 3 {
		if err = health(); err == nil {
			return nil
		}
	}
	return err
}

// A serverLog writes the log of the server to slog, its notices at level Debug.
type serverLog struct {
	log   *slog.Logger
	fatal atomic.Bool // there was an error after which the server does not go on
}

func (l *serverLog) write(f func(string, ...any), format string, v []any) {
	f("nats-server: " + strings.TrimSpace(fmt.Sprintf(format, v...)))
}

func (l *serverLog) Noticef(format string, v ...any) { l.write(l.log.Debug, format, v) }
func (l *serverLog) Warnf(format string, v ...any)   { l.write(l.log.Warn, format, v) }
func (l *serverLog) Errorf(format string, v ...any)  { l.write(l.log.Error, format, v) }
func (l *serverLog) Fatalf(format string, v ...any) {
	l.fatal.Store(true)
	l.write(l.log.Error, format, v)
}
func (l *serverLog) Debugf(string, ...any) {}
func (l *serverLog) Tracef(string, ...any) {}
