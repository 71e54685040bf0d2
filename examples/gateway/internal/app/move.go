package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal"
)

// runStore runs the command gateway store move and returns the exit status: ExitFailed
// unless everything was moved.
func runStore(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := settings.ParseMove(args)
	if errors.Is(err, flag.ErrHelp) {
		settings.Help(stdout)
		return ExitOK
	}
	if err != nil {
		fmt.Fprintln(stderr, "gateway: store:", err)
		return ExitUsage
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	progress := terminal.NewProgress(stderr)
	m := store.Move{
		From: moveSide(s.From, log), To: moveSide(s.To, log), Order: s.Order, Shards: s.Shards, Replicas: s.Replicas,
		UnfinishedOnly: s.UnfinishedOnly,
		Progress:       func(m durable.Moved) { progress.Update(moveProgress(m)) },
	}
	moved, state, err := m.Run(ctx)
	if moved != (durable.Moved{}) {
		progress.Done(moveProgress(moved))
		err = errors.Join(moveTable(stdout, moved), err)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted: the same command goes on where it was")
		}
		fmt.Fprintln(stderr, "gateway: store move:", err)
		return ExitFailed
	}
	writeMoved(stdout, moved, state)
	return ExitOK
}

func moveSide(s settings.Store, log *slog.Logger) store.Config {
	s.Config.Logger = log
	return store.Config{
		Dir: s.Dir, NATS: s.NATS, Credentials: s.NATSCredentials, TLS: natsTLS(s),
		Durable: s.Config, Consumer: s.Consumer, Log: log,
	}
}

// moveProgress returns such as "moved 1,500 of 3,400 unfinished events".
func moveProgress(m durable.Moved) string {
	part := func(c durable.MovedCount, of, what string) string {
		return fmt.Sprintf("moved %s%s %s", terminal.Thousands(c.Copied+c.There), of, what)
	}
	of := func(c durable.MovedCount) string { return " of " + terminal.Thousands(c.Source) }
	switch {
	case m.Dead.Source > 0:
		return part(m.Dead, of(m.Dead), "dead letters")
	case m.Unfinished.Source > 0:
		return part(m.Unfinished, of(m.Unfinished), "unfinished events")
	}
	return part(m.Finished, "", "finished events")
}

// moveTable writes the counts of both sides.
func moveTable(w io.Writer, m durable.Moved) error {
	var rows [][]string
	for _, kind := range []struct {
		name  string
		count durable.MovedCount
	}{{"unfinished events", m.Unfinished}, {"finished events", m.Finished}, {"dead letters", m.Dead}} {
		row := []string{kind.name}
		for _, n := range []uint64{kind.count.Source, kind.count.Copied, kind.count.There} {
			row = append(row, strconv.FormatUint(n, 10))
		}
		rows = append(rows, row)
	}
	return terminal.Table(w, terminal.Width(w), []string{"", "SOURCE", "COPIED", "THERE ALREADY"}, rows)
}

// writeMoved says what the destination has now, and what to do next.
func writeMoved(w io.Writer, m durable.Moved, s durable.Stats) {
	fmt.Fprintf(w, "The destination has %d events and %d dead letters.\n", s.Events, s.Dead)
	if m.FinishedLeft != "" {
		fmt.Fprintf(w, "Finished events were not copied: %s. Duplicates of them are not known there.\n", m.FinishedLeft)
	}
	fmt.Fprintln(w, "Start the gateway with the destination. The source is as it was: delete it later.")
}
