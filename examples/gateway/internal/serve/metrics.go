package serve

import "github.com/prometheus/client_golang/prometheus"

// Why a connection was closed for a new one, as the label reason says.
const (
	reachedTotal       = "max_connections"
	reachedClient      = "max_per_client"
	reachedDescriptors = "descriptors" // the process has no more
	reachedBusy        = "refused"     // the new one itself: each other has an event in a handler
)

// metrics are the metrics of a server. Clients cannot choose the value of a label.
type metrics struct {
	closed  *prometheus.CounterVec
	errors  *prometheus.CounterVec
	unknown prometheus.Counter
}

// newMetrics registers metrics at to, unless it is nil. Those that alerts look for start
// at zero.
func newMetrics(to prometheus.Registerer, open *connections) *metrics {
	m := &metrics{
		closed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "accesshook", Name: "connections_closed_total", Help: "Connections closed or refused because a bound was reached.",
		}, []string{"reason"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "accesshook", Name: "server_errors_total", Help: "Requests that the HTTP server refused before any handler saw them, by status.",
		}, []string{"status"}),
		unknown: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "accesshook", Name: "unknown_paths_total", Help: "Requests to paths that do not exist.",
		}),
	}
	for _, reason := range []string{reachedTotal, reachedClient, reachedDescriptors, reachedBusy} {
		m.closed.WithLabelValues(reason)
	}
	for _, status := range []string{"400", "417", "431", "501", "505"} {
		m.errors.WithLabelValues(status)
	}
	if to == nil {
		return m
	}
	to.MustRegister(m.closed, m.errors, m.unknown)
	for s := idle; s < states; s++ {
		to.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "accesshook", Name: "connections",
			Help: "Open connections, by state: idle (waits for its next request), header (new, or a TLS handshake or header is not complete), " +
				"request (a body is not complete, or not verified), event (a verified event is being handled), answer (is being sent).",
			ConstLabels: prometheus.Labels{"state": stateNames[s]},
		}, func() float64 { return float64(open.in(s)) }))
	}
	return m
}
