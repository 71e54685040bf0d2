//go:build unix

package siemtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// What the gateway writes to standard output with -format ecs comes into the store as JSON
// lines. They are compared with the CloudEvents that it forwards.
func TestLines(t *testing.T) {
	v := startVictoriaLogs(t)
	forwarded := startService(t)
	g := gatewaytest.Start(t, nil, "-demo", "-demo-fast", "-queue", "100", "-format", "ecs", "-forward", forwarded.URL)
	g.Eventually("lines on standard output", func() bool { return strings.Count(g.Stdout.String(), "\n") == demoEvents })
	g.Eventually("CloudEvents at the service", func() bool { return len(forwarded.events()) >= demoEvents })

	lines := &way{name: "lines", read: ecsFact(""), user: ecsUser}
	answer, err := http.Post(v.insert("/insert/jsonline", lines.name, "_time_field", "@timestamp", "_msg_field", "message"),
		"application/stream+json", strings.NewReader(g.Stdout.String()))
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	lines.requireStored(t, v, forwarded.events())
}

// A service takes CloudEvents over HTTP.
type service struct {
	*httptest.Server
	t     *testing.T
	mu    sync.Mutex
	taken []*event.Event
}

func startService(t *testing.T) *service {
	t.Helper()
	s := &service{t: t}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *service) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	assert.NoError(s.t, err)
	e, err := cloudevent.Decode(body, gatewaytest.Payloads)
	if !assert.NoError(s.t, err, "%s", body) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, e)
}

func (s *service) events() []*event.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[:len(s.taken):len(s.taken)]
}
