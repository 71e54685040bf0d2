package app

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/examples/gateway/internal/sink"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal"
)

// testTimeout is how long a sink may take for the event of gateway test-sinks, with its
// acknowledgement.
const testTimeout = ackTimeout + 30*time.Second

// runTestSinks runs the command gateway test-sinks and returns the exit status: ExitFailed
// if any sink failed.
func runTestSinks(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := settings.ParseTest(args)
	if errors.Is(err, flag.ErrHelp) {
		settings.Help(stdout)
		return ExitOK
	}
	var all []*sink.Sink
	if err == nil {
		all, err = newSinks(s, nil, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	}
	if err != nil {
		fmt.Fprintln(stderr, "gateway: test-sinks:", err)
		return ExitUsage
	}
	for _, warning := range s.Warnings {
		fmt.Fprintln(stderr, "gateway: test-sinks:", warning)
	}
	e := testEvent(time.Now())
	errs, took := make([]error, len(all)), make([]time.Duration, len(all))
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	var testing sync.WaitGroup
	for i, s := range all {
		testing.Go(func() {
			began := time.Now()
			errs[i] = errors.Join(s.Test(ctx, e), s.Close())
			took[i] = time.Since(began)
		})
	}
	testing.Wait()
	rows := make([][]string, len(all))
	for i, s := range all {
		rows[i] = []string{s.Name, "taken", took[i].Round(time.Millisecond).String(), ""}
		if errs[i] != nil {
			rows[i][1], rows[i][3] = "failed", errs[i].Error()
		}
	}
	err = terminal.Table(stdout, max(terminal.Width(stdout), 100), []string{"SINK", "EVENT", "TOOK", "ERROR"}, rows)
	if err = errors.Join(append(errs, err)...); err != nil {
		return ExitFailed
	}
	_, _ = fmt.Fprintf(stdout, "The event has the ID %s and the type %s.\n", e.ID, e.Type)
	return ExitOK
}

// testEvent returns an event that nobody takes for one of a vendor.
func testEvent(now time.Time) *event.Event {
	return &event.Event{
		ID: "test-" + rand.Text(), Vendor: "accesshook", Source: "test-sinks", Type: "gateway.tested", VendorType: "test-sinks",
		Time: now, Received: now, Severity: event.SeverityInfo, Reason: "gateway test-sinks sent this event to test a sink",
		User: event.User{ID: "test", Name: "accesshook test"},
	}
}
