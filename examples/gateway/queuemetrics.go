package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event"
)

// queueMetrics are the metrics of the queue, by endpoint.
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
		retries:    counter("retries_total", "Attempts after the first."),
		dead:       counter("dead_total", "Events that were given up: every attempt failed, or the error was permanent."),
		duplicates: make(map[string]prometheus.Counter),
	}
	for _, r := range receivers {
		q.retries.WithLabelValues(r.Source()) // so that they start at zero
		q.dead.WithLabelValues(r.Source())
		q.duplicates[r.Source()] = r.metrics.duplicates
	}
	return q
}

// register adds them and those of queue's state to m.
func (q *queueMetrics) register(m *metrics, queue *event.Queue) {
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "accesshook", Name: name, Help: help}, f)
	}
	m.registry.MustRegister(q.retries, q.dead,
		gauge("queue_depth", "Events that wait in the queue.", func() float64 { return float64(queue.Len()) }),
		gauge("queue_bytes", "Size of the bodies of the events that wait in the queue.", func() float64 { return float64(queue.Bytes()) }),
		gauge("queue_oldest_age_seconds", "How long the oldest event in the queue has waited. 0 if none waits.", func() float64 { return queue.Oldest().Seconds() }))
}

// delivery wraps next to count a duplicate once, however many attempts it has. Its last
// attempt decides: of two deliveries of one event, the second may find the first busy,
// and handle the event itself in a later attempt.
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

// attempt wraps next to count attempts after the first.
func (q *queueMetrics) attempt(next event.Handler) event.Handler {
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		d := queuedDeliveryOf(ctx)
		if d.attempts++; d.attempts > 1 {
			q.retries.WithLabelValues(e.Source).Inc()
		}
		return next.HandleEvent(ctx, e)
	})
}

// died counts an event that was given up.
func (q *queueMetrics) died(e *event.Event) { q.dead.WithLabelValues(e.Source).Inc() }
