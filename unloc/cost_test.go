package unloc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/bench"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

// costly are bodies that somebody who has the password has made to take long.
func costly() map[string][]byte {
	const size = verify.DefaultMaxBody
	fill := func(head, piece, tail string) []byte {
		b := []byte(head)
		for i := 0; len(b) < size-len(tail); i++ {
			b = append(append(b, strings.ReplaceAll(piece, "#", fmt.Sprint(i))...), ',')
		}
		return append(b[:len(b)-1], tail...)
	}
	text := func(name, piece string) []byte {
		return []byte(`{"` + name + `":"` + strings.Repeat(piece, size/len(piece)) + `"}`)
	}
	ids := strings.TrimSuffix(strings.Repeat(`"id":{},`, 32), ",")
	return map[string][]byte{
		"misfits far behind":     fill(`{"x":[`, `[]`, `],`+ids+`}`),
		"misfits behind members": fill(`{`, `"k#":0`, `,`+ids+`}`),
		"misfits":                fill(`{`, `"id":{}`, `}`),
		"repeated":               fill(`{`, `"id":"a"`, `}`),
		"repeated in other case": fill(`{`, `"ID":"a","iD":"a"`, `}`),
		"converted":              fill(`{`, `"id":[1]`, `}`),
		"unknown members":        fill(`{`, `"k#":1`, `}`),
		"one unknown member":     fill(`{`, `"k":[1]`, `}`),
		"unknown, broken":        fill(`{`, "\"#\":[\"\xff\"]", `}`),
		"escapes":                text("lockName", `\u0041`),
		"broken text":            text("lockName", "\xff"),
		"a long time":            text("created", `2024-05-14T08:31:07Z `),
		"a long action":          text("action", `locked`),
		"a long ID":              text("id", `a`),
		"nested":                 fill(`{"x":[`, strings.Repeat("[", 60)+strings.Repeat("]", 60), `]}`),
	}
}

// A busy machine may slow one of the two that are compared: the aim is 10.
func TestCost(t *testing.T) {
	for name, body := range costly() {
		t.Run(name, func(t *testing.T) {
			assert.Less(t, bench.Cost(decodeOnly(t), [][]byte{[]byte(unlocked)}, body, 20), 25.0, "times a normal body")
		})
	}
}

func BenchmarkCost(b *testing.B) {
	b.Run("normal", func(b *testing.B) { bench.RunDecode(b, decodeOnly(b), []byte(unlocked)) })
	for name, body := range costly() {
		b.Run(name, func(b *testing.B) { bench.RunDecode(b, decodeOnly(b), body) })
	}
}

func decodeOnly(t testing.TB) func(body []byte) {
	return func(body []byte) {
		_, err := unloc.Decode(body)
		require.NoError(t, err)
	}
}
