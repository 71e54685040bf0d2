package relock_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

func TestNewRequest(t *testing.T) {
	r, err := relock.NewRequest(context.Background(), "https://example.com/webhooks/relock", "secret", []byte(`{"a":1}`))
	require.NoError(t, err)
	assert.Equal(t, "POST", r.Method)
	assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
	assert.Equal(t, "aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494", r.Header.Get("X-Relock-Signature"))
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"a":1}`, string(body))

	r, err = relock.NewRequest(context.Background(), "https://example.com", "secret", &relock.SessionEnded{UserID: "u-1", Duration: 5})
	require.NoError(t, err)
	body, err = io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"event":"session.ended","data":{"userId":"u-1","duration":5}}`, string(body))

	_, err = relock.NewRequest(context.Background(), "https://example.com", "", []byte(`{}`))
	assert.ErrorContains(t, err, "secret")
	_, err = relock.NewRequest(context.Background(), "https://example.com", "secret", func() {})
	assert.Error(t, err)
	_, err = relock.NewRequest(context.Background(), "://", "secret", []byte(`{}`))
	assert.Error(t, err)
	for _, payload := range []any{relock.SessionEnded{UserID: "u-1"}, json.RawMessage(`{"event":"session.ended","data":{"userId":"u-1"}}`)} {
		r, err = relock.NewRequest(context.Background(), "https://example.com", "secret", payload)
		require.NoError(t, err)
		body, err = io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.Equal(t, `{"event":"session.ended","data":{"userId":"u-1"}}`, string(body))
	}
	// They would be answered 200 as unknown events, and a wrong test would pass.
	for _, payload := range []any{
		nil, (*relock.SessionEnded)(nil), `{"event":"session.ended"}`, struct{ relock.SessionEnded }{}, new(relock.Location),
		&event.Event{Payload: new(relock.SessionEnded)}, map[string]any{"event": "session.ended"},
	} {
		_, err = relock.NewRequest(context.Background(), "https://example.com", "secret", payload)
		assert.ErrorContains(t, err, "relock: payload", "%T", payload)
	}
}

// Signed by openssl and by Python after the recipe on Relock's page.
func TestSignedByOthers(t *testing.T) {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(benchSecret)})
	require.NoError(t, err)
	body := fixtures["security.alert"]
	file := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(file, body, 0o600))
	for name, args := range map[string][]string{
		"openssl": {"openssl", "dgst", "-sha256", "-hmac", benchSecret, "-r", file},
		"python":  {"python3", "-c", "import hmac,hashlib,sys;print(hmac.new(sys.argv[1].encode(),open(sys.argv[2],'rb').read(),hashlib.sha256).hexdigest())", benchSecret, file},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := exec.LookPath(args[0])
			if errors.Is(err, exec.ErrNotFound) {
				t.Skipf("there is no %s here", args[0])
			}
			require.NoError(t, err)
			out, err := exec.Command(program, args[1:]...).Output()
			require.NoError(t, err)
			signature, _, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header.Set("X-Relock-Signature", signature)
			assert.NoError(t, hook.Verify(r, body))
			assert.ErrorIs(t, hook.Verify(r, append([]byte(" "), body...)), verify.ErrUnauthenticated)
		})
	}
}
