package settings

import (
	"cmp"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/verify"
)

// Limits of values. Beyond them are mistakes.
const (
	shortest   = time.Millisecond // of what cannot be zero
	maxTimeout = time.Hour        // of each timeout, and so of the sums of them

	maxDedupeEntries = 1 << 24   // some 3 GB for each vendor
	maxRateClients   = 1 << 20   // some 250 MB for each endpoint
	minStoreBytes    = 128 << 20 // three of the largest bodies in each shard
)

// groups defines the flags, in the order of the help text.
func (s *Settings) groups() []*group {
	start := newGroup("Start")
	start.BoolVar(&s.Demo, "demo", false, "serve all vendors with random secrets, and send every kind of event")
	start.BoolVar(&s.DemoFast, "demo-fast", false, "send the events of -demo at once, instead of over some ten seconds")
	start.StringVar(&s.Config, "config", "", "read flags from this `file`: on each line the name of a flag without its hyphen, a space and its value. Lines that begin with # are comments")
	start.BoolVar(&s.Check, "check", false, "validate flags, variables, secrets and files, and exit with status 0 or 2")
	start.BoolVar(&s.CheckStore, "check-store", false, "print what the store of -data or -nats has and which events are missing, change nothing, and exit with status 0 if none are, else 1")
	start.BoolVar(&s.AcceptLoss, "accept-loss", false, "with -check-store: count what is missing no more. What is there is then what should be there")
	start.StringVar(&s.ForgetSink, "forget-sink", "", "delete what the store of -data or -nats keeps for the sink of this `name`, such as hec, which is not configured any more, and exit")
	start.BoolVar(&s.Version, "version", false, "print the version and exit")

	listen := newGroup("Listening and TLS")
	listen.StringVar(&s.Addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	listen.StringVar(&s.TLSCert, "tls-cert", "", "serve HTTPS with the certificate chain in this `file` (PEM)")
	listen.StringVar(&s.TLSKey, "tls-key", "", "`file` with the private key of -tls-cert (PEM)")
	number(listen, &s.Server.StopDelay, "stop-delay", 3*time.Second, 0, maxTimeout, "how long /readyz says after SIGTERM that the gateway stops, before it stops listening: time for load balancers to see it (with -demo: 0s)")

	admin := newGroup("Administration")
	admin.StringVar(&s.AdminAddr, "admin-addr", "", "`address` for the admin paths; a loopback address unless ADMIN_CREDENTIALS is set (default: the address of -addr, if that is a loopback address or ADMIN_CREDENTIALS is set)")

	output := newGroup("Output and log")
	output.choice(&s.Format, "format", "", "`form` of the lines on standard output: text, cloudevents, ecs (Elastic Common Schema), ocsf (Open Cybersecurity Schema Framework), cef (Common Event Format) or asim (Microsoft Sentinel's schema, authentications alone) (default text on a terminal, else cloudevents)", "text", "cloudevents", "ecs", "ocsf", "cef", "asim")
	number(output, &s.OutputGrace, "output-grace", 10*time.Second, shortest, maxTimeout, "exit with status 1 once no line could be written for this time")
	output.TextVar(&s.LogLevel, "log-level", slog.LevelInfo, "least `level` of what is logged: debug, info, warn or error")
	output.StringVar(&s.GeoIP, "geoip", "", "fill in the country of the client's address, where the vendor sends none, from this `file` (MaxMind DB)")

	output.StringVar(&s.Record, "record", "", "keep requests that were refused, or whose events have warnings, as files in this `directory`: at most a day, masked, and closed to others. It is made if it is missing")

	e := &s.Endpoint
	limits := newGroup("Limits of a request")
	number(limits, &s.Server.MaxHeader, "max-header", 8<<10, 1<<10, 1<<20, "largest request header in `bytes`; up to 4096 more may be accepted")
	number(limits, &e.MaxBody, "max-body", 0, 0, 1<<30, fmt.Sprintf("largest body in `bytes` (0: %d, LoginRadius %d)", verify.DefaultMaxBody, loginradius.DefaultMaxBody))
	number(limits, &e.MaxUnverified, "max-unverified", 0, 0, 0, fmt.Sprintf("how many `bytes` unverified bodies of more than 65536 bytes may take together, for each vendor (0: %d, or 4 times -max-body if that is more)", verify.DefaultMaxUnverified))
	number(limits, &s.Server.HeaderTimeout, "header-timeout", 5*time.Second, shortest, maxTimeout, "how long a TLS handshake may take, and then reading the header of a request")
	number(limits, &e.BodyTimeout, "body-timeout", verify.DefaultBodyTimeout, shortest, maxTimeout, "how long reading a body may take")
	number(limits, &s.HandlerTimeout, "handler-timeout", 10*time.Second, shortest, maxTimeout, "how long handling an event may take; with -queue, -data or -nats each attempt")
	number(limits, &s.Server.AnswerTimeout, "answer-timeout", 5*time.Second, shortest, maxTimeout, "how long a client may take to read its answer, added to what is left of -body-timeout and -handler-timeout")
	number(limits, &e.MaxAge, "max-age", 0, 0, 0, "refuse events that are older, and events without a time (0: no limit)")
	number(limits, &e.MaxFuture, "max-future", 0, 0, 0, "refuse events whose time is further in the future, and events without a time (0: no limit)")

	clients := newGroup("Limits of clients")
	number(clients, &s.Server.MaxConnections, "max-connections", 0, 0, 0, fmt.Sprintf("the largest `number` of open connections; idle ones are closed for new ones (0: what the limit of open files allows, at most %d)", maxDefaultConnections))
	number(clients, &s.Server.MaxConnectionsPerClient, "max-connections-per-client", 0, 0, 0, "the largest `number` of open connections of one address that is not one of -trust (0: a quarter of all, at least 8)")
	number(clients, &s.Server.IdleTimeout, "idle-timeout", 2*time.Minute, shortest, maxTimeout, "how long a connection may wait for its next request")
	number(clients, &e.RateLimit.Requests, "rate", 100, 0, 0, "how many `requests` of a client may fail in the time of -rate-per before it gets 429 (0: no limit)")
	number(clients, &e.RateLimit.Per, "rate-per", verify.DefaultRatePer, shortest, 0, "the time in which the requests of -rate are restored")
	clients.BoolVar(&e.RateLimit.EveryRequest, "rate-every-request", false, "count every request for -rate. It can refuse the vendor. Behind a proxy it needs -client-ip")
	number(clients, &e.RateLimit.Clients, "rate-clients", verify.DefaultRateClients, 1, maxRateClients, "how many `clients` each endpoint remembers for -rate")

	address := newGroup("Proxies and addresses of clients")
	address.StringVar(&s.ClientHeader, "client-ip", "remote", "where the client's address is: remote (the connection), x-forwarded-for, forwarded, or the `name` of a header that the proxies of -trust set")
	address.Var(&s.trust, "trust", "`addresses` and networks of your proxies, separated by commas")
	address.Var(&s.allowFrom, "allow-from", "the only client `addresses` and networks that are accepted, separated by commas")
	address.Var(&s.allowFromReport, "allow-from-report", "try a list for -allow-from: log clients outside these `addresses` instead of refusing them")

	duplicates := newGroup("Duplicates")
	number(duplicates, &s.Dedupe, "dedupe", event.DefaultDedupeKeep, 0, 0, "how long duplicates of an event are dropped (0: never)")
	number(duplicates, &s.DedupeEntries, "dedupe-entries", event.DefaultDedupeEntries, 1, maxDedupeEntries, "how many `events` of each vendor are remembered to drop duplicates; the oldest are forgotten first")

	queue := newGroup("Queue in memory")
	number(queue, &s.Queue.Depth, "queue", 0, 0, 1<<20, "answer at once, and handle events later: how many `events` may wait in memory. A crash loses them (0: answer when an event has been handled)")
	number(queue, &s.Queue.MaxBytes, "queue-bytes", 0, 0, 0, fmt.Sprintf("how many `bytes` of bodies may wait in the queue (0: %d, or 4 times -max-body if that is more)", event.DefaultQueueMaxBytes))
	number(queue, &s.Queue.Workers, "queue-workers", event.DefaultQueueWorkers, 1, 1<<10, "how many `events` of the queue are handled concurrently")
	queue.choice(&s.Queue.order, "queue-order", "user", "which events the queue handles in `order` of arrival: those of one user, of one lock, or none", "user", "lock", "none")
	number(queue, &s.retries, "retries", event.DefaultRetryAttempts-1, 0, 100, fmt.Sprintf("how many `times` an event of the queue or the store is retried if handling it fails; of the store %d if it is not set, and to a sink for days with a store, and some minutes without", durable.DefaultMaxAttempts-1))

	store := newGroup("Store")
	store.StringVar(&s.Store.Dir, "data", "", "store events in this `directory` before answering, and handle them from there: a crash loses nothing")
	store.StringVar(&s.Store.NATS, "nats", "", "store events on the NATS servers with these `URLs` (nats:// or tls://, separated by commas) before answering, and handle them from there. Credentials: NATS_CREDS_FILE, or user:password@ in the URL")
	store.StringVar(&s.Store.NATSCA, "nats-ca", "", "trust the NATS servers whose certificates the authorities in this `file` have signed (PEM), instead of those of the system, and connect with TLS alone")
	store.StringVar(&s.Store.NATSCert, "nats-cert", "", "`file` with the certificate that the gateway shows to the NATS servers (PEM)")
	store.StringVar(&s.Store.NATSKey, "nats-key", "", "`file` with the private key of -nats-cert (PEM)")
	number(store, &s.Store.maxBytes, "data-max-bytes", durable.DefaultMaxBytes, minStoreBytes, 0, "how many `bytes` of events the store may hold. If it is not set, the setting of an existing store stays")
	store.choice(&s.Store.order, "order", "none", "which events are handled in the `order` in which they were stored: those of one user, of one lock, or none. It is fixed when the store is created", "user", "lock", "none")
	number(store, &s.Store.Consumer.Workers, "workers", durable.DefaultWorkers, 1, 128, fmt.Sprintf("how many `events` of the store are handled concurrently in each of its %d shards", durable.DefaultShards))
	number(store, &s.Store.Consumer.MaxDelay, "max-delay", durable.DefaultMaxDelay, time.Second, 84*time.Hour, "the longest pause between two attempts of an event of the store; pauses begin with a second, and double. To a sink 5m if it is not set")
	store.IntVar(&s.Store.replicas, "replicas", 1, "on how many `servers` of the NATS cluster each event is kept: 1, 3 or 5. If it is not set, the setting of an existing store stays")
	store.check(func() bool { n := s.Store.replicas; return n == 1 || n == 3 || n == 5 }, "-replicas is not 1, 3 or 5")
	store.BoolVar(&s.Store.requireSync, "require-sync", false, "refuse NATS servers that do not sync each event to their disks (sync_interval: always). Each server of the cluster must say so; the NATS user needs a service of the system account for it")

	store.StringVar(&s.Store.markFile, "mark-file", "", "keep in this `file` which events the store should have, so that an older copy of the store is found out: a file on another disk, and one for each gateway (default: with -data a file in the directory)")

	return []*group{start, listen, admin, output, limits, clients, address, duplicates, queue, store, s.Sinks.flags()}
}

// A group has the flags for one purpose, and a check for each value with limits.
type group struct {
	title string
	flag.FlagSet
	checks []func() error
}

func newGroup(title string) *group { return &group{title: title} }

// check adds a check.
func (g *group) check(ok func() bool, format string, args ...any) {
	g.checks = append(g.checks, func() error {
		if ok() {
			return nil
		}
		return fmt.Errorf(format, args...)
	})
}

// number defines a flag for a number in a range. Most 0: it has no upper limit.
func number[T int | int64 | time.Duration](g *group, p *T, name string, value, least, most T, usage string) {
	switch p := any(p).(type) {
	case *int:
		g.IntVar(p, name, int(value), usage)
	case *int64:
		g.Int64Var(p, name, int64(value), usage)
	case *time.Duration:
		g.DurationVar(p, name, time.Duration(value), usage)
	}
	if most == 0 {
		g.check(func() bool { return *p >= least }, "-%s is less than %v", name, least)
	} else {
		g.check(func() bool { return *p >= least && *p <= most }, "-%s is not between %v and %v", name, least, most)
	}
}

// choice defines a flag for one of several words.
func (g *group) choice(p *string, name, value, usage string, words ...string) {
	g.StringVar(p, name, value, usage)
	last := len(words) - 1
	g.check(func() bool { return *p == value || slices.Contains(words, *p) },
		"-%s is not %s or %s", name, strings.Join(words[:last], ", "), words[last])
}

// checkEach validates each flag alone.
func checkEach(flags *flag.FlagSet, groups []*group) (err error) {
	flags.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" { // such as an unset shell variable
			err = cmp.Or(err, fmt.Errorf("-%s is empty", f.Name))
		}
	})
	for _, g := range groups {
		for _, check := range g.checks {
			err = cmp.Or(err, check())
		}
	}
	return err
}

// networks is the value of a flag: addresses and networks, separated by commas.
type networks []netip.Prefix

// strings returns them in the form that package verify takes, or nil if there are none.
func (n networks) strings() (list []string) {
	for _, p := range n {
		list = append(list, p.String())
	}
	return list
}

// String implements [flag.Value].
func (n *networks) String() string { return strings.Join(n.strings(), ",") }

// Set implements [flag.Value].
func (n *networks) Set(list string) error {
	*n = nil
	for entry := range strings.SplitSeq(list, ",") {
		p, err := netip.ParsePrefix(entry)
		if a, e := netip.ParseAddr(entry); e == nil && a.Zone() == "" {
			p, err = a.Unmap().Prefix(a.Unmap().BitLen())
		}
		if err != nil || p.Addr().Is4In6() {
			return fmt.Errorf("%q is neither an address nor a network", entry)
		}
		*n = append(*n, p.Masked())
	}
	return nil
}

// contains reports whether a is in one of the networks.
func (n networks) contains(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(n, func(p netip.Prefix) bool { return p.Contains(a) })
}
