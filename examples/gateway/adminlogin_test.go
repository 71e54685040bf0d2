package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/verify"
)

const (
	adminPassword  = "canary-admin-password"
	adminInClear   = "the admin password can be read on its way"
	adminLoginFail = `level=WARN msg="admin login failed"`
)

var withAdmin = []string{"RELOCK_SECRETS=canary-relock-secret", "ADMIN_CREDENTIALS=ops:" + adminPassword}

// as adds a user and a password to a URL, which an http.Client sends.
func as(user, password, to string) string {
	scheme, rest, _ := strings.Cut(to, "://")
	return scheme + "://" + url.UserPassword(user, password).String() + "@" + rest
}

// requireLogin checks that the admin paths at url require a user and password.
func (p *process) requireLogin(client *http.Client, url string) {
	p.t.Helper()
	get := func(url string) (int, string, http.Header) {
		p.t.Helper()
		r, err := get(p.t, url)
		require.NoError(p.t, err)
		answer, err := client.Do(r)
		require.NoError(p.t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(p.t, err)
		return answer.StatusCode, string(body), answer.Header
	}
	for name, login := range map[string]string{
		"nobody":              url,
		"a wrong password":    as("ops", "canary-wrong", url),
		"no password":         as("ops", "", url),
		"a wrong user":        as("root", adminPassword, url),
		"the vendor's secret": as("ops", "canary-relock-secret", url),
	} {
		status, body, header := get(login + "/metrics")
		assert.Equal(p.t, 401, status, name)
		assert.Equal(p.t, `Basic realm="accesshook admin", charset="UTF-8"`, header.Get("WWW-Authenticate"), name)
		assert.Equal(p.t, "unauthorized\n", body, name)

		status, body, _ = get(login + "/healthz")
		if name == "nobody" {
			assert.Equal(p.t, 200, status)
			assert.Equal(p.t, `{"status":"ok"}`, body)
		} else {
			assert.Equal(p.t, 401, status, name)
		}
	}
	status, body, _ := get(as("ops", adminPassword, url) + "/metrics")
	assert.Equal(p.t, 200, status)
	assert.Contains(p.t, body, "accesshook_requests_total")
	status, body, _ = get(as("ops", adminPassword, url) + "/healthz")
	assert.Equal(p.t, 200, status)
	assert.Contains(p.t, body, `"endpoints":{"relock"`)
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
			p := start(t, withAdmin, test.args...)
			p.url = onLoopback(p.url)
			admin := p.url
			if strings.HasPrefix(name, "own") {
				admin = onLoopback(p.admin())
				status, _ := p.send(get(t, as("ops", adminPassword, p.url)+"/metrics"))
				assert.Equal(t, 404, status, "the public side")
				status, body := p.send(get(t, as("ops", adminPassword, p.url)+"/healthz"))
				assert.Equal(t, 200, status)
				assert.Equal(t, `{"status":"ok"}`, body)
			}
			p.requireLogin(http.DefaultClient, admin)
			assert.Equal(t, 200, p.from("canary-relock-secret", "no password for webhooks", "", ""))
			p.stop()
			assert.Equal(t, test.inClear, strings.Contains(p.stderr.String(), adminInClear), "stderr:\n%s", &p.stderr)
			assert.Equal(t, 8, strings.Count(p.stderr.String(), adminLoginFail+" client=127.0.0.1 error="), "stderr:\n%s", &p.stderr)
			assert.NotContains(t, p.stderr.String(), "root", "a password may have been typed as a user")
		})
	}
}

func TestAdminLoginOverTLS(t *testing.T) {
	cert, key := newPair(t, "gateway")
	files := []string{"-tls-cert", writeFile(t, cert), "-tls-key", writeFile(t, key)}
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
			p := start(t, withAdmin, append(test.args, files...)...)
			admin := p.url
			if test.own {
				admin = p.admin()
			}
			admin = onLoopback(admin)
			if test.tls {
				status, _ := p.send(get(t, as("ops", adminPassword, admin)+"/metrics"))
				assert.Equal(t, 400, status, "plain HTTP")
				admin = strings.Replace(admin, "http:", "https:", 1)
			}
			p.requireLogin(client, admin)
			p.stop()
			assert.NotContains(t, p.stderr.String(), adminInClear)
		})
	}
}

func TestSIGHUPSwapsAdminPasswords(t *testing.T) {
	const (
		other = "canary-other-password"
		again = `msg="read secrets again" variable=ADMIN_CREDENTIALS_FILE`
		kept  = `msg="cannot read secrets again, the old ones stay" variable=ADMIN_CREDENTIALS_FILE`
	)
	file := writeFile(t, "ops:"+adminPassword+"\nold:"+other)
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret", "ADMIN_CREDENTIALS_FILE=" + file})
	status := func(user, password string) int {
		status, _ := p.send(get(t, as(user, password, p.url)+"/metrics"))
		return status
	}
	assert.Equal(t, 200, status("ops", adminPassword))
	assert.Equal(t, 200, status("old", other))

	for _, broken := range []string{"", "ops", "ops:", ":" + other, "ops: canary", "ops:canary\n\n"} {
		replaceFile(t, file, broken)
		p.hangUp(kept)
		require.Equal(t, 200, status("ops", adminPassword))
	}
	replaceFile(t, file, "ops:"+adminPassword+"\nnew:"+other)
	p.hangUp(again)
	assert.Equal(t, 200, status("ops", adminPassword))
	assert.Equal(t, 200, status("new", other))
	assert.Equal(t, 401, status("old", other))
}

func TestShortAdminPasswordIsWarnedOf(t *testing.T) {
	for password, want := range map[string]int{"canary-01234567": 1, "canary-012345678": 0} {
		p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret", "ADMIN_CREDENTIALS=a-long-user-name:" + password})
		p.stop()
		assert.Equal(t, want, strings.Count(p.stderr.String(), shortWarned+"ADMIN_CREDENTIALS "), "stderr:\n%s", &p.stderr)
	}
}

func TestAdminLoginFailuresOfAClient(t *testing.T) {
	p := start(t, withAdmin, "-client-ip", "X-Real-IP", "-trust", "127.0.0.1")
	login := func(client, password string) (*http.Response, int) {
		r, err := get(t, as("ops", password, p.url)+"/metrics")
		require.NoError(t, err)
		r.Header.Set("X-Real-IP", client)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer, answer.StatusCode
	}
	for i := range failuresAtOnce {
		_, status := login("192.0.2.1", fmt.Sprint("canary-wrong-", i))
		require.Equal(t, 401, status)
	}
	answer, status := login("192.0.2.1", adminPassword)
	assert.Equal(t, 429, status, "the right password, but who knows")
	assert.Regexp(t, `^([1-9]|10)$`, answer.Header.Get("Retry-After"))
	_, status = login("192.0.2.1", "canary-wrong")
	assert.Equal(t, 429, status)
	r, err := get(t, p.url+"/healthz")
	require.NoError(t, err)
	r.Header.Set("X-Real-IP", "192.0.2.1")
	status, _ = p.send(r, nil)
	assert.Equal(t, 200, status, "the public side")

	others := 0 // of several, since one may share the count of the first
	for i := range 4 {
		if _, status := login(fmt.Sprint("198.51.100.", i), adminPassword); status == 200 {
			others++
		}
	}
	assert.GreaterOrEqual(t, others, 2)
	p.stop()
	assert.Contains(t, p.stderr.String(), adminLoginFail+" client=192.0.2.1 error=")
}

func TestFailureLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFailureLimit()
		calls := 0
		wrong := func() error { calls++; return verify.ErrBadCredential }
		right := func() error { calls++; return nil }
		client := netip.MustParseAddr("2001:db8:1:2::3")

		for range 1000 {
			wait, err := f.try(client, right)
			require.Zero(t, wait)
			require.NoError(t, err)
		}
		for range failuresAtOnce {
			wait, err := f.try(client, wrong)
			require.Zero(t, wait)
			require.Error(t, err)
		}
		calls = 0
		wait, _ := f.try(client, right)
		assert.Equal(t, failureEvery, wait)
		time.Sleep(failureEvery - time.Millisecond)
		wait, _ = f.try(client, right)
		assert.InDelta(t, time.Millisecond, wait, float64(time.Microsecond))
		wait, _ = f.try(netip.MustParseAddr("2001:db8:1:2:ffff::"), right)
		assert.Positive(t, wait, "the same network")
		assert.Zero(t, calls)

		time.Sleep(time.Millisecond)
		_, err := f.try(client, right)
		require.NoError(t, err)
		_, err = f.try(client, wrong)
		require.Error(t, err)
		wait, _ = f.try(client, right)
		assert.Positive(t, wait)
		time.Sleep(24 * time.Hour)
		for range failuresAtOnce {
			wait, _ = f.try(client, wrong)
			require.Zero(t, wait)
		}
		wait, _ = f.try(client, wrong)
		assert.Positive(t, wait, "no more are saved up")
	})
}

// A flood of failed logins must not fill the disk.
func TestAdminLoginFailuresAreLoggedSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log buffer
		o, err := parseOptions([]string{"-client-ip", "X-Real-IP", "-trust", "192.0.2.1"}, io.Discard)
		require.NoError(t, err)
		env := environment(func(name string) (string, bool) { return "ops:" + adminPassword, name == adminVariable })
		l, err := newLogin(o, env, slog.New(slog.NewTextHandler(&log, nil)))
		require.NoError(t, err)
		h := l.guard(http.NotFoundHandler())
		fail := func(client int) {
			r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			r.SetBasicAuth("canary-user", "canary")
			r.Header.Set("X-Real-IP", fmt.Sprintf("198.51.%d.%d", client/256, client%256))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.NotEqual(t, 404, w.Code)
		}
		for i := range 1000 {
			fail(i)
		}
		assert.Equal(t, 10, strings.Count(log.String(), adminLoginFail))
		time.Sleep(time.Second)
		for i := range 1000 {
			fail(i)
		}
		assert.Equal(t, 12, strings.Count(log.String(), adminLoginFail))
		assert.Contains(t, log.String(), "suppressed=990")
		requireNoSecret(t, log.String())
	})
}
