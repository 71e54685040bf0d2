package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/lines"
)

func TestDemo(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, runDemo(t.Context(), &out))
	text := out.String()
	for _, id := range []string{`"metadata":\{"version":"1.8.0","uid":"(?:userlock/userlock|relock/relock)/`, `externalId=`, `"_id":"(?:userlock/userlock|relock/relock)/`} {
		ids := regexp.MustCompile(id+`[0-9a-f]{40}`).FindAllString(text, -1)
		slices.Sort(ids)
		assert.Len(t, slices.Compact(ids), len(sample), id)
	}
	for _, want := range []string{`"class_uid":3002`, `"class_uid":2004`, `CEF:0|IS Decisions|UserLock|`, `CEF:0|Relock|Relock|`, `"action":"logon-failed"`} {
		assert.Contains(t, text, want)
	}
}

// Each event of the vendors arrives once, although it is sent twice and fails twice, and
// although the service ends meanwhile. Strangers' events do not.
func TestService(t *testing.T) {
	const id, secret = "0b7c6e0e-5a43-4e0b-9a55-1d2f7f3c9e21", "the secret of the webhook"
	for name, fails := range map[string]bool{"is told to stop": false, "loses its listener": true} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			var mu sync.Mutex
			tried, taken := map[string]int{}, map[string]int{}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			served := make(chan error, 1)
			go func() {
				served <- serve(ctx, l, event.Secrets(id), event.Secrets(secret), []event.Handler{
					event.HandlerFunc(func(_ context.Context, e *event.Event) error {
						mu.Lock()
						defer mu.Unlock()
						if tried[e.ID]++; tried[e.ID] <= 2 { // more often than it is delivered
							return errors.New("away")
						}
						taken[e.ID]++
						return nil
					}),
				})
			}()
			url := "http://" + l.Addr().String()
			assert.ErrorContains(t, sendSample(ctx, url, "5f0c8a2e-9d41-4b7e-8c36-1a2b3c4d5e6f", "the secret of somebody else"), "401")
			require.NoError(t, sendSample(ctx, url, id, secret))
			require.NoError(t, sendSample(ctx, url, id, secret))
			if fails {
				require.NoError(t, l.Close())
				assert.Error(t, <-served)
			} else {
				stop()
				assert.NoError(t, <-served)
			}
			assert.Len(t, taken, len(sample))
			for id, n := range taken {
				assert.Equal(t, 1, n, id)
			}
		})
	}
}

// Lines are in one file each, whole, and the oldest files are removed.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	require.NoError(t, os.WriteFile(path, []byte("half a li"), 0o600)) // of a killed process
	r := &rotated{path: path, max: 40, keep: 2}
	w := lines.NewWriter(r)
	for i := range 20 {
		require.NoError(t, w.WriteLine(t.Context(), fmt.Appendf(nil, "line %02d", i)))
		if i == 9 {
			require.NoError(t, r.file.Close())
			r = &rotated{path: path, max: 40, keep: 2} // a restart
			w = lines.NewWriter(r)
		}
	}
	require.NoError(t, r.file.Close())
	got := map[string]string{}
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(path), f.Name()))
		require.NoError(t, err)
		got[f.Name()] = string(text)
	}
	want := map[string]string{
		"events":   "line 18\nline 19\n",
		"events.1": "line 13\nline 14\nline 15\nline 16\nline 17\n",
		"events.2": "line 08\nline 09\nline 10\nline 11\nline 12\n",
	}
	assert.Empty(t, cmp.Diff(want, got))
}

// The line that a killed process left is not joined with another, and a file that cannot be
// written now may be later.
func TestFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	path := filepath.Join(dir, "events")
	h := toFile(path, "ecs")
	assert.Error(t, h.HandleEvent(t.Context(), anEvent))
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(path, []byte("half a li"), 0o600))
	require.NoError(t, h.HandleEvent(t.Context(), anEvent))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	first, second, _ := strings.Cut(string(text), "\n")
	assert.Equal(t, "half a li", first)
	assert.True(t, json.Valid([]byte(second)), second)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

var anEvent = &event.Event{ID: "e-1", Vendor: "relock", Source: "relock", Type: event.SecurityAlert, Time: morning(0)}

// A receiver that closes its connections, as it does when it restarts, gets later events.
func TestSyslogReconnects(t *testing.T) {
	server := httptest.NewTLSServer(nil) // for its certificate
	defer server.Close()
	for _, scheme := range []string{"tcp", "tls"} {
		t.Run(scheme, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			s := toSyslog(&url.URL{Scheme: scheme, Host: l.Addr().String()}).(*syslog)
			if scheme == "tls" {
				l = tls.NewListener(l, &tls.Config{Certificates: server.TLS.Certificates})
				go readMessages(l, 1)
				require.ErrorContains(t, s.HandleEvent(t.Context(), anEvent), "certificate")
				s.tls = &tls.Config{RootCAs: x509.NewCertPool()}
				s.tls.RootCAs.AddCert(server.Certificate())
			}
			for range 3 {
				received := make(chan []string, 1)
				go func() { received <- readMessages(l, 1) }() // and closes
				require.Eventually(t, func() bool { return s.HandleEvent(t.Context(), anEvent) == nil }, time.Minute, time.Millisecond)
				got := <-received
				require.Len(t, got, 1)
				assert.Contains(t, got[0], "CEF:0|Relock|")
				// The next write would succeed if it came before the end of the connection.
				require.Eventually(t, func() bool { _, err := s.conn.Write(nil); return err != nil }, time.Minute, time.Millisecond)
			}
		})
	}
}

func TestElasticsearch(t *testing.T) {
	var status int
	var answer string
	var request *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	u, err := url.Parse(server.URL + "/T0pSecretPath")
	require.NoError(t, err)
	h := toElasticsearch(u, event.NewSecret("T0pSecretKey"))
	for _, test := range []struct {
		status int
		answer string
		want   string // ok, again or never
	}{
		{200, `{"items":[{"create":{"status":201}}]}`, "ok"},
		{200, `{"items":[{"create":{"status":409}}]}`, "ok"},
		{200, `{"items":[{"create":{"status":429}}]}`, "again"},
		{200, `{"items":[{"create":{"status":503}}]}`, "again"},
		{200, `{"items":[{"create":{"status":400}}]}`, "never"},
		{200, `{"items":[]}`, "again"},
		{200, `{}`, "again"},
		{200, `welcome to the hotel`, "again"},
		{302, ``, "again"},
		{401, ``, "again"},
		{429, ``, "again"},
		{503, ``, "again"},
	} {
		status, answer = test.status, test.answer
		err := h.HandleEvent(t.Context(), anEvent)
		got := "again"
		switch {
		case err == nil:
			got = "ok"
		case event.IsPermanent(err):
			got = "never"
		}
		assert.Equal(t, test.want, got, "%d %s", test.status, test.answer)
	}
	assert.Equal(t, "/T0pSecretPath/_bulk", request.URL.Path)
	assert.Equal(t, "ApiKey T0pSecretKey", request.Header.Get("Authorization"))
	create, document, _ := strings.Cut(string(body), "\n")
	assert.JSONEq(t, `{"create":{"_index":"logs-accesshook-default","_id":"relock/relock/e-1"}}`, create)
	assert.True(t, json.Valid([]byte(document)))
	server.Close()
	err = h.HandleEvent(t.Context(), anEvent)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "T0pSecret")
}

func TestSettings(t *testing.T) {
	t.Setenv("USERLOCK_IDS", "0b7c6e0e-5a43-4e0b-9a55-1d2f7f3c9e21")
	t.Setenv("RELOCK_SECRETS", "the secret of the webhook")
	for _, test := range []struct{ name, value, want string }{
		{"SIEM_FILE", "", "set SIEM_FILE, SIEM_SYSLOG or SIEM_ELASTICSEARCH"},
		{"SIEM_SYSLOG", "udp://T0pSecret:514", "SIEM_SYSLOG is not"},
		{"SIEM_SYSLOG", "tls://T0pSecret.example.com", "SIEM_SYSLOG has no port"},
		{"SIEM_ELASTICSEARCH", "https://user:T0pSecret@search.example.com", "SIEM_ELASTICSEARCH is not"},
		{"SIEM_ELASTICSEARCH", "http://search.example.com/T0pSecret", "must be https"},
		{"SIEM_ELASTICSEARCH", "http://%zzT0pSecret", "SIEM_ELASTICSEARCH is not"},
	} {
		t.Run(test.name+" "+test.value, func(t *testing.T) {
			t.Setenv("SIEM_ELASTICSEARCH_KEY", "T0pSecretKey")
			t.Setenv(test.name, test.value)
			err := runService(t.Context())
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "T0pSecret")
		})
	}
	t.Setenv("SIEM_ELASTICSEARCH", "https://search.example.com")
	t.Setenv("SIEM_ELASTICSEARCH_KEY", "T0pSecretKey,T0pSecretKey2")
	assert.EqualError(t, runService(t.Context()), "SIEM_ELASTICSEARCH_KEY has 2 keys, and Elasticsearch is sent one")
	t.Setenv("SIEM_FILE", filepath.Join(t.TempDir(), "events"))
	t.Setenv("SIEM_FILE_FORMAT", "xml")
	assert.ErrorContains(t, runService(t.Context()), "SIEM_FILE_FORMAT")
}
