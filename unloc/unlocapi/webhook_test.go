package unlocapi_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/unloctest"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
)

const hookPassword = "R4mT0pqu2x"

func webhookURL(t testing.TB, base string) event.Secret {
	t.Helper()
	target, err := unloc.URL(base, "unloc", hookPassword)
	require.NoError(t, err)
	return event.NewSecret(target)
}

func TestRegisterWebhook(t *testing.T) {
	s := unloctest.New(t, nil)
	client := newClient(t, s.Config())
	w := unlocapi.Webhook{URL: webhookURL(t, "https://hooks.example/unloc?a=1&b=2"), LockID: "l-4"}
	require.NoError(t, client.RegisterWebhook(t.Context(), w))
	w.Trigger = "lockDeleted"
	assert.ErrorContains(t, client.RegisterWebhook(t.Context(), w), "unlocapi: register webhook: status 400: Validation error", "Unloc decides about triggers")

	requests := s.Requests("/webhooks")
	require.Len(t, requests, 2)
	assert.Equal(t, http.MethodPost, requests[0].Method)
	assert.Equal(t, "/v2/projects/p-1029/webhooks", requests[0].Path)
	assert.Empty(t, requests[0].Query)
	assert.Equal(t, "application/json", requests[0].Header.Get("Content-Type"))
	assert.JSONEq(t, `{"trigger":"accessEvent","url":"https://unloc:R4mT0pqu2x@hooks.example/unloc?a=1&b=2","lockId":"l-4"}`, requests[0].Body)

	s.Revoke()
	w.Trigger = ""
	require.NoError(t, client.RegisterWebhook(t.Context(), w), "a refused request did nothing, and is sent again")
}

// Whatever Unloc answers to a registration, no answer is an error.
func TestRegisterWebhookAnswers(t *testing.T) {
	for name, body := range map[string]string{"nothing": "", "JSON": `{"id":"w-1"}`, "no JSON": "created"} {
		t.Run(name, func(t *testing.T) {
			s := unloctest.New(t, nil)
			s.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if !isToken(r) {
					_, _ = w.Write([]byte(body))
				}
				return !isToken(r)
			}
			assert.NoError(t, newClient(t, s.Config()).RegisterWebhook(t.Context(), unlocapi.Webhook{URL: webhookURL(t, "https://hooks.example/"), LockID: "l-4"}))
		})
	}
}

func TestRegisterWebhookRefuses(t *testing.T) {
	s := unloctest.New(t, nil)
	client := newClient(t, s.Config())
	var masked event.Secret
	require.NoError(t, masked.UnmarshalText([]byte("[redacted]")))
	const password = "Gate7-password"
	for name, c := range map[string]struct {
		url  event.Secret
		lock string
		want string
	}{
		"no lock":              {webhookURL(t, "https://hooks.example/"), "", "Webhook.LockID is empty"},
		"no URL":               {event.Secret{}, "l-4", "Webhook.URL"},
		"a masked URL":         {masked, "l-4", "Webhook.URL"},
		"not a URL":            {event.NewSecret("https://unloc:" + password + "@hooks .example/"), "l-4", "Webhook.URL"},
		"no user":              {event.NewSecret("https://hooks.example/" + password), "l-4", "no user and password"},
		"no password":          {event.NewSecret("https://unloc@hooks.example/" + password), "l-4", "password is empty"},
		"no https":             {event.NewSecret("http://unloc:" + password + "@hooks.example/"), "l-4", "https"},
		"a character too many": {event.NewSecret("https://unloc:" + password + "!@hooks.example/"), "l-4", "password has other characters"},
		"escapes":              {event.NewSecret("https://unloc:" + password + "%40@hooks.example/"), "l-4", "password has other characters"},
		"a fragment":           {event.NewSecret("https://unloc:" + password + "@hooks.example/#x"), "l-4", "fragment"},
	} {
		t.Run(name, func(t *testing.T) {
			err := client.RegisterWebhook(t.Context(), unlocapi.Webhook{URL: c.url, LockID: c.lock})
			require.ErrorContains(t, err, "unlocapi: ")
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), password)
		})
	}
	assert.Empty(t, s.Requests(""), "nothing is sent")
}

// The query of a webhook may be a credential, and Unloc may name the URL in its own way.
func TestRegisterWebhookHidesTheQuery(t *testing.T) {
	client := newClient(t, transport(func(r *http.Request) (int, string, error) {
		if isToken(r) {
			return 200, `{"access_token":"eyJ.x"}`, nil
		}
		return 400, `{"detail":"hooks.example:443/unloc?key=canary-7355608 is not reachable"}`, nil
	}).config())
	err := client.RegisterWebhook(t.Context(), unlocapi.Webhook{URL: webhookURL(t, "https://hooks.example/unloc?key=canary-7355608"), LockID: "l-4"})
	assert.EqualError(t, err, "unlocapi: register webhook: status 400: hooks.example:443/unloc?[redacted] is not reachable")
}

// A registration is not repeated when nobody knows whether it was made.
func TestRegisterWebhookIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		c := transport(func(r *http.Request) (int, string, error) {
			if isToken(r) {
				return 200, `{"access_token":"eyJ.x"}`, nil
			}
			calls++
			return 0, "", context.DeadlineExceeded
		}).config()
		c.MaxAttempts = 4
		err := newClient(t, c).RegisterWebhook(t.Context(), unlocapi.Webhook{URL: webhookURL(t, "https://hooks.example/"), LockID: "l-4"})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1, calls)
	})
}
