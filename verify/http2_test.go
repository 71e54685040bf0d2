package verify_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// Over HTTP/2 the answers are the same.
func TestHTTP2(t *testing.T) {
	hook := newEndpoint(t, verify.Config{BodyTimeout: 100 * time.Millisecond, MaxBody: 1000})
	server := httptest.NewUnstartedServer(hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { return nil })))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()

	slow, hold := io.Pipe()
	defer hold.Close()
	for name, c := range map[string]struct {
		body   io.Reader
		text   string
		status int
	}{
		"accepted":  {strings.NewReader("{}"), "{}", 200},
		"refused":   {strings.NewReader("{}"), "[]", 401},
		"too large": {strings.NewReader(strings.Repeat(" ", 1001)), "", 413},
		"slow":      {slow, "", 408},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodPost, server.URL, c.body)
			require.NoError(t, err)
			r.Header.Set(sigHeader, sign(testSecret, c.text))
			res, err := server.Client().Do(r)
			require.NoError(t, err)
			defer res.Body.Close()
			assert.Equal(t, 2, res.ProtoMajor)
			assert.Equal(t, c.status, res.StatusCode)
		})
	}
}
