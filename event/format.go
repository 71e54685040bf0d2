package event

import (
	"fmt"
	"log/slog"
)

// String returns vendor, type and ID: enough to find an event, and no personal
// data.
func (e Event) String() string { return e.Vendor + " " + string(e.Type) + " " + e.ID }

// Format implements [fmt.Formatter] with String for every verb, so that %+v and %#v
// show no more. fmt does not call it for %p, which is not for structs; go vet says
// so.
func (e Event) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.String())) }

// LogValue implements [slog.LogValuer] with a group: vendor, source, type,
// vendor_type, id, time, outcome and severity. It contains no personal data.
func (e Event) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("vendor", e.Vendor),
		slog.String("source", e.Source),
		slog.String("type", string(e.Type)),
		slog.String("vendor_type", e.VendorType),
		slog.String("id", e.ID),
		slog.Time("time", e.Time),
		slog.String("outcome", e.Outcome.String()),
		slog.String("severity", e.Severity.String()),
	)
}
