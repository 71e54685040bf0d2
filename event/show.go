package event

import (
	"fmt"
	"log/slog"
)

// String returns vendor, type and ID: enough to find an event, and nothing
// about a person.
func (e Event) String() string { return e.Vendor + " " + string(e.Type) + " " + e.ID }

// Format implements [fmt.Formatter] with the text of String for every verb that
// fmt asks about, so that %+v and %#v do not show what String holds back. It does
// not ask about %p, which is not for structs; go vet says so.
func (e Event) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.String())) }

// LogValue implements [slog.LogValuer]: what String shows, and the time, outcome
// and severity, as a group. It holds nothing about a person.
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
