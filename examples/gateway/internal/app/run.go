// Package app is the gateway: it puts the parts together and runs them.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/accesshook/accesshook/asynclog"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal"
)

// Exit statuses.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Run is the whole program, with its arguments without its name. It returns the exit
// status when ctx is done and accepted events are handled, or when something failed. On
// each signal in hangups it reads secrets in files again.
func Run(ctx context.Context, hangups <-chan os.Signal, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "dead" {
		return runDead(ctx, args[1:], stdout, stderr)
	}
	if len(args) > 0 && args[0] == "store" {
		return runStore(ctx, args[1:], stdout, stderr)
	}
	if len(args) > 0 && args[0] == "test-sinks" {
		return runTestSinks(ctx, args[1:], stdout, stderr)
	}
	s, err := settings.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		settings.Help(stdout)
		return ExitOK
	case err != nil:
		fmt.Fprintf(stderr, "gateway: %s\nSee gateway -help.\n", err)
		return ExitUsage
	case s.Version:
		fmt.Fprintln(stdout, version())
		return ExitOK
	case s.CheckStore:
		return checkStore(ctx, s, stdout, stderr)
	case s.ForgetSink != "":
		return forgetSink(ctx, s, stdout, stderr)
	}
	log, flush := newLog(stderr, s.LogLevel)
	defer flush()
	err = run(ctx, hangups, s, stdout, stderr, log)
	if usage, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintln(stderr, "gateway:", usage)
		return ExitUsage
	}
	if err != nil {
		log.Error("failed", "error", err)
		return ExitFailed
	}
	return ExitOK
}

// A usageError is a mistake in flags, in variables, or in what they name.
type usageError struct{ error }

// newLog returns a log for people if standard error is a terminal.
func newLog(stderr io.Writer, level slog.Level) (log *slog.Logger, flush func()) {
	if terminal.IsTerminal(stderr) {
		color := terminal.Color(stderr, os.LookupEnv)
		return asynclog.New(stderr, func(w io.Writer) slog.Handler { return terminal.NewLogHandler(w, level, color) })
	}
	return asynclog.New(stderr, func(w io.Writer) slog.Handler {
		return slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})
	})
}

// version returns the version of this program, as the Go command has noted it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "gateway (unknown version)"
	}
	return "gateway " + info.Main.Version + " " + info.GoVersion
}
