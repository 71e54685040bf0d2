package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

// asProgram is the variable with which the test binary is the program.
const asProgram = "SEND_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		go func() { // ends with the test, whatever ends that
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(3)
		}()
		main()
	}
	for _, v := range vendors.All { // the tests do not depend on the machine
		_ = os.Unsetenv(v.Variable.Name)
		_ = os.Unsetenv(v.Variable.Name + "_FILE")
	}
	os.Exit(m.Run())
}

// Secrets of the tests, by vendor. None may be shown.
var secrets = map[string]string{
	"userlock":    "ca9a27ff-ca9a-47ca-9a27-ca9a27ca9a27",
	"unloc":       "gate:canary-unloc-password",
	"relock":      "canary-relock-secret",
	"loginradius": "canary-loginradius-secret",
}

func setSecrets(t *testing.T) {
	for _, v := range vendors.All {
		t.Setenv(v.Variable.Name, secrets[v.Name])
	}
}

// sendOut runs the program, which must not show a secret.
func sendOut(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &out, &log)
	requireNoSecret(t, out.String(), log.String())
	return status, out.String(), log.String()
}

func requireNoSecret(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		assert.NotContains(t, text, "canary")
		assert.NotContains(t, strings.ReplaceAll(text, "-", ""), "ca9a27ca9a27")
	}
}

// A receiver is a server with the endpoints of all vendors. It keeps what comes.
type receiver struct {
	URL string

	mu       sync.Mutex
	events   []*event.Event
	requests []received
}

type received struct {
	path   string
	header http.Header
	body   string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	mux := http.NewServeMux()
	setSecrets(t)
	for _, v := range vendors.All {
		values, err := v.Variable.Read()
		require.NoError(t, err)
		hook, err := v.New(values, verify.Config{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		mux.Handle(v.Path(), hook.Handler(event.HandlerFunc(func(_ context.Context, e *event.Event) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, e)
			return nil
		})))
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		r.mu.Lock()
		r.requests = append(r.requests, received{q.URL.Path, q.Header, string(body)})
		r.mu.Unlock()
		mux.ServeHTTP(w, q)
	}))
	t.Cleanup(s.Close)
	r.URL = s.URL
	return r
}

// uniqueIDs returns how many different events there are.
func (r *receiver) uniqueIDs() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make(map[string]bool)
	for _, e := range r.events {
		ids[e.Vendor+" "+e.ID] = true
	}
	return len(ids)
}

func TestEveryEventOfAllVendors(t *testing.T) {
	r := newReceiver(t)
	status, stdout, stderr := sendOut(t, "-vendor", "all", "-url", r.URL)
	assert.Equal(t, 0, status)
	assert.Empty(t, stderr)
	want := 0
	for _, v := range vendors.All {
		want += len(v.Types())
	}
	assert.Len(t, r.events, want)
	assert.Equal(t, want, r.uniqueIDs())
	assert.Contains(t, stdout, "relock security.alert: 200 in ")
	assert.Contains(t, stdout, "userlock saas-logon: 200 in ")
	assert.Regexp(t, `(?m)^sent 61 events in 61 requests in \S+, [\d.]+ events a second\n200 OK: 61\nlatency: p50 \S+, p99 \S+, max \S+\n\z`, stdout)
	for _, e := range r.events {
		assert.WithinDuration(t, time.Now(), e.Time, time.Minute)
		assert.Empty(t, e.Warnings)
	}
}

// Events are new ones, even if they have the same time.
func TestEachIsANewEvent(t *testing.T) {
	for _, v := range vendors.All {
		t.Run(v.Name, func(t *testing.T) {
			r := newReceiver(t)
			status, stdout, _ := sendOut(t, "-vendor", v.Name, "-url", r.URL, "-count", "130", "-time", "2026-03-01T14:00:00.5+01:00", "-concurrency", "3")
			assert.Equal(t, 0, status)
			assert.Equal(t, 130, r.uniqueIDs())
			types := make(map[string]bool)
			for _, e := range r.events {
				assert.True(t, e.Time.Equal(time.Date(2026, 3, 1, 13, 0, 0, 5e8, time.UTC)), "%v", e.Time)
				types[e.VendorType] = true
			}
			assert.Len(t, types, len(v.Types()), "in turn")
			assert.NotContains(t, stdout, ": 200 in", "no line for each of many")
			assert.Contains(t, stdout, "200 OK: 130\n")
		})
	}
}

func TestDuplicateAndTamper(t *testing.T) {
	for _, v := range vendors.All {
		t.Run(v.Name, func(t *testing.T) {
			r := newReceiver(t)
			n := len(v.Types())
			status, stdout, _ := sendOut(t, "-vendor", v.Name, "-url", r.URL, "-duplicate")
			assert.Equal(t, 0, status)
			assert.Contains(t, stdout, "200 OK: ")
			require.Len(t, r.requests, 2*n)
			for i := 0; i < 2*n; i += 2 {
				a, b := r.requests[i], r.requests[i+1]
				assert.Equal(t, a, b)
			}
			assert.Equal(t, n, r.uniqueIDs())

			r.requests, r.events = nil, nil
			status, stdout, _ = sendOut(t, "-vendor", v.Name, "-url", r.URL, "-tamper", "-duplicate")
			assert.Equal(t, 0, status)
			assert.Contains(t, stdout, "401 Unauthorized: ")
			assert.Len(t, r.requests, 2*n)
			assert.Empty(t, r.events)
			for _, q := range r.requests {
				assert.Contains(t, q.body, `"tampered":"yes"`)
				assert.True(t, json.Valid([]byte(q.body)))
				requireNoSecret(t, q.body)
			}
		})
	}
}

func TestOneEvent(t *testing.T) {
	for event, want := range map[string]string{
		"security.alert": "security.alert", "Security.Alert": "security.alert", "viewedcode": "viewedCode",
		"1": "1", "logon": "1", "IIS logon": "101", "denied_by_active_directory": "20", "login": "login",
	} {
		t.Run(event, func(t *testing.T) {
			r := newReceiver(t)
			status, _, stderr := sendOut(t, "-vendor", "all", "-url", r.URL, "-event", event)
			assert.Equal(t, 0, status)
			assert.NotContains(t, stderr, "left out", "only vendors without that event are")
			require.Len(t, r.events, 1)
			assert.Equal(t, want, r.events[0].VendorType)
		})
	}
}

func TestSetAndTime(t *testing.T) {
	r := newReceiver(t)
	status, _, _ := sendOut(t, "-vendor", "relock", "-url", r.URL, "-event", "security.alert", "-count", "2", "-time", "-2h",
		"-set", "data.userId=17", "-set", "data.attempts:=17.50", "-set", "new.list.0=x")
	assert.Equal(t, 0, status)
	require.Len(t, r.events, 2)
	for _, e := range r.events {
		assert.Equal(t, "17", e.User.ID)
		assert.WithinDuration(t, time.Now().Add(-2*time.Hour), e.Time, time.Minute)
	}
	assert.Contains(t, r.requests[0].body, `"userId":"17"`)
	assert.Contains(t, r.requests[0].body, `"attempts":17.50`)
	assert.Contains(t, r.requests[0].body, `,"new":{"list":["x"]}}`)
}

// What is set counts more than what the tool would put there.
func TestSetOfAnID(t *testing.T) {
	r := newReceiver(t)
	status, _, _ := sendOut(t, "-vendor", "unloc", "-url", r.URL, "-set", "id=mine", "-set", "created=2026-01-02T03:04:05Z")
	assert.Equal(t, 0, status)
	assert.Equal(t, 1, r.uniqueIDs())
	assert.Equal(t, "mine", r.events[0].ID)
}

func TestVendorsWithoutASecretAreLeftOut(t *testing.T) {
	r := newReceiver(t)
	require.NoError(t, os.Unsetenv("UNLOC_CREDENTIALS"))
	require.NoError(t, os.Unsetenv("USERLOCK_IDS"))
	status, stdout, stderr := sendOut(t, "-vendor", "all", "-url", r.URL)
	assert.Equal(t, 0, status)
	assert.Equal(t, "send: warning: vendors are left out, since their variables are not set: USERLOCK_IDS, UNLOC_CREDENTIALS\n", stderr)
	assert.Contains(t, stdout, "200 OK: 38\n")
}

func TestExpect(t *testing.T) {
	r := newReceiver(t)
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-expect", "401"}, 1, "200 OK: 1 (expected 401)\n"},
		{[]string{"-tamper", "-expect", "200"}, 1, "401 Unauthorized: 1 (expected 200)\n"},
		{[]string{"-url", r.URL + "/none"}, 1, "404 Not Found: 1 (expected 200)\n"},
		{[]string{"-url", r.URL + "/none", "-expect", "404"}, 0, "404 Not Found: 1\n"},
		{[]string{"-url", r.URL + "/"}, 1, "404 Not Found: 1 (expected 200)\n"},
		{[]string{"-secret", "another-long-secret"}, 1, "401: the receiver has another secret, or something changes the requests on their way\n"},
	} {
		status, stdout, _ := sendOut(t, append([]string{"-vendor", "relock", "-event", "session.ended", "-url", r.URL}, test.args...)...)
		assert.Equal(t, test.status, status, test.args)
		assert.Contains(t, stdout, test.want, test.args)
	}
}

func TestJSONSummary(t *testing.T) {
	r := newReceiver(t)
	status, stdout, _ := sendOut(t, "-vendor", "relock", "-url", r.URL+"/webhooks/relock?token=canary", "-count", "3", "-duplicate", "-json")
	assert.Equal(t, 0, status)
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	for name, want := range map[string]any{
		"events": 3., "requests": 6., "expected": 200., "unexpected": 0., "stopped": false,
		"statuses": map[string]any{"200": 6.}, "errors": map[string]any{},
	} {
		assert.Equal(t, want, got[name], name)
	}
	l := got["latencySeconds"].(map[string]any)
	assert.Positive(t, l["p50"])
	assert.LessOrEqual(t, l["p50"], l["p99"])
	assert.LessOrEqual(t, l["p99"], l["max"])
	assert.LessOrEqual(t, l["max"], got["seconds"])
	assert.Positive(t, got["eventsPerSecond"])
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}
