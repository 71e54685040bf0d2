package loginradiusapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/internal/secrettest"
	"github.com/accesshook/accesshook/loginradius/loginradiusapi"
)

const (
	target   = "https://hooks.example.com/webhooks/loginradius"
	password = `password "canary" 7355608`
	token    = "token-canary-7355608"
	header   = "header/canary+7355608"
	param    = "param canary&7355608"
)

// whole has every setting.
func whole() loginradiusapi.Subscription {
	return loginradiusapi.Subscription{
		Event: "Login", TargetURL: target, Name: "gate", SecretName: "webhooks",
		Headers:        map[string]event.Secret{"X-Gate": event.NewSecret(header)},
		QueryParams:    map[string]event.Secret{"code": event.NewSecret(param)},
		Authentication: &loginradiusapi.Authentication{Type: loginradiusapi.AuthBasic, Username: "loginradius", Password: event.NewSecret(password)},
	}
}

func TestEachRequest(t *testing.T) {
	site := newSite(t)
	client := site.client(t)
	ctx := t.Context()

	names, err := client.Events(ctx)
	require.NoError(t, err)
	assert.Equal(t, siteEvents, names)
	all, err := client.Webhooks(ctx)
	require.NoError(t, err)
	assert.Empty(t, all)

	created, err := client.Create(ctx, whole())
	require.NoError(t, err)
	want := whole()
	want.ID, want.Event = "1", "login"
	want.Authentication.Password = event.Secret{}
	want.CreatedDate = time.Date(2022, 3, 4, 3, 58, 49, 294e6, time.UTC)
	want.LastModifiedDate = want.CreatedDate
	assert.Empty(t, cmp.Diff(&want, created))
	assert.Equal(t, []hook{{
		ID: "1", Event: "Login", TargetURL: target, Name: "gate", SecretName: "webhooks",
		Headers: map[string]string{"X-Gate": header}, QueryParams: map[string]string{"code": param},
		Authentication: &hookAuth{AuthType: "Basic", BasicAuth: struct{ Username, Password string }{"loginradius", password}},
		CreatedDate:    "2022-03-04T03:58:49.294Z", LastModifiedDate: "2022-03-04T03:58:49.294Z",
	}}, site.hooks)

	_, err = client.Create(ctx, whole())
	require.ErrorIs(t, err, loginradiusapi.ErrAlreadySubscribed)
	assert.NotErrorIs(t, err, loginradiusapi.ErrTooMany)

	got, err := client.Get(ctx, "1")
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(&want, got))
	all, err = client.Webhooks(ctx)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff([]loginradiusapi.Subscription{want}, all))

	// What Get returned lacks the password.
	_, err = client.Update(ctx, "1", *got)
	require.EqualError(t, err, "loginradiusapi: Subscription.Authentication.Password is empty")
	updated, err := client.Update(ctx, "1", loginradiusapi.Subscription{
		Headers:        map[string]event.Secret{},
		Authentication: &loginradiusapi.Authentication{Type: loginradiusapi.AuthBearer, Token: event.NewSecret(token)},
	})
	require.NoError(t, err)
	assert.Empty(t, updated.Headers)
	assert.Equal(t, "Bearer", updated.Authentication.Type)
	assert.Equal(t, "gate", updated.Name)
	assert.Len(t, updated.QueryParams, 1, "what is not mentioned stays")
	assert.Equal(t, token, site.hooks[0].Authentication.BearerToken.Token)

	require.NoError(t, client.Delete(ctx, "1"))
	for _, err := range []error{
		client.Delete(ctx, "1"),
		second(client.Get(ctx, "1")),
		second(client.Update(ctx, "1", loginradiusapi.Subscription{Name: "x"})),
	} {
		require.ErrorIs(t, err, loginradiusapi.ErrNotFound)
		assert.EqualError(t, err, "loginradiusapi: status 404, error 7986: The configuration is not found: The configuration is not found, so it is refused")
	}
}

func second[T any](_ T, err error) error { return err }

func TestSubscriptionIsChecked(t *testing.T) {
	basic := func(user string, password event.Secret) *loginradiusapi.Authentication {
		return &loginradiusapi.Authentication{Type: "Basic", Username: user, Password: password}
	}
	var masked event.Secret
	require.NoError(t, masked.UnmarshalText([]byte("[redacted]")))
	secret := event.NewSecret("x")
	for want, change := range map[string]func(*loginradiusapi.Subscription){
		"Event is empty":                                   func(s *loginradiusapi.Subscription) { s.Event = "" },
		"Event has a control character":                    func(s *loginradiusapi.Subscription) { s.Event = "Login\n" },
		"Name has a control character":                     func(s *loginradiusapi.Subscription) { s.Name = "\x00" },
		"SecretName has a control character":               func(s *loginradiusapi.Subscription) { s.SecretName = "\xff" },
		"TargetURL is empty":                               func(s *loginradiusapi.Subscription) { s.TargetURL = "" },
		"TargetURL is no URL with a host":                  func(s *loginradiusapi.Subscription) { s.TargetURL = "https:///canary" },
		"TargetURL is not https, which the vendor demands": func(s *loginradiusapi.Subscription) { s.TargetURL = "http://127.0.0.1/" },
		"TargetURL has a user or a password":               func(s *loginradiusapi.Subscription) { s.TargetURL = "https://canary@hooks.example.com/" },
		"TargetURL has a fragment":                         func(s *loginradiusapi.Subscription) { s.TargetURL = target + "#" },
		"TargetURL has characters that must be escaped":    func(s *loginradiusapi.Subscription) { s.TargetURL = target + "é" },
		"Headers has a name that HTTP forbids":             func(s *loginradiusapi.Subscription) { s.Headers = map[string]event.Secret{"a:b": secret} },
		`Headers["a"] has a control character`: func(s *loginradiusapi.Subscription) {
			s.Headers = map[string]event.Secret{"a": event.NewSecret("canary\r\nb: c")}
		},
		`Headers["a"] is masked: its value is not known`: func(s *loginradiusapi.Subscription) { s.Headers = map[string]event.Secret{"a": masked} },
		"QueryParams has a name that is empty, or has a control character": func(s *loginradiusapi.Subscription) {
			s.QueryParams = map[string]event.Secret{"": secret}
		},
		`QueryParams["a"] is masked: its value is not known`: func(s *loginradiusapi.Subscription) { s.QueryParams = map[string]event.Secret{"a": masked} },
		"Authentication.Type is neither Basic nor Bearer":    func(s *loginradiusapi.Subscription) { s.Authentication = new(loginradiusapi.Authentication) },
		"Authentication.Username is empty, or has a colon or a control character": func(s *loginradiusapi.Subscription) {
			s.Authentication = basic("a:b", secret)
		},
		"Authentication.Password is empty": func(s *loginradiusapi.Subscription) { s.Authentication = basic("a", event.Secret{}) },
		"Authentication.Password is masked: it was read from an encoding that hides secrets, and its value is not known": func(s *loginradiusapi.Subscription) {
			s.Authentication = basic("a", masked)
		},
		"Authentication.Token is set, and Type is Basic": func(s *loginradiusapi.Subscription) {
			s.Authentication = basic("a", secret)
			s.Authentication.Token = secret
		},
		"Authentication.Username or Password is set, and Type is Bearer": func(s *loginradiusapi.Subscription) {
			s.Authentication = basic("a", secret)
			s.Authentication.Type = "bearer"
		},
		"Authentication.Token is empty": func(s *loginradiusapi.Subscription) {
			s.Authentication = &loginradiusapi.Authentication{Type: "Bearer"}
		},
	} {
		site := newSite(t)
		client := site.client(t)
		s := whole()
		change(&s)
		_, err := client.Create(t.Context(), s)
		require.EqualError(t, err, "loginradiusapi: Subscription."+want)
		secrettest.AssertHidden(t, err, "canary")
		if s.Event != "" && s.TargetURL != "" {
			_, err = client.Update(t.Context(), "1", s)
			require.EqualError(t, err, "loginradiusapi: Subscription."+want)
		}
		_, err = client.Ensure(t.Context(), []loginradiusapi.Subscription{s}, loginradiusapi.EnsureOptions{})
		require.EqualError(t, err, "loginradiusapi: want[0]."+want)
		assert.Empty(t, site.requests)
	}
	site := newSite(t)
	for _, id := range []string{"", "..", ".", "../webhooks/1", "a/../1"} {
		require.Error(t, site.client(t).Delete(t.Context(), id))
	}
	assert.Empty(t, site.requests)
	require.ErrorIs(t, site.client(t).Delete(t.Context(), "1?a#b/%"), loginradiusapi.ErrNotFound)
}

func TestConfigIsChecked(t *testing.T) {
	key, secret := event.NewSecret(apiKey), event.NewSecret(apiSecret)
	for want, c := range map[string]loginradiusapi.Config{
		"Config.APIKey is empty":                   {APISecret: secret},
		"Config.APISecret is empty":                {APIKey: key},
		"Config.APISecret has a control character": {APIKey: key, APISecret: event.NewSecret("a\nb")},
		"Config.BaseURL has a query or a fragment": {APIKey: key, APISecret: secret, BaseURL: "https://api.example.com?apikey=canary"},
		"Config.Timeout is negative":               {APIKey: key, APISecret: secret, Timeout: -1},
	} {
		_, err := loginradiusapi.New(c)
		require.EqualError(t, err, "loginradiusapi: "+want)
	}
	var asked *http.Request
	client, err := loginradiusapi.New(loginradiusapi.Config{APIKey: key, APISecret: secret, MaxAttempts: 1, UserAgent: "acme/1.0", HTTPClient: &http.Client{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			asked = r
			return nil, errors.ErrUnsupported
		}),
	}})
	require.NoError(t, err)
	_, err = client.Webhooks(t.Context())
	require.Error(t, err)
	assert.Equal(t, "https://api.loginradius.com/v2/manage/webhooks", "https://"+asked.URL.Host+asked.URL.Path)
	assert.Equal(t, url.Values{"apikey": {apiKey}, "apisecret": {apiSecret}}, asked.URL.Query())
	assert.Equal(t, "acme/1.0", asked.UserAgent())
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// An answer may have other types than documented, but not another form: to take what is no
// list for an empty one would do harm.
func TestAnswersThatDrift(t *testing.T) {
	for body, want := range map[string]string{
		`{"Data":[]}`:             "",
		`{"Data":null}`:           "",
		`{"data":[]}`:             "",
		`[]`:                      "",
		"\ufeff {\"Data\":[]}":    "",
		`{}`:                      "the answer has no Data",
		``:                        "the answer has no Data",
		`<html>`:                  "the answer has no Data",
		`{"Data":`:                "the answer has no Data",
		`{"Data":{}}`:             "Data is no list",
		`{"Data":"[]"}`:           "Data is no list",
		`{"Data":[17]}`:           "a subscription is no object",
		`{"Data":[null]}`:         "a subscription is no object",
		`{"Data":[{"Id":"1"},0]}`: "a subscription is no object",
	} {
		site := newSite(t)
		site.on = func(*http.Request) http.HandlerFunc { return replyRaw(200, body) }
		all, err := site.client(t).Webhooks(t.Context())
		if want == "" {
			require.NoError(t, err, body)
			assert.Empty(t, all)
			continue
		}
		require.EqualError(t, err, "loginradiusapi: status 200: "+want, body)
	}

	site := newSite(t)
	site.on = func(*http.Request) http.HandlerFunc {
		return replyRaw(200, `{"Data":[{"id":17,"EVENT":"Login","TargetUrl":"`+target+`","Headers":{"a":1},"QueryParams":null,"Authentication":null,
			"CreatedDate":1715644800,"IsIntegrationWebhook":"true","Later":{}}]}`)
	}
	all, err := site.client(t).Webhooks(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Len(t, all[0].Warnings, 4)
	all[0].Warnings = nil
	assert.Empty(t, cmp.Diff(loginradiusapi.Subscription{
		ID: "17", Event: "Login", TargetURL: target, Headers: map[string]event.Secret{"a": event.NewSecret("1")},
		IsIntegrationWebhook: true, CreatedDate: time.Date(2024, 5, 14, 0, 0, 0, 0, time.UTC),
	}, all[0]))

	site.on = func(*http.Request) http.HandlerFunc { return replyRaw(200, `{"Data":{"Id":"17"}}`) }
	got, err := site.client(t).Get(t.Context(), "17")
	require.NoError(t, err)
	assert.Equal(t, "17", got.ID)

	site.on = func(*http.Request) http.HandlerFunc { return replyRaw(200, `{"Data":["Login",{}]}`) }
	_, err = site.client(t).Events(t.Context())
	require.EqualError(t, err, "loginradiusapi: status 200: an event is no string")

	for body, want := range map[string]string{
		`{"isdeleted":true}`:                     "",
		`{"IsDeleted":true,"RecordsDeleted":1}`:  "",
		`{}`:                                     "",
		``:                                       "",
		`{"IsDeleted":false,"RecordsDeleted":0}`: "loginradiusapi: status 200: it was not deleted",
		`{"ErrorCode":1112,"Message":"not there"}`: "loginradiusapi: status 200, error 1112: not there",
	} {
		site.on = func(*http.Request) http.HandlerFunc { return replyRaw(200, body) }
		err := site.client(t).Delete(t.Context(), "17")
		if want == "" {
			assert.NoError(t, err, body)
		} else {
			assert.EqualError(t, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   loginradiusapi.Error
		is     error
		text   string
	}{
		"whole": {
			400, `{"Description":"A field is wrong","ErrorCode":908,"Message":"Wrong","IsProviderError":false,"ProviderErrorResponse":null,"Errors":[{"FieldName":"TargetUrl","ErrorMessage":"is too long"}],"Data":{}}`,
			loginradiusapi.Error{ErrorCode: 908, Message: "Wrong", Description: "A field is wrong", Errors: []loginradiusapi.FieldError{{"TargetUrl", "is too long"}}},
			nil, "loginradiusapi: status 400, error 908: Wrong: A field is wrong; TargetUrl: is too long",
		},
		"equal texts":    {403, `{"Description":"No","ErrorCode":909,"Message":"No"}`, loginradiusapi.Error{ErrorCode: 909, Message: "No", Description: "No"}, nil, "loginradiusapi: status 403, error 909: No"},
		"too many":       {403, `{"ErrorCode":1085,"Message":"No"}`, loginradiusapi.Error{ErrorCode: 1085, Message: "No"}, loginradiusapi.ErrTooMany, "loginradiusapi: status 403, error 1085: No"},
		"subscribed":     {403, `{"ErrorCode":"7989","Message":"No"}`, loginradiusapi.Error{ErrorCode: 7989, Message: "No"}, loginradiusapi.ErrAlreadySubscribed, "loginradiusapi: status 403, error 7989: No"},
		"not subscribed": {403, `{"ErrorCode":1112}`, loginradiusapi.Error{ErrorCode: 1112, Message: "Forbidden"}, loginradiusapi.ErrNotFound, "loginradiusapi: status 403, error 1112: Forbidden"},
		"in a success":   {200, `{"ErrorCode":902,"Message":"No"}`, loginradiusapi.Error{ErrorCode: 902, Message: "No"}, nil, "loginradiusapi: status 200, error 902: No"},
		"a proxy's":      {502, `<html>`, loginradiusapi.Error{Message: "Bad Gateway"}, nil, "loginradiusapi: status 502: Bad Gateway"},
		"nothing":        {500, ``, loginradiusapi.Error{Message: "Internal Server Error"}, nil, "loginradiusapi: status 500: Internal Server Error"},
		"limited":        {429, `{"Message":"Too many requests"}`, loginradiusapi.Error{Message: "Too many requests", RetryAfter: 61 * time.Second}, nil, "loginradiusapi: status 429: Too many requests"},
		"escapes":        {400, `{"Message":"a\u001b[2J\u202e"}`, loginradiusapi.Error{Message: `a\u001b[2J\u202e`}, nil, `loginradiusapi: status 400: a\u001b[2J\u202e`},
	} {
		t.Run(name, func(t *testing.T) {
			site := newSite(t)
			site.on = func(*http.Request) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if c.status == 429 {
						w.Header().Set("Retry-After", "61")
					}
					replyRaw(c.status, c.body)(w, r)
				}
			}
			_, err := site.client(t).Get(t.Context(), "1")
			var got *loginradiusapi.Error
			require.ErrorAs(t, err, &got)
			c.want.Status = c.status
			assert.Empty(t, cmp.Diff(&c.want, got))
			assert.EqualError(t, err, c.text)
			for _, reason := range []error{loginradiusapi.ErrTooMany, loginradiusapi.ErrAlreadySubscribed, loginradiusapi.ErrNotFound} {
				assert.Equal(t, reason == c.is, errors.Is(err, reason), "%v", reason)
			}
		})
	}
	// Those of the site.
	site := newSite(t)
	for want, c := range map[string]loginradiusapi.Config{
		"loginradiusapi: status 403, error 901: The API key is not authorized: The API key is not authorized, so it is refused":       {APIKey: event.NewSecret("x"), APISecret: event.NewSecret(apiSecret)},
		"loginradiusapi: status 401, error 902: The API secret is not authorized: The API secret is not authorized, so it is refused": {APIKey: event.NewSecret(apiKey), APISecret: event.NewSecret("canary")},
	} {
		c.BaseURL = site.URL
		client, err := loginradiusapi.New(c)
		require.NoError(t, err)
		_, err = client.Events(t.Context())
		assert.EqualError(t, err, want)
	}
}

func TestErrorIsBounded(t *testing.T) {
	one := `{"FieldName":` + escapetest.Quote(escapetest.Text) + `,"ErrorMessage":"x"},`
	many := strings.Repeat(one, 1000)
	site := newSite(t)
	site.on = func(*http.Request) http.HandlerFunc {
		return replyRaw(400, `{"Message":"x","Errors":[`+many+`{}]}`)
	}
	_, err := site.client(t).Get(t.Context(), "1")
	var refused *loginradiusapi.Error
	require.ErrorAs(t, err, &refused)
	assert.Len(t, refused.Errors, 20)
	assert.Less(t, len(err.Error()), 20*1010)
	escapetest.AssertEscaped(t, err.Error())
}

// What may have made a subscription is not sent again.
func TestWhatIsSentAgain(t *testing.T) {
	for method, want := range map[string]int{"GET": 2, "PUT": 2, "DELETE": 2, "POST": 1} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, hook{Event: "Login", TargetURL: target})
			client, err := loginradiusapi.New(loginradiusapi.Config{
				APIKey: event.NewSecret(apiKey), APISecret: event.NewSecret(apiSecret), BaseURL: site.URL, MaxAttempts: 2,
			})
			require.NoError(t, err)
			first := true
			site.on = func(*http.Request) http.HandlerFunc {
				if !first {
					return nil
				}
				first = false
				return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
			}
			ctx := t.Context()
			switch method {
			case "GET":
				_, err = client.Get(ctx, "1")
			case "PUT":
				_, err = client.Update(ctx, "1", loginradiusapi.Subscription{Name: "x"})
			case "DELETE":
				err = client.Delete(ctx, "1")
			case "POST":
				_, err = client.Create(ctx, whole())
			}
			assert.Equal(t, want == 1, err != nil, "%v", err)
			site.mu.Lock()
			defer site.mu.Unlock()
			assert.Len(t, site.requests, want)
		})
	}
}

func TestSecretsAreHidden(t *testing.T) {
	hidden := []string{"7355608"} // which each of them has, in whatever way it is escaped
	config := loginradiusapi.Config{APIKey: event.NewSecret(apiKey), APISecret: event.NewSecret(apiSecret), MaxAttempts: 1}
	bearer := whole()
	bearer.Authentication = &loginradiusapi.Authentication{Type: loginradiusapi.AuthBearer, Token: event.NewSecret(token)}
	bearer.TargetURL += "?code=url-canary-7355608"
	secrettest.AssertHidden(t, config, hidden...)
	secrettest.AssertHidden(t, whole(), hidden...)
	masked := bearer
	masked.TargetURL = target
	secrettest.AssertHidden(t, masked, hidden...)

	calls := map[string]func(context.Context, *loginradiusapi.Client) error{
		"Events":       func(ctx context.Context, c *loginradiusapi.Client) error { return second(c.Events(ctx)) },
		"Webhooks":     func(ctx context.Context, c *loginradiusapi.Client) error { return second(c.Webhooks(ctx)) },
		"Get":          func(ctx context.Context, c *loginradiusapi.Client) error { return second(c.Get(ctx, "1")) },
		"Create":       func(ctx context.Context, c *loginradiusapi.Client) error { return second(c.Create(ctx, whole())) },
		"Create, more": func(ctx context.Context, c *loginradiusapi.Client) error { return second(c.Create(ctx, bearer)) },
		"Update":       func(ctx context.Context, c *loginradiusapi.Client) error { return second(c.Update(ctx, "1", whole())) },
		"Delete":       func(ctx context.Context, c *loginradiusapi.Client) error { return c.Delete(ctx, "1") },
		"Ensure": func(ctx context.Context, c *loginradiusapi.Client) error {
			return second(c.Ensure(ctx, []loginradiusapi.Subscription{bearer}, loginradiusapi.EnsureOptions{}))
		},
	}
	dump := func(r *http.Request) string { b, _ := io.ReadAll(r.Body); return string(b) } // a longer text is cut
	for form, errorWith := range map[string]func(site *site) *http.Client{
		"an answer that shows the request": func(site *site) *http.Client {
			site.on = func(r *http.Request) http.HandlerFunc {
				text := fmt.Sprintf("%s %s", dump(r), r.URL)
				return replyRaw(400, fmt.Sprintf(`{"ErrorCode":908,"Message":%[1]q,"Description":%[1]q,"Errors":[{"FieldName":%[1]q,"ErrorMessage":%[1]q}]}`, text))
			}
			return nil
		},
		"a closed server": func(site *site) *http.Client { site.Close(); return nil },
		"a transport that shows the request": func(*site) *http.Client {
			return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				body := ""
				if r.Body != nil {
					body = dump(r)
				}
				return nil, fmt.Errorf("cannot send %q %s", body, r.URL)
			})}
		},
	} {
		for name, call := range calls {
			t.Run(form+", "+name, func(t *testing.T) {
				site := newSite(t)
				config := config
				config.BaseURL, config.HTTPClient = site.URL, errorWith(site)
				client, err := loginradiusapi.New(config)
				require.NoError(t, err)
				err = call(t.Context(), client)
				require.Error(t, err)
				for e := err; e != nil; e = errors.Unwrap(e) {
					secrettest.AssertHidden(t, e, hidden...)
				}
				var leak *url.Error
				assert.False(t, errors.As(err, &leak))
			})
		}
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	site := newSite(t)
	site.on = func(*http.Request) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}
	}
	_, err := site.client(t).Webhooks(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// A site may be slow, cut an answer off, or ask to be asked less often.
func TestSlowAndBrokenAnswers(t *testing.T) {
	newClient := func(c loginradiusapi.Config) *loginradiusapi.Client {
		c.APIKey, c.APISecret = event.NewSecret(apiKey), event.NewSecret(apiSecret)
		client, err := loginradiusapi.New(c)
		require.NoError(t, err)
		return client
	}
	site := newSite(t, hook{Event: "Login", TargetURL: target})
	site.on = func(*http.Request) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	}
	_, err := newClient(loginradiusapi.Config{BaseURL: site.URL, Timeout: time.Millisecond, MaxAttempts: 1}).Webhooks(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.EqualError(t, err, "loginradiusapi: GET /v2/manage/webhooks: no whole answer within 1ms")

	for name, first := range map[string]http.HandlerFunc{
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"Data":[`))
			panic(http.ErrAbortHandler)
		},
		"too many requests": replyRaw(429, `{"Message":"Too many requests"}`),
		"a proxy's page":    replyRaw(502, `<html>`),
	} {
		t.Run(name, func(t *testing.T) {
			site := newSite(t, hook{Event: "Login", TargetURL: target})
			calls := 0
			site.on = func(*http.Request) http.HandlerFunc {
				if calls++; calls == 1 {
					return first
				}
				return nil
			}
			all, err := newClient(loginradiusapi.Config{BaseURL: site.URL}).Webhooks(t.Context())
			require.NoError(t, err)
			assert.Len(t, all, 1)
		})
	}
}
