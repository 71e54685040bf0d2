package timestamp

import (
	"strings"
	"time"
)

// named reads times with the name of the month.
func (f *Format) named(s string) (time.Time, Status) {
	offset, zoned := 0, false
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		if o, z, ok := zone(s[i+1:]); ok && z {
			s, offset, zoned = s[:i], o, true
		}
	}
	layout := layoutOf(s)
	if layout == "" {
		return time.Time{}, Unreadable
	}
	wall, err := time.Parse(layout, s)
	switch {
	case err != nil:
		return time.Time{}, Unreadable
	case zoned:
		return shift(wall, offset), Read
	default:
		return f.local(wall)
	}
}

// layoutOf returns the one layout that s may have, since a layout that does not fit
// is not cheap.
func layoutOf(s string) string {
	if len(s) < len("2 Jan 2006 15:04") {
		return ""
	}
	seconds := strings.Count(s, ":") == 2
	comma := strings.IndexByte(s, ',')
	switch {
	case comma == 3 && seconds:
		return "Mon, 2 Jan 2006 15:04:05" // RFC 1123
	case comma == 3:
		return "Mon, 2 Jan 2006 15:04"
	case comma > 3:
		return "Monday, 02-Jan-06 15:04:05" // RFC 850
	case s[0] > '9':
		return time.ANSIC
	case seconds:
		return "2 Jan 2006 15:04:05"
	default:
		return "2 Jan 2006 15:04"
	}
}
