// Command ratio compares each vendor's BenchmarkHandler with its
// BenchmarkHandwritten and BenchmarkFloor, and prints a table in Markdown:
//
//	go run ./internal/bench/ratio [-rounds 9] [-benchtime 200ms] [-w README.md] [vendor ...]
//
// Machines drift by a factor of two within seconds. So the test binary of each
// package is compiled once, and in each round its three benchmarks run one right
// after the other, in processes of their own. What counts is the median, over
// the rounds, of the ratios within a round.
//
// With -w, which takes all vendors, the table also replaces what stands in that
// file between the lines
//
//	<!-- bench -->
//	<!-- /bench -->
//
// A figure that is over its limit is marked and is no failure of the program,
// since a busy machine can cause it. A package that is not there, or whose
// benchmarks fail, is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "ratio:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("ratio", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rounds := flags.Int("rounds", 9, "how often each benchmark is run")
	benchtime := flags.Duration("benchtime", 200*time.Millisecond, "how long each benchmark runs in a round")
	file := flags.String("w", "", "also write the table into this `file`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *benchtime <= 0 {
		return errors.New("-rounds and -benchtime must be positive")
	}
	chosen, err := choose(flags.Args())
	if err != nil {
		return err
	}
	if *file != "" {
		if len(chosen) != len(vendors) {
			return errors.New("-w takes all vendors")
		}
		if err := checkFile(*file); err != nil { // before minutes of measuring
			return err
		}
	}
	p, err := thisPlatform(ctx)
	if err != nil {
		return err
	}
	summaries, err := compare(ctx, chosen, *rounds, *benchtime, stderr)
	if err != nil {
		return err
	}
	text := table(p, *rounds, summaries)
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if *file != "" {
		return replaceFile(*file, text)
	}
	return nil
}

// choose returns the vendors with these names; without names, all of them.
func choose(names []string) ([]vendor, error) {
	if len(names) == 0 {
		return vendors, nil
	}
	var chosen []vendor
	for _, name := range names {
		i := slices.IndexFunc(vendors, func(v vendor) bool { return v.pkg == name })
		if i < 0 {
			return nil, fmt.Errorf("no such vendor: %q", name)
		}
		chosen = append(chosen, vendors[i])
	}
	return chosen, nil
}

func checkFile(name string) error {
	document, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := replace(string(document), ""); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// thisPlatform asks the go command that compiles the tests, which need not be
// the one that has compiled us.
func thisPlatform(ctx context.Context) (platform, error) {
	output, err := command(ctx, "", "go", "env", "GOVERSION", "GOOS", "GOARCH")
	if err != nil {
		return platform{}, err
	}
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) != 3 {
		return platform{}, fmt.Errorf("go env says %q", output)
	}
	return platform{lines[0], lines[1], lines[2], runtime.NumCPU()}, nil
}

// compare measures all vendors, round by round.
func compare(ctx context.Context, chosen []vendor, rounds int, benchtime time.Duration, progress io.Writer) ([]summary, error) {
	dir, err := os.MkdirTemp("", "ratio")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	binaries := make([]binary, len(chosen))
	for i, v := range chosen {
		if binaries[i], err = compile(ctx, v, dir); err != nil {
			return nil, err
		}
	}
	results := make([][]round, len(chosen))
	for n := range rounds {
		fmt.Fprintf(progress, "round %d of %d\n", n+1, rounds)
		for i, v := range chosen {
			r, err := binaries[i].measure(ctx, benchtime)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", v.pkg, err)
			}
			results[i] = append(results[i], r)
		}
	}
	summaries := make([]summary, len(chosen))
	for i, v := range chosen {
		summaries[i] = summarize(v, results[i])
	}
	return summaries, nil
}
