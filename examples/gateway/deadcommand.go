package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// A deadLetterSource holds dead letters: a running gateway, or a directory that no
// gateway has open.
type deadLetterSource interface {
	// list returns dead letters with numbers above after, in order, without their
	// events. It returns none after the last.
	list(ctx context.Context, after uint64) ([]json.RawMessage, error)
	show(ctx context.Context, number uint64) (json.RawMessage, error)
	retry(ctx context.Context, number uint64) error
	drop(ctx context.Context, number uint64) error
	Close() error
}

// deadOptions are the arguments of gateway dead.
type deadOptions struct {
	verb    string
	admin   string
	dir     string // "": ask at admin
	timeout time.Duration
	numbers []uint64
}

const deadUsage = `Usage: gateway dead list [flags]
       gateway dead show|retry|drop [flags] number…

Lists, shows, retries or deletes dead letters: events whose attempts all failed.
list and show write lines of JSON. The command asks a running gateway, with the
user and password of ADMIN_CREDENTIALS if they are set.

`

// parseDead parses the arguments after "dead". The error is flag.ErrHelp or errUsage.
func parseDead(args []string, stderr io.Writer) (*deadOptions, error) {
	o := new(deadOptions)
	flags := flag.NewFlagSet("gateway dead", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.admin, "admin", "http://127.0.0.1:8080", "`URL` of the admin side of the gateway")
	flags.StringVar(&o.dir, "data", "", "open the store in this `directory` instead; no gateway may have it open. retry then writes the lines itself")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "how long the gateway may take to answer, for each number. A retry continues there after the timeout")
	flags.Usage = func() {
		fmt.Fprint(stderr, deadUsage)
		flags.PrintDefaults()
	}
	if len(args) > 0 && (len(args[0]) == 0 || args[0][0] != '-') {
		o.verb, args = args[0], args[1:]
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, errUsage
	}
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if err := o.check(flags.Args(), given); err != nil {
		fmt.Fprintln(stderr, "gateway: dead:", err)
		return nil, errUsage
	}
	return o, nil
}

// check validates the arguments and parses the numbers.
func (o *deadOptions) check(numbers []string, given map[string]bool) error {
	switch o.verb {
	case "list":
		if len(numbers) > 0 {
			return errors.New("list takes no numbers")
		}
	case "show", "retry", "drop":
		if len(numbers) == 0 {
			return fmt.Errorf("%s needs the number of a dead letter, or several", o.verb)
		}
	default:
		return errors.New("say list, show, retry or drop first")
	}
	for _, argument := range numbers {
		number, err := strconv.ParseUint(argument, 10, 64)
		if strings.HasPrefix(argument, "-") {
			return fmt.Errorf("flags go before the numbers: %q", argument)
		}
		if err != nil {
			return fmt.Errorf("%q is not a number", argument)
		}
		o.numbers = append(o.numbers, number)
	}
	switch {
	case given["admin"] && given["data"]:
		return errors.New("-admin and -data exclude each other")
	case given["data"] && o.dir == "":
		return errors.New("-data is empty")
	case given["data"] && given["timeout"]:
		return errors.New("-timeout has no effect with -data")
	case o.timeout <= 0 || o.timeout > maxTimeout:
		return fmt.Errorf("-timeout is not more than 0 and at most %s", maxTimeout)
	}
	return nil
}

// runDead runs the command gateway dead and returns the exit status: exitFailed if any
// number failed.
func runDead(ctx context.Context, args []string, env environment, stdout, stderr io.Writer) int {
	o, err := parseDead(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	source, err := o.open(ctx, env, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "gateway: dead:", err)
		if _, ok := errors.AsType[usageError](err); ok {
			return exitUsage
		}
		return exitFailed
	}
	err = errors.Join(o.do(ctx, source, stdout), source.Close())
	if err != nil {
		fmt.Fprintln(stderr, "gateway: dead:", err)
		return exitFailed
	}
	return exitOK
}

// A usageError is a mistake in flags or variables.
type usageError struct{ error }

func (o *deadOptions) open(ctx context.Context, env environment, stdout, stderr io.Writer) (deadLetterSource, error) {
	if o.dir == "" {
		return newAdminClient(o.admin, o.timeout, env)
	}
	if o.verb == "retry" { // before the dead letter is deleted
		if err := terminatePartialLine(stdout); err != nil {
			return nil, err
		}
	}
	// This log is read on a terminal: it shows problems only.
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return openDirectory(ctx, o.dir, env, stdout, log)
}

// do applies the verb to every number, even if one fails.
func (o *deadOptions) do(ctx context.Context, source deadLetterSource, stdout io.Writer) error {
	if o.verb == "list" {
		return list(ctx, source, stdout)
	}
	var failed []error
	for _, number := range o.numbers {
		var err error
		switch o.verb {
		case "show":
			var view json.RawMessage
			if view, err = source.show(ctx, number); err == nil {
				err = writeLine(stdout, view)
			}
		case "retry":
			err = source.retry(ctx, number)
		case "drop":
			err = source.drop(ctx, number)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s %d: %w", o.verb, number, err))
		}
	}
	return errors.Join(failed...)
}

func list(ctx context.Context, source deadLetterSource, stdout io.Writer) error {
	after := uint64(0)
	for {
		views, err := source.list(ctx, after)
		if err != nil || len(views) == 0 {
			return err
		}
		for _, view := range views {
			if err := writeLine(stdout, view); err != nil {
				return err
			}
		}
		var last deadLetterView
		if err := json.Unmarshal(views[len(views)-1], &last); err != nil {
			return err
		}
		if last.Number <= after {
			return errors.New("the gateway repeats its list")
		}
		after = last.Number
	}
}

func writeLine(w io.Writer, line json.RawMessage) error {
	_, err := w.Write(append(line[:len(line):len(line)], '\n'))
	return err
}
