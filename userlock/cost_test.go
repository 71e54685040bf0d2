package userlock_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/bench"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// costly are bodies with the right ID that are made to take long.
func costly() map[string][]byte {
	const size = verify.DefaultMaxBody
	const id = `{"UserLockId":"` + primary + `",`
	pieces := func(head string, piece func(i int) string, tail string) []byte {
		b := []byte(id + head)
		for i := 0; len(b) < size-len(tail); i++ {
			b = append(append(b, piece(i)...), ',')
		}
		return append(b[:len(b)-1], tail+`}`...)
	}
	fill := func(head, piece, tail string) []byte {
		return pieces(head, func(i int) string { return strings.ReplaceAll(piece, "#", fmt.Sprint(i)) }, tail)
	}
	spelled := func(value string) []byte {
		return pieces("", func(i int) string {
			return fmt.Sprintf(`"user%saccount%s":%s`, strings.Repeat(".", i%50), strings.Repeat("-", i/50), value)
		}, "")
	}
	misfits := func() string {
		var members []string
		for i := range 40 {
			members = append(members, fmt.Sprintf(`"user%sname":{}`, strings.Repeat("_", i+1)))
		}
		return strings.Join(members, ",")
	}()
	text := func(name, piece string) []byte {
		return []byte(id + `"` + name + `":"` + strings.Repeat(piece, size/len(piece)) + `"}`)
	}
	return map[string][]byte{
		"short strings":               fill(`"x":[`, `"a"`, `]`),
		"empty arrays":                fill(`"x":[`, `[]`, `]`),
		"texts as long as an ID":      fill(`"x":[`, `"0123456789 0123456789 0123456789 x"`, `]`),
		"other letters":               fill(`"x":[`, `"ÅÆØåæøÅÆØåæøÅÆØåæøÅÆØåæøÅÆØåæøÅÆØ"`, `]`),
		"GUIDs":                       fill("", `"k#":"`+other+`"`, ""),
		"GUIDs below":                 fill(`"x":[`, `"`+other+`"`, `]`),
		"IDs":                         fill("", `"k#":"`+primary+`"`, ""),
		"IDs below":                   fill(`"x":[`, `"`+primary+`"`, `]`),
		"IDs in texts":                fill(`"x":[`, `"urn:`+primary+`"`, `]`),
		"unknown members":             fill("", `"k#":1`, ""),
		"unknown members, long names": fill("", `"a name of some sixty letters that nobody knows, with number #":1`, ""),
		"spellings of one field":      spelled(`"a"`),
		"misfits of one field":        spelled(`{}`),
		"misfits far behind":          fill(`"x":[`, `[]`, `],`+misfits),
		"misfits behind members":      fill("", `"k#":0`, `,`+misfits),
		"escapes":                     text("UserFullName", `\u0041`),
		"escapes below":               fill(`"x":[`, `"\n"`, `]`),
		"names with escapes":          fill("", `"\u0041#":1`, ""),
		"control characters":          text("UserAccount", `\b`),
		"backslashes":                 text("UserAccount", `\\`),
		"an event type of digits":     text("EventType", `1`),
		"an event type of words":      text("EventType", `denied `),
		"a long time":                 text("EventTime", `2024-05-14T08:31:07Z `),
		"a long country":              text("Country", `the republic of `),
		"a list of addresses":         text("ClientAddress", `192.0.2.1, `),
		"a long address":              text("ClientAddress", `00:1B:44:`),
		"nested":                      fill(`"x":[`, strings.Repeat("[", 60)+strings.Repeat("]", 60), `]`),
		"broken text":                 text("UserFullName", "\xff"),
		"no JSON":                     append(fill(`"x":[`, `"`+primary+`"`, `]`), 'x'),
		"quotes":                      append([]byte(id), strings.Repeat(`"`, size)...),
	}
}

const normalLogon = `{"UserLockId":"` + primary + `","EventType":1,"EventTime":"2024-05-14T08:31:07","UserAccount":"ada","UserDomain":"EXAMPLE","UserFullName":"Ada Example","ComputerName":"WKS007","ComputerSession":2,"ClientName":"WKS007","ClientAddress":"192.0.2.10","SessionId":"5A1C00000012","SubSessionId":0,"Status":0}`

func checker(t testing.TB) func(body []byte) {
	hook := newHook(t, userlock.Config{Endpoint: verify.Config{MaxBody: 1 << 20}})
	return func(body []byte) {
		if e, err := hook.Check(post(), body); e == nil {
			require.NoError(t, err)
		}
	}
}

// A busy machine may slow one of the two that are compared: the aim is 10.
func TestCost(t *testing.T) {
	check := checker(t)
	for name, body := range costly() {
		t.Run(name, func(t *testing.T) {
			assert.Less(t, bench.Cost(check, [][]byte{[]byte(normalLogon)}, body, 20), 25.0, "times a normal body")
		})
	}
}

func BenchmarkCost(b *testing.B) {
	check := checker(b)
	b.Run("normal", func(b *testing.B) { bench.RunDecode(b, check, []byte(normalLogon)) })
	for name, body := range costly() {
		b.Run(name, func(b *testing.B) { bench.RunDecode(b, check, body) })
	}
}
