package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/examples/gateway/internal/sink"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal"
)

// checkStore does -check-store and -accept-loss, and returns the exit status: ExitFailed
// if something is missing.
func checkStore(ctx context.Context, s *settings.Settings, stdout, stderr io.Writer) int {
	// The report has everything that the log would say.
	log := slog.New(slog.DiscardHandler)
	s.Store.Config.Logger = log
	c := store.Config{
		Dir: s.Store.Dir, NATS: s.Store.NATS, Credentials: s.Store.NATSCredentials, TLS: natsTLS(s.Store),
		Durable: s.Store.Config, Consumer: s.Store.Consumer, Log: log,
	}
	report, err := store.Check(ctx, c)
	if err == nil {
		err = printReport(stdout, report)
	}
	missing := report.Missing() > 0 || report.Older
	if err == nil && missing && s.AcceptLoss {
		if err = store.AcceptLoss(ctx, c); err == nil {
			missing = false
			_, err = fmt.Fprintln(stdout, "Accepted: what is there is what should be there.")
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "gateway: -check-store:", err)
	}
	if err != nil || missing {
		return ExitFailed
	}
	return ExitOK
}

// forgetSink does -forget-sink, and returns the exit status.
func forgetSink(ctx context.Context, s *settings.Settings, stdout, stderr io.Writer) int {
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s.Store.Config.Logger = log
	name := sink.ConsumerPrefix + s.ForgetSink
	err := store.Forget(ctx, store.Config{
		Dir: s.Store.Dir, NATS: s.Store.NATS, Credentials: s.Store.NATSCredentials, TLS: natsTLS(s.Store),
		Durable: s.Store.Config, Log: log,
	}, name)
	if err != nil {
		fmt.Fprintln(stderr, "gateway: -forget-sink:", err)
		return ExitFailed
	}
	fmt.Fprintf(stdout, "The store keeps no events for %s any more. Its dead letters stay: gateway dead list -consumer %[1]s\n", name)
	return ExitOK
}

// printReport writes a report as a table, and what it comes to.
func printReport(w io.Writer, r durable.Report) error {
	rows := make([][]string, len(r.Shards))
	var missing uint64
	for i, s := range r.Shards {
		missing += s.Missing.Total()
		rows[i] = []string{s.Stream}
		for _, n := range []uint64{s.Events, s.First, s.Last, s.Mark, s.Missing.Total()} {
			rows[i] = append(rows[i], strconv.FormatUint(n, 10))
		}
		rows[i] = append(rows[i], s.Missing.String())
	}
	if err := terminal.Table(w, max(terminal.Width(w), 100), []string{"STREAM", "EVENTS", "FIRST", "LAST", "MARK", "MISSING", "WHERE"}, rows); err != nil {
		return err
	}
	for _, s := range r.Shards {
		for _, file := range s.Damaged {
			if _, err := fmt.Fprintf(w, "Damaged: %q\n", file); err != nil {
				return err
			}
		}
	}
	if r.Older {
		if _, err := fmt.Fprintln(w, "The store is older than its mark file: it may be a copy."); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "Missing: %d events, and %d that were reported before.\n", missing, r.Reported)
	return err
}
