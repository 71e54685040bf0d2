package product

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Check returns an error about an event that a format cannot have: one without ID or
// Vendor, or with a time outside the years 0 to 9999.
func Check(format string, e *event.Event) error {
	if e == nil || e.ID == "" || e.Vendor == "" {
		return fmt.Errorf("%s: event without ID or Vendor", format)
	}
	for _, t := range [...]time.Time{e.Time, e.Received, e.Session.Expires} {
		if year := t.UTC().Year(); year < 0 || year > 9999 {
			return fmt.Errorf("%s: a time is in the year %d, want 0 to 9999", format, year)
		}
	}
	return nil
}

// Happened is when e happened. It is zero if nobody says.
func Happened(e *event.Event) time.Time {
	if e.Time.IsZero() {
		return e.Received
	}
	return e.Time
}

// Address is the client's without a zone, which most formats do not take.
func Address(e *event.Event) netip.Addr { return e.Client.Address.Unmap().WithZone("") }

// Known returns i, or 0 if it is no index of n names.
func Known[I ~int](i I, n int) I {
	if i < 0 || int(i) >= n {
		return 0
	}
	return i
}
