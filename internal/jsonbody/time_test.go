package jsonbody_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/jsonbody"
)

var oslo = time.FixedZone("Oslo", 2*60*60)

func TestParseTime(t *testing.T) {
	at := func(nsec int, zone *time.Location) time.Time { return time.Date(2024, 5, 14, 10, 31, 7, nsec, zone) }
	tests := map[string]struct {
		text string
		want time.Time
		ok   bool
	}{
		"RFC 3339":                    {"2024-05-14T10:31:07Z", at(0, time.UTC), true},
		"offset":                      {"2024-05-14T10:31:07+02:00", at(0, oslo), true},
		"negative offset":             {"2024-05-14T10:31:07-07:30", at(0, time.FixedZone("", -7*3600-1800)), true},
		"one digit":                   {"2024-05-14T10:31:07.5Z", at(5e8, time.UTC), true},
		"three digits":                {"2024-05-14T10:31:07.123Z", at(123e6, time.UTC), true},
		"seven digits":                {"2024-05-14T10:31:07.1234567Z", at(123456700, time.UTC), true},
		"more digits than kept":       {"2024-05-14T10:31:07.1234567891234Z", at(123456789, time.UTC), true},
		"digits and offset":           {"2024-05-14T10:31:07.5+02:00", at(5e8, oslo), true},
		"space for T":                 {"2024-05-14 10:31:07Z", at(0, time.UTC), true},
		"space and offset":            {"2024-05-14 10:31:07.5+02:00", at(5e8, oslo), true},
		"space and negative offset":   {"2024-05-14 10:31:07-07:30", at(0, time.FixedZone("", -7*3600-1800)), true},
		"no zone":                     {"2024-05-14T10:31:07", at(0, oslo), true},
		"no zone, digits":             {"2024-05-14T10:31:07.1234567", at(123456700, oslo), true},
		"no zone, space":              {"2024-05-14 10:31:07", at(0, oslo), true},
		"no zone, space, digits":      {"2024-05-14 10:31:07.5", at(5e8, oslo), true},
		"leap day":                    {"2024-02-29T00:00:00Z", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), true},
		"no leap day":                 {"2023-02-29T00:00:00Z", time.Time{}, false},
		"no month":                    {"2024-13-01T00:00:00Z", time.Time{}, false},
		"hour 24":                     {"2024-05-14T24:00:00Z", time.Time{}, false},
		"offset of a day":             {"2024-05-14T10:31:07+24:00", time.Time{}, false},
		"offset of a day, space":      {"2024-05-14 10:31:07+24:00", time.Time{}, false},
		"date alone":                  {"2024-05-14", time.Time{}, false},
		"no seconds":                  {"2024-05-14T10:31", time.Time{}, false},
		"other separator":             {"2024-05-14_10:31:07", time.Time{}, false},
		"other order":                 {"14.05.2024 10:31:07", time.Time{}, false},
		"space at the end":            {"2024-05-14T10:31:07Z ", time.Time{}, false},
		"space before":                {" 2024-05-14T10:31:07Z", time.Time{}, false},
		"empty":                       {"", time.Time{}, false},
		"number":                      {"1715682667", time.Time{}, false},
		"words":                       {"the day before yesterday", time.Time{}, false},
		"not ASCII":                   {"２０２４-05-14T10:31:07Z", time.Time{}, false},
		"never":                       {"0001-01-01T00:00:00Z", time.Time{}, true},
		"never, no zone":              {"0001-01-01T00:00:00", time.Time{}, true},
		"never, space":                {"0001-01-01 00:00:00", time.Time{}, true},
		"never in another zone":       {"0001-01-01T00:00:00-08:00", time.Time{}, true},
		"never, last day":             {"0001-12-31T23:59:59Z", time.Time{}, true},
		"never by its own zone":       {"0001-12-31T23:59:59-02:00", time.Time{}, true},
		"never in UTC":                {"0002-01-01T00:00:00+02:00", time.Time{}, true},
		"year 2":                      {"0002-01-01T00:00:00Z", time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC), true},
		"last second":                 {"9999-12-31T23:59:59Z", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), true},
		"year 10000":                  {"10000-01-01T00:00:00Z", time.Time{}, false},
		"year 10000 by offset":        {"9999-12-31T23:59:59-02:00", time.Time{}, false},
		"year 10000 in its zone only": {"10000-01-01T01:00:00+02:00", time.Time{}, false},
		".NET":                        {"/Date(1715682667500)/", at(5e8, time.UTC), true},
		".NET, offset says nothing":   {"/Date(1715682667000+0200)/", at(0, time.UTC), true},
		".NET, negative offset":       {"/Date(1715682667000-0700)/", at(0, time.UTC), true},
		".NET, before 1970":           {"/Date(-1000)/", time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), true},
		".NET, before 1970, offset":   {"/Date(-1000+0200)/", time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), true},
		".NET, 1970":                  {"/Date(0)/", time.Unix(0, 0).UTC(), true},
		".NET, never":                 {"/Date(-62135596800000)/", time.Time{}, true},
		".NET, last millisecond":      {"/Date(253402300799999)/", time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), true},
		".NET, year 10000":            {"/Date(253402300800000)/", time.Time{}, false},
		".NET, more than fits":        {"/Date(99999999999999999999)/", time.Time{}, false},
		".NET, nothing":               {"/Date()/", time.Time{}, false},
		".NET, words":                 {"/Date(now)/", time.Time{}, false},
		".NET, not closed":            {"/Date(1715682667000)", time.Time{}, false},
		".NET, offset of words":       {"/Date(1715682667000+CEST)/", time.Time{}, false},
		".NET, no offset":             {"/Date(1715682667000+)/", time.Time{}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := jsonbody.ParseTime(tt.text, oslo)
			assert.Equal(t, tt.ok, ok)
			assert.True(t, tt.want.Equal(got), "%v", got)
			assert.Equal(t, tt.want.IsZero(), got == time.Time{}, "the zero time is in UTC")
			_, wantOffset := tt.want.Zone()
			_, offset := got.Zone()
			assert.Equal(t, wantOffset, offset)

			// What was accepted can be encoded, in its own zone and in UTC.
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

func TestBounded(t *testing.T) {
	tests := map[string]struct {
		at   time.Time
		want time.Time
		ok   bool
	}{
		"zero":                  {time.Time{}, time.Time{}, true},
		"usual":                 {time.Date(2024, 5, 14, 0, 0, 0, 9, oslo), time.Date(2024, 5, 14, 0, 0, 0, 9, oslo), true},
		"year 1":                {time.Date(1, 7, 1, 0, 0, 0, 0, time.UTC), time.Time{}, true},
		"year 1, other zone":    {time.Time{}.In(oslo), time.Time{}, true},
		"year 0 in its zone":    {time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).In(time.FixedZone("", -3600)), time.Time{}, true},
		"year 2":                {time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC), true},
		"year 2, 1 in UTC":      {time.Date(2, 1, 1, 0, 0, 0, 0, oslo), time.Time{}, true},
		"before year 0":         {time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}, false},
		"last":                  {time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), true},
		"late":                  {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}, false},
		"late in UTC only":      {time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -7200)), time.Time{}, false},
		"late in its zone only": {time.Date(10000, 1, 1, 1, 0, 0, 0, oslo), time.Time{}, false},
		"far beyond":            {time.Unix(1<<60, 0), time.Time{}, false},
		"far before":            {time.Unix(-1<<60, 0), time.Time{}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := jsonbody.Bounded(tt.at)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.want, got)
		})
	}
}
