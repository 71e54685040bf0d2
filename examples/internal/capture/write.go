package capture

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Write writes q as raw HTTP with its Notes as the first header fields, so that [Read]
// reads it again. The body is not chunked and has its Content-Length. Fields stand in the
// order of Names. Those that Names lacks follow in alphabetical order. Line ends in a value
// become spaces.
func (q *Request) Write(w io.Writer) error {
	var b bytes.Buffer
	if line := q.firstLine(); line != "" {
		b.WriteString(line + "\r\n")
	}
	field := func(name, value string) {
		if fieldName.MatchString(name) {
			fmt.Fprintf(&b, "%s: %s\r\n", name, oneLine(value))
		}
	}
	for _, note := range q.Notes {
		field(FindingField, note)
	}
	rest := maps.Clone(q.Header)
	delete(rest, "Content-Length")
	delete(rest, "Transfer-Encoding")
	for _, name := range q.Names {
		key := http.CanonicalHeaderKey(name)
		if values := rest[key]; len(values) > 0 {
			field(name, values[0])
			rest[key] = values[1:]
		}
	}
	for _, key := range slices.Sorted(maps.Keys(rest)) {
		for _, value := range rest[key] {
			field(key, value)
		}
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(q.Body))
	if _, err := w.Write(b.Bytes()); err != nil {
		return err
	}
	_, err := w.Write(q.Body)
	return err
}

// firstLine returns the request line, or "" if the method is not known.
func (q *Request) firstLine() string {
	if !fieldName.MatchString(q.Method) {
		return ""
	}
	target := strings.Join(strings.Fields(oneLine(q.Target)), "%20")
	line := fmt.Sprintf("%s %s %s", q.Method, cmp.Or(target, "/"), strings.ToUpper(oneLine(q.Proto)))
	if !requestLine.MatchString(line) || q.Proto == "" { // such as h2 in a HAR file
		line = fmt.Sprintf("%s %s HTTP/1.1", q.Method, cmp.Or(target, "/"))
	}
	return line
}

func oneLine(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c < ' ' || c == 0x7f {
			b[i] = ' '
		}
	}
	return string(bytes.TrimSpace(b))
}
