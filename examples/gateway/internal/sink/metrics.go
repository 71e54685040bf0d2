package sink

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics are the metrics of all sinks of a gateway.
type Metrics struct {
	registry prometheus.Registerer
	events   *prometheus.CounterVec // by sink and result
	batches  *prometheus.CounterVec // by sink
	failing  *prometheus.GaugeVec   // by sink and kind
}

// Results, values of a label.
const (
	taken   = "taken"
	failed  = "failed"
	givenUp = "given_up"
	leftOut = "left_out"
)

// NewMetrics adds the metrics of sinks to a registry.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	auto := promauto.With(registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return auto.NewCounterVec(prometheus.CounterOpts{Namespace: "accesshook", Name: name, Help: help}, labels)
	}
	return &Metrics{
		registry: registry,
		events: counter("sink_events_total", "Events for a sink, by result: taken, failed (an attempt; it is repeated or given up), "+
			"given_up (a dead letter, or without a store gone), left_out (by the filter).", "sink", "result"),
		batches: counter("sink_batches_total", "Calls of a sink, each with a batch of events.", "sink"),
		failing: auto.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "accesshook", Name: "sink_failing",
			Help: "1 if the last event for a sink failed, by the kind of the error: refused, unavailable, timeout, connection, other.",
		}, []string{"sink", "kind"}),
	}
}

// start makes the series of a sink start at zero.
func (m *Metrics) start(sink string) {
	for _, result := range []string{taken, failed, givenUp, leftOut} {
		m.events.WithLabelValues(sink, result)
	}
	for _, kind := range kinds {
		m.failing.WithLabelValues(sink, kind)
	}
	m.batches.WithLabelValues(sink)
}
