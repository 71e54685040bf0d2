package loginradius_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/verify"
)

var quiet = verify.Config{Logger: slog.New(slog.DiscardHandler)}

const testSecret = "the secret of a vector"

func newEndpoint(t *testing.T, secrets ...string) *verify.Endpoint {
	t.Helper()
	hook, err := loginradius.New(loginradius.Config{Secrets: event.Secrets(secrets...), Endpoint: quiet})
	require.NoError(t, err)
	return hook
}

func TestSignatureVector(t *testing.T) {
	r, err := loginradius.NewRequest(t.Context(), "https://example.org/hook", testSecret, []byte(`{"a":1}`))
	require.NoError(t, err)
	const vector = "B4A538F289C9639E59CBB6CB669F2B6CED3A6E3749AA0B58ECFCA585A191B632"
	assert.Equal(t, vector, r.Header.Get("Signature"))

	v, err := loginradius.NewVerifier(event.NewSecret(testSecret))
	require.NoError(t, err)
	for _, s := range []string{vector, strings.ToLower(vector)} {
		r.Header.Set("signature", s)
		_, err = v.Verify(r, []byte(`{"a":1}`))
		assert.NoError(t, err)
	}
	_, err = v.Verify(r, []byte(`{"a":2}`))
	assert.ErrorIs(t, err, verify.ErrUnauthenticated)
}

func TestNewRequestIsAccepted(t *testing.T) {
	var (
		mu  sync.Mutex
		got []*event.Event
	)
	hook := newEndpoint(t, "the new secret of tests", "the old secret of tests")
	server := httptest.NewServer(hook.Handler(event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, e)
		return nil
	})))
	defer server.Close()

	for name, text := range fixtures() {
		t.Run(name, func(t *testing.T) {
			_, sent := decode(t, text)
			for form, payload := range map[string]any{"pointer": sent, "value": *sent, "bytes": []byte(text), "raw": json.RawMessage(text)} {
				for _, secret := range []string{"the new secret of tests", "the old secret of tests"} {
					got = nil
					r, err := loginradius.NewRequest(t.Context(), server.URL, secret, payload)
					require.NoError(t, err)
					w, err := server.Client().Do(r)
					require.NoError(t, err)
					answer, err := io.ReadAll(w.Body)
					require.NoError(t, err)
					_ = w.Body.Close()
					require.Equal(t, http.StatusOK, w.StatusCode, "%s: %s", form, answer)
					require.Len(t, got, 1)
					// Secrets included: a request has them in clear.
					require.Empty(t, cmp.Diff(sent, got[0].Payload, exactSecrets), form)
				}
			}
		})
	}
}

func TestNewRequestHeaders(t *testing.T) {
	r, err := loginradius.NewRequest(t.Context(), "https://example.org/hook", testSecret, loginradius.Hook{HookName: "login"})
	require.NoError(t, err)
	assert.Equal(t, http.MethodPost, r.Method)
	assert.Equal(t, "application/json; charset=utf-8", r.Header.Get("Content-Type"))
	assert.Equal(t, "application/json", r.Header.Get("Accept"))
	assert.Equal(t, "LoginRadius Service Consumer (https://www.loginradius.com)", r.UserAgent())
	sent, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"HookName":"login"}`, string(sent))
}

func TestNewRequestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		url, secret string
		payload     any
	}{
		"no secret": {"https://example.org", "", []byte(`{}`)},
		"bad URL":   {"://", testSecret, []byte(`{}`)},
		"nil hook":  {"https://example.org", testSecret, (*loginradius.Hook)(nil)},
		"no JSON":   {"https://example.org", testSecret, func() {}},
		"a part":    {"https://example.org", testSecret, new(loginradius.Profile)},
		"an event":  {"https://example.org", testSecret, &event.Event{Payload: new(loginradius.Hook)}},
		"a map":     {"https://example.org", testSecret, map[string]any{"HookName": "login"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loginradius.NewRequest(t.Context(), c.url, c.secret, c.payload)
			assert.Error(t, err)
		})
	}
}

func TestForgedRequestsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"no signature":       func(r *http.Request) { r.Header.Del("Signature") },
		"empty signature":    func(r *http.Request) { r.Header.Set("Signature", "") },
		"repeated signature": func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) },
		"short signature":    func(r *http.Request) { r.Header.Set("Signature", r.Header.Get("Signature")[:32]) },
		"prefixed signature": func(r *http.Request) { r.Header.Set("Signature", "sha256="+r.Header.Get("Signature")) },
		"other header": func(r *http.Request) {
			r.Header.Set("X-Signature", r.Header.Get("Signature"))
			r.Header.Del("Signature")
		},
		"wrong secret": func(r *http.Request) {
			other, _ := loginradius.NewRequest(r.Context(), "https://example.org", "guess", []byte(loginBody(1)))
			r.Header = other.Header
		},
		"other body": func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(loginBody(2))) },
	} {
		t.Run(name, func(t *testing.T) {
			hook := newEndpoint(t, testSecret)
			h := hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error {
				t.Error("called")
				return nil
			}))
			r, err := loginradius.NewRequest(t.Context(), "https://example.org", testSecret, []byte(loginBody(1)))
			require.NoError(t, err)
			change(r)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.Equal(t, http.StatusUnauthorized, w.Code)
		})
	}
}

func TestConfig(t *testing.T) {
	t.Run("secrets", func(t *testing.T) {
		for text, secrets := range map[string][]string{
			" is empty": nil, "[0] is empty": {""}, "[0] has white space": {" "}, "[1] has white space": {"good secret of tests", "abc\n"}, "[1] is empty": {"good secret of tests", ""}, "[0] has fewer than 16 bytes": {"fifteen-bytes-x"},
		} {
			_, err := loginradius.New(loginradius.Config{Secrets: event.Secrets(secrets...)})
			assert.ErrorContains(t, err, "loginradius: Config.Secrets"+text)
			v, err := loginradius.NewVerifier(event.Secrets(secrets...)...)
			assert.ErrorContains(t, err, "loginradius: secrets"+text)
			assert.Nil(t, v)
		}
	})
	t.Run("large bodies", func(t *testing.T) {
		padded := func(size int) []byte {
			return []byte(`{"HookName":"login","Data":{"About":"` + strings.Repeat("a", size) + `"}}`)
		}
		status := func(c verify.Config, body []byte) int {
			c.Logger = quiet.Logger
			hook, err := loginradius.New(loginradius.Config{Secrets: event.Secrets(testSecret), Endpoint: c})
			require.NoError(t, err)
			r, err := loginradius.NewRequest(t.Context(), "https://example.org", testSecret, body)
			require.NoError(t, err)
			w := httptest.NewRecorder()
			hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { return nil })).ServeHTTP(w, r)
			return w.Code
		}
		assert.Equal(t, http.StatusOK, status(verify.Config{}, padded(1000<<10)))
		assert.Equal(t, http.StatusRequestEntityTooLarge, status(verify.Config{}, padded(1<<20)))
		assert.Equal(t, http.StatusRequestEntityTooLarge, status(verify.Config{MaxBody: 100}, padded(100)))
		assert.Equal(t, http.StatusOK, status(verify.Config{MaxBody: 2 << 20}, padded(1<<20)))
	})
	t.Run("Also", func(t *testing.T) {
		bearer, err := verify.NewBearer(event.NewSecret("a token for tests"))
		require.NoError(t, err)
		hook, err := loginradius.New(loginradius.Config{Secrets: event.Secrets(testSecret), Endpoint: verify.Config{Also: bearer}})
		require.NoError(t, err)
		r, err := loginradius.NewRequest(t.Context(), "https://example.org", testSecret, []byte(loginBody(1)))
		require.NoError(t, err)
		require.ErrorIs(t, hook.Verify(r, []byte(loginBody(1))), verify.ErrUnauthenticated)
		r.Header.Set("Authorization", "Bearer a token for tests")
		require.NoError(t, hook.Verify(r, []byte(loginBody(1))))
	})
}
