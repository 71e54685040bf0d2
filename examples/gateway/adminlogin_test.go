package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

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
