package otlp

import (
	"math"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/product"
	"github.com/accesshook/accesshook/internal/sentence"
)

const (
	scope     = "github.com/accesshook/accesshook/event/otlp"
	schemaURL = "https://opentelemetry.io/schemas/1.43.0" // of the names of attributes
)

// A record is what an event becomes, for the SDK as well as for a request.
type record struct {
	name         string
	time         time.Time // zero if unknown
	observed     time.Time
	severity     log.Severity
	severityText string
	body         string
	attributes   []attribute.KeyValue // strings and doubles
}

func newRecord(e *event.Event) (*record, error) {
	if err := product.Check("otlp", e); err != nil {
		return nil, err
	}
	var buf [512]byte
	r := &record{
		name:     valid("accesshook." + string(e.Type)),
		time:     e.Time,
		observed: e.Received,
		body:     valid(string(sentence.Append(buf[:0], e))),
	}
	r.severity, r.severityText = severity(e.Severity)
	if r.observed.IsZero() || !inRange(r.observed) {
		r.observed = time.Now()
	}
	r.describe(e)
	if !inRange(r.time) {
		r.moment("accesshook.time", r.time)
		r.time = time.Time{}
	}
	return r, nil
}

// severity returns the number as in the data model's table of syslog, whose notices are
// INFO2, and of the Windows event log, whose critical events are FATAL. See
// https://opentelemetry.io/docs/specs/otel/logs/data-model-appendix/#appendix-b-severitynumber-example-mappings.
func severity(s event.Severity) (log.Severity, string) {
	numbers := [...]log.Severity{
		event.SeverityInfo: log.SeverityInfo, event.SeverityLow: log.SeverityInfo2, event.SeverityMedium: log.SeverityWarn,
		event.SeverityHigh: log.SeverityError, event.SeverityCritical: log.SeverityFatal,
	}
	if s = product.Known(s, len(numbers)); s == event.SeverityUnknown {
		return log.SeverityUndefined, ""
	}
	return numbers[s], s.String()
}

// inRange reports whether t has a count of nanoseconds since 1970 that is neither the 0
// of an unknown time nor too large.
func inRange(t time.Time) bool {
	return t.After(time.Unix(0, 0)) && !t.After(time.Unix(0, math.MaxInt64))
}

// valid returns s with U+FFFD for each byte that is not UTF-8, which protobuf refuses.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
