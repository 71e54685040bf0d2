package jsonbody_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
)

// A costly body is made to take long. Its sender has been verified.
type costly struct {
	decode func(body []byte) ([]event.Warning, error)
	normal []byte // which decode is made for
	body   []byte
}

// large has many fields, as payloads of social logins have.
type large struct {
	A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P string
	Q, R, S, T                                     []string
	U, V                                           *large
	W, X                                           time.Time
	Y                                              city
	Z                                              float64
}

type costs struct {
	Name    string            `json:"name"`
	Count   int               `json:"count"`
	Ratio   float64           `json:"ratio"`
	Seen    bool              `json:"seen"`
	At      time.Time         `json:"at"`
	Token   event.Secret      `json:"token"`
	Raw     json.RawMessage   `json:"raw"`
	City    city              `json:"city"`
	Large   large             `json:"large"`
	Pointer *large            `json:"pointer"`
	Names   []string          `json:"names"`
	Counts  []int             `json:"counts"`
	Ratios  []float64         `json:"ratios"`
	Times   []time.Time       `json:"times"`
	Tokens  []event.Secret    `json:"tokens"`
	Cities  []city            `json:"cities"`
	All     []large           `json:"all"`
	Points  []*large          `json:"points"`
	Lists   [][][]string      `json:"lists"`
	Labels  map[string]string `json:"labels"`

	Extra map[string]json.RawMessage `json:",embed"`
}

const normalCosts = `{"name":"Ann Arbor","count":17,"ratio":0.25,"seen":true,"at":"2024-05-14T12:00:00Z","token":"abcdefghijkl",` +
	`"raw":{"a":[1,2,3],"b":"text"},"city":{"name":"Oslo","zip":151},"names":["first","second","third"],"counts":[1,20,300],` +
	`"cities":[{"name":"Bergen","zip":5003},{"name":"Troms\u00f8","zip":9008}],"large":{"A":"one","B":"two","C":"three","Q":["x","y"]},` +
	`"labels":{"team":"gate","shift":"night"},"unknown":"kept","more":{"x":1,"y":[true,false]}}`

// hostile are bodies of about size bytes.
func hostile(size int) map[string]costly {
	fill := func(head, piece, tail string) []byte {
		n := max(0, (size-len(head)-len(tail))/len(piece)-1)
		pieces := strings.Repeat(piece, n+1)
		return []byte(head + strings.TrimSuffix(pieces, ",") + tail)
	}
	numbered := func(format string) []byte {
		var b strings.Builder
		b.WriteByte('{')
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
			b.WriteByte(',')
		}
		return []byte(strings.TrimSuffix(b.String(), ",") + "}")
	}
	all := make(map[string]costly)
	for name, body := range map[string][]byte{
		"normal, large":             fill(`{"cities":[`, `{"name":"Bergen","zip":5003},`, `]}`),
		"misfits":                   fill(`{"cities":[`, `5,`, `]}`),
		"misfits, pointers":         fill(`{"points":[`, `5,`, `]}`),
		"misfits, objects":          fill(`{"names":[`, `{},`, `]}`),
		"misfits within":            fill(`{"cities":[`, `{"name":[]},`, `]}`),
		"warnings at the end":       []byte(string(fill(`{"raw":[`, `[],`, `],`)) + strings.Repeat(`"name":{},`, 40) + `"count":1}`),
		"warnings, names far apart": []byte(string(fill(`{"name":"x",`, `"a":1,`, `,`)) + strings.Repeat(`"count":{},`, 40) + `"count":1}`),
		"warnings in lists":         []byte(string(fill(`{"lists":[[`, `[],`, `,`)) + strings.TrimSuffix(strings.Repeat(`{},`, 40), ",") + `]]}`),
		"converted":                 fill(`{"names":[`, `5,`, `]}`),
		"converted, one":            fill(`{"names":[`, `[5],`, `]}`),
		"converted, one deep":       fill(`{"names":[`, strings.Repeat("[", 60)+strings.Repeat("]", 60)+`,`, `]}`),
		"converted, list of one":    fill(`{"lists":[`, `5,`, `]}`),
		"converted to int":          fill(`{"counts":[`, `"5",`, `]}`),
		"floats for ints":           fill(`{"counts":[`, `1e3,`, `]}`),
		"long floats for ints":      fill(`{"counts":[`, `9007199254740993000000000e-9,`, `]}`),
		"one number for int":        []byte(`{"count":` + strings.Repeat("7", size) + `}`),
		"empty structs":             fill(`{"cities":[`, `{},`, `]}`),
		"empty large structs":       fill(`{"all":[`, `{},`, `]}`),
		"false in large structs":    fill(`{"all":[`, `{"A":"x"},`, `]}`),
		"empty pointers":            fill(`{"points":[`, `{},`, `]}`),
		"pointers":                  fill(`{"points":[`, `{"A":"x"},`, `]}`),
		"pointers in pointers":      fill(`{"points":[`, strings.Repeat(`{"U":`, 60)+`{"A":"x"}`+strings.Repeat("}", 60)+`,`, `]}`),
		"nulls":                     fill(`{"all":[`, `null,`, `]}`),
		"empty strings":             fill(`{"all":[`, `"",`, `]}`),
		"empty lists":               fill(`{"lists":[`, `[],`, `]}`),
		"lists of lists":            fill(`{"lists":[`, `[[]],`, `]}`),
		"repeated":                  fill(`{`, `"name":"x",`, `}`),
		"repeated large":            fill(`{`, `"large":{},`, `}`),
		"repeated large, filled":    fill(`{`, `"large":{"A":"x"},`, `}`),
		"repeated pointers":         fill(`{`, `"pointer":{},`, `}`),
		"repeated lists":            fill(`{`, `"all":[{"A":"x"}],`, `}`),
		"repeated lists of empty":   fill(`{`, `"all":[{},{},{},{},{},{},{},{}],`, `}`),
		"repeated maps":             fill(`{`, `"labels":{"a":"b"},`, `}`),
		"repeated misfits":          fill(`{`, `"name":{},`, `}`),
		"repeated large misfits":    fill(`{`, `"name":[{"a":"b"},{"a":"b"},{"a":"b"}],`, `}`),
		"repeated unknown":          fill(`{`, `"x":[1,2,3],`, `}`),
		"JSON text":                 fill(`{"cities":[`, `"{}",`, `]}`),
		"JSON text, filled":         fill(`{"cities":[`, `"{\"name\":\"x\"}",`, `]}`),
		"JSON text, large":          fill(`{"all":[`, `"{}",`, `]}`),
		"JSON text that is broken":  fill(`{"cities":[`, `"{",`, `]}`),
		"JSON text, long":           []byte(`{"all":"` + strings.ReplaceAll(string(fill(`[`, `{"A":"x"},`, `]`)), `"`, `\"`) + `"}`),
		"JSON text, long, broken":   []byte(`{"all":"` + strings.ReplaceAll(string(fill(`[`, `{"A":"x"},`, `,]`)), `"`, `\"`) + `"}`),
		"JSON text in JSON text":    fill(`{"all":[`, `"[\"[]\"]",`, `]}`),
		"many members":              numbered(`"%d":1`),
		"many members of nothing":   numbered(`"%d":null`),
		"many members, objects":     numbered(`"%d":{}`),
		"many labels":               []byte(`{"labels":` + string(numbered(`"%d":""`)) + `}`),
		"many labels, converted":    []byte(`{"labels":` + string(numbered(`"%d":1`)) + `}`),
		"long name":                 []byte(`{"` + strings.Repeat("n", size) + `":1}`),
		"long names, warnings":      []byte(`{"` + strings.Repeat("n", size) + `":1,"cities":{"` + strings.Repeat("n", size) + `":1}}`),
		"warnings below long names": []byte(`{"labels":{"` + strings.Repeat("n", size/40) + `":{},` + strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat(`\u0041`, size/240)+`":{},`, 40), ",") + `}}`),
		"one name, many warnings":   []byte(`{"` + strings.Repeat(`\u0041`, size/6) + `":1,"labels":{"` + strings.Repeat(`\u0041`, size/6) + `":[` + strings.TrimSuffix(strings.Repeat("1,", 40), ",") + `]}}`),
		"deep":                      fill(`{"raw":[`, strings.Repeat("[", 62)+strings.Repeat("]", 62)+`,`, `]}`),
		"deep, unknown":             fill(`{"x":[`, strings.Repeat("[", 62)+strings.Repeat("]", 62)+`,`, `]}`),
		"escapes":                   fill(`{"name":"`, `\u0041`, `"}`),
		"short escapes":             fill(`{"name":"`, `\n`, `"}`),
		"escapes in many strings":   fill(`{"names":[`, `"\n",`, `]}`),
		"escapes in raw":            fill(`{"raw":["`, `\u0041`, `"]}`),
		"escapes in many raw":       fill(`{"raw":[`, `"\n",`, `]}`),
		"escapes in many unknown":   numbered(`"\n%d":"\n"`),
		"lone surrogates":           fill(`{"name":"`, `\ud800`, `"}`),
		"broken UTF-8":              fill(`{"name":"`, "\xff", `"}`),
		"broken UTF-8, many":        fill(`{"names":[`, "\"\xff\",", `]}`),
		"broken UTF-8 in raw":       fill(`{"raw":[`, "\"\xff\",", `]}`),
		"white space":               fill(`{"raw":[`, `  1,  `, `1]}`),
		"many strings":              fill(`{"names":[`, `"a",`, `]}`),
		"many numbers":              fill(`{"counts":[`, `1,`, `]}`),
		"floats that take long":     fill(`{"ratios":[`, `1.23450000000000005557e-290,`, `]}`),
		"ints that take long":       fill(`{"counts":[`, `1.23450000000000005557e-290,`, `]}`),
		"many floats":               fill(`{"ratios":[`, `0.1,`, `]}`),
		"many times":                fill(`{"times":[`, `"2024-05-14T12:00:00Z",`, `]}`),
		"many wrong times":          fill(`{"times":[`, `"x",`, `]}`),
		"many secrets":              fill(`{"tokens":[`, `"x",`, `]}`),
		"repeated secrets":          fill(`{`, `"token":"x",`, `}`),
		"many small raw":            fill(`{`, `"raw":{},`, `}`),
	} {
		all[name] = costly{func(body []byte) ([]event.Warning, error) { return jsonbody.Unmarshal(body, new(costs)) }, []byte(normalCosts), body}
	}

	positions := `{"IsCurrent":""},`
	for name, c := range map[string]struct {
		decode func([]byte) (*event.Event, error)
		normal string
		body   []byte
	}{
		"loginradius, positions": {loginradius.Decode, normalLogin, []byte(string(fill(`{"HookName":"login","Data":{"Positions":[`, positions, `,`)) +
			strings.TrimSuffix(strings.Repeat(`{"Summary":1},`, 101), ",") + `]}}`)},
		"loginradius, misfits far behind": {loginradius.Decode, normalLogin, []byte(string(fill(`{"HookName":"login","Data":{"x":[`, `[],`, `],`)) +
			strings.TrimSuffix(strings.Repeat(`"Uid":{},`, 40), ",") + `}}`)},
		"relock, misfits far behind": {relock.Decode, normalLogon, []byte(string(fill(`{"event":"session.created","data":{"x":[`, `[],`, `],`)) +
			strings.TrimSuffix(strings.Repeat(`"userId":{},`, 32), ",") + `}}`)},
		"unloc, misfits far behind": {unloc.Decode, normalUnlock, []byte(string(fill(`{"x":[`, `[],`, `],`)) +
			strings.TrimSuffix(strings.Repeat(`"id":{},`, 32), ",") + `}`)},
	} {
		all[name] = costly{func(body []byte) ([]event.Warning, error) {
			e, err := c.decode(body)
			if err != nil {
				return nil, err
			}
			return e.Warnings, nil
		}, []byte(c.normal), c.body}
	}
	return all
}

const (
	normalLogon = `{"event":"authentication.success","data":{"userId":"u-17","sessionId":"s-5f0c8a2e","deviceId":"d-1","ipAddress":"192.0.2.17",` +
		`"userAgent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/131.0","timestamp":"2024-05-14T12:00:00Z","location":{"country":"NO","city":"Oslo","timezone":"Europe/Oslo"}}}`
	normalUnlock = `{"id":"5f0c8a2e-9d41-4b7e-8c36-1a2b3c4d5e6f","action":"unlocked","lockId":"l-1","lockName":"Front door","keyId":"k-2","appUserId":"+4790000017","userName":"Ann Arbor","created":"2024-05-14T12:00:00Z"}`
	normalLogin  = `{"HookName":"login","Time":"2024-05-14T12:00:00Z","HookId":"5f0c8a2e","Data":{"Uid":"u-17","ID":"17","Provider":"Email","UserName":"ann","FullName":"Ann Arbor",` +
		`"Email":[{"Type":"Primary","Value":"ann@example.com"}],"FirstName":"Ann","LastName":"Arbor","Company":null,"Positions":null,"Skills":[],"IsDeleted":false,"Country":{"Code":"NO","Name":"Norway"},` +
		`"NoOfLogins":38,"PhoneId":"+4790000017","CreatedDate":"2024-05-14T12:00:00Z","Identities":[{"ID":"18","Provider":"google","UserName":"ann"}]}}`
)

// fastest returns the nanoseconds a byte, when nothing else was in the way.
func fastest(c costly, body []byte, rounds int) float64 {
	best := time.Duration(1<<63 - 1)
	times := max(1, 20_000/len(body)) // short bodies take less than the clock can tell
	for range rounds {
		start := time.Now()
		for range times {
			_, _ = c.decode(body)
		}
		best = min(best, time.Since(start))
	}
	return float64(best) / float64(times) / float64(len(body))
}

// A hostile body may take ten times the nanoseconds a byte of a normal one:
// BenchmarkHostile tells how many it takes. Twenty times in every one of many rounds
// is no work of other programs, which make both slower.
func TestHostileBodiesTakeLittleTime(t *testing.T) {
	const limit, rounds = 20, 50
	for name, c := range hostile(64 << 10) {
		var ratio float64
		for range rounds {
			if ratio = fastest(c, c.body, 1) / fastest(c, c.normal, 3); ratio < limit {
				break
			}
		}
		if ratio >= limit {
			t.Errorf("%s: %.1f times the nanoseconds a byte of a normal body", name, ratio)
		}
	}
}

// Memory is bounded by what lists may take, beside what is in proportion to the body.
func TestHostileBodiesTakeLittleMemory(t *testing.T) {
	for name, c := range hostile(1 << 20) {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			warnings, err := c.decode(c.body)
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			assert.LessOrEqual(t, len(warnings), event.MaxWarnings)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3*(12<<20)+100*len(c.body)), "bytes allocated") // the race detector has pools lose things
		})
	}
}

// BenchmarkHostile has the nanoseconds a byte, and how many times of a normal body
// that is.
func BenchmarkHostile(b *testing.B) {
	for name, c := range hostile(64 << 10) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.decode(c.body); err != nil {
					b.Fatal(err)
				}
			}
			perByte := float64(b.Elapsed()) / float64(b.N) / float64(len(c.body))
			b.ReportMetric(perByte, "ns/B")
			b.ReportMetric(fastest(c, c.body, 5)/fastest(c, c.normal, 20), "×normal")
		})
	}
}
