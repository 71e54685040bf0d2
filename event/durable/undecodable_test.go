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
	"github.com/accesshook/accesshook/verify"
)

// What was signed and cannot be decoded is answered 400, and callbacks get it from the
// store, with its body.
func TestUndecodableBodyIsStored(t *testing.T) {
	s := open(t, embedded.Config{Config: durable.Config{KeepRaw: true, RawKeys: rawKeys(make([]byte, 32))}})
	const secret = "a secret for tests of the store"
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(secret), Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)}})
	require.NoError(t, err)
	handler := hook.Handler(s)
	got := newRecorder()
	run(t, s, durable.Consumer{}, got)
	for i, body := range []string{`[{"event":"security.alert"}]`, "NaN", "event=security.alert"} {
		r, err := relock.NewRequest(t.Context(), "http://localhost/", secret, []byte(body))
		require.NoError(t, err)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		assert.Equal(t, http.StatusBadRequest, w.Code, body)
		got.wait(t, 1)
		e := got.events[i]
		assert.Equal(t, event.Unknown, e.Type, body)
		assert.Equal(t, body, string(e.Raw))
		assert.Nil(t, e.Payload, body)
		require.Len(t, e.Warnings, 1, body)
		assert.Equal(t, "object", e.Warnings[0].Want, body)
	}
}
