package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/server"
)

// Server adds the counts of the public server.
func (m *Metrics) Server(s *server.Server) { m.Registry.MustRegister(serverMetrics{s}) }

// serverMetrics is a [prometheus.Collector].
type serverMetrics struct{ *server.Server }

var (
	descConnections = desc("connections", "Open connections, by state: idle (waits for its next request), header (new, or a TLS handshake or header is not complete), "+
		"request (a body is not complete, or not verified), event (a verified event is being handled), answer (is being sent).", "state")
	descClosed = desc("connections_closed_total", "Connections closed or refused because a bound was reached.", "reason")
	descErrors = desc("server_errors_total", "Requests that the HTTP server refused before any handler saw them, by status.", "status")
	descPaths  = desc("unknown_paths_total", "Requests to paths that do not exist.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("accesshook_"+name, help, labels, nil)
}

func (serverMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descConnections, descClosed, descErrors, descPaths} {
		to <- d
	}
}

func (s serverMetrics) Collect(to chan<- prometheus.Metric) {
	stats := s.Stats()
	for state, n := range stats.Connections {
		to <- prometheus.MustNewConstMetric(descConnections, prometheus.GaugeValue, float64(n), state)
	}
	for reason, n := range stats.Closed {
		to <- prometheus.MustNewConstMetric(descClosed, prometheus.CounterValue, float64(n), reason)
	}
	for status, n := range stats.Refused {
		to <- prometheus.MustNewConstMetric(descErrors, prometheus.CounterValue, float64(n), status)
	}
	to <- prometheus.MustNewConstMetric(descPaths, prometheus.CounterValue, float64(stats.UnknownPaths))
}
