// Package settings reads and validates everything that the gateway is told when it
// starts: flags, their variables, one configuration file, and secrets.
//
// A flag such as -max-body is set, in this order, by the command line, by the variable
// GATEWAY_MAX_BODY, or by a line of the file that -config names:
//
//	# limits
//	max-body 1000000
//	demo
//
// Secrets have variables of their own, which no flag and no file replaces ([vendors.All]).
package settings

import (
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/verify"
)

// Settings are valid, and complete: what depends on something else has been worked out.
type Settings struct {
	Version bool // print the version and exit; nothing else is valid then
	Check   bool // validate what needs files or a network too, and exit
	Config  string

	CheckStore bool   // say what the store has and what is missing, and exit
	AcceptLoss bool   // with CheckStore: what is there is what should be there
	ForgetSink string // name of the sink whose consumer is deleted; "": none
	TestSinks  bool   // send an event to each sink, and exit; see [ParseTest]

	Demo     bool
	DemoFast bool // send the events of the demo at once

	Addr          string
	TLSCert       string // file; "": plain HTTP
	TLSKey        string
	AdminAddr     string
	AdminResolved *net.TCPAddr // nil: no AdminAddr

	Format      string // as -format has it; "": text on a terminal, else cloudevents
	OutputGrace time.Duration
	LogLevel    slog.Level
	GeoIP       string // file; "": none
	Record      string // directory; "": no recordings

	Server   Server
	Endpoint verify.Config // of each vendor, without Logger and Observe
	// Trusted reports whether an address is one of the proxies in front.
	Trusted func(netip.Addr) bool
	// ClientHeader is the header that says who the client is. Empty: there is no proxy.
	ClientHeader string

	// HandlerTimeout is how long one attempt to handle an event may take.
	HandlerTimeout time.Duration
	Dedupe         time.Duration // how long duplicates are dropped; 0: never
	DedupeEntries  int           // of each vendor
	Attempts       int           // for an event of the queue
	Queue          Queue
	Store          Store
	Sinks          Sinks

	Secrets  Secrets
	Warnings []string // about secrets and variables; each is a whole message

	retries                           int
	trust, allowFrom, allowFromReport networks
}

// Server are the settings of the HTTP servers, public and admin.
type Server struct {
	MaxHeader               int // bytes
	HeaderTimeout           time.Duration
	AnswerTimeout           time.Duration
	IdleTimeout             time.Duration
	StopDelay               time.Duration // from "not ready" to closing the listener
	MaxConnections          int
	MaxConnectionsPerClient int // trusted proxies excepted
}

// Queue are the settings of the queue in memory. Depth 0: there is none.
type Queue struct {
	event.QueueConfig // without OnError and Logger

	order string
}

// Store are the settings of the store. If both Dir and NATS are empty there is none.
type Store struct {
	Dir             string
	NATS            string // URLs, which may have a password
	NATSCredentials string // file; "": none
	NATSCA          string // file; "": the authorities of the system
	NATSCert        string // file; "": none
	NATSKey         string // file of NATSCert
	Config          durable.Config
	Consumer        durable.Consumer

	maxBytes    int64
	replicas    int
	requireSync bool
	order       string
	markFile    string
}

// Used reports whether events are stored.
func (s *Store) Used() bool { return s.Dir != "" || s.NATS != "" }

// Parse returns the settings from the arguments, without the name of the program, and
// from the environment of the process. The error is flag.ErrHelp, or says in one message
// what is wrong. It never holds a secret.
func Parse(args []string) (*Settings, error) { return new(Settings).parse(args) }

// ParseTest returns the settings of gateway test-sinks from the arguments after
// "test-sinks". It needs a sink, and no vendor.
func ParseTest(args []string) (*Settings, error) {
	s := &Settings{TestSinks: true}
	return s.parse(args)
}

func (s *Settings) parse(args []string) (*Settings, error) {
	groups := s.groups()
	flags := join(groups)
	if err := read(flags, args); err != nil || s.Version {
		return s, err
	}
	if flags.NArg() > 0 {
		return nil, errors.New("there are arguments after the flags")
	}
	given := given(flags)
	if err := checkEach(flags, groups); err != nil {
		return nil, err
	}
	for _, step := range []func(map[string]bool) error{s.readSecrets, s.checkTogether, s.complete, s.readSinks, s.configureStore} {
		if err := step(given); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// join returns one set of the flags of all groups. A flag in two of them panics.
func join(groups []*group) *flag.FlagSet {
	flags := flag.NewFlagSet("gateway", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller shows the error
	for _, g := range groups {
		g.VisitAll(func(f *flag.Flag) { flags.Var(f.Value, f.Name, f.Usage) })
	}
	return flags
}

// given returns the names of the flags that were set, wherever that was.
func given(flags *flag.FlagSet) map[string]bool {
	names := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { names[f.Name] = true })
	return names
}
