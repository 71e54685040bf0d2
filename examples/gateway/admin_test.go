package main_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
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

const (
	adminInClear   = "the admin password can be read on its way"
	adminLoginFail = `level=WARN msg="admin login failed"`
)

// as adds a user and a password to a URL, which an http.Client sends.
func as(user, password, to string) string {
	scheme, rest, _ := strings.Cut(to, "://")
	return scheme + "://" + url.UserPassword(user, password).String() + "@" + rest
}

// requireLogin checks that the admin paths at url require a user and password.
func requireLogin(p *gatewaytest.Process, client *http.Client, url string) {
	p.T.Helper()
	get := func(url string) (int, string, http.Header) {
		p.T.Helper()
		r, err := gatewaytest.Get(p.T, url)
		require.NoError(p.T, err)
		answer, err := client.Do(r)
		require.NoError(p.T, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(p.T, err)
		return answer.StatusCode, string(body), answer.Header
	}
	for name, login := range map[string]string{
		"nobody":              url,
		"a wrong password":    as("ops", "canary-wrong", url),
		"no password":         as("ops", "", url),
		"a wrong user":        as("root", gatewaytest.AdminPassword, url),
		"the vendor's secret": as("ops", "canary-relock-secret", url),
	} {
		status, body, header := get(login + "/metrics")
		assert.Equal(p.T, 401, status, name)
		assert.Equal(p.T, `Basic realm="accesshook admin", charset="UTF-8"`, header.Get("WWW-Authenticate"), name)
		assert.Equal(p.T, "unauthorized\n", body, name)

		status, body, _ = get(login + "/healthz")
		if name == "nobody" {
			assert.Equal(p.T, 200, status)
			assert.Equal(p.T, `{"status":"ok"}`+"\n", body)
		} else {
			assert.Equal(p.T, 401, status, name)
		}
	}
	status, body, _ := get(as("ops", gatewaytest.AdminPassword, url) + "/metrics")
	assert.Equal(p.T, 200, status)
	assert.Contains(p.T, body, "accesshook_requests_total")
	status, body, _ = get(as("ops", gatewaytest.AdminPassword, url) + "/healthz")
	assert.Equal(p.T, 200, status)
	assert.Contains(p.T, body, `"endpoints":{"relock"`)
}

// onLoopback turns the URL of a gateway that listens on all interfaces into one that
// every system can dial.
func onLoopback(url string) string {
	return strings.NewReplacer("[::]", "127.0.0.1", "0.0.0.0", "127.0.0.1").Replace(url)
}

func TestAdminLogin(t *testing.T) {
	for name, test := range map[string]struct {
		args    []string
		inClear bool
	}{
		"shared, loopback": {[]string{"-addr", "127.0.0.1:0"}, false},
		"shared, open":     {[]string{"-addr", "0.0.0.0:0"}, true},
		"own, loopback":    {[]string{"-addr", "0.0.0.0:0", "-admin-addr", "localhost:0"}, false},
		"own, open":        {[]string{"-admin-addr", "0.0.0.0:0"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := gatewaytest.Start(t, gatewaytest.WithAdmin, test.args...)
			p.URL = onLoopback(p.URL)
			admin := p.URL
			if strings.HasPrefix(name, "own") {
				admin = onLoopback(p.Admin())
				status, _ := p.Send(gatewaytest.Get(t, as("ops", gatewaytest.AdminPassword, p.URL)+"/metrics"))
				assert.Equal(t, 404, status, "the public side")
				status, body := p.Send(gatewaytest.Get(t, as("ops", gatewaytest.AdminPassword, p.URL)+"/healthz"))
				assert.Equal(t, 200, status)
				assert.Equal(t, `{"status":"ok"}`+"\n", body)
			}
			requireLogin(p, http.DefaultClient, admin)
			assert.Equal(t, 200, p.From("canary-relock-secret", "no password for webhooks", "", ""))
			p.Stop()
			assert.Equal(t, test.inClear, strings.Contains(p.Stderr.String(), adminInClear), "stderr:\n%s", &p.Stderr)
			assert.Equal(t, 8, strings.Count(p.Stderr.String(), adminLoginFail+" client=127.0.0.1 error="), "stderr:\n%s", &p.Stderr)
			assert.NotContains(t, p.Stderr.String(), "root", "a password may have been typed as a user")
		})
	}
}

func TestAdminLoginOverTLS(t *testing.T) {
	cert, key := newPair(t, "gateway")
	files := []string{"-tls-cert", gatewaytest.WriteFile(t, cert), "-tls-key", gatewaytest.WriteFile(t, key)}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(cert)}}
	defer client.CloseIdleConnections()
	for name, test := range map[string]struct {
		args []string
		own  bool
		tls  bool
	}{
		"shared, loopback": {[]string{"-addr", "127.0.0.1:0"}, false, true},
		"shared, open":     {[]string{"-addr", "0.0.0.0:0"}, false, true},
		"own, open":        {[]string{"-admin-addr", "0.0.0.0:0"}, true, true},
		"own, loopback":    {[]string{"-admin-addr", "127.0.0.1:0"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := gatewaytest.Start(t, gatewaytest.WithAdmin, append(test.args, files...)...)
			admin := p.URL
			if test.own {
				admin = p.Admin()
			}
			admin = onLoopback(admin)
			if test.tls {
				status, _ := p.Send(gatewaytest.Get(t, as("ops", gatewaytest.AdminPassword, admin)+"/metrics"))
				assert.Equal(t, 400, status, "plain HTTP")
				admin = strings.Replace(admin, "http:", "https:", 1)
			}
			requireLogin(p, client, admin)
			p.Stop()
			assert.NotContains(t, p.Stderr.String(), adminInClear)
		})
	}
}

func TestSIGHUPSwapsAdminPasswords(t *testing.T) {
	const (
		other = "canary-other-password"
		again = `msg="read secrets again" variable=ADMIN_CREDENTIALS_FILE`
		kept  = `msg="cannot read secrets again, the old ones stay" variable=ADMIN_CREDENTIALS_FILE`
	)
	file := gatewaytest.WriteFile(t, "ops:"+gatewaytest.AdminPassword+"\nold:"+other)
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=canary-relock-secret", "ADMIN_CREDENTIALS_FILE=" + file})
	status := func(user, password string) int {
		status, _ := p.Send(gatewaytest.Get(t, as(user, password, p.URL)+"/metrics"))
		return status
	}
	assert.Equal(t, 200, status("ops", gatewaytest.AdminPassword))
	assert.Equal(t, 200, status("old", other))

	for _, broken := range []string{"", "ops", "ops:", ":" + other, "ops: canary", "ops:canary\n\n"} {
		gatewaytest.ReplaceFile(t, file, broken)
		hangUp(p, kept)
		require.Equal(t, 200, status("ops", gatewaytest.AdminPassword))
	}
	gatewaytest.ReplaceFile(t, file, "ops:"+gatewaytest.AdminPassword+"\nnew:"+other)
	hangUp(p, again)
	assert.Equal(t, 200, status("ops", gatewaytest.AdminPassword))
	assert.Equal(t, 200, status("new", other))
	assert.Equal(t, 401, status("old", other))
}

func TestShortAdminPasswordIsWarnedOf(t *testing.T) {
	for password, want := range map[string]int{"canary-01234567": 1, "canary-012345678": 0} {
		p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=canary-relock-secret", "ADMIN_CREDENTIALS=a-long-user-name:" + password})
		p.Stop()
		assert.Equal(t, want, strings.Count(p.Stderr.String(), `msg="ADMIN_CREDENTIALS: the password of entry 1`+shortWarned), "stderr:\n%s", &p.Stderr)
	}
}

func TestAdminLoginFailuresOfAClient(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithAdmin, "-client-ip", "X-Real-IP", "-trust", "127.0.0.1")
	login := func(client, password string) (*http.Response, int) {
		r, err := gatewaytest.Get(t, as("ops", password, p.URL)+"/metrics")
		require.NoError(t, err)
		r.Header.Set("X-Real-IP", client)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer, answer.StatusCode
	}
	for i := range 10 {
		_, status := login("192.0.2.1", fmt.Sprint("canary-wrong-", i))
		require.Equal(t, 401, status)
	}
	answer, status := login("192.0.2.1", gatewaytest.AdminPassword)
	assert.Equal(t, 429, status, "the right password, but who knows")
	assert.Regexp(t, `^([1-9]|10)$`, answer.Header.Get("Retry-After"))
	_, status = login("192.0.2.1", "canary-wrong")
	assert.Equal(t, 429, status)
	r, err := gatewaytest.Get(t, p.URL+"/healthz")
	require.NoError(t, err)
	r.Header.Set("X-Real-IP", "192.0.2.1")
	status, _ = p.Send(r, nil)
	assert.Equal(t, 200, status, "the public side")

	_, status = login("198.51.100.1", gatewaytest.AdminPassword)
	assert.Equal(t, 200, status, "another client")
	p.Stop()
	assert.Contains(t, p.Stderr.String(), adminLoginFail+" client=192.0.2.1 error=")
}

// Once something hints at a proxy or a relay in front, the admin paths on the shared
// address are closed.
func TestAdminPathsAreNotServedThroughARelay(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	status, _ := p.Send(gatewaytest.Get(t, p.URL+"/metrics"))
	require.Equal(t, 200, status)
	relayed := relay(t, strings.TrimPrefix(p.URL, "http://"))
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		status, _ = p.Send(http.NewRequestWithContext(t.Context(), method, relayed+"/dead/6", nil))
		assert.Equal(t, 403, status, method)
	}
	status, body := p.Send(gatewaytest.Get(t, p.URL+"/metrics"))
	assert.Equal(t, 403, status, "until a restart")
	assert.Contains(t, body, "ADMIN_CREDENTIALS")
	assert.Equal(t, 200, p.From(gatewaytest.RelockSecret, "the vendor is not refused", "", ""))
	status, _ = p.Send(gatewaytest.Get(t, p.URL+"/healthz"))
	assert.Equal(t, 200, status)
	p.Stop()
	assert.Equal(t, 1, strings.Count(p.Stderr.String(), "the admin paths are closed until a restart"))
}

// relay passes bytes between an address of its own and addr. It returns its URL.
func relay(t *testing.T, addr string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", addr)
			if err != nil {
				_ = from.Close()
				continue
			}
			go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
			go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestAdminPathsAreNotServedToAProxy(t *testing.T) {
	for _, header := range []string{"CF-Connecting-IP", "X-Forwarded-Port", "X-Forwarded-For", "True-Client-IP", "X-Client-IP", "X-Envoy-External-Address", "Forwarded", "Via"} {
		p := gatewaytest.Start(t, gatewaytest.WithRelock)
		require.Equal(t, 200, p.From(gatewaytest.RelockSecret, "a webhook gives it away", header, "192.0.2.1"))
		status, _ := p.Send(gatewaytest.Get(t, p.URL+"/metrics"))
		assert.Equal(t, 403, status, header)
		p.Stop()
	}
}

// No page of another site reads or changes anything.
func TestAdminPathsAreNotServedToOtherSites(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	for _, path := range []string{"/", "/events", "/metrics", "/dead", "/dead/1", "/page/page.js"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			r, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, nil)
			require.NoError(t, err)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			status, _ := p.Send(r, nil)
			assert.Equal(t, 403, status, "%s %s", method, path)
		}
	}
	r, err := gatewaytest.Get(t, p.URL+"/metrics")
	require.NoError(t, err)
	r.Header.Set("Sec-Fetch-Site", "none")
	status, _ := p.Send(r, nil)
	assert.Equal(t, 200, status)
}

// A password that was replaced lets nobody read on.
func TestSIGHUPEndsStreams(t *testing.T) {
	file := gatewaytest.WriteFile(t, "ops:"+gatewaytest.AdminPassword)
	p := gatewaytest.Start(t, append(gatewaytest.WithRelock[:1:1], "ADMIN_CREDENTIALS_FILE="+file))
	r, err := gatewaytest.Get(t, p.URL+"/events")
	require.NoError(t, err)
	r.SetBasicAuth("ops", gatewaytest.AdminPassword)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, 200, answer.StatusCode)
	gatewaytest.ReplaceFile(t, file, "ops:canary-another-password")
	hangUp(p, readAgain+"ADMIN_CREDENTIALS_FILE")
	_, err = io.Copy(io.Discard, answer.Body) // ends
	if err != nil {
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}
