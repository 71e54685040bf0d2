package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// queueOptions are the flags of the queue.
type queueOptions struct {
	depth    int   // 0: there is no queue
	maxBytes int64 // 0: the default
	workers  int
	order    string
	retries  int
}

// Values of -queue-order.
var queueOrders = map[string]func(*event.Event) string{
	"user": event.ByUser,
	"lock": event.ByLock,
	"none": nil,
}

// A larger number is a mistake.
const (
	maxQueueDepth   = 1 << 20
	maxQueueWorkers = 1 << 10
	maxRetries      = 100
)

func (q *queueOptions) define(flags *flag.FlagSet) {
	flags.IntVar(&q.depth, "queue", 0, "answer at once, and handle events later: how many `events` may wait in memory. A crash loses them.\n(0: answer when an event has been handled)")
	flags.Int64Var(&q.maxBytes, "queue-bytes", 0, fmt.Sprintf("how many `bytes` of bodies may wait in the queue (0: %d, or 4 times -max-body if that is more)", event.DefaultQueueMaxBytes))
	flags.IntVar(&q.workers, "queue-workers", event.DefaultQueueWorkers, "how many `events` of the queue are handled concurrently")
	flags.StringVar(&q.order, "queue-order", "user", "which events the queue handles in order of arrival: those of one user, of one lock, or none")
	flags.IntVar(&q.retries, "retries", event.DefaultRetryAttempts-1, fmt.Sprintf("how many `times` an event of the queue or the store is retried if handling it fails; of the store %d\nif it is not set", durable.DefaultMaxAttempts-1))
}

// check validates the flags. given has the names of those that were set.
func (q *queueOptions) check(given map[string]bool) error {
	switch _, known := queueOrders[q.order]; {
	case q.depth < 0 || q.depth > maxQueueDepth:
		return fmt.Errorf("-queue is not between 0 and %d", maxQueueDepth)
	case q.maxBytes < 0:
		return errors.New("-queue-bytes is negative")
	case q.workers < 1 || q.workers > maxQueueWorkers:
		return fmt.Errorf("-queue-workers is not between 1 and %d", maxQueueWorkers)
	case !known:
		return errors.New("-queue-order is not user, lock or none")
	case q.retries < 0 || q.retries > maxRetries:
		return fmt.Errorf("-retries is not between 0 and %d", maxRetries)
	}
	for _, name := range []string{"queue-bytes", "queue-workers", "queue-order"} {
		if q.depth == 0 && given[name] {
			return fmt.Errorf("-%s has no effect without -queue", name)
		}
	}
	return nil
}

// newQueue returns a queue in front of next, with retries.
func newQueue(o *options, next event.Handler, receivers []*receiver, m *metrics, log *slog.Logger) *event.Queue {
	counts := newQueueMetrics(receivers)
	attempts := o.queue.retries + 1
	retry := event.Retry(event.RetryConfig{Attempts: attempts, Timeout: o.handlerTimeout, Logger: log})
	q := event.NewQueue(counts.delivery(retry(counts.attempt(next))), event.QueueConfig{
		Workers:  o.queue.workers,
		Depth:    o.queue.depth,
		MaxBytes: cmp.Or(o.queue.maxBytes, max(event.DefaultQueueMaxBytes, 4*o.maxBody)),
		Key:      queueOrders[o.queue.order],
		// All attempts, with the longest pause after each.
		HandlerTimeout: time.Duration(attempts) * (o.handlerTimeout + event.DefaultRetryMaxDelay),
		OnError:        func(e *event.Event, _ error) { counts.died(e) },
		Logger:         log,
	})
	counts.register(m, q)
	return q
}

// A queuedDelivery notes what happens to an event from the queue, in one attempt or in
// several, which are made one after another. The context of the event carries it.
type queuedDelivery struct {
	attempts  int
	duplicate bool // as the last attempt found
}

type queuedDeliveryKey struct{}

// queuedDeliveryOf returns nil if there is no queue.
func queuedDeliveryOf(ctx context.Context) *queuedDelivery {
	d, _ := ctx.Value(queuedDeliveryKey{}).(*queuedDelivery)
	return d
}
