package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync/atomic"

	"github.com/accesshook/accesshook/certfile"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/gateway/internal/demo"
	"github.com/accesshook/accesshook/examples/gateway/internal/metrics"
	"github.com/accesshook/accesshook/examples/gateway/internal/page"
	"github.com/accesshook/accesshook/examples/gateway/internal/receive"
	"github.com/accesshook/accesshook/examples/gateway/internal/record"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/examples/gateway/internal/sink"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal"
	"github.com/accesshook/accesshook/examples/geoip"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// A gateway is what its settings make of it.
type gateway struct {
	*settings.Settings
	log         *slog.Logger
	output      *output
	page        *page.Page
	metrics     *metrics.Metrics
	endpoints   []*receive.Endpoint
	unserved    []vendors.Vendor
	callbacks   event.Handler
	certificate *certfile.Certificate // nil: plain HTTP
	demo        demo.Demo             // nil without one
	login       *login                // of the admin paths; nil: none
	recorder    *record.Recorder      // nil: no recordings
	sinks       []*sink.Sink
	pipeline    *receive.Pipeline
	summary     *terminal.Summary // of the demo
	stopping    atomic.Bool
}

// newGateway makes everything that needs no other process: the rest is opened by open. Its
// errors are usageErrors.
func newGateway(ctx context.Context, s *settings.Settings, stdout io.Writer, log *slog.Logger) (*gateway, error) {
	g := &gateway{Settings: s, log: log}
	for _, warning := range s.Warnings {
		log.Warn(warning)
	}
	if s.Demo {
		g.demo = demo.New()
	}
	var err error
	g.output = newOutput(stdout, s.Format)
	g.page = page.New(page.Config{DeadLetters: s.Store.Used(), Version: version(), Log: log})
	if g.demo != nil {
		g.summary = terminal.NewSummary()
		g.output.seen = g.summary.Add
	}
	events := g.output.callbacks()
	g.metrics = metrics.New(events.Unhandled)
	if s.Format == "asim" {
		g.output.leavesOut(g.metrics.Registry, log)
	}
	g.callbacks = g.metrics.Timed(events)
	var locate func(event.Handler) event.Handler // nil: nobody fills in countries
	if s.GeoIP != "" {
		countries, err := geoip.Open(s.GeoIP, log)
		if err != nil {
			return nil, usageError{fmt.Errorf("-geoip: %w", err)}
		}
		go countries.Watch(ctx)
		locate = countries.Locate
		g.callbacks = locate(g.callbacks)
	}
	if err := g.newRecorder(); err != nil {
		return nil, usageError{err}
	}
	if g.endpoints, err = g.newEndpoints(); err != nil {
		return nil, usageError{err}
	}
	if g.login, err = newLogin(s.Secrets.Admin); err != nil {
		return nil, usageError{err}
	}
	if s.TLSCert != "" {
		if g.certificate, err = certfile.New(s.TLSCert, s.TLSKey, log); err != nil {
			return nil, usageError{fmt.Errorf("-tls-cert, -tls-key: %w", err)}
		}
		go g.certificate.Watch(ctx)
	}
	if g.sinks, err = newSinks(s, locate, g.metrics.Registry, log); err != nil {
		return nil, usageError{err}
	}
	if err := natsTLS(g.Store).Check(); err != nil {
		return nil, usageError{fmt.Errorf("-nats-ca, -nats-cert, -nats-key: %w", err)}
	}
	return g, nil
}

// explainMismatch says which flag the setting of a store that differs is.
func explainMismatch(err error) error {
	if m, ok := errors.AsType[*durable.MismatchError](err); ok && m.Setting == "Order" {
		return fmt.Errorf("-order cannot be changed once a store is made: %w", err)
	}
	return err
}

func natsTLS(s settings.Store) store.TLS {
	return store.TLS{CA: s.NATSCA, Cert: s.NATSCert, Key: s.NATSKey}
}

func (g *gateway) tls() *tls.Config {
	if g.certificate == nil {
		return nil
	}
	return g.certificate.Config()
}

// open opens the store, if there is one, and makes the way of an event.
func (g *gateway) open(ctx context.Context) error {
	c := receive.Config{
		Callbacks: g.callbacks, Endpoints: g.endpoints, Metrics: g.metrics, Log: g.log,
		Dedupe: g.Dedupe, DedupeEntries: g.DedupeEntries,
		Queue: g.Queue.QueueConfig, Attempts: g.Attempts, Timeout: g.HandlerTimeout,
	}
	if g.Store.Used() {
		g.Store.Config.Logger = sink.Quiet(g.log)
		var err error
		c.Store, err = store.Open(ctx, store.Config{
			Dir: g.Store.Dir, NATS: g.Store.NATS, Credentials: g.Store.NATSCredentials, TLS: natsTLS(g.Store),
			Durable: g.Store.Config, Consumer: g.Store.Consumer,
			Callbacks: g.callbacks, Sinks: g.sinkConsumers(), Metrics: g.metrics.Registry, Log: g.log,
		})
		if err != nil {
			return fmt.Errorf("cannot open the store: %w", explainMismatch(err))
		}
		if !g.Store.Config.KeepRaw {
			g.log.Info("the store does not keep bodies, not even those that cannot be decoded", "missing", "RAW_KEYS")
		}
		g.warnOfAbandoned(ctx, c.Store)
	} else if len(g.sinks) > 0 {
		g.startQueues()
		for _, s := range g.sinks {
			c.Sinks = append(c.Sinks, s)
		}
	}
	g.pipeline = receive.NewPipeline(c)
	return nil
}

// run runs a gateway with these settings until ctx is done.
func run(ctx context.Context, hangups <-chan os.Signal, s *settings.Settings, stdout, stderr io.Writer, log *slog.Logger) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g, err := newGateway(ctx, s, stdout, log)
	if err != nil || s.Check {
		return err
	}
	defer g.closeSinks()
	if err := g.output.prepare(log); err != nil {
		return err
	}
	if err := g.open(ctx); err != nil {
		if context.Cause(ctx) != nil {
			log.Info("stopped before the store was open", "error", err)
			return nil
		}
		return err
	}
	if g.recorder != nil {
		if err := g.recorder.Start(); err != nil {
			return errors.Join(fmt.Errorf("-record: %w", err), g.pipeline.Finish(ctx))
		}
		defer g.finishRecordings()
	}
	go g.reload(ctx, hangups)
	public, admin, err := g.listen()
	if err != nil {
		return errors.Join(err, g.pipeline.Finish(ctx))
	}
	servers, err := g.newServers(public, admin)
	if err != nil {
		return errors.Join(err, g.pipeline.Finish(ctx))
	}
	g.announce(servers, public.Addr(), stderr)
	if g.demo != nil {
		go g.play(ctx, cancel, public.Addr(), stderr)
	}
	go func() { cancel(g.output.watch(ctx, s.OutputGrace)) }() // nil: ctx is done already
	go logReadiness(ctx, g.ready, log)
	g.pipeline.Start(func(err error) { cancel(fmt.Errorf("store: %w", err)) })
	err = servers.run(ctx, public, admin, g)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	if err == nil {
		log.Info("stopped")
	}
	return err
}

// listen returns the listener of -addr, and that of -admin-addr or nil.
func (g *gateway) listen() (public, admin net.Listener, err error) {
	if public, err = net.Listen("tcp", g.Addr); err != nil {
		return nil, nil, fmt.Errorf("cannot listen: %w", err)
	}
	if g.AdminResolved == nil {
		return public, nil, nil
	}
	l, err := net.ListenTCP("tcp", g.AdminResolved)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("cannot listen: %w", err), public.Close())
	}
	return public, l, nil
}

// announce says what is served where.
func (g *gateway) announce(s *servers, public net.Addr, stderr io.Writer) {
	scheme := "http://"
	if g.certificate != nil {
		scheme = "https://"
	}
	base := scheme + demo.Reachable(public)
	if g.demo != nil {
		g.banner(base, s, stderr)
	} else {
		g.announceVendors(base)
	}
	for _, s := range g.Sinks.Used {
		g.log.Info("sending events to a sink", "sink", s.Name, "only", s.Only.String())
	}
	if s.admin != nil {
		g.log.Info("listening for the admin paths", "admin", s.addr.String())
	}
	g.log.Info("listening", "addr", public.String())
}
