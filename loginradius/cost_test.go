package loginradius_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/bench"
	"github.com/accesshook/accesshook/loginradius"
)

// slowBodies are made to take as much time and memory as can be. Their sender has been
// verified, so all of them are decoded.
func slowBodies() map[string][]byte {
	const largest = loginradius.DefaultMaxBody
	upTo := func(size int, head, piece, tail string) []byte {
		n := (size - len(head) - len(tail)) / len(piece)
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
	drifted := "[" + strings.Repeat("1,", 1000) + "{}]"
	return map[string][]byte{
		"misfits behind positions":     []byte(login + `"Positions":[` + strings.Repeat(`{"IsCurrent":""},`, 5000) + strings.Repeat(`{"Summary":1},`, 101) + `{}]}}`),
		"misfits behind arrays":        []byte(string(upTo(largest-1024, login+`"x":[`, `[],`, `],`)) + strings.Repeat(`"Uid":{},`, 40) + `"Uid":1}}`),
		"misfits behind names":         []byte(string(upTo(largest-1024, login, `"a":1,`, `,`)) + strings.Repeat(`"Uid":{},`, 40) + `"Uid":1}}`),
		"identities":                   fill(login+`"Identities":[`, `{"ID":"a"},`, `]}}`),
		"identities, as many as kept":  upTo(64<<10, login+`"Identities":[`, `{"ID":"a"},`, `]}}`),
		"identities, few":              upTo(8<<10, login+`"Identities":[`, `{"ID":"a"},`, `]}}`),
		"empty identities":             fill(login+`"Identities":[`, `{},`, `]}}`),
		"identities, normal size":      upTo(3400, login+`"Identities":[`, `{"ID":"a"},`, `]}}`),
		"empty identities, few":        upTo(1400, login+`"Identities":[`, `{},`, `]}}`),
		"empty identities, some":       upTo(16<<10, login+`"Identities":[`, `{},`, `]}}`),
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
	many := func(n int, identity string) string {
		return `{"HookName":"login","Data":{"Identities":[` + strings.TrimSuffix(strings.Repeat(identity+",", n), ",") + `],"Uid":"u"}}`
	}
	e, h := decode(t, many(30, "{"+socialMembers("linked")+"}"))
	assert.Len(t, h.Profile.Identities, 30)
	assert.Empty(t, e.Warnings)

	body := many(1000, `{"ID":"a"}`)
	e, h = decode(t, body)
	assert.Greater(t, len(h.Profile.Identities), 100)
	assert.Less(t, len(h.Profile.Identities), 130)
	assert.Equal(t, "u", e.User.ID)
	assert.Equal(t, []event.Warning{{Path: "/Data/Identities", Want: "fewer elements", Got: "array"}}, e.Warnings)
	roundTrip(t, []byte(body))
}

// Whatever a vendor's account sends, time and memory remain within a multiple of what
// a normal body of the size takes. The multiple is 10; a machine with other work gets
// more.
func TestCostOfSlowBodies(t *testing.T) {
	normal := normalBodies()
	for name, body := range slowBodies() {
		t.Run(name, func(t *testing.T) {
			require.LessOrEqual(t, len(body), loginradius.DefaultMaxBody)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			e, err := loginradius.Decode(body)
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(128<<20), "bytes allocated") // the race detector has pools lose things
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
