package cloudevent

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

var errHeader = errors.New("the header is not encoded as the HTTP binding says")

// encodeHeader returns an attribute as the value of a header. Characters that attributes
// cannot hold, and bytes that are not UTF-8, become U+FFFD as in the structured mode.
func encodeHeader(s string) string {
	s = cleanAttribute(s)
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	var b strings.Builder
	from := 0
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '"' || c == '%' || c > '~' {
			const hex = "0123456789ABCDEF"
			b.WriteString(s[from:i])
			b.Write([]byte{'%', hex[c>>4], hex[c&0xf]})
			from = i + 1
		}
	}
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}

// decodeHeader is the inverse of encodeHeader. It also reads quoted strings, which older
// senders write.
func decodeHeader(s string) (string, error) {
	if strings.HasPrefix(s, `"`) {
		var ok bool
		if s, ok = unquote(s); !ok {
			return "", errHeader
		}
	}
	s, err := url.PathUnescape(s)
	if err != nil || !utf8.ValidString(s) {
		return "", errHeader
	}
	return s, nil
}

// unquote reads a quoted string of RFC 7230, section 3.2.6.
func unquote(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return string(b), i == len(s)-1
		case '\\':
			if i++; i == len(s) {
				return "", false
			}
		}
		b = append(b, s[i])
	}
	return "", false
}
