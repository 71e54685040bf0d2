package event

import (
	"fmt"
	"log/slog"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

// String returns vendor, type and ID: enough to find an event, and no personal
// data. Invisible characters are JSON escapes, as in the log records of this module.
func (e Event) String() string {
	return jsonappend.Visible(e.Vendor + " " + string(e.Type) + " " + e.ID)
}

// Format implements [fmt.Formatter] with String for every verb, so that %+v and %#v
// show no more. fmt does not call it for %p, which is not for structs; go vet says
// so.
func (e Event) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.String())) }

// LogValue implements [slog.LogValuer] with a group: vendor, source, type,
// vendor_type, id, time, outcome and severity. It contains no personal data. Invisible
// characters are JSON escapes: handlers of log/slog write some of them as they are.
func (e Event) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("vendor", jsonappend.Visible(e.Vendor)),
		slog.String("source", jsonappend.Visible(e.Source)),
		slog.String("type", jsonappend.Visible(string(e.Type))),
		slog.String("vendor_type", jsonappend.Visible(e.VendorType)),
		slog.String("id", jsonappend.Visible(e.ID)),
		slog.Time("time", e.Time),
		slog.String("outcome", e.Outcome.String()),
		slog.String("severity", e.Severity.String()),
	)
}
