// Package store is the gateway's store: events are stored before the vendor is
// answered, and handled from there. It is a directory, or NATS servers.
package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
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
	Sinks     []Sink                // also get every event
	Metrics   prometheus.Registerer // gets the metrics of the store; nil: none
	Log       *slog.Logger

	evenMoved bool // also open a directory whose store was moved
}

// A Sink is a consumer of its own, beside that of the callbacks: neither waits for the
// other. All fields are required.
type Sink struct {
	Consumer durable.Consumer // with a Name
	Handler  event.Handler
	Retry    event.Handler // of a dead letter
	// GaveUp is called when an event became a dead letter. The event is nil if it cannot
	// be decoded.
	GaveUp func(e *event.Event, err error)
	End    func() // has calls of Handler end
}

// A Store stores events, and calls the callbacks with them. It is an [event.Handler],
// which stores.
type Store struct {
	*durable.Store
	close     func() error
	consumers []consumer
	sinks     []Sink
	retry     map[string]retry // of dead letters, by consumer
	state     state
	log       *slog.Logger

	retrying  sync.RWMutex       // held for reading by each Retry
	endToSink context.CancelFunc // ends each Retry to a sink

	stop context.CancelFunc // ends the consumers
	done chan struct{}      // closed when the consumers have ended; nil before Start
}

// A retry is how a dead letter is retried.
type retry struct {
	event.Handler
	timeout time.Duration
	ending  context.Context // is done when it must end
}

// A consumer gets every event.
type consumer struct {
	*durable.Runner
	event.Handler
}

// Open opens a store. The callbacks and the sinks are not called before Start.
func Open(ctx context.Context, c Config) (*Store, error) {
	s := &Store{
		sinks: c.Sinks, log: c.Log,
		retry: map[string]retry{
			cmp.Or(c.Consumer.Name, durable.DefaultConsumerName): {c.Callbacks, c.Consumer.Timeout, context.Background()},
		},
	}
	var ending context.Context
	ending, s.endToSink = context.WithCancel(context.Background())
	if err := s.open(ctx, c); err != nil {
		return nil, err
	}
	outcomes := newOutcomes()
	c.Consumer.Observe = outcomes.observe
	s.add(c, c.Consumer, c.Callbacks)
	for _, sink := range c.Sinks {
		sink.Consumer.Observe = outcomes.observeSink(sink.GaveUp)
		s.add(c, sink.Consumer, sink.Handler)
		s.retry[sink.Consumer.Name] = retry{sink.Retry, sink.Consumer.Timeout, ending}
	}
	s.state.stats = s.Stats
	if c.Metrics != nil {
		c.Metrics.MustRegister(outcomes.attempts, outcomes.buried, gauges{s})
	}
	return s, nil
}

func (s *Store) add(c Config, of durable.Consumer, h event.Handler) {
	if c.Dir != "" {
		of.Lease = directoryLease
	}
	s.consumers = append(s.consumers, consumer{s.Consumer(of), h})
}

// Close closes the store. Finish does so as well.
func (s *Store) Close() error { return s.close() }

// Start calls the callbacks and the sinks with stored events until Finish. If that ends
// earlier for one of them, it calls failed with the reason.
func (s *Store) Start(failed func(error)) {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.done = stop, make(chan struct{})
	var running sync.WaitGroup
	for _, c := range s.consumers {
		running.Go(func() {
			err := c.Run(ctx, c.Handler)
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				err = errors.New("the store was closed")
			}
			failed(fmt.Errorf("stored events are not handled any more: %w", err))
		})
	}
	go func() {
		running.Wait()
		close(s.done)
	}()
}

// sinkGrace is how long sinks may go on when the store is finished, and retries to them
// when the gateway stops.
const sinkGrace = 3 * time.Second

// Stopping ends each Retry to a sink after some seconds, so that nobody who waits for one
// holds up the stop. Call it before Finish.
func (s *Store) Stopping() { time.AfterFunc(sinkGrace, s.endToSink) }

// Finish stops the consumers, waits for running callbacks until ctx ends, and closes the
// store. Sinks are ended after some seconds: their events stay in the store.
func (s *Store) Finish(ctx context.Context) error {
	if s.done == nil {
		return s.Close()
	}
	s.stop()
	defer time.AfterFunc(sinkGrace, s.endSinks).Stop()
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

func (s *Store) endSinks() {
	for _, sink := range s.sinks {
		sink.End()
	}
}

// Abandoned returns the names of consumers that begin with a prefix and that this Store
// does not run. Their unfinished events fill the store.
func (s *Store) Abandoned(ctx context.Context, prefix string) ([]string, error) {
	stats, err := s.Stats(ctx)
	var names []string
	for name := range stats.Consumers {
		if _, runs := s.retry[name]; strings.HasPrefix(name, prefix) && !runs {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, err
}

// State returns the state of the store, at most a second old. It fails while the store
// does not answer.
func (s *Store) State() (durable.Stats, error) { return s.state.get() }
