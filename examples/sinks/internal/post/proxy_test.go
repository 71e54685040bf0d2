package post_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks/internal/post"
	"github.com/accesshook/accesshook/internal/secrettest"
)

// TestMain sets the proxies of the environment, which package http reads once: one for http
// that wants a password, and one for https that is not there.
func TestMain(m *testing.M) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("Proxy-Authorization"))
		http.Error(w, r.Header.Get("Proxy-Authorization"), http.StatusProxyAuthRequired)
	}))
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, proxy := range map[string]*httptest.Server{"HTTP_PROXY": proxy, "HTTPS_PROXY": gone} {
		_ = os.Setenv(name, strings.Replace(proxy.URL, "http://", "http://user:canary-7355608@", 1))
	}
	for _, name := range []string{"NO_PROXY", "no_proxy", "REQUEST_METHOD"} {
		_ = os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

// The password of a proxy is in no error.
func TestProxy(t *testing.T) {
	for url, want := range map[string]string{
		"http://siem.example.com":  "test: siem.example.com answered 407 Proxy Authentication Required: check the credential",
		"https://siem.example.com": "test: siem.example.com cannot be reached through the proxy",
	} {
		c, err := post.New(post.Config{Name: "test", URL: url, Timeout: time.Minute})
		require.NoError(t, err)
		a, err := c.Post(t.Context(), nil, nil)
		if err == nil {
			err = c.Check(a)
		}
		require.EqualError(t, err, want)
		_, unavailable := event.IsUnavailable(err)
		assert.True(t, unavailable)
		secrettest.AssertHidden(t, err, "canary-7355608", "user:canary-7355608")
		c.Close()
	}
}
