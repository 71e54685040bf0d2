package main

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// endpoints adds an endpoint for each vendor that has a credential in its variable, or in
// the file that the variable with _FILE names. It returns how many there are.
func endpoints(mux *http.ServeMux, h event.Handler, lookup lookupEnv, log *slog.Logger) (int, error) {
	shared := verify.Config{
		RateLimit: verify.RateLimit{Requests: 100},
		Wrap:      []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})}, // an event counts once
		Logger:    log,
	}
	served := 0
	for _, v := range []struct {
		name  string
		pairs bool
		new   func(envsecret.Values) (*verify.Endpoint, error)
	}{
		{"USERLOCK_IDS", false, func(v envsecret.Values) (*verify.Endpoint, error) {
			return userlock.New(userlock.Config{IDs: v.Secrets, Endpoint: shared})
		}},
		{"UNLOC_CREDENTIALS", true, func(v envsecret.Values) (*verify.Endpoint, error) {
			return unloc.New(unloc.Config{Credentials: v.Credentials, Endpoint: shared})
		}},
		{"RELOCK_SECRETS", false, func(v envsecret.Values) (*verify.Endpoint, error) {
			return relock.New(relock.Config{Secrets: v.Secrets, Endpoint: shared})
		}},
		{"LOGINRADIUS_SECRETS", false, func(v envsecret.Values) (*verify.Endpoint, error) {
			return loginradius.New(loginradius.Config{Secrets: v.Secrets, Endpoint: shared})
		}},
	} {
		values, err := envsecret.Variable{Name: v.name, Pairs: v.pairs, LookupEnv: lookup}.Read()
		if err != nil {
			return 0, err
		}
		for _, w := range values.Warnings {
			log.Warn(w)
		}
		if values.Source == "" {
			continue
		}
		hook, err := v.new(values)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", values.Source, err)
		}
		mux.Handle("/webhooks/"+hook.Vendor(), hook.Handler(h))
		served++
	}
	return served, nil
}
