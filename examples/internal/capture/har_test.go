package capture_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/internal/capture"
)

func harEntry(method, url, rest string) string {
	name, _ := json.Marshal(method)
	return fmt.Sprintf(`{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":%s,"url":%q,"httpVersion":"HTTP/1.1"%s},"response":{}}`, name, url, rest)
}

func har(entries ...string) string {
	return `{"log":{"version":"1.2","entries":[` + strings.Join(entries, ",") + `]}}`
}

func TestReadHAR(t *testing.T) {
	text := func(s string) string {
		quoted, _ := json.Marshal(s)
		return `,"postData":{"mimeType":"application/json","text":` + string(quoted) + `}`
	}
	post := capture.Request{Method: "POST", Target: "https://example.com/a?b", Proto: "HTTP/1.1", Header: http.Header{}, Body: []byte("{\r\n}")}
	with := func(change func(*capture.Request)) capture.Request {
		q := post
		change(&q)
		return q
	}
	url := post.Target
	for name, test := range map[string]struct {
		in   string
		want capture.Request
	}{
		"an entry": {harEntry("POST", url, text("{\r\n}")), post},
		"byte order mark": {"\ufeff\n" + harEntry("POST", url, text("{\r\n}")), with(func(q *capture.Request) {
			q.Oddities = []string{"The file begins with a byte order mark, which an editor has added."}
		})},
		"one in a file": {har(harEntry("PUT", url, text("{\r\n}"))), with(func(q *capture.Request) { q.Method = "PUT" })},
		"one POST":      {har(harEntry("GET", "https://example.com/", ""), harEntry("POST", url, text("{\r\n}")), harEntry("GET", url, "")), post},
		"base64":        {harEntry("POST", url, `,"postData":{"text":"ew0KfQ==","encoding":"base64"}`), post},
		"header": {
			harEntry("POST", url, `,"headers":[{"name":":authority","value":"example.com"},{"name":":path","value":"/a?b"},{"name":"signature","value":"x"},{"name":"Signature","value":"y\nz"},{"name":"","value":"?"},{"name":"content-length","value":"4"}]`+text("{\r\n}")),
			with(func(q *capture.Request) {
				q.Target = "/a?b"
				q.Header = http.Header{"Host": {"example.com"}, "Signature": {"x", "y", "z"}, "Content-Length": {"4"}}
				q.Names = []string{"Host", "signature", "Signature", "Signature", "content-length"}
				q.Oddities = []string{"A header field has no valid name and is left out."}
			}),
		},
		"no body": {harEntry("POST", url, ""), with(func(q *capture.Request) {
			q.Body, q.Oddities = nil, []string{"The HAR file has no body of the request."}
		})},
		"form": {harEntry("POST", url, `,"postData":{"text":"","params":[{"name":"a"}]}`), with(func(q *capture.Request) {
			q.Body, q.Oddities = nil, []string{"The HAR file has the body as parameters of a form and not as it was sent."}
		})},
		"another length": {harEntry("POST", url, `,"headers":[{"name":"Content-Length","value":"9"}]`+text("{\r\n}")), with(func(q *capture.Request) {
			q.Header, q.Names = http.Header{"Content-Length": {"9"}}, []string{"Content-Length"}
			q.Oddities = []string{"The body has 4 bytes, and Content-Length says otherwise: HAR has text, so a tool has changed what is not UTF-8."}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := capture.Read(strings.NewReader(test.in))
			require.NoError(t, err)
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadHARRefuses(t *testing.T) {
	for in, want := range map[string]string{
		har(): "capture: the HAR file has no request",
		har(harEntry("PUT", "https://user:canary@example.com/a?canary#canary", ""), harEntry("P\x1bOST", "/b;c", ""), `{}`): "capture: the HAR file has 2 requests. Keep the entry of one:\n" +
			"  PUT https://example.com/a\n" + `  P\x1bOST /b;c`,
		har(harEntry("POST", "a", `,"postData":{"text":"canary","encoding":"base64"}`)):                  "capture: the body of the HAR file is not base64",
		har(strings.Repeat("{},", 2000) + "{}"):                                                          "capture: a list of the HAR file has more than 2000 elements",
		har(harEntry("POST", "a", `,"headers":[`+strings.Repeat("{},", 2000)+`{}]`)):                     "capture: a list of the HAR file has more than 2000 elements",
		har(harEntry("POST", "a", `,"headers":[{"name":"A","value":"`+strings.Repeat(`\n`, 2000)+`"}]`)): "capture: a list of the HAR file has more than 2000 elements",
	} {
		_, err := capture.Read(strings.NewReader(in))
		assert.EqualError(t, err, want, "%.300s", in)
	}
	many := har(strings.TrimSuffix(strings.Repeat(harEntry("POST", "https://example.com/"+strings.Repeat("a", 500), "")+",", 30), ","))
	_, err := capture.Read(strings.NewReader(many))
	require.Error(t, err)
	assert.Equal(t, 21+1, strings.Count(err.Error(), "\n")+1)
	assert.Less(t, len(err.Error()), 6000)
}
