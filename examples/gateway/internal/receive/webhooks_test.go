package receive_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

const (
	received     = `{"received":true}`
	unauthorized = `{"error":"unauthorized"}`
)

// Other tools sign and send, so that the library does not test itself.

func TestRelockSignedByOpenSSL(t *testing.T) {
	const secret = "canary-relock-secret"
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=canary-older-secret," + secret})
	url := p.URL + "/webhooks/relock"
	body := `{"event":"session.created","data":{"sessionId":"s-1","userId":"u-1"}}`
	signature := opensslHMAC(t, secret, body)

	status, answer := gatewaytest.Curl(t, url, body, "-H", "X-Relock-Signature: "+signature)
	assert.Equal(t, "200", status)
	assert.Equal(t, gatewaytest.Received, answer)

	status, answer = gatewaytest.Curl(t, url, strings.Replace(body, "u-1", "u-2", 1), "-H", "X-Relock-Signature: "+signature)
	assert.Equal(t, "401", status)
	assert.Equal(t, unauthorized, answer)

	status, _ = gatewaytest.Curl(t, url, body)
	assert.Equal(t, "401", status)

	status, _ = gatewaytest.Curl(t, url, body, "-H", "X-Relock-Signature: "+opensslHMAC(t, "canary-other", body))
	assert.Equal(t, "401", status)

	p.Stop()
	events := p.Events()
	require.Len(t, events, 1, "what was refused is not written")
	assert.Equal(t, "s-1", events[0].Session.ID)
	assert.Equal(t, "u-1", events[0].User.ID)
}

func TestLoginRadiusSignedByPython(t *testing.T) {
	const secret = "canary-loginradius"
	p := gatewaytest.Start(t, []string{"LOGINRADIUS_SECRETS=" + secret})
	url := p.URL + "/webhooks/loginradius"
	body := `{"HookName":"login","Time":"2026-02-03T04:05:06Z","HookId":"1","Data":{"Uid":"u-1","Password":"canary-hash"}}`
	signature := pythonHMAC(t, secret, body)

	status, answer := gatewaytest.Curl(t, url, body, "-H", "Signature: "+signature)
	assert.Equal(t, "200", status)
	assert.Equal(t, gatewaytest.Received, answer)

	status, answer = gatewaytest.Curl(t, url, strings.Replace(body, "u-1", "u-2", 1), "-H", "Signature: "+signature)
	assert.Equal(t, "401", status)
	assert.Equal(t, unauthorized, answer)

	p.Stop()
	events := p.Events()
	require.Len(t, events, 1)
	assert.Equal(t, "u-1", events[0].User.ID)
}

func TestUnlocSentByCurl(t *testing.T) {
	p := gatewaytest.Start(t, []string{"UNLOC_CREDENTIALS=gate:canary:with:colons"})
	url := p.URL + "/webhooks/unloc"
	body := `{"id":"e-1","action":"unlocked","created":"2026-02-03T04:05:06.007Z","lockId":"l-1","appUserId":"+15555550123"}`

	status, answer := gatewaytest.Curl(t, url, body, "-u", "gate:canary:with:colons")
	assert.Equal(t, "200", status)
	assert.Equal(t, gatewaytest.Received, answer)

	for _, wrong := range []string{"gate:canary", "gate:canary:with:colonS", "door:canary:with:colons", "gate:"} {
		status, answer = gatewaytest.Curl(t, url, body, "-u", wrong)
		assert.Equal(t, "401", status, wrong)
		assert.Equal(t, unauthorized, answer)
	}
	status, _ = gatewaytest.Curl(t, url, body)
	assert.Equal(t, "401", status)

	p.Stop()
	events := p.Events()
	require.Len(t, events, 1)
	assert.Equal(t, "e-1", events[0].ID)
	assert.Equal(t, "l-1", events[0].Lock.ID)
}

func TestUserLockSentByCurl(t *testing.T) {
	p := gatewaytest.Start(t, []string{"USERLOCK_IDS=11111111-2222-4333-8444-555555555555," + gatewaytest.CanaryID})
	url := p.URL + "/webhooks/userlock"
	body := `{"UserLockId":"{` + strings.ToUpper(gatewaytest.CanaryID) + `}","EventType":0,"UserAccount":"EXAMPLE\\ada"}`

	status, answer := gatewaytest.Curl(t, url, body)
	assert.Equal(t, "200", status)
	assert.Equal(t, gatewaytest.Received, answer)

	status, answer = gatewaytest.Curl(t, url, strings.Replace(body, "CA9A", "CA9B", 1))
	assert.Equal(t, "401", status)
	assert.Equal(t, unauthorized, answer)

	p.Stop()
	events := p.Events()
	require.Len(t, events, 1)
	assert.Equal(t, "0", events[0].VendorType)
	assert.Equal(t, "ada", events[0].User.Name)
}

func TestSecretsFromFiles(t *testing.T) {
	p := gatewaytest.Start(t, []string{
		"RELOCK_SECRETS_FILE=" + gatewaytest.WriteFile(t, "canary,with,commas,inside\r\ncanary-two-of-two\r\n"),
		"LOGINRADIUS_SECRETS_FILE=" + gatewaytest.WriteFile(t, "canary,three-of-four\ncanary-four-of-four"),
		"UNLOC_CREDENTIALS_FILE=" + gatewaytest.WriteFile(t, "gate:canary,five\n"),
		"USERLOCK_IDS_FILE=" + gatewaytest.WriteFile(t, gatewaytest.CanaryID+"\r\n"),
	})
	for _, secret := range []string{"canary,with,commas,inside", "canary-two-of-two"} {
		status, _ := p.Send(p.Alert(secret, "by "+secret[6:]))
		assert.Equal(t, 200, status)
	}
	for _, secret := range []string{"canary", "with", "canary,with,commas,inside\r"} {
		status, _ := p.Send(p.Alert(secret, "x"))
		assert.Equal(t, 401, status)
	}
	for _, secret := range []string{"canary,three-of-four", "canary-four-of-four"} {
		hook := &loginradius.Hook{HookName: "login", HookID: secret[6:]}
		status, _ := p.Send(loginradius.NewRequest(t.Context(), p.URL+"/webhooks/loginradius", secret, hook))
		assert.Equal(t, 200, status)
	}
	status, _ := p.Send(unloc.NewRequest(t.Context(), p.URL+"/webhooks/unloc", "gate", "canary,five", &unloc.AccessEvent{ID: "e", Action: "locked"}))
	assert.Equal(t, 200, status)
	status, _ = p.Send(userlock.NewRequest(t.Context(), p.URL+"/webhooks/userlock", gatewaytest.CanaryID, &userlock.Notification{EventType: "1"}))
	assert.Equal(t, 200, status)
	p.Stop()
	assert.Len(t, p.Events(), 6)
}

func TestOnlyWhatIsConfiguredIsServed(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	for _, path := range []string{"/webhooks/userlock", "/webhooks/unloc", "/webhooks/loginradius", "/webhooks/", "/webhooks/relock/", "/other"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, _ := p.Send(http.NewRequestWithContext(t.Context(), method, p.URL+path, strings.NewReader("{}")))
			assert.Equal(t, 404, status, "%s %s", method, path)
		}
	}
	p.Stop()
	assert.Empty(t, p.Stdout.String())
}

func TestWebhooksArePosted(t *testing.T) {
	p := gatewaytest.Start(t, nil, "-demo", "-demo-fast")
	for _, vendor := range []string{"userlock", "unloc", "relock", "loginradius"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions} {
			r, err := http.NewRequestWithContext(t.Context(), method, p.URL+"/webhooks/"+vendor, nil)
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
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				r, err := p.Alert("canary-relock-secret", fmt.Sprintf("%d of %d %s", i, sender, strings.Repeat("long ", 2000)))
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
	p.Stop()
	ids := make(map[string]bool)
	for _, e := range p.Events() {
		ids[e.ID] = true
	}
	assert.Len(t, ids, senders*each)
}

func opensslHMAC(t *testing.T, secret, body string) string {
	t.Helper()
	digest, _, ok := strings.Cut(gatewaytest.Execute(t, body, "openssl", "dgst", "-sha256", "-hmac", secret, "-r"), " ")
	require.True(t, ok)
	return digest
}

func pythonHMAC(t *testing.T, secret, body string) string {
	t.Helper()
	const script = `import hashlib, hmac, sys
print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), hashlib.sha256).hexdigest().upper())`
	return strings.TrimSpace(gatewaytest.Execute(t, body, "python3", "-c", script, secret))
}

// A sender with a wrong path is told of in the log, with the path that it may have meant.
func TestUnknownPathsAreLoggedAndCounted(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	for _, path := range []string{"/webhooks/rellock", "/webhooks/relock/", "/webhooks/\u202eevil%0a"} {
		status, _ := p.Send(http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+path, strings.NewReader("{}")))
		assert.Equal(t, 404, status, path)
	}
	for range 2 {
		status, _ := p.Send(http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/webhooks/unloc", strings.NewReader("{}")))
		assert.Equal(t, 404, status)
	}
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_unknown_paths_total`: 5})
	p.Stop()
	assert.Equal(t, 1, strings.Count(p.Stderr.String(), `level=WARN msg="a request came for a vendor that is not served" vendor=unloc missing=UNLOC_CREDENTIALS`))
	log := p.Stderr.String()
	assert.Contains(t, log, `level=WARN msg="no endpoint has this path" path=/webhooks/rellock nearest=/webhooks/relock client=127.0.0.1`)
	assert.Contains(t, log, `path=/webhooks/relock/ nearest=/webhooks/relock`)
	assert.NotContains(t, log, "\u202e")
}

// Senders that join URLs badly send two slashes.
func TestDoubleSlash(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	for i, path := range []string{"//webhooks/relock", "/webhooks//relock", "///webhooks///relock"} {
		r, err := p.Alert(gatewaytest.RelockSecret, fmt.Sprint(i))
		require.NoError(t, err)
		r.URL.Path = path
		status, _ := p.Send(r, nil)
		assert.Equal(t, 200, status, path)
	}
	p.Stop()
	assert.Len(t, p.Events(), 3)
}

// What could act on a terminal or turn text round is an escape in every line.
func TestActingCharactersAreEscaped(t *testing.T) {
	const name = "\u009b2J\u202egnp\u2028\u0085\u007f"
	p := gatewaytest.Start(t, []string{"UNLOC_CREDENTIALS=gate:canary-unloc-password"})
	status, _ := p.Send(unloc.NewRequest(t.Context(), p.URL+"/webhooks/unloc", "gate", "canary-unloc-password",
		&unloc.AccessEvent{ID: "e-1", Action: "unlocked", LockName: name, LockID: name, UserName: name}))
	require.Equal(t, 200, status)
	p.Stop()
	for _, r := range p.Stdout.String() {
		assert.True(t, r == '\n' || ' ' <= r && r <= '~' || r == '\ufffd', "%q", r) // of the subject
	}
	assert.Equal(t, name, p.Events()[0].Lock.Name)
}
