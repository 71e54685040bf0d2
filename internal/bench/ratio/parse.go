package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
)

// A result is one line of a benchmark's output.
type result struct {
	nsPerOp     float64
	bytesPerOp  float64
	allocsPerOp float64
}

// parse finds the result of one benchmark in the output of a test binary. name
// has no Benchmark in front and no number of CPUs behind it. Exactly one line
// must be about it.
func parse(output, name string) (result, error) {
	var r result
	found := false
	for lines := bufio.NewScanner(strings.NewReader(output)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || benchmarkName(fields[0]) != name {
			continue
		}
		if found {
			return result{}, fmt.Errorf("benchmark %s reports twice", name)
		}
		units, err := values(fields[2:])
		if err != nil {
			return result{}, fmt.Errorf("benchmark %s: %w", name, err)
		}
		ns, ok := units["ns/op"]
		if !ok || ns <= 0 {
			return result{}, fmt.Errorf("benchmark %s reports no ns/op", name)
		}
		bytes, ok := units["B/op"]
		if !ok {
			return result{}, fmt.Errorf("benchmark %s reports no B/op", name)
		}
		allocs, ok := units["allocs/op"]
		if !ok {
			return result{}, fmt.Errorf("benchmark %s reports no allocs/op", name)
		}
		r, found = result{ns, bytes, allocs}, true
	}
	if !found {
		return result{}, fmt.Errorf("benchmark %s reports nothing", name)
	}
	return r, nil
}

// benchmarkName turns "BenchmarkHandler-2" into "Handler". With one CPU there is
// no number.
func benchmarkName(s string) string {
	name, ok := strings.CutPrefix(s, "Benchmark")
	if !ok {
		return ""
	}
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		if _, err := strconv.ParseUint(name[i+1:], 10, 32); err == nil {
			return name[:i]
		}
	}
	return name
}

// values reads pairs of a number and its unit.
func values(fields []string) (map[string]float64, error) {
	if len(fields)%2 != 0 {
		return nil, fmt.Errorf("a number without a unit: %q", fields)
	}
	m := make(map[string]float64)
	for i := 0; i < len(fields); i += 2 {
		n, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return nil, fmt.Errorf("not a number: %q", fields[i])
		}
		m[fields[i+1]] = n
	}
	return m, nil
}
