// Package vendors is the list of the vendors, for the programs here: how each is
// configured, received and played.
package vendors

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// A Vendor is a sender of webhooks. It may have several credentials, so that one can be
// replaced without a gap.
type Vendor struct {
	Name     string
	Variable envsecret.Variable // of its credentials
	Means    string             // what the variable holds
	MaxBody  int64              // largest body in bytes unless the endpoint says otherwise

	Types  func() map[string]event.Type // by the vendor's own names
	Decode func(body []byte) (*event.Event, error)

	New      func(envsecret.Values, verify.Config) (*verify.Endpoint, error)
	Verifier func(envsecret.Values) (verify.Verifier, error) // for new credentials of a running endpoint

	// Request returns a request as the vendor sends it, with the first of the
	// credentials. The payload is one of the vendor's package, or a []byte that is sent
	// as it is.
	Request func(ctx context.Context, url string, credentials envsecret.Values, payload any) (*http.Request, error)
	// Payloads returns payloads for every event that the vendor documents, about
	// invented people and doors. Some events have several.
	Payloads func(now time.Time) []any
}

// Path is where the gateway receives the vendor's webhooks.
func (v Vendor) Path() string { return "/webhooks/" + v.Name }

// Named returns the vendor of this name.
func Named(name string) (Vendor, bool) {
	i := slices.IndexFunc(All, func(v Vendor) bool { return v.Name == name })
	if i < 0 {
		return Vendor{}, false
	}
	return All[i], true
}

// All are the vendors in the order of help texts.
var All = []Vendor{
	{
		Name:     userlock.Vendor,
		Variable: envsecret.Variable{Name: "USERLOCK_IDS"},
		Means:    "IDs of your UserLock servers",
		MaxBody:  verify.DefaultMaxBody,
		Types:    userlock.EventTypes,
		Decode:   userlock.Decode,
		New: func(v envsecret.Values, c verify.Config) (*verify.Endpoint, error) {
			return userlock.New(userlock.Config{IDs: v.Secrets, Endpoint: c})
		},
		Verifier: func(v envsecret.Values) (verify.Verifier, error) { return userlock.NewVerifier(v.Secrets...) },
		Request:  withSecret(userlock.NewRequest),
		Payloads: userLockEvents,
	},
	{
		Name:     unloc.Vendor,
		Variable: envsecret.Variable{Name: "UNLOC_CREDENTIALS", Pairs: true},
		Means:    "user:password, as in the URL that Unloc calls",
		MaxBody:  verify.DefaultMaxBody,
		Types:    unloc.EventTypes,
		Decode:   unloc.Decode,
		New: func(v envsecret.Values, c verify.Config) (*verify.Endpoint, error) {
			return unloc.New(unloc.Config{Credentials: v.Credentials, Endpoint: c})
		},
		Verifier: func(v envsecret.Values) (verify.Verifier, error) { return unloc.NewVerifier(v.Credentials...) },
		Request:  withCredential(unloc.NewRequest),
		Payloads: unlocEvents,
	},
	{
		Name:     relock.Vendor,
		Variable: envsecret.Variable{Name: "RELOCK_SECRETS"},
		Means:    "webhook secrets",
		MaxBody:  verify.DefaultMaxBody,
		Types:    relock.EventTypes,
		Decode:   relock.Decode,
		New: func(v envsecret.Values, c verify.Config) (*verify.Endpoint, error) {
			return relock.New(relock.Config{Secrets: v.Secrets, Endpoint: c})
		},
		Verifier: func(v envsecret.Values) (verify.Verifier, error) { return relock.NewVerifier(v.Secrets...) },
		Request:  withSecret(relock.NewRequest),
		Payloads: relockEvents,
	},
	{
		Name:     loginradius.Vendor,
		Variable: envsecret.Variable{Name: "LOGINRADIUS_SECRETS"},
		Means:    "API secrets",
		MaxBody:  loginradius.DefaultMaxBody,
		Types:    loginradius.EventTypes,
		Decode:   loginradius.Decode,
		New: func(v envsecret.Values, c verify.Config) (*verify.Endpoint, error) {
			return loginradius.New(loginradius.Config{Secrets: v.Secrets, Endpoint: c})
		},
		Verifier: func(v envsecret.Values) (verify.Verifier, error) { return loginradius.NewVerifier(v.Secrets...) },
		Request:  withSecret(loginradius.NewRequest),
		Payloads: loginRadiusEvents,
	},
}

var errNoCredential = errors.New("no credential to send with")

func withSecret(request func(ctx context.Context, url, secret string, payload any) (*http.Request, error)) func(context.Context, string, envsecret.Values, any) (*http.Request, error) {
	return func(ctx context.Context, url string, v envsecret.Values, payload any) (*http.Request, error) {
		if len(v.Secrets) == 0 {
			return nil, errNoCredential
		}
		secret, _ := v.Secrets[0].Reveal()
		return request(ctx, url, secret, payload)
	}
}

func withCredential(request func(ctx context.Context, url, user, password string, payload any) (*http.Request, error)) func(context.Context, string, envsecret.Values, any) (*http.Request, error) {
	return func(ctx context.Context, url string, v envsecret.Values, payload any) (*http.Request, error) {
		if len(v.Credentials) == 0 {
			return nil, errNoCredential
		}
		password, _ := v.Credentials[0].Password.Reveal()
		return request(ctx, url, v.Credentials[0].User, password, payload)
	}
}
