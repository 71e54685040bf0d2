package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// metrics are the metrics of the gateway. Senders cannot choose the value of a label.
type metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.CounterVec
	rejected   *prometheus.CounterVec
	events     *prometheus.CounterVec
	duplicates *prometheus.CounterVec
	requested  *prometheus.HistogramVec
	handled    *prometheus.HistogramVec
	lastEvent  *prometheus.GaugeVec

	types map[event.Type]bool // with a label value of their own
}

// newMetrics returns metrics in a registry of their own, which nothing else in the
// process can change.
func newMetrics(events *event.Mux) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "accesshook", Name: name, Help: help}, labels)
	}
	seconds := func(name, help, label string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "accesshook", Name: name, Help: help,
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{label})
	}
	m := &metrics{
		registry:   prometheus.NewRegistry(),
		requests:   counter("requests_total", "Requests, by status of the answer.", "endpoint", "status"),
		rejected:   counter("rejected_total", "Requests answered 400 to 499.", "endpoint", "status"),
		events:     counter("events_total", "Verified events that were answered 200, duplicates included.", "vendor", "type"),
		duplicates: counter("duplicates_total", "Deliveries of an event that had been handled, or was being handled.", "endpoint"),
		requested:  seconds("request_seconds", "From the header of a request with a verified event to its answer.", "endpoint"),
		handled:    seconds("handler_seconds", "Run time of the callbacks for an event, or for one attempt.", "vendor"),
		lastEvent: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "accesshook", Name: "last_event_timestamp_seconds", Help: "When the last verified event was received. Missing before the first.",
		}, []string{"endpoint"}),
		types: make(map[event.Type]bool),
	}
	for _, t := range event.Types() {
		m.types[t] = true
	}
	m.registry.MustRegister(m.requests, m.rejected, m.events, m.duplicates, m.requested, m.handled, m.lastEvent,
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: "accesshook", Name: "unhandled_total", Help: "Events without a callback.",
		}, func() float64 { return float64(events.Unhandled()) }))
	return m
}

// handler returns the handler of /metrics.
func (m *metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelError),
		MaxRequestsInFlight: 4,
	})
}

// timed measures how long callbacks take, by vendor: a store may have events of
// endpoints that this gateway does not have.
func (m *metrics) timed(callbacks event.Handler, receivers []*receiver) event.Handler {
	for _, r := range receivers {
		m.handled.WithLabelValues(r.Vendor()) // so that they start at zero
	}
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		began, seconds := time.Now(), m.handled.WithLabelValues(e.Vendor)
		defer func() { seconds.Observe(time.Since(began).Seconds()) }()
		return callbacks.HandleEvent(ctx, e)
	})
}

// endpointMetrics are the metrics of one endpoint.
type endpointMetrics struct {
	*metrics
	duplicates prometheus.Counter
	requested  prometheus.Observer
	ok         prometheus.Counter // of requests answered 200: looked up once, since most are
	lastEvent  func() prometheus.Gauge
	types      sync.Map // from event.Type to prometheus.Counter

	mu   sync.Mutex
	last time.Time // when the last event was received
}

func (m *metrics) endpoint(name string) *endpointMetrics {
	return &endpointMetrics{
		metrics:    m,
		duplicates: m.duplicates.WithLabelValues(name),
		requested:  m.requested.WithLabelValues(name),
		ok:         m.requests.WithLabelValues(name, "200"), // which starts at zero
		lastEvent:  sync.OnceValue(func() prometheus.Gauge { return m.lastEvent.WithLabelValues(name) }),
	}
}

// observe is a [verify.Config.Observe].
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
	m.requested.Observe(o.Duration.Seconds())
	m.receivedAt(o.Received)
	if o.Status == http.StatusOK {
		m.counter(o.Vendor, o.Type).Inc()
	}
}

// receivedAt notes when an event was received. Events that take long are noted after
// later ones.
func (m *endpointMetrics) receivedAt(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at.After(m.last) {
		m.last = at
		m.lastEvent().Set(float64(at.UnixMilli()) / 1000)
	}
}

// lastReceived returns when the last event was received, in UTC, or nil before the first.
func (m *endpointMetrics) lastReceived() *time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last.IsZero() {
		return nil
	}
	last := m.last.Round(0).UTC()
	return &last
}

// counter returns the counter of a type, which it looks up once.
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

// deduped is an [event.DedupeConfig.Observe].
func (m *endpointMetrics) deduped(ctx context.Context, o event.DedupeObservation) {
	duplicate := o.Result == event.DedupeDuplicate || o.Result == event.DedupeShared || o.Result == event.DedupeBusy
	if d := queuedDeliveryOf(ctx); d != nil {
		d.duplicate = duplicate // counted after the last attempt
	} else if duplicate {
		m.duplicates.Inc()
	}
}
