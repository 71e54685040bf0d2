package timestamp_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/accesshook/accesshook/internal/timestamp"
)

// noOffset has the offsets that package time lets pass though RFC 3339 has none such.
var noOffset = regexp.MustCompile(`:\d\d([.,]\d+)?[+-](24:\d\d|\d\d:60)$`)

// standard reads a time by package time.
func standard(s string) (time.Time, bool) {
	if noOffset.MatchString(s) {
		return time.Time{}, false
	}
	if strings.Contains(s, "  ") {
		return time.Time{}, false // package time skips spaces, also one in place of a digit
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", time.DateTime} {
		t, err := time.ParseInLocation(layout, s, time.UTC)
		if err == nil {
			return timestamp.Bounded(t)
		}
	}
	return time.Time{}, false
}

// agree compares with package time, which also refuses what is read here on
// purpose.
func agree(t *testing.T, s string) {
	t.Helper()
	var format timestamp.Format
	want, ok := standard(s)
	got, status := format.Parse(s)
	if ok && (status != timestamp.Read || !identical(got, want) || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want)) {
		t.Fatalf("%q: %v, status %d, want %v", s, got, status, want)
	}
	if !ok && status != timestamp.Unreadable {
		wide := strings.Contains(s, "T24:00") || strings.Contains(s, ":60") || strings.ContainsAny(s, "tz")
		if !wide {
			t.Fatalf("%q: %v, want none", s, got)
		}
	}
	inBytes, bytesStatus := format.ParseBytes([]byte(s))
	if bytesStatus != status || !identical(inBytes, got) {
		t.Fatalf("%q: as bytes %v, status %d", s, inBytes, bytesStatus)
	}
}

// What is read by hand is read as package time reads it.
func TestAgainstPackageTime(t *testing.T) {
	years := []string{"0000", "0001", "0002", "0003", "1900", "1999", "2000", "2023", "2024", "9998", "9999", "20x4"}
	rests := []string{
		"T00:00:00", "T23:59:59Z", "T24:00:00", "T12:60:00Z", "T12:00:60", "T12:34:56.1Z", "T12:34:56.123456789", "T12:34:56.1234567891Z",
		"T12:34:56.", "T12:34:56.Z", "T1a:34:56", "T12:34:56z", "T12:34:56,5Z", "T12:34:56+00:00", "T12:34:56-00:00", "T12:34:56.5+02:00",
		"T12:34:56-11:30", "T12:34:56+23:59", "T12:34:56+24:00", "T12:34:56+01:60", "T12:34:56+0a:00", "T12:34:56 02:00", " 12:34:56", "T12:34:5",
	}
	for _, year := range years {
		for month := range 14 {
			for day := range 33 {
				for _, rest := range rests {
					agree(t, fmt.Sprintf("%s-%02d-%02d%s", year, month, day, rest))
				}
			}
		}
	}
}

// FuzzParse holds for any text: what package time reads is read alike, nothing that
// cannot be encoded comes out, and no zone or layout makes a difference to what has
// a zone of its own.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"2024-05-14T10:31:07.123Z", "2024-05-14T10:31:07+02:00", "2024-05-14 10:31:07,5", "20240514T103107Z", "1715675467.123", "1.7e9",
		"638355968001234567", "Tue, 14 May 2024 10:31:07 GMT", "Tuesday, 14-May-24 10:31:07 GMT", "Tue May 14 10:31:07 2024",
		"/Date(1715682667000+0200)/", "2024-01-01T10:00:00+02:00[Europe/Oslo]", "2024-10-27T02:30", "2024-05-14T24:00", "14.05.2024 10:31", "2024-05-14  0:31:07",
	} {
		f.Add(s)
	}
	paris := load(f, "Europe/Paris")
	f.Fuzz(func(t *testing.T, s string) {
		var format timestamp.Format
		got, status := format.Parse(s)
		if want, ok := standard(s); ok && len(s) <= 64 && (status != timestamp.Read || !identical(got, want)) {
			t.Fatalf("%q: %v, status %d, want %v", s, got, status, want)
		}
		inBytes, bytesStatus := format.ParseBytes([]byte(s))
		if bytesStatus != status || !identical(inBytes, got) {
			t.Fatalf("%q: as bytes %v, status %d", s, inBytes, bytesStatus)
		}
		for _, f := range []*timestamp.Format{&format, {Zone: paris}, {Zone: paris, Layouts: []string{"02.01.2006 15:04"}}} {
			got, status := f.Parse(s)
			if status == timestamp.Unreadable && got != (time.Time{}) {
				t.Fatalf("%q: unreadable, and %v", s, got)
			}
			if _, err := got.MarshalJSON(); err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			if bounded, ok := timestamp.Bounded(got); !ok || bounded != got {
				t.Fatalf("%q: %v is out of bounds", s, got)
			}
			again, status := f.Parse(got.Format(time.RFC3339Nano))
			if status != timestamp.Read || !again.Equal(got) {
				t.Fatalf("%q: %v, again %v", s, got, again)
			}
		}
	})
}

func TestUsualTimesDoNotAllocate(t *testing.T) {
	var format timestamp.Format
	for _, s := range []string{
		"2024-05-14T10:31:07Z", "2024-05-14T10:31:07.1234567Z", "2024-05-14T10:31:07", "2024-05-14T10:31:07.5+02:00", "2024-05-14T10:31:07.123456789-07:00",
		"1700000000", "1700000000123", "2024-05-14 10:31:07Z",
	} {
		b := []byte(s)
		n := testing.AllocsPerRun(100, func() {
			format.Parse(s)
			format.ParseBytes(b)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", s, n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	paris := timestamp.Format{Zone: load(b, "Europe/Paris")}
	for _, bm := range []struct {
		name   string
		format timestamp.Format
		text   string
	}{
		{"Z", timestamp.Format{}, "2024-05-14T10:31:07.123Z"},
		{"offset", timestamp.Format{}, "2024-05-14T10:31:07+02:00"},
		{"no zone", timestamp.Format{}, "2024-05-14T10:31:07"},
		{"no zone, Paris", paris, "2024-05-14T10:31:07"},
		{"space", timestamp.Format{}, "2024-05-14 10:31:07Z"},
		{"milliseconds", timestamp.Format{}, "1700000000123"},
		{"RFC 1123", timestamp.Format{}, "Tue, 14 May 2024 10:31:07 GMT"},
		{"no time", timestamp.Format{}, "the day before yesterday"},
		{"no time, like one", timestamp.Format{}, "Tue, 34 May 2024 10:31:07 GMT"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			text := []byte(bm.text)
			b.ReportAllocs()
			for b.Loop() {
				bm.format.ParseBytes(text)
			}
		})
	}
	b.Run("package time", func(b *testing.B) {
		for b.Loop() {
			time.Parse(time.RFC3339, "2024-05-14T10:31:07.123Z")
		}
	})
}
