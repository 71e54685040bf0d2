package store

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event/durable"
)

// metrics are those of a store. They implement [prometheus.Collector]: while
// the store does not answer, there is only accesshook_store_up.
type metrics struct {
	state    *state
	attempts *prometheus.CounterVec

	up, events, bytes, maxBytes, fullest, pending, dead *prometheus.Desc
}

func newMetrics() *metrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("accesshook_"+name, help, labels, nil)
	}
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "accesshook", Name: "attempts_total",
			Help: "Attempts to handle a stored event, by result: handled, delayed (it will be retried), buried (it is a dead letter now).",
		}, []string{"result"}),
		up:       desc("store_up", "1 if the store answers, 0 if not. At 0 the other metrics of the store are missing."),
		events:   desc("store_events", "Events in the store, including handled ones that are kept."),
		bytes:    desc("store_bytes", "Size of the events in the store."),
		maxBytes: desc("store_max_bytes", "Limit of accesshook_store_bytes."),
		fullest:  desc("store_fullest_ratio", "How full the fullest shard of the store is, 0 to 1. Events for a full one are answered 503."),
		pending:  desc("store_pending", "Events that the consumer has not finished.", "consumer"),
		dead:     desc("dead_letters", "Dead letters: events whose attempts all failed."),
	}
	for _, r := range []durable.Result{durable.Handled, durable.Delayed, durable.Buried} {
		m.attempts.WithLabelValues(r.String()) // so that they start at zero
	}
	return m
}

func (m *metrics) register(r prometheus.Registerer) { r.MustRegister(m, m.attempts) }

// attempted is a [durable.Consumer.Observe].
func (m *metrics) attempted(_ context.Context, a durable.Attempt) {
	m.attempts.WithLabelValues(a.Result.String()).Inc()
}

// Describe implements [prometheus.Collector].
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.up, m.events, m.bytes, m.maxBytes, m.fullest, m.pending, m.dead} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	stats, err := m.state.get()
	if err != nil {
		gauge(m.up, 0)
		return
	}
	gauge(m.up, 1)
	gauge(m.events, float64(stats.Events))
	gauge(m.bytes, float64(stats.Bytes))
	gauge(m.maxBytes, float64(stats.MaxBytes))
	gauge(m.fullest, stats.Fullest)
	gauge(m.dead, float64(stats.Dead))
	for name, c := range stats.Consumers {
		gauge(m.pending, float64(c.Pending)+float64(c.Active), name)
	}
}
