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

// directoryLease is after how long events of a directory are handled again that a
// process had in work when it died. No other process has them, so it is short.
const directoryLease = 10 * time.Second

// A store stands between the endpoints and the callbacks.
type store struct {
	eventStore
	callbacks event.Handler
	timeout   time.Duration // of one call of callbacks
	consumer  *durable.Runner
	counts    *storeMetrics
	log       *slog.Logger

	retrying sync.RWMutex // held for reading by each retry

	stop context.CancelFunc // ends the run
	done chan struct{}      // closed when it has ended; nil if it was not started
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

// consumer returns how the flags want callbacks to be called.
func (o *options) consumer() durable.Consumer {
	c := durable.Consumer{Workers: o.store.workers, Timeout: o.handlerTimeout}
	if o.given["retries"] { // its default is that of the queue
		c.MaxAttempts = o.queue.retries + 1
	}
	if o.store.dir != "" {
		c.Lease = directoryLease
	}
	return c
}

// start gives what is stored to the callbacks until finish. If it ends before,
// it calls failed with the reason.
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

// finish ends what start began, waits for callbacks until ctx is over, and closes
// the store.
func (s *store) finish(ctx context.Context) error {
	if s.done == nil {
		return s.Close()
	}
	s.stop()
	idle, closed := make(chan struct{}), make(chan error, 1)
	go func() {
		<-s.done
		s.retrying.Lock() // no retry begins any more, and then the store is closed
		defer s.retrying.Unlock()
		close(idle)
		closed <- s.Close()
	}()
	select {
	case <-idle:
		return <-closed
	case <-ctx.Done():
		// The store waits for them as well, so it is left as a crash would
		// leave it.
		return errors.New("callbacks did not finish; their events stay in the store and are handled again")
	}
}
