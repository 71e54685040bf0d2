package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event"
)

// queueMetrics are what the gateway counts if it has a queue, by endpoint.
type queueMetrics struct {
	retries    *prometheus.CounterVec
	dead       *prometheus.CounterVec
	duplicates map[string]prometheus.Counter // those of the endpoints
}

func newQueueMetrics(receivers []*receiver) *queueMetrics {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "accesshook", Name: name, Help: help}, []string{"endpoint"})
	}
	q := &queueMetrics{
		retries:    counter("retries_total", "Attempts to handle an event again, after one that failed."),
		dead:       counter("dead_total", "Events that were given up on: each attempt failed, or a callback said that trying again cannot help."),
		duplicates: make(map[string]prometheus.Counter),
	}
	for _, r := range receivers {
		q.retries.WithLabelValues(r.Source()) // so that they start at zero
		q.dead.WithLabelValues(r.Source())
		q.duplicates[r.Source()] = r.metrics.duplicates
	}
	return q
}

// register adds them, and what is in queue, to m.
func (q *queueMetrics) register(m *metrics, queue *event.Queue) {
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "accesshook", Name: name, Help: help}, f)
	}
	m.registry.MustRegister(q.retries, q.dead,
		gauge("queue_depth", "Events that wait in the queue.", func() float64 { return float64(queue.Len()) }),
		gauge("queue_bytes", "Size of the bodies of the events that wait in the queue.", func() float64 { return float64(queue.Bytes()) }),
		gauge("queue_oldest_age_seconds", "For how long the oldest event in the queue has waited. 0 if none waits.", func() float64 { return queue.Oldest().Seconds() }))
}

// delivery returns a handler that counts a duplicate once, however often it is
// tried. Only its last attempt tells whether it was one: of two deliveries of an
// event, the one that waited in vain for the other may have to do the work.
func (q *queueMetrics) delivery(next event.Handler) event.Handler {
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		d := new(queuedDelivery)
		err := next.HandleEvent(context.WithValue(ctx, queuedDeliveryKey{}, d), e)
		if d.duplicate {
			q.duplicates[e.Source].Inc()
		}
		return err
	})
}

// attempt returns a handler that counts when it is called again for a delivery.
func (q *queueMetrics) attempt(next event.Handler) event.Handler {
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		d := queuedDeliveryOf(ctx)
		if d.attempts++; d.attempts > 1 {
			q.retries.WithLabelValues(e.Source).Inc()
		}
		return next.HandleEvent(ctx, e)
	})
}

// died counts an event that was given up on.
func (q *queueMetrics) died(e *event.Event) { q.dead.WithLabelValues(e.Source).Inc() }
