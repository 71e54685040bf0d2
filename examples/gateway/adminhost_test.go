package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"
)

// Public flaws of this kind: CVE-2018-5702 (Transmission), CVE-2024-28224 (Ollama).
func TestDNSRebinding(t *testing.T) {
	shared := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-addr", "localhost:0")
	own := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-admin-addr", "127.0.0.1:0")
	open := start(t, withAdmin, "-addr", "0.0.0.0:0")
	for host, test := range map[string]struct{ shared, own, open int }{
		"localhost":           {200, 200, 200},
		"LocalHost:1234":      {200, 200, 200},
		"127.0.0.1":           {200, 200, 200},
		"127.0.0.2:8080":      {200, 200, 200},
		"[::1]:8080":          {200, 200, 200},
		"[::1]":               {200, 200, 200},
		"[::ffff:127.0.0.1]":  {200, 200, 200},
		"evil.example":        {403, 403, 200},
		"evil.example:8080":   {403, 403, 200},
		"localhost.evil.test": {403, 403, 200},
		"127.0.0.1.evil.test": {403, 403, 200},
		"evil-localhost":      {403, 403, 200},
		"localhost:80:80":     {403, 403, 200},
		"192.0.2.1":           {403, 403, 200},
		"0.0.0.0":             {403, 403, 200},
		"[::1":                {403, 403, 200},
	} {
		for name, side := range map[string]struct {
			p    *process
			url  string
			want int
		}{
			"shared": {shared, shared.url, test.shared},
			"own":    {own, own.admin(), test.own},
			"open":   {open, as("ops", adminPassword, onLoopback(open.url)), test.open},
		} {
			r, err := get(t, side.url+"/metrics")
			require.NoError(t, err)
			r.Host = host
			status, _ := side.p.send(r, nil)
			assert.Equal(t, side.want, status, "%s, Host: %s", name, host)

			r, err = get(t, side.url+"/healthz")
			require.NoError(t, err)
			r.Host = host
			status, body := side.p.send(r, nil)
			assert.Equal(t, 200, status, "%s, Host: %s", name, host)
			assert.Equal(t, side.want == 200, strings.Contains(body, "endpoints"), "%s, Host: %s", name, host)
		}
	}

	// A proxy may forward webhooks with any Host header.
	r, err := relock.NewRequest(t.Context(), shared.url+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1"})
	require.NoError(t, err)
	r.Host = "webhooks.example.com"
	status, _ := shared.send(r, nil)
	assert.Equal(t, 200, status)
}

// A request that a proxy on this machine forwards is not from this machine.
func TestAdminPathsAreNotServedThroughAProxy(t *testing.T) {
	clientIP := []string{"-client-ip", "X-Client", "-trust", "127.0.0.1"}
	plain := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, clientIP...)
	own := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, append(clientIP, "-admin-addr", "127.0.0.1:0")...)
	login := start(t, withAdmin, clientIP...)
	for header, want := range map[string]int{
		"X-Forwarded-For": 403, "x-forwarded-host": 403, "X-Forwarded-Proto": 403, "Forwarded": 403, "Via": 403, "X-Real-IP": 403,
		"X-Client": 403, "X-Other": 200,
	} {
		for name, side := range map[string]struct {
			p    *process
			url  string
			want int
		}{
			"shared": {plain, plain.url, want},
			"own":    {own, own.admin(), want},
			"login":  {login, as("ops", adminPassword, login.url), 200},
		} {
			for _, value := range []string{"203.0.113.9", "127.0.0.1", ""} {
				r, err := get(t, side.url+"/metrics")
				require.NoError(t, err)
				r.Header.Set(header, value)
				status, _ := side.p.send(r, nil)
				assert.Equal(t, side.want, status, "%s, %s: %s", name, header, value)

				r, err = get(t, side.url+"/healthz")
				require.NoError(t, err)
				r.Header.Set(header, value)
				status, body := side.p.send(r, nil)
				assert.Equal(t, 200, status, "%s, %s: %s", name, header, value)
				assert.Equal(t, side.want == 200, strings.Contains(body, "endpoints"), "%s, %s: %s", name, header, value)
			}
		}
	}
}

func TestHostOfTheFlag(t *testing.T) {
	for address, allowed := range map[string]bool{"gate.internal:8080": true, "127.0.0.1:8080": false, ":8080": false} {
		r, err := get(t, "http://Gate.Internal:9999/metrics")
		require.NoError(t, err)
		assert.Equal(t, allowed, localHost(address)(r), address)
		r.Host = ""
		assert.False(t, localHost(address)(r), address)
	}
}

func TestAdminIsProtectedFromOtherSites(t *testing.T) {
	shared := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"})
	own := start(t, withAdmin, "-admin-addr", "127.0.0.1:0")
	for name, url := range map[string]string{"shared": shared.url, "own": as("ops", adminPassword, own.admin())} {
		t.Run(name, func(t *testing.T) {
			for _, test := range []struct {
				method, header, value string
				want                  int
			}{
				{http.MethodPost, "Sec-Fetch-Site", "cross-site", 403},
				{http.MethodPost, "Sec-Fetch-Site", "same-site", 403},
				{http.MethodPost, "Origin", "https://evil.example", 403},
				{http.MethodPost, "Sec-Fetch-Site", "same-origin", 405}, // that far, but nothing is posted
				{http.MethodPost, "", "", 405},                          // no browser
				{http.MethodGet, "Sec-Fetch-Site", "cross-site", 200},
			} {
				r, err := http.NewRequestWithContext(t.Context(), test.method, url+"/metrics", nil)
				require.NoError(t, err)
				if test.header != "" {
					r.Header.Set(test.header, test.value)
				}
				status, _ := shared.send(r, nil)
				assert.Equal(t, test.want, status, "%s %s %s", test.method, test.header, test.value)
			}
		})
	}
}
