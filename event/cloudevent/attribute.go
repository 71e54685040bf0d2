package cloudevent

import (
	"strings"
	"unicode/utf8"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

// appendAttribute appends s, between the quotes of an attribute.
func appendAttribute(dst []byte, s string) []byte { return jsonappend.Escaped(dst, cleanAttribute(s)) }

// cleanAttribute returns s with U+FFFD in place of the characters that the String
// type of CloudEvents forbids: control characters and noncharacters.
func cleanAttribute(s string) string {
	if allowed(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if forbidden(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// allowed reports whether an attribute may hold s, once it is UTF-8.
func allowed(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return !strings.ContainsFunc(s[i:], forbidden)
		}
	}
	return true
}

func forbidden(r rune) bool {
	return r < ' ' || 0x7f <= r && r <= 0x9f || 0xfdd0 <= r && r <= 0xfdef || r&0xfffe == 0xfffe
}
