package receive

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event"
)

// newQueue returns a queue in front of next, with retries.
func newQueue(c Config, next event.Handler) *event.Queue {
	counts := newQueueMetrics(c.Endpoints)
	retry := event.Retry(event.RetryConfig{Attempts: c.Attempts, Timeout: c.Timeout, Logger: c.Log})
	c.Queue.OnError = func(e *event.Event, _ error) { counts.dead.WithLabelValues(e.Source).Inc() }
	c.Queue.Logger = c.Log
	q := event.NewQueue(counts.delivery(retry(counts.attempt(next))), c.Queue)
	counts.register(c.Metrics.Registry, q)
	return q
}

// queueMetrics are the metrics of the queue, by endpoint.
type queueMetrics struct {
	retries    *prometheus.CounterVec
	dead       *prometheus.CounterVec
	duplicates map[string]func() // counts one, by source
}

func newQueueMetrics(endpoints []*Endpoint) *queueMetrics {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "accesshook", Name: name, Help: help}, []string{"endpoint"})
	}
	q := &queueMetrics{
		retries:    counter("retries_total", "Attempts after the first."),
		dead:       counter("dead_total", "Events that were given up: every attempt failed, or the error was permanent."),
		duplicates: make(map[string]func()),
	}
	for _, e := range endpoints {
		q.retries.WithLabelValues(e.Source()) // so that they start at zero
		q.dead.WithLabelValues(e.Source())
		q.duplicates[e.Source()] = e.Metrics.Duplicate
	}
	return q
}

// register adds them and those of queue's state to r.
func (q *queueMetrics) register(r prometheus.Registerer, queue *event.Queue) {
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "accesshook", Name: name, Help: help}, f)
	}
	r.MustRegister(q.retries, q.dead,
		gauge("queue_depth", "Events that wait in the queue.", func() float64 { return float64(queue.Len()) }),
		gauge("queue_bytes", "Size of the bodies of the events that wait in the queue.", func() float64 { return float64(queue.Bytes()) }),
		gauge("queue_oldest_age_seconds", "How long the oldest event in the queue has waited. 0 if none waits.", func() float64 { return queue.Oldest().Seconds() }))
}

// A queued notes what happens to an event from the queue, in one attempt or in several,
// which are made one after another. The context of the event carries it.
type queued struct {
	attempts  int
	duplicate bool // as the last attempt found
}

type queuedKey struct{}

// delivery wraps next to count a duplicate once, however many attempts it has. Its last
// attempt decides: of two deliveries of one event, the second may find the first busy,
// and handle the event itself in a later attempt.
func (q *queueMetrics) delivery(next event.Handler) event.Handler {
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		d := new(queued)
		err := next.HandleEvent(context.WithValue(ctx, queuedKey{}, d), e)
		if d.duplicate {
			q.duplicates[e.Source]()
		}
		return err
	})
}

// attempt wraps next to count attempts after the first.
func (q *queueMetrics) attempt(next event.Handler) event.Handler {
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		d, _ := ctx.Value(queuedKey{}).(*queued)
		if d.attempts++; d.attempts > 1 {
			q.retries.WithLabelValues(e.Source).Inc()
		}
		var dropped event.Delivery
		err := next.HandleEvent(event.WithDelivery(ctx, &dropped), e)
		d.duplicate = dropped.Duplicate() || errors.Is(err, event.ErrInProgress)
		return err
	})
}
