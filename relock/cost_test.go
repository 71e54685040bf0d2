package relock_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/bench"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// slowBodies are made to take as much time as can be. Their sender has been verified,
// so all of them are decoded.
func slowBodies() map[string][]byte {
	fill := func(head, piece, tail string) []byte {
		n := (verify.DefaultMaxBody - len(head) - len(tail)) / len(piece)
		return []byte(head + strings.TrimSuffix(strings.Repeat(piece, n), ",") + tail)
	}
	numbered := func(head, piece, tail string) []byte {
		b := []byte(head)
		for i := 0; len(b) < verify.DefaultMaxBody-len(tail)-64; i++ {
			b = fmt.Appendf(b, piece+",", i)
		}
		return append(b[:len(b)-1], tail...)
	}
	const alert, end = `{"event":"security.alert","data":{`, `}}`
	misfits := strings.Repeat(`"id":{},"userId":{},`, 32)
	return map[string][]byte{
		"misfits behind arrays":     fill(alert+`"x":[`, `[],`, `],`+misfits+`"userId":1}}`),
		"misfits behind names":      fill(alert, `"a":1,`, `,`+misfits+`"userId":1}}`),
		"misfits":                   fill(alert, `"userId":{},`, end),
		"large misfits":             fill(alert, `"userId":[[],[],[],[],[],[],[],[]],`, end),
		"misfits below":             fill(alert, `"location":{"city":[]},`, end),
		"numbers":                   fill(alert, `"userId":1,`, end),
		"arrays of one":             fill(alert, `"userId":["a"],`, end),
		"arrays of one, deep":       fill(alert, `"userId":`+strings.Repeat("[", 60)+`"a"`+strings.Repeat("]", 60)+`,`, end),
		"locations":                 fill(alert, `"location":{},`, end),
		"locations, filled":         fill(alert, `"location":{"city":"a"},`, end),
		"locations, unknown":        fill(alert, `"location":{"x":1},`, end),
		"locations as text":         fill(alert, `"location":"{}",`, end),
		"locations as broken text":  fill(alert, `"location":"{",`, end),
		"details":                   fill(alert+`"details":[`, `{},`, `]}}`),
		"details, often":            fill(alert, `"details":{},`, end),
		"details, spaced":           fill(alert+`"details":[`, ` 1 ,`, `]}}`),
		"details, deep":             fill(alert+`"details":[`, strings.Repeat("[", 60)+strings.Repeat("]", 60)+`,`, `]}}`),
		"details, escapes":          fill(alert+`"details":["`, `\u0041`, `"]}}`),
		"details, broken UTF-8":     fill(alert+`"details":[`, "\"\xff\",", `]}}`),
		"unknown names":             fill(alert, `"x":1,`, end),
		"unknown names, different":  numbered(alert, `"%d":1`, end),
		"unknown, broken":           numbered(alert, "\"%x\":[\"\xff\"]", end),
		"unknown, broken, repeated": fill(alert, "\"x\":[\"\xff\"],", end),
		"unknown, nothing":          numbered(alert, `"%d":null`, end),
		"unknown in the envelope":   numbered(`{"event":"security.alert","data":{},`, `"%d":[]`, `}`),
		"times":                     fill(alert, `"timestamp":"Tuesday, 14-May-24 08:31:07 GMT",`, end),
		"times, unreadable":         fill(alert, `"timestamp":"Tue, 14 May 2024 08:31:07 XYZ",`, end),
		"escapes":                   fill(alert+`"userId":"`, `\u0041`, `"}}`),
		"broken UTF-8":              fill(alert+`"userId":"`, "\xff", `"}}`),
		"address":                   fill(alert+`"ipAddress":"`, ` `, `"}}`),
		"address, a list":           fill(alert+`"ipAddress":"`, `1,`, `"}}`),
		"country":                   fill(alert+`"location":{"country":"`, `Korea, `, `"}}}`),
		"severity":                  fill(alert+`"severity":"`, `-`, `"}}`),
		"event":                     fill(`{"event":"`, `A`, `","data":{}}`),
		"events":                    fill(`{`, `"event":"A",`, `,"data":{}}`),
		"data":                      fill(`{"event":"security.alert",`, `"data":{"a":1},`, `,"data":{}}`),
		"data as text":              fill(`{"event":"security.alert","data":"{\"details\":[`, `\"a\",`, `0]}"}`),
		"exponents":                 fill(`{"event":"session.ended","data":{`, `"duration":1e-9,`, end),
		"one long integer":          fill(`{"event":"session.ended","data":{"duration":1`, `0`, end),
	}
}

func decodeOnly(body []byte) {
	if _, err := relock.Decode(body); err != nil {
		panic(err)
	}
}

// normalBodies are what slow ones are compared with.
func normalBodies() (bodies [][]byte) {
	for _, name := range documented {
		bodies = append(bodies, fixtures[name])
	}
	return bodies
}

// Whatever a vendor's account sends, time remains within a multiple of what a normal
// body of the size takes. The multiple is 10; a machine with other work gets more.
func TestCostOfSlowBodies(t *testing.T) {
	normal := normalBodies()
	for name, body := range slowBodies() {
		t.Run(name, func(t *testing.T) {
			require.LessOrEqual(t, len(body), verify.DefaultMaxBody)
			e, err := relock.Decode(body)
			require.NoError(t, err)
			assert.LessOrEqual(t, len(e.Warnings), event.MaxWarnings)
			assert.Less(t, bench.Cost(decodeOnly, normal, body, 20), 25.0, "times a normal body")
		})
	}
}

func BenchmarkSlowBodies(b *testing.B) {
	b.Run("normal", func(b *testing.B) { bench.RunDecode(b, decodeOnly, normalBodies()...) })
	for name, body := range slowBodies() {
		b.Run(name, func(b *testing.B) { bench.RunDecode(b, decodeOnly, body) })
	}
}
