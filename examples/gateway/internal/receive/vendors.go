// Package receive leads webhooks from the vendors' endpoints to the callbacks: directly,
// through a queue, or through a store.
package receive

import (
	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// A vendor is a sender of webhooks. It may have several credentials, so that one can be
// replaced without a gap.
type vendor struct {
	types    func() map[string]event.Type
	endpoint func(envsecret.Values, verify.Config) (*verify.Endpoint, error)
	verifier func(envsecret.Values) (verify.Verifier, error) // for new credentials of a running endpoint
}

var vendors = map[string]vendor{
	userlock.Vendor: {
		types: userlock.EventTypes,
		endpoint: func(v envsecret.Values, c verify.Config) (*verify.Endpoint, error) {
			return userlock.New(userlock.Config{IDs: v.Secrets, Endpoint: c})
		},
		verifier: func(v envsecret.Values) (verify.Verifier, error) { return userlock.NewVerifier(v.Secrets...) },
	},
	unloc.Vendor: {
		types: unloc.EventTypes,
		endpoint: func(v envsecret.Values, c verify.Config) (*verify.Endpoint, error) {
			return unloc.New(unloc.Config{Credentials: v.Credentials, Endpoint: c})
		},
		verifier: func(v envsecret.Values) (verify.Verifier, error) { return unloc.NewVerifier(v.Credentials...) },
	},
	relock.Vendor: {
		types: relock.EventTypes,
		endpoint: func(v envsecret.Values, c verify.Config) (*verify.Endpoint, error) {
			return relock.New(relock.Config{Secrets: v.Secrets, Endpoint: c})
		},
		verifier: func(v envsecret.Values) (verify.Verifier, error) { return relock.NewVerifier(v.Secrets...) },
	},
	loginradius.Vendor: {
		types: loginradius.EventTypes,
		endpoint: func(v envsecret.Values, c verify.Config) (*verify.Endpoint, error) {
			return loginradius.New(loginradius.Config{Secrets: v.Secrets, Endpoint: c})
		},
		verifier: func(v envsecret.Values) (verify.Verifier, error) { return loginradius.NewVerifier(v.Secrets...) },
	},
}
