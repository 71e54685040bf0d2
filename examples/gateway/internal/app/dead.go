package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/accesshook/accesshook/examples/gateway/internal/dead"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal"
	"github.com/accesshook/accesshook/verify"
)

// runDead runs the command gateway dead and returns the exit status: ExitFailed if any
// number failed.
func runDead(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := settings.ParseDead(args)
	if errors.Is(err, flag.ErrHelp) {
		settings.Help(stdout)
		return ExitOK
	}
	if err != nil {
		fmt.Fprintln(stderr, "gateway: dead:", err)
		return ExitUsage
	}
	source, err := deadSource(ctx, s, stdout, stderr)
	if err == nil {
		c := dead.Command{Verb: s.Verb, Numbers: s.Numbers, Stdout: stdout}
		if terminal.IsTerminal(stdout) {
			c.Table = deadTable
		}
		err = errors.Join(c.Run(ctx, source), source.Close())
	}
	if err != nil {
		fmt.Fprintln(stderr, "gateway: dead:", err)
		return ExitFailed
	}
	return ExitOK
}

// deadSource returns a running gateway, or the store in a directory, whose retried events
// are written to stdout.
func deadSource(ctx context.Context, s *settings.Dead, stdout, stderr io.Writer) (dead.Source, error) {
	if s.Store.Dir == "" {
		var login *verify.Credential
		if len(s.Account.Credentials) > 0 {
			login = &s.Account.Credentials[0] // any of them will do
		}
		return dead.Ask(s.Admin, login, s.Timeout), nil
	}
	// This log is read on a terminal: it shows problems only.
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	output := newOutput(stdout, "cloudevents")
	if s.Verb == "retry" { // before the dead letter is deleted
		if err := output.prepare(log); err != nil {
			return nil, err
		}
	}
	s.Store.Config.Logger = log
	return store.OpenExisting(ctx, store.Config{
		Dir: s.Store.Dir, Durable: s.Store.Config, Consumer: s.Store.Consumer, Callbacks: output.callbacks(), Log: log,
	})
}

// deadTable writes dead letters as a table.
func deadTable(w io.Writer, list []store.DeadLetter) error {
	if len(list) == 0 {
		_, err := io.WriteString(w, "There are no dead letters.\n")
		return err
	}
	rows := make([][]string, len(list))
	for i, l := range list {
		rows[i] = []string{
			strconv.FormatUint(l.Number, 10), l.Time.Local().Format("2006-01-02 15:04"), l.Vendor, l.Type,
			strconv.Itoa(l.Attempts), l.Error + l.EventError,
		}
	}
	return terminal.Table(w, terminal.Width(w), []string{"NUMBER", "LAST TRY", "VENDOR", "TYPE", "TRIES", "ERROR"}, rows)
}
