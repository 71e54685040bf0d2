package unloc_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

func TestNewRefuses(t *testing.T) {
	good := verify.NewCredential("doors", "correct-horse")
	for name, test := range map[string]struct {
		config unloc.Config
		field  string
	}{
		"no credentials":             {unloc.Config{}, "unloc: Config.Credentials is empty"},
		"empty list":                 {unloc.Config{Credentials: []verify.Credential{}}, "unloc: Config.Credentials is empty"},
		"empty user":                 {unloc.Config{Credentials: []verify.Credential{verify.NewCredential("", "correct-horse")}}, "unloc: Config.Credentials[0].User"},
		"blank user":                 {unloc.Config{Credentials: []verify.Credential{verify.NewCredential("  ", "correct-horse")}}, "unloc: Config.Credentials[0].User"},
		"colon in the user":          {unloc.Config{Credentials: []verify.Credential{verify.NewCredential("do:ors", "correct-horse")}}, "unloc: Config.Credentials[0].User"},
		"empty password":             {unloc.Config{Credentials: []verify.Credential{{User: "doors"}}}, "unloc: Config.Credentials[0].Password"},
		"line feed from a file":      {unloc.Config{Credentials: []verify.Credential{verify.NewCredential("doors", "correct-horse\n")}}, "unloc: Config.Credentials[0].Password"},
		"control character":          {unloc.Config{Credentials: []verify.Credential{verify.NewCredential("doors", "correct\x00horse")}}, "unloc: Config.Credentials[0].Password"},
		"second of two, no password": {unloc.Config{Credentials: []verify.Credential{good, {User: "doors"}}}, "unloc: Config.Credentials[1].Password"},
		"endpoint":                   {unloc.Config{Credentials: []verify.Credential{good}, Endpoint: verify.Config{MaxBody: -1}}, "MaxBody"},
	} {
		t.Run(name, func(t *testing.T) {
			hook, err := unloc.New(test.config)
			require.ErrorContains(t, err, test.field)
			assert.Nil(t, hook)
			assert.NotContains(t, err.Error(), "horse")
		})
	}
}

func TestNewVerifierRefusesNothing(t *testing.T) {
	v, err := unloc.NewVerifier()
	require.EqualError(t, err, "unloc: credentials is empty")
	assert.True(t, v == nil, "a nil interface, not a nil pointer in one")
	_, err = unloc.NewVerifier(verify.Credential{User: "doors"})
	require.EqualError(t, err, "unloc: credentials[0].Password is empty")
}

// A registration that works is not to be broken by a rule about new ones.
func TestNewAcceptsReservedCharacters(t *testing.T) {
	hook, err := unloc.New(unloc.Config{Credentials: []verify.Credential{verify.NewCredential("d@ors", "p/a:s$s")}})
	require.NoError(t, err)
	r, err := unloc.NewRequest(t.Context(), "https://hooks.example/unloc", "d@ors", "p/a:s$s", unloc.AccessEvent{})
	require.NoError(t, err)
	assert.NoError(t, hook.Verify(r, nil))
}

func TestVerifierCanBeSwapped(t *testing.T) {
	hook := newHook(t, verify.NewCredential("doors", "old"))
	request := func(password string) *http.Request {
		r, err := unloc.NewRequest(t.Context(), "https://hooks.example/unloc", "doors", password, unloc.AccessEvent{})
		require.NoError(t, err)
		return r
	}
	require.NoError(t, hook.Verify(request("old"), nil))
	require.ErrorIs(t, hook.Verify(request("new"), nil), verify.ErrUnauthenticated)

	both, err := unloc.NewVerifier(verify.NewCredential("doors", "new"), verify.NewCredential("doors", "old"))
	require.NoError(t, err)
	hook.SetVerifier(both)
	assert.NoError(t, hook.Verify(request("old"), nil))
	assert.NoError(t, hook.Verify(request("new"), nil))
}

// A request that comes again after a rotation is the same event, handled once.
func TestRotationKeepsEvents(t *testing.T) {
	calls := 0
	hook, err := unloc.New(unloc.Config{
		Credentials: []verify.Credential{verify.NewCredential("doors", "old")},
		Endpoint: verify.Config{
			Logger: slog.New(slog.DiscardHandler),
			Wrap:   []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})},
		},
	})
	require.NoError(t, err)
	handler := hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { calls++; return nil }))
	send := func(password string) {
		r, err := unloc.NewRequest(t.Context(), "https://hooks.example/unloc", "doors", password, []byte(`{"action":"locked"}`))
		require.NoError(t, err)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		assert.Equal(t, http.StatusOK, w.Code)
	}
	send("old")
	both, err := unloc.NewVerifier(verify.NewCredential("doors", "new"), verify.NewCredential("doors", "old"))
	require.NoError(t, err)
	hook.SetVerifier(both)
	send("old")
	send("new")
	assert.Equal(t, 1, calls)
}

func newHook(t *testing.T, credentials ...verify.Credential) *verify.Endpoint {
	t.Helper()
	hook, err := unloc.New(unloc.Config{
		Credentials: credentials,
		Endpoint:    verify.Config{Logger: slog.New(slog.DiscardHandler)},
	})
	require.NoError(t, err)
	return hook
}
