package cef

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

// A line is one that is being written.
type line struct {
	b         []byte
	extension bool // has begun
}

// field writes a field of the header.
func (l *line) field(s string, longest int) {
	if !isPlain(s, longest) {
		s = cut(jsonappend.Visible(cut(s, longest)), longest)
	}
	l.b = append(appendEscaped(l.b, s, '|'), '|')
}

// key begins a value of the extension.
func (l *line) key(name string) {
	if l.extension {
		l.b = append(l.b, ' ')
	}
	l.extension = true
	l.b = append(l.b, name...)
	l.b = append(l.b, '=')
}

// text writes a value without spaces at its ends, and reports whether there is one.
func (l *line) text(name, s string, longest int) bool {
	if s == "" {
		return false
	}
	if isPlain(s, longest) && s[0] != ' ' && s[len(s)-1] != ' ' {
		l.key(name)
		l.b = append(l.b, s...)
		return true
	}
	s = cut(visible(cut(strings.TrimLeft(s, " "), longest)), longest)
	if s = strings.TrimRight(s, " "); s == "" {
		return false
	}
	l.key(name)
	l.b = appendEscaped(l.b, s, '=')
	return true
}

// isPlain reports whether s is nothing but visible characters of ASCII that need no escape,
// and not longer than longest. That is so nearly always, and takes little time.
func isPlain(s string, longest int) bool {
	for i := range len(s) {
		if !plain[s[i]] {
			return false
		}
	}
	return len(s) <= longest
}

var plain = func() (plain [256]bool) {
	for c := ' '; c <= '~'; c++ {
		plain[c] = !strings.ContainsRune(`\=|`, c)
	}
	return plain
}()

// labelled writes a custom field and what it means.
func (l *line) labelled(name, label, meaning, s string) {
	const longest = 4000
	if l.text(name, s, longest) {
		l.text(label, meaning, longest)
	}
}

// time writes a time in milliseconds, unless it is zero.
func (l *line) time(name string, t time.Time) {
	if !t.IsZero() {
		l.key(name)
		l.b = strconv.AppendInt(l.b, t.UnixMilli(), 10)
	}
}

func (l *line) address(name string, a netip.Addr) {
	l.key(name)
	l.b = a.AppendTo(l.b)
}

// visible returns s with escapes for invisible characters, but for line ends.
func visible(s string) string {
	i := strings.IndexAny(s, "\r\n")
	if i < 0 {
		return jsonappend.Visible(s)
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexAny(s, "\r\n") {
		b.WriteString(jsonappend.Visible(s[:i]))
		b.WriteByte(s[i])
		s = s[i+1:]
	}
	b.WriteString(jsonappend.Visible(s))
	return b.String()
}

// appendEscaped appends s with a backslash before each backslash and mark, and with escapes
// for line ends.
func appendEscaped(dst []byte, s string, mark byte) []byte {
	from := 0
	for i := range len(s) {
		switch c := s[i]; c {
		case '\\', mark:
			dst = append(append(dst, s[from:i]...), '\\')
			from = i
		case '\n':
			dst = append(append(dst, s[from:i]...), `\n`...)
			from = i + 1
		case '\r':
			dst = append(append(dst, s[from:i]...), `\r`...)
			from = i + 1
		}
	}
	return append(dst, s[from:]...)
}

// cut returns at most the first n characters of s.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
