package explain_test

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

// Explain says what an endpoint says, whatever has become of a request, and its steps say
// so too.
func TestAgreesWithEndpoint(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, v := range vendors.All {
		t.Run(v.Name, func(t *testing.T) {
			credentials := given("")
			endpoint, err := v.New(credentials[v.Name], verify.Config{Logger: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			server := endpoint.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { return nil }))
			payloads := v.Payloads(time.Now())
			accepted := 0
			const rounds = 200
			for range rounds {
				r, err := v.Request(t.Context(), "http://example.com"+v.Path(), credentials[v.Name], payloads[random.IntN(len(payloads))])
				require.NoError(t, err)
				var b bytes.Buffer
				_, err = b.ReadFrom(r.Body)
				require.NoError(t, err)
				q := capture.Body(b.Bytes(), r.Header)
				q.Method, q.Target = r.Method, r.URL.Path
				for range random.IntN(3) {
					mutate(random, q)
				}
				report := explain.Quick(v, q, credentials)
				assertConsistent(t, report)

				w := httptest.NewRecorder()
				again := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(q.Body))
				again.Method, again.Header = q.Method, q.Header.Clone()
				server.ServeHTTP(w, again)
				if !assert.Equal(t, w.Code == http.StatusOK, report.Accepted, "%d\n%+v\n%+v", w.Code, report, q) {
					return
				}
				if report.Accepted {
					accepted++
				} else {
					assert.NotEmpty(t, report.Cause+report.Advice, "%+v", report)
				}
			}
			assert.Greater(t, accepted, rounds/5)
			assert.Less(t, accepted, rounds*9/10)
		})
	}
}

// mutate changes a request as tools, proxies and attackers do.
func mutate(random *rand.Rand, q *capture.Request) {
	pick := func(all ...string) string { return all[random.IntN(len(all))] }
	q.Body = slices.Clone(q.Body)
	at := random.IntN(len(q.Body) + 1)
	header := pick("X-Relock-Signature", "Signature", "Authorization", "Content-Encoding", "Content-Type")
	values := q.Header[header]
	switch random.IntN(14) {
	case 0:
		q.Method = pick("GET", "PUT", "post", "")
		if q.Method == "" {
			q.Method = http.MethodPost
		}
	case 1:
		q.Body = append(q.Body, pick("\n", "\r\n", " ", "}", "\x00", strings.Repeat(" ", 1<<16))...)
	case 2:
		q.Body = append([]byte(pick("\ufeff", " ", "[", "\xff")), q.Body...)
	case 3:
		q.Body = q.Body[:at]
	case 4:
		if at < len(q.Body) {
			q.Body[at] ^= 1 << random.IntN(8)
		}
	case 5:
		q.Body = bytes.ReplaceAll(q.Body, []byte(pick("/", "-", `"`, ":")), []byte(pick(`\/`, "_", "'", ": ")))
	case 6:
		delete(q.Header, header)
	case 7:
		q.Header[header] = append(slices.Clone(values), pick("", "x", "identity", "gzip"))
	case 8:
		q.Header[header] = append(slices.Clone(values), values...)
	case 9:
		q.Header[header] = []string{pick("", " ", "identity,", "gzip", "Basic", "Basic Og==", "basic  x", strings.Repeat("0", 64))}
	case 10, 11:
		for i := range values {
			q.Header[header][i] = pick(strings.ToUpper(values[i]), strings.ToLower(values[i]), values[i]+" ", "sha256="+values[i], strings.Replace(values[i], " ", "\t", 1), values[i]+",")
		}
	case 12:
		q.Body = []byte(strings.ReplaceAll(string(q.Body), id, pick("{"+strings.ToUpper(id)+"}", strings.ReplaceAll(id, "-", ""), "x"+id, " "+id)))
	case 13:
		q.Body = []byte(`{"x":` + pick("1", `{}`, `"`+id+`"`, strings.Repeat("[", 70)+strings.Repeat("]", 70)) + "," + strings.TrimPrefix(string(q.Body), "{"))
	}
}
