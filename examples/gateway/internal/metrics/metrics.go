// Package metrics has the gateway's metrics about requests and events, for Prometheus.
// Senders cannot choose the value of a label. Every series whose labels are known
// starts at zero, so that the first refusal or alert after a start is an increase.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/accesshook/accesshook/event"
)

// Metrics are the metrics of one gateway.
type Metrics struct {
	// Registry has these metrics, and those that other packages add.
	Registry *prometheus.Registry

	requests   *prometheus.CounterVec
	rejected   *prometheus.CounterVec
	events     *prometheus.CounterVec
	duplicates *prometheus.CounterVec
	requested  *prometheus.HistogramVec
	handled    *prometheus.HistogramVec
	lastEvent  *prometheus.GaugeVec
}

// New returns metrics in a registry of their own. unhandled is how many events had no
// callback.
func New(unhandled func() uint64) *Metrics {
	registry := prometheus.NewRegistry()
	auto := promauto.With(registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return auto.NewCounterVec(prometheus.CounterOpts{Namespace: "accesshook", Name: name, Help: help}, labels)
	}
	seconds := func(name, help, label string) *prometheus.HistogramVec {
		return auto.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "accesshook", Name: name, Help: help,
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{label})
	}
	auto.NewCounterFunc(prometheus.CounterOpts{Namespace: "accesshook", Name: "unhandled_total", Help: "Events without a callback."},
		func() float64 { return float64(unhandled()) })
	return &Metrics{
		Registry:   registry,
		requests:   counter("requests_total", "Requests, by status of the answer.", "endpoint", "status"),
		rejected:   counter("rejected_total", "Requests answered 400 to 499.", "endpoint", "status"),
		events:     counter("events_total", "Verified events that were answered 200, duplicates included.", "vendor", "type"),
		duplicates: counter("duplicates_total", "Deliveries of an event that had been handled, or was being handled.", "endpoint"),
		requested:  seconds("request_seconds", "From the header of a request with a verified event to its answer.", "endpoint"),
		handled:    seconds("handler_seconds", "Run time of the callbacks for an event, or for one attempt.", "vendor"),
		lastEvent: auto.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "accesshook", Name: "last_event_timestamp_seconds", Help: "When the last verified event was received. Missing before the first.",
		}, []string{"endpoint"}),
	}
}

// Handler returns the handler of /metrics.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelError),
		MaxRequestsInFlight: 4,
	})
}

// Timed measures how long callbacks take, by vendor: a store may have events of
// endpoints that this gateway does not have.
func (m *Metrics) Timed(callbacks event.Handler) event.Handler {
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		began, seconds := time.Now(), m.handled.WithLabelValues(e.Vendor)
		defer func() { seconds.Observe(time.Since(began).Seconds()) }()
		return callbacks.HandleEvent(ctx, e)
	})
}
