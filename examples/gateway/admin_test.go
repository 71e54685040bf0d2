package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"
)

var adminListening = regexp.MustCompile(` admin=(\S+)`)

// admin returns the URL of the admin address.
func (p *process) admin() string {
	p.t.Helper()
	found := adminListening.FindStringSubmatch(p.stderr.String())
	require.NotNil(p.t, found, "stderr:\n%s", &p.stderr)
	return "http://" + found[1]
}

// metrics returns the value of each series, and the whole answer.
func (p *process) metrics(url string) (series map[string]float64, text string) {
	p.t.Helper()
	status, text := p.send(get(p.t, url+"/metrics"))
	require.Equal(p.t, 200, status)
	series = make(map[string]float64)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(strings.TrimSpace(line[at+1:]), 64)
		require.NoError(p.t, err)
		series[line[:at]] = value
	}
	return series, text
}

// requireMetrics waits until the metrics have these values, since a request is counted
// after its answer.
func (p *process) requireMetrics(url string, want map[string]float64) {
	p.t.Helper()
	var got map[string]float64
	p.eventually("metrics", func() bool {
		got, _ = p.metrics(url)
		for name, value := range want {
			if got[name] != value {
				p.t.Logf("%s is %v, want %v", name, got[name], value)
				return false
			}
		}
		return true
	})
}

func TestMetrics(t *testing.T) {
	began := time.Now()
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret", "LOGINRADIUS_SECRETS=canary-loginradius"})
	p.requireMetrics(p.url, map[string]float64{
		`accesshook_requests_total{endpoint="relock",status="200"}`: 0,
		`accesshook_duplicates_total{endpoint="loginradius"}`:       0,
		`accesshook_unhandled_total`:                                0,
	})
	before, _ := p.metrics(p.url)
	assert.NotContains(t, before, `accesshook_last_event_timestamp_seconds{endpoint="relock"}`)

	for range 3 {
		status, _ := p.send(relock.NewRequest(t.Context(), p.url+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1"}))
		require.Equal(t, 200, status)
	}
	require.Equal(t, 200, p.from("canary-relock-secret", "alert", "", ""))
	for i := range 4 {
		require.Equal(t, 401, p.from("canary-wrong", fmt.Sprint("forged ", i), "", ""))
	}
	status, _ := p.send(get(t, p.url+"/webhooks/loginradius"))
	require.Equal(t, 405, status)

	p.requireMetrics(p.url, map[string]float64{
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
	after, text := p.metrics(p.url)
	last := after[`accesshook_last_event_timestamp_seconds{endpoint="relock"}`]
	assert.WithinRange(t, time.UnixMilli(int64(last*1000+.5)), began.Add(-time.Millisecond), time.Now())
	assert.NotContains(t, after, `accesshook_last_event_timestamp_seconds{endpoint="loginradius"}`)
	assert.Zero(t, after[`accesshook_requests_total{endpoint="loginradius",status="200"}`])
	for name := range after {
		assert.True(t, strings.HasPrefix(name, "accesshook_"), name)
	}
	requireNoSecret(t, text)
}

func TestMetricsAreBounded(t *testing.T) {
	const secret = "canary-relock-secret"
	p := start(t, []string{"RELOCK_SECRETS=" + secret})
	for i := range 50 {
		body := fmt.Sprintf(`{"event":"made.up.%d","data":{}}`, i)
		r, err := postTo(t, p.url+"/webhooks/relock", body)
		require.NoError(t, err)
		r.Header.Set(relock.SignatureHeader, sign(secret, body))
		status, _ := p.send(r, nil)
		require.Equal(t, 200, status)
	}
	p.requireMetrics(p.url, map[string]float64{`accesshook_events_total{type="unknown",vendor="relock"}`: 50})
	_, text := p.metrics(p.url)
	assert.NotContains(t, text, "made")
}

func TestFailuresAreCounted(t *testing.T) {
	p := newProcess(t, []string{"RELOCK_SECRETS=canary-relock-secret"})
	p.cmd.Stdout = closedPipe(t)
	p.start()
	t.Cleanup(p.stop)
	require.Equal(t, 500, p.from("canary-relock-secret", "alert", "", ""))
	p.requireMetrics(p.url, map[string]float64{
		`accesshook_requests_total{endpoint="relock",status="500"}`:      1,
		`accesshook_request_seconds_count{endpoint="relock"}`:            1,
		`accesshook_handler_seconds_count{vendor="relock"}`:              1,
		`accesshook_events_total{type="security.alert",vendor="relock"}`: 0,
		`accesshook_rejected_total{endpoint="relock",status="500"}`:      0,
	})
}

func TestAdminPathsAreNotServedOnAnOpenAddress(t *testing.T) {
	p := startOpen(t)
	status, _ := p.send(get(t, p.url+"/metrics"))
	assert.Equal(t, 404, status)
	status, body := p.send(get(t, p.url+"/healthz"))
	assert.Equal(t, 200, status)
	assert.Equal(t, `{"status":"ok"}`, body)
	assert.Contains(t, p.stderr.String(), "the admin paths are not served")
}

func TestAdminAddress(t *testing.T) {
	for name, p := range map[string]*process{
		"open":     startOpen(t, "-admin-addr", "127.0.0.1:0"),
		"loopback": start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-admin-addr", "localhost:0"),
	} {
		t.Run(name, func(t *testing.T) {
			status, _ := p.send(get(t, p.url+"/metrics"))
			assert.Equal(t, 404, status, "the public side")
			status, body := p.send(get(t, p.url+"/healthz"))
			assert.Equal(t, 200, status)
			assert.Equal(t, `{"status":"ok"}`, body)

			require.Equal(t, 200, p.from("canary-relock-secret", name, "", ""))
			p.requireMetrics(p.admin(), map[string]float64{`accesshook_requests_total{endpoint="relock",status="200"}`: 1})
			code, details := p.health(p.admin())
			assert.Equal(t, 200, code)
			assert.NotNil(t, details.Endpoints["relock"].LastEvent)
			r, err := relock.NewRequest(t.Context(), p.admin()+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{})
			status, _ = p.send(r, err)
			assert.Equal(t, 404, status, "the admin side")
		})
	}
}

func TestAdminHealthWhileStopping(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-admin-addr", "127.0.0.1:0")
	body := `{"event":"session.ended","data":{}}`
	half := dial(t, p)
	half.send("POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + sign("canary-relock-secret", body) +
		fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(body)) + body[:10])
	p.requireAccepted()
	p.terminate()
	p.eventually("it does not say that it stops", func() bool {
		code, details := p.health(p.admin())
		return code == 503 && details.Status == "stopping"
	})
	half.send(body[10:])
	status, _ := half.answer()
	assert.Equal(t, 200, status)
	assert.Equal(t, exitOK, p.wait())
	assert.Len(t, p.events(), 1)
}
