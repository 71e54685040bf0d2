package page

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

func get(t *testing.T, p *Page, path string, header ...string) *http.Response {
	t.Helper()
	mux := http.NewServeMux()
	p.Register(mux)
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Result()
}

func TestAssets(t *testing.T) {
	p := New(Config{})
	html := get(t, p, "/")
	require.Equal(t, http.StatusOK, html.StatusCode)
	assert.Equal(t, "text/html; charset=utf-8", html.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", html.Header.Get("Cache-Control"))
	body, err := io.ReadAll(html.Body)
	require.NoError(t, err)

	// All that the page names is there, and nothing of it elsewhere.
	links := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(string(body), -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		path := link[1]
		if strings.HasPrefix(path, "#") || strings.HasPrefix(path, "?") {
			continue
		}
		require.True(t, strings.HasPrefix(path, "page/"), path)
		answer := get(t, p, "/"+path)
		assert.Equal(t, http.StatusOK, answer.StatusCode, path)
		assert.NotEmpty(t, answer.Header.Get("Content-Type"), path)
		assert.Equal(t, "no-cache", answer.Header.Get("Cache-Control"))
		again := get(t, p, "/"+path, "If-None-Match", answer.Header.Get("ETag"))
		assert.Equal(t, http.StatusNotModified, again.StatusCode, path)
	}
	for name, a := range p.assets {
		assert.NotEmpty(t, a.contentType, name)
	}
	assert.Equal(t, http.StatusNotFound, get(t, p, "/page/nothing.js").StatusCode)
	assert.Equal(t, http.StatusNotFound, get(t, p, "/nothing").StatusCode)
}

// TestNoInlineScriptOrStyle looks for what the policy would stop in a browser.
func TestNoInlineScriptOrStyle(t *testing.T) {
	html := string(New(Config{}).assets["index.html"].content)
	assert.NotRegexp(t, `<style|style=|\son[a-z]+=|javascript:|<script(?:>| [^>]*>\s*[^<\s])`, html)
	for name, a := range New(Config{}).assets {
		assert.NotRegexp(t, `innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|setAttribute\("style"`, string(a.content), name)
		assert.NotRegexp(t, `(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}/`, strings.ReplaceAll(string(a.content), "http://www.w3.org/2000/svg", ""), name)
	}
}

func TestHeaders(t *testing.T) {
	p := New(Config{})
	p.Close() // so that a stream ends
	for _, path := range []string{"/", "/page/main.js", "/page/nothing", "/events"} {
		h := get(t, p, path).Header
		assert.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
			"require-trusted-types-for 'script'; trusted-types 'none'", h.Get("Content-Security-Policy"), path)
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			assert.Equal(t, want, h.Get(name), "%s of %s", name, path)
		}
		for name := range h {
			assert.False(t, strings.HasPrefix(name, "Access-Control-"), "%s: other sites must not read %s", name, path)
		}
	}
}

func TestRequireToken(t *testing.T) {
	p := New(Config{})
	guarded := p.RequireToken(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	for name, c := range map[string]struct {
		method string
		header []string
		want   int
	}{
		"a program":                      {"DELETE", nil, 202},
		"reading":                        {"GET", []string{"Sec-Fetch-Site", "same-origin"}, 202},
		"a browser with the token":       {"DELETE", []string{"Origin", "http://127.0.0.1:8080", TokenHeader, p.token}, 202},
		"a browser without it":           {"DELETE", []string{"Origin", "http://127.0.0.1:8080"}, 403},
		"an origin that is null":         {"POST", []string{"Origin", "null"}, 403},
		"a browser that sends no origin": {"POST", []string{"Sec-Fetch-Mode", "no-cors"}, 403},
		"another token":                  {"POST", []string{"Origin", "null", TokenHeader, New(Config{}).token}, 403},
		"an empty token":                 {"POST", []string{"Origin", "null", TokenHeader, ""}, 403},
		"two tokens":                     {"POST", []string{"Origin", "null", TokenHeader, p.token, TokenHeader, p.token}, 403},
		"a method of somebody's own":     {"PURGE", []string{"Origin", "null"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/dead/6", nil)
			for i := 0; i < len(c.header); i += 2 {
				r.Header.Add(c.header[i], c.header[i+1])
			}
			w := httptest.NewRecorder()
			guarded.ServeHTTP(w, r)
			assert.Equal(t, c.want, w.Code)
			if w.Code == http.StatusForbidden {
				assert.JSONEq(t, `{"error":"the token of the page is missing or old: load the page again"}`, w.Body.String())
			}
		})
	}
}

func TestAddCostsLittle(t *testing.T) {
	p := New(Config{})
	e := &event.Event{Vendor: "relock"}
	line := []byte(`{}`)
	p.Add(e, line)
	assert.Zero(t, testing.AllocsPerRun(100, func() { p.Add(e, line) }))
}

func BenchmarkAdd(b *testing.B) {
	p := New(Config{})
	e := &event.Event{Vendor: "relock"}
	line := make([]byte, 1000)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p.Add(e, line)
		}
	})
}
