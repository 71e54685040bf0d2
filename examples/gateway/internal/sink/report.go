package sink

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event"
)

// Kinds of errors, values of a label.
const (
	refused      = "refused"     // sending it again cannot help
	unavailable  = "unavailable" // to be sent again for any other reason: it is busy, or a credential, name or certificate is wrong
	timedOut     = "timeout"     // no answer in time
	disconnected = "connection"  // the connection fails or breaks
	other        = "other"
)

var kinds = []string{refused, unavailable, timedOut, disconnected, other}

// kindOf returns the kind of an error of a sink.
func kindOf(err error) string {
	var network net.Error // such as a syscall.Errno
	_, busy := event.IsUnavailable(err)
	switch {
	case event.IsPermanent(err):
		return refused
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return timedOut
	case network != nil, errors.Is(err, io.ErrUnexpectedEOF):
		return disconnected
	case busy:
		return unavailable
	}
	return other
}

// logEvery is how often at most the log says the same of a sink.
const logEvery = time.Minute

// A report says on /metrics and in the log what becomes of the events of one sink.
type report struct {
	log                             *slog.Logger
	taken, failed, givenUp, leftOut prometheus.Counter
	batches                         prometheus.Counter
	failing                         func(kind string) prometheus.Gauge

	mu       sync.Mutex
	kind     string // of the last error; "": the last event was taken
	told     bool   // the log says that it fails
	failures sample
	losses   sample
}

func newReport(name string, m *Metrics, log *slog.Logger) *report {
	m.start(name)
	return &report{
		log:     log.With("sink", name),
		taken:   m.events.WithLabelValues(name, taken),
		failed:  m.events.WithLabelValues(name, failed),
		givenUp: m.events.WithLabelValues(name, givenUp),
		leftOut: m.events.WithLabelValues(name, leftOut),
		batches: m.batches.WithLabelValues(name),
		failing: func(kind string) prometheus.Gauge { return m.failing.WithLabelValues(name, kind) },
	}
}

// attempted notes the outcome of an attempt to send an event.
func (r *report) attempted(e *event.Event, err error) {
	kind := ""
	if err == nil {
		r.taken.Inc()
	} else {
		r.failed.Inc()
		kind = kindOf(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if kind != r.kind {
		if r.kind != "" {
			r.failing(r.kind).Set(0)
		}
		if kind != "" {
			r.failing(kind).Set(1)
		}
		r.kind = kind
	}
	switch {
	case err != nil:
		if r.failures.write(r.log, slog.LevelWarn, "a sink fails", e, err) {
			r.told = true
		}
	case r.told:
		r.told = false
		r.log.Info("the sink takes events again")
	}
}

// gaveUp notes that an event will not be sent.
func (r *report) gaveUp(e *event.Event, err error) {
	r.givenUp.Inc()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.losses.write(r.log, slog.LevelError, "an event was given up for a sink", e, err)
}

// A sample writes a record now and then, with the number of those that it left out.
type sample struct {
	last       time.Time
	suppressed int
}

// write reports whether it has written. e may be nil.
func (s *sample) write(log *slog.Logger, level slog.Level, text string, e *event.Event, err error) bool {
	if !s.last.IsZero() && time.Since(s.last) < logEvery {
		s.suppressed++
		return false
	}
	attrs := []slog.Attr{slog.String("kind", kindOf(err)), slog.String("error", err.Error())}
	if e != nil {
		attrs = append(attrs, slog.String("vendor", e.Vendor), slog.String("id", e.ID), slog.String("type", string(e.Type)))
	}
	if p, ok := errors.AsType[*event.PanicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	if s.suppressed > 0 {
		attrs = append(attrs, slog.Int("suppressed", s.suppressed))
	}
	log.LogAttrs(context.Background(), level, text, attrs...)
	s.last, s.suppressed = time.Now(), 0
	return true
}
