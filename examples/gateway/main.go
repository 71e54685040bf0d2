// Command gateway receives the webhooks of UserLock, Unloc, Relock and LoginRadius, and
// writes each event to standard output: on a terminal as a line for people, elsewhere as
// a line of JSON, a CloudEvent. It can send events to other systems too. Its log goes to
// standard error.
//
//	gateway -demo
//	RELOCK_SECRETS=… gateway -addr 127.0.0.1:8080 -data /var/lib/gateway
//	gateway dead list|show|retry|drop [-admin URL | -data DIR] [-vendor … | -all | number …]
//	gateway store move -from DIR|URL -to DIR|URL
//	gateway test-sinks -hec URL …
//
// gateway dead manages dead letters, the events whose attempts all failed, with -data or
// -nats. gateway store move moves a store to another place. gateway test-sinks sends an
// event to each sink: to the other systems that get events. gateway -help says what else can
// be set, and how.
//
// On SIGHUP the gateway reads secrets in files again. It exits with status 0 after
// SIGINT or SIGTERM, 1 if it failed, and 2 if flags or variables are wrong.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/accesshook/accesshook/examples/gateway/internal/app"
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
	tuneGC(ctx, os.Getenv)
	os.Exit(app.Run(ctx, hangups, os.Args[1:], os.Stdout, os.Stderr))
}
