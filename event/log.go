package event

import (
	"errors"
	"log/slog"

	"github.com/accesshook/accesshook/internal/jsonappend"
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
		slog.String("endpoint", jsonappend.Visible(e.Source)),
		slog.String("vendor", jsonappend.Visible(e.Vendor)),
		slog.String("id", jsonappend.Visible(e.ID)),
		slog.String("type", jsonappend.Visible(string(e.Type))),
	)
	if err == nil {
		return attrs
	}
	attrs = append(attrs, slog.String("error", jsonappend.Visible(err.Error())))
	if p, ok := errors.AsType[*PanicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	return attrs
}
