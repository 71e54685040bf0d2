package receive_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

func TestDuplicatesArePrintedOnce(t *testing.T) {
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=canary-relock-secret", "UNLOC_CREDENTIALS=gate:canary-unloc"})
	ended := &relock.SessionEnded{SessionID: "s-1"}
	for range 3 {
		status, answer := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", ended))
		assert.Equal(t, 200, status)
		assert.Equal(t, gatewaytest.Received, answer)
	}
	for _, id := range []string{"e-1", "e-2", "e-1"} {
		opened := &unloc.AccessEvent{ID: id, Action: "unlocked"}
		status, _ := p.Send(unloc.NewRequest(t.Context(), p.URL+"/webhooks/unloc", "gate", "canary-unloc", opened))
		assert.Equal(t, 200, status)
	}
	p.Stop()
	assert.Len(t, p.Events(), 1+2)
}

func TestDuplicatesAtTheSameTimeArePrintedOnce(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			r, err := relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1"})
			if !assert.NoError(t, err) {
				return
			}
			answer, err := http.DefaultClient.Do(r)
			if assert.NoError(t, err) {
				_ = answer.Body.Close()
				assert.Equal(t, 200, answer.StatusCode)
			}
		})
	}
	wg.Wait()
	p.Stop()
	assert.Len(t, p.Events(), 1)
}

func TestDedupeOff(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-dedupe", "0")
	for range 3 {
		status, _ := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1"}))
		assert.Equal(t, 200, status)
	}
	p.Stop()
	assert.Len(t, p.Events(), 3)
}

func TestRate(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-rate", "3", "-client-ip", "X-Forwarded-For", "-trust", "127.0.0.1,10.0.0.0/8")
	const header = "X-Forwarded-For"
	for range 3 {
		assert.Equal(t, 401, p.From("canary-wrong", "forged", header, "192.0.2.1"))
	}
	assert.Equal(t, 429, p.From("canary-wrong", "forged", header, "192.0.2.1"))
	assert.Equal(t, 429, p.From("canary-wrong", "forged", header, "192.0.2.9, 192.0.2.1, 10.1.2.3"), "what the client makes up is not looked at")
	assert.Equal(t, 401, p.From("canary-wrong", "forged", header, "192.0.2.2"), "another client")
	assert.Equal(t, 200, p.From("canary-relock-secret", "genuine", header, "192.0.2.1"), "nobody genuine is refused")
	p.Stop()
	assert.Contains(t, p.Stderr.String(), "status=429 client=192.0.2.1 ")
	assert.Len(t, p.Events(), 1)
}

// retryAfter sends an event that must be answered 429, and returns Retry-After.
func retryAfter(p *gatewaytest.Process, secret string) time.Duration {
	p.T.Helper()
	r, err := p.Alert(secret, "too many")
	require.NoError(p.T, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(p.T, err)
	defer answer.Body.Close()
	require.Equal(p.T, 429, answer.StatusCode)
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	require.NoError(p.T, err)
	return time.Duration(seconds) * time.Second
}

func TestRatePer(t *testing.T) {
	for name, test := range map[string]struct {
		args        []string
		least, most time.Duration
	}{
		"by default": {nil, 0, 15 * time.Minute},
		"100 hours":  {[]string{"-rate-per", "100h"}, 99 * time.Hour, 100 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			p := gatewaytest.Start(t, gatewaytest.WithRelock, append(test.args, "-rate", "1")...)
			require.Equal(t, 401, p.From("canary-wrong", "forged", "", ""))
			after := retryAfter(p, "canary-wrong")
			assert.Greater(t, after, test.least)
			assert.LessOrEqual(t, after, test.most)
		})
	}
}

func TestRateOfEveryRequest(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-rate", "3", "-rate-every-request")
	for _, text := range []string{"1", "2", "3"} {
		require.Equal(t, 200, p.From("canary-relock-secret", text, "", ""))
	}
	retryAfter(p, "canary-relock-secret")
	p.Stop()
	assert.Len(t, p.Events(), 3)
}

func TestRateClients(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-rate", "1", "-rate-clients", "1", "-client-ip", "X-Real-IP", "-trust", "127.0.0.1")
	forged := func(client string) int { return p.From("canary-wrong", "forged", "X-Real-IP", client) }
	require.Equal(t, 401, forged("192.0.2.1"))
	require.Equal(t, 429, forged("192.0.2.1"))
	require.Equal(t, 401, forged("192.0.2.2"), "the first one is forgotten")
	require.Equal(t, 401, forged("192.0.2.1"))
}

func TestMaxAgeAndFuture(t *testing.T) {
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=canary-relock-secret", "UNLOC_CREDENTIALS=gate:canary-unloc"}, "-max-age", "2h", "-max-future", "1h")
	at := func(when time.Time) (status int) {
		status, _ = p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1", Timestamp: when}))
		return status
	}
	now := time.Now()
	assert.Equal(t, 200, at(now))
	assert.Equal(t, 200, at(now.Add(-time.Hour)))
	assert.Equal(t, 401, at(now.Add(-3*time.Hour)))
	assert.Equal(t, 401, at(now.Add(2*time.Hour)))
	assert.Equal(t, 401, at(time.Time{}), "an event without a time")
	status, _ := p.Send(unloc.NewRequest(t.Context(), p.URL+"/webhooks/unloc", "gate", "canary-unloc", &unloc.AccessEvent{ID: "e-1", Action: "unlocked", Created: now.Add(-3 * time.Hour)}))
	assert.Equal(t, 401, status, "another vendor")
	p.Stop()
	assert.Len(t, p.Events(), 2)
}

func TestEventsOfAnyAgeByDefault(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	for _, when := range []time.Time{{}, time.Now().AddDate(-9, 0, 0), time.Now().AddDate(9, 0, 0)} {
		status, _ := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1", Timestamp: when}))
		assert.Equal(t, 200, status)
	}
}

func TestDedupeEntries(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-dedupe-entries", "2")
	for _, text := range []string{"1", "2", "2", "3", "1", "1"} {
		status, _ := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: text}))
		require.Equal(t, 200, status)
	}
	p.Stop()
	var printed []string
	for _, e := range p.Events() {
		printed = append(printed, e.Session.ID)
	}
	assert.Equal(t, []string{"1", "2", "3", "1"}, printed, "the first one is forgotten")
}

func TestRateOff(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-rate", "0")
	for range 101 {
		require.Equal(t, 401, p.From("canary-wrong", "forged", "", ""))
	}
}

func TestRateByDefault(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	for range 100 {
		require.Equal(t, 401, p.From("canary-wrong", "forged", "X-Forwarded-For", "192.0.2.1"))
	}
	require.Equal(t, 429, p.From("canary-wrong", "forged", "X-Forwarded-For", "192.0.2.2"), "the header is nobody's")
}

func TestAllowFrom(t *testing.T) {
	for name, test := range map[string]struct {
		source, header string
		inside         string
		outside        string
	}{
		"x-forwarded-for": {"x-forwarded-for", "X-Forwarded-For", "192.0.2.1", "198.51.100.1"},
		"forwarded":       {"forwarded", "Forwarded", "for=192.0.2.1", "for=198.51.100.1"},
		"a header":        {"X-Real-IP", "X-Real-Ip", "192.0.2.1", "198.51.100.1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := gatewaytest.Start(t, gatewaytest.WithRelock,
				"-client-ip", test.source, "-trust", "127.0.0.1", "-allow-from", "192.0.2.0/24,2001:db8::1")
			assert.Equal(t, 200, p.From("canary-relock-secret", "1", test.header, test.inside))
			assert.Equal(t, 403, p.From("canary-relock-secret", "2", test.header, test.outside))
			assert.Equal(t, 403, p.From("canary-relock-secret", "3", "", ""), "the proxy itself")
			p.Stop()
			assert.Len(t, p.Events(), 1)
		})
	}
}

func TestAllowFromReport(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-allow-from-report", "192.0.2.0/24")
	assert.Equal(t, 200, p.From("canary-relock-secret", "1", "", ""))
	p.Stop()
	assert.Contains(t, p.Stderr.String(), "outside=true")
	assert.Len(t, p.Events(), 1)
}

func TestMaxBody(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-max-body", "1000")
	assert.Equal(t, 200, p.From("canary-relock-secret", strings.Repeat("x", 100), "", ""))
	assert.Equal(t, 413, p.From("canary-relock-secret", strings.Repeat("x", 1000), "", ""))
}

func TestBodyTimeout(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-body-timeout", "20ms")
	c := p.Dial()
	c.Send("POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + strings.Repeat("0", 64) + "\r\nContent-Length: 10\r\n\r\n")
	status, _ := c.Answer()
	assert.Equal(t, 408, status)
}
