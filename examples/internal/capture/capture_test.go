package capture_test

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/internal/capture"
)

const lineEnds = "Lines of the head end with LF alone. HTTP has CRLF, so a tool has changed line ends, perhaps those of the body too."

func TestReadRaw(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want capture.Request
	}{
		"CRLF": {
			"POST /webhooks/relock?a=b HTTP/1.1\r\nHost: example.com\r\ncontent-length: 7\r\nX-A:  1 \r\n\r\n{\r\n\"\"}\n",
			capture.Request{
				Method: "POST", Target: "/webhooks/relock?a=b", Proto: "HTTP/1.1",
				Header: http.Header{"Host": {"example.com"}, "Content-Length": {"7"}, "X-A": {"1"}},
				Names:  []string{"Host", "content-length", "X-A"},
				Body:   []byte("{\r\n\"\"}\n"),
			},
		},
		"repeated, in two spellings, and empty": {
			"POST / HTTP/1.1\r\nSignature: b\r\nsignature: a\r\nX-Empty:\r\n\r\n",
			capture.Request{
				Method: "POST", Target: "/", Proto: "HTTP/1.1",
				Header: http.Header{"Signature": {"b", "a"}, "X-Empty": {""}},
				Names:  []string{"Signature", "signature", "X-Empty"},
			},
		},
		"LF": {
			"POST / HTTP/1.1\nA: 1\n\n{}",
			capture.Request{
				Method: "POST", Target: "/", Proto: "HTTP/1.1",
				Header: http.Header{"A": {"1"}}, Names: []string{"A"}, Body: []byte("{}"),
				Oddities: []string{lineEnds},
			},
		},
		"empty lines before, absolute form": {
			"\r\n\nPOST http://example.com/a HTTP/1.0\r\n\r\n{}",
			capture.Request{
				Method: "POST", Target: "http://example.com/a", Proto: "HTTP/1.0",
				Header: http.Header{}, Body: []byte("{}"),
				Oddities: []string{"The file begins with an empty line."},
			},
		},
		"obsolete folding": {
			"POST / HTTP/1.1\r\n first\r\nA: 1\r\n\t2\r\n 3 \r\n\r\n",
			capture.Request{
				Method: "POST", Target: "/", Proto: "HTTP/1.1",
				Header: http.Header{"A": {"1 2 3"}}, Names: []string{"A"},
				Oddities: []string{
					"Line 2 continues no header field and is left out.",
					"Line 4 continues the header field before it. HTTP no longer allows that.",
					"Line 5 continues the header field before it. HTTP no longer allows that.",
				},
			},
		},
		"what servers refuse": {
			"POST / HTTP/1.1\r\nA : 1\r\nnonsense\r\nB: x\x00y\r\n(: c\r\n\r\n",
			capture.Request{
				Method: "POST", Target: "/", Proto: "HTTP/1.1",
				Header: http.Header{"A": {"1"}, "B": {"x\x00y"}}, Names: []string{"A", "B"},
				Oddities: []string{
					"Line 2 has a space before the colon. Servers refuse that.",
					"Line 3 is not a header field and is left out.",
					"Line 4 has a control character. Servers refuse that.",
					"Line 5 is not a header field and is left out.",
				},
			},
		},
		"HTTP/2, without a request line": {
			":method: POST\r\n:path: /a\r\n:authority: example.com\r\nsignature: x\r\n\r\n{}",
			capture.Request{
				Method: "POST", Target: "/a", Proto: "HTTP/2",
				Header: http.Header{"Host": {"example.com"}, "Signature": {"x"}},
				Names:  []string{"Host", "signature"}, Body: []byte("{}"),
			},
		},
		"header alone": {
			"signature: x\r\n\r\n{}",
			capture.Request{Header: http.Header{"Signature": {"x"}}, Names: []string{"signature"}, Body: []byte("{}")},
		},
		"no end of the head": {
			"POST /a\r\nA: 1",
			capture.Request{
				Method: "POST", Target: "/a", Header: http.Header{"A": {"1"}}, Names: []string{"A"},
				Oddities: []string{"No empty line ends the head, so there is no body."},
			},
		},
		"byte order mark": {
			"\ufeffPOST / HTTP/1.1\r\n\r\n{}",
			capture.Request{
				Method: "POST", Target: "/", Proto: "HTTP/1.1", Header: http.Header{}, Body: []byte("{}"),
				Oddities: []string{"The file begins with a byte order mark, which an editor has added."},
			},
		},
		"UTF-16": {
			utf16le("POST / HTTP/1.1\r\n\r\n{\"a\":\"é\"}"),
			capture.Request{
				Method: "POST", Target: "/", Proto: "HTTP/1.1", Header: http.Header{}, Body: []byte(`{"a":"é"}`),
				Oddities: []string{"The file is in UTF-16, as PowerShell writes it with >: bytes of the body may have been lost before."},
			},
		},
		"curl -v": {
			"* Connected to example.com\n> POST / HTTP/1.1\n> Host: example.com\n> \n* upload completely sent off: 2 bytes\n< HTTP/1.1 401 Unauthorized\n< A: 1\n",
			capture.Request{
				Method: "POST", Target: "/", Proto: "HTTP/1.1", Header: http.Header{"Host": {"example.com"}}, Names: []string{"Host"},
				Oddities: []string{"The lines are those of curl -v, which does not show the body."},
			},
		},
		"quoted": {
			"> POST / HTTP/1.1\n> A: 1\n>\n> {\n>  }\n",
			capture.Request{
				Method: "POST", Target: "/", Proto: "HTTP/1.1", Header: http.Header{"A": {"1"}}, Names: []string{"A"}, Body: []byte("{\r\n }"),
				Oddities: []string{"The lines were quoted with >, so the line ends of the body are not known."},
			},
		},
		"recording": {
			"POST / HTTP/1.1\r\nAccesshook-Recorded: 2026-01-02T03:04:05Z\r\nAccesshook-Finding: one\r\nAccesshook-Finding: two\r\n\r\n",
			capture.Request{
				Method: "POST", Target: "/", Proto: "HTTP/1.1", Header: http.Header{"Accesshook-Recorded": {"2026-01-02T03:04:05Z"}},
				Names: []string{"Accesshook-Recorded"}, Notes: []string{"one", "two"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := capture.Read(strings.NewReader(test.in))
			require.NoError(t, err)
			if len(got.Body) == 0 {
				got.Body = nil
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func utf16le(s string) string {
	out := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// Where the body ends.
func TestReadFramesTheBody(t *testing.T) {
	for name, test := range map[string]struct {
		field, rest string
		body, after string
		odd         string // "" if nothing is
	}{
		"exact":               {"Content-Length: 2", "{}", "{}", "", ""},
		"line feed":           {"Content-Length: 2", "{}\n", "{}", "\n", "A line end follows the body, which an editor or a terminal has added. It does not count: Content-Length says 2."},
		"CRLF":                {"Content-Length: 2", "{}\r\n", "{}", "\r\n", "A line end follows the body, which an editor or a terminal has added. It does not count: Content-Length says 2."},
		"the next request":    {"Content-Length: 2", "{}GET /", "{}", "GET /", "5 bytes follow the body. They do not count: Content-Length says 2."},
		"part":                {"Content-Length: 9", "{}", "{}", "", "The body has 2 bytes, and Content-Length says 9: the capture has lost a part of it, or another tool has changed it."},
		"LF for CRLF":         {"Content-Length: 6", "{\n\n}", "{\n\n}", "", "The body has 4 bytes, and Content-Length says 6: the difference is one for each LF in it, so its line ends were CRLF."},
		"CRLF for LF":         {"Content-Length: 4", "{\r\n\r\n}", "{\r\n\r\n}", "", "The body has 6 bytes, and Content-Length says 4: the difference is one for each CRLF in it, so its line ends were LF."},
		"CRLF for LF, and 1":  {"Content-Length: 4", "{\r\n\r\n}\r\n", "{\r\n\r\n}\r\n", "", "The body has 8 bytes, and Content-Length says 4: the difference is one for each CRLF in it, so its line ends were LF."},
		"repeated":            {"Content-Length: 2\r\nContent-Length: 2", "{}\n", "{}", "\n", "A line end follows the body, which an editor or a terminal has added. It does not count: Content-Length says 2."},
		"two":                 {"Content-Length: 2\r\nContent-Length: 3", "{}\n", "{}\n", "", "Content-Length is not one number. Servers refuse that."},
		"no number":           {"Content-Length: -1", "{}\n", "{}\n", "", "Content-Length is not one number. Servers refuse that."},
		"none":                {"A: 1", "{}\n", "{}\n", "", ""},
		"chunks":              {"Transfer-Encoding: gzip, Chunked\r\nContent-Length: 3", "1;a=b\r\n{\r\n01 \r\n}\r\n0\r\nT: 1\r\n\r\n", "{}", "", "The body came in chunks, and has been put together."},
		"chunks with LF":      {"Transfer-Encoding: chunked", "2\n{}\n0\n\n\n", "{}", "\n", "The body came in chunks, and has been put together."},
		"chunks broken off":   {"Transfer-Encoding: chunked", "5\r\n{}", "{}", "", "The body came in chunks, and the last ones are missing."},
		"no last chunk":       {"Transfer-Encoding: chunked", "2\r\n{}\r\n", "{}", "", "The body came in chunks, and the last ones are missing."},
		"chunks of one more":  {"Transfer-Encoding: chunked", "2\r\n{ }\r\n0\r\n\r\n", "2\r\n{ }\r\n0\r\n\r\n", "", "The head says that the body came in chunks, and there are none: a tool has put it together, or has changed it."},
		"chunks put together": {"Transfer-Encoding: chunked", "{}", "{}", "", "The head says that the body came in chunks, and there are none: a tool has put it together, or has changed it."},
		"huge chunk":          {"Transfer-Encoding: chunked", "7fffffffffffffff\r\n{}", "7fffffffffffffff\r\n{}", "", "The head says that the body came in chunks, and there are none: a tool has put it together, or has changed it."},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := capture.Read(strings.NewReader("POST / HTTP/1.1\r\n" + test.field + "\r\n\r\n" + test.rest))
			require.NoError(t, err)
			assert.Equal(t, test.body, string(got.Body))
			assert.Equal(t, test.after, string(got.Rest))
			assert.Equal(t, test.odd, strings.Join(got.Oddities, "\n"))
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "capture: not an HTTP request",
		"\r\n":                    "capture: not an HTTP request",
		"hello":                   "capture: not an HTTP request",
		"hello world":             "capture: not an HTTP request",
		" a: 1\nb: 2\n":           "capture: not an HTTP request",
		"a: 1\nb\n\n":             "capture: not an HTTP request",
		`["a"]`:                   "capture: not an HTTP request",
		`{"event":"a","data":{}`:  "capture: not an HTTP request",
		`{"event":"a"}`:           "capture: not an HTTP request",
		`{"log":null}`:            "capture: not an HTTP request",
		`{"log":"a"}`:             "capture: not an HTTP request",
		"> no request":            "capture: not an HTTP request",
		"HTTP/1.1 200 OK\r\n\r\n": "capture: a response, not a request",
		"POST / HTTP/1.1\r\n" + strings.Repeat("a: 1\r\n", 2001):       "capture: the head has more than 2000 lines or 1048576 bytes",
		"POST / HTTP/1.1\r\na: " + strings.Repeat("1", 1<<20) + "\r\n": "capture: the head has more than 2000 lines or 1048576 bytes",
		strings.Repeat("a", capture.MaxSize+1):                         "capture: more than 33554432 bytes",
	} {
		_, err := capture.Read(strings.NewReader(in))
		assert.EqualError(t, err, want, "%.40q", in)
	}
	_, err := capture.Read(strings.NewReader(`{"event":"a"}`))
	assert.ErrorIs(t, err, capture.ErrNotRequest)
	_, err = capture.Read(failing{})
	assert.ErrorIs(t, err, os.ErrClosed)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, os.ErrClosed }

func TestBody(t *testing.T) {
	got := capture.Body([]byte("{}"), http.Header{"signature": {"a", "b"}, "A": {"1"}})
	want := &capture.Request{
		Header: http.Header{"Signature": {"a", "b"}, "A": {"1"}},
		Names:  []string{"A", "signature", "signature"}, Body: []byte("{}"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	assert.Empty(t, capture.Body(nil, nil).Names)
}

// What is written is read as it was.
func TestWrite(t *testing.T) {
	for name, q := range map[string]*capture.Request{
		"all": {
			Method: "POST", Target: "/a?b", Proto: "HTTP/1.1",
			Header: http.Header{"Signature": {"b", "a"}, "X-A": {""}, "Host": {"example.com"}, "Accesshook-Masked": {"body"}, "X-Latin": {"\xe9"}},
			Names:  []string{"Host", "signature", "X-A", "SIGNATURE", "Accesshook-Masked", "X-Latin"},
			Body:   []byte("{\r\n}\n\n"), Notes: []string{"one", "two: three"},
		},
		"as a server has it": {Method: "POST", Target: "/", Proto: "HTTP/1.1", Header: http.Header{"B": {"1", "2"}, "A": {"3"}}},
		"body alone":         {Header: http.Header{}, Body: []byte("a: b\r\n\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, q.Write(&b))
			got, err := capture.Read(&b)
			require.NoError(t, err)
			assert.Empty(t, got.Oddities)
			assert.Equal(t, q.Notes, got.Notes)
			assert.Equal(t, string(q.Body), string(got.Body))
			assert.Equal(t, [3]string{q.Method, q.Target, q.Proto}, [3]string{got.Method, got.Target, got.Proto})
			got.Header.Del("Content-Length")
			assert.Equal(t, q.Header, got.Header)
			if q.Names != nil {
				assert.Equal(t, append(q.Names, "Content-Length"), got.Names)
			}
		})
	}
}

// Nothing in a value ends its line, and the framing is that of the body.
func TestWriteHostile(t *testing.T) {
	q := &capture.Request{
		Method: "POST", Target: "/ HTTP/1.1\r\nA: 1", Proto: "h2\r\n",
		Header: http.Header{
			"Signature": {"a\r\n\r\n{}", "b\nAccesshook-Finding: forged"}, "Transfer-Encoding": {"chunked"}, "Content-Length": {"99", "1"},
			"Bad\r\nName": {"1"}, "": {"2"},
		},
		Names: []string{"Bad\r\nName", "signature", "unknown", "signature", "signature", "content-length"},
		Notes: []string{"x\ny"}, Body: []byte("{}"),
	}
	var b bytes.Buffer
	require.NoError(t, q.Write(&b))
	assert.Equal(t, "POST /%20HTTP/1.1%20A:%201 HTTP/1.1\r\n"+
		"Accesshook-Finding: x y\r\n"+
		"signature: a    {}\r\nsignature: b Accesshook-Finding: forged\r\n"+
		"Content-Length: 2\r\n\r\n{}", b.String())

	q = &capture.Request{Method: "POST /\r\n", Target: "/"}
	b.Reset()
	require.NoError(t, q.Write(&b))
	assert.Equal(t, "Content-Length: 0\r\n\r\n", b.String())
}

// With its output in a file, curl also shows its progress.
func TestCurlMeter(t *testing.T) {
	q, err := capture.Read(strings.NewReader("  % Total    % Received % Xferd  Average Speed   Time\n" +
		"                                 Dload  Upload   Total   Spent\n\r" +
		"  0     0    0     0    0     0      0      0 --:--:--\r  0     0    0     0    0     0      0      0 --:--:--*   Trying 127.0.0.1:80...\n" +
		"* Connected\n> POST /x HTTP/1.1\r\n> Host: h\r\n> \r\n} [20 bytes data]\n"))
	require.NoError(t, err)
	assert.Equal(t, "POST", q.Method)
	assert.Equal(t, "h", q.Header.Get("Host"))
}
