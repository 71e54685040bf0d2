package main

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

const (
	received     = `{"received":true}`
	unauthorized = `{"error":"unauthorized"}`
)

// Other tools sign and send, so that the library does not test itself.

func TestRelockSignedByOpenSSL(t *testing.T) {
	const secret = "canary-relock-secret"
	p := start(t, []string{"RELOCK_SECRETS=canary-older-secret," + secret})
	url := p.url + "/webhooks/relock"
	body := `{"event":"session.created","data":{"sessionId":"s-1","userId":"u-1"}}`
	signature := opensslHMAC(t, secret, body)

	status, answer := curl(t, url, body, "-H", "X-Relock-Signature: "+signature)
	assert.Equal(t, "200", status)
	assert.Equal(t, received, answer)

	status, answer = curl(t, url, strings.Replace(body, "u-1", "u-2", 1), "-H", "X-Relock-Signature: "+signature)
	assert.Equal(t, "401", status)
	assert.Equal(t, unauthorized, answer)

	status, _ = curl(t, url, body)
	assert.Equal(t, "401", status)

	status, _ = curl(t, url, body, "-H", "X-Relock-Signature: "+opensslHMAC(t, "canary-other", body))
	assert.Equal(t, "401", status)

	p.stop()
	events := p.events()
	require.Len(t, events, 1, "what was refused is not written")
	assert.Equal(t, "s-1", events[0].Session.ID)
	assert.Equal(t, "u-1", events[0].User.ID)
}

func TestLoginRadiusSignedByPython(t *testing.T) {
	const secret = "canary-loginradius"
	p := start(t, []string{"LOGINRADIUS_SECRETS=" + secret})
	url := p.url + "/webhooks/loginradius"
	body := `{"HookName":"login","Time":"2026-02-03T04:05:06Z","HookId":"1","Data":{"Uid":"u-1","Password":"canary-hash"}}`
	signature := pythonHMAC(t, secret, body)

	status, answer := curl(t, url, body, "-H", "Signature: "+signature)
	assert.Equal(t, "200", status)
	assert.Equal(t, received, answer)

	status, answer = curl(t, url, strings.Replace(body, "u-1", "u-2", 1), "-H", "Signature: "+signature)
	assert.Equal(t, "401", status)
	assert.Equal(t, unauthorized, answer)

	p.stop()
	events := p.events()
	require.Len(t, events, 1)
	assert.Equal(t, "u-1", events[0].User.ID)
}

func TestUnlocSentByCurl(t *testing.T) {
	p := start(t, []string{"UNLOC_CREDENTIALS=gate:canary:with:colons"})
	url := p.url + "/webhooks/unloc"
	body := `{"id":"e-1","action":"unlocked","created":"2026-02-03T04:05:06.007Z","lockId":"l-1","appUserId":"+15555550123"}`

	status, answer := curl(t, url, body, "-u", "gate:canary:with:colons")
	assert.Equal(t, "200", status)
	assert.Equal(t, received, answer)

	for _, wrong := range []string{"gate:canary", "gate:canary:with:colonS", "door:canary:with:colons", "gate:"} {
		status, answer = curl(t, url, body, "-u", wrong)
		assert.Equal(t, "401", status, wrong)
		assert.Equal(t, unauthorized, answer)
	}
	status, _ = curl(t, url, body)
	assert.Equal(t, "401", status)

	p.stop()
	events := p.events()
	require.Len(t, events, 1)
	assert.Equal(t, "e-1", events[0].ID)
	assert.Equal(t, "l-1", events[0].Lock.ID)
}

func TestUserLockSentByCurl(t *testing.T) {
	p := start(t, []string{"USERLOCK_IDS=11111111-2222-4333-8444-555555555555," + canaryID})
	url := p.url + "/webhooks/userlock"
	body := `{"UserLockId":"{` + strings.ToUpper(canaryID) + `}","EventType":0,"UserAccount":"EXAMPLE\\ada"}`

	status, answer := curl(t, url, body)
	assert.Equal(t, "200", status)
	assert.Equal(t, received, answer)

	status, answer = curl(t, url, strings.Replace(body, "CA9A", "CA9B", 1))
	assert.Equal(t, "401", status)
	assert.Equal(t, unauthorized, answer)

	p.stop()
	events := p.events()
	require.Len(t, events, 1)
	assert.Equal(t, "0", events[0].VendorType)
	assert.Equal(t, "ada", events[0].User.Name)
}

func TestSecretsFromFiles(t *testing.T) {
	p := start(t, []string{
		"RELOCK_SECRETS_FILE=" + writeFile(t, "canary,with,commas,inside\r\ncanary-two-of-two\r\n"),
		"LOGINRADIUS_SECRETS_FILE=" + writeFile(t, "canary,three-of-four\ncanary-four-of-four"),
		"UNLOC_CREDENTIALS_FILE=" + writeFile(t, "gate:canary,five\n"),
		"USERLOCK_IDS_FILE=" + writeFile(t, canaryID+"\r\n"),
	})
	for _, secret := range []string{"canary,with,commas,inside", "canary-two-of-two"} {
		status, _ := p.send(relockRequest(t, p, secret, "by "+secret[6:]))
		assert.Equal(t, 200, status)
	}
	for _, secret := range []string{"canary", "with", "canary,with,commas,inside\r"} {
		status, _ := p.send(relockRequest(t, p, secret, "x"))
		assert.Equal(t, 401, status)
	}
	for _, secret := range []string{"canary,three-of-four", "canary-four-of-four"} {
		hook := &loginradius.Hook{HookName: "login", HookID: secret[6:]}
		status, _ := p.send(loginradius.NewRequest(t.Context(), p.url+"/webhooks/loginradius", secret, hook))
		assert.Equal(t, 200, status)
	}
	status, _ := p.send(unloc.NewRequest(t.Context(), p.url+"/webhooks/unloc", "gate", "canary,five", &unloc.AccessEvent{ID: "e", Action: "locked"}))
	assert.Equal(t, 200, status)
	status, _ = p.send(userlock.NewRequest(t.Context(), p.url+"/webhooks/userlock", canaryID, &userlock.Notification{EventType: "1"}))
	assert.Equal(t, 200, status)
	p.stop()
	assert.Len(t, p.events(), 6)
}

func TestOnlyWhatIsConfiguredIsServed(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"})
	for _, path := range []string{"/webhooks/userlock", "/webhooks/unloc", "/webhooks/loginradius", "/webhooks/", "/webhooks/relock/", "/"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, _ := p.send(http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader("{}")))
			assert.Equal(t, 404, status, "%s %s", method, path)
		}
	}
	p.stop()
	assert.Empty(t, p.stdout.String())
}

func TestWebhooksArePosted(t *testing.T) {
	p := start(t, nil, "-demo")
	for _, vendor := range []string{"userlock", "unloc", "relock", "loginradius"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions} {
			r, err := http.NewRequestWithContext(t.Context(), method, p.url+"/webhooks/"+vendor, nil)
			require.NoError(t, err)
			answer, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			assert.Equal(t, 405, answer.StatusCode, "%s %s", method, vendor)
			assert.Equal(t, "POST", answer.Header.Get("Allow"), "%s %s", method, vendor)
		}
	}
}

func TestRequestsAtTheSameTimeWriteWholeLines(t *testing.T) {
	const senders, each = 8, 50
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"})
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				r, err := relockRequest(t, p, "canary-relock-secret", fmt.Sprintf("%d of %d %s", i, sender, strings.Repeat("long ", 2000)))
				if !assert.NoError(t, err) {
					return
				}
				answer, err := http.DefaultClient.Do(r)
				if !assert.NoError(t, err) {
					return
				}
				_ = answer.Body.Close()
				assert.Equal(t, 200, answer.StatusCode)
			}
		})
	}
	wg.Wait()
	p.stop()
	ids := make(map[string]bool)
	for _, e := range p.events() {
		ids[e.ID] = true
	}
	assert.Len(t, ids, senders*each)
}

// relockRequest returns a signed request with the given description.
func relockRequest(t *testing.T, p *process, secret, text string) (*http.Request, error) {
	return relock.NewRequest(t.Context(), p.url+"/webhooks/relock", secret,
		&relock.SecurityAlert{AlertID: "a-1", Description: text, Timestamp: time.Now()})
}

func get(t *testing.T, url string) (*http.Request, error) {
	return http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
}

// curl posts body and returns the status and body of the answer.
func curl(t *testing.T, url, body string, args ...string) (status, answer string) {
	t.Helper()
	args = append([]string{
		"-sS", "--noproxy", "*", "--max-time", "20", "-w", "\n%{http_code}",
		"-H", "Content-Type: application/json", "--data-binary", "@-",
	}, append(args, url)...)
	out := execute(t, body, "curl", args...)
	i := strings.LastIndexByte(out, '\n')
	return out[i+1:], out[:i]
}

func opensslHMAC(t *testing.T, secret, body string) string {
	t.Helper()
	digest, _, ok := strings.Cut(execute(t, body, "openssl", "dgst", "-sha256", "-hmac", secret, "-r"), " ")
	require.True(t, ok)
	return digest
}

func pythonHMAC(t *testing.T, secret, body string) string {
	t.Helper()
	const script = `import hashlib, hmac, sys
print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), hashlib.sha256).hexdigest().upper())`
	return strings.TrimSpace(execute(t, body, "python3", "-c", script, secret))
}

func execute(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	needs(t, name)
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s: %s", name, &stderr)
	return string(out)
}

// needs skips a test where a program is missing.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		_, err := exec.LookPath(name)
		if errors.Is(err, exec.ErrNotFound) {
			t.Skipf("there is no %s here", name)
		}
		require.NoError(t, err)
	}
}
