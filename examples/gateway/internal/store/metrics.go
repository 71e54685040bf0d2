package store

import (
	"context"
	"errors"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// Several gateways may have one store. The help of each metric says whose it is.
const (
	ofProcess = " Of this gateway: add up those of several."
	ofStore   = " Of the store, the same from every gateway that has it: do not add up."
)

// outcomes count what became of events.
type outcomes struct {
	attempts *prometheus.CounterVec // by result
	buried   *prometheus.CounterVec // by reason
}

func newOutcomes() outcomes {
	o := outcomes{
		prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "accesshook", Name: "attempts_total",
			Help: "Attempts to handle a stored event, without those of sinks, by result: handled, delayed (it will be retried), buried (it is a dead letter now)." + ofProcess,
		}, []string{"result"}),
		prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "accesshook", Name: "dead_letters_total",
			Help: "Events that became dead letters, by reason: attempts (all failed), permanent (the callbacks said that another would too), undecodable, unfinished (the process died each time)." + ofProcess,
		}, []string{"reason"}),
	}
	// So that they start at zero.
	for _, r := range []durable.Result{durable.Handled, durable.Delayed, durable.Buried} {
		o.attempts.WithLabelValues(r.String())
	}
	for _, r := range []durable.DeadReason{durable.DeadAttempts, durable.DeadPermanent, durable.DeadUndecodable, durable.DeadUnfinished} {
		o.buried.WithLabelValues(string(r))
	}
	return o
}

// observe is a [durable.Consumer.Observe].
func (o outcomes) observe(_ context.Context, a durable.Attempt) {
	o.attempts.WithLabelValues(a.Result.String()).Inc()
	if a.Result == durable.Buried {
		o.buried.WithLabelValues(string(a.Reason)).Inc()
	}
}

// observeSink returns a [durable.Consumer.Observe] for a sink, whose attempts have metrics
// of their own.
func (o outcomes) observeSink(gaveUp func(*event.Event, error)) func(context.Context, durable.Attempt) {
	return func(_ context.Context, a durable.Attempt) {
		if a.Result == durable.Buried {
			o.buried.WithLabelValues(string(a.Reason)).Inc()
			gaveUp(a.Event, a.Err)
		}
	}
}

// gauges are the metrics of a store's state. They implement [prometheus.Collector]: while
// the store does not answer, there is only accesshook_store_up.
type gauges struct {
	store interface {
		Ready() error
		State() (durable.Stats, error)
	}
}

// Describe implements [prometheus.Collector]. It describes nothing, since what is
// collected varies.
func (gauges) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (g gauges) Collect(to chan<- prometheus.Metric) {
	gauge := func(name string, v float64, help string, labels ...string) { // names of labels, then values
		desc := prometheus.NewDesc("accesshook_"+name, help, labels[:len(labels)/2], nil)
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels[len(labels)/2:]...)
	}
	const upHelp = "1 if the store answers this gateway, 0 if not. At 0 the other metrics of the store are missing."
	var stats durable.Stats
	err := g.store.Ready() // known at once
	if err == nil || errors.Is(err, durable.ErrFull) {
		stats, err = g.store.State()
	}
	if err != nil {
		gauge("store_up", 0, upHelp)
		return
	}
	gauge("store_up", 1, upHelp)
	gauge("store_events", float64(stats.Events), "Events in the store, including handled ones that are kept."+ofStore)
	gauge("store_bytes", float64(stats.Bytes), "Size of the events in the store."+ofStore)
	gauge("store_max_bytes", float64(stats.MaxBytes), "Limit of accesshook_store_bytes."+ofStore)
	gauge("store_fullest_ratio", stats.Fullest, "How full the fullest shard of the store is, 0 to 1. Events for a full one are answered 503."+ofStore)
	gauge("store_missing_events", float64(stats.Missing), "Events that the store has lost, until gateway -check-store -accept-loss."+ofStore)
	gauge("dead_letters", float64(stats.Dead), "Dead letters: events whose attempts all failed."+ofStore)
	for name, c := range stats.Consumers {
		gauge("store_pending", float64(c.Pending)+float64(c.Active), "Events that the consumer has not finished."+ofStore, "consumer", name)
		gauge("store_oldest_seconds", c.Age.Seconds(), "How long ago the oldest of those was stored, by the clock of the store. 0 if there is none."+ofStore, "consumer", name)
	}
	for i, shard := range stats.Shards {
		number := strconv.Itoa(i)
		gauge("store_shard_last_sequence", float64(shard.Last), "Number of the newest event of the shard. It only grows, unless the shard was lost."+ofStore, "shard", number)
		for name, c := range shard.Consumers {
			gauge("store_shard_pending", float64(c.Pending)+float64(c.Active), "Events of the shard that the consumer has not finished."+ofStore, "shard", "consumer", number, name)
		}
	}
}
