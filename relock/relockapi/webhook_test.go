package relockapi_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/secrettest"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/relock/relockapi"
)

func TestConfigureWebhook(t *testing.T) {
	server := newRelock(t)
	w := myWebhook()
	got, err := server.client(t).ConfigureWebhook(t.Context(), w)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(&relockapi.Registration{
		WebhookID: "webhook1", URL: w.URL, Events: w.Events,
		Active: true, CreatedAt: time.Date(2024, 5, 14, 12, 0, 0, 0, time.UTC),
	}, got))
	_, webhooks := server.seen()
	assert.Equal(t, []webhook{{w.URL, w.Events, secret}}, webhooks)
}

// What Relock is asked for, an endpoint of package relock can receive.
func TestWebhookIsChecked(t *testing.T) {
	const noHost, space = "URL is no URL with a host", "Secret has white space or an invisible character at an end, as from a file or by copying"
	for name, c := range map[string]struct {
		change func(*relockapi.Webhook)
		want   string
	}{
		"all events": {func(w *relockapi.Webhook) { w.Events = slices.Sorted(maps.Keys(relock.EventTypes())) }, ""},
		"new event":  {func(w *relockapi.Webhook) { w.Events = []string{"device.renamed"} }, ""},
		"port":       {func(w *relockapi.Webhook) { w.URL = "https://hooks.example.com:8443/" }, ""},

		"no URL":         {func(w *relockapi.Webhook) { w.URL = "" }, noHost},
		"no host":        {func(w *relockapi.Webhook) { w.URL = "https:///webhooks/relock" }, noHost},
		"no scheme":      {func(w *relockapi.Webhook) { w.URL = "hooks.example.com/webhooks" }, noHost},
		"opaque":         {func(w *relockapi.Webhook) { w.URL = "https:hooks.example.com" }, noHost},
		"broken":         {func(w *relockapi.Webhook) { w.URL = "https://hooks.example.com/%zz?canary" }, noHost},
		"http":           {func(w *relockapi.Webhook) { w.URL = "http://127.0.0.1:8080/" }, "URL is not https, which the vendor demands"},
		"user":           {func(w *relockapi.Webhook) { w.URL = "https://user@hooks.example.com/" }, "URL has a user or a password"},
		"fragment":       {func(w *relockapi.Webhook) { w.URL = "https://hooks.example.com/#x" }, "URL has a fragment"},
		"empty fragment": {func(w *relockapi.Webhook) { w.URL = "https://hooks.example.com/#" }, "URL has a fragment"},
		"space":          {func(w *relockapi.Webhook) { w.URL = "https://hooks.example.com/a b" }, "URL has characters that must be escaped"},
		"not UTF-8":      {func(w *relockapi.Webhook) { w.URL = "https://hooks.example.com/\xff" }, "URL has characters that must be escaped"},

		"no events":      {func(w *relockapi.Webhook) { w.Events = nil }, "Events is empty"},
		"empty event":    {func(w *relockapi.Webhook) { w.Events = []string{"session.ended", ""} }, "Events[1] is empty, has a star, a space, or a character that is not ASCII"},
		"event twice":    {func(w *relockapi.Webhook) { w.Events = append(w.Events, w.Events[0]) }, "Events[2] is there twice"},
		"pattern":        {func(w *relockapi.Webhook) { w.Events = []string{"session.*"} }, "Events[0] is empty, has a star, a space, or a character that is not ASCII"},
		"list":           {func(w *relockapi.Webhook) { w.Events = []string{"a, b"} }, "Events[0] is empty, has a star, a space, or a character that is not ASCII"},
		"shared type":    {func(w *relockapi.Webhook) { w.Events = []string{string(event.SessionStarted)} }, `Events[0] "session.started" is "session.created" in Relock's words`},
		"other letters":  {func(w *relockapi.Webhook) { w.Events = []string{"Security.Alert"} }, `Events[0] "Security.Alert" is "security.alert" in Relock's words`},
		"no secret":      {func(w *relockapi.Webhook) { w.Secret = event.Secret{} }, "Secret is empty"},
		"short secret":   {func(w *relockapi.Webhook) { w.Secret = event.NewSecret("0123456789abcde") }, "Secret has fewer than 16 bytes"},
		"secret, spaces": {func(w *relockapi.Webhook) { w.Secret = event.NewSecret("0123456789abcdef\n") }, space},
		"masked secret":  {func(w *relockapi.Webhook) { require.NoError(t, w.Secret.UnmarshalText([]byte("[redacted]"))) }, "Secret is masked: it was read from an encoding that hides secrets, and its value is not known"},
		"binary secret":  {func(w *relockapi.Webhook) { w.Secret = event.NewSecretBytes([]byte("0123456789abcdef")) }, "Secret is no text: Relock takes it as a JSON string"},
		"broken secret":  {func(w *relockapi.Webhook) { w.Secret = event.NewSecret("0123456789\xffabcdef") }, "Secret is no text: Relock takes it as a JSON string"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newRelock(t)
			w := myWebhook()
			c.change(&w)
			_, err := server.client(t).ConfigureWebhook(t.Context(), w)
			if c.want != "" {
				require.EqualError(t, err, "relockapi: Webhook."+c.want)
				requests, _ := server.seen()
				assert.Zero(t, requests)
				return
			}
			require.NoError(t, err)
			_, err = relock.New(relock.Config{Secrets: []event.Secret{w.Secret}})
			require.NoError(t, err)
		})
	}
}

func TestConfigIsChecked(t *testing.T) {
	key := event.NewSecret(apiKey)
	for want, c := range map[string]relockapi.Config{
		"Config.APIKey is empty":                                     {},
		"Config.APIKey has a control character":                      {APIKey: event.NewSecret("a\nb")},
		"Config.APIKey has a space or a character that is not ASCII": {APIKey: event.NewSecret("relock é")},
		"Config.BaseURL has a user or a password":                    {APIKey: key, BaseURL: "https://canary@relock.host"},
		"Config.Timeout is negative":                                 {APIKey: key, Timeout: -1},
		"Config.MaxAttempts is negative":                             {APIKey: key, MaxAttempts: -1},
		"Config.UserAgent has characters other than visible ASCII":   {APIKey: key, UserAgent: "\n"},
	} {
		_, err := relockapi.New(c)
		require.EqualError(t, err, "relockapi: "+want)
	}
	var asked *http.Request
	client, err := relockapi.New(relockapi.Config{APIKey: key, UserAgent: "acme/1.0", HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = r
		return nil, errors.ErrUnsupported
	})}})
	require.NoError(t, err)
	_, err = client.ConfigureWebhook(t.Context(), myWebhook())
	require.Error(t, err)
	assert.Equal(t, "https://relock.host/api/v1/webhooks/configure", asked.URL.String())
	assert.Equal(t, "acme/1.0", asked.UserAgent())
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// An answer may have other types than documented.
func TestAnswersOfSuccess(t *testing.T) {
	const u = "https://hooks.example.com/"
	day := time.Date(2024, 5, 14, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		body     string
		want     relockapi.Registration
		warnings int
	}{
		"nothing":              {``, relockapi.Registration{}, 0},
		"empty":                {`{}`, relockapi.Registration{}, 0},
		"no data":              {`{"success":true}`, relockapi.Registration{}, 0},
		"null":                 {`{"success":true,"data":null,"error":null}`, relockapi.Registration{}, 0},
		"other form":           {`{"status":"success","data":{"webhookId":"w"},"timestamp":"2024-05-14"}`, relockapi.Registration{WebhookID: "w"}, 0},
		"status in other case": {`{"status":"Success","data":{"webhookId":"w"}}`, relockapi.Registration{WebhookID: "w"}, 0},
		"success as text":      {`{"success":"true","data":{"webhookId":"w"}}`, relockapi.Registration{WebhookID: "w"}, 1},
		"numbers":              {`{"success":true,"data":{"webhookId":17,"url":"` + u + `","active":"true","createdAt":1715644800}}`, relockapi.Registration{WebhookID: "17", URL: u, Active: true, CreatedAt: day}, 3},
		"one event":            {`{"success":true,"data":{"events":"authentication.failed"}}`, relockapi.Registration{Events: []string{"authentication.failed"}, Missing: []string{"authentication.success"}}, 1},
		"names in other case":  {`{"SUCCESS":true,"DATA":{"WebhookID":"w"}}`, relockapi.Registration{WebhookID: "w"}, 0},
		"events in other case": {`{"success":true,"data":{"events":["Authentication.Failed","AUTHENTICATION.SUCCESS"]}}`, relockapi.Registration{Events: []string{"Authentication.Failed", "AUTHENTICATION.SUCCESS"}}, 0},
		"secret is echoed":     {`{"success":true,"data":{"webhookId":"w","secret":"canary-7355608"}}`, relockapi.Registration{WebhookID: "w"}, 0},
		"misfit":               {`{"success":true,"data":{"webhookId":{},"url":"` + u + `"}}`, relockapi.Registration{URL: u}, 1},
		"byte order mark":      {"\ufeff" + `{"success":true,"data":{"webhookId":"w"}}`, relockapi.Registration{WebhookID: "w"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := newRelock(t, answers(200, c.body))
			got, err := server.client(t).ConfigureWebhook(t.Context(), myWebhook())
			require.NoError(t, err)
			assert.Len(t, got.Warnings, c.warnings)
			got.Warnings = nil
			assert.Empty(t, cmp.Diff(&c.want, got))
			secrettest.AssertHidden(t, got, "canary-7355608")
		})
	}
}

// Whether a second call adds a webhook is not known. So a request is sent again only if
// Relock did not work on it.
func TestWhatIsSentAgain(t *testing.T) {
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	unavailable := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(503)
	}
	for name, c := range map[string]struct {
		next http.HandlerFunc
		want int
	}{
		"429":                         {answers(429, `{}`), 2},
		"429, short pause":            {answers(429, `{"error":{"details":{"retryAfter":0.001}}}`), 2},
		"429, long pause in the body": {answers(429, `{"error":{"details":{"retry_after":61}}}`), 1},
		"503 with Retry-After":        {unavailable, 2},
		"503":                         {answers(503, `{}`), 1},
		"500":                         {answers(500, `{}`), 1},
		"502":                         {answers(502, ``), 1},
		"504":                         {answers(504, `<html>`), 1},
		"401":                         {answers(401, `{}`), 1},
		"hung up":                     {hangUp, 1},
		"not JSON":                    {answers(200, `<html>`), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newRelock(t, c.next)
			_, err := server.client(t).ConfigureWebhook(t.Context(), myWebhook())
			assert.Equal(t, c.want == 1, err != nil, "%v", err)
			requests, _ := server.seen()
			assert.Equal(t, c.want, requests)
		})
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := newRelock(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := server.client(t).ConfigureWebhook(ctx, myWebhook())
	require.ErrorIs(t, err, context.Canceled)
}

func TestSlowAnswer(t *testing.T) {
	server := newRelock(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client, err := relockapi.New(relockapi.Config{APIKey: event.NewSecret(apiKey), BaseURL: server.URL, Timeout: time.Millisecond})
	require.NoError(t, err)
	_, err = client.ConfigureWebhook(t.Context(), myWebhook())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.EqualError(t, err, "relockapi: POST /webhooks/configure: no whole answer within 1ms")
}

func TestSecretsAreHidden(t *testing.T) {
	hidden := []string{"7355608"} // which each of them has, in whatever way it is escaped
	config := relockapi.Config{APIKey: event.NewSecret(apiKey)}
	secrettest.AssertHidden(t, config, hidden...)
	secrettest.AssertHidden(t, myWebhook().Secret, hidden...)

	// A server, or a proxy before it, that shows what it was sent.
	echo := func(status int, form string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			dump, _ := httputil.DumpRequest(r, true)
			answer(w, status, fmt.Sprintf(form, string(dump)))
		}
	}
	for _, status := range []int{200, 400, 500} {
		for _, form := range []string{
			`{"success":false,"error":{"code":%[1]q,"message":%[1]q,"details":%[1]q},"meta":{"requestId":%[1]q}}`,
			`{"success":false,"error":{"code":"X","details":{"sent":[%q]}}}`,
			`{"success":false,"error":%[1]q,"status_info":%[1]q}`,
			`{"status_code":400,"message":%q}`,
			`%s`,
		} {
			server := newRelock(t, echo(status, form))
			client := server.client(t)
			_, err := client.ConfigureWebhook(t.Context(), myWebhook())
			var refused *relockapi.Error
			require.ErrorAs(t, err, &refused)
			secrettest.AssertHidden(t, err, hidden...)
			secrettest.AssertHidden(t, refused, hidden...)
			secrettest.AssertHidden(t, *refused, hidden...)
			secrettest.AssertHidden(t, client, hidden...)
		}
	}

	config.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		dump, _ := httputil.DumpRequestOut(r, true)
		return nil, fmt.Errorf("cannot send %q", dump)
	})}
	client, err := relockapi.New(config)
	require.NoError(t, err)
	_, err = client.ConfigureWebhook(t.Context(), myWebhook())
	require.ErrorContains(t, err, "cannot send")
	secrettest.AssertHidden(t, err, hidden...)
}

func TestConcurrentUse(t *testing.T) {
	server := newRelock(t)
	client := server.client(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := client.ConfigureWebhook(t.Context(), myWebhook())
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	_, webhooks := server.seen()
	assert.Len(t, webhooks, 8)
	assert.Equal(t, secret, webhooks[7].Secret)
	assert.True(t, strings.HasPrefix(webhooks[7].URL, "https://hooks.example.com/"))
}
