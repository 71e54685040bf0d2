package timestamp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/timestamp"
)

var oslo = time.FixedZone("Oslo", 2*60*60)

func TestParse(t *testing.T) {
	at := func(nsec int, zone *time.Location) time.Time { return time.Date(2024, 5, 14, 10, 31, 7, nsec, zone) }
	utc := func(y int, m time.Month, d, h, min, s, nsec int) time.Time {
		return time.Date(y, m, d, h, min, s, nsec, time.UTC)
	}
	fixed := func(seconds int) *time.Location { return time.FixedZone("", seconds) }
	none := time.Time{}
	unix := time.Unix(1700000000, 0).UTC()
	tests := map[string]struct {
		text string
		want time.Time
		ok   bool
	}{
		// RFC 3339, and the same without a zone.
		"RFC 3339":                    {"2024-05-14T10:31:07Z", at(0, time.UTC), true},
		"offset":                      {"2024-05-14T10:31:07+02:00", at(0, fixed(7200)), true},
		"negative offset":             {"2024-05-14T10:31:07-07:30", at(0, fixed(-7*3600-1800)), true},
		"largest offset":              {"2024-05-14T10:31:07+23:59", at(0, fixed(23*3600+59*60)), true},
		"no offset":                   {"2024-05-14T10:31:07+00:00", at(0, time.UTC), true},
		"offset not known":            {"2024-05-14T10:31:07-00:00", at(0, time.UTC), true},
		"one digit":                   {"2024-05-14T10:31:07.5Z", at(5e8, time.UTC), true},
		"three digits":                {"2024-05-14T10:31:07.123Z", at(123e6, time.UTC), true},
		"seven digits":                {"2024-05-14T10:31:07.1234567Z", at(123456700, time.UTC), true},
		"more digits than kept":       {"2024-05-14T10:31:07.1234567899999Z", at(123456789, time.UTC), true},
		"a hundred digits":            {"2024-05-14T10:31:07.5" + strings.Repeat("0", 99) + "Z", at(5e8, time.UTC), true},
		"too long":                    {"2024-05-14T10:31:07.5" + strings.Repeat("0", 120) + "z", none, false},
		"digits and offset":           {"2024-05-14T10:31:07.5+02:00", at(5e8, fixed(7200)), true},
		"comma":                       {"2024-05-14T10:31:07,5Z", at(5e8, time.UTC), true},
		"comma, no zone":              {"2024-05-14 10:31:07,123", at(123e6, oslo), true},
		"no digits":                   {"2024-05-14T10:31:07.Z", none, false},
		"no digits, no zone":          {"2024-05-14T10:31:07.", none, false},
		"small letters":               {"2020-09-29t12:30:00z", utc(2020, 9, 29, 12, 30, 0, 0), true},
		"small t":                     {"2024-05-14t10:31:07.5+02:00", at(5e8, fixed(7200)), true},
		"space for T":                 {"2024-05-14 10:31:07Z", at(0, time.UTC), true},
		"space and offset":            {"2024-05-14 10:31:07.5+02:00", at(5e8, fixed(7200)), true},
		"space and negative offset":   {"2024-05-14 10:31:07-07:30", at(0, fixed(-7*3600-1800)), true},
		"no zone":                     {"2024-05-14T10:31:07", at(0, oslo), true},
		"no zone, digits":             {"2024-05-14T10:31:07.1234567", at(123456700, oslo), true},
		"no zone, space":              {"2024-05-14 10:31:07", at(0, oslo), true},
		"no zone, space, digits":      {"2024-05-14 10:31:07.5", at(5e8, oslo), true},
		"leap day":                    {"2024-02-29T00:00:00Z", utc(2024, 2, 29, 0, 0, 0, 0), true},
		"no leap day":                 {"2023-02-29T00:00:00Z", none, false},
		"no month":                    {"2024-13-01T00:00:00Z", none, false},
		"no hour":                     {"2024-05-14T25:00:00Z", none, false},
		"no minute":                   {"2024-05-14T10:60:00Z", none, false},
		"no second":                   {"2024-05-14T10:31:61Z", none, false},
		"offset of a day":             {"2024-05-14T10:31:07+24:00", none, false},
		"offset of a day, space":      {"2024-05-14 10:31:07+24:00", none, false},
		"offset of minutes":           {"2024-05-14T10:31:07+01:60", none, false},
		"leap second":                 {"1990-12-31T23:59:60Z", utc(1991, 1, 1, 0, 0, 0, 0), true},
		"leap second, offset":         {"1990-12-31T15:59:60-08:00", time.Date(1990, 12, 31, 16, 0, 0, 0, fixed(-8*3600)), true},
		"leap second, digits":         {"2016-12-31T23:59:60.25Z", utc(2017, 1, 1, 0, 0, 0, 25e7), true},
		"rounded up":                  {"2024-05-14T10:30:60Z", utc(2024, 5, 14, 10, 31, 0, 0), true},
		"white space":                 {" \t2024-05-14T10:31:07Z\r\n", at(0, time.UTC), true},
		"white space, no zone":        {" 2024-05-14T10:31:07 ", at(0, oslo), true},
		"more than one space":         {"2024-05-14  10:31:07", none, false},
		"something behind":            {"2024-05-14T10:31:07Z x", none, false},
		"two zones":                   {"2024-05-14T10:31:07+02:00Z", none, false},
		"other separator":             {"2024-05-14_10:31:07", none, false},
		"not ASCII":                   {"２０２４-05-14T10:31:07Z", none, false},
		"year of five digits":         {"10000-01-01T00:00:00Z", none, false},
		"sign before the year":        {"+2024-05-14T10:31:07Z", none, false},
		"year 10000 in its zone only": {"10000-01-01T01:00:00+02:00", none, false},

		// ISO 8601.
		"Java without seconds":        {"2020-09-29T12:30Z", utc(2020, 9, 29, 12, 30, 0, 0), true},
		"no seconds":                  {"2024-05-14T10:31", time.Date(2024, 5, 14, 10, 31, 0, 0, oslo), true},
		"no seconds, offset":          {"2024-05-14 10:31+0200", time.Date(2024, 5, 14, 10, 31, 0, 0, fixed(7200)), true},
		"parts of a minute":           {"2024-05-14T10:31.5Z", none, false},
		"no minutes":                  {"2024-05-14T10Z", none, false},
		"offset of four digits":       {"2022-01-05T10:00:00+0200", time.Date(2022, 1, 5, 10, 0, 0, 0, fixed(7200)), true},
		"offset of four zeros":        {"2022-01-05T10:00:00.000+0000", utc(2022, 1, 5, 10, 0, 0, 0), true},
		"offset of two digits":        {"2024-05-14T10:31:07+02", at(0, fixed(7200)), true},
		"offset of two digits, digit": {"2024-05-14 10:31:07.123456-07", at(123456000, fixed(-7*3600)), true},
		"offset of three digits":      {"2024-05-14T10:31:07+020", none, false},
		"offset of one digit":         {"2024-05-14T10:31:07+2", none, false},
		"offset with seconds":         {"2024-05-14T10:31:07+02:00:30", none, false},
		"offset of letters":           {"2024-05-14T10:31:07+0x:00", none, false},
		"offset with a point":         {"2024-05-14T10:31:07+02.00", none, false},
		"offset behind a space":       {"2024-05-14 10:31:07 +0200", at(0, fixed(7200)), true},
		"basic":                       {"20200929T123000Z", utc(2020, 9, 29, 12, 30, 0, 0), true},
		"basic, digits":               {"20200929T123000.5+0200", time.Date(2020, 9, 29, 12, 30, 0, 5e8, fixed(7200)), true},
		"basic, no seconds":           {"20200929T1230Z", utc(2020, 9, 29, 12, 30, 0, 0), true},
		"basic, no zone":              {"20240514T103107", at(0, oslo), true},
		"basic, no T":                 {"20240514103107.0Z", at(0, time.UTC), true}, // LDAP's GeneralizedTime
		"basic date":                  {"20240514 10:31:07", at(0, oslo), true},
		"basic time":                  {"2024-05-14T103107Z", at(0, time.UTC), true},
		"basic, no such day":          {"20240532T103107Z", none, false},
		"half basic":                  {"2024-0514T10:31:07Z", none, false},
		"half a time":                 {"2024-05-14T10:3107Z", none, false},
		"end of the day":              {"2024-05-14T24:00:00Z", utc(2024, 5, 15, 0, 0, 0, 0), true},
		"end of the day, no seconds":  {"2024-12-31T24:00", time.Date(2025, 1, 1, 0, 0, 0, 0, oslo), true},
		"after the end of the day":    {"2024-05-14T24:00:01Z", none, false},
		"a minute after the end":      {"2024-05-14T24:01:00Z", none, false},
		"just after the end":          {"2024-05-14T24:00:00.001Z", none, false},
		"hour of one digit":           {"2024-05-14 9:31:07", time.Date(2024, 5, 14, 9, 31, 7, 0, oslo), true},
		"hour of one digit, short":    {"2024-05-14T9:31", time.Date(2024, 5, 14, 9, 31, 0, 0, oslo), true},
		"GMT":                         {"2023-01-25T19:07:06.370582GMT", utc(2023, 1, 25, 19, 7, 6, 370582000), true},
		"UTC behind a space":          {"2024-05-14 10:31:07 UTC", at(0, time.UTC), true},
		"utc":                         {"2024-05-14 10:31:07utc", at(0, time.UTC), true},
		"Z behind a space":            {"2024-05-14 10:31:07.5 Z", at(5e8, time.UTC), true},
		"zone that is several":        {"2024-05-14 10:31:07 CST", none, false},
		"region":                      {"2024-01-01T10:00:00+02:00[Europe/Oslo]", time.Date(2024, 1, 1, 10, 0, 0, 0, fixed(7200)), true},
		"region UTC":                  {"2024-05-14T10:31:07.5Z[UTC]", at(5e8, time.UTC), true},
		"region with an offset":       {"2024-05-14T10:31+02:00[Etc/GMT-2]", time.Date(2024, 5, 14, 10, 31, 0, 0, fixed(7200)), true},
		"region alone":                {"2024-05-14T10:31:07[Europe/Oslo]", none, false},
		"region not closed":           {"2024-05-14T10:31:07Z[UTC", none, false},
		"region not opened":           {"2024-05-14T10:31:07ZUTC]", none, false},
		"region without a name":       {"2024-05-14T10:31:07Z[]", none, false},
		"two regions":                 {"2024-05-14T10:31:07Z[UTC][UTC]", none, false},
		"week":                        {"2024-W20-2T10:31:07Z", none, false},
		"day of the year":             {"2024-135T10:31:07Z", none, false},
		"date alone":                  {"2024-05-14", none, false},
		"date alone, basic":           {"20240514", none, false},
		"date and zone":               {"2024-05-14Z", none, false},
		"date and T":                  {"2024-05-14T", none, false},
		"date and space":              {"2024-05-14 x", none, false},
		"date and a digit":            {"2024-05-14T1", none, false},
		"date and an hour":            {"2024-05-14T1:", none, false},
		"date and half a time":        {"2024-05-14T10:3", none, false},

		// By name.
		"RFC 1123":                    {"Tue, 14 May 2024 10:31:07 GMT", at(0, time.UTC), true},
		"RFC 1123, number":            {"Tue, 14 May 2024 10:31:07 +0200", at(0, fixed(7200)), true},
		"RFC 1123, short day":         {"Sat, 4 May 2024 10:31:07 GMT", utc(2024, 5, 4, 10, 31, 7, 0), true},
		"RFC 1123, no weekday":        {"14 May 2024 10:31:07 +0000", at(0, time.UTC), true},
		"RFC 1123, no seconds":        {"14 May 2024 10:31 UTC", utc(2024, 5, 14, 10, 31, 0, 0), true},
		"RFC 1123, weekday, short":    {"Tue, 14 May 2024 10:31 UTC", utc(2024, 5, 14, 10, 31, 0, 0), true},
		"RFC 1123, no zone":           {"Tue, 14 May 2024 10:31:07", at(0, oslo), true},
		"RFC 1123, zone of a region":  {"Tue, 14 May 2024 10:31:07 PDT", none, false},
		"RFC 1123, no such day":       {"Thu, 31 Apr 2024 10:31:07 GMT", none, false},
		"RFC 850":                     {"Tuesday, 14-May-24 10:31:07 GMT", at(0, time.UTC), true},
		"RFC 850, last century":       {"Sunday, 06-Nov-94 08:49:37 GMT", utc(1994, 11, 6, 8, 49, 37, 0), true},
		"ANSI C":                      {"Tue May 14 10:31:07 2024", at(0, oslo), true},
		"ANSI C, short day":           {"Sun Nov  6 08:49:37 1994", time.Date(1994, 11, 6, 8, 49, 37, 0, oslo), true},
		"leap second of package time": {"Tue, 14 May 2024 10:31:60 GMT", none, false},

		// What needs a layout.
		"American":       {"6/11/2019 8:27:56 PM", none, false},
		"European":       {"14/05/2024 08:31:07", none, false},
		"German":         {"14.05.2024 10:31:07", none, false},
		"two-digit year": {"24-05-14 10:31:07", none, false},
		"slashes":        {"2024/05/14 10:31:07", none, false},

		// No times.
		"empty":       {"", none, false},
		"white":       {" \t ", none, false},
		"words":       {"the day before yesterday", none, false},
		"now":         {"now", none, false},
		"true":        {"true", none, false},
		"null":        {"null", none, false},
		"NUL":         {"2024-05-14T10:31:07Z\x00", none, false},
		"not UTF-8":   {"2024-05-14T10:31:07\xff", none, false},
		"time alone":  {"10:31:07", none, false},
		"hexadecimal": {"0x65531400", none, false},
		"infinite":    {"Infinity", none, false},

		// Bounds.
		"never":                   {"0001-01-01T00:00:00Z", none, true},
		"never, no zone":          {"0001-01-01T00:00:00", none, true},
		"never, space":            {"0001-01-01 00:00:00", none, true},
		"never in another zone":   {"0001-01-01T00:00:00-08:00", none, true},
		"never, last day":         {"0001-12-31T23:59:59Z", none, true},
		"never by its own zone":   {"0001-12-31T23:59:59-02:00", none, true},
		"never in UTC":            {"0002-01-01T00:00:00+02:00", none, true},
		"year 2":                  {"0002-01-01T00:00:00Z", utc(2, 1, 1, 0, 0, 0, 0), true},
		"last second":             {"9999-12-31T23:59:59Z", utc(9999, 12, 31, 23, 59, 59, 0), true},
		"year 10000":              {"10000-01-01T00:00:00Z", none, false},
		"year 10000 by offset":    {"9999-12-31T23:59:59-02:00", none, false},
		"year 10000 at day's end": {"9999-12-31T24:00:00Z", none, false},

		// .NET.
		".NET":                         {"/Date(1715682667500)/", at(5e8, time.UTC), true},
		".NET, white space":            {" /Date(1715682667500)/ ", at(5e8, time.UTC), true},
		".NET, offset says nothing":    {"/Date(1715682667000+0200)/", at(0, time.UTC), true},
		".NET, negative offset":        {"/Date(1715682667000-0700)/", at(0, time.UTC), true},
		".NET, before 1970":            {"/Date(-1000)/", utc(1969, 12, 31, 23, 59, 59, 0), true},
		".NET, before 1970, offset":    {"/Date(-1000+0200)/", utc(1969, 12, 31, 23, 59, 59, 0), true},
		".NET, 1970":                   {"/Date(0)/", time.Unix(0, 0).UTC(), true},
		".NET, never":                  {"/Date(-62135596800000)/", none, true},
		".NET, last millisecond":       {"/Date(253402300799999)/", utc(9999, 12, 31, 23, 59, 59, 999e6), true},
		".NET, year 10000":             {"/Date(253402300800000)/", none, false},
		".NET, more than fits":         {"/Date(99999999999999999999)/", none, false},
		".NET, nothing":                {"/Date()/", none, false},
		".NET, words":                  {"/Date(now)/", none, false},
		".NET, not closed":             {"/Date(1715682667000)", none, false},
		".NET, offset of words":        {"/Date(1715682667000+CEST)/", none, false},
		".NET, no digits in offset":    {"/Date(1715682667000+)/", none, false},
		".NET, offset of more than is": {"/Date(1715682667000+9900)/", none, false},

		// Numbers.
		"seconds":                 {"1700000000", unix, true},
		"milliseconds":            {"1700000000123", unix.Add(123e6), true},
		"microseconds":            {"1700000000123456", unix.Add(123456e3), true},
		"nanoseconds":             {"1700000000123456789", unix.Add(123456789), true},
		"FILETIME":                {"133444736000000001", unix.Add(100), true},
		"ticks":                   {"638355968001234567", unix.Add(123456700), true},
		"first second":            {"1000000000", utc(2001, 9, 9, 1, 46, 40, 0), true},
		"last second of ten":      {"9999999999", utc(2286, 11, 20, 17, 46, 39, 0), true},
		"last microsecond":        {"9999999999999999", utc(2286, 11, 20, 17, 46, 39, 999999e3), true},
		"last nanosecond":         {"2999999999999999999", utc(2065, 1, 24, 5, 19, 59, 999999999), true},
		"first FILETIME":          {"116444736000000000", time.Unix(0, 0).UTC(), true},
		"FILETIME before 1970":    {"116444735999999999", none, false},
		"last FILETIME":           {"216444735999999999", utc(2286, 11, 20, 17, 46, 39, 999999900), true},
		"after the last":          {"216444736000000000", none, false},
		"before the first ticks":  {"621355967999999999", none, false},
		"first ticks":             {"621355968000000000", time.Unix(0, 0).UTC(), true},
		"last ticks":              {"721355967999999999", utc(2286, 11, 20, 17, 46, 39, 999999900), true},
		"after the last ticks":    {"721355968000000000", none, false},
		"largest ticks":           {"3155378975999999999", none, false},
		"largest of 64 bits":      {"9223372036854775807", none, false},
		"fraction":                {"1715675467.123", time.Unix(1715675467, 123e6).UTC(), true},
		"long fraction":           {"1715675467.1234567899", time.Unix(1715675467, 123456789).UTC(), true},
		"fraction of .0":          {"1715675467.0", time.Unix(1715675467, 0).UTC(), true},
		"milliseconds, fraction":  {"1700000000123.456", unix.Add(123456e3), true},
		"no fraction":             {"1715675467.", none, false},
		"exponent":                {"1.7e9", unix, true},
		"exponent, milliseconds":  {"1.700000000123E+12", unix.Add(123e6), true},
		"negative exponent":       {"17000000001235e-1", unix.Add(123500e3), true},
		"exponent, zero before":   {"0.0017e12", unix, true},
		"exponent, fraction":      {"1.7000000005e9", unix.Add(5e8), true},
		"exponent, zeros":         {"0.000e13", none, false},
		"exponent beyond":         {"1e999", none, false},
		"exponent far beyond":     {"1e99999999999", none, false},
		"no exponent":             {"17e", none, false},
		"exponent of a sign":      {"17e+", none, false},
		"white space, number":     {" 1700000000 ", unix, true},
		"zero":                    {"0", none, false},
		"zeros":                   {"0.0", none, false},
		"twelve":                  {"12", none, false},
		"year":                    {"2024", none, false},
		"nine digits":             {"999999999", none, false},
		"eleven digits":           {"17000000000", none, false},
		"hours and minutes":       {"202405141031", none, false},
		"date and time":           {"20240514103107", at(0, oslo), true},
		"date, time, fraction":    {"20240514103107.5", at(5e8, oslo), true},
		"date, time, thousandth":  {"20240514103107123", at(123e6, oslo), true},
		"no date and time":        {"99991399000000", none, false},
		"no date and time of 17":  {"20241314103107123", none, false},
		"date and time, exponent": {"2.0240514103107e13", none, false},
		"17 digits, exponent":     {"2.0240514103107123e16", none, false},
		"fifteen digits":          {"170000000012345", none, false},
		"twenty digits":           {"17000000001234567890", none, false},
		"zero before a number":    {"01700000000", none, false},
		"negative":                {"-1700000000", none, false},
		"plus":                    {"+1700000000", none, false},
		"two points":              {"1700000000.1.2", none, false},
		"underscore":              {"1_700_000_000", none, false},
		"zone behind a number":    {"1700000000Z", none, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			format := timestamp.Format{Zone: oslo}
			got, status := format.Parse(tt.text)
			want := timestamp.Unreadable
			if tt.ok {
				want = timestamp.Read
			}
			assert.Equal(t, want, status)
			assert.Empty(t, cmp.Diff(tt.want, got))
			assert.True(t, identical(tt.want, got), "%#v and %#v", tt.want, got)
			assert.Equal(t, tt.want.IsZero(), got == time.Time{}, "the zero time is in UTC")

			bytes, bytesStatus := format.ParseBytes([]byte(tt.text))
			assert.Equal(t, status, bytesStatus)
			assert.True(t, identical(got, bytes))

			// What was read can be encoded, in its own zone and in UTC.
			for _, v := range []time.Time{got, got.UTC()} {
				text, err := json.Marshal(v)
				require.NoError(t, err)
				var again time.Time
				require.NoError(t, json.Unmarshal(text, &again))
				assert.True(t, v.Equal(again))
			}
		})
	}
}

// identical reports whether a and b are the same moment in the same zone, by its
// name, too.
func identical(a, b time.Time) bool {
	an, ao := a.Zone()
	bn, bo := b.Zone()
	return a.Equal(b) && an == bn && ao == bo && (a.Location() == time.UTC) == (b.Location() == time.UTC)
}

func TestZoneOfTheZeroFormat(t *testing.T) {
	for _, text := range []string{"2024-05-14T10:31:07", "2024-05-14 10:31:07", "20240514103107", "Tue May 14 10:31:07 2024"} {
		var format timestamp.Format
		got, status := format.Parse(text)
		assert.Equal(t, timestamp.Read, status)
		assert.True(t, got == time.Date(2024, 5, 14, 10, 31, 7, 0, time.UTC), "%s: %v", text, got)
	}
}

// An offset is a fixed zone, whatever the zone of times without one.
func TestOffsetOfTheZone(t *testing.T) {
	paris := load(t, "Europe/Paris")
	format := timestamp.Format{Zone: paris}
	for _, text := range []string{"2024-05-14T10:31:07+02:00", "2024-05-14 10:31:07 +0200"} {
		got, _ := format.Parse(text)
		assert.True(t, identical(time.Date(2024, 5, 14, 10, 31, 7, 0, time.FixedZone("", 7200)), got), "%s: %v", text, got)
	}
}

func load(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

func TestClockChanges(t *testing.T) {
	tests := map[string]struct {
		zone, text string
		want       string
		ambiguous  bool
	}{
		"before the gap":            {"Europe/Paris", "2024-03-31T01:59:59.999", "2024-03-31T00:59:59.999Z", false},
		"gap begins":                {"Europe/Paris", "2024-03-31T02:00:00", "2024-03-31T01:00:00Z", true},
		"gap":                       {"Europe/Paris", "2024-03-31T02:30:00", "2024-03-31T01:30:00Z", true},
		"gap ends":                  {"Europe/Paris", "2024-03-31T02:59:59.999", "2024-03-31T01:59:59.999Z", true},
		"after the gap":             {"Europe/Paris", "2024-03-31T03:00:00", "2024-03-31T01:00:00Z", false},
		"before the repeated hour":  {"Europe/Paris", "2024-10-27T01:59:59.999", "2024-10-26T23:59:59.999Z", false},
		"repeated hour begins":      {"Europe/Paris", "2024-10-27T02:00:00", "2024-10-27T00:00:00Z", true},
		"repeated hour":             {"Europe/Paris", "2024-10-27T02:30:00.5", "2024-10-27T00:30:00.5Z", true},
		"repeated hour ends":        {"Europe/Paris", "2024-10-27T02:59:59.999", "2024-10-27T00:59:59.999Z", true},
		"after the repeated hour":   {"Europe/Paris", "2024-10-27T03:00:00", "2024-10-27T02:00:00Z", false},
		"zoned":                     {"Europe/Paris", "2024-10-27T02:30:00+01:00", "2024-10-27T01:30:00Z", false},
		"zoned Z":                   {"Europe/Paris", "2024-03-31T02:30:00Z", "2024-03-31T02:30:00Z", false},
		"west, gap":                 {"America/New_York", "2024-03-10 02:30:00", "2024-03-10T07:30:00Z", true},
		"west, repeated hour":       {"America/New_York", "2024-11-03 01:30:00", "2024-11-03T05:30:00Z", true},
		"west, after it":            {"America/New_York", "2024-11-03 02:00:00", "2024-11-03T07:00:00Z", false},
		"west, before it":           {"America/New_York", "2024-11-03 00:59:59", "2024-11-03T04:59:59Z", false},
		"half an hour, gap":         {"Australia/Lord_Howe", "2024-10-06T02:15:00", "2024-10-05T15:45:00Z", true},
		"half an hour, after":       {"Australia/Lord_Howe", "2024-10-06T02:30:00", "2024-10-05T15:30:00Z", false},
		"half an hour, repeated":    {"Australia/Lord_Howe", "2024-04-07T01:45:00", "2024-04-06T14:45:00Z", true},
		"half an hour, not yet":     {"Australia/Lord_Howe", "2024-04-07T01:29:59", "2024-04-06T14:29:59Z", false},
		"a day that never was":      {"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00Z", true},
		"the day after":             {"Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00Z", false},
		"a zone that never changes": {"Asia/Kolkata", "2024-03-31T02:30:00", "2024-03-30T21:00:00Z", false},
		"end of the day":            {"Europe/Paris", "2024-03-30T24:00:00", "2024-03-30T23:00:00Z", false},
		"digits":                    {"Europe/Paris", "20241027023000", "2024-10-27T00:30:00Z", true},
		"ANSI C":                    {"Europe/Paris", "Sun Oct 27 02:30:00 2024", "2024-10-27T00:30:00Z", true},
		"layout":                    {"Europe/Paris", "27.10.2024 02:30", "2024-10-27T00:30:00Z", true},
		"layout, not changed":       {"Europe/Paris", "27.10.2024 03:30", "2024-10-27T02:30:00Z", false},
		"layout with a zone":        {"Europe/Paris", "27.10.2024 02:30 CET", "2024-10-27T01:30:00Z", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			zone := load(t, tt.zone)
			format := timestamp.Format{Zone: zone, Layouts: []string{"02.01.2006 15:04", "02.01.2006 15:04 MST"}}
			got, status := format.Parse(tt.text)
			assert.Equal(t, tt.want, got.UTC().Format(time.RFC3339Nano))
			assert.Equal(t, tt.ambiguous, status == timestamp.Ambiguous)
			assert.NotEqual(t, timestamp.Unreadable, status)
		})
	}
}

// Whatever a clock shows and no change is near, it shows again.
func TestLocalRoundTrip(t *testing.T) {
	for _, name := range []string{"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"} {
		format := timestamp.Format{Zone: load(t, name)}
		seen := 0
		for at := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2013; at = at.Add(10 * time.Minute) {
			got, status := format.Parse(at.In(format.Zone).Format(time.DateTime))
			require.NotEqual(t, timestamp.Unreadable, status)
			if status == timestamp.Ambiguous {
				seen++
				continue
			}
			require.True(t, at.Equal(got), "%s %s", name, at)
		}
		// Each repeated hour comes twice; a gap is never shown.
		want := map[string]int{"Europe/Paris": 24, "America/New_York": 24, "Australia/Lord_Howe": 12, "Pacific/Apia": 24, "Asia/Kathmandu": 0}
		assert.Equal(t, want[name], seen, name)
	}
}

func TestLayouts(t *testing.T) {
	utc := func(y int, m time.Month, d, h, min, s int) time.Time {
		return time.Date(y, m, d, h, min, s, 0, time.UTC)
	}
	tests := map[string]struct {
		layouts []string
		text    string
		want    time.Time
		ok      bool
	}{
		"European":               {[]string{"02/01/2006 15:04:05"}, "14/05/2024 08:31:07", utc(2024, 5, 14, 6, 31, 7), true},
		"European, short":        {[]string{"02/01/2006 15:04"}, "14/05/2024 08:31", utc(2024, 5, 14, 6, 31, 0), true},
		"American":               {[]string{"1/2/2006 3:04:05 PM"}, "6/11/2019 8:27:56 PM", utc(2019, 6, 11, 18, 27, 56), true},
		"second layout":          {[]string{"1/2/2006 3:04:05 PM", "02/01/2006 15:04"}, "14/05/2024 08:31", utc(2024, 5, 14, 6, 31, 0), true},
		"order":                  {[]string{"02/01/2006 15:04", "01/02/2006 15:04"}, "03/02/2024 10:00", utc(2024, 2, 3, 8, 0, 0), true},
		"before all other forms": {[]string{"2006-02-01T15:04:05"}, "2024-03-02T10:00:00", utc(2024, 2, 3, 8, 0, 0), true},
		"before RFC 3339":        {[]string{"2006-02-01T15:04:05Z07:00"}, "2024-03-02T10:00:00Z", utc(2024, 2, 3, 10, 0, 0), true},
		"date alone":             {[]string{"20060102"}, "20240514", utc(2024, 5, 13, 22, 0, 0), true},
		"number":                 {[]string{"200601021504"}, "202405141031", utc(2024, 5, 14, 8, 31, 0), true},
		"white space":            {[]string{"02/01/2006 15:04"}, " 14/05/2024 08:31\n", utc(2024, 5, 14, 6, 31, 0), true},
		"offset":                 {[]string{"02/01/2006 15:04 -0700"}, "14/05/2024 08:31 -0500", utc(2024, 5, 14, 13, 31, 0), true},
		"GMT":                    {[]string{"02/01/2006 15:04 MST"}, "14/05/2024 08:31 GMT", utc(2024, 5, 14, 8, 31, 0), true},
		"UTC":                    {[]string{"02/01/2006 15:04 MST"}, "14/05/2024 08:31 UTC", utc(2024, 5, 14, 8, 31, 0), true},
		"zone not known":         {[]string{"02/01/2006 15:04 MST"}, "14/05/2024 08:31 PDT", time.Time{}, false},
		"other forms, too":       {[]string{"02/01/2006 15:04"}, "2024-05-14T08:31:07Z", utc(2024, 5, 14, 8, 31, 7), true},
		"no layout fits":         {[]string{"02/01/2006 15:04"}, "05/14/2024 08:31", time.Time{}, false},
		"year 1":                 {[]string{"02/01/2006 15:04"}, "01/01/0001 00:00", time.Time{}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			format := timestamp.Format{Zone: oslo, Layouts: tt.layouts}
			got, status := format.Parse(tt.text)
			assert.Equal(t, tt.ok, status == timestamp.Read)
			assert.True(t, tt.want.Equal(got), "%v", got)
			bytes, bytesStatus := format.ParseBytes([]byte(tt.text))
			assert.Equal(t, status, bytesStatus)
			assert.True(t, got.Equal(bytes))
		})
	}
}

// An abbreviation is one of the zone's own.
func TestLayoutWithTheZonesOwnAbbreviation(t *testing.T) {
	const text = "14/01/2024 08:31 WET" // the offset of UTC
	lisbon := timestamp.Format{Zone: load(t, "Europe/Lisbon"), Layouts: []string{"02/01/2006 15:04 MST"}}
	got, status := lisbon.Parse(text)
	assert.Equal(t, timestamp.Read, status)
	assert.True(t, time.Date(2024, 1, 14, 8, 31, 0, 0, time.UTC).Equal(got))

	utc := timestamp.Format{Layouts: lisbon.Layouts}
	_, status = utc.Parse(text)
	assert.Equal(t, timestamp.Unreadable, status)
}

func TestCheckLayout(t *testing.T) {
	for _, layout := range []string{
		"02/01/2006 15:04", "1/2/2006 3:04:05 PM", "06-01-02 15:04", time.RFC3339, time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC, "2006-02-01T15:04:05.000",
	} {
		assert.NoError(t, timestamp.CheckLayout(layout), layout)
	}
	for _, layout := range []string{
		"", "DD/MM/YYYY HH:mm", "dd.MM.yyyy HH:mm:ss", "%d/%m/%Y %H:%M", "02/01/2006", "15:04:05", "02/01 15:04", "01/2006 15:04", "2006-01-02 03:04", "2006-01-02 15h",
	} {
		assert.ErrorContains(t, timestamp.CheckLayout(layout), fmt.Sprintf("%q", layout))
	}
}

func TestBounded(t *testing.T) {
	tests := map[string]struct {
		at   time.Time
		want time.Time
		ok   bool
	}{
		"zero":                   {time.Time{}, time.Time{}, true},
		"usual":                  {time.Date(2024, 5, 14, 0, 0, 0, 9, oslo), time.Date(2024, 5, 14, 0, 0, 0, 9, oslo), true},
		"year 1":                 {time.Date(1, 7, 1, 0, 0, 0, 0, time.UTC), time.Time{}, true},
		"year 1, other zone":     {time.Time{}.In(oslo), time.Time{}, true},
		"year 0 in its zone":     {time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).In(time.FixedZone("", -3600)), time.Time{}, true},
		"year 2":                 {time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC), true},
		"year 2, 1 in UTC":       {time.Date(2, 1, 1, 0, 0, 0, 0, oslo), time.Time{}, true},
		"before year 0":          {time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}, false},
		"last":                   {time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), true},
		"late":                   {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}, false},
		"late in UTC only":       {time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -7200)), time.Time{}, false},
		"late in its zone only":  {time.Date(10000, 1, 1, 1, 0, 0, 0, oslo), time.Time{}, false},
		"far beyond":             {time.Unix(1<<60, 0), time.Time{}, false},
		"far before":             {time.Unix(-1<<60, 0), time.Time{}, false},
		"seconds in the offset":  {time.Date(1900, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 561)), time.Date(1899, 12, 31, 23, 50, 39, 0, time.UTC), true},
		"an offset of a day":     {time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 86400)), time.Time{}, false},
		"a day and some seconds": {time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 86401)), time.Date(2023, 12, 30, 23, 59, 59, 0, time.UTC), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := timestamp.Bounded(tt.at)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.want, got)
		})
	}
}
