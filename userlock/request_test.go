package userlock_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

func TestNewRequest(t *testing.T) {
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary), Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)}})
	require.NoError(t, err)
	var got *userlock.Notification
	events := event.NewMux()
	event.On(events, func(_ context.Context, _ *event.Event, n *userlock.Notification) error { got = n; return nil })
	server := httptest.NewServer(hook.Handler(events))
	defer server.Close()
	n := userlock.Notification{ServerID: "7c9e6679", EventType: "4", UserAccount: "ada", Extra: map[string]json.RawMessage{"new": json.RawMessage(`[1]`)}}
	for _, payload := range []any{n, &n, fill(fixtures["denied"]), json.RawMessage(fill(fixtures["denied"]))} {
		r, err := userlock.NewRequest(context.Background(), server.URL, primary, payload)
		require.NoError(t, err)
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, 200, res.StatusCode)
		require.Equal(t, "ada", got.UserAccount)
	}
	r, err := userlock.NewRequest(context.Background(), server.URL, primary, &n)
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.JSONEq(t, `{"UserLockId":"`+primary+`","EventType":"4","UserAccount":"ada","new":[1]}`, string(body))

	_, err = userlock.NewRequest(context.Background(), server.URL, "", n)
	assert.Error(t, err)
	_, err = userlock.NewRequest(context.Background(), server.URL, primary, (*userlock.Notification)(nil))
	assert.Error(t, err)
	for text, payload := range map[string]any{
		"payload is a int,": 5, "payload is a *event.Event,": &event.Event{Payload: &n}, "payload is a map[string]interface {},": map[string]any{"EventType": "4"},
	} {
		_, err = userlock.NewRequest(context.Background(), server.URL, primary, payload)
		assert.ErrorContains(t, err, text)
	}
}

// When nothing matches, the log says what the members are called, and nothing
// of what they hold.
func TestLogNamesWhatArrived(t *testing.T) {
	var log bytes.Buffer
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary), Endpoint: verify.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}})
	require.NoError(t, err)
	server := httptest.NewServer(hook.Handler(event.NewMux()))
	r, err := userlock.NewRequest(context.Background(), server.URL, backup, &userlock.Notification{UserAccount: "ada-canary"})
	require.NoError(t, err)
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	res.Body.Close()
	server.Close()
	assert.Equal(t, 401, res.StatusCode)
	assert.Contains(t, log.String(), "members: UserLockId, UserAccount")
	assert.NotContains(t, log.String(), "canary")
	assert.NotContains(t, log.String(), backup[:12])
}

// Sent by curl, as no client library would.
func TestSentByCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no curl here")
	}
	require.NoError(t, err)
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary), Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)}})
	require.NoError(t, err)
	server := httptest.NewServer(hook.Handler(event.NewMux()))
	defer server.Close()
	for body, want := range map[string]string{
		string(fill(fixtures["logon"])):                                      "200",
		strings.Replace(string(fill(fixtures["logon"])), primary, backup, 1): "401",
	} {
		// curl says application/x-www-form-urlencoded: the type does not matter.
		out, err := exec.Command(curl, "-s", "-o", filepath.Join(t.TempDir(), "answer"), "-w", "%{http_code}", "--data-binary", body, server.URL).Output()
		require.NoError(t, err)
		assert.Equal(t, want, string(out))
	}
}
