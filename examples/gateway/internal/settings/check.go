package settings

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/verify"
)

// minStoreDedupe is the least value of -dedupe with a store, which always drops duplicates.
const minStoreDedupe = time.Second

// checkTogether validates what flags mean for each other.
func (s *Settings) checkTogether(given map[string]bool) error {
	var (
		limit = s.Endpoint.RateLimit.Requests > 0
		queue = s.Queue.Depth > 0
		store = s.Store.Used()
	)
	for _, c := range []struct {
		names  string // of flags and variables
		effect bool
		unless string
	}{
		{"-demo-fast", s.Demo, "without -demo"},
		{"-dedupe-entries", s.Dedupe > 0, "with -dedupe 0"},
		{"-dedupe-entries", !store, "with -data or -nats: a store remembers all events"},
		{"-rate-per -rate-every-request -rate-clients", limit, "with -rate 0"},
		{"-queue-bytes -queue-workers -queue-order", queue, "without -queue"},
		{"-retries", queue || store, "without -queue, -data or -nats"},
		{"-accept-loss", s.CheckStore, "without -check-store"},
		{"-data-max-bytes -check-store -forget-sink -mark-file -max-delay -order -workers RAW_KEYS RAW_KEYS_FILE", store, "without -data or -nats"},
		{"-replicas -require-sync -nats-ca -nats-cert -nats-key NATS_CREDS_FILE", s.Store.NATS != "", "without -nats"},
		{"-workers", s.Store.order == "none", "with -order: each shard handles one event after another"},
	} {
		for name := range strings.FieldsSeq(c.names) {
			_, inEnvironment := os.LookupEnv(name) // no name of a variable has a hyphen
			if !c.effect && (inEnvironment || given[strings.TrimPrefix(name, "-")]) {
				return fmt.Errorf("%s has no effect %s", name, c.unless)
			}
		}
	}
	switch e, largest := &s.Endpoint, s.largestBody(); {
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return errors.New("-tls-cert and -tls-key need each other")
	case s.TLSCert != "" && s.Demo:
		return errors.New("-demo sends over plain HTTP: omit -tls-cert and -tls-key")
	case e.MaxUnverified > 0 && e.MaxUnverified < largest:
		return fmt.Errorf("-max-unverified is less than %d, the largest body", largest)
	case s.Queue.MaxBytes > 0 && s.Queue.MaxBytes < largest:
		return fmt.Errorf("-queue-bytes is less than %d, the largest body", largest)
	case (s.Store.NATSCert == "") != (s.Store.NATSKey == ""):
		return errors.New("-nats-cert and -nats-key need each other")
	case s.Store.Dir != "" && s.Store.NATS != "":
		return errors.New("-data and -nats exclude each other")
	case store && queue:
		return errors.New("-queue holds events in memory, and -data and -nats store them: choose one")
	case store && s.Dedupe < minStoreDedupe:
		return fmt.Errorf("-dedupe is less than %s: a store always remembers events", minStoreDedupe)
	}
	return checkURLs(s.Store.NATS)
}

// checkURLs validates the URLs of -nats. Its error does not hold them, since they may
// have a password.
func checkURLs(servers string) error {
	if servers == "" {
		return nil
	}
	for i, server := range strings.Split(servers, ",") {
		u, err := url.Parse(server)
		if err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Hostname() == "" {
			return fmt.Errorf("-nats: URL %d is not nats://host:port or tls://host:port", i+1)
		}
	}
	return nil
}

// complete works out what depends on several flags.
func (s *Settings) complete(given map[string]bool) (err error) {
	if s.Demo && !given["stop-delay"] {
		s.Server.StopDelay = 0 // nobody balances its load
	}
	if s.Server.MaxConnections == 0 {
		s.Server.MaxConnections = connections(descriptors(), s.AdminAddr != "")
	}
	if s.Server.MaxConnectionsPerClient == 0 {
		s.Server.MaxConnectionsPerClient = min(s.Server.MaxConnections, max(8, s.Server.MaxConnections/4))
	}

	e := &s.Endpoint
	if e.RateLimit.Requests == 0 {
		e.RateLimit = verify.RateLimit{}
	}
	e.AllowFrom, e.AllowFromReport = s.allowFrom.strings(), s.allowFromReport.strings()
	e.HandlerTimeout = s.HandlerTimeout
	if s.Store.Used() { // it waits for the store alone, which gives up earlier
		e.HandlerTimeout = 2 * durable.DefaultPublishTimeout
	}
	if err := s.findClients(); err != nil {
		return err
	}

	s.Attempts = s.retries + 1
	q := &s.Queue
	if q.MaxBytes == 0 {
		q.MaxBytes = max(event.DefaultQueueMaxBytes, 4*e.MaxBody)
	}
	q.Key = map[string]func(*event.Event) string{"user": event.ByUser, "lock": event.ByLock}[q.order]
	// All attempts, with the longest pause after each.
	q.HandlerTimeout = time.Duration(s.Attempts) * (s.HandlerTimeout + event.DefaultRetryMaxDelay)

	addr, err := net.ResolveTCPAddr("tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	if s.AdminAddr == "" {
		return nil
	}
	if s.AdminResolved, err = net.ResolveTCPAddr("tcp", s.AdminAddr); err != nil {
		return fmt.Errorf("-admin-addr: %w", err)
	}
	if addr.Port != 0 && addr.String() == s.AdminResolved.String() {
		return errors.New("-addr and -admin-addr are the same: leave -admin-addr out to share it")
	}
	if !s.AdminResolved.IP.IsLoopback() && s.Secrets.Admin.Source == "" {
		return fmt.Errorf("-admin-addr: %q is not a loopback address: others could read the admin paths without a password; "+
			"set %s to user:password, or use 127.0.0.1", s.AdminAddr, AdminVariable.Name)
	}
	return nil
}

// findClients sets what finds the address of a client.
func (s *Settings) findClients() error {
	source, trusted := strings.ToLower(s.ClientHeader), s.trust.strings()
	s.Trusted = s.trust.contains
	switch {
	case source == "remote" && trusted != nil:
		return errors.New("-trust has no effect without -client-ip")
	case source == "remote":
		s.ClientHeader, s.Endpoint.ClientIP = "", verify.RemoteAddr
	case trusted == nil:
		return errors.New("-client-ip needs -trust: anybody can send a header")
	case source == "x-forwarded-for":
		s.Endpoint.ClientIP = verify.XForwardedFor(trusted...)
	case source == "forwarded":
		s.Endpoint.ClientIP = verify.Forwarded(trusted...)
	default:
		s.Endpoint.ClientIP = verify.TrustedHeader(source, trusted...)
	}
	return nil
}

const (
	// maxDefaultConnections is what -max-connections is at most if it is not set. Each
	// may take some 140 KB.
	maxDefaultConnections = 4096
	// otherDescriptors are left for everything else: some 20 with a store.
	otherDescriptors = 64
	// AdminConnections is how many connections -admin-addr takes. The page has up to 32
	// streams.
	AdminConnections = 48
)

// connections returns how many connections may be open in a process that may have so many
// descriptors, where -admin-addr is set or not.
func connections(descriptors uint64, admin bool) int {
	others := uint64(otherDescriptors)
	if admin {
		others += AdminConnections
	}
	return int(min(descriptors-min(others, descriptors/2), maxDefaultConnections))
}
