package capture

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Bounds of the head of a request. A server of package http takes 1 MiB.
const (
	maxHead   = 1 << 20
	maxFields = 2000
)

// readRaw reads raw HTTP.
func (q *Request) readRaw(data []byte) error {
	if begin := bytes.TrimLeft(data, "\r\n"); len(begin) < len(data) {
		q.odd("The file begins with an empty line.")
		data = begin
	}
	if unquoted, ok := q.unquote(data); ok {
		data = unquoted
	}
	lines, rest, whole, err := q.head(data)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return ErrNotRequest
	}
	at := 1 // number of the line
	if q.requestLine(string(lines[0])) {
		lines, at = lines[1:], 2
	} else if strings.HasPrefix(string(lines[0]), "HTTP/") {
		return errors.New("capture: a response, not a request")
	} else if slices.ContainsFunc(lines, func(line []byte) bool { return !fieldLine.Match(line) }) {
		return ErrNotRequest
	}
	for i, line := range lines {
		q.field(string(line), at+i)
	}
	if !whole {
		q.odd("No empty line ends the head, so there is no body.")
	}
	q.frame(rest)
	return nil
}

// head returns the lines before the first empty one, and what follows it.
func (q *Request) head(data []byte) (lines [][]byte, rest []byte, whole bool, err error) {
	bare := 0
	for rest = data; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		line, cr := bytes.CutSuffix(line, []byte("\r"))
		if ended && !cr {
			bare++
		}
		rest = after
		if whole = len(line) == 0; whole {
			break
		}
		if lines = append(lines, line); len(lines) == 1 && !firstLine.Match(line[:min(len(line), maxHead)]) {
			return nil, nil, false, ErrNotRequest
		}
		if len(lines) > maxFields || len(data)-len(rest) > maxHead {
			return nil, nil, false, fmt.Errorf("capture: the head has more than %d lines or %d bytes", maxFields, maxHead)
		}
	}
	if bare > 0 {
		q.odd("Lines of the head end with LF alone. HTTP has CRLF, so a tool has changed line ends, perhaps those of the body too.")
	}
	return lines, rest, whole, nil
}

var (
	requestLine = regexp.MustCompile(`^([!#$%&'*+.^_|~0-9A-Za-z-]+) +(\S.*?) +(HTTP/[0-9](?:\.[0-9])?) *$|^([A-Z]+) +(/\S*|https?://\S+) *$`)
	firstLine   = regexp.MustCompile(`^:?[!#$%&'*+.^_|~0-9A-Za-z-]+(?:[ \t]*:| +\S)|^HTTP/`)
	fieldLine   = regexp.MustCompile(`^[ \t]|^:?[!#$%&'*+.^_|~0-9A-Za-z-]+[ \t]*:`)
	fieldName   = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z-]+$`)
)

func (q *Request) requestLine(line string) bool {
	m := requestLine.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	q.Method, q.Target, q.Proto = m[1]+m[4], m[2]+m[5], m[3]
	return true
}

// field reads a line of the head.
func (q *Request) field(line string, at int) {
	if line[0] == ' ' || line[0] == '\t' {
		q.fold(strings.Trim(line, " \t"), at)
		return
	}
	if q.pseudo(line) {
		return
	}
	name, value, ok := strings.Cut(line, ":")
	trimmed := strings.TrimRight(name, " \t")
	if !ok || !fieldName.MatchString(trimmed) {
		q.odd("Line %d is not a header field and is left out.", at)
		return
	}
	if trimmed != name {
		q.odd("Line %d has a space before the colon. Servers refuse that.", at)
	}
	value = strings.Trim(value, " \t")
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		q.odd("Line %d has a control character. Servers refuse that.", at)
	}
	q.add(trimmed, value)
}

// fold adds a line to the field before (RFC 9112, 5.2).
func (q *Request) fold(text string, at int) {
	if len(q.Names) == 0 {
		q.odd("Line %d continues no header field and is left out.", at)
		return
	}
	q.odd("Line %d continues the header field before it. HTTP no longer allows that.", at)
	values := q.Header.Values(q.Names[len(q.Names)-1])
	last := len(values) - 1
	values[last] = strings.Trim(values[last]+" "+text, " ")
}

// pseudo reads a field of HTTP/2 whose name begins with a colon.
func (q *Request) pseudo(line string) bool {
	if line[0] != ':' {
		return false
	}
	name, value, _ := strings.Cut(line[1:], ":")
	value = strings.Trim(value, " \t")
	switch name {
	case "method":
		q.Method = value
	case "path":
		q.Target = value
	case "authority":
		if len(q.Header["Host"]) == 0 {
			q.add("Host", value)
		}
	}
	if q.Proto == "" {
		q.Proto = "HTTP/2"
	}
	return true
}

// unquote takes the lines that begin with ">" out of what curl -v shows, or a mail
// quotes.
func (q *Request) unquote(data []byte) ([]byte, bool) {
	var out []byte
	found := false
	for rest := data; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		rest = after
		text, quoted := bytes.CutPrefix(bytes.TrimSuffix(line, []byte("\r")), []byte(">"))
		text = bytes.TrimPrefix(text, []byte(" "))
		switch {
		case quoted && !found && !requestLine.Match(text):
			return nil, false
		case quoted:
			found = true
			out = append(append(out, text...), "\r\n"...)
		case !found && !isCurl(line):
			return nil, false
		}
	}
	if !found {
		return nil, false
	}
	if out = bytes.TrimSuffix(out, []byte("\r\n")); bytes.Contains(out, []byte("\r\n\r\n")) {
		q.odd("The lines were quoted with >, so the line ends of the body are not known.")
	} else {
		q.odd("The lines are those of curl -v, which does not show the body.")
		out = append(bytes.TrimSuffix(out, []byte("\r\n")), "\r\n\r\n"...)
	}
	return out, true
}

// curlMeter matches what curl shows of its progress if the answer goes to a file.
var curlMeter = regexp.MustCompile(`^ +(?:% Total|Dload|[0-9]+ +[0-9])|^\r`)

// isCurl reports whether curl -v adds such lines to those of the request.
func isCurl(line []byte) bool {
	return len(bytes.Trim(line, "\r")) == 0 || curlMeter.Match(line) || slices.ContainsFunc([]string{"* ", "{ [", "} [", "< "},
		func(prefix string) bool { return bytes.HasPrefix(line, []byte(prefix)) })
}
