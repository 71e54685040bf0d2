// Package store is the gateway's store: events are stored before the vendor is
// answered, and handled from there. It is a directory, or NATS servers.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// directoryLease is how long an event of a directory stays with a process that died
// while it handled it. No other process can have the event, so it is short.
const directoryLease = 10 * time.Second

// StoringTimeout is how long an endpoint waits for the store, which gives up earlier.
const StoringTimeout = 2 * durable.DefaultPublishTimeout

// A Config says which store to open. Dir or NATS is required, and so is Callbacks.
type Config struct {
	Dir         string // a directory
	NATS        string // URLs of NATS servers, separated by commas
	Credentials string // file with the credentials of a NATS user; "": none
	TLS         TLS    // of the connection to NATS servers

	Durable  durable.Config
	Consumer durable.Consumer // how Callbacks are called

	Callbacks event.Handler
	Metrics   prometheus.Registerer // gets the metrics of the store; nil: none
	Log       *slog.Logger

	evenMoved bool // also open a directory whose store was moved
}

// A Store stores events, and calls the callbacks with them. It is an [event.Handler],
// which stores.
type Store struct {
	*durable.Store
	close     func() error
	callbacks event.Handler
	timeout   time.Duration // of one attempt
	consumer  *durable.Runner
	state     state
	log       *slog.Logger

	retrying sync.RWMutex // held for reading by each Retry

	stop context.CancelFunc // ends the consumer
	done chan struct{}      // closed when the consumer has ended; nil before Start
}

// Open opens a store. The callbacks are not called before Start.
func Open(ctx context.Context, c Config) (*Store, error) {
	s := &Store{callbacks: c.Callbacks, timeout: c.Consumer.Timeout, log: c.Log}
	if err := s.open(ctx, c); err != nil {
		return nil, err
	}
	if c.Dir != "" {
		c.Consumer.Lease = directoryLease
	}
	outcomes := newOutcomes()
	c.Consumer.Observe = outcomes.observe
	s.consumer = s.Consumer(c.Consumer)
	s.state.stats = s.Stats
	if c.Metrics != nil {
		c.Metrics.MustRegister(outcomes.attempts, outcomes.buried, gauges{s})
	}
	return s, nil
}

// Close closes the store. Finish does so as well.
func (s *Store) Close() error { return s.close() }

// Start calls the callbacks with stored events until Finish. If that ends earlier, it
// calls failed with the reason.
func (s *Store) Start(failed func(error)) {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.done = stop, make(chan struct{})
	go func() {
		defer close(s.done)
		err := s.consumer.Run(ctx, s.callbacks)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("the store was closed")
		}
		failed(fmt.Errorf("stored events are not handled any more: %w", err))
	}()
}

// Finish stops the consumer, waits for running callbacks until ctx ends, and closes the
// store.
func (s *Store) Finish(ctx context.Context) error {
	if s.done == nil {
		return s.Close()
	}
	s.stop()
	idle, closed := make(chan struct{}), make(chan error, 1)
	go func() {
		<-s.done
		s.retrying.Lock() // no retry may start before the store is closed
		defer s.retrying.Unlock()
		close(idle)
		closed <- s.Close()
	}()
	select {
	case <-idle:
		return <-closed
	case <-ctx.Done():
		// Close would wait for the callbacks as well, so the store is left as after
		// a crash.
		return errors.New("callbacks did not finish; their events stay in the store and are handled again")
	}
}

// State returns the state of the store, at most a second old. It fails while the store
// does not answer.
func (s *Store) State() (durable.Stats, error) { return s.state.get() }
