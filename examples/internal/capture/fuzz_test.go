package capture_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/internal/capture"
)

// FuzzRead checks that Read does not fail in other ways than with an error, and that what
// it has read is written so that it reads the same.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"POST /a HTTP/1.1\r\nHost: example.com\r\nA: 1\r\n 2\r\nContent-Length: 3\r\n\r\n{}\n",
		"\nPOST / HTTP/1.1\nTransfer-Encoding: chunked\n\n2\n{}\n0\n\n",
		":method: POST\r\n:authority: a\r\nx : y\r\nz\r\n\r\n",
		"* a\n> POST / HTTP/1.1\n> A: 1\n>\n* b\n",
		"> POST / HTTP/1.1\n>\n> {}\n",
		"POST / HTTP/1.1\r\nAccesshook-Finding: a\r\nAccesshook-Masked: b\r\n\r\n",
		har(harEntry("POST", "https://example.com/", `,"headers":[{"name":":path","value":"/"},{"name":"a","value":"b\nc"}],"postData":{"text":"e30=","encoding":"base64"}`)),
		har(harEntry("GET", "/", ""), harEntry("GET", "/", "")),
		utf16le("POST / HTTP/1.1\r\n\r\n{}"),
		"\ufeffA: 1\n\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := capture.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		once := written(t, q)
		again, err := capture.Read(bytes.NewReader(once))
		require.NoError(t, err)
		require.Equal(t, string(q.Body), string(again.Body))
		if diff := cmp.Diff(string(once), string(written(t, again))); diff != "" {
			t.Errorf("(-once +twice):\n%s", diff)
		}
	})
}

func written(t *testing.T, q *capture.Request) []byte {
	var b bytes.Buffer
	require.NoError(t, q.Write(&b))
	return b.Bytes()
}
