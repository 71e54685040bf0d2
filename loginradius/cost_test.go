//go:build !race

// The race detector takes fifteen times as long, and nothing here is concurrent. .ci/run has a
// step for it.

package loginradius_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/bench"
	"github.com/accesshook/accesshook/loginradius"
)

// slowBodies are made to take as much time and memory as can be, with about as many
// bytes as are asked for. Their sender has been verified, so all of them are decoded.
func slowBodies(largest int) map[string][]byte {
	upTo := func(size int, head, piece, tail string) []byte {
		n := max(1, (size-len(head)-len(tail))/len(piece))
		return []byte(head + strings.TrimSuffix(strings.Repeat(piece, n), ",") + tail)
	}
	fill := func(head, piece, tail string) []byte { return upTo(largest, head, piece, tail) }
	numbered := func(head, piece, tail string) []byte {
		b := []byte(head)
		for i := 0; len(b) < largest-len(tail)-64; i++ {
			b = fmt.Appendf(b, piece+",", i)
		}
		return append(b[:len(b)-1], tail...)
	}
	text := func(body []byte) string { return strings.ReplaceAll(string(body), `"`, `\"`) }
	const login, end = `{"HookName":"login","Data":{`, `}}`
	// As few members as an identity must have not to be left out.
	const eight = `"ID":"a","Age":1,"City":"a","Quota":"a","Quote":"a","About":"a","State":"a","Honors":"a"`
	drifted := "[" + strings.Repeat("1,", 1000) + "{}]"
	return map[string][]byte{
		"misfits behind positions":     []byte(login + `"Positions":[` + strings.Repeat(`{"IsCurrent":""},`, largest/200) + strings.Repeat(`{"Summary":1},`, 101) + `{}]}}`),
		"misfits behind arrays":        []byte(string(upTo(max(0, largest-1024), login+`"x":[`, `[],`, `],`)) + strings.Repeat(`"Uid":{},`, 40) + `"Uid":1}}`),
		"misfits behind names":         []byte(string(upTo(max(0, largest-1024), login, `"a":1,`, `,`)) + strings.Repeat(`"Uid":{},`, 40) + `"Uid":1}}`),
		"identities":                   fill(login+`"Identities":[`, `{"ID":"a"},`, `]}}`),
		"empty identities":             fill(login+`"Identities":[`, `{},`, `]}}`),
		"identities, nearly sparse":    fill(login+`"Identities":[`, `{`+eight+`},`, `]}}`),
		"identities, of unknown":       fill(login+`"Identities":[`, `{`+strings.TrimSuffix(strings.Repeat(`"":1,`, 8), ",")+`},`, `]}}`),
		"identities, one, often":       fill(login, `"Identities":{"ID":"a"},`, end),
		"identities, filled, often":    fill(login, `"Identities":{`+eight+`},`, end),
		"identities, arrays":           fill(login+`"Identities":[`, `[[[[[[[[]]]]]]]],`, `]}}`),
		"identities, reserved, often":  fill(login, `"Identities":[1,1,1,1,1,1,1],`, end),
		"identities as text, often":    fill(login, `"Identities":"{}",`, end),
		"identities, text within":      fill(login+`"Identities":[`, `"",`, `,`+strings.Repeat(`{"PreviousUids":"{}","InterestedIn":"{}","":0,"":0,"":0,"":0,"":0,"":0},`, min(16, largest/200))+`{}]}}`),
		"authors that do not fit":      fill(login+`"Publications":[`, `"",`, `,`+strings.Repeat(`{"Authors":5},`, min(33, largest/50))+`{}]}}`),
		"PINs, broken":                 fill(login, "\"PIN\":\"\xff\",", end),
		"e-mails, broken":              fill(login+`"Email":[`, "\"\xff\",", `]}}`),
		"e-mails, half a pair":         fill(login+`"Email":[`, `"\ud800",`, `]}}`),
		"e-mails, white space":         fill(login+`"Email":[`, `"\n",`, `]}}`),
		"object as broken text":        fill(`{"HookName":"new","Data":"{\"CustomObject\":\"`, "\xff", `\"}"}`),
		"object as deep text":          fill(`{"HookName":"new","Data":["{\"CustomObject\":[`, strings.Repeat("[", 20)+strings.Repeat("]", 20)+`,`, `1]}"]}`),
		"custom fields, deep, often":   fill(login, `"CustomFields":{"a":`+strings.Repeat("[", 58)+strings.Repeat("]", 58)+`},`, end),
		"roles as text, often":         fill(login, `"Roles":"{}",`, end),
		"ID, read twice":               []byte(string(upTo(largest-200, `{"HookName":"new","Data":{`, `"":0,`, `,`)) + strings.Repeat(`"ID":5,`, 20) + `"Email":5}}`),
		"no identities, often":         fill(login, `"Identities":5,`, end),
		"no identities, text, often":   fill(login, `"Identities":"{",`, end),
		"identities of nothing":        fill(login+`"Identities":[`, `null,`, `]}}`),
		"identities of numbers":        fill(login+`"Identities":[`, `1,`, `]}}`),
		"identities of bookmarks":      fill(login+`"Identities":[`, `{"JobBookmarks":[{},{},{},{}]},`, `]}}`),
		"identities, often":            fill(login, `"Identities":[{"ID":"a"}],`, end),
		"empty identities, often":      fill(login, `"Identities":[{},{},{},{}],`, end),
		"numbers as identities, often": fill(login, `"Identities":[`+strings.Repeat("1,", 499)+`1],`, end),
		"identities as text":           fill(login+`"Identities":[`, `"{}",`, `]}}`),
		"identities as text, filled":   fill(login+`"Identities":[`, `"{\"ID\":\"a\"}",`, `]}}`),
		"drifted skills, often":        fill(login, `"Skills":`+drifted+`,`, end),
		"drifted, in identities":       fill(login+`"Identities":[`, `{"Skills":`+drifted+`},`, `]}}`),
		"bookmarks":                    fill(login+`"JobBookmarks":[`, `{},`, `]}}`),
		"bookmarks of nothing":         fill(login+`"JobBookmarks":[`, ` null ,`, `]}}`),
		"bookmarks, often":             fill(login, `"JobBookmarks":[`+strings.Repeat("{},", 499)+`{}],`, end),
		"e-mails":                      fill(login+`"Email":[`, `{},`, `]}}`),
		"e-mails as strings":           fill(login+`"Email":[`, `"a",`, `]}}`),
		"e-mail, often":                fill(login, `"Email":"a",`, end),
		"roles":                        fill(login+`"Roles":[`, `"a",`, `]}}`),
		"roles as numbers":             fill(login+`"Roles":[`, `1,`, `]}}`),
		"roles nested":                 fill(login+`"Roles":[`, strings.Repeat("[", 58)+`"a"`+strings.Repeat("]", 58)+`,`, `]}}`),
		"profiles":                     fill(`{"HookName":"removeemail","Data":{`, `"UserProfile":{},`, end),
		"profiles, filled":             fill(`{"HookName":"removeemail","Data":{`, `"UserProfile":{"ID":"a"},`, end),
		"profiles with identities":     fill(`{"HookName":"removeemail","Data":{`, `"UserProfile":{"Identities":[{"ID":"a"}]},`, end),
		"profiles as text":             fill(`{"HookName":"removeemail","Data":{`, `"UserProfile":"{}",`, end),
		"data, often":                  fill(`{"HookName":"login",`, `"Data":{"ID":"a"},`, `,"x":1}`),
		"data as text":                 []byte(`{"HookName":"login","Data":"` + text(upTo(largest/2, `{"Roles":[`, `"a",`, `]}`)) + `"}`),
		"data as text, escapes":        []byte(`{"HookName":"login","Data":"` + text(upTo(largest/2, `{"Roles":["`, `\\u0041`, `"]}`)) + `"}`),
		"data as broken text":          []byte(`{"HookName":"login","Data":"` + text(upTo(largest/2, `{"Roles":[`, `"a",`, `}`)) + `"}`),
		"Uid, often":                   fill(login, `"Uid":1,`, end),
		"Uid in other case, often":     fill(login, `"uID":"a",`, end),
		"unknown names":                fill(login, `"":0,`, end),
		"unknown names, different":     numbered(login, `"%d":0`, end),
		"unknown names, long":          fill(login, `"`+strings.Repeat("N", 63)+`":0,`, end),
		"unknown event":                fill(`{"HookName":"new","Data":{"Email":[],`, `"Uid":1,`, end),
		"custom fields":                numbered(login+`"CustomFields":{`, `"%d":""`, `}}}`),
		"custom fields, converted":     numbered(login+`"CustomFields":{`, `"%d":1`, `}}}`),
		"custom fields, often":         fill(login, `"CustomFields":{"a":"b"},`, end),
		"passwords":                    fill(login, `"Password":"x",`, end),
		"passwords, long":              fill(login, `"Password":"`+strings.Repeat("x", 1000)+`",`, end),
		"passwords as numbers":         fill(login, `"Password":1,`, end),
		"times":                        fill(login, `"CreatedDate":"2024-05-14T08:31:07Z",`, end),
		"times, unusual":               fill(login, `"CreatedDate":"Tuesday, 14-May-24 08:31:07 GMT",`, end),
		"times, numbers":               fill(login, `"CreatedDate":1715675467,`, end),
		"times, unreadable":            fill(login, `"CreatedDate":"Tue, 14 May 2024 08:31:07 XYZ",`, end),
		"times, short and unreadable":  fill(login, `"CreatedDate":"x",`, end),
		"times, long and unreadable":   fill(login, `"CreatedDate":"2024-05-14T08:31:07`+strings.Repeat(" ", 100)+`!",`, end),
		"integers with exponents":      fill(login, `"NoOfLogins":1e-9,`, end),
		"one long integer":             fill(login+`"NoOfLogins":1`, `0`, end),
		"integers with fractions":      fill(login, `"NoOfLogins":`+strings.Repeat("9", 400)+`.5,`, end),
		"escapes":                      fill(login+`"About":"`, `\n`, `"}}`),
		"escapes in names":             fill(login, `"\u0055id":"a",`, end),
		"broken UTF-8":                 fill(login+`"About":"`, "\xff", `"}}`),
		"broken UTF-8 in strings":      fill(login+`"Roles":[`, "\"\xff\",", `]}}`),
		"custom object":                fill(`{"HookName":"createcustomobject","Data":{"CustomObject":[`, `{"a":[]},`, `]}}`),
		"custom object, spaced":        fill(`{"HookName":"createcustomobject","Data":{"CustomObject":[`, ` 1 ,`, `]}}`),
		"custom object, often":         fill(`{"HookName":"createcustomobject","Data":{`, `"CustomObject":{},`, end),
		"custom object, deep":          fill(`{"HookName":"createcustomobject","Data":{"CustomObject":[`, strings.Repeat("[", 60)+strings.Repeat("]", 60)+`,`, `]}}`),
		"times of the hook, often":     fill(`{"HookName":"login",`, `"Time":{},`, `,"Data":{}}`),
	}
}

func decodeOnly(body []byte) {
	if _, err := loginradius.Decode(body); err != nil {
		panic(err)
	}
}

// normalBodies are what slow ones are compared with.
func normalBodies() (bodies [][]byte) {
	for i := range 100 {
		bodies = append(bodies, []byte(loginBody(i)))
	}
	return bodies
}

// An account with so many identities that they would take more memory than they may
// has fewer, always the same, and keeps its other fields.
func TestIdentitiesAreLimited(t *testing.T) {
	for name, c := range map[string]struct {
		count, want int
		identity    string
	}{
		"thirty of all":    {30, 30, "{" + socialMembers("linked") + "}"},
		"many, much":       {300, 117, `{"ID":"a","Provider":"b","FirstName":"c","LastName":"d","FullName":"e","Gender":"f","City":"g","Age":5}`},
		"few, little":      {7, 7, `{"ID":"a"}`},
		"many, little":     {1000, 7, `{"ID":"a"}`},
		"few, nearly much": {8, 7, `{"ID":"a","Provider":"b","FirstName":"c","LastName":"d","FullName":"e","Gender":"f","City":"g"}`},
	} {
		body := `{"HookName":"login","Data":{"Identities":[` + strings.TrimSuffix(strings.Repeat(c.identity+",", c.count), ",") + `],"Uid":"u"}}`
		e, h := decode(t, body)
		assert.Len(t, h.Profile.Identities, c.want, name)
		assert.Equal(t, "u", e.User.ID, name)
		if c.want < c.count {
			assert.Equal(t, []event.Warning{{Path: "/Data/Identities", Want: "fewer elements", Got: "array"}}, e.Warnings, name)
		} else {
			assert.Empty(t, e.Warnings, name)
		}
		roundTrip(t, []byte(body))
	}
}

// sizes of slow bodies: the largest, that of a normal one, and a short one, which is not
// so short that decoding anything at all takes longer.
var sizes = []int{loginradius.DefaultMaxBody, 3400, 1400}

// Whatever a vendor's account sends, memory remains in proportion to the body, and so
// does time: that of large bodies by the clock, where a machine with other work gets
// twice the multiple of 10, and that of short ones by what they take of memory, which
// is most of it. BenchmarkSlowBodies has the figures.
func TestCostOfSlowBodies(t *testing.T) {
	normal := normalBodies()
	for _, size := range sizes {
		for name, body := range slowBodies(size) {
			t.Run(fmt.Sprint(name, " ", size), func(t *testing.T) {
				require.LessOrEqual(t, len(body), loginradius.DefaultMaxBody)
				e, err := loginradius.Decode(body)
				require.NoError(t, err)
				assert.LessOrEqual(t, len(e.Warnings), event.MaxWarnings)
				assert.Less(t, allocated(body), 64*len(body)+64<<10, "bytes allocated")
				if size == loginradius.DefaultMaxBody {
					assert.Less(t, bench.Cost(decodeOnly, normal, body, 20), 25.0, "times a normal body")
				}
			})
		}
	}
}

// allocated returns how many bytes it takes to decode body, which may be less the second
// time. The race detector has pools lose things.
func allocated(body []byte) int {
	least := math.MaxInt
	for range 2 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		decodeOnly(body)
		runtime.ReadMemStats(&after)
		least = min(least, int(after.TotalAlloc-before.TotalAlloc))
	}
	return least
}

func BenchmarkSlowBodies(b *testing.B) {
	b.Run("normal", func(b *testing.B) { bench.RunDecode(b, decodeOnly, normalBodies()...) })
	for _, size := range sizes {
		for name, body := range slowBodies(size) {
			b.Run(fmt.Sprint(name, " ", size), func(b *testing.B) { bench.RunDecode(b, decodeOnly, body) })
		}
	}
}
