package capture

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// frame finds where the body ends in what follows the head.
func (q *Request) frame(rest []byte) {
	if codings := strings.ToLower(strings.Join(q.Header["Transfer-Encoding"], ",")); strings.HasSuffix(strings.TrimSpace(codings), "chunked") {
		q.frameChunks(rest)
		return
	}
	q.Body = rest
	lengths := q.Header["Content-Length"]
	if len(lengths) == 0 {
		return
	}
	n, err := strconv.ParseUint(lengths[0], 10, 63)
	if err != nil || slices.ContainsFunc(lengths, func(s string) bool { return s != lengths[0] }) {
		q.odd("Content-Length is not one number. Servers refuse that.")
		return
	}
	crlf := uint64(bytes.Count(rest, []byte("\r\n")))
	lf := uint64(bytes.Count(rest, []byte("\n"))) - crlf
	switch have := uint64(len(rest)); {
	case have == n:
	case have > n && !isLineEnd(rest[n:]) && (have-n == crlf || have-n == crlf+1 && bytes.HasSuffix(rest, []byte("\r\n"))):
		q.odd("The body has %d bytes, and Content-Length says %d: the difference is one for each CRLF in it, so its line ends were LF.", have, n)
	case have > n:
		q.Body, q.Rest = rest[:n:n], rest[n:]
		if isLineEnd(q.Rest) {
			q.odd("A line end follows the body, which an editor or a terminal has added. It does not count: Content-Length says %d.", n)
		} else {
			q.odd("%d bytes follow the body. They do not count: Content-Length says %d.", have-n, n)
		}
	case n-have == lf:
		q.odd("The body has %d bytes, and Content-Length says %d: the difference is one for each LF in it, so its line ends were CRLF.", have, n)
	default:
		q.odd("The body has %d bytes, and Content-Length says %d: the capture has lost a part of it, or another tool has changed it.", have, n)
	}
}

func isLineEnd(b []byte) bool { return string(b) == "\n" || string(b) == "\r\n" }

func (q *Request) frameChunks(data []byte) {
	body, rest, err := chunks(data)
	switch err {
	case nil:
		q.Body, q.Rest = body, rest
		q.odd("The body came in chunks, and has been put together.")
		if len(rest) > 0 && !isLineEnd(rest) {
			q.odd("%d bytes follow the last chunk. They do not count.", len(rest))
		}
	case errBrokenOff:
		q.Body = body
		q.odd("The body came in chunks, and the last ones are missing.")
	default:
		q.Body = data
		q.odd("The head says that the body came in chunks, and there are none: a tool has put it together, or has changed it.")
	}
}

type chunkError string

func (e chunkError) Error() string { return string(e) }

const (
	errBrokenOff = chunkError("broken off")
	errNoChunks  = chunkError("no chunks")
)

// chunks decodes a chunked body (RFC 9112, 7.1), with line ends of either kind.
func chunks(data []byte) (body, rest []byte, err error) {
	for rest = data; ; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimRight(size[:min(len(size), 32)], " \t\r")), 16, 31)
		switch {
		case !ended && len(body) > 0 && len(bytes.TrimSpace(line)) == 0:
			return body, nil, errBrokenOff
		case err != nil || !ended:
			return nil, nil, errNoChunks
		case n == 0:
			return body, afterTrailers(after), nil
		case uint64(len(after)) < n:
			return append(body, after...), nil, errBrokenOff
		}
		body = append(body, after[:n]...)
		after = bytes.TrimPrefix(after[n:], []byte("\r"))
		if len(after) > 0 && after[0] != '\n' {
			return nil, nil, errNoChunks
		}
		rest = bytes.TrimPrefix(after, []byte("\n"))
	}
}

// afterTrailers skips the fields that may follow the last chunk.
func afterTrailers(data []byte) []byte {
	for len(data) > 0 {
		line, after, _ := bytes.Cut(data, []byte("\n"))
		data = after
		if len(bytes.TrimRight(line, "\r")) == 0 {
			break
		}
	}
	return data
}
