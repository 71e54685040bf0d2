package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/accesshook/accesshook/verify"
)

// shortSecret is the length in bytes below which a secret can be guessed. Whoever
// has recorded one signed request can try as many secrets as they like.
const shortSecret = 16

// A receiver is an endpoint that takes its credentials anew while it runs.
type receiver struct {
	*verify.Endpoint
	vendor  vendor
	own     []string // credentials of the demo
	metrics *endpointMetrics
	warned  bool
}

// credentials returns what requests are accepted with, and the variable that it
// is from.
func (v vendor) credentials(env environment, own []string) (credentials []string, from string, err error) {
	credentials, from, err = env.values(v.variable)
	return append(credentials, own...), from, err
}

// reload swaps the credentials for those that are in the file now. If anything is
// wrong with it, the old ones stay.
func (r *receiver) reload(env environment, log *slog.Logger) error {
	credentials, from, err := r.vendor.credentials(env, r.own)
	if err != nil {
		return err
	}
	verifier, err := r.vendor.verifier(credentials)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	r.SetVerifier(verifier)
	r.warn(credentials, from, log)
	return nil
}

// warn warns once if a secret is short.
func (r *receiver) warn(credentials []string, from string, log *slog.Logger) {
	if r.vendor.secret == nil || r.warned {
		return
	}
	for _, credential := range credentials {
		if len(r.vendor.secret(credential)) < shortSecret {
			r.warned = true
			log.Warn("a secret is short and can be guessed", "variable", from, "shorter_than", shortSecret)
			return
		}
	}
}

// secretItself and secretOfPair find the secret in a credential.
func secretItself(secret string) string { return secret }

func secretOfPair(pair string) string {
	_, password, _ := strings.Cut(pair, ":")
	return password
}

// reloadOn reads the credentials that are in files again at each signal, until
// ctx is done.
func reloadOn(ctx context.Context, signals <-chan os.Signal, receivers []*receiver, env environment, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			reloadAll(receivers, env, log)
		}
	}
}

func reloadAll(receivers []*receiver, env environment, log *slog.Logger) {
	found := false
	for _, r := range receivers {
		if !env.inFile(r.vendor.variable) {
			continue // the environment of a process does not change
		}
		found = true
		if err := r.reload(env, log); err != nil {
			log.Error("cannot read secrets again, the old ones stay", "vendor", r.Vendor(), "error", err)
			continue
		}
		log.Info("read secrets again", "vendor", r.Vendor())
	}
	if !found {
		log.Info("there are no secrets to read again: no _FILE variable is set")
	}
}
