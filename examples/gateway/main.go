// Command gateway receives the webhooks of UserLock, Unloc, Relock and
// LoginRadius, and writes each event as one line of JSON, a CloudEvent, to
// standard output. Its log goes to standard error.
//
//	gateway -demo
//	RELOCK_SECRETS=… gateway -addr 127.0.0.1:8080 -data /var/lib/gateway
//	gateway dead list|show|retry|drop [-admin URL | -data DIR] [number …]
//
// The last manages dead letters, the events whose attempts all failed, with -data or
// -nats.
//
// On SIGHUP the gateway reads secrets in files again. It exits with status 0 after
// SIGINT or SIGTERM, 1 if it failed, and 2 if flags or variables are wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Before anything else: SIGHUP kills a process that does not handle it. A signal
	// that arrives during the start waits in the channel.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	// When the reader of standard output goes away, the write must fail, so that the
	// vendor gets a 500. It must not kill the process.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	tuneGC(os.LookupEnv)
	os.Exit(run(ctx, hangups, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

var errStore = errors.New("store")

// run is the whole program. It returns the exit status when ctx is done and accepted
// events are handled, or when something failed. On each signal in hangups it reads
// secrets in files again.
func run(ctx context.Context, hangups <-chan os.Signal, args []string, env environment, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "dead" {
		return runDead(ctx, args[1:], env, stdout, stderr)
	}
	o, err := parseOptions(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}

	log, flush := newLog(stderr)
	defer flush()
	switch kindOf(stdout) {
	case closed:
		fmt.Fprintln(stderr, "gateway: standard output is closed: events would be lost")
		return exitUsage
	case nullDevice:
		log.Warn("standard output is the null device: no event is kept")
	}
	var d *demo
	if o.demo {
		d = newDemo()
	}
	events := newEvents(stdout)
	metrics := newMetrics(events)
	receivers, err := newReceivers(o, env, d.credentials(), metrics, log)
	if err != nil {
		fmt.Fprintln(stderr, "gateway:", err)
		return exitUsage
	}
	if len(receivers) == 0 {
		fmt.Fprint(stderr, "gateway: no vendor is configured\n\n", variables(), "\nOr try it with -demo.\n")
		return exitUsage
	}
	var certificate *certificate
	admin, err := newAdminSide(o, env, log)
	if err != nil {
		fmt.Fprintln(stderr, "gateway:", err)
		return exitUsage
	}
	if o.tlsCert != "" {
		if certificate, err = newCertificate(o.tlsCert, o.tlsKey, log); err != nil {
			fmt.Fprintln(stderr, "gateway: -tls-cert, -tls-key:", err)
			return exitUsage
		}
	}

	if err := o.checkVariables(env); err != nil {
		fmt.Fprintln(stderr, "gateway:", err)
		return exitUsage
	}
	var stored eventStore
	if o.store.used() {
		config, err := o.storeConfig(env, receivers, log)
		if err != nil {
			fmt.Fprintln(stderr, "gateway:", err)
			return exitUsage
		}
		switch stored, err = openStore(ctx, o, env, config, log); {
		case err != nil && ctx.Err() != nil:
			log.Info("stopped before the store was open", "error", err)
			return exitOK
		case err != nil:
			log.Error("cannot open the store", "error", err)
			return exitFailed
		}
		if !config.KeepRaw {
			log.Info("the store does not keep bodies, not even those that cannot be decoded", "missing", rawKeysVariable)
		}
	}
	pipeline := newPipeline(o, events, receivers, stored, metrics, log)

	go reloadOn(ctx, hangups, secretHolders(receivers, admin.login), env, log)

	if err := terminatePartialLine(stdout); err != nil {
		log.Error("cannot write", "error", errors.Join(err, pipeline.finish(ctx)))
		return exitFailed
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		log.Error("cannot listen", "error", errors.Join(err, pipeline.finish(ctx)))
		return exitFailed
	}
	health := newHealth(receivers, pipeline)
	public := http.NewServeMux()
	server := newServer(o, public, receivers, pipeline, health, log)
	if o.tlsCert != "" {
		server.http.TLSConfig = certificate.config()
	}
	stop, err := admin.serve(public, listener.Addr(), certificate, health, metrics, &deadAPI{pipeline.store, log})
	if err != nil {
		log.Error("cannot listen", "error", errors.Join(err, pipeline.finish(ctx)))
		return exitFailed
	}
	defer stop()
	log.Info("listening", "addr", listener.Addr().String())

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if d != nil {
		go func() {
			if err := d.send(ctx, listener.Addr(), log); err != nil {
				cancel(fmt.Errorf("%w: %w", errDemo, err))
			}
		}()
	}
	pipeline.start(func(err error) { cancel(fmt.Errorf("%w: %w", errStore, err)) })
	err = server.serve(ctx, listener)
	if cause := context.Cause(ctx); errors.Is(cause, errDemo) || errors.Is(cause, errStore) {
		err = errors.Join(cause, err)
	}
	if err != nil {
		log.Error("failed", "error", err)
		return exitFailed
	}
	log.Info("stopped")
	return exitOK
}
