package server

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Only the number of slashes of a path below /webhooks is corrected.
func TestCleanPath(t *testing.T) {
	for target, want := range map[string]string{
		"/webhooks/relock":                        "/webhooks/relock",
		"//webhooks/relock":                       "/webhooks/relock",
		"///webhooks//relock?a=//b":               "/webhooks/relock?a=//b",
		"http://gateway//webhooks/relock":         "http://gateway/webhooks/relock",
		"//webhooks/relock/":                      "/webhooks/relock/",
		"/webhooks/relock//":                      "/webhooks/relock/",
		"//webhooks//../metrics":                  "/webhooks/../metrics", // which a ServeMux redirects
		"//metrics":                               "//metrics",
		"/dead//1":                                "/dead//1",
		"//":                                      "//",
		"//webhooks":                              "//webhooks",
		"//webhooksdead//1":                       "//webhooksdead//1",
		"/%77ebhooks//relock":                     "/%77ebhooks//relock",
		"/webhooks//%2e%2e/metrics":               "/webhooks//%2e%2e/metrics",
		"/webhooks/%2Frelock":                     "/webhooks/%2Frelock",
		"/webhooks//re%6Cock":                     "/webhooks//re%6Cock",
		"/webhooks//na%20me":                      "/webhooks/na%20me",
		"//webhooks/" + strings.Repeat("/", 1000): "/webhooks/",
	} {
		t.Run(target, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, target, nil)
			before := r.URL.String()
			CleanPath(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				assert.Equal(t, want, r.URL.String())
			})).ServeHTTP(httptest.NewRecorder(), r)
			assert.Equal(t, before, r.URL.String(), "the caller's request stays as it is")
		})
	}
}

func TestSenderThatJoinsURLsBadlyIsServed(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *gateway, n *network) {
		for _, path := range []string{" //webhooks/relock", " /webhooks//relock"} {
			request := strings.Replace(genuine(t, path), " /webhooks/relock", path, 1)
			assert.Equal(t, 200, n.dial("192.0.2.1").send(request).answer().StatusCode)
		}
	})
}

func TestNotFound(t *testing.T) {
	const logged = `level=WARN msg="no endpoint has this path" path=%s nearest=%s client=192.0.2.1` + "\n"
	for target, want := range map[string]string{
		"/webhooks/rellock":                      fmt.Sprintf(logged, "/webhooks/rellock", "/webhooks/relock"),
		"/webhooks/relock/":                      fmt.Sprintf(logged, "/webhooks/relock/", "/webhooks/relock"),
		"/webhooks/Unlocs":                       fmt.Sprintf(logged, "/webhooks/Unlocs", "/webhooks/unloc"),
		"/webhooks":                              fmt.Sprintf(logged, "/webhooks", "/webhooks/unloc"),
		"/webhooks/a%0A%E2%80%AEb?secret=canary": fmt.Sprintf(logged, "/webhooks/a%0A%E2%80%AEb", "/webhooks/relock"),
		"/webhooks/" + strings.Repeat("x", 9000): fmt.Sprintf(logged, "/webhooks/"+strings.Repeat("x", 190)+"…", "/webhooks/relock"),
		"/favicon.ico":                           "",
		"/webhooksrelock":                        "",
	} {
		var log strings.Builder
		s := New(Config{Handler: http.NotFoundHandler(), Log: slog.New(slog.NewTextHandler(&log, nil))})
		r, w := httptest.NewRequest(http.MethodPost, target, nil), httptest.NewRecorder()
		r.RemoteAddr = "192.0.2.1:4711"
		s.NotFound([]string{"/webhooks/relock", "/webhooks/unloc"}, nil).ServeHTTP(w, r)
		assert.Equal(t, 404, w.Code)
		body, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		assert.Equal(t, "404 page not found\n", string(body))
		assert.Equal(t, want, log.String()[strings.Index(log.String()+"level", "level"):])
	}
}

func TestNotFoundIsCountedAndSampled(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *gateway, n *network) {
		h := g.NotFound([]string{"/webhooks/relock"}, func(*http.Request) (netip.Addr, error) {
			return netip.MustParseAddr("2001:db8::1"), nil
		})
		for range 1000 {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/webhooks/rellock", nil))
		}
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
		assert.Equal(t, uint64(1001), g.Stats().UnknownPaths)
		assert.Equal(t, 100, strings.Count(g.log.String(), "client=2001:db8::1\n"))
	})
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"kitten", "sitting", 3}, {"ab", "ba", 2}, {"abcdef", "bcdef", 1},
	} {
		assert.Equal(t, test.want, distance(test.a, test.b), test)
	}
}
