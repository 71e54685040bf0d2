package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/accesshook/accesshook/verify"
)

// shortPassword is the length in bytes below which a password is short enough to guess.
const shortPassword = 16

// A receiver is an endpoint whose credentials can be reloaded while it runs.
type receiver struct {
	*verify.Endpoint
	vendor  vendor
	own     []string // credentials of the demo
	metrics *endpointMetrics
	short   shortPasswords
}

// A secretHolder can reload its secrets while the gateway runs.
type secretHolder interface {
	// variable is the name of the variable that holds them, without _FILE.
	variable() string
	// label says in the log whose they are.
	label() slog.Attr
	// reload replaces them by those in the file. If it fails, the old ones stay.
	reload(env environment, log *slog.Logger) error
}

// secretHolders returns all secretHolders of the gateway. l may be nil.
func secretHolders(receivers []*receiver, l *login) []secretHolder {
	var holders []secretHolder
	for _, r := range receivers {
		holders = append(holders, r)
	}
	if l != nil {
		holders = append(holders, l)
	}
	return holders
}

func (r *receiver) variable() string { return r.vendor.variable }
func (r *receiver) label() slog.Attr { return slog.String("vendor", r.Vendor()) }

// credentials returns the credentials of a vendor, and the variable that they are from.
func (v vendor) credentials(env environment, own []string) (credentials []string, from string, err error) {
	credentials, from, err = env.values(v.variable)
	return append(credentials, own...), from, err
}

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

// warn logs a warning for short passwords. Short keys are refused.
func (r *receiver) warn(credentials []string, from string, log *slog.Logger) {
	if r.vendor.pairs {
		r.short.warn(credentials, from, log)
	}
}

// shortPasswords logs one warning for short passwords.
type shortPasswords struct{ warned bool }

// warn checks the password in each "user:password".
func (s *shortPasswords) warn(pairs []string, from string, log *slog.Logger) {
	if s.warned {
		return
	}
	for _, pair := range pairs {
		if _, password, _ := strings.Cut(pair, ":"); len(password) < shortPassword {
			s.warned = true
			log.Warn("a password is short and can be guessed", "variable", from, "shorter_than", shortPassword)
			return
		}
	}
}

// reloadOn reloads the secrets in files on each signal, until ctx is done.
func reloadOn(ctx context.Context, signals <-chan os.Signal, holders []secretHolder, env environment, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			reloadAll(holders, env, log)
		}
	}
}

func reloadAll(holders []secretHolder, env environment, log *slog.Logger) {
	found := false
	for _, h := range holders {
		if !env.inFile(h.variable()) {
			continue // a running process does not get a new environment
		}
		found = true
		if err := h.reload(env, log); err != nil {
			log.Error("cannot read secrets again, the old ones stay", h.label(), "error", err)
			continue
		}
		log.Info("read secrets again", h.label())
	}
	if !found {
		log.Info("there are no secrets to read again: no _FILE variable is set")
	}
}
