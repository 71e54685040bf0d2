package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/examples/send/internal/jsonedit"
)

// settings are valid, and complete.
type settings struct {
	vendors     []vendors.Vendor
	credentials map[string]envsecret.Values // by vendor; those without a value are missing
	chosen      []kind                      // what is sent, in turn
	warnings    []string                    // each is a whole message

	list, json, print bool
	duplicate, tamper bool
	edits             []jsonedit.Edit
	at                func() time.Time // of the events
	dated             bool             // at is of -time
	file              []byte           // the body of -file
	count             int              // events; 0: until ctx ends
	interval          time.Duration    // between the starts of two events; 0: none
	concurrency       int
	timeout           time.Duration
	expect            int // the status of every answer
	roots             *x509.CertPool

	ca      string           // path
	explain string           // path, or "-"
	headers []string         // of -header
	request *capture.Request // of -explain, once it is read
	url     *url.URL         // nil: the gateway on this machine
}

// Limits of values. Beyond them are mistakes.
const (
	maxConcurrency = 1 << 10
	minRate        = .001
	maxRate        = 1e6
	maxTimeout     = time.Hour
)

// parse returns the settings from the arguments and from the environment of the process.
// The error is flag.ErrHelp, or says what is wrong. It never holds a secret.
func parse(args []string, stdin io.Reader) (*settings, error) {
	s, r := new(settings), new(raw)
	f := s.flags(r)
	if err := f.Parse(args); err != nil {
		return nil, hideSecret(err, f)
	}
	given := make(map[string]bool)
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if err := s.check(f, given, r); err != nil {
		return nil, err
	}
	if err := s.guessVendor(r, stdin); err != nil {
		return nil, err
	}
	for _, step := range []func(*raw) error{s.chooseVendors, s.chooseEvents, s.readURL, s.readTime, s.readEdits, s.readCredentials} {
		if err := step(r); err != nil {
			return nil, err
		}
	}
	if s.list || s.explain != "" {
		return s, nil
	}
	if err := cmp.Or(s.readFile(r.file, stdin), s.readRoots()); err != nil {
		return nil, err
	}
	s.pace(r)
	if s.print {
		s.warnings = append(s.warnings, "each command holds the credential, or the signature of its body: do not show it around")
	}
	return s, s.tryAll()
}

// hideSecret returns an error of package flag without what was given: a secret that begins
// with a hyphen looks like a flag, and one in the wrong place like its value.
func hideSecret(err error, f *flag.FlagSet) error {
	text := err.Error()
	switch name, unknown := strings.CutPrefix(text, "flag provided but not defined: -"); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case unknown:
		nearest, distance := "", 3
		name, _, _ = strings.Cut(name, "=")
		f.VisitAll(func(f *flag.Flag) {
			if d := levenshtein.ComputeDistance(name, f.Name); d < min(distance, len(f.Name)/2+1) {
				nearest, distance = f.Name, d
			}
		})
		if nearest != "" {
			return fmt.Errorf("there is no such flag: did you mean -%s?", nearest)
		}
		return errors.New("there is no such flag: see send -help")
	case strings.HasPrefix(text, "bad flag syntax"):
		return errors.New("an argument is not a flag: see send -help")
	}
	if m := badValue.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("the value of -%s is not valid: see send -help", m[1])
	}
	return err // has only the name of a flag
}

var badValue = regexp.MustCompile(`^(?s:invalid (?:boolean )?value ".*") for (?:flag )?-([a-z-]+): `)

// check validates what can be judged without files and secrets.
func (s *settings) check(f *flag.FlagSet, given map[string]bool, r *raw) (err error) {
	f.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" && f.Name != "set" && f.Name != "header" { // such as an unset shell variable
			err = cmp.Or(err, fmt.Errorf("-%s is empty", f.Name))
		}
	})
	must := func(ok bool, format string, args ...any) {
		if !ok {
			err = cmp.Or(err, fmt.Errorf(format, args...))
		}
	}
	must(f.NArg() == 0, "there are arguments after the flags")
	must(!given["count"] || r.count >= 0, "-count is less than 0")
	must(!given["rate"] || r.rate >= minRate && r.rate <= maxRate, "-rate is not between %v and %.0f", minRate, maxRate)
	must(!given["every"] || r.every > 0, "-every is not above 0")
	must(s.concurrency >= 1 && s.concurrency <= maxConcurrency, "-concurrency is not between 1 and %d", maxConcurrency)
	must(s.timeout > 0 && s.timeout <= maxTimeout, "-timeout is not above 0 and at most %v", maxTimeout)
	must(!given["expect"] || r.expect >= 200 && r.expect <= 599, "-expect is not a status from 200 to 599")
	for _, both := range [][2]string{{"secret", "secret-file"}, {"rate", "every"}, {"file", "event"}} {
		must(!given[both[0]] || !given[both[1]], "-%s and -%s exclude each other", both[0], both[1])
	}
	for _, m := range modes {
		for _, name := range slices.Sorted(maps.Keys(given)) {
			must(!given[m.name] || slices.Contains(m.flags, name) == m.allowed, "-%s cannot be used with -%s", name, m.name)
		}
	}
	must(!s.print || r.count != 0, "-print with -count 0 would have no end")
	must(len(s.headers) == 0 || s.explain != "", "-header is only for -explain")
	return err
}

// pace completes the settings of how to send.
func (s *settings) pace(r *raw) {
	s.expect = r.expect
	if s.expect == 0 {
		s.expect = http.StatusOK
		if s.tamper {
			s.expect = http.StatusUnauthorized
		}
	}
	s.count = r.count
	if s.count < 0 {
		s.count = len(s.chosen)
	}
	s.interval = r.every
	if r.rate > 0 {
		s.interval = time.Duration(float64(time.Second) / r.rate)
	}
}

// readURL reads -url.
func (s *settings) readURL(r *raw) error {
	if r.url == "" {
		return nil
	}
	u, err := url.Parse(r.url)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return errors.New("-url does not begin with http:// or https:// and a host")
	case u.User != nil:
		return errors.New("-url has a user; for Unloc use -secret user:password, or -secret-file")
	case u.Fragment != "":
		return errors.New("-url has a fragment, which is never sent")
	case len(s.vendors) > 1 && u.Path != "":
		return errors.New("-url has a path, which cannot be that of several vendors")
	case u.Scheme == "http" && !isLocal(u.Hostname()):
		s.warnings = append(s.warnings, "-url is not https: the events and the credentials of UserLock and Unloc are sent in clear")
	}
	s.url = u
	return nil
}

func isLocal(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// target returns the URL to which the events of a vendor are sent.
func (s *settings) target(v vendors.Vendor) string {
	u := url.URL{Scheme: "http", Host: "127.0.0.1:8080"}
	if s.url != nil {
		u = *s.url
	}
	if u.Path == "" {
		u.Path = v.Path()
	}
	return u.String()
}

// readTime reads -time.
func (s *settings) readTime(r *raw) error {
	off, err := time.ParseDuration(r.time)
	if err == nil || r.time == "" {
		s.at = func() time.Time { return time.Now().Add(off) }
	} else if fixed, err := time.Parse(time.RFC3339, r.time); err == nil {
		s.at = func() time.Time { return fixed }
	} else {
		return errors.New("-time is neither a time such as 2026-03-01T14:00:00Z nor how far it is off, such as -2h")
	}
	s.dated = r.time != ""
	return nil
}

func (s *settings) readEdits(r *raw) error {
	for _, text := range r.sets {
		edit, err := jsonedit.Parse(text)
		if err != nil {
			return fmt.Errorf("-set: %w", err)
		}
		s.edits = append(s.edits, edit)
	}
	return nil
}

// readRoots reads -ca.
func (s *settings) readRoots() error {
	if s.ca == "" {
		return nil
	}
	pem, err := os.ReadFile(s.ca)
	if err != nil {
		return fmt.Errorf("-ca: %w", err)
	}
	s.roots = x509.NewCertPool()
	if !s.roots.AppendCertsFromPEM(pem) {
		return errors.New("-ca has no certificate in PEM")
	}
	return nil
}
