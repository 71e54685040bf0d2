package unlocapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/secrettest"
	"github.com/accesshook/accesshook/internal/unloctest"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
)

func newClient(t testing.TB, c unlocapi.Config) *unlocapi.Client {
	t.Helper()
	client, err := unlocapi.New(c)
	require.NoError(t, err)
	return client
}

// readLog reads the whole access log. It returns the IDs of the events, and the errors.
func readLog(ctx context.Context, c *unlocapi.Client, q unlocapi.AccessLogQuery) (ids []string, errs error) {
	for e, err := range c.AccessLog(ctx, q) {
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		ids = append(ids, e.ID)
	}
	return ids, errs
}

// A transport answers requests in the place of a network, so that time can be simulated.
type transport func(*http.Request) (status int, body string, err error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body, err := f(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (f transport) config() unlocapi.Config {
	return unlocapi.Config{
		ProjectID: unloctest.ProjectID, ClientID: unloctest.ClientID, ClientSecret: event.NewSecret(unloctest.ClientSecret),
		HTTPClient: &http.Client{Transport: f}, MaxAttempts: 1,
	}
}

func isToken(r *http.Request) bool { return r.URL.Path == "/v2/auth/token/" }

func TestNewErrors(t *testing.T) {
	var masked event.Secret
	require.NoError(t, masked.UnmarshalText([]byte("[redacted]")))
	good := transport(nil).config()
	for field, change := range map[string]func(*unlocapi.Config){
		"Config.ProjectID is empty":    func(c *unlocapi.Config) { c.ProjectID = "" },
		"Config.ProjectID has white":   func(c *unlocapi.Config) { c.ProjectID = "p-1\n" },
		"Config.ProjectID is no ID":    func(c *unlocapi.Config) { c.ProjectID = ".." },
		"Config.ProjectID is no":       func(c *unlocapi.Config) { c.ProjectID = "." },
		"Config.ClientID is empty":     func(c *unlocapi.Config) { c.ClientID = "" },
		"Config.ClientSecret is empty": func(c *unlocapi.Config) { c.ClientSecret = event.Secret{} },
		"Config.ClientSecret has":      func(c *unlocapi.Config) { c.ClientSecret = event.NewSecret("from-a-file\n") },
		"Config.ClientSecret is masked": func(c *unlocapi.Config) {
			c.ClientSecret = masked
		},
		"Config.BaseURL":     func(c *unlocapi.Config) { c.BaseURL = "http://api.example" },
		"Config.MaxAttempts": func(c *unlocapi.Config) { c.MaxAttempts = -1 },
		"Config.Timeout":     func(c *unlocapi.Config) { c.Timeout = -1 },
		"Config.UserAgent":   func(c *unlocapi.Config) { c.UserAgent = "a\r\nb" },
	} {
		c := good
		change(&c)
		client, err := unlocapi.New(c)
		assert.Nil(t, client)
		assert.ErrorContains(t, err, "unlocapi: "+field)
	}
}

// Requests go to Unloc, with what its pages say.
func TestRequests(t *testing.T) {
	var urls []string
	tr := transport(func(r *http.Request) (int, string, error) {
		urls = append(urls, r.Method+" "+r.URL.String())
		if isToken(r) {
			assert.Empty(t, r.Header.Get("Authorization"))
			return 200, `{"access_token":"eyJ.x","token_type":"Bearer","expires_in":3600}`, nil
		}
		assert.Equal(t, "Bearer eyJ.x", r.Header.Get("Authorization"))
		assert.Equal(t, "acme/1.0", r.UserAgent())
		return 200, `{"accessEvents":[]}`, nil
	})
	c := tr.config()
	c.ProjectID, c.UserAgent = "a/b?c", "acme/1.0"
	_, err := readLog(t.Context(), newClient(t, c), unlocapi.AccessLogQuery{})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"POST https://api.unloc.app/v2/auth/token/",
		"GET https://api.unloc.app/v2/projects/a%2Fb%3Fc/logs/access",
	}, urls)
}

// Whatever goes wrong, no error and no print of the client shows a credential.
func TestSecretsAreNeverShown(t *testing.T) {
	const token, password = "eyJ.the-access-token", "Gate7-password"
	target, err := unloc.URL("https://hooks.example/unloc?door=7", "unloc", password)
	require.NoError(t, err)
	secrets := []string{unloctest.ClientSecret, token, password, "+4790001234", "%2B4790001234"}
	echo := func(r *http.Request) string {
		body := ""
		if r.Body != nil {
			all, _ := io.ReadAll(r.Body)
			body = string(all)
		}
		return fmt.Sprintf("%s %s %s", r.URL, r.Header, body)
	}
	for name, answer := range map[string]func(r *http.Request) (int, string, error){
		"message": func(r *http.Request) (int, string, error) { return 400, fmt.Sprintf(`{"detail":%q}`, echo(r)), nil },
		"code":    func(r *http.Request) (int, string, error) { return 401, fmt.Sprintf(`{"error":%q}`, echo(r)), nil },
		"param": func(r *http.Request) (int, string, error) {
			return 422, fmt.Sprintf(`{"invalidParams":[{"name":%q,"reason":%[1]q}]}`, echo(r)), nil
		},
		"no JSON":   func(r *http.Request) (int, string, error) { return 502, echo(r), nil },
		"no object": func(r *http.Request) (int, string, error) { return 200, fmt.Sprintf("%q", echo(r)), nil },
		"broken":    func(r *http.Request) (int, string, error) { return 200, `{"access_token":"` + echo(r), nil },
		"bad cursor": func(r *http.Request) (int, string, error) {
			return 200, fmt.Sprintf(`{"startAfterId":[%q],"e":[]}`, echo(r)), nil
		},
		"an odd token": func(r *http.Request) (int, string, error) {
			return 200, fmt.Sprintf(`{"access_token":%q}`, echo(r)), nil
		},
		"a transport": func(r *http.Request) (int, string, error) { return 0, "", errors.New(echo(r)) },
		"an item":     func(r *http.Request) (int, string, error) { return 200, fmt.Sprintf(`[%q]`, echo(r)), nil },
	} {
		for _, at := range []string{"token", "API"} {
			t.Run(name+" "+at, func(t *testing.T) {
				client := newClient(t, transport(func(r *http.Request) (int, string, error) {
					if isToken(r) && at == "API" {
						return 200, fmt.Sprintf(`{"access_token":%q,"expires_in":3600}`, token), nil
					}
					return answer(r)
				}).config())
				_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{AppUserID: "+4790001234"})
				require.Error(t, err)
				registered := client.RegisterWebhook(t.Context(), unlocapi.Webhook{URL: event.NewSecret(target), LockID: "l-4"})
				shown := fmt.Sprintf("%v %+v %#v %+v %#v", err, registered, registered, client, *client)
				for e := err; e != nil; e = errors.Unwrap(e) {
					shown += fmt.Sprintf(" %v %+v %#v", e, e, e)
				}
				for _, s := range secrets {
					assert.NotContains(t, shown, s)
				}
			})
		}
	}
}

// One client serves many goroutines.
func TestConcurrentUse(t *testing.T) {
	s := unloctest.New(t, nil)
	s.PageSize = 2
	for i := range 7 {
		s.Happen(unloc.AccessEvent{ID: fmt.Sprint("e", i)})
	}
	client := newClient(t, s.Config())
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			ids, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
			assert.NoError(t, err)
			assert.Len(t, ids, 7)
			assert.NotContains(t, fmt.Sprintf("%+v", client), "eyJ.") // while others write
		})
	}
	wg.Wait()
	assert.Len(t, s.Requests("/token/"), 1)
}

// No printer and no encoder shows what a Config, a Webhook or a Client holds.
func TestCredentialsAreHidden(t *testing.T) {
	s := unloctest.New(t, nil)
	client := newClient(t, s.Config())
	_, err := readLog(t.Context(), client, unlocapi.AccessLogQuery{})
	require.NoError(t, err)
	_, token, _ := strings.Cut(s.Requests("/access")[0].Header.Get("Authorization"), " ")
	for _, v := range []any{client, s.Config(), unlocapi.Webhook{URL: webhookURL(t, "https://hooks.example/")}} {
		secrettest.AssertHidden(t, v, unloctest.ClientSecret, token, hookPassword)
	}
}
