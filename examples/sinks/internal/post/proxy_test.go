package post_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks/internal/post"
	"github.com/accesshook/accesshook/internal/secrettest"
)

// The password of a proxy is in the environment, and must not be in an error. Package http
// reads these variables once: no other test of this package may send a request earlier.
func TestProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("Proxy-Authorization"))
		http.Error(w, r.Header.Get("Proxy-Authorization"), http.StatusProxyAuthRequired)
	}))
	proxyURL := strings.Replace(proxy.URL, "http://", "http://user:canary-7355608@", 1)
	t.Setenv("HTTP_PROXY", proxyURL)
	t.Setenv("HTTPS_PROXY", proxyURL)
	t.Setenv("NO_PROXY", "")
	send := func(url string) error {
		c, err := post.New(post.Config{Name: "test", URL: url})
		require.NoError(t, err)
		defer c.Close()
		a, err := c.Post(t.Context(), nil, nil)
		if err == nil {
			err = c.Check(a)
		}
		require.Error(t, err)
		_, unavailable := event.IsUnavailable(err)
		assert.True(t, unavailable)
		secrettest.AssertHidden(t, err, "canary-7355608", "user:canary-7355608")
		return err
	}
	assert.EqualError(t, send("http://siem.example.com"), "test: siem.example.com answered 407 Proxy Authentication Required: check the credential")
	assert.EqualError(t, send("https://siem.example.com"), "test: siem.example.com did not answer properly")
	proxy.Close()
	assert.EqualError(t, send("http://siem.example.com"), "test: siem.example.com cannot be reached through the proxy")
	assert.EqualError(t, send("https://siem.example.com"), "test: siem.example.com cannot be reached through the proxy")
}
