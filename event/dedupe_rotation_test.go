package event_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// All credentials of an endpoint belong to one owner, so which of them a request
// matched does not matter. These tests go through real endpoints: the label of a
// credential is its place in a list, which a rotation changes.

const (
	oldSecret = "the old secret, for tests only"
	newSecret = "the new secret, for tests only"
)

// once is a Config with Dedupe, and a handler that counts.
func once() (verify.Config, event.Handler, *atomic.Int64) {
	log, _ := quiet()
	calls := new(atomic.Int64)
	h := event.HandlerFunc(func(context.Context, *event.Event) error { calls.Add(1); return nil })
	return verify.Config{Logger: log, Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})}}, h, calls
}

// accepted sends r to h, which must answer 200.
func accepted(t *testing.T, h http.Handler, r *http.Request, err error) {
	t.Helper()
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
}

func TestDedupe_RotationOfSecrets(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after []string
		secret        string // that signs, before and after the rotation
	}{
		"a new one in front":    {[]string{oldSecret}, []string{newSecret, oldSecret}, oldSecret},
		"the old one taken out": {[]string{oldSecret, newSecret}, []string{newSecret}, newSecret},
	} {
		t.Run(name, func(t *testing.T) {
			config, h, calls := once()
			hook, err := relock.New(relock.Config{Secrets: event.Secrets(tt.before...), Endpoint: config})
			require.NoError(t, err)
			endpoint := hook.Handler(h)
			send := func() {
				r, err := relock.NewRequest(t.Context(), "http://localhost/", tt.secret, &relock.SecurityAlert{UserID: "ada"})
				accepted(t, endpoint, r, err)
			}
			send()
			v, err := relock.NewVerifier(event.Secrets(tt.after...)...)
			require.NoError(t, err)
			hook.SetVerifier(v)
			send()
			assert.EqualValues(t, 1, calls.Load())
		})
	}
}

func TestDedupe_PrimaryAndBackupServer(t *testing.T) {
	const primary, backup = "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
	config, h, calls := once()
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary, backup), Endpoint: config})
	require.NoError(t, err)
	endpoint := hook.Handler(h)
	for _, id := range []string{primary, backup} {
		body := `{"UserLockId":"` + id + `","EventType":1,"UserAccount":"ACME\\ada","SessionId":"1"}`
		r, err := http.NewRequest(http.MethodPost, "http://localhost/", strings.NewReader(body))
		accepted(t, endpoint, r, err)
	}
	assert.EqualValues(t, 1, calls.Load())
}

// Owners who do not trust each other have endpoints with different names: neither
// keeps out the events of the other.
func TestDedupe_OwnersWithNames(t *testing.T) {
	config, h, calls := once()
	for _, name := range []string{"north", "south"} {
		config.Name = name
		hook, err := relock.New(relock.Config{Secrets: event.Secrets(name + " has this secret, for tests"), Endpoint: config})
		require.NoError(t, err)
		endpoint := hook.Handler(h)
		for range 2 {
			r, err := relock.NewRequest(t.Context(), "http://localhost/", name+" has this secret, for tests", &relock.SecurityAlert{UserID: "ada"})
			accepted(t, endpoint, r, err)
		}
	}
	assert.EqualValues(t, 2, calls.Load())
}

// De-duplication in front of verification, or by a header outside the signature,
// lets anybody keep out an event by sending its ID first
// (2witstudios/PageSpace#2199). Here what is not verified claims nothing.
func TestDedupe_PageSpace2199_UnverifiedClaimsNothing(t *testing.T) {
	config, h, calls := once()
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(oldSecret), Endpoint: config})
	require.NoError(t, err)
	endpoint := hook.Handler(h)
	forged, err := relock.NewRequest(t.Context(), "http://localhost/", "not the secret, for tests", &relock.SecurityAlert{UserID: "ada"})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	endpoint.ServeHTTP(w, forged)
	require.Equal(t, http.StatusUnauthorized, w.Code)
	assert.Zero(t, calls.Load())
	r, err := relock.NewRequest(t.Context(), "http://localhost/", oldSecret, &relock.SecurityAlert{UserID: "ada"})
	accepted(t, endpoint, r, err)
	assert.EqualValues(t, 1, calls.Load())
}
