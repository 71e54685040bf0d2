package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// metrics are what the gateway counts. No label has a value that a sender can
// choose.
type metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.CounterVec
	rejected   *prometheus.CounterVec
	events     *prometheus.CounterVec
	duplicates *prometheus.CounterVec
	seconds    *prometheus.HistogramVec
	lastEvent  *prometheus.GaugeVec

	types map[event.Type]bool // those that have a label of their own
}

// newMetrics returns metrics of their own: nothing else in the process can add
// to them, or register a name that they need.
func newMetrics(events *event.Mux) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "accesshook", Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry:   prometheus.NewRegistry(),
		requests:   counter("requests_total", "Requests by what they were answered.", "endpoint", "status"),
		rejected:   counter("rejected_total", "Requests that were refused: answered 400 to 499.", "endpoint", "status"),
		events:     counter("events_total", "Verified events that were answered 200, duplicates included.", "vendor", "type"),
		duplicates: counter("duplicates_total", "Deliveries of an event that was handled already, or was being handled.", "endpoint"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "accesshook", Name: "handler_seconds", Help: "From the header of a request with a verified event to its answer.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"endpoint"}),
		lastEvent: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "accesshook", Name: "last_event_timestamp_seconds", Help: "When the last verified event came. Missing until one has.",
		}, []string{"endpoint"}),
		types: make(map[event.Type]bool),
	}
	for _, t := range event.Types() {
		m.types[t] = true
	}
	m.registry.MustRegister(m.requests, m.rejected, m.events, m.duplicates, m.seconds, m.lastEvent,
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "accesshook", Name: "unhandled_total", Help: "Events that no callback is registered for.",
		}, func() float64 { return float64(events.Unhandled()) }))
	return m
}

// handler serves the metrics.
func (m *metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelError),
		MaxRequestsInFlight: 4,
	})
}

// endpointMetrics are what an endpoint reports to.
type endpointMetrics struct {
	*metrics
	duplicates prometheus.Counter
	seconds    prometheus.Observer
	ok         prometheus.Counter // requests that were answered 200: looked up once, since most are
	lastEvent  func() prometheus.Gauge
	types      sync.Map // of event.Type to its prometheus.Counter

	last atomic.Pointer[time.Time] // when the last event came; nil if none has
}

func (m *metrics) endpoint(name string) *endpointMetrics {
	return &endpointMetrics{
		metrics:    m,
		duplicates: m.duplicates.WithLabelValues(name),
		seconds:    m.seconds.WithLabelValues(name),
		ok:         m.requests.WithLabelValues(name, "200"), // which starts at zero
		lastEvent:  sync.OnceValue(func() prometheus.Gauge { return m.lastEvent.WithLabelValues(name) }),
	}
}

// observe takes what [verify.Config.Observe] tells.
func (m *endpointMetrics) observe(_ context.Context, o verify.Observation) {
	if o.Status == http.StatusOK {
		m.ok.Inc()
	} else {
		status := strconv.Itoa(o.Status)
		m.requests.WithLabelValues(o.Source, status).Inc()
		if o.Status >= 400 && o.Status < 500 {
			m.rejected.WithLabelValues(o.Source, status).Inc()
		}
	}
	if o.Event == nil {
		return
	}
	m.seconds.Observe(o.Duration.Seconds())
	received := o.Event.Received // a copy, so that the event does not stay
	m.lastEvent().Set(float64(received.UnixMilli()) / 1000)
	m.last.Store(&received)
	if o.Status == http.StatusOK {
		m.counter(o.Vendor, o.Event.Type).Inc()
	}
}

// counter returns the counter of a type, which is looked up once.
func (m *endpointMetrics) counter(vendor string, t event.Type) prometheus.Counter {
	if !m.metrics.types[t] {
		t = event.Unknown
	}
	if c, ok := m.types.Load(t); ok {
		return c.(prometheus.Counter)
	}
	c := m.events.WithLabelValues(vendor, string(t))
	m.types.Store(t, c)
	return c
}

// deduped takes what [event.DedupeConfig.Observe] tells.
func (m *endpointMetrics) deduped(ctx context.Context, o event.DedupeObservation) {
	duplicate := o.Result == event.DedupeDuplicate || o.Result == event.DedupeShared
	if d := deliveryOf(ctx); d != nil {
		d.duplicate = duplicate // counted when no attempt follows
	} else if duplicate {
		m.duplicates.Inc()
	}
}
