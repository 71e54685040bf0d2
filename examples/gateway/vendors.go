package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// A vendor is a sender of webhooks, which the gateway receives at /webhooks/<name>. It
// may have several credentials, so that one can be replaced without a gap.
type vendor struct {
	name     string
	variable string // the environment variable that holds the credentials
	means    string // what the credentials are, for the help text
	pairs    bool   // the credentials are user:password
	maxBody  int64  // largest body in bytes, unless a flag says otherwise
	payload  func(body []byte) (*event.Event, error)
	endpoint func(credentials []string, c verify.Config) (*verify.Endpoint, error)
	verifier func(credentials []string) (verify.Verifier, error) // for new credentials of a running endpoint
}

var vendors = []vendor{
	{
		name: userlock.Vendor, variable: "USERLOCK_IDS", means: "IDs of your UserLock servers",
		maxBody: verify.DefaultMaxBody, payload: userlock.Decode,
		endpoint: func(ids []string, c verify.Config) (*verify.Endpoint, error) {
			return userlock.New(userlock.Config{IDs: event.Secrets(ids...), Endpoint: c})
		},
		verifier: func(ids []string) (verify.Verifier, error) { return userlock.NewVerifier(event.Secrets(ids...)...) },
	},
	{
		name: unloc.Vendor, variable: "UNLOC_CREDENTIALS", means: "user:password, as in the URL that Unloc calls",
		maxBody: verify.DefaultMaxBody, payload: unloc.Decode,
		pairs: true,
		endpoint: func(pairs []string, c verify.Config) (*verify.Endpoint, error) {
			credentials, err := splitPairs(pairs)
			if err != nil {
				return nil, err
			}
			return unloc.New(unloc.Config{Credentials: credentials, Endpoint: c})
		},
		verifier: func(pairs []string) (verify.Verifier, error) {
			credentials, err := splitPairs(pairs)
			if err != nil {
				return nil, err
			}
			return unloc.NewVerifier(credentials...)
		},
	},
	{
		name: relock.Vendor, variable: "RELOCK_SECRETS", means: "webhook secrets",
		maxBody: verify.DefaultMaxBody, payload: relock.Decode,
		endpoint: func(secrets []string, c verify.Config) (*verify.Endpoint, error) {
			return relock.New(relock.Config{Secrets: event.Secrets(secrets...), Endpoint: c})
		},
		verifier: func(secrets []string) (verify.Verifier, error) {
			return relock.NewVerifier(event.Secrets(secrets...)...)
		},
	},
	{
		name: loginradius.Vendor, variable: "LOGINRADIUS_SECRETS", means: "API secrets",
		maxBody: loginradius.DefaultMaxBody, payload: loginradius.Decode,
		endpoint: func(secrets []string, c verify.Config) (*verify.Endpoint, error) {
			return loginradius.New(loginradius.Config{Secrets: event.Secrets(secrets...), Endpoint: c})
		},
		verifier: func(secrets []string) (verify.Verifier, error) {
			return loginradius.NewVerifier(event.Secrets(secrets...)...)
		},
	},
}

// newReceivers returns a receiver for each vendor with credentials, in the environment or
// in more, by the vendor's name. An error names the variable and never holds a value.
func newReceivers(o *options, env environment, more map[string][]string, m *metrics, log *slog.Logger) ([]*receiver, error) {
	var receivers []*receiver
	for _, v := range vendors {
		r := &receiver{vendor: v, own: more[v.name]}
		credentials, from, err := v.credentials(env, r.own)
		if err != nil {
			return nil, err
		}
		if len(credentials) == 0 {
			continue // its path answers 404
		}
		r.metrics = m.endpoint(v.name)
		config, err := o.config(r.metrics, log)
		if err != nil {
			return nil, err
		}
		if r.Endpoint, err = v.endpoint(credentials, config); err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		r.warn(credentials, from, log)
		receivers = append(receivers, r)
	}
	return receivers, nil
}

// splitPairs splits each "user:password" at its first colon. A password may have more.
func splitPairs(pairs []string) ([]verify.Credential, error) {
	var credentials []verify.Credential
	for i, pair := range pairs {
		user, password, ok := strings.Cut(pair, ":")
		if !ok {
			return nil, fmt.Errorf("entry %d has no colon between user and password", i+1)
		}
		credentials = append(credentials, verify.NewCredential(user, password))
	}
	return credentials, nil
}
