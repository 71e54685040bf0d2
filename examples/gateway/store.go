package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// directoryLease is how long an event of a directory stays with a process that died
// while it handled it. No other process can have the event, so it is short.
const directoryLease = 10 * time.Second

// A store is between the endpoints and the callbacks.
type store struct {
	eventStore
	callbacks event.Handler
	timeout   time.Duration // of one attempt
	consumer  *durable.Runner
	counts    *storeMetrics
	log       *slog.Logger

	retrying sync.RWMutex // held for reading by each retry

	stop context.CancelFunc // ends the consumer
	done chan struct{}      // closed when the consumer has ended; nil before start
}

func newStore(o *options, s eventStore, callbacks event.Handler, m *metrics, log *slog.Logger) *store {
	counts := newStoreMetrics(s)
	counts.register(m)
	c := o.consumer()
	c.Observe = counts.attempted
	return &store{
		eventStore: s, callbacks: callbacks, timeout: o.handlerTimeout,
		consumer: s.Consumer(c), counts: counts, log: log,
	}
}

// consumer returns the configuration of the consumer.
func (o *options) consumer() durable.Consumer {
	c := durable.Consumer{Workers: o.store.workers, Timeout: o.handlerTimeout}
	if o.given["retries"] { // the default of the flag is for the queue
		c.MaxAttempts = o.queue.retries + 1
	}
	if o.store.dir != "" {
		c.Lease = directoryLease
	}
	return c
}

// start calls the callbacks with stored events until finish. If that ends earlier, it
// calls failed with the reason.
func (s *store) start(failed func(error)) {
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

// finish stops the consumer, waits for running callbacks until ctx ends, and closes the
// store.
func (s *store) finish(ctx context.Context) error {
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
