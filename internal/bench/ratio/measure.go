package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A round has the results of one vendor's benchmarks, measured one right after
// the other.
type round struct {
	handler, handwritten, floor result
}

// A binary is the compiled tests of a vendor's package.
type binary struct {
	file string
	dir  string // where it runs
}

// compile builds the tests of v's package into dir.
func compile(ctx context.Context, v vendor, dir string) (binary, error) {
	where, err := command(ctx, "", "go", "list", "-f", "{{.Dir}}", module+v.pkg)
	if err != nil {
		return binary{}, fmt.Errorf("%s: %w", v.pkg, err)
	}
	b := binary{filepath.Join(dir, v.pkg+".test"), strings.TrimSpace(where)}
	if _, err := command(ctx, "", "go", "test", "-c", "-o", b.file, module+v.pkg); err != nil {
		return binary{}, fmt.Errorf("%s: %w", v.pkg, err)
	}
	return b, nil
}

// measure runs the three benchmarks of a package, each in a process of its own.
func (b binary) measure(ctx context.Context, benchtime time.Duration) (r round, err error) {
	for _, m := range []struct {
		name string
		to   *result
	}{{"Handler", &r.handler}, {"Handwritten", &r.handwritten}, {"Floor", &r.floor}} {
		output, err := command(ctx, b.dir, b.file, "-test.run=^$", "-test.bench=^Benchmark"+m.name+"$",
			"-test.benchtime="+benchtime.String(), "-test.benchmem", "-test.count=1")
		if err != nil {
			return round{}, fmt.Errorf("benchmark %s: %w", m.name, err)
		}
		if *m.to, err = parse(output, m.name); err != nil {
			return round{}, err
		}
	}
	return r, nil
}

// command returns the standard output of a program. Its error has what the
// program wrote.
func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", filepath.Base(name), err, stderr.String(), stdout.String())
	}
	return stdout.String(), nil
}

// A summary has the medians of a vendor's rounds.
type summary struct {
	vendor
	nsPerOp float64
	costs   costs
}

// summarize takes the ratios within each round, where the machine was as fast
// for the one as for the other, and then their medians.
func summarize(v vendor, rounds []round) summary {
	medianOf := func(f func(round) float64) float64 {
		all := make([]float64, len(rounds))
		for i, r := range rounds {
			all[i] = f(r)
		}
		return median(all)
	}
	return summary{
		vendor:  v,
		nsPerOp: medianOf(func(r round) float64 { return r.handler.nsPerOp }),
		costs: costs{
			handwritten: medianOf(func(r round) float64 { return r.handler.nsPerOp / r.handwritten.nsPerOp }),
			floor:       medianOf(func(r round) float64 { return r.handler.nsPerOp / r.floor.nsPerOp }),
			allocs:      medianOf(func(r round) float64 { return r.handler.allocsPerOp }),
			bytes:       medianOf(func(r round) float64 { return r.handler.bytesPerOp }),
		},
	}
}

// median returns the middle of values, which must not be empty; of an even
// number, the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
