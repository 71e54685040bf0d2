package metrics

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// statuses are those that an endpoint answers with.
var statuses = []int{
	http.StatusOK,
	http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed,
	http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests,
	http.StatusInternalServerError, http.StatusServiceUnavailable,
}

// An Endpoint has the metrics of one endpoint. It is safe for concurrent use.
type Endpoint struct {
	metrics    *Metrics
	duplicates prometheus.Counter
	requested  prometheus.Observer
	ok         prometheus.Counter                // of requests answered 200: looked up once, since most are
	types      map[event.Type]prometheus.Counter // of events; other types count as unknown
	lastEvent  func() prometheus.Gauge

	counts struct{ events, refused, duplicates atomic.Uint64 }

	mu   sync.Mutex
	last time.Time // when the last event was received
}

// Endpoint returns the metrics of the endpoint of a vendor. types are those that its
// events have.
func (m *Metrics) Endpoint(vendor string, types map[string]event.Type) *Endpoint {
	e := &Endpoint{
		metrics:    m,
		duplicates: m.duplicates.WithLabelValues(vendor),
		requested:  m.requested.WithLabelValues(vendor),
		ok:         m.requests.WithLabelValues(vendor, "200"),
		types:      map[event.Type]prometheus.Counter{event.Unknown: m.events.WithLabelValues(vendor, string(event.Unknown))},
		lastEvent:  sync.OnceValue(func() prometheus.Gauge { return m.lastEvent.WithLabelValues(vendor) }),
	}
	for _, t := range types {
		e.types[t] = m.events.WithLabelValues(vendor, string(t))
	}
	for _, status := range statuses {
		m.requests.WithLabelValues(vendor, strconv.Itoa(status))
		if refusal(status) {
			m.rejected.WithLabelValues(vendor, strconv.Itoa(status))
		}
	}
	m.handled.WithLabelValues(vendor)
	return e
}

func refusal(status int) bool { return status >= 400 && status < 500 }

// Observe is a [verify.Config.Observe].
func (e *Endpoint) Observe(_ context.Context, o verify.Observation) {
	if o.Status == http.StatusOK {
		e.ok.Inc()
	} else {
		status := strconv.Itoa(o.Status)
		e.metrics.requests.WithLabelValues(o.Source, status).Inc()
		if refusal(o.Status) {
			e.metrics.rejected.WithLabelValues(o.Source, status).Inc()
			e.counts.refused.Add(1)
		}
	}
	if o.Event == nil {
		return
	}
	e.requested.Observe(o.Duration.Seconds())
	e.receivedAt(o.Received)
	if o.Status == http.StatusOK {
		c, ok := e.types[o.Type]
		if !ok {
			c = e.types[event.Unknown]
		}
		c.Inc()
		e.counts.events.Add(1)
	}
	if o.Duplicate || errors.Is(o.Err, event.ErrInProgress) {
		e.Duplicate()
	}
}

// Duplicate counts a duplicate that no Observation tells of: one from a queue.
func (e *Endpoint) Duplicate() {
	e.duplicates.Inc()
	e.counts.duplicates.Add(1)
}

// receivedAt notes when an event was received. Events that take long are noted after
// later ones.
func (e *Endpoint) receivedAt(at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if at.After(e.last) {
		e.last = at
		e.lastEvent().Set(float64(at.UnixMilli()) / 1000)
	}
}

// LastEvent returns when the last event was received, in UTC; zero before the first.
func (e *Endpoint) LastEvent() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last.Round(0).UTC()
}

// Counts returns how many events were answered 200, how many requests were refused, and
// how many deliveries were duplicates.
func (e *Endpoint) Counts() (events, refused, duplicates uint64) {
	return e.counts.events.Load(), e.counts.refused.Load(), e.counts.duplicates.Load()
}
