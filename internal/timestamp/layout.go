package timestamp

import (
	"fmt"
	"strings"
	"time"
)

// CheckLayout reports whether times can be read by a layout of package time: it must
// have a year, month, day, hour and minute, and an hour of twelve needs its PM.
func CheckLayout(layout string) error {
	at := time.Date(2011, 11, 23, 20, 14, 0, 0, time.UTC)
	if t, err := time.Parse(layout, at.Format(layout)); err != nil || !t.Equal(at) {
		return fmt.Errorf("layout %q does not tell the date and the time of day: write it as package time does, such as %q", layout, "02/01/2006 15:04")
	}
	return nil
}

// own reads s by an operator's layout.
func (f *Format) own(layout, s string) (time.Time, Status) {
	if !hasZone(layout) {
		wall, err := time.Parse(layout, s)
		if err != nil {
			return time.Time{}, Unreadable
		}
		return f.local(wall)
	}
	in := time.UTC
	if f.Zone != nil {
		in = f.Zone
	}
	t, err := time.ParseInLocation(layout, s, in)
	if err != nil {
		return time.Time{}, Unreadable
	}
	// Package time makes up a zone, with the offset of UTC, for an abbreviation that
	// it does not know.
	if name, offset := t.Zone(); offset == 0 && name != "" && name != "UTC" && name != "GMT" && t.Location() != in {
		return time.Time{}, Unreadable
	}
	return t, Read
}

func hasZone(layout string) bool {
	return strings.Contains(layout, "Z07") || strings.Contains(layout, "-07") || strings.Contains(layout, "MST")
}
