package apiclient

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
)

const redacted = "[redacted]"

// maxMasked bounds the text that secrets are looked for in, in bytes.
const maxMasked = 32 << 10

// mask returns text with "[redacted]" in place of each secret, in whatever way it is
// written there: as it is or in another letter case, escaped as in URLs, JSON, Go and
// HTML, each as often as you like, and in base64, alone or as a part, such as a password.
func mask(text string, secrets []event.Secret) string {
	if len(text) > maxMasked {
		return fmt.Sprintf("[%d bytes]", len(text)) // a cut could leave a part of a secret
	}
	hidden := make([]bool, len(text)) // secrets may overlap
	found := false
	for _, s := range secrets {
		value, ok := s.Reveal()
		if !ok {
			continue
		}
		for _, expr := range spellings(value) {
			for _, at := range regexp.MustCompile("(?i)"+expr).FindAllStringIndex(text, -1) {
				found = true
				for i := at[0]; i < at[1]; i++ {
					hidden[i] = true
				}
			}
		}
	}
	if !found {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !hidden[i]:
			b.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(redacted)
		}
	}
	return b.String()
}

// spellings returns regular expressions that find a secret.
func spellings(secret string) []string {
	exprs := []string{spelled(secret)}
	for before := range 3 {
		// What stands before the secret shifts its bits, and is not known.
		core := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...))
		core = core[[]int{0, 2, 3}[before] : (before+len(secret))*8/6]
		if len(core) < 4 {
			continue // too short to tell
		}
		const rest = `[a-z0-9+/_=-]*`
		exprs = append(exprs, rest+spelled(core)+rest)
		if strings.ContainsAny(core, "+/") {
			exprs = append(exprs, rest+spelled(strings.NewReplacer("+", "-", "/", "_").Replace(core))+rest)
		}
	}
	return exprs
}

// spelled returns a regular expression that finds text in any spelling, in base64 not.
func spelled(text string) string {
	var expr strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		if isAlphanumeric(r) {
			expr.WriteByte(text[0]) // nothing escapes it
		} else {
			expr.WriteString("(?:" + strings.Join(escapes(r, text[:n]), "|") + ")")
		}
		text = text[n:]
	}
	return expr.String()
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// short has the escapes of JSON and Go that are a letter.
var short = map[rune]string{'\a': "a", '\b': "b", '\f': "f", '\n': "n", '\r': "r", '\t': "t", '\v': "v", 0: "0"}

// entities are the names of HTML.
var entities = map[rune]string{'"': "quot", '\'': "apos", '&': "amp", '<': "lt", '>': "gt"}

// escapes returns regular expressions for the ways to write a character. A byte that is
// no UTF-8 is U+FFFD for package regexp and for many encoders.
func escapes(r rune, raw string) []string {
	const backslashes = `\\+` // an escape may have been escaped again
	var percent, bytes, units string
	for i := range len(raw) {
		percent += fmt.Sprintf("%%(?:25)*%02x", raw[i])
		bytes += fmt.Sprintf("%sx%02x", backslashes, raw[i])
	}
	for _, unit := range utf16.Encode([]rune{r}) {
		units += fmt.Sprintf("%su%04x", backslashes, unit)
	}
	exprs := []string{
		`\\*` + regexp.QuoteMeta(string(r)), percent, bytes, units,
		fmt.Sprintf("%sU%08x", backslashes, r),
		fmt.Sprintf("&(?:amp;)*#(?:0*%d|x0*%x);", r, r),
	}
	if name, ok := entities[r]; ok {
		exprs = append(exprs, "&(?:amp;)*"+name+";")
	}
	if letter, ok := short[r]; ok {
		exprs = append(exprs, backslashes+letter)
	}
	if r == ' ' {
		exprs = append(exprs, `(?:\+|%(?:25)*2b)`)
	}
	return exprs
}
