package receive

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/accesshook/accesshook/event"
)

// newQueue returns a queue in front of next, with retries.
func newQueue(c Config, next event.Handler) *event.Queue {
	auto := promauto.With(c.Metrics.Registry)
	counter := func(name, help string) *prometheus.CounterVec {
		return auto.NewCounterVec(prometheus.CounterOpts{Namespace: "accesshook", Name: name, Help: help}, []string{"endpoint"})
	}
	gauge := func(name, help string, f func() float64) {
		auto.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "accesshook", Name: name, Help: help}, f)
	}
	counts := queueMetrics{counter("retries_total", "Attempts after the first."), make(map[string]func())}
	dead := counter("dead_total", "Events that were given up: every attempt failed, or the error was permanent.")
	for _, e := range c.Endpoints {
		counts.retries.WithLabelValues(e.Source()) // so that they start at zero
		dead.WithLabelValues(e.Source())
		counts.duplicates[e.Source()] = e.Metrics.Duplicate
	}
	c.Queue.OnError = func(e *event.Event, _ error) { dead.WithLabelValues(e.Source).Inc() }
	c.Queue.Logger = c.Log
	retry := event.Retry(event.RetryConfig{Attempts: c.Attempts, Timeout: c.Timeout, Logger: c.Log})
	q := event.NewQueue(counts.delivery(retry(counts.attempt(next))), c.Queue)
	gauge("queue_depth", "Events that wait in the queue.", func() float64 { return float64(q.Len()) })
	gauge("queue_bytes", "Size of the bodies of the events that wait in the queue.", func() float64 { return float64(q.Bytes()) })
	gauge("queue_oldest_age_seconds", "How long the oldest event in the queue has waited. 0 if none waits.", func() float64 { return q.Oldest().Seconds() })
	return q
}

// queueMetrics are the metrics that need every attempt.
type queueMetrics struct {
	retries    *prometheus.CounterVec // by endpoint
	duplicates map[string]func()      // counts one, by source
}

// A queued notes what happens to an event from the queue, in one attempt or in several,
// which are made one after another. The context of the event carries it.
type queued struct {
	attempts  int
	offered   bool // to the sinks
	duplicate bool // as the last attempt found
}

type queuedKey struct{}

// delivery wraps next to count a duplicate once, however many attempts it has. Its last
// attempt decides: of two deliveries of one event, the second may find the first busy,
// and handle the event itself in a later attempt.
func (q queueMetrics) delivery(next event.Handler) event.Handler {
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
func (q queueMetrics) attempt(next event.Handler) event.Handler {
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

// offering are callbacks of a queue. They offer each event to the sinks once, whatever
// becomes of it otherwise.
type offering struct {
	sinks []Sink
	next  event.Handler
}

// HandleEvent implements [event.Handler].
func (o offering) HandleEvent(ctx context.Context, e *event.Event) error {
	if d, _ := ctx.Value(queuedKey{}).(*queued); !d.offered {
		d.offered = true
		for _, s := range o.sinks {
			s.Offer(e)
		}
	}
	return o.next.HandleEvent(ctx, e)
}
