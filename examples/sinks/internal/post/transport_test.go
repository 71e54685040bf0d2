package post_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/sinks/internal/post"
)

// A program may wrap the transport of package http, such as for traces.
func TestDefaultTransportIsReplaced(t *testing.T) {
	defer func(before http.RoundTripper) { http.DefaultTransport = before }(http.DefaultTransport)
	http.DefaultTransport = struct{ http.RoundTripper }{http.DefaultTransport}
	c, err := post.New(post.Config{Name: "test", URL: "https://siem.example.com"})
	require.NoError(t, err)
	c.Close()
}
