// Package timestamp reads times as vendors, their languages and their databases
// write them: one parser for all of them, which never guesses. What allows more
// than one reading, such as 05/06/2024, is refused unless an operator has said how
// it is to be read.
//
// It reads, with white space at the ends:
//
//   - RFC 3339, with letters of either case and any number of fractional digits
//     after a point or comma. Of these, nine count. The leap second 23:59:60, and
//     60 in any other minute, is the second after 59.
//   - ISO 8601 otherwise: a space for the T, no seconds, no zone, offsets as +0200
//     and +02, the basic format 20200929T123000Z, with or without its T, and 24:00
//     for the end of the day. GMT or UTC for Z, and a space before the zone.
//   - java.time's region behind the zone, as in +02:00[Europe/Oslo]. The offset
//     counts, the region does not.
//   - RFC 1123, with a zone as a number or GMT and with or without weekday and
//     seconds; RFC 850; ANSI C.
//   - .NET's /Date(1715675467000+0200)/: milliseconds of UTC since 1970. The offset
//     says nothing.
//   - Numbers, see [Format.Parse].
//
// It refuses a date without a time, abbreviations of zones other than GMT and UTC
// (CST is three zones), and what comes to a year that RFC 3339 cannot write. Year 1,
// with which .NET and Go say "never", is read as the zero time.
package timestamp

import (
	"strings"
	"time"
)

// A Format says how times without a zone are read, and times in an operator's own
// layouts. Its zero value takes them as UTC and has no layouts. It is safe for
// concurrent use.
type Format struct {
	Zone    *time.Location // nil: UTC
	Layouts []string       // of package time, tried first and in this order; see CheckLayout
}

// A Status says how far a time could be read.
type Status uint8

const (
	Unreadable Status = iota // no time: the result is the zero time
	Read                     // a time, or the zero time for year 1
	// Ambiguous is a time without a zone that the clocks of [Format.Zone] showed
	// twice or never, since they were put back or forward. It is read with the offset
	// from before the change: the first of the two moments, or the one at which a
	// clock that was not put forward shows it.
	Ambiguous
)

// Parse reads the text of a JSON string or the literal of a JSON number; both are
// read alike. Z, GMT, UTC and offsets of zero give a time in UTC; other offsets give
// one in a fixed zone without a name, as package time does.
//
// What is a number, in one of JSON's forms and maybe with a fraction, is judged by
// how many digits its whole part has:
//
//	digits   unit                                  range
//	10       seconds since 1970                    2001-09-09 to 2286-11-20
//	13       milliseconds                          the same
//	16       microseconds                          the same
//	19       nanoseconds                           2001-09-09 to 2065-01-24
//	18       100 ns since 1601 (Windows FILETIME)  1970-01-01 to 2286-11-20
//	         100 ns since year 1 (.NET ticks)      1970-01-01 to 2286-11-20
//	14, 17   date and time, as 20200929123000 and 20200929123000123
//	other    refused
//
// Nanoseconds end early because the largest values of ticks and of 64 bits, which
// stand for "never", lie behind. Eight digits are a date without a time, twelve may
// be one with hours and minutes, and fewer are the counts and codes of something
// else; none of them is read as a time near 1970.
func (f *Format) Parse(text string) (time.Time, Status) {
	if len(f.Layouts) == 0 {
		if t, ok := usual(text, f.Zone); ok {
			return t, Read
		}
	}
	if len(text) > maxText {
		return time.Time{}, Unreadable
	}
	t, status := f.parse(strings.TrimSpace(text))
	if status == Unreadable {
		return time.Time{}, Unreadable
	}
	t, ok := Bounded(t)
	if !ok {
		return time.Time{}, Unreadable
	}
	return t, status
}

// ParseBytes is Parse for bytes, which it does not copy in the usual cases.
func (f *Format) ParseBytes(text []byte) (time.Time, Status) {
	if len(f.Layouts) == 0 {
		if t, ok := usual(text, f.Zone); ok {
			return t, Read
		}
	}
	if len(text) > maxText {
		return time.Time{}, Unreadable
	}
	return f.Parse(string(text))
}

// maxText bounds the work for what is no time.
const maxText = 128

func (f *Format) parse(s string) (time.Time, Status) {
	for _, layout := range f.Layouts {
		if t, status := f.own(layout, s); status != Unreadable {
			return t, status
		}
	}
	if ms, ok := strings.CutPrefix(s, "/Date("); ok {
		return dotNet(ms)
	}
	if n, ok := parseNumber(s); ok {
		return f.number(s, n)
	}
	if t, status := f.iso(s); status != Unreadable {
		return t, status
	}
	return f.named(s)
}

const secondsADay = 24 * 60 * 60

// Bounded reports whether t can be written in RFC 3339, in its own zone and in
// UTC. A t of year 1 or before, however it is zoned, stands for none and comes
// back as the zero time.
func Bounded(t time.Time) (time.Time, bool) {
	utc := t.UTC().Year()
	if utc <= 1 || t.Year() <= 1 {
		return time.Time{}, utc >= 0
	}
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC() // RFC 3339 has no seconds in offsets, as old local times have
	}
	if _, offset := t.Zone(); utc > 9999 || t.Year() > 9999 || offset <= -secondsADay || offset >= secondsADay {
		return time.Time{}, false
	}
	return t, true
}
