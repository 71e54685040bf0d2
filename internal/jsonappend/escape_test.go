package jsonappend_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// What is invisible is what the tables of Unicode say, whatever the list in this package.
func TestEveryCharacter(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		if !utf8.ValidRune(r) {
			continue
		}
		s := "a" + string(r) + "b"
		quoted, visible := s, s
		switch {
		case r == '"' || r == '\\':
			quoted = `a\` + string(r) + "b"
		case escapetest.Invisible(r):
			quoted = escapetest.Escape(s)
			if i := strings.IndexRune("\b\f\n\r\t", r); i >= 0 {
				quoted = `a\` + "bfnrt"[i:i+1] + "b"
			}
			visible = quoted
		}
		if got := string(jsonappend.Escaped(nil, s)); got != quoted {
			t.Errorf("Escaped(%q) = %s, want %s", s, got, quoted)
		}
		if got := jsonappend.Visible(s); got != visible {
			t.Errorf("Visible(%q) = %s, want %s", s, got, visible)
		}
		if got := string(jsonappend.EscapeInvisible([]byte(s), 0)); r >= ' ' && got != visible {
			t.Errorf("EscapeInvisible(%q) = %s, want %s", s, got, visible)
		}
	}
}

func TestString(t *testing.T) {
	for s, want := range map[string]string{
		"":                      `""`,
		"a\"b\\c/<>&":           `"a\"b\\c/<>&"`,
		"\b\f\n\r\t\x00\x1b":    `"\b\f\n\r\t\u0000\u001b"`,
		"\x7f\u009b\u202e":      `"\u007f\u009b\u202e"`,
		"\U000e0041":            `"\udb40\udc41"`,
		"Bakdør 正门 😀\u00a0":     "\"Bakdør 正门 😀\u00a0\"",
		"\xffa\xc3\x28\xe2\x80": "\"\ufffda\ufffd(\ufffd\ufffd\"",
		"\ufffd":                "\"\ufffd\"",
		"a\u202e\xffb\n":        "\"a\\u202e\ufffdb\\n\"",
	} {
		assert.Equal(t, want, string(jsonappend.String(nil, s)), "%q", s)
		assert.Equal(t, "x"+want[1:len(want)-1], string(jsonappend.Escaped([]byte("x"), s)), "%q", s)
	}
}

func TestVisible(t *testing.T) {
	for s, want := range map[string]string{
		"":                  "",
		`DOMAIN\bob "b"`:    `DOMAIN\bob "b"`,
		"a\u202eb \\ \"\n":  `a\u202eb \ "\n`,
		"\xff":              "\ufffd",
		escapetest.Text:     escapetest.Escape(strings.NewReplacer("\t", `\t`, "\n", `\n`).Replace(escapetest.Text)),
		"Bakdør – øst 正门 😀": "Bakdør – øst 正门 😀",
	} {
		assert.Equal(t, want, jsonappend.Visible(s), "%q", s)
	}
}

func TestEscapeInvisible(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":"b"}`:                    `{"a":"b"}`,
		`{"ø":"正门"}`:                   `{"ø":"正门"}`,
		"{\"\u202ea\":[\"\x7f\"]}":     `{"\u202ea":["\u007f"]}`,
		"[\"\\\\\u2028\",\"\\u2028\"]": `["\\\u2028","\u2028"]`,
		"[\"ø\xff\"]":                  "[\"ø\ufffd\"]",
	} {
		b := []byte("\u202e" + text)
		assert.Equal(t, "\u202e"+want, string(jsonappend.EscapeInvisible(b, len("\u202e"))), text)
	}
}

func TestEscapesOfValues(t *testing.T) {
	text := escapetest.Text
	for name, v := range map[string]any{
		"string": text,
		"map":    map[string]any{text: []string{text}},
		"raw":    json.RawMessage(" [ " + escapetest.Quote(text) + " ] "),
		"broken": json.RawMessage("\"\xff\""),
	} {
		got, err := jsonappend.Value([]byte("x"), v)
		require.NoError(t, err, name)
		escapetest.AssertEscaped(t, got)
		assert.True(t, json.Valid(got[1:]), name)
	}
}

func TestStringsAllocateNothing(t *testing.T) {
	dst := make([]byte, 0, 4096)
	for _, text := range []string{strings.Repeat("Bakdør – øst, 'plain' ", 10), `DOMAIN\bob "b"`, escapetest.Text} {
		assert.Zero(t, testing.AllocsPerRun(10, func() { dst = jsonappend.String(dst[:0], text) }), text)
	}
	assert.Zero(t, testing.AllocsPerRun(10, func() { dst = append(dst[:0], jsonappend.Visible(`DOMAIN\bob`)...) }))
}
