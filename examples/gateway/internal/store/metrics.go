package store

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event/durable"
)

// newAttempts returns the counter of attempts, by result.
func newAttempts() *prometheus.CounterVec {
	attempts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "accesshook", Name: "attempts_total",
		Help: "Attempts to handle a stored event, by result: handled, delayed (it will be retried), buried (it is a dead letter now).",
	}, []string{"result"})
	for _, r := range []durable.Result{durable.Handled, durable.Delayed, durable.Buried} {
		attempts.WithLabelValues(r.String()) // so that they start at zero
	}
	return attempts
}

// observe returns a [durable.Consumer.Observe].
func observe(attempts *prometheus.CounterVec) func(context.Context, durable.Attempt) {
	return func(_ context.Context, a durable.Attempt) { attempts.WithLabelValues(a.Result.String()).Inc() }
}

// gauges are the metrics of a store's state. They implement [prometheus.Collector]: while
// the store does not answer, there is only accesshook_store_up.
type gauges struct{ *state }

// Describe implements [prometheus.Collector]. It describes nothing, since what is
// collected varies.
func (gauges) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (g gauges) Collect(to chan<- prometheus.Metric) {
	gauge := func(name string, v float64, help string, labels ...string) { // names of labels, then values
		desc := prometheus.NewDesc("accesshook_"+name, help, labels[:len(labels)/2], nil)
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels[len(labels)/2:]...)
	}
	const upHelp = "1 if the store answers, 0 if not. At 0 the other metrics of the store are missing."
	stats, err := g.get()
	if err != nil {
		gauge("store_up", 0, upHelp)
		return
	}
	gauge("store_up", 1, upHelp)
	gauge("store_events", float64(stats.Events), "Events in the store, including handled ones that are kept.")
	gauge("store_bytes", float64(stats.Bytes), "Size of the events in the store.")
	gauge("store_max_bytes", float64(stats.MaxBytes), "Limit of accesshook_store_bytes.")
	gauge("store_fullest_ratio", stats.Fullest, "How full the fullest shard of the store is, 0 to 1. Events for a full one are answered 503.")
	gauge("dead_letters", float64(stats.Dead), "Dead letters: events whose attempts all failed.")
	for name, c := range stats.Consumers {
		gauge("store_pending", float64(c.Pending)+float64(c.Active), "Events that the consumer has not finished.", "consumer", name)
	}
}
