package main_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

func TestMetrics(t *testing.T) {
	began := time.Now()
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=canary-relock-secret", "LOGINRADIUS_SECRETS=canary-loginradius"})
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_requests_total{endpoint="relock",status="200"}`: 0,
		`accesshook_duplicates_total{endpoint="loginradius"}`:       0,
		`accesshook_unhandled_total`:                                0,
	})
	before, _ := p.Metrics(p.URL)
	assert.NotContains(t, before, `accesshook_last_event_timestamp_seconds{endpoint="relock"}`)

	for range 3 {
		status, _ := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1"}))
		require.Equal(t, 200, status)
	}
	require.Equal(t, 200, p.From("canary-relock-secret", "alert", "", ""))
	for i := range 4 {
		require.Equal(t, 401, p.From("canary-wrong", fmt.Sprint("forged ", i), "", ""))
	}
	status, _ := p.Send(gatewaytest.Get(t, p.URL+"/webhooks/loginradius"))
	require.Equal(t, 405, status)

	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_requests_total{endpoint="relock",status="200"}`:      4,
		`accesshook_requests_total{endpoint="relock",status="401"}`:      4,
		`accesshook_rejected_total{endpoint="relock",status="401"}`:      4,
		`accesshook_rejected_total{endpoint="loginradius",status="405"}`: 1,
		`accesshook_events_total{type="session.ended",vendor="relock"}`:  3,
		`accesshook_events_total{type="security.alert",vendor="relock"}`: 1,
		`accesshook_duplicates_total{endpoint="relock"}`:                 2,
		`accesshook_request_seconds_count{endpoint="relock"}`:            4,
		`accesshook_handler_seconds_count{vendor="relock"}`:              2,
		`accesshook_unhandled_total`:                                     0,
	})
	after, text := p.Metrics(p.URL)
	last := after[`accesshook_last_event_timestamp_seconds{endpoint="relock"}`]
	assert.WithinRange(t, time.UnixMilli(int64(last*1000+.5)), began.Add(-time.Millisecond), time.Now())
	assert.NotContains(t, after, `accesshook_last_event_timestamp_seconds{endpoint="loginradius"}`)
	assert.Zero(t, after[`accesshook_requests_total{endpoint="loginradius",status="200"}`])
	for name := range after {
		assert.True(t, strings.HasPrefix(name, "accesshook_"), name)
	}
	gatewaytest.RequireNoSecret(t, text)
}

func TestMetricsAreBounded(t *testing.T) {
	const secret = "canary-relock-secret"
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=" + secret})
	for i := range 50 {
		body := fmt.Sprintf(`{"event":"made.up.%d","data":{}}`, i)
		r, err := gatewaytest.Post(t, p.URL+"/webhooks/relock", body)
		require.NoError(t, err)
		r.Header.Set(relock.SignatureHeader, gatewaytest.Sign(secret, body))
		status, _ := p.Send(r, nil)
		require.Equal(t, 200, status)
	}
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_events_total{type="unknown",vendor="relock"}`: 50})
	_, text := p.Metrics(p.URL)
	assert.NotContains(t, text, "made")
}

func TestFailuresAreCounted(t *testing.T) {
	p := gatewaytest.StartBroken(t, gatewaytest.WithRelock)
	require.Equal(t, 500, p.From("canary-relock-secret", "alert", "", ""))
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_requests_total{endpoint="relock",status="500"}`:      1,
		`accesshook_request_seconds_count{endpoint="relock"}`:            1,
		`accesshook_handler_seconds_count{vendor="relock"}`:              1,
		`accesshook_events_total{type="security.alert",vendor="relock"}`: 0,
		`accesshook_rejected_total{endpoint="relock",status="500"}`:      0,
	})
}

func TestAdminPathsAreNotServedOnAnOpenAddress(t *testing.T) {
	p := startOpen(t)
	status, _ := p.Send(gatewaytest.Get(t, p.URL+"/metrics"))
	assert.Equal(t, 404, status)
	status, body := p.Send(gatewaytest.Get(t, p.URL+"/healthz"))
	assert.Equal(t, 200, status)
	assert.Equal(t, `{"status":"ok"}`+"\n", body)
	assert.Contains(t, p.Stderr.String(), "the admin paths are not served")
}

func TestAdminAddress(t *testing.T) {
	for name, p := range map[string]*gatewaytest.Process{
		"open":     startOpen(t, "-admin-addr", "127.0.0.1:0"),
		"loopback": gatewaytest.Start(t, gatewaytest.WithRelock, "-admin-addr", "localhost:0"),
	} {
		t.Run(name, func(t *testing.T) {
			status, _ := p.Send(gatewaytest.Get(t, p.URL+"/metrics"))
			assert.Equal(t, 404, status, "the public side")
			status, body := p.Send(gatewaytest.Get(t, p.URL+"/healthz"))
			assert.Equal(t, 200, status)
			assert.Equal(t, `{"status":"ok"}`+"\n", body)

			require.Equal(t, 200, p.From("canary-relock-secret", name, "", ""))
			p.RequireMetrics(p.Admin(), map[string]float64{`accesshook_requests_total{endpoint="relock",status="200"}`: 1})
			code, details := p.Health(p.Admin())
			assert.Equal(t, 200, code)
			assert.NotNil(t, details.Endpoints["relock"].LastEvent)
			r, err := relock.NewRequest(t.Context(), p.Admin()+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{})
			status, _ = p.Send(r, err)
			assert.Equal(t, 404, status, "the admin side")
		})
	}
}

func TestAdminHealthWhileStopping(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-admin-addr", "127.0.0.1:0")
	body := `{"event":"session.ended","data":{}}`
	half := p.Dial()
	half.Send("POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + gatewaytest.Sign("canary-relock-secret", body) +
		fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(body)) + body[:10])
	p.Accepted()
	p.Terminate()
	p.Eventually("it does not say that it stops", func() bool {
		code, details := p.Health(p.Admin())
		return code == 200 && details.Status == "not ready" && details.Reason == "the gateway stops"
	})
	half.Send(body[10:])
	status, _ := half.Answer()
	assert.Equal(t, 200, status)
	assert.Equal(t, 0, p.Wait())
	assert.Len(t, p.Events(), 1)
}

// startOpen starts a gateway that listens on all interfaces.
func startOpen(t *testing.T, args ...string) *gatewaytest.Process {
	t.Helper()
	p := gatewaytest.New(t, gatewaytest.WithRelock, append([]string{"-addr", "0.0.0.0:0"}, args...)...)
	p.Start()
	t.Cleanup(p.Stop)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(p.URL, "http://"))
	require.NoError(t, err)
	p.URL = "http://127.0.0.1:" + port
	return p
}
