package jsonappend

import (
	"unicode/utf16"
	"unicode/utf8"
)

// String appends s as a JSON string.
func String(dst []byte, s string) []byte {
	dst = append(dst, '"')
	return append(Escaped(dst, s), '"')
}

// Escaped appends s as it is written between the quotes of a JSON string.
func Escaped(dst []byte, s string) []byte {
	for i := range len(s) {
		if !plain[s[i]] {
			return escape(append(dst, s[:i]...), s[i:], true)
		}
	}
	return append(dst, s...)
}

// EscapeInvisible escapes the invisible characters of b from an index on, where JSON
// without white space between tokens begins. The result may share memory with b.
func EscapeInvisible(b []byte, from int) []byte {
	for i := from; i < len(b); {
		if b[i] < del {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if isBroken(r, n) || invisible(r) { // in a string, without a backslash before it
			return escape(b[:i], string(b[i:]), false)
		}
		i += n
	}
	return b
}

// Visible returns s with JSON escapes for invisible characters, for a log or a terminal.
// Quotes and backslashes stay as they are, so an escape looks like a string that has a
// backslash and the same letters.
//
// Package event/durable calls Visible from a module of its own, which may be older.
func Visible(s string) string {
	for i := range len(s) {
		if c := s[i]; !plain[c] && c != '"' && c != '\\' {
			var buf [128]byte
			return string(escape(append(buf[:0], s[:i]...), s[i:], false))
		}
	}
	return s
}

const del = 0x7f

// plain has the ASCII characters that are visible and need no escape in a string.
var plain = func() (plain [256]bool) {
	for c := ' '; c < del; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// escape appends s with escapes for invisible characters, and for quotes and backslashes
// if quoted says so. U+FFFD stands for each byte that is not UTF-8.
func escape(dst []byte, s string, quoted bool) []byte {
	from := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case isBroken(r, n):
			dst = utf8.AppendRune(append(dst, s[from:i]...), utf8.RuneError)
			from = i + n
		case invisible(r) || quoted && (r == '"' || r == '\\'):
			dst = appendEscape(append(dst, s[from:i]...), r)
			from = i + n
		}
		i += n
	}
	return append(dst, s[from:]...)
}

func isBroken(r rune, n int) bool { return r == utf8.RuneError && n == 1 }

func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return appendUnit(appendUnit(dst, high), low)
	}
	return appendUnit(dst, r)
}

func appendUnit(dst []byte, u rune) []byte {
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[u>>12], hex[u>>8&0xf], hex[u>>4&0xf], hex[u&0xf])
}

// invisible reports whether r is a control character, a line or paragraph separator, or
// a character of formatting (Unicode Cc, Zl, Zp, Cf), or one that Unicode says to show
// as nothing (Default_Ignorable_Code_Point). Spaces are visible. A list is faster than
// the tables of package unicode, and the same on every Go version.
func invisible(r rune) bool {
	switch {
	case r < 0x300: // nearly always
		return r < ' ' || del <= r && r <= 0x9f || r == 0xad
	case r < 0x2000:
		return r == 0x34f || 0x600 <= r && r <= 0x605 || r == 0x61c || r == 0x6dd || r == 0x70f ||
			0x890 <= r && r <= 0x891 || r == 0x8e2 || 0x115f <= r && r <= 0x1160 ||
			0x17b4 <= r && r <= 0x17b5 || 0x180b <= r && r <= 0x180f
	case r < 0x3000:
		return 0x200b <= r && r <= 0x200f || 0x2028 <= r && r <= 0x202e || 0x2060 <= r && r <= 0x206f
	case r < 0x10000:
		return r == 0x3164 || 0xfe00 <= r && r <= 0xfe0f || r == 0xfeff || r == 0xffa0 || 0xfff0 <= r && r <= 0xfffb
	default:
		return r == 0x110bd || r == 0x110cd || 0x13430 <= r && r <= 0x1343f || 0x1bca0 <= r && r <= 0x1bca3 ||
			0x1d173 <= r && r <= 0x1d17a || 0xe0000 <= r && r <= 0xe0fff
	}
}
