package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
)

func TestDuplicatesArePrintedOnce(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock", "UNLOC_CREDENTIALS=gate:canary-unloc"})
	ended := &relock.SessionEnded{SessionID: "s-1"}
	for range 3 {
		status, answer := p.send(relock.NewRequest(t.Context(), p.url+"/webhooks/relock", "canary-relock", ended))
		assert.Equal(t, 200, status)
		assert.Equal(t, received, answer)
	}
	for _, id := range []string{"e-1", "e-2", "e-1"} {
		opened := &unloc.AccessEvent{ID: id, Action: "unlocked"}
		status, _ := p.send(unloc.NewRequest(t.Context(), p.url+"/webhooks/unloc", "gate", "canary-unloc", opened))
		assert.Equal(t, 200, status)
	}
	p.stop()
	assert.Len(t, p.events(), 1+2)
}

func TestDuplicatesAtTheSameTimeArePrintedOnce(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock"})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			r, err := relock.NewRequest(t.Context(), p.url+"/webhooks/relock", "canary-relock", &relock.SessionEnded{SessionID: "s-1"})
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
	p.stop()
	assert.Len(t, p.events(), 1)
}

func TestDedupeOff(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock"}, "-dedupe", "0")
	for range 3 {
		status, _ := p.send(relock.NewRequest(t.Context(), p.url+"/webhooks/relock", "canary-relock", &relock.SessionEnded{SessionID: "s-1"}))
		assert.Equal(t, 200, status)
	}
	p.stop()
	assert.Len(t, p.events(), 3)
}

// from sends an event that is signed with secret, with a header.
func (p *process) from(secret, text, header, value string) int {
	p.t.Helper()
	r, err := relockRequest(p.t, p, secret, text)
	require.NoError(p.t, err)
	if header != "" {
		r.Header.Set(header, value)
	}
	status, _ := p.send(r, nil)
	return status
}

func TestRate(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock"}, "-rate", "3", "-client-ip", "X-Forwarded-For", "-trust", "127.0.0.1,10.0.0.0/8")
	const header = "X-Forwarded-For"
	for range 3 {
		assert.Equal(t, 401, p.from("canary-wrong", "forged", header, "192.0.2.1"))
	}
	assert.Equal(t, 429, p.from("canary-wrong", "forged", header, "192.0.2.1"))
	assert.Equal(t, 429, p.from("canary-wrong", "forged", header, "192.0.2.9, 192.0.2.1, 10.1.2.3"), "what the client makes up is not looked at")
	assert.Equal(t, 401, p.from("canary-wrong", "forged", header, "192.0.2.2"), "another client")
	assert.Equal(t, 200, p.from("canary-relock", "genuine", header, "192.0.2.1"), "nobody genuine is refused")
	p.stop()
	assert.Contains(t, p.stderr.String(), "status=429 client=192.0.2.1 ")
	assert.Len(t, p.events(), 1)
}

func TestRateOff(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock"}, "-rate", "0")
	for range 101 {
		require.Equal(t, 401, p.from("canary-wrong", "forged", "", ""))
	}
}

func TestRateByDefault(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock"})
	for range 100 {
		require.Equal(t, 401, p.from("canary-wrong", "forged", "X-Forwarded-For", "192.0.2.1"))
	}
	require.Equal(t, 429, p.from("canary-wrong", "forged", "X-Forwarded-For", "192.0.2.2"), "the header is nobody's")
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
			p := start(t, []string{"RELOCK_SECRETS=canary-relock"},
				"-client-ip", test.source, "-trust", "127.0.0.1", "-allow-from", "192.0.2.0/24,2001:db8::1")
			assert.Equal(t, 200, p.from("canary-relock", "1", test.header, test.inside))
			assert.Equal(t, 403, p.from("canary-relock", "2", test.header, test.outside))
			assert.Equal(t, 403, p.from("canary-relock", "3", "", ""), "the proxy itself")
			p.stop()
			assert.Len(t, p.events(), 1)
		})
	}
}

func TestAllowFromReport(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock"}, "-allow-from-report", "192.0.2.0/24")
	assert.Equal(t, 200, p.from("canary-relock", "1", "", ""))
	p.stop()
	assert.Contains(t, p.stderr.String(), "outside=true")
	assert.Len(t, p.events(), 1)
}

func TestMaxBody(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock"}, "-max-body", "1000")
	assert.Equal(t, 200, p.from("canary-relock", strings.Repeat("x", 100), "", ""))
	assert.Equal(t, 413, p.from("canary-relock", strings.Repeat("x", 1000), "", ""))
}

func TestBodyTimeout(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock"}, "-body-timeout", "20ms")
	c := dial(t, p)
	c.send("POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + strings.Repeat("0", 64) + "\r\nContent-Length: 10\r\n\r\n")
	status, _ := c.answer()
	assert.Equal(t, 408, status)
}
