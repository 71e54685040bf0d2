package timestamp

import (
	"strconv"
	"strings"
	"time"
)

// iso reads ISO 8601 and what is written like it.
func (f *Format) iso(s string) (time.Time, Status) {
	wall, rest, ok := calendar(s)
	if !ok {
		return time.Time{}, Unreadable
	}
	offset, zoned, ok := zone(rest)
	switch {
	case !ok:
		return time.Time{}, Unreadable
	case zoned:
		return shift(wall, offset), Read
	default:
		return f.local(wall)
	}
}

// calendar cuts a date and time from the beginning of s. It returns what the clock
// shows, as UTC.
func calendar(s string) (wall time.Time, rest string, ok bool) {
	var year, month, day uint
	basic := len(s) > 8 && s[4] != '-'
	switch {
	case basic:
		year, month, day, s = 100*pair(s, 0)+pair(s, 2), pair(s, 4), pair(s, 6), s[8:]
	case len(s) > 10 && s[7] == '-':
		year, month, day, s = 100*pair(s, 0)+pair(s, 2), pair(s, 5), pair(s, 8), s[10:]
	default:
		return wall, "", false
	}
	if year > 9999 || month-1 > 11 || day-1 >= daysIn(year, month) {
		return wall, "", false
	}
	switch {
	case s[0] == 'T' || s[0] == 't' || s[0] == ' ':
		s = s[1:]
	case !basic:
		return wall, "", false
	}

	if len(s) > 3 && s[1] == ':' {
		s = "0" + s // 9:05
	}
	var minute, second uint
	if len(s) < len("1504") {
		return wall, "", false
	}
	hour := pair(s, 0)
	colons := s[2] == ':'
	seconds := false
	if s = s[2:]; colons {
		s = s[1:]
	}
	if len(s) < 2 {
		return wall, "", false
	}
	minute, s = pair(s, 0), s[2:]
	switch {
	case colons && len(s) > 2 && s[0] == ':':
		second, s, seconds = pair(s, 1), s[3:], true
	case !colons && len(s) > 1 && pair(s, 0) <= 99:
		second, s, seconds = pair(s, 0), s[2:], true
	}
	nsec := 0
	if seconds && len(s) > 1 && (s[0] == '.' || s[0] == ',') {
		digits := len(s) - 1 - len(strings.TrimLeft(s[1:], "0123456789"))
		if digits == 0 {
			return wall, "", false
		}
		nsec = nanoseconds(s[1 : 1+digits])
		s = s[1+digits:]
	}
	if hour > 23 && (hour != 24 || minute != 0 || second != 0 || nsec != 0) || minute > 59 || second > 60 {
		return wall, "", false
	}
	// 24:00 and second 60 run on into what follows.
	return time.Date(int(year), time.Month(month), int(day), int(hour), int(minute), int(second), nsec, time.UTC), s, true
}

// nanoseconds returns the fraction of a second that has the given digits.
func nanoseconds(digits string) int {
	n, _ := strconv.Atoi((digits + "000000000")[:9])
	return n
}

// zone reads all that stands behind a time: nothing, or a zone. Nothing is not
// zoned.
func zone(s string) (offset int, zoned, ok bool) {
	s = strings.TrimPrefix(s, " ")
	if s == "" {
		return 0, false, true
	}
	s, ok = cutRegion(s)
	switch {
	case !ok || s == "":
		return 0, false, false
	case strings.EqualFold(s, "Z") || strings.EqualFold(s, "UTC") || strings.EqualFold(s, "GMT"):
		return 0, true, true
	case s[0] != '+' && s[0] != '-':
		return 0, false, false
	}
	var h, m uint
	switch len(s) {
	case len("+02:00"):
		h, m = pair(s, 1), pair(s, 4)
		if s[3] != ':' {
			return 0, false, false
		}
	case len("+0200"):
		h, m = pair(s, 1), pair(s, 3)
	case len("+02"):
		h = pair(s, 1)
	default:
		return 0, false, false
	}
	if offset = int(h*60+m) * 60; s[0] == '-' {
		offset = -offset
	}
	return offset, true, h <= 23 && m <= 59
}

// cutRegion cuts a region in brackets from the end of s. It is not looked up: the
// offset before it says it all, and a name from outside is no reason to read files.
func cutRegion(s string) (string, bool) {
	if !strings.HasSuffix(s, "]") {
		return s, true
	}
	before, region, ok := strings.Cut(s[:len(s)-1], "[")
	return before, ok && region != "" && strings.Trim(region, regionCharacters) == ""
}

const regionCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-:"
