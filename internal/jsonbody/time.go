package jsonbody

import (
	"strconv"
	"strings"
	"time"
)

// layoutOf returns the layout for the shape of s, so that a time is parsed once.
// All layouts take any number of fractional digits.
func layoutOf(s string) string {
	const day = len(time.DateOnly)
	if len(s) <= day {
		return ""
	}
	zoned := s[len(s)-1] == 'Z' || strings.IndexByte(s[day:], '+') >= 0 || strings.IndexByte(s[day:], '-') >= 0
	switch {
	case s[day] == 'T' && zoned:
		return time.RFC3339
	case s[day] == 'T':
		return "2006-01-02T15:04:05"
	case s[day] == ' ' && zoned:
		return "2006-01-02 15:04:05Z07:00"
	case s[day] == ' ':
		return time.DateTime
	default:
		return ""
	}
}

// ParseTime reads the forms in which vendors have been seen to write times:
// RFC 3339 with any number of fractional digits, with a space for the T, without
// a zone (taken as loc), and .NET's /Date(milliseconds)/. Year 1, with which
// .NET says "never", gives the zero time. Years from 10000 on are refused, since
// RFC 3339 cannot write them.
func ParseTime(s string, loc *time.Location) (time.Time, bool) {
	if ms, ok := strings.CutPrefix(s, "/Date("); ok {
		return parseDate(ms)
	}
	layout := layoutOf(s)
	if layout == "" {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(layout, s, loc)
	if err != nil {
		return time.Time{}, false
	}
	return Bounded(t)
}

// parseDate reads the rest of "/Date(1715675467000)/" or
// "/Date(1715675467000+0200)/". The offset only says where the sender was: the
// milliseconds are UTC.
func parseDate(s string) (time.Time, bool) {
	s, ok := strings.CutSuffix(s, ")/")
	if !ok {
		return time.Time{}, false
	}
	if i := strings.LastIndexAny(s, "+-"); i > 0 {
		if _, err := strconv.ParseUint(s[i+1:], 10, 16); err != nil {
			return time.Time{}, false
		}
		s = s[:i]
	}
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	return Bounded(time.UnixMilli(ms).UTC())
}

// Bounded reports whether t can be written in RFC 3339, in its own zone and in
// UTC. A t of year 1 or before, however it is zoned, stands for none and comes
// back as the zero time.
func Bounded(t time.Time) (time.Time, bool) {
	utc := t.UTC().Year()
	if utc <= 1 || t.Year() <= 1 {
		return time.Time{}, utc >= 0
	}
	const day = 24 * 60 * 60
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC() // RFC 3339 has no seconds in offsets, as old local times have
	}
	if _, offset := t.Zone(); utc > 9999 || t.Year() > 9999 || offset <= -day || offset >= day {
		return time.Time{}, false
	}
	return t, true
}
