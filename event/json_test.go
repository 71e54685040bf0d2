package event_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

var sameAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestEventJSONGolden(t *testing.T) {
	oslo := time.FixedZone("", 2*60*60)
	e := event.Event{
		ID: "not in data", Credential: "not in data", Vendor: "relock", Source: "north", Type: event.SecurityAlert, VendorType: "security.alert",
		Time:     time.Date(2026, 5, 14, 10, 31, 7, 123456789, oslo),
		Received: time.Date(2026, 5, 14, 10, 31, 8, 0, oslo),
		Outcome:  event.OutcomeFailure, Severity: event.SeverityHigh, Reason: "why",
		User:     event.User{ID: "u", Name: "un", FullName: "uf", Domain: "ud", Email: "ue", Phone: "up"},
		Session:  event.Session{ID: "s", Type: "st", Expires: time.Date(2026, 5, 15, 1, 0, 0, 500, oslo), Duration: 90 * time.Second},
		Device:   event.Device{ID: "d", Name: "dn", Type: "dt", OS: "do", Browser: "db"},
		Lock:     event.Lock{ID: "l", Name: "ln", KeyID: "lk"},
		Client:   event.Client{Address: netip.MustParseAddr("2001:db8::1"), MAC: "cm", Name: "cn", UserAgent: "cu"},
		Location: event.Location{Country: "Norge", CountryCode: "NO", City: "Oslo", Timezone: "Europe/Oslo"},
		Payload: struct {
			PIN event.Secret `json:"pin"`
		}{event.NewSecret(hidden)},
		Raw:      []byte(`{"raw":"never"}`),
		Warnings: []event.Warning{{Path: "/a/0", Want: "string", Got: "number"}},
	}
	const want = `{"vendor":"relock","source":"north","type":"security.alert","vendorType":"security.alert",` +
		`"time":"2026-05-14T08:31:07.123456789Z","received":"2026-05-14T08:31:08Z",` +
		`"outcome":"failure","severity":"high","reason":"why",` +
		`"user":{"id":"u","name":"un","fullName":"uf","domain":"ud","email":"ue","phone":"up"},` +
		`"session":{"id":"s","type":"st","expires":"2026-05-14T23:00:00.0000005Z","duration":90},` +
		`"device":{"id":"d","name":"dn","type":"dt","os":"do","browser":"db"},` +
		`"lock":{"id":"l","name":"ln","keyId":"lk"},` +
		`"client":{"address":"2001:db8::1","mac":"cm","name":"cn","userAgent":"cu"},` +
		`"location":{"country":"Norge","countryCode":"NO","city":"Oslo","timezone":"Europe/Oslo"},` +
		`"payload":{"pin":"[redacted]"},"warnings":[{"path":"/a/0","want":"string","got":"number"}]}`
	assert.Equal(t, want, string(encode(t, e)))
	assert.Equal(t, want, string(encode(t, &e)), "a pointer")
	assert.Equal(t, `{"E":`+want+`}`, string(encode(t, struct{ E any }{e})), "inside another value")
}

func TestEventJSONEmpty(t *testing.T) {
	const want = `{"vendor":"","type":"","outcome":"unknown","severity":"unknown"}`
	assert.Equal(t, want, string(encode(t, event.Event{})))
	assert.Equal(t, want, string(encode(t, event.Event{Raw: []byte("{}"), Warnings: []event.Warning{}, ID: "id"})))
	// The zero time in another zone is still the zero time.
	zero := time.Time{}.In(time.FixedZone("", 3600))
	assert.Equal(t, want, string(encode(t, event.Event{Time: zero, Received: zero, Session: event.Session{Expires: zero}})))

	e := event.Event{}
	require.NoError(t, json.Unmarshal([]byte(want), &e))
	assert.Equal(t, event.Event{}, e)
}

func TestEventJSONDuration(t *testing.T) {
	tests := map[string]struct {
		d    time.Duration
		want string
	}{
		"seconds":             {90 * time.Second, `90`},
		"a second and a half": {1500 * time.Millisecond, `1.5`},
		"negative":            {-time.Second, `-1`},
		"negative part":       {-500 * time.Millisecond, `-0.5`},
		"negative both":       {-90500 * time.Millisecond, `-90.5`},
		"a nanosecond":        {1, `0.000000001`},
		"zeros inside":        {time.Minute + 10*time.Microsecond, `60.00001`},
		"largest":             {math.MaxInt64, `9223372036.854775807`},
		"smallest":            {math.MinInt64, `-9223372036.854775808`},
		"round":               {100 * time.Second, `100`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := encode(t, event.Event{Session: event.Session{Duration: tt.d}})
			assert.Contains(t, string(out), `"session":{"duration":`+tt.want+`}`)
			var e event.Event
			require.NoError(t, json.Unmarshal(out, &e))
			assert.Equal(t, tt.d, e.Session.Duration)
		})
	}
}

func TestEventJSONRefusesTimesOutsideRFC3339(t *testing.T) {
	late := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, e := range map[string]event.Event{
		"time":              {Time: late},
		"received":          {Received: late},
		"expires":           {Session: event.Session{Expires: late}},
		"late only in UTC":  {Time: time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -2*60*60))},
		"before the year 0": {Time: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := json.Marshal(e)
			assert.Error(t, err)
		})
	}
}

func TestEventJSONRefusesNumbersWithoutName(t *testing.T) {
	for name, e := range map[string]event.Event{"outcome": {Outcome: 17}, "severity": {Severity: -1}} {
		_, err := json.Marshal(e)
		assert.Error(t, err, name)
	}
}

// fill sets all that is in v, fields that will be added one day too.
func fill(v reflect.Value, path string) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 5, 14, 8, 31, 7, 9, time.UTC)))
		return
	case time.Duration:
		v.Set(reflect.ValueOf(90 * time.Second))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.MustParseAddr("198.51.100.77")))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("canary" + path)
	case reflect.Int:
		v.SetInt(1)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), path+"_"+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(`"canary` + path + `"`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path+"_0")
	case reflect.Interface:
		v.Set(reflect.ValueOf(json.RawMessage(`{"inside":"canary` + path + `"}`)))
	default:
		panic("fill: what to do with " + v.Type().String() + path)
	}
}

func filled() event.Event {
	var e event.Event
	fill(reflect.ValueOf(&e).Elem(), "")
	return e
}

func canaries(e event.Event) []string {
	var found []string
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			found = append(found, v.String())
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[netip.Addr]() {
				return
			}
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice:
			if v.Type().Elem().Kind() == reflect.Uint8 {
				found = append(found, strings.Trim(string(v.Bytes()), `"`))
				return
			}
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Interface:
			found = append(found, "canary_Payload")
		}
	}
	walk(reflect.ValueOf(e))
	return found
}

func TestEventJSONHasEveryField(t *testing.T) {
	e := filled()
	all := canaries(e)
	require.Greater(t, len(all), 30)
	out := string(encode(t, e))
	for _, c := range all {
		if c == e.ID || c == e.Credential || c == strings.Trim(string(e.Raw), `"`) {
			assert.NotContains(t, out, `"`+c+`"`)
		} else {
			assert.Contains(t, out, `"`+c+`"`)
		}
	}
	got := event.Event{ID: e.ID, Credential: e.Credential, Raw: e.Raw}
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	if diff := cmp.Diff(e, got, sameAddr); diff != "" {
		t.Error(diff)
	}
}

func TestEventJSONReplacesWhatItEncodes(t *testing.T) {
	e := filled()
	want := event.Event{ID: e.ID, Credential: e.Credential, Raw: slices.Clone(e.Raw), Vendor: "unloc"}
	require.NoError(t, json.Unmarshal([]byte(`{"vendor":"unloc","id":"other","credential":"other","raw":"AAAA"}`), &e))
	if diff := cmp.Diff(want, e, sameAddr); diff != "" {
		t.Error(diff)
	}
}

func TestEventJSONPayload(t *testing.T) {
	var missing *alert
	tests := map[string]struct {
		payload any
		want    any
	}{
		"none":        {nil, nil},
		"nil pointer": {missing, nil},
		"struct":      {&alert{"a"}, json.RawMessage(`{"Text":"a"}`)},
		"raw":         {json.RawMessage(`{"a": [1, 2.50]}`), json.RawMessage(`{"a":[1,2.50]}`)},
		"array":       {[]int{1}, json.RawMessage(`[1]`)},
		"false":       {false, json.RawMessage(`false`)},
		"text":        {"", json.RawMessage(`""`)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := encode(t, event.Event{Payload: tt.payload})
			e := event.Event{Payload: "before"}
			require.NoError(t, json.Unmarshal(out, &e))
			assert.Equal(t, tt.want, e.Payload)
		})
	}
	_, err := json.Marshal(event.Event{Payload: func() {}})
	assert.Error(t, err)
}

func TestEventUnmarshalJSONErrors(t *testing.T) {
	for name, data := range map[string]string{
		"not JSON":                 `{`,
		"not an object":            `[]`,
		"outcome":                  `{"outcome":"perhaps"}`,
		"severity":                 `{"severity":"dire"}`,
		"time":                     `{"time":"soon"}`,
		"address":                  `{"client":{"address":"here"}}`,
		"duration that is none":    `{"session":{"duration":true}}`,
		"duration out of range":    `{"session":{"duration":9223372037}}`,
		"duration out of range, -": `{"session":{"duration":-9223372037}}`,
	} {
		t.Run(name, func(t *testing.T) {
			before := filled()
			e := before
			assert.Error(t, e.UnmarshalJSON([]byte(data)))
			assert.Equal(t, before, e, "a failed decode changes nothing")
		})
	}
}

func TestEventJSONRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		e := randomEvent(r)
		out, err := json.Marshal(e)
		require.NoError(t, err)
		var got event.Event
		require.NoError(t, json.Unmarshal(out, &got), "%s", out)

		want := e.Clone()
		want.ID, want.Credential, want.Raw = "", "", nil
		requireEqual(t, want, &got)
		for _, at := range []time.Time{got.Time, got.Received, got.Session.Expires} {
			require.Equal(t, time.UTC, at.Location())
		}
		again, err := json.Marshal(got)
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))
	}
}

// randomEvent returns an event with each field set or not, to anything that it
// may hold.
func randomEvent(r *rand.Rand) event.Event {
	var e event.Event
	randomize(r, reflect.ValueOf(&e).Elem())
	return e
}

func randomize(r *rand.Rand, v reflect.Value) {
	if v.Kind() != reflect.Struct && r.IntN(3) == 0 {
		return
	}
	switch v.Interface().(type) {
	case time.Time:
		if r.IntN(3) > 0 {
			zone := time.FixedZone("", (r.IntN(24*4)-48)*15*60)
			v.Set(reflect.ValueOf(time.Date(2+r.IntN(9997), 1, 1+r.IntN(365), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e9), zone)))
		}
		return
	case time.Duration:
		v.SetInt(r.Int64() >> r.IntN(63))
		if r.IntN(2) == 0 {
			v.SetInt(-v.Int())
		}
		return
	case netip.Addr:
		if r.IntN(2) == 0 {
			v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{byte(r.Uint32()), 2, 3, byte(r.Uint32())})))
		} else {
			v.Set(reflect.ValueOf(netip.AddrFrom16([16]byte{0x20, 1, byte(r.Uint32()), 15: byte(r.Uint32())})))
		}
		return
	case event.Outcome:
		v.SetInt(int64(r.IntN(3)))
		return
	case event.Severity:
		v.SetInt(int64(r.IntN(6)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(randomText(r))
	case reflect.Struct:
		for i := range v.NumField() {
			randomize(r, v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(4), 4))
		for i := range v.Len() {
			randomize(r, v.Index(i))
		}
	case reflect.Uint8:
		v.SetUint(uint64(r.IntN(256)))
	case reflect.Interface:
		text, _ := json.Marshal(map[string]string{randomText(r): randomText(r)})
		v.Set(reflect.ValueOf(json.RawMessage(text)))
	default:
		panic("randomize: what to do with " + v.Type().String())
	}
}

func randomText(r *rand.Rand) string {
	alphabet := []rune("abcXYZ019 \"\\/<>&\u2028\u2029\x00\x1f\n\t\u007f\u0080é漢😀\ufffd\ufeff'{}[]:,")
	text := make([]rune, r.IntN(8))
	for i := range text {
		text[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(text)
}
