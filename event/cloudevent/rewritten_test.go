package cloudevent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

var sameAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// Log shippers and queues write JSON again in their own way: it is the same event.
func TestDecodeWhatOtherToolsRewrote(t *testing.T) {
	at := time.Date(2023, 11, 14, 22, 13, 20, 500_000_000, time.UTC)
	for sent, want := range map[string]time.Time{
		"2023-11-14T22:13:20.5Z":            at,
		"2023-11-14t22:13:20.5z":            at,
		"2023-11-14 22:13:20.5Z":            at,
		"2023-11-14T22:13:20.500000Z":       at,
		"2023-11-14T22:13:20.500000000000Z": at,
		"2023-11-14T22:13:20.5+00:00":       at,
		"2023-11-14T22:13:20.5-00:00":       at,
		`2023-11-14T22:13:20.5\u002B00:00`:  at, // System.Text.Json
		"2023-11-14T23:43:20.5+01:30":       at,
		"1990-12-31T23:59:60Z":              time.Date(1991, 1, 1, 0, 0, 0, 0, time.UTC),
		"1990-12-31t15:59:60.25-08:00":      time.Date(1991, 1, 1, 0, 0, 0, 250_000_000, time.UTC),
		"0000-01-01T00:00:00Z":              time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
		"9999-12-31T23:59:59.999999999Z":    time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	} {
		e, err := cloudevent.Decode(fmt.Appendf(nil, `{"specversion":"1.0","id":"a","type":"accesshook.x","time":"%[1]s",`+
			`"data":{"vendor":"acme","time":"%[1]s","received":"%[1]s","session":{"expires":"%[1]s"}}}`, sent), nil)
		if assert.NoError(t, err, sent) {
			assert.Equal(t, []time.Time{want, want, want}, []time.Time{e.Time, e.Received, e.Session.Expires}, sent)
		}
	}
	for sent, want := range map[string]time.Duration{
		"5e-07": 500, "5E-7": 500, "5.0e-7": 500, "0.0000005": 500, "500e-9": 500, "0.5e-9": 0, "1e-400": 0, "0e400": 0, "0": 0, "-0": 0, "-0.0": 0,
		"1.0E7": 1e7 * time.Second, "1e7": 1e7 * time.Second, "1E+7": 1e7 * time.Second, "10000000.000": 1e7 * time.Second,
		"1.2345678901234567e9": 1234567890_123456700, "-1.5e1": -15 * time.Second, "1.50": 1500 * time.Millisecond,
		"9.223372036854775807e9": 1<<63 - 1, "-9.223372036854775808e9": -1 << 63, "9223372036.8547758079": 1<<63 - 1,
	} {
		e, err := cloudevent.Decode([]byte(`{"specversion":"1.0","id":"a","type":"accesshook.x","data":{"vendor":"acme","session":{"duration":`+sent+`}}}`), nil)
		if assert.NoError(t, err, sent) {
			assert.Equal(t, want, e.Session.Duration, sent)
		}
	}
}

func TestDecodeRefusesWhatIsNoTimeAndNoDuration(t *testing.T) {
	for _, sent := range []string{
		`""`, `"soon"`, `"2023-11-14"`, `"2023-11-14T22:13:20"`, `"2023-11-14T22:13Z"`, `"2023-11-14T22:60:20Z"`, `"2023-11-14T22:13:61Z"`, `"2023-02-30T22:13:20Z"`,
		`"2023-11-14_22:13:20Z"`, `"9999-12-31T23:59:59-01:00"`, `"9999-12-31T23:59:60Z"`, `"0000-01-01T00:00:00+01:00"`, `1700000000`, `true`, `{}`,
		`"` + strings.Repeat("2", 10_000) + `"`,
	} {
		_, err := cloudevent.Decode([]byte(`{"specversion":"1.0","id":"a","type":"accesshook.x","data":{"vendor":"acme","time":`+sent+`}}`), nil)
		if assert.Error(t, err, sent) {
			assert.Less(t, len(err.Error()), 200)
		}
	}
	for _, sent := range []string{
		"9.223372036854775808e9", "1e10", "-1e10", "1e400", "1e99999999999999999999", "1e1000000000", `"1/3"`, `"x"`, "{}",
		"1" + strings.Repeat("0", 100_000) + "e-100000",
	} {
		_, err := cloudevent.Decode([]byte(`{"specversion":"1.0","id":"a","type":"accesshook.x","data":{"vendor":"acme","session":{"duration":`+sent+`}}}`), nil)
		if assert.Error(t, err, "%.40s", sent) {
			assert.Less(t, len(err.Error()), 200)
		}
	}
}

// rewrites are what other tools do to a line.
var rewrites = map[string]func(r *rand.Rand, line []byte) []byte{
	"not": func(_ *rand.Rand, line []byte) []byte { return line },
	"indented": func(_ *rand.Rand, line []byte) []byte {
		var b bytes.Buffer
		_ = json.Indent(&b, line, " ", "\t")
		return b.Bytes()
	},
	"HTML escaped": func(_ *rand.Rand, line []byte) []byte {
		var b bytes.Buffer
		json.HTMLEscape(&b, line)
		return b.Bytes()
	},
	"sorted, times and numbers in another form": func(r *rand.Rand, line []byte) []byte {
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.UseNumber()
		var v any
		_ = dec.Decode(&v)
		return must(json.Marshal(rewrite(r, v)))
	},
}

func rewrite(r *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name != "payload" {
				v[name] = rewrite(r, member)
			}
			if text, ok := member.(string); ok && (name == "time" || name == "received" || name == "expires") {
				v[name] = rewriteTime(r, text)
			}
		}
	case json.Number:
		return rewriteNumber(r, v)
	}
	return v
}

func rewriteTime(r *rand.Rand, text string) string {
	switch r.IntN(4) {
	case 0:
		return strings.ToLower(text)
	case 1:
		return strings.Replace(text, "T", " ", 1)
	case 2:
		return strings.TrimSuffix(text, "Z") + "+00:00"
	}
	return text
}

// rewriteNumber moves the decimal point, exactly.
func rewriteNumber(r *rand.Rand, n json.Number) json.Number {
	text, negative := strings.CutPrefix(string(n), "-")
	whole, fraction, _ := strings.Cut(text, ".")
	digits, exponent := whole+fraction, r.IntN(20)-10
	if point := len(whole) - exponent; point > 0 && point < len(digits) {
		digits = strings.TrimLeft(digits[:point], "0") + "." + digits[point:]
		if digits[0] == '.' {
			digits = "0" + digits
		}
	} else {
		return n
	}
	if negative {
		digits = "-" + digits
	}
	return json.Number(digits + []string{"e", "E"}[r.IntN(2)] + strconv.Itoa(exponent))
}

// Whatever was encoded decodes to an equal event, also if somebody else has written
// the line again.
func TestDecodeIsTheInverseOfEncode(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for name, rewrite := range rewrites {
		t.Run(name, func(t *testing.T) {
			for range 1000 {
				e := randomEvent(r)
				line, err := cloudevent.Encode(e)
				require.NoError(t, err)
				rewritten := rewrite(r, line)
				got, err := cloudevent.Decode(rewritten, payloads)
				require.NoError(t, err, "%s", rewritten)
				require.Empty(t, cmp.Diff(e, got, sameAddr), "%s", rewritten)
				again, err := cloudevent.Append([]byte("before"), got)
				require.NoError(t, err)
				require.Equal(t, "before"+string(line), string(again))
			}
		})
	}
}

func randomEvent(r *rand.Rand) *event.Event {
	text := func() string {
		alphabet := []rune("abcXYZ019 \"\\/<>&\u2028\x00\x1f\n\u007f\u0080é漢😀\ufffd\ufeff\ufffe'{}[]:,")
		runes := make([]rune, r.IntN(6))
		for i := range runes {
			runes[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(runes)
	}
	at := func() time.Time {
		if r.IntN(3) == 0 {
			return time.Time{}
		}
		return time.Date(1+r.IntN(9998), 1, 1+r.IntN(365), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e9), time.UTC)
	}
	e := &event.Event{
		ID: "i" + text(), Vendor: "acme", Source: text(), Type: event.Type(text()), VendorType: text(),
		Time: at(), Received: at(), Outcome: event.Outcome(r.IntN(3)), Severity: event.Severity(r.IntN(6)), Reason: text(),
		User:     event.User{ID: text(), Name: text(), FullName: text(), Domain: text(), Email: text(), Phone: text()},
		Session:  event.Session{ID: text(), Type: text(), Expires: at(), Duration: time.Duration(r.Int64()-1<<62) >> r.IntN(63)},
		Device:   event.Device{ID: text(), Name: text(), Type: text(), OS: text(), Browser: text()},
		Lock:     event.Lock{ID: text(), Name: text(), KeyID: text()},
		Client:   event.Client{MAC: text(), Name: text(), UserAgent: text()},
		Location: event.Location{Country: text(), CountryCode: text(), City: text(), Timezone: text()},
	}
	switch r.IntN(4) {
	case 0:
		e.Client.Address = netip.AddrFrom4([4]byte{192, 0, 2, byte(r.Uint32())})
	case 1:
		e.Client.Address = netip.AddrFrom16([16]byte{0xfe, 0x80, 15: byte(r.Uint32())}).WithZone("eth" + text())
	case 2:
		e.Client.Address = netip.AddrFrom16([16]byte{10: 0xff, 11: 0xff, 12: 192, 15: byte(r.Uint32())}) // mapped
	}
	if r.IntN(2) == 0 {
		e.Payload = &payload{Name: text()}
	}
	for range r.IntN(3) {
		e.Warnings = append(e.Warnings, event.Warning{Path: text(), Want: text(), Got: text()})
	}
	return e
}
