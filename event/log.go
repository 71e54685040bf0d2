package event

import (
	"errors"
	"log/slog"
)

// logger is l, or slog.Default if l is nil.
func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.Default()
	}
	return l
}

// describe is what a log record of this package says of an event and an error, if
// there is one, under the keys that package verify uses.
func describe(e *Event, err error) []slog.Attr {
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs,
		slog.String("endpoint", e.Source),
		slog.String("vendor", e.Vendor),
		slog.String("id", e.ID),
		slog.String("type", string(e.Type)),
	)
	if err == nil {
		return attrs
	}
	attrs = append(attrs, slog.String("error", err.Error()))
	if p, ok := errors.AsType[*PanicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	return attrs
}
