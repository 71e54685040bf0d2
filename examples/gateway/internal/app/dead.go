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
		progress := terminal.NewProgress(stderr)
		c := dead.Command{
			Verb: s.Verb, Numbers: s.Numbers, Many: s.Many(), Filter: s.Filter, DryRun: s.DryRun, Stdout: stdout,
			Progress: func(p dead.Progress, end bool) {
				show := progress.Update
				if end {
					show = progress.Done
				}
				show(deadProgress(p))
			},
		}
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

// deadProgress returns such as "retried 120 of 3,400, 3 failed".
func deadProgress(p dead.Progress) string {
	done := map[string]string{"retry": "retried", "drop": "dropped"}[p.Verb]
	text := fmt.Sprintf("%s %s of %s", done, terminal.Thousands(p.Tried), terminal.Thousands(p.Total))
	if p.Failed > 0 {
		text += fmt.Sprintf(", %s failed", terminal.Thousands(p.Failed))
	}
	if p.Gone > 0 {
		text += fmt.Sprintf(", %s were gone", terminal.Thousands(p.Gone))
	}
	return text
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
	level := slog.LevelWarn
	if s.Many() {
		// The progress says how many were dropped. Of many that fail the first say why.
		level, stderr = slog.LevelError, &firstWrites{w: stderr, left: firstRecords}
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
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

// firstRecords is how many log records there are about many dead letters.
const firstRecords = 10

// firstWrites drops all but the first writes to w. A log writes each record at once, one
// after another.
type firstWrites struct {
	w    io.Writer
	left int
}

func (f *firstWrites) Write(p []byte) (int, error) {
	if f.left == 0 {
		return len(p), nil
	}
	f.left--
	return f.w.Write(p)
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
