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

// A letterbox is where dead letters are: behind the admin side of a gateway that
// runs, or in a directory that none has open.
type letterbox interface {
	// letters returns dead letters with numbers above after, in order, without
	// their events; none if there are no more.
	letters(ctx context.Context, after uint64) ([]json.RawMessage, error)
	letter(ctx context.Context, number uint64) (json.RawMessage, error)
	retry(ctx context.Context, number uint64) error
	drop(ctx context.Context, number uint64) error
	Close() error
}

// deadOptions are what the arguments of gateway dead say.
type deadOptions struct {
	verb    string
	admin   string
	dir     string // "": ask at admin
	timeout time.Duration
	numbers []uint64
}

const deadUsage = `Usage: gateway dead list [flags]
       gateway dead show|retry|drop [flags] number…

Lists the events that were given up on, shows them, handles them again, or
deletes them. list and show write lines of JSON. It asks the gateway that runs;
ADMIN_CREDENTIALS has the user and password, if it wants any.

`

// parseDead reads the arguments after "dead". The error is flag.ErrHelp or
// errUsage.
func parseDead(args []string, stderr io.Writer) (*deadOptions, error) {
	o := new(deadOptions)
	flags := flag.NewFlagSet("gateway dead", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.admin, "admin", "http://127.0.0.1:8080", "`URL` of the admin side of the gateway")
	flags.StringVar(&o.dir, "data", "", "open the store in this `directory` instead, which no gateway may have open. retry then writes the lines itself")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "how long the gateway may take to answer, for each number. A retry goes on there after that")
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

// check finds what is wrong with the arguments, and reads the numbers among them.
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
	for _, text := range numbers {
		number, err := strconv.ParseUint(text, 10, 64)
		if strings.HasPrefix(text, "-") {
			return fmt.Errorf("flags go before the numbers: %q", text)
		}
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
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
	case o.timeout <= 0 || o.timeout > longest:
		return fmt.Errorf("-timeout is not more than 0 and at most %s", longest)
	}
	return nil
}

// runDead is the command gateway dead. It returns the exit status: exitFailed if
// any of the numbers failed.
func runDead(ctx context.Context, args []string, env environment, stdout, stderr io.Writer) int {
	o, err := parseDead(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	box, err := o.open(ctx, env, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "gateway: dead:", err)
		if _, ok := errors.AsType[usageError](err); ok {
			return exitUsage
		}
		return exitFailed
	}
	err = errors.Join(o.do(ctx, box, stdout), box.Close())
	if err != nil {
		fmt.Fprintln(stderr, "gateway: dead:", err)
		return exitFailed
	}
	return exitOK
}

// A usageError is one of flags and variables.
type usageError struct{ error }

func (o *deadOptions) open(ctx context.Context, env environment, stdout, stderr io.Writer) (letterbox, error) {
	if o.dir == "" {
		return newAdminClient(o.admin, o.timeout, env)
	}
	if o.verb == "retry" { // before the dead letter is gone
		if err := endHalfLine(stdout); err != nil {
			return nil, err
		}
	}
	// What is going well is no news to whoever looks at their terminal.
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return openLetters(ctx, o.dir, env, stdout, log)
}

// do does what the verb says, to all numbers even if one fails.
func (o *deadOptions) do(ctx context.Context, box letterbox, stdout io.Writer) error {
	if o.verb == "list" {
		return list(ctx, box, stdout)
	}
	var failed []error
	for _, number := range o.numbers {
		var err error
		switch o.verb {
		case "show":
			var l json.RawMessage
			if l, err = box.letter(ctx, number); err == nil {
				err = writeLine(stdout, l)
			}
		case "retry":
			err = box.retry(ctx, number)
		case "drop":
			err = box.drop(ctx, number)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s %d: %w", o.verb, number, err))
		}
	}
	return errors.Join(failed...)
}

func list(ctx context.Context, box letterbox, stdout io.Writer) error {
	after := uint64(0)
	for {
		letters, err := box.letters(ctx, after)
		if err != nil || len(letters) == 0 {
			return err
		}
		for _, l := range letters {
			if err := writeLine(stdout, l); err != nil {
				return err
			}
		}
		var last letter
		if err := json.Unmarshal(letters[len(letters)-1], &last); err != nil {
			return err
		}
		if last.Number <= after {
			return errors.New("the list does not go on")
		}
		after = last.Number
	}
}

func writeLine(w io.Writer, text json.RawMessage) error {
	_, err := w.Write(append(text[:len(text):len(text)], '\n'))
	return err
}
