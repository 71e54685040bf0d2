package relock_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/relock"
)

func decode(t testing.TB, body string) *event.Event {
	t.Helper()
	e, err := relock.Decode([]byte(body))
	require.NoError(t, err, body)
	return e
}

// The order and names of members, repeated ones, and what is missing.
func TestEnvelope(t *testing.T) {
	warn := func(path, want, got string) []event.Warning {
		return []event.Warning{{Path: path, Want: want, Got: got}}
	}
	for name, c := range map[string]struct {
		body     string
		typ      event.Type
		user     string
		warnings []event.Warning
	}{
		"data first":              {`{"data":{"userId":"u-1"},"event":"device.revoked"}`, event.DeviceRevoked, "u-1", nil},
		"space everywhere":        {" {\t\"event\" :\n\"device.revoked\" , \"data\" : { \"userId\" : \"u-1\" } }\r\n", event.DeviceRevoked, "u-1", nil},
		"escaped names":           {`{"\u0065vent":"device\u002erevoked","d\u0061ta":{"user\u0049d":"u-1"}}`, event.DeviceRevoked, "u-1", nil},
		"byte order mark":         {"\ufeff" + `{"event":"device.revoked","data":{"userId":"u-1"}}`, event.DeviceRevoked, "u-1", nil},
		"event in other case":     {`{"event":"Device.Revoked","data":{"userId":"u-1"}}`, event.DeviceRevoked, "u-1", nil},
		"event in spaces":         {`{"event":" device.revoked ","data":{"userId":"u-1"}}`, event.DeviceRevoked, "u-1", nil},
		"names in other case":     {`{"Event":"device.revoked","DATA":{"userid":"u-1"}}`, event.DeviceRevoked, "u-1", nil},
		"last event counts":       {`{"event":"session.ended","data":{"userId":"u-1"},"event":"device.revoked"}`, event.DeviceRevoked, "u-1", warn("/event", "unique name", "repeated")},
		"last data counts":        {`{"event":"device.revoked","data":{"userId":"u-0","deviceId":"d-0"},"data":{"userId":"u-1"}}`, event.DeviceRevoked, "u-1", warn("/data", "unique name", "repeated")},
		"empty data after data":   {`{"event":"device.revoked","data":{"userId":"u-1"},"data":{}}`, event.DeviceRevoked, "u-1", warn("/data", "unique name", "repeated")},
		"number after data":       {`{"event":"device.revoked","data":{"userId":"u-1"},"data":17}`, event.DeviceRevoked, "u-1", warn("/data", "unique name", "repeated")},
		"data after a number":     {`{"event":"device.revoked","data":17,"data":{"userId":"u-1"}}`, event.DeviceRevoked, "u-1", warn("/data", "unique name", "repeated")},
		"null after data":         {`{"event":"device.revoked","data":{"userId":"u-1"},"data":null}`, event.DeviceRevoked, "u-1", nil},
		"data as JSON text":       {`{"event":"device.revoked","data":"{\"userId\":\"u-1\"}"}`, event.DeviceRevoked, "u-1", warn("/data", "object", "string")},
		"data in an array of one": {`{"event":"device.revoked","data":[{"userId":"u-1"}]}`, event.DeviceRevoked, "u-1", warn("/data", "object", "array")},
		"data is a string":        {`{"event":"device.revoked","data":"x"}`, event.DeviceRevoked, "", warn("/data", "object", "string")},
		"no data":                 {`{"event":"device.revoked"}`, event.DeviceRevoked, "", nil},
		"data is null":            {`{"event":"device.revoked","data":null}`, event.DeviceRevoked, "", nil},
		"no event":                {`{"data":{"userId":"u-1"}}`, event.Unknown, "u-1", nil},
		"event is a number":       {`{"event":5,"data":{"userId":"u-1"}}`, event.Unknown, "u-1", warn("/event", "string", "number")},
		"event is an object":      {`{"event":{"type":"device.revoked"},"data":{"userId":"u-1"}}`, event.Unknown, "u-1", warn("/event", "string", "object")},
		"no known member":         {`{"type":"device.revoked","payload":{"userId":"u-1"}}`, event.Unknown, "", warn("", "event and data", "neither")},
		"empty object":            {`{}`, event.Unknown, "", warn("", "event and data", "neither")},
	} {
		t.Run(name, func(t *testing.T) {
			e := decode(t, c.body)
			assert.Equal(t, c.typ, e.Type)
			assert.Equal(t, c.user, e.User.ID)
			assert.Empty(t, cmp.Diff(c.warnings, e.Warnings))
		})
	}
}

// Values of other types than documented are converted where they can be.
func TestConvertedValues(t *testing.T) {
	userID := func(e *event.Event) any { return e.User.ID }
	sessionID := func(e *event.Event) any { return e.Session.ID }
	duration := func(e *event.Event) any { return e.Session.Duration }
	city := func(e *event.Event) any { return e.Location.City }
	country := func(e *event.Event) any { return e.Location.Country + " " + e.Location.CountryCode }
	device := func(e *event.Event) any { return e.Device }
	for name, c := range map[string]struct {
		event, data string
		got         func(*event.Event) any
		want        any
		warnings    string // paths
	}{
		"userId is a number":           {"session.ended", `{"userId":17}`, userID, "17", "/data/userId"},
		"userId is a boolean":          {"session.ended", `{"userId":true}`, userID, "true", "/data/userId"},
		"userId in an array of one":    {"session.ended", `{"userId":["u-1"]}`, userID, "u-1", "/data/userId"},
		"sessionId is a huge number":   {"session.ended", `{"sessionId":12345678901234567890123}`, sessionID, "12345678901234567890123", "/data/sessionId"},
		"sessionId is broken UTF-8":    {"session.ended", "{\"sessionId\":\"s-\xe5\"}", sessionID, "s-\ufffd", "/data/sessionId"},
		"sessionId, a lone surrogate":  {"session.ended", `{"sessionId":"s-\ud83d"}`, sessionID, "s-\ufffd", "/data/sessionId"},
		"userId again":                 {"session.ended", `{"userId":"u-0","userId":"u-1"}`, userID, "u-1", "/data/userId"},
		"userId again, in other case":  {"session.ended", `{"userId":"u-0","UserID":"u-1"}`, userID, "u-1", "/data/UserID"},
		"userId again, null":           {"session.ended", `{"userId":"u-1","userId":null}`, userID, "u-1", ""},
		"userId again, empty":          {"session.ended", `{"userId":"u-1","userId":""}`, userID, "u-1", ""},
		"userId again, a number":       {"session.ended", `{"userId":"u-0","userId":17}`, userID, "17", "/data/userId /data/userId"},
		"userId again, an object":      {"session.ended", `{"userId":"u-1","userId":{}}`, userID, "u-1", "/data/userId /data/userId"},
		"userId first an object":       {"session.ended", `{"userId":{},"userId":"u-1"}`, userID, "u-1", "/data/userId"},
		"duration":                     {"session.ended", `{"duration":3600}`, duration, time.Hour, ""},
		"duration of nothing":          {"session.ended", `{"duration":0}`, duration, time.Duration(0), ""},
		"duration with an exponent":    {"session.ended", `{"duration":1e3}`, duration, 1000 * time.Second, "/data/duration"},
		"duration with a point":        {"session.ended", `{"duration":60.0}`, duration, time.Minute, "/data/duration"},
		"duration as a string":         {"session.ended", `{"duration":"60"}`, duration, time.Minute, "/data/duration"},
		"duration with a fraction":     {"session.ended", `{"duration":1.5}`, duration, time.Duration(0), "/data/duration"},
		"duration below zero":          {"session.ended", `{"duration":-5}`, duration, time.Duration(0), ""},
		"longest duration":             {"session.ended", `{"duration":9223372036}`, duration, 9223372036 * time.Second, ""},
		"duration beyond the longest":  {"session.ended", `{"duration":9223372037}`, duration, time.Duration(0), ""},
		"duration beyond all integers": {"session.ended", `{"duration":1e19}`, duration, time.Duration(0), "/data/duration"},
		"location as JSON text":        {"security.alert", `{"location":"{\"city\":\"Lund\"}"}`, city, "Lund", "/data/location"},
		"location, then null":          {"security.alert", `{"location":{"city":"Lund"},"location":null}`, city, "Lund", ""},
		"location again, as a whole":   {"security.alert", `{"location":{"city":"Lund"},"location":{"country":"SE"}}`, city, "", "/data/location"},
		"city in an array of one":      {"security.alert", `{"location":{"city":["Lund"]}}`, city, "Lund", "/data/location/city"},
		"country by its name":          {"security.alert", `{"location":{"country":"France"}}`, country, "France FR", ""},
		"country by three letters":     {"security.alert", `{"location":{"country":"SWE"}}`, country, "SWE SE", ""},
		"country by a habit":           {"security.alert", `{"location":{"country":"UK"}}`, country, "UK GB", ""},
		"country that is none":         {"security.alert", `{"location":{"country":"XX"}}`, country, "XX ", ""},
		"deviceInfo in other case":     {"device.registered", `{"DeviceInfo":{"NAME":"phone","Os":"ExampleOS"}}`, device, event.Device{Name: "phone", OS: "ExampleOS"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := decode(t, fmt.Sprintf(`{"event":%q,"data":%s}`, c.event, c.data))
			assert.Equal(t, c.want, c.got(e))
			assert.Equal(t, c.warnings, paths(e))
		})
	}
}

func paths(e *event.Event) string {
	var paths []string
	for _, w := range e.Warnings {
		paths = append(paths, w.Path)
	}
	return strings.Join(paths, " ")
}

// What cannot be converted is kept, and encoded again as it came.
func TestKeptValues(t *testing.T) {
	for name, c := range map[string]struct{ body, path string }{
		"a value":                  {`{"event":"session.ended","data":{"userId":{"id":17},"sessionId":"s-1"}}`, "/data/userId"},
		"an array of two":          {`{"event":"session.ended","data":{"userId":["u-1","u-2"]}}`, "/data/userId"},
		"a fraction":               {`{"event":"session.ended","data":{"duration":1.5}}`, "/data/duration"},
		"a time":                   {`{"event":"session.ended","data":{"timestamp":"14/05/2024 08:31:07"}}`, "/data/timestamp"},
		"a value deeper down":      {`{"event":"security.alert","data":{"location":{"city":{"name":"Lund"},"country":"SE"}}}`, "/data/location/city"},
		"an object that is a list": {`{"event":"security.alert","data":{"location":[1,2]}}`, "/data/location"},
		"data that is a string":    {`{"event":"session.ended","data":"text"}`, "/data"},
		"data that is a list":      {`{"event":"session.ended","data":[{"userId":"u-1"},{"userId":"u-2"}]}`, "/data"},
		"data that is a number":    {`{"event":"session.ended","data":17}`, "/data"},
		"data of an unknown event": {`{"event":"new.one","data":"text","x":1}`, "/data"},
		"an event that is none":    {`{"event":{"type":"session.ended"},"data":{"userId":"u-1"}}`, "/event"},
	} {
		t.Run(name, func(t *testing.T) {
			e := decode(t, c.body)
			assert.Equal(t, c.path, paths(e))
			encoded, err := json.Marshal(e.Payload)
			require.NoError(t, err)
			assert.JSONEq(t, c.body, string(encoded))
			assert.Empty(t, cmp.Diff(e.Payload, decode(t, string(encoded)).Payload))
		})
	}
}

func TestSeverityOfAlerts(t *testing.T) {
	for sent, want := range map[string]event.Severity{
		`"info"`: event.SeverityInfo, `"low"`: event.SeverityLow, `"MEDIUM"`: event.SeverityMedium, `"high"`: event.SeverityHigh, `"Critical"`: event.SeverityCritical,
		`" high"`: event.SeverityHigh, `"severe"`: event.SeverityHigh, `"urgent"`: event.SeverityCritical, `"warning"`: event.SeverityMedium, `["low"]`: event.SeverityLow,
		// Nothing, or nothing that is known, is no reason to think little of an alert.
		`"catastrophic"`: event.SeverityHigh, `"unknown"`: event.SeverityHigh, `""`: event.SeverityHigh, `null`: event.SeverityHigh,
		`3`: event.SeverityHigh, `9`: event.SeverityHigh, `-1`: event.SeverityHigh, `{}`: event.SeverityHigh, `["low","low"]`: event.SeverityHigh,
	} {
		assert.Equal(t, want, decode(t, `{"event":"security.alert","data":{"severity":`+sent+`}}`).Severity, sent)
	}
	assert.Equal(t, event.SeverityHigh, decode(t, `{"event":"Security.Alert","data":{}}`).Severity, "absent")
	assert.Equal(t, event.SeverityHigh, decode(t, `{"event":"security.alert"}`).Severity, "no data")
}

func TestAddresses(t *testing.T) {
	for sent, c := range map[string]struct{ want, warning string }{
		`"192.0.2.1"`:           {"192.0.2.1", ""},
		`" 192.0.2.1"`:          {"192.0.2.1", ""},
		`"192.0.2.1:443"`:       {"192.0.2.1", ""},
		`"192.0.2.1/32"`:        {"192.0.2.1", ""},
		`"2001:db8::1"`:         {"2001:db8::1", ""},
		`"[2001:db8::1]"`:       {"2001:db8::1", ""},
		`"[2001:db8::1]:443"`:   {"2001:db8::1", ""},
		`"fe80::1%eth0"`:        {"fe80::1", ""},
		`"::ffff:192.0.2.1"`:    {"192.0.2.1", ""},
		`["192.0.2.1"]`:         {"192.0.2.1", "string"},
		`"192.0.2.1, 10.0.0.1"`: {"192.0.2.1", "one IP address"},
		`"unknown"`:             {"", "IP address"},
		`"192.0.2.0/24"`:        {"", "IP address"},
		`""`:                    {"", ""},
		`null`:                  {"", ""},
	} {
		for _, name := range []string{"authentication.success", "authentication.failed", "device.registered", "session.created", "security.alert", "new.one"} {
			e := decode(t, fmt.Sprintf(`{"event":%q,"data":{"ipAddress":%s}}`, name, sent))
			var want netip.Addr
			if c.want != "" {
				want = netip.MustParseAddr(c.want)
			}
			assert.Equal(t, want, e.Client.Address, "%s: %s", name, sent)
			if c.warning == "" {
				assert.Empty(t, e.Warnings, "%s: %s", name, sent)
			} else if assert.Len(t, e.Warnings, 1, "%s: %s", name, sent) {
				assert.Equal(t, "/data/ipAddress", e.Warnings[0].Path)
				assert.Equal(t, c.warning, e.Warnings[0].Want)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	utc := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		return at
	}
	for sent, want := range map[string]time.Time{
		`"2024-05-14T08:31:07Z"`:                   at(8, 31, 7),
		`"2024-05-14T08:31:07.000Z"`:               at(8, 31, 7),
		`"2024-05-14T10:31:07.0000+02:00"`:         at(8, 31, 7),
		`"2024-05-14T08:31:07"`:                    at(8, 31, 7),
		`"2024-05-14 08:31:07"`:                    at(8, 31, 7),
		`"2020-09-29T12:30Z"`:                      utc("2020-09-29T12:30:00Z"),
		`"2020-09-29t12:30:00z"`:                   utc("2020-09-29T12:30:00Z"),
		`"1990-12-31T23:59:60Z"`:                   utc("1991-01-01T00:00:00Z"),
		`"2022-01-05T10:00:00+0200"`:               utc("2022-01-05T08:00:00Z"),
		`"2023-01-25T19:07:06.370582GMT"`:          utc("2023-01-25T19:07:06.370582Z"),
		`"2024-01-01T10:00:00+02:00[Europe/Oslo]"`: utc("2024-01-01T08:00:00Z"),
		`"2024-01-01T10:00:00Z[UTC]"`:              utc("2024-01-01T10:00:00Z"),
		`"Tue, 14 May 2024 08:31:07 GMT"`:          at(8, 31, 7),
		`"/Date(1715675467000)/"`:                  at(8, 31, 7),
		`"/Date(1715675467000+0200)/"`:             at(8, 31, 7),
		`"1700000000"`:                             utc("2023-11-14T22:13:20Z"),
		`1700000000`:                               utc("2023-11-14T22:13:20Z"),
		`1700000000123`:                            utc("2023-11-14T22:13:20.123Z"),
		`1715675467.123`:                           at(8, 31, 7).Add(123 * time.Millisecond),
		`"0001-01-01T00:00:00Z"`:                   {},
		`"0001-01-01T00:00:00"`:                    {},
		`"0001-01-01T00:00:00-11:00"`:              {},
		`"9999-12-31T23:59:59-14:00"`:              {},
		`"2024-05-14T08:31:07+24:00"`:              {},
		`"6/11/2019 8:27:56 PM"`:                   {},
		`"yesterday"`:                              {},
		`{"seconds":1715675467}`:                   {},
		`""`:                                       {},
		`null`:                                     {},
	} {
		for _, name := range append(documented, "new.one") {
			e := decode(t, fmt.Sprintf(`{"event":%q,"data":{"timestamp":%s}}`, name, sent))
			assert.True(t, want.Equal(e.Time), "%s: %s: %s", name, sent, e.Time)
			isString := sent[0] == '"' || sent == "null"
			saysNever := strings.Contains(sent, "0001-") || len(sent) < 5
			assert.Equal(t, !isString || want.IsZero() && !saysNever, len(e.Warnings) > 0, "%s: %s: warnings: %v", name, sent, e.Warnings)
			_, err := cloudevent.Encode(e)
			require.NoError(t, err, sent)
		}
	}
	e := decode(t, `{"event":"session.created","data":{"expiresAt":1700000000}}`)
	assert.True(t, utc("2023-11-14T22:13:20Z").Equal(e.Session.Expires))
}
