// Package capture reads HTTP requests that somebody has captured: from a proxy, nc, a
// browser, or a recording of the gateway.
//
// It shows what was captured, and does not judge. It keeps what package http refuses or
// tidies up: repeated headers, bodies of another length than announced, line ends.
package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"unicode/utf16"
)

// MaxSize is the size in bytes of the largest capture that is read.
const MaxSize = 32 << 20

// ErrNotRequest is the error of [Read] for what does not look like an HTTP request, such
// as a body alone.
var ErrNotRequest = errors.New("capture: not an HTTP request")

// Header fields that a recording of the gateway has beside those of its request.
const (
	// FindingField has one thing that was found out about the request when it came.
	// Read moves it to Request.Notes.
	FindingField = "Accesshook-Finding"
	// MaskedField says what a recording has left out.
	MaskedField = "Accesshook-Masked"
	// RecordedField is when the request came, as RFC 3339 has it.
	RecordedField = "Accesshook-Recorded"
	// StatusField is the HTTP status that the request was answered with.
	StatusField = "Accesshook-Status"
	// ErrorField is why it was refused.
	ErrorField = "Accesshook-Error"
	// WarningField is one warning of its event.
	WarningField = "Accesshook-Warning"
)

// A Request is a captured HTTP request.
type Request struct {
	Method, Target, Proto string      // "" where it is not known
	Header                http.Header // canonical names, all values in order
	Names                 []string    // of header fields as they were written, in order, repeated ones too
	Body                  []byte
	Rest                  []byte   // what follows the body in the capture, such as a line end
	Notes                 []string // what a recording says was found out when the request came
	Oddities              []string // what is odd about the capture, without values
}

// Read reads one request in one of these forms:
//
//   - raw HTTP, with CRLF or LF line ends, with or without its request line;
//   - the lines of curl -v, which have no body;
//   - a recording of the gateway, which is raw HTTP;
//   - a HAR file with one request or one POST, or one entry of such a file.
//
// The error is [ErrNotRequest] for anything else. No error holds a header value, a query
// or a part of a body. Read reads at most [MaxSize] bytes.
func Read(r io.Reader) (*Request, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("capture: %w", err)
	case len(data) > MaxSize:
		return nil, fmt.Errorf("capture: more than %d bytes", MaxSize)
	}
	q := &Request{Header: make(http.Header)}
	data = q.plain(data)
	if begin := bytes.TrimLeft(data, " \t\r\n"); len(begin) > 0 && begin[0] == '{' {
		err = q.readHAR(begin)
	} else {
		err = q.readRaw(data)
	}
	if err != nil {
		return nil, err
	}
	return q, nil
}

// Body returns a request of which only the body, and perhaps some header fields, are
// known.
func Body(body []byte, header http.Header) *Request {
	q := &Request{Header: make(http.Header), Body: body}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			q.add(name, value)
		}
	}
	return q
}

// Values returns all values of a header field.
func (q *Request) Values(name string) []string { return q.Header.Values(name) }

func (q *Request) odd(format string, args ...any) {
	q.Oddities = append(q.Oddities, fmt.Sprintf(format, args...))
}

func (q *Request) add(name, value string) {
	if http.CanonicalHeaderKey(name) == FindingField {
		q.Notes = append(q.Notes, value)
		return
	}
	q.Names = append(q.Names, name)
	q.Header.Add(name, value)
}

// plain returns data in UTF-8 and without a byte order mark.
func (q *Request) plain(data []byte) []byte {
	if rest, ok := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); ok {
		q.odd("The file begins with a byte order mark, which an editor has added.")
		return rest
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return data
	}
	q.odd("The file is in UTF-16, as PowerShell writes it with >: bytes of the body may have been lost before.")
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, order.Uint16(data[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}
