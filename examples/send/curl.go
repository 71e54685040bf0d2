package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// writeCommands writes a curl command for each request.
func writeCommands(w io.Writer, s *settings) error {
	for i := range s.count {
		d, err := s.next(s.chosen[i%len(s.chosen)])
		if err != nil {
			return err
		}
		for range s.times() {
			if _, err := io.WriteString(w, curl(d, s.ca)+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxArgument is the largest body that is an argument of curl. Linux allows 128 KiB.
const maxArgument = 64 << 10

// curl returns a command for a POSIX shell that sends d, trusting the authorities in a
// file, or if it is empty those of the system.
func curl(d delivery, authorities string) string {
	var b strings.Builder
	body := string(d.body)
	inArgument := len(body) <= maxArgument && isPrintable(body)
	if !inArgument { // printf is in the shell itself, and may have longer arguments
		b.WriteString("printf " + format(body) + " | ")
	}
	b.WriteString(`curl -sS -i -w '\n' --globoff`)
	if authorities != "" {
		b.WriteString(" --cacert " + quote(authorities))
	}
	for _, name := range slices.Sorted(maps.Keys(d.header)) {
		for _, value := range d.header[name] {
			b.WriteString(" -H " + quote(name+": "+value))
		}
	}
	if inArgument {
		b.WriteString(" --data-raw " + quote(body))
	} else {
		b.WriteString(" --data-binary @-")
	}
	return b.String() + " " + quote(d.url)
}

// quote returns a word of a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// isPrintable reports whether s can be seen and pasted as it is. A carriage return, a tab or
// a NUL byte could not.
func isPrintable(s string) bool {
	for i, r := range s {
		if r != '\n' && !unicode.IsPrint(r) {
			return false
		}
		if _, size := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
			return false
		}
	}
	return true
}

// format returns s as a word that the shell's printf prints as s.
func format(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\' || c == '%':
			b.WriteByte(c)
			b.WriteByte(c)
		case ' ' <= c && c <= '~' && (c != '-' || i > 0): // "-" would begin an option
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return quote(b.String())
}
