package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// options are the values of the flags.
type options struct {
	addr string
	demo bool

	adminAddr string
	admin     *net.TCPAddr // adminAddr resolved; nil if it is empty

	tlsCert, tlsKey string

	maxBody         int64
	maxUnverified   int64
	bodyTimeout     time.Duration
	handlerTimeout  time.Duration
	maxAge          time.Duration // 0: no limit
	maxFuture       time.Duration // 0: no limit
	dedupe          time.Duration // 0: no de-duplication
	dedupeEntries   int
	clientIP        string
	trust           networks
	allowFrom       networks
	allowFromReport networks

	rate   rateOptions
	server serverOptions
	queue  queueOptions
	store  storeOptions

	given map[string]bool // names of the flags that were set
}

// define defines the flags.
func (o *options) define(flags *flag.FlagSet) {
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&o.adminAddr, "admin-addr", "", "`address` for the admin paths; a loopback address unless ADMIN_CREDENTIALS is set\n(default: the address of -addr, if that is a loopback address or ADMIN_CREDENTIALS is set)")
	flags.BoolVar(&o.demo, "demo", false, "serve all vendors with random secrets, and send every kind of event")

	flags.StringVar(&o.tlsCert, "tls-cert", "", "serve HTTPS with the certificate chain in this `file` (PEM)")
	flags.StringVar(&o.tlsKey, "tls-key", "", "`file` with the private key of -tls-cert (PEM)")

	flags.Int64Var(&o.maxBody, "max-body", 0, "largest body in `bytes` (0: 65536, LoginRadius 1048576)")
	flags.Int64Var(&o.maxUnverified, "max-unverified", 0, fmt.Sprintf("how many `bytes` unverified bodies of more than 65536 bytes may take together, for each vendor\n(0: %d, or 4 times -max-body if that is more)", verify.DefaultMaxUnverified))
	flags.DurationVar(&o.bodyTimeout, "body-timeout", verify.DefaultBodyTimeout, "how long reading a body may take")
	flags.DurationVar(&o.handlerTimeout, "handler-timeout", 10*time.Second, "how long handling an event may take; with -queue, -data or -nats each attempt")
	flags.DurationVar(&o.maxAge, "max-age", 0, "refuse events that are older, and events without a time (0: no limit)")
	flags.DurationVar(&o.maxFuture, "max-future", 0, "refuse events whose time is further in the future, and events without a time (0: no limit)")
	flags.DurationVar(&o.dedupe, "dedupe", event.DefaultDedupeKeep, "how long duplicates of an event are dropped (0: never)")
	flags.IntVar(&o.dedupeEntries, "dedupe-entries", event.DefaultDedupeEntries, "how many `events` of each vendor are remembered to drop duplicates; the oldest are forgotten first")
	flags.StringVar(&o.clientIP, "client-ip", clientRemote, "where the client's address is: remote (the connection), x-forwarded-for, forwarded, or the `name` of a\nheader that the proxies of -trust set")
	flags.Var(&o.trust, "trust", "`addresses` and networks of your proxies, separated by commas")
	flags.Var(&o.allowFrom, "allow-from", "the only client `addresses` and networks that are accepted, separated by commas")
	flags.Var(&o.allowFromReport, "allow-from-report", "try a list for -allow-from: log clients outside these `addresses` instead of refusing them")

	o.rate.define(flags)
	o.server.define(flags)
	o.queue.define(flags)
	o.store.define(flags)
}

// maxTimeout limits each timeout, and so the sums of them.
const maxTimeout = time.Hour

const maxDedupeEntries = 1 << 24 // some 3 GB for each vendor; beyond it a number is a mistake

// check validates the flags, alone and together.
func (o *options) check() error {
	switch {
	case o.addr == "": // such as an unset shell variable; net.Listen would listen on all interfaces
		return errors.New("-addr is empty")
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return errors.New("-tls-cert and -tls-key need each other")
	case o.tlsCert != "" && o.demo:
		return errors.New("-demo sends over plain HTTP: omit -tls-cert and -tls-key")
	case o.maxBody < 0 || o.maxBody > 1<<30:
		return errors.New("-max-body is not between 0 and 1073741824")
	case o.maxUnverified < 0 || o.maxUnverified > 0 && o.maxUnverified < o.largestVendorBody():
		return fmt.Errorf("-max-unverified is less than %d, the largest body", o.largestVendorBody())
	case o.bodyTimeout <= 0 || o.bodyTimeout > maxTimeout:
		return fmt.Errorf("-body-timeout is not more than 0 and at most %s", maxTimeout)
	case o.handlerTimeout <= 0 || o.handlerTimeout > maxTimeout:
		return fmt.Errorf("-handler-timeout is not more than 0 and at most %s", maxTimeout)
	case o.maxAge < 0:
		return errors.New("-max-age is negative")
	case o.maxFuture < 0:
		return errors.New("-max-future is negative")
	case o.dedupe < 0:
		return errors.New("-dedupe is negative")
	case o.dedupeEntries < 1 || o.dedupeEntries > maxDedupeEntries:
		return fmt.Errorf("-dedupe-entries is not between 1 and %d", maxDedupeEntries)
	case o.given["dedupe-entries"] && o.dedupe == 0:
		return errors.New("-dedupe-entries has no effect with -dedupe 0")
	case o.given["dedupe-entries"] && o.store.used():
		return errors.New("-dedupe-entries has no effect with -data or -nats: a store remembers all events")
	}
	if err := cmp.Or(o.rate.check(o.given), o.server.check(), o.queue.check(o.given), o.store.check(o.given), o.checkStore()); err != nil {
		return err
	}
	if largest := o.largestVendorBody(); o.queue.maxBytes != 0 && o.queue.maxBytes < largest {
		return fmt.Errorf("-queue-bytes is less than %d, the largest body", largest)
	}
	if o.given["retries"] && o.queue.depth == 0 && !o.store.used() {
		return errors.New("-retries has no effect without -queue, -data or -nats")
	}
	if _, err := o.client(); err != nil {
		return err
	}
	if o.adminAddr != "" {
		var err error
		if o.admin, err = net.ResolveTCPAddr("tcp", o.adminAddr); err != nil {
			return fmt.Errorf("-admin-addr: %w", err)
		}
	}
	return nil
}

// largestVendorBody returns the largest body in bytes that any vendor may send.
func (o *options) largestVendorBody() int64 {
	if o.maxBody > 0 {
		return o.maxBody
	}
	largest := int64(0)
	for _, v := range vendors {
		largest = max(largest, v.maxBody)
	}
	return largest
}

// errUsage stands for a mistake that standard error has explained.
var errUsage = errors.New("usage")

// parseOptions parses the flags. The error is flag.ErrHelp or errUsage.
func parseOptions(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("gateway", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "Usage: gateway [-demo] [-addr host:port] [flags]\n       gateway dead list|show|retry|drop [flags] [number …]")
		flags.PrintDefaults()
		fmt.Fprint(stderr, "\n", variables())
	}
	o.define(flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil, err
	case err != nil:
		return nil, errUsage
	case flags.NArg() > 0:
		fmt.Fprintln(stderr, "gateway: there are arguments after the flags")
		flags.Usage()
		return nil, errUsage
	}
	o.given = make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	if err := o.check(); err != nil {
		fmt.Fprintln(stderr, "gateway:", err)
		return nil, errUsage
	}
	return o, nil
}
