package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

// readCredentials reads the secrets of the flags, or of the variables that the gateway
// reads. The first of several signs. Vendors without a secret are left out if there are
// others. For -explain it also reads the variables of other vendors, whose secret may be
// in the wrong place.
func (s *settings) readCredentials(r *raw) error {
	if s.list {
		return nil
	}
	s.credentials = make(map[string]envsecret.Values)
	wanted := s.vendors
	if r.secret != "" || r.secretFile != "" {
		if len(s.vendors) > 1 {
			return errors.New("-secret and -secret-file are for one vendor: set the variables instead")
		}
		values, err := fromFlags(s.vendors[0], r)
		if err != nil {
			return err
		}
		if err := s.keep(s.vendors[0], values); err != nil {
			return err
		}
		wanted = nil
	}
	var missing []string
	for _, v := range wanted {
		values, err := v.Variable.Read()
		if err != nil {
			return err
		}
		if values.Source == "" {
			missing = append(missing, v.Variable.Name)
		} else if err := s.keep(v, values); err != nil {
			return err
		}
	}
	if s.explain != "" {
		s.readOthers()
		return nil
	}
	s.chosen = slices.DeleteFunc(s.chosen, func(k kind) bool { return s.credentials[k.vendor.Name].Source == "" })
	switch {
	case len(s.chosen) == 0:
		return fmt.Errorf("there is no secret: use -secret-file, or set %s", strings.Join(missing, " or "))
	case len(missing) > 0:
		s.warnings = append(s.warnings, "vendors are left out, since their variables are not set: "+strings.Join(missing, ", "))
	}
	return nil
}

// readOthers reads the variables of other vendors, as far as they can be read.
func (s *settings) readOthers() {
	for _, v := range vendors.All {
		if _, ok := s.credentials[v.Name]; ok || v.Name == s.vendors[0].Name {
			continue
		}
		if values, err := v.Variable.Read(); err == nil && values.Source != "" {
			s.credentials[v.Name] = values
		}
	}
}

// keep keeps the credentials of a vendor. Only -explain takes those that a receiver would
// not start with.
func (s *settings) keep(v vendors.Vendor, values envsecret.Values) error {
	if _, err := v.Verifier(values); err != nil && s.explain == "" {
		return fmt.Errorf("%s: %w", values.Source, err)
	}
	s.credentials[v.Name] = values
	s.warnings = append(s.warnings, values.Warnings...)
	return nil
}

// fromFlags reads -secret or -secret-file.
func fromFlags(v vendors.Vendor, r *raw) (envsecret.Values, error) {
	if r.secret != "" {
		values := envsecret.Values{
			Source:   "-secret",
			Warnings: []string{fmt.Sprintf("others on this machine can see -secret in the list of processes: use -secret-file or %s", v.Variable.Name)},
		}
		user, password, isPair := strings.Cut(r.secret, ":")
		switch {
		case !v.Variable.Pairs:
			values.Secrets = event.Secrets(r.secret)
		case isPair:
			values.Credentials = []verify.Credential{verify.NewCredential(user, password)}
		default:
			return values, fmt.Errorf("-secret of %s is not user:password", v.Name)
		}
		return values, nil
	}
	// The rules for files with secrets are those of the variables.
	variable := envsecret.Variable{Name: "-secret", Pairs: v.Variable.Pairs, LookupEnv: func(name string) (string, bool) {
		return r.secretFile, name == "-secret_FILE"
	}}
	flagged := func(text string) string { return strings.ReplaceAll(text, "-secret_FILE", "-secret-file") }
	values, err := variable.Read()
	if err != nil {
		return values, errors.New(flagged(err.Error()))
	}
	values.Source = flagged(values.Source)
	for i, warning := range values.Warnings {
		values.Warnings[i] = flagged(warning)
	}
	return values, nil
}
