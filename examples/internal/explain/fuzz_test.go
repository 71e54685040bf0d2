package explain_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// FuzzQuick checks that every request is explained for every vendor, and that no report
// holds a secret, even if the request does.
func FuzzQuick(f *testing.F) {
	for _, seed := range []string{
		"POST /webhooks/relock HTTP/1.1\r\nX-Relock-Signature: sha256=" + hmacOf(secret, alert) + "\r\n\r\n" + alert,
		"POST / HTTP/1.1\r\nSignature: " + hmacOf(otherSecret, alert) + "\r\nSignature: x, y\r\nX-Timestamp: 1\r\nContent-Length: 3\r\n\r\n" + alert,
		"POST / HTTP/1.1\r\nAuthorization: Basic Z2F0ZTpjYW5hcnktcEBzc3dvcmQ=\r\nContent-Encoding: " + secret + "\r\n\r\n" + unlocked,
		"A: 1\r\nAccesshook-Masked: " + pair + "\r\nAccesshook-Finding: " + id + "\r\nX-Hmac: " + hmacOf(secret, "[]") + "\r\n\r\n[]",
		"A: 1\r\n\r\n" + notification(id),
		"Authorization: Basic Z2F0ZTpjYW5hcnktcEBzc3dvcmQ=\r\n\r\n" + `{"id":"canary-p@ssword\u001b","action":"` + id + `"}`,
		"A: 1\r\n\r\n" + `{"` + id + `":"x","` + secret + `":1,"5F0C8A2E 9D414B7E8C361A2B3C4D5E6F":"{` + id + `}","EventType":"` + pair + `","a":null,"EventTime":"` + id + `"}`,
		"A: 1\r\n\r\n" + `{"event":"` + secret + `","data":{"timestamp":{},"` + otherSecret + `":1e5,"b":[[]]}}`,
	} {
		f.Add([]byte(seed))
	}
	credentials := given("")
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := capture.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, v := range vendors.All {
			r := explain.Quick(v, q, credentials)
			assertConsistent(t, r)
			var b bytes.Buffer
			if err := r.Write(&b); err != nil {
				t.Error(err)
			}
			for _, hidden := range []string{secret, otherSecret, "canary-p@ssword", id, strings.ReplaceAll(id, "-", "")} {
				assertHidden(t, b.String(), hidden, string(q.Body))
			}
			explain.Guess(q)
		}
	})
}

func BenchmarkQuick(b *testing.B) {
	for name, q := range map[string]*capture.Request{
		"relock":      capture.Body([]byte(alert), http.Header{"X-Relock-Signature": {strings.Repeat("0", 64)}}),
		"loginradius": capture.Body([]byte(`{"a":"`+strings.Repeat("é", 1<<19)+`"}`), http.Header{"Signature": {strings.Repeat("0", 64)}}),
		"unloc":       capture.Body([]byte(unlocked), http.Header{"Authorization": {"Basic eDp5"}}),
		"userlock":    capture.Body([]byte(notification("x")), nil),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				explain.Quick(vendor(b, name), q, given(""))
			}
		})
	}
}
