package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHealth(t *testing.T) {
	p := startOpen(t)
	for method, want := range map[string]struct {
		status int
		body   string
		allow  string
	}{
		http.MethodGet:    {200, `{"status":"ok"}`, ""},
		http.MethodHead:   {200, "", ""},
		http.MethodPost:   {405, "Method Not Allowed\n", "GET, HEAD"},
		http.MethodDelete: {405, "Method Not Allowed\n", "GET, HEAD"},
	} {
		t.Run(method, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), method, p.url+"/healthz", nil)
			require.NoError(t, err)
			answer, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			assert.Equal(t, want.status, answer.StatusCode)
			assert.Equal(t, want.body, string(body))
			assert.Equal(t, want.allow, answer.Header.Get("Allow"))
		})
	}
}

func TestHealthDetails(t *testing.T) {
	began := time.Now()
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret", "LOGINRADIUS_SECRETS=canary-loginradius"})
	code, details := p.health(p.url)
	assert.Equal(t, 200, code)
	assert.Equal(t, "ok", details.Status)
	assert.WithinRange(t, details.Time, began, time.Now())
	assert.LessOrEqual(t, details.Uptime, time.Since(began).Seconds())
	if diff := cmp.Diff(map[string]endpointDetails{"relock": {}, "loginradius": {}}, details.Endpoints); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}

	require.Equal(t, 401, p.from("canary-wrong", "forged", "", ""))
	require.Equal(t, 200, p.from("canary-relock-secret", "genuine", "", ""))
	p.eventually("no last event", func() bool {
		_, details = p.health(p.url)
		return details.Endpoints["relock"].LastEvent != nil
	})
	assert.WithinRange(t, *details.Endpoints["relock"].LastEvent, began, time.Now())
	assert.Nil(t, details.Endpoints["loginradius"].LastEvent)
}

// health asks for the details.
func (p *process) health(url string) (code int, details healthDetails) {
	p.t.Helper()
	code, body := p.send(get(p.t, url+"/healthz"))
	require.NoError(p.t, json.Unmarshal([]byte(body), &details), "%s", body)
	return code, details
}

// startOpen starts a gateway that listens on all interfaces.
func startOpen(t *testing.T, args ...string) *process {
	t.Helper()
	p := newProcess(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, append([]string{"-addr", "0.0.0.0:0"}, args...)...)
	p.start()
	t.Cleanup(p.stop)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(p.url, "http://"))
	require.NoError(t, err)
	p.url = "http://127.0.0.1:" + port
	return p
}
