package accesshook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

// The Go snippets of README.md stand in this file, or in one of that name in the
// module that they are about, where they are compiled and run; TestREADMESnippets sees to it that they stay the same.

type service struct{ alarms, pages []string }

func (s *service) register(mux *http.ServeMux) error {
	alarm := func(_ context.Context, user string, from netip.Addr, reason string) error {
		s.alarms = append(s.alarms, user+" "+from.String()+" "+reason)
		return nil
	}
	page := func(_ context.Context, kind, text string) error {
		s.pages = append(s.pages, kind+": "+text)
		return nil
	}
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(os.Getenv("RELOCK_WEBHOOK_SECRET"))})
	if err != nil {
		return err
	}
	events := event.NewMux()
	events.HandleFunc(event.AuthenticationFailed, func(ctx context.Context, e *event.Event) error {
		return alarm(ctx, e.User.ID, e.Client.Address, e.Reason)
	})
	event.On(events, func(ctx context.Context, e *event.Event, alert *relock.SecurityAlert) error {
		return page(ctx, alert.AlertType, alert.Description)
	})
	mux.Handle("/webhooks/relock", hook.Handler(events)) // no method in the pattern: it answers 405 itself
	return nil
}

func sendAlert(ctx context.Context, server *httptest.Server) error {
	r, err := relock.NewRequest(ctx, server.URL+"/webhooks/relock", "a secret for tests", &relock.SecurityAlert{
		AlertType: "suspicious_activity",
		Severity:  "high",
	})
	if err != nil {
		return err
	}
	res, err := server.Client().Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}

func TestREADMEHandler(t *testing.T) {
	var s service
	mux := http.NewServeMux()
	require.Error(t, s.register(mux), "without a secret it must not start")
	t.Setenv("RELOCK_WEBHOOK_SECRET", "a secret for tests")
	require.NoError(t, s.register(mux))
	server := httptest.NewServer(mux)
	defer server.Close()
	require.NoError(t, sendAlert(t.Context(), server))
	assert.Equal(t, []string{"suspicious_activity: "}, s.pages)

	r, err := relock.NewRequest(t.Context(), server.URL+"/webhooks/relock", "a secret for tests",
		&relock.AuthenticationFailed{UserID: "u-1", IPAddress: "192.0.2.1", Reason: "device_not_trusted"})
	require.NoError(t, err)
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, []string{"u-1 192.0.2.1 device_not_trusted"}, s.alarms)
}

func newUnloc() (*verify.Endpoint, error) {
	dedupe := event.Dedupe(event.DedupeConfig{})
	hook, err := unloc.New(unloc.Config{
		Credentials: []verify.Credential{verify.NewCredential("unloc", os.Getenv("UNLOC_WEBHOOK_PASSWORD"))},
		Endpoint: verify.Config{
			ClientIP:  verify.XForwardedFor("10.0.0.0/8"),          // the proxies in front; leave it out if there are none
			RateLimit: verify.RateLimit{Requests: 100},             // failures of one client in 15 minutes
			Wrap:      []func(event.Handler) event.Handler{dedupe}, // dedupe := event.Dedupe(event.DedupeConfig{})
		},
	})
	return hook, err
}

func TestREADMEInProduction(t *testing.T) {
	_, err := newUnloc()
	require.Error(t, err, "without a password it must not start")
	t.Setenv("UNLOC_WEBHOOK_PASSWORD", "a-password-for-tests")
	hook, err := newUnloc()
	require.NoError(t, err)
	calls := 0
	events := event.NewMux()
	events.HandleFunc(event.LockUnlocked, func(context.Context, *event.Event) error { calls++; return nil })
	server := httptest.NewServer(hook.Handler(events))
	defer server.Close()
	for range 3 {
		r, err := unloc.NewRequest(t.Context(), server.URL, "unloc", "a-password-for-tests", &unloc.AccessEvent{ID: "e-1", Action: "unlocked"})
		require.NoError(t, err)
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 200, res.StatusCode)
	}
	assert.Equal(t, 1, calls)
}

func TestREADMEQueue(t *testing.T) {
	dedupe := event.Dedupe(event.DedupeConfig{})
	t.Setenv("UNLOC_WEBHOOK_PASSWORD", "a-password-for-tests")
	hook, err := unloc.New(unloc.Config{
		Credentials: []verify.Credential{verify.NewCredential("unloc", os.Getenv("UNLOC_WEBHOOK_PASSWORD"))},
	})
	require.NoError(t, err)
	calls := 0
	events := event.NewMux()
	events.HandleFunc(event.LockUnlocked, func(context.Context, *event.Event) error { calls++; return nil })
	mux := http.NewServeMux()

	queue := event.NewQueue(event.Retry(event.RetryConfig{})(dedupe(events)), event.QueueConfig{})
	mux.Handle("/webhooks/unloc", hook.Handler(queue)) // at the end: http.Server.Shutdown, then queue.Shutdown

	server := httptest.NewServer(mux)
	defer server.Close()
	for range 3 {
		r, err := unloc.NewRequest(t.Context(), server.URL+"/webhooks/unloc", "unloc", "a-password-for-tests", &unloc.AccessEvent{ID: "e-1", Action: "unlocked"})
		require.NoError(t, err)
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 200, res.StatusCode)
	}
	left, err := queue.Shutdown(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Equal(t, 1, calls)

	inWrap, err := newUnloc()
	require.NoError(t, err)
	assert.Panics(t, func() { inWrap.Handler(queue) }, "Dedupe is left out of Wrap then")
}

// README.md says what a request that did not come from a network needs.
func TestREADMERecorder(t *testing.T) {
	hook, err := relock.New(relock.Config{
		Secrets:  event.Secrets("a secret for tests"),
		Endpoint: verify.Config{AllowFrom: []string{"198.51.100.7"}, ClientIP: verify.XForwardedFor("192.0.2.1")},
	})
	require.NoError(t, err)
	handler := hook.Handler(event.NewMux())
	answer := func(change func(r *http.Request)) int {
		r, err := relock.NewRequest(t.Context(), "/webhooks/relock", "a secret for tests", &relock.SecurityAlert{})
		require.NoError(t, err)
		change(r)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, 403, answer(func(*http.Request) {}))
	assert.Equal(t, 403, answer(func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1234" }))
	assert.Equal(t, 200, answer(func(r *http.Request) {
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
	}))
}

// A Badge is the payload of the vendor in README.md.
type Badge struct {
	ID     string    `json:"id,omitzero"`
	Kind   string    `json:"kind,omitzero"`
	Holder string    `json:"holder,omitzero"`
	Door   string    `json:"door,omitzero"`
	At     time.Time `json:"at,omitzero"`
}

func newAcme(secrets []event.Secret) (*verify.Endpoint, error) {
	v, err := verify.NewSigned(verify.SignedConfig{Header: "X-Acme-Signature", Encoding: verify.Base64, Secrets: secrets})
	if err != nil {
		return nil, err
	}
	return verify.NewEndpoint(verify.Definition{
		Vendor:   "acme",
		Verifier: v,
		Decode:   func(_ http.Header, body []byte) (*event.Event, error) { return decode(body) },
	})
}

func decode(body []byte) (*event.Event, error) {
	p := new(Badge)
	warnings, err := verify.Unmarshal(body, p)
	if err != nil {
		return nil, err
	}
	e := &event.Event{ID: p.ID, Vendor: "acme", Type: event.Unknown, VendorType: p.Kind, Time: p.At, Payload: p, Warnings: warnings}
	if p.Kind == "entry" {
		e.Type = event.LockUnlocked
	}
	e.Outcome, e.Severity = e.Type.Outcome(), e.Type.Severity()
	e.User.ID, e.Lock.ID = p.Holder, p.Door
	return e, nil
}

func TestREADMEVendor(t *testing.T) {
	hook, err := newAcme(event.Secrets("a secret for tests"))
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	body := []byte(`{"id":"b-1","kind":"entry","holder":"ada"}`)
	r.Header.Set("X-Acme-Signature", "SaYZqk0kWoZmReHeVIRWHoqyOF3BixI5hgyRsFdQkGE=") // by Python's hmac
	e, err := hook.Check(r, body)
	require.NoError(t, err)
	assert.Equal(t, "b-1", e.ID)
	assert.Equal(t, event.LockUnlocked, e.Type)
	for at, warnings := range map[string]int{`""`: 0, `12`: 1, `{}`: 1, `"2026-11-29T10:00Z"`: 0} {
		e, err := decode([]byte(`{"id":"b-1","kind":"entry","holder":7,"at":` + at + `}`))
		require.NoError(t, err)
		assert.Equal(t, event.LockUnlocked, e.Type)
		assert.Equal(t, "7", e.User.ID)
		assert.Len(t, e.Warnings, 1+warnings, at)
	}

	verifier := func(secrets ...event.Secret) (verify.Verifier, error) {
		return verify.NewSigned(verify.SignedConfig{Header: "X-Acme-Signature", Encoding: verify.Base64, Secrets: secrets})
	}
	decodes := func(decode func(body []byte) (*event.Event, error)) func([]event.Secret, verify.Config) (*verify.Endpoint, error) {
		return func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
			v, err := verifier(secrets...)
			if err != nil {
				return nil, err
			}
			return verify.NewEndpoint(verify.Definition{
				Vendor: "acme", Verifier: v, Config: c,
				Decode: func(_ http.Header, body []byte) (*event.Event, error) { return decode(body) },
			})
		}
	}
	vendor := verifytest.Vendor{
		New:         decodes(decode),
		NewVerifier: verifier,
		NewRequest: func(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
			if err != nil {
				return nil, err
			}
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write(body)
			r.Header.Set("X-Acme-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
			return r, nil
		},
		Decode:      decode,
		Credentials: [3]string{"the first secret of acme", "the second secret of acme", "the secret of a stranger"},
		Header:      "X-Acme-Signature",
		Signed:      true,
		OwnIDs:      true,
		Payloads:    map[string][]byte{"entry": []byte(`{"id":"b-1","kind":"entry","holder":"ada","at":"2026-11-29T10:00:00Z"}`)},
		Unknown:     []byte(`{"id":"b-2","kind":"painted"}`),
	}
	verifytest.Run(t, vendor)

	vendor.New = decodes(func(body []byte) (*event.Event, error) {
		if err := json.Unmarshal(body, new(Badge)); err != nil {
			return nil, errors.New("acme: a time that is empty, or a number for a name")
		}
		return decode(body)
	})
	assert.ErrorContains(t, verifytest.Check(vendor), "tolerates drifted fields", "it must not be decoded by encoding/json")
}

func TestREADMESnippets(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var code string
	for _, name := range []string{"readme_test.go", "event/durable/readme_test.go"} {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		code += flat(string(source))
	}
	snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, snippets, 7)
	for _, s := range snippets {
		assert.Contains(t, code, flat(s[1]), "a snippet that is not compiled by this test:\n%s", s[1])
	}
	for _, command := range []string{"go run ./examples/gateway -demo", "go test work"} {
		assert.Contains(t, string(readme), "\n"+command+"\n")
	}
}

// flat is text without indentation.
func flat(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
