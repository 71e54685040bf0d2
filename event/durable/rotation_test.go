package durable_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

var quiet = verify.Config{Logger: slog.New(slog.DiscardHandler)}

// A request that was recorded before a rotation of secrets is the same event after
// it, whatever place its secret has in the list.
func TestRotationOfSecretsKeepsDuplicatesOut(t *testing.T) {
	t.Parallel()
	const old, next = "the-old-secret-of-a-webhook", "the-new-secret-of-a-webhook"
	tests := map[string]struct {
		before, after []event.Secret
		signed        string
	}{
		"a new one in front":  {event.Secrets(old), event.Secrets(next, old), old},
		"the old one is gone": {event.Secrets(old, next), event.Secrets(next), next},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, embedded.Config{})
			hook, err := relock.New(relock.Config{Secrets: tt.before, Endpoint: quiet})
			require.NoError(t, err)
			h := hook.Handler(s)
			send := func() {
				t.Helper()
				r, err := relock.NewRequest(t.Context(), someURL, tt.signed, []byte(`{"event":"session.ended","data":{"sessionId":"s-1"}}`))
				require.NoError(t, err)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				require.Equal(t, http.StatusOK, w.Code)
			}
			send()
			v, err := relock.NewVerifier(tt.after...)
			require.NoError(t, err)
			hook.SetVerifier(v)
			send()
			assertHandledOnce(t, s)
		})
	}
}

// The primary and the backup server of UserLock may both report a logon. The bodies
// differ in the server's ID alone.
func TestPrimaryAndBackupServerAreOneSender(t *testing.T) {
	t.Parallel()
	const primary, backup = userLockID, "9b2d7c1e-5a40-4c8f-b7d3-6e1f0a92c455"
	s := open(t, embedded.Config{Config: durable.Config{KeepRaw: true, RawKeys: rawKeys(keyA)}})
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary, backup), Endpoint: quiet})
	require.NoError(t, err)
	h := hook.Handler(s)
	for _, id := range []string{primary, backup} {
		r, err := userlock.NewRequest(t.Context(), someURL, id, userlock.Notification{UserAccount: "ada", ComputerName: "WKS007"})
		require.NoError(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code)
	}
	assertHandledOnce(t, s)
}

// assertHandledOnce asserts that s has one event, and that the callbacks get it once.
func assertHandledOnce(t *testing.T, s durableStore) {
	t.Helper()
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(1), stats.Events)
	got := newRecorder()
	stop := run(t, s, durable.Consumer{}, got)
	got.wait(t, 1)
	stop()
	assert.Len(t, got.ids(), 1)
}
