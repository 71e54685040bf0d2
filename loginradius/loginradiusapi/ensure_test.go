package loginradiusapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/internal/secrettest"
	"github.com/accesshook/accesshook/loginradius/loginradiusapi"
)

const (
	elsewhere = "https://other.example.com/hook"
	oldTarget = "https://hooks.example.com/old"
)

type (
	subscriptions = []loginradiusapi.Subscription
	options       = loginradiusapi.EnsureOptions
)

// to returns what is wanted: these events, at one URL.
func to(target string, events ...string) subscriptions {
	var all subscriptions
	for _, name := range events {
		all = append(all, loginradiusapi.Subscription{Event: name, TargetURL: target})
	}
	return all
}

// existing returns hooks of events at one URL.
func existing(target string, events ...string) []hook {
	var all []hook
	for _, name := range events {
		all = append(all, hook{Event: name, TargetURL: target})
	}
	return all
}

// assertSettled fails if another Ensure would change something.
func assertSettled(t *testing.T, s *site, want subscriptions, o options) {
	t.Helper()
	s.seen()
	result, err := s.client(t).Ensure(t.Context(), want, o)
	require.NoError(t, err)
	assert.Empty(t, result.Steps)
	assert.Len(t, result.Kept, len(want))
	assert.Empty(t, s.seen())
}

func TestEnsure(t *testing.T) {
	for name, c := range map[string]struct {
		have    []hook
		want    subscriptions
		options options
		steps   []string // requests, in their order
		set     []string
		left    int
	}{
		"nothing": {},
		"from nothing": {
			want:  to(target, "Login", "BlockAccount"),
			steps: []string{"POST Login", "POST BlockAccount"},
			set:   []string{"BlockAccount " + target, "Login " + target},
		},
		"all there": {
			have: existing(target, "Login", "BlockAccount"),
			want: to(target, "BlockAccount", "Login"),
			set:  []string{"BlockAccount " + target, "Login " + target},
		},
		"names in other letters": {
			have:  existing(target, "Login"),
			want:  to(target, "login", "emailVerification", "SetPin"),
			steps: []string{"POST EmailVerification", "POST SetPIN"},
			set:   []string{"EmailVerification " + target, "Login " + target, "SetPIN " + target},
		},
		"URL in another form": {
			have: existing("HTTPS://hooks.example.com:443", "Login"),
			want: to("https://HOOKS.example.com/", "Login"),
			set:  []string{"Login HTTPS://hooks.example.com:443"},
		},
		"create before delete": {
			have:  existing(target, "Login", "Register"),
			want:  to(target, "Register", "BlockAccount"),
			steps: []string{"POST BlockAccount", "DELETE 1"},
			set:   []string{"BlockAccount " + target, "Register " + target},
		},
		"others' are left": {
			have: append(existing(elsewhere, "Login"), existing(oldTarget, "Login")...),
			want: to(target, "Login"), steps: []string{"POST Login"}, left: 2,
			set: []string{"Login " + oldTarget, "Login " + target, "Login " + elsewhere},
		},
		"nothing is wanted": {
			have: existing(target, "Login"), left: 1,
			set: []string{"Login " + target},
		},
		"nothing is wanted of a host": {
			have:    append(existing(oldTarget, "Login"), existing(elsewhere, "Login")...),
			options: options{Owns: loginradiusapi.Hosts("a.example.com", "Hooks.example.com")},
			steps:   []string{"DELETE 1"}, left: 1,
			set: []string{"Login " + elsewhere},
		},
		"nothing at all is wanted": {
			have:    append(existing(oldTarget, "Login"), existing(elsewhere, "Login")...),
			options: options{Owns: loginradiusapi.All},
			steps:   []string{"DELETE 1", "DELETE 2"},
		},
		"a move": {
			have: append(existing(oldTarget, "Login", "Register"), existing(elsewhere, "Login")...),
			want: to(target, "Login", "Register"), options: options{Owns: loginradiusapi.Hosts("hooks.example.com")},
			steps: []string{"POST Login", "POST Register", "DELETE 1", "DELETE 2"}, left: 1,
			set: []string{"Login " + target, "Login " + elsewhere, "Register " + target},
		},
		"a move without room": {
			have: existing(oldTarget, "Login", "Register", "BlockAccount", "DeleteAccount", "AssignRoles"),
			want: to(target, "Register", "BlockAccount", "UpdateProfile"), options: options{Owns: loginradiusapi.All},
			// First what nobody waits for, then each event right before it is created.
			steps: []string{"DELETE 1", "POST Register", "DELETE 4", "POST BlockAccount", "DELETE 5", "POST UpdateProfile", "DELETE 2", "DELETE 3"},
			set:   []string{"BlockAccount " + target, "Register " + target, "UpdateProfile " + target},
		},
		"a move of all without room": {
			have: existing(oldTarget, "Login", "Register", "BlockAccount", "DeleteAccount", "AssignRoles"),
			want: to(target, "AssignRoles", "DeleteAccount", "BlockAccount", "Register", "Login"), options: options{Owns: loginradiusapi.All},
			steps: []string{
				"DELETE 5", "POST AssignRoles", "DELETE 4", "POST DeleteAccount", "DELETE 3", "POST BlockAccount",
				"DELETE 2", "POST Register", "DELETE 1", "POST Login",
			},
			set: []string{"AssignRoles " + target, "BlockAccount " + target, "DeleteAccount " + target, "Login " + target, "Register " + target},
		},
		"a limit of its own": {
			have: existing(oldTarget, "Login"), options: options{Owns: loginradiusapi.All, Limit: 1},
			want: to(target, "Login"), steps: []string{"DELETE 1", "POST Login"},
			set: []string{"Login " + target},
		},
		"the same twice": {
			have: existing(target, "Login", "login"), want: to(target, "Login"), steps: []string{"DELETE 2"},
			set: []string{"Login " + target},
		},
		"integrations' are never touched": {
			have: []hook{{Event: "Login", TargetURL: elsewhere, IsIntegrationWebhook: true}, {Event: "Register", TargetURL: target, IsIntegrationWebhook: true}},
			want: to(target, "Login"), options: options{Owns: loginradiusapi.All}, steps: []string{"POST Login"}, left: 2,
			set: []string{"Login " + target, "Login " + elsewhere, "Register " + target},
		},
		"an ID that must be escaped": {
			have: []hook{{ID: "a/b ?c", Event: "Login", TargetURL: target}}, options: options{Owns: loginradiusapi.All},
			steps: []string{"DELETE a/b ?c"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			site := newSite(t, c.have...)
			client := site.client(t)
			before := site.set()

			dry := c.options
			dry.DryRun = true
			planned, err := client.Ensure(t.Context(), c.want, dry)
			require.NoError(t, err)
			assert.Empty(t, site.seen(), "a dry run")
			assert.Equal(t, before, site.set())

			result, err := client.Ensure(t.Context(), c.want, c.options)
			require.NoError(t, err)
			assert.Equal(t, c.steps, site.seen())
			assert.Equal(t, c.set, site.set())
			assert.Len(t, result.Left, c.left)
			require.Len(t, result.Steps, len(planned.Steps))
			for i, step := range result.Steps {
				assert.True(t, step.Done)
				assert.NotEmpty(t, step.Subscription.ID)
				assert.Empty(t, step.Note)
				assert.NoError(t, step.Err)
				assert.False(t, planned.Steps[i].Done)
				assert.Equal(t, planned.Steps[i].Action, step.Action)
			}
			assertSettled(t, site, c.want, c.options)
		})
	}
}

// Settings that are not mentioned are left as they are.
func TestEnsureUpdates(t *testing.T) {
	basic := func(user, password string) *hookAuth {
		return &hookAuth{AuthType: "Basic", BasicAuth: struct{ Username, Password string }{user, password}}
	}
	secrets := func(name, value string) map[string]event.Secret {
		return map[string]event.Secret{name: event.NewSecret(value)}
	}
	for name, c := range map[string]struct {
		have    hook
		want    loginradiusapi.Subscription
		changed []string
		after   hook
	}{
		"nothing is mentioned": {
			have:  hook{Name: "a", SecretName: "b", Headers: map[string]string{"X-A": "1"}, QueryParams: map[string]string{"q": "1"}, Authentication: basic("u", "p")},
			after: hook{Name: "a", SecretName: "b", Headers: map[string]string{"X-A": "1"}, QueryParams: map[string]string{"q": "1"}, Authentication: basic("u", "p")},
		},
		"all is equal": {
			have: hook{Name: "a", SecretName: "b", Headers: map[string]string{"x-a": "1"}, Authentication: basic("u", "p")},
			want: loginradiusapi.Subscription{
				Name: "a", SecretName: "b", Headers: secrets("X-A", "1"), QueryParams: map[string]event.Secret{},
				Authentication: &loginradiusapi.Authentication{Type: "basic", Username: "u", Password: event.NewSecret("not compared")},
			},
			after: hook{Name: "a", SecretName: "b", Headers: map[string]string{"x-a": "1"}, Authentication: basic("u", "p")},
		},
		"name and secret": {
			have: hook{Name: "a", Headers: map[string]string{"X-A": "1"}},
			want: loginradiusapi.Subscription{Name: "b", SecretName: "webhooks"}, changed: []string{"Name", "SecretName"},
			after: hook{Name: "b", SecretName: "webhooks", Headers: map[string]string{"X-A": "1"}},
		},
		"headers": {
			have: hook{Headers: map[string]string{"X-A": "1", "X-B": "2"}, QueryParams: map[string]string{"q": "1"}},
			want: loginradiusapi.Subscription{Headers: secrets("X-A", "1")}, changed: []string{"Headers"},
			after: hook{Headers: map[string]string{"X-A": "1"}, QueryParams: map[string]string{"q": "1"}},
		},
		"a header's value": {
			have: hook{Name: "a", SecretName: "b", Headers: map[string]string{"X-A": "1"}},
			want: loginradiusapi.Subscription{Headers: secrets("X-A", "2")}, changed: []string{"Headers"},
			after: hook{Name: "a", SecretName: "b", Headers: map[string]string{"X-A": "2"}},
		},
		"no headers": {
			have: hook{Headers: map[string]string{"X-A": "1"}},
			want: loginradiusapi.Subscription{Headers: map[string]event.Secret{}}, changed: []string{"Headers"},
			after: hook{},
		},
		"parameters": {
			have: hook{QueryParams: map[string]string{"q": "1"}},
			want: loginradiusapi.Subscription{QueryParams: secrets("Q", "1")}, changed: []string{"QueryParams"},
			after: hook{QueryParams: map[string]string{"Q": "1"}},
		},
		"a user": {
			have:    hook{Authentication: basic("u", "p")},
			want:    loginradiusapi.Subscription{Authentication: &loginradiusapi.Authentication{Type: "Basic", Username: "v", Password: event.NewSecret("q")}},
			changed: []string{"Authentication"}, after: hook{Authentication: basic("v", "q")},
		},
		"authentication": {
			want:    loginradiusapi.Subscription{Authentication: &loginradiusapi.Authentication{Type: "Basic", Username: "v", Password: event.NewSecret("q")}},
			changed: []string{"Authentication"}, after: hook{Authentication: basic("v", "q")},
		},
	} {
		for _, replaces := range []bool{false, true} { // what an update does to what it leaves out
			t.Run(fmt.Sprint(name, ", replaces ", replaces), func(t *testing.T) {
				c.have.Event, c.have.TargetURL = "Login", target
				c.want.Event, c.want.TargetURL = "Login", target
				site := newSite(t, c.have)
				site.on = func(r *http.Request) http.HandlerFunc {
					if replaces && r.Method == "PUT" {
						h := &site.hooks[0]
						*h = hook{ID: h.ID, Event: h.Event}
					}
					return nil
				}
				result, err := site.client(t).Ensure(t.Context(), subscriptions{c.want}, options{})
				require.NoError(t, err)
				if c.changed == nil {
					assert.Empty(t, site.seen())
					assert.Len(t, result.Kept, 1)
				} else {
					assert.Equal(t, []string{"PUT 1"}, site.seen())
					require.Len(t, result.Steps, 1)
					assert.Equal(t, c.changed, result.Steps[0].Changed)
				}
				got := site.hooks[0]
				assert.Equal(t, target, got.TargetURL)
				got.Event, got.ID, got.TargetURL, got.CreatedDate, got.LastModifiedDate = "", "", "", "", ""
				for _, m := range []*map[string]string{&got.Headers, &got.QueryParams} {
					if len(*m) == 0 {
						*m = nil
					}
				}
				assert.Equal(t, c.after, got)
				assertSettled(t, site, subscriptions{c.want}, options{})
			})
		}
	}
}

// Before it changes the first subscription, Ensure finds out what it must not do.
func TestEnsureRefuses(t *testing.T) {
	five := existing(elsewhere, "Login", "Register", "UpdateProfile", "BlockAccount", "DeleteAccount")
	auth := hook{Event: "Login", TargetURL: target, Authentication: &hookAuth{AuthType: "Basic"}}
	for name, c := range map[string]struct {
		have    []hook
		want    subscriptions
		options options
		err     string
		is      error
	}{
		"twice":               {want: append(to(target, "Login"), to("https://Hooks.example.com:443/webhooks/loginradius", "login")...), err: "loginradiusapi: want[1] has the event and the target URL of want[0]"},
		"an event of ours":    {want: to(target, "Login", string(event.AccountBlocked)), err: `loginradiusapi: want[1].Event "account.blocked" is none of LoginRadius's events`},
		"no URL":              {want: to("", "Login"), err: "loginradiusapi: want[0].TargetURL is empty"},
		"an integration's":    {have: []hook{{Event: "Login", TargetURL: target, IsIntegrationWebhook: true}}, want: to(target, "Login"), options: options{Owns: loginradiusapi.All}, err: "loginradiusapi: an integration of LoginRadius's sends login to a wanted target URL already"},
		"six":                 {want: to(target, siteEvents[:6]...), is: loginradiusapi.ErrTooMany, err: "loginradiusapi: too many subscriptions: there would be 6, and the limit is 5; 0 existing ones are not owned"},
		"no room":             {have: five, want: to(target, "Login"), is: loginradiusapi.ErrTooMany, err: "loginradiusapi: too many subscriptions: there would be 6, and the limit is 5; 5 existing ones are not owned"},
		"no room, a move":     {have: append(five[:4:4], existing(oldTarget, "Login")...), want: to(target, "Login", "Register"), options: options{Owns: loginradiusapi.Hosts("hooks.example.com")}, is: loginradiusapi.ErrTooMany, err: "loginradiusapi: too many subscriptions: there would be 6, and the limit is 5; 4 existing ones are not owned"},
		"integrations' count": {have: []hook{{Event: "Login", TargetURL: elsewhere, IsIntegrationWebhook: true}}, want: to(target, siteEvents[:5]...), options: options{Owns: loginradiusapi.All}, is: loginradiusapi.ErrTooMany, err: "loginradiusapi: too many subscriptions: there would be 6, and the limit is 5; 1 existing ones are not owned"},
		"a limit of its own":  {want: to(target, "Login", "Register"), options: options{Limit: 1}, is: loginradiusapi.ErrTooMany, err: "loginradiusapi: too many subscriptions: there would be 2, and the limit is 1; 0 existing ones are not owned"},
		"an unknown password": {have: []hook{auth}, want: subscriptions{{Event: "Login", TargetURL: target, Name: "x"}}, err: "loginradiusapi: to update Name of the subscription of login to " + target + " may remove its Authentication, which LoginRadius does not return in full: set that of the wanted one"},
		"an unknown header":   {have: []hook{{Event: "Login", TargetURL: target, Headers: map[string]string{"X-A": "***"}}}, want: subscriptions{{Event: "Login", TargetURL: target, Name: "x"}}, err: "loginradiusapi: to update Name of the subscription of login to " + target + " may remove its Headers, which LoginRadius does not return in full: set that of the wanted one"},
	} {
		t.Run(name, func(t *testing.T) {
			site := newSite(t, c.have...)
			for _, dry := range []bool{true, false} {
				c.options.DryRun = dry
				result, err := site.client(t).Ensure(t.Context(), c.want, c.options)
				require.EqualError(t, err, c.err)
				assert.Nil(t, result)
				if c.is != nil {
					assert.ErrorIs(t, err, c.is)
				}
				assert.Empty(t, site.seen())
			}
		})
	}
	// More than the limit is no reason not to delete, or not to look.
	site := newSite(t, append(five, existing(target, "Login", "Register")...)...)
	_, err := site.client(t).Ensure(t.Context(), to(target, "Login"), options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"DELETE 7"}, site.seen())
	// LoginRadius decides.
	_, err = site.client(t).Ensure(t.Context(), to(target, "Login", "SetPIN"), options{Limit: -1})
	require.ErrorIs(t, err, loginradiusapi.ErrTooMany)
	assert.Equal(t, []string{"POST SetPIN"}, site.seen())
}

// What cannot be told apart from others' is not deleted, nor taken for missing.
func TestEnsureRefusesWhatItCannotRead(t *testing.T) {
	for field, members := range map[string]string{
		"Id":                   `"Event":"register","TargetUrl":"` + target + `"`,
		"Event":                `"Id":"1","EventName":"login","TargetUrl":"` + target + `"`,
		"TargetUrl":            `"Id":"1","Event":"login","Target":"` + target + `"`,
		"IsIntegrationWebhook": `"Id":"1","Event":"register","TargetUrl":"` + target + `","IsIntegrationWebhook":"yes"`,
	} {
		s := newSite(t)
		s.on = func(r *http.Request) http.HandlerFunc {
			if r.Method+r.URL.Path == "GET/v2/manage/webhooks" {
				return replyRaw(200, `{"Data":[{`+members+`}]}`)
			}
			return nil
		}
		result, err := s.client(t).Ensure(t.Context(), to(target, "Login"), options{Owns: loginradiusapi.All})
		require.EqualError(t, err, "loginradiusapi: existing subscription 1 has no "+field+" that can be read")
		assert.Nil(t, result)
		assert.Empty(t, s.seen())
	}
}

// What LoginRadius takes for the wanted one is not deleted.
func TestEnsureBesideAnotherFormOfTheURL(t *testing.T) {
	s := newSite(t, existing(target+"/", "Login")...)
	s.on = func(r *http.Request) http.HandlerFunc {
		if r.Method == "POST" {
			return replyRaw(403, `{"ErrorCode":1110,"Message":"already subscribed"}`)
		}
		return nil
	}
	result, err := s.client(t).Ensure(t.Context(), to(target, "Login"), options{Owns: loginradiusapi.All})
	require.ErrorIs(t, err, loginradiusapi.ErrAlreadySubscribed)
	assert.False(t, result.Steps[0].Done)
	assert.Equal(t, []string{"POST Login"}, s.seen())
}

// What is done is said, and what is not; running Ensure again does the rest.
func TestEnsureFailsInTheMiddle(t *testing.T) {
	have := existing(target, "Login", "Register")
	want := to(target, "BlockAccount", "DeleteAccount")
	requests := []string{"POST BlockAccount", "POST DeleteAccount", "DELETE 1", "DELETE 2"}
	for failing := range requests {
		for how, fail := range map[string]http.HandlerFunc{
			"refused":  replyRaw(500, `{"ErrorCode":1,"Message":"No"}`),
			"hung up":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"not JSON": replyRaw(201, `<html>`),
		} {
			if how == "not JSON" && strings.HasPrefix(requests[failing], "DELETE") {
				continue // a success
			}
			t.Run(how+" at "+requests[failing], func(t *testing.T) {
				site := newSite(t, have...)
				changes := 0
				site.on = func(r *http.Request) http.HandlerFunc {
					if r.Method == "GET" {
						return nil
					}
					if changes++; changes == failing+1 {
						return fail
					}
					return nil
				}
				result, err := site.client(t).Ensure(t.Context(), want, options{})
				require.ErrorContains(t, err, "loginradiusapi: cannot ")
				require.NotNil(t, result)
				require.Len(t, result.Steps, 4)
				for i, step := range result.Steps {
					assert.Equal(t, i < failing, step.Done, "step %d", i)
					assert.Equal(t, i == failing, step.Err != nil, "step %d", i)
				}
				require.ErrorIs(t, err, result.Steps[failing].Err)
				assert.Equal(t, requests[:failing+1], site.seen())
				assert.Equal(t, failing, strings.Count(result.String(), ": done\n"))
				assert.Equal(t, 1, strings.Count(result.String(), ": failed\n"))

				site.on = nil
				_, err = site.client(t).Ensure(t.Context(), want, options{})
				require.NoError(t, err)
				assert.Equal(t, requests[failing:], site.seen())
				assertSettled(t, site, want, options{})
			})
		}
	}
}

func TestEnsureStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	site := newSite(t)
	site.on = func(r *http.Request) http.HandlerFunc {
		if r.Method == "POST" {
			cancel()
		}
		return nil
	}
	result, err := site.client(t).Ensure(ctx, to(target, "Login", "Register", "SetPIN"), options{})
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, result.Steps, 3)
	assert.False(t, result.Steps[1].Done)
	assert.NotContains(t, site.seen(), "POST SetPIN")
}

// Somebody else changes subscriptions at the same time.
func TestEnsureBesideOthers(t *testing.T) {
	site := newSite(t, existing(target, "Register")...)
	site.on = func(r *http.Request) http.HandlerFunc {
		switch r.Method {
		case "POST":
			site.add(hook{Event: "login", TargetURL: target})
		case "DELETE":
			site.hooks = slices.DeleteFunc(site.hooks, func(h hook) bool { return h.ID == "1" })
		}
		return nil
	}
	result, err := site.client(t).Ensure(t.Context(), to(target, "Login"), options{})
	require.NoError(t, err)
	assert.Equal(t, "create Login to "+target+": exists already; its settings were not compared\n"+
		"delete register to "+target+": was gone already\n"+
		"unchanged: 0, not owned: 0\n", result.String())
	assert.True(t, result.Steps[0].Done)
	assert.True(t, result.Steps[1].Done)
	assert.Equal(t, []string{"login " + target}, site.set())
}

// An answer may show a part of the settings, and a setting may be taken in an update only.
func TestEnsureLooksAgain(t *testing.T) {
	want := subscriptions{{Event: "Login", TargetURL: target, SecretName: "webhooks"}}
	t.Run("a part", func(t *testing.T) {
		site := newSite(t)
		site.on = func(r *http.Request) http.HandlerFunc {
			if r.Method != "POST" {
				return nil
			}
			site.add(hook{Event: "Login", TargetURL: target, SecretName: "webhooks"})
			return replyRaw(200, `{"Id":"1"}`)
		}
		_, err := site.client(t).Ensure(t.Context(), want, options{})
		require.NoError(t, err)
		assert.Equal(t, []string{"POST Login"}, site.seen())
	})
	t.Run("in an update", func(t *testing.T) {
		site := newSite(t)
		site.on = func(r *http.Request) http.HandlerFunc {
			if r.Method != "POST" {
				return nil
			}
			site.add(hook{Event: "Login", TargetURL: target})
			return func(w http.ResponseWriter, _ *http.Request) { reply(w, site.hooks[0]) }
		}
		_, err := site.client(t).Ensure(t.Context(), want, options{})
		require.NoError(t, err)
		assert.Equal(t, []string{"POST Login", "PUT 1"}, site.seen())
		assert.Equal(t, "webhooks", site.hooks[0].SecretName)
	})
	for _, have := range [][]hook{existing(oldTarget, "Login"), existing(target, "Login")} {
		t.Run("never, "+have[0].TargetURL, func(t *testing.T) {
			site := newSite(t, have...)
			site.on = func(r *http.Request) http.HandlerFunc {
				if r.Method == "GET" || r.Method == "DELETE" {
					return nil
				}
				if r.Method == "POST" {
					site.add(hook{Event: "Login", TargetURL: target})
				}
				return func(w http.ResponseWriter, _ *http.Request) { reply(w, site.hooks[len(site.hooks)-1]) }
			}
			result, err := site.client(t).Ensure(t.Context(), want, options{Owns: loginradiusapi.All})
			require.ErrorContains(t, err, "LoginRadius did not take over: SecretName")
			assert.False(t, result.Steps[0].Done)
			assert.Contains(t, site.set(), "Login "+have[0].TargetURL, "what works is kept")
		})
	}
	t.Run("an update without an ID", func(t *testing.T) {
		site := newSite(t, existing(target, "Login")...)
		site.on = func(r *http.Request) http.HandlerFunc {
			if r.Method != "PUT" {
				return nil
			}
			site.hooks[0].SecretName = "webhooks"
			return replyRaw(200, `{"IsUpdated":true}`)
		}
		result, err := site.client(t).Ensure(t.Context(), want, options{})
		require.NoError(t, err)
		assert.True(t, result.Steps[0].Done)
	})
	t.Run("no ID", func(t *testing.T) {
		site := newSite(t)
		site.on = func(r *http.Request) http.HandlerFunc {
			if r.Method == "POST" {
				return replyRaw(200, `{}`)
			}
			return nil
		}
		_, err := site.client(t).Ensure(t.Context(), want, options{})
		require.ErrorContains(t, err, "the answer has no ID and other settings than were sent")
	})
}

// From any subscriptions to any others: the limit is kept, no event is missed for want of
// order, what is not owned stays, and in the end there is what is wanted.
func TestEnsureFromAnythingToAnything(t *testing.T) {
	targets := []string{target, oldTarget, elsewhere}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		site := newSite(t)
		for range random.IntN(6) {
			h := hook{Event: siteEvents[random.IntN(6)], TargetURL: targets[random.IntN(3)], IsIntegrationWebhook: random.IntN(8) == 0}
			if !slices.Contains(site.set(), h.Event+" "+h.TargetURL) {
				site.add(h)
			}
		}
		var want subscriptions
		for range random.IntN(6) {
			w := to(targets[random.IntN(2)], siteEvents[random.IntN(6)])[0]
			if !slices.ContainsFunc(want, func(s loginradiusapi.Subscription) bool { return s.Event == w.Event && s.TargetURL == w.TargetURL }) {
				want = append(want, w)
			}
		}
		o := []options{{}, {Owns: loginradiusapi.Hosts("hooks.example.com")}, {Owns: loginradiusapi.All}}[random.IntN(3)]
		before := slices.Clone(site.hooks)
		site.on = func(r *http.Request) http.HandlerFunc {
			assert.LessOrEqual(t, len(site.hooks), 5)
			if r.Method == "DELETE" && len(site.hooks) < 5 {
				for _, w := range want { // all is there before anything goes
					assert.True(t, slices.ContainsFunc(site.hooks, func(h hook) bool { return h.Event == w.Event && h.TargetURL == w.TargetURL }), "seed %d", seed)
				}
			}
			return nil
		}
		result, err := site.client(t).Ensure(t.Context(), want, o)
		after := site.set()
		for _, h := range before {
			if h.IsIntegrationWebhook || o.Owns == nil && !slices.ContainsFunc(want, func(w loginradiusapi.Subscription) bool { return w.TargetURL == h.TargetURL }) {
				assert.Contains(t, after, h.Event+" "+h.TargetURL, "seed %d", seed)
			}
		}
		if err != nil {
			assert.Nil(t, result, "seed %d: %v", seed, err)
			assert.Empty(t, site.seen(), "seed %d: %v", seed, err)
			continue
		}
		for _, w := range want {
			assert.Contains(t, after, w.Event+" "+w.TargetURL, "seed %d", seed)
		}
		assert.Len(t, after, len(want)+len(result.Left), "seed %d", seed)
		assertSettled(t, site, want, o)
		site.Close()
	}
}

func TestResultHidesSecrets(t *testing.T) {
	s := whole()
	s.TargetURL += "?code=canary-7355608"
	site := newSite(t,
		hook{Event: "Log\x1b[2Jin\u202e", TargetURL: "https://user:canary-7355608@hooks.example.com/x?canary-7355608", Headers: map[string]string{"X-Canary": "7355608-of-a-header"}},
		hook{Event: "Register", TargetURL: "canary"},
	)
	result, err := site.client(t).Ensure(t.Context(), subscriptions{s}, options{Owns: loginradiusapi.All})
	require.NoError(t, err)
	assert.Equal(t, "create Login to "+target+"?[redacted]: done\n"+
		`delete log\u001b[2jin\u202e to https://[redacted]@hooks.example.com/x?[redacted]: done`+"\n"+
		"delete register to canary: done\n"+
		"unchanged: 0, not owned: 0\n", result.String())
	escapetest.AssertEscaped(t, strings.ReplaceAll(result.String(), "\n", ""))
	secrettest.AssertHidden(t, result, password, header, param, "7355608-of-a-header")
	line, err := json.Marshal(result)
	require.NoError(t, err)
	assert.Contains(t, string(line), `"X-Gate":"[redacted]"`)
}
