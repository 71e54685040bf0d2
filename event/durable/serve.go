package durable

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
)

// DefaultShutdownTimeout is the default of [ServeConfig]. Kubernetes kills a process
// 30 seconds after it has asked it to stop.
const DefaultShutdownTimeout = 25 * time.Second

// An OpenStore is a [*Store], or that of package embedded.
type OpenStore interface {
	Consumer(Consumer) *Runner
	Close() error
}

// A ServeConfig configures Serve. Server, Store and Events are required.
type ServeConfig struct {
	// Server serves the endpoints, which store their events in Store. Serve speaks
	// TLS if Server.TLSConfig has certificates.
	Server *http.Server
	// Listener is what Server accepts connections on. Serve closes it. Nil: a listener
	// on Server.Addr.
	Listener net.Listener
	// Store gives its events to Events. Serve closes it.
	Store OpenStore
	// Events are the callbacks.
	Events event.Handler
	// Consumer says how the callbacks are called.
	Consumer Consumer
	// ShutdownTimeout is how long stopping may take. Requests get four fifths of it at
	// most, so that callbacks have the rest. Zero: DefaultShutdownTimeout.
	ShutdownTimeout time.Duration
}

// Serve is [ServeConfig.Serve] with defaults.
func Serve(ctx context.Context, server *http.Server, store OpenStore, events event.Handler) error {
	return ServeConfig{Server: server, Store: store, Events: events}.Serve(ctx)
}

// Serve serves requests and gives the events of the store to the callbacks until ctx
// is done, or until one of the two fails. It then stops both, in this order:
//
//  1. The server accepts no more requests, and finishes those that it has.
//  2. The callbacks get no more events. Those that are running finish.
//  3. The store is closed.
//
// After ShutdownTimeout, Serve closes connections that are still open, and returns an
// error while callbacks are still running. No event is lost by that: either the vendor
// was not answered 200, or the event stays in the store and is handled again.
//
// Serve returns nil if everything has stopped as it should, and otherwise all errors,
// joined. It closes the store and the listener in any case, also if it could not
// begin. The connection of a store that [Connect] returned stays open.
func (c ServeConfig) Serve(ctx context.Context) error {
	if err := c.check(); err != nil {
		return errors.Join(err, c.close())
	}
	if c.Listener == nil {
		l, err := c.listen(ctx)
		if err != nil {
			return errors.Join(fmt.Errorf("durable: %w", err), c.close())
		}
		c.Listener = l
	}
	s := serving{ServeConfig: c, served: make(chan error, 1), ran: make(chan error, 1)}
	var run context.Context
	run, s.endRun = context.WithCancel(context.WithoutCancel(ctx))
	defer s.endRun()
	go func() { s.served <- s.serve() }()
	go func() { s.ran <- s.run(run) }()
	select {
	case <-ctx.Done():
	case err := <-s.served:
		s.served <- err
	case err := <-s.ran:
		s.ran <- err
	}
	return s.stop(context.WithoutCancel(ctx))
}

// check finds what is wrong with c, also what Run would find later.
func (c *ServeConfig) check() error {
	switch {
	case c.Server == nil:
		return errors.New("durable: ServeConfig.Server is nil")
	case c.Store == nil:
		return errors.New("durable: ServeConfig.Store is nil")
	case c.Events == nil:
		return errors.New("durable: ServeConfig.Events is nil")
	case c.ShutdownTimeout < 0:
		return errors.New("durable: ServeConfig.ShutdownTimeout is negative")
	}
	c.ShutdownTimeout = cmp.Or(c.ShutdownTimeout, DefaultShutdownTimeout)
	_, err := c.Consumer.withDefaults()
	return err
}

// close closes what c has.
func (c *ServeConfig) close() (err error) {
	if c.Listener != nil {
		err = c.Listener.Close()
	}
	if c.Store != nil {
		err = errors.Join(err, c.Store.Close())
	}
	return err
}

func (c *ServeConfig) listen(ctx context.Context) (net.Listener, error) {
	addr := cmp.Or(c.Server.Addr, ":http")
	if c.Server.Addr == "" && c.tls() {
		addr = ":https"
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

func (c *ServeConfig) tls() bool {
	t := c.Server.TLSConfig
	return t != nil && (len(t.Certificates) > 0 || t.GetCertificate != nil || t.GetConfigForClient != nil)
}

// A serving is one call of Serve. The channels get what the server and the run have
// returned.
type serving struct {
	ServeConfig
	served, ran chan error
	endRun      context.CancelFunc
}

func (s *serving) serve() (err error) {
	if s.tls() {
		err = s.Server.ServeTLS(s.Listener, "", "")
	} else {
		err = s.Server.Serve(s.Listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil // by stop, or by its owner
	}
	return fmt.Errorf("durable: server: %w", err)
}

// run returns nil only if ctx has ended it.
func (s *serving) run(ctx context.Context) error {
	err := s.Store.Consumer(s.Consumer).Run(ctx, s.Events)
	if err == nil && ctx.Err() == nil {
		return ErrClosed
	}
	return err
}

// stop stops what is running, in the right order.
func (s *serving) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.ShutdownTimeout)
	defer cancel()
	requests, cancel := context.WithTimeout(ctx, s.ShutdownTimeout/5*4)
	defer cancel()
	var errs []error
	if err := s.Server.Shutdown(requests); err != nil {
		errs = append(errs, fmt.Errorf("durable: requests did not finish: %w", err), s.Server.Close())
	}
	errs = append(errs, <-s.served)
	s.endRun()
	closed := make(chan error, 1)
	go func() { closed <- errors.Join(<-s.ran, s.Store.Close()) }()
	select {
	case err := <-closed:
		errs = append(errs, err)
	case <-ctx.Done():
		errs = append(errs, fmt.Errorf("durable: callbacks did not finish: %w: their events stay in the store and are handled again", ctx.Err()))
	}
	return errors.Join(errs...)
}
