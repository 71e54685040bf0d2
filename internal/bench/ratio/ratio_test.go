package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	const output = `goos: linux
goarch: amd64
pkg: github.com/accesshook/accesshook/relock
cpu: Some Processor 2.5
BenchmarkHandler-2       	   73472	      2925 ns/op	 124.78 MB/s	    1888 B/op	       6 allocs/op
BenchmarkHandlerOther-2  	   73472	      9999 ns/op	    1888 B/op	       9 allocs/op
BenchmarkFloor           	 1000000	       987.5 ns/op	       0 B/op	       0 allocs/op
BenchmarkBare-16         	 1000000	       987.5 ns/op
BenchmarkNoAllocs-2      	 1000000	       987.5 ns/op	       8 B/op
BenchmarkTwice-2         	       1	         1 ns/op	       0 B/op	       0 allocs/op
BenchmarkTwice-2         	       1	         1 ns/op	       0 B/op	       0 allocs/op
BenchmarkNoTime-2        	       1	         1 MB/s	       0 B/op	       0 allocs/op
BenchmarkOdd-2           	       1	         1 ns/op	       0 B/op	       0
BenchmarkWords-2         	       1	       one ns/op	       0 B/op	       0 allocs/op
BenchmarkFailed-2        	--- FAIL: BenchmarkFailed-2
PASS
`
	for name, test := range map[string]struct {
		want result
		err  string
	}{
		"Handler":  {want: result{2925, 1888, 6}},
		"Floor":    {want: result{987.5, 0, 0}},
		"Bare":     {err: "benchmark Bare reports no B/op"},
		"NoAllocs": {err: "benchmark NoAllocs reports no allocs/op"},
		"Twice":    {err: "benchmark Twice reports twice"},
		"NoTime":   {err: "benchmark NoTime reports no ns/op"},
		"Odd":      {err: "benchmark Odd: a number without a unit"},
		"Words":    {err: "benchmark Words: not a number"},
		"Failed":   {err: "benchmark Failed"},
		"Missing":  {err: "benchmark Missing reports nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(output, name)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestBenchmarkName(t *testing.T) {
	for s, want := range map[string]string{
		"BenchmarkHandler": "Handler", "BenchmarkHandler-2": "Handler", "BenchmarkHandler-128": "Handler",
		"BenchmarkHandler/a-b": "Handler/a-b", "BenchmarkHandler/a-b-2": "Handler/a-b", "PASS": "", "": "",
	} {
		assert.Equal(t, want, benchmarkName(s), s)
	}
}

func TestMedian(t *testing.T) {
	for name, test := range map[string]struct {
		values []float64
		want   float64
	}{
		"one":     {[]float64{3}, 3},
		"two":     {[]float64{1, 2}, 1.5},
		"odd":     {[]float64{9, 1, 5}, 5},
		"even":    {[]float64{9, 1, 5, 6}, 5.5},
		"outlier": {[]float64{1, 1, 1, 1, 1000}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			before := append([]float64(nil), test.values...)
			assert.InDelta(t, test.want, median(test.values), 1e-12)
			assert.Equal(t, before, test.values, "left as it was")
		})
	}
}

// The ratio is taken within a round: here the machine slows down by ten.
func TestSummarize(t *testing.T) {
	got := summarize(vendors[0], []round{
		{result{400, 900, 6}, result{1000, 5000, 30}, result{200, 500, 5}},
		{result{4000, 920, 6}, result{10000, 5000, 30}, result{2000, 500, 5}},
		{result{450, 910, 7}, result{1000, 5000, 30}, result{300, 500, 5}},
	})
	assert.Equal(t, vendors[0], got.vendor)
	assert.InDelta(t, 450, got.nsPerOp, 1e-9)
	assert.InDelta(t, 0.4, got.costs.handwritten, 1e-9)
	assert.InDelta(t, 2, got.costs.floor, 1e-9)
	assert.InDelta(t, 6, got.costs.allocs, 1e-9)
	assert.InDelta(t, 910, got.costs.bytes, 1e-9)
}

func TestTable(t *testing.T) {
	summaries := []summary{
		{vendors[0], 2925.4, costs{handwritten: 0.3211, floor: 1.46, allocs: 5, bytes: 1599.5}},
		{vendors[2], 2080, costs{handwritten: 0.461, floor: 1.601, allocs: 10, bytes: 1401}},
	}
	assert.Equal(t, `go1.26.8, linux/amd64, 2 CPUs; medians of 9 interleaved rounds, limits in parentheses.

| vendor | Handler ns/op | ÷ Handwritten (limit) | ÷ Floor (limit) | allocations (limit) | bytes (limit) |
| --- | ---: | ---: | ---: | ---: | ---: |
| Relock | 2925 | 0.33 (0.38) | 1.46 (1.60) | 5 (5) | 1600 (1600) |
| Unloc | 2080 | **0.47 over** (0.46) | **1.61 over** (1.60) | **10 over** (4) | **1401 over** (1400) |
`, table(platform{"go1.26.8", "linux", "amd64", 2}, 9, summaries))

	assert.Contains(t, table(platform{"go1.27.0", "linux", "amd64", 2}, 9, summaries),
		"| Unloc | 2080 | – | **1.61 over** (1.60) |")
}

func TestComparable(t *testing.T) {
	for v, want := range map[string]bool{
		"go1.26": true, "go1.26.8": true, "go1.27rc1": false, "go1.27": false, "go1.27.3": false, "go1.30": false, "go2.0": false,
		"go1.26.8 X:jsonv2": false, "devel go1.28-abcdef": false, "": false,
	} {
		assert.Equal(t, want, platform{goVersion: v}.comparable(), v)
	}
}

func TestFigure(t *testing.T) {
	for name, test := range map[string]struct {
		value, limit float64
		decimals     int
		want         string
	}{
		"under":             {0.42, 0.5, 2, "0.42 (0.50)"},
		"on it":             {0.5, 0.5, 2, "0.50 (0.50)"},
		"on a crooked one":  {1.1, 1.1, 2, "1.10 (1.10)"},
		"just under":        {0.4999, 0.5, 2, "0.50 (0.50)"},
		"just over":         {0.5001, 0.5, 2, "**0.51 over** (0.50)"},
		"whole":             {6, 8, 0, "6 (8)"},
		"half an operation": {8.5, 8, 0, "**9 over** (8)"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, figure(test.value, test.limit, test.decimals))
		})
	}
}

func TestReplace(t *testing.T) {
	for name, test := range map[string]struct{ document, want, err string }{
		"empty":         {document: "a\n<!-- bench -->\n<!-- /bench -->\nz\n", want: "a\n<!-- bench -->\n\nNEW\n\n<!-- /bench -->\nz\n"},
		"old text":      {document: "a\n<!-- bench -->\nold\n\nold\n<!-- /bench -->\nz", want: "a\n<!-- bench -->\n\nNEW\n\n<!-- /bench -->\nz"},
		"end of file":   {document: "<!-- bench -->\n<!-- /bench -->", want: "<!-- bench -->\n\nNEW\n\n<!-- /bench -->"},
		"CRLF":          {document: "<!-- bench -->\r\nold\r\n<!-- /bench -->\r\n", want: "<!-- bench -->\r\n\nNEW\n\n<!-- /bench -->\r\n"},
		"in a sentence": {document: "see <!-- bench -->\n<!-- bench -->\n<!-- /bench -->\n", want: "see <!-- bench -->\n<!-- bench -->\n\nNEW\n\n<!-- /bench -->\n"},
		"neither":       {document: "a\n", err: "no line <!-- bench -->"},
		"no end":        {document: "<!-- bench -->\n", err: "no line <!-- /bench -->"},
		"no beginning":  {document: "<!-- /bench -->\n", err: "no line <!-- bench -->"},
		"wrong order":   {document: "<!-- /bench -->\n<!-- bench -->\n", err: "comes before"},
		"twice":         {document: "<!-- bench -->\n<!-- bench -->\n<!-- /bench -->\n", err: "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := replace(test.document, "NEW\n")
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
			again, err := replace(got, "NEW\n")
			require.NoError(t, err)
			assert.Equal(t, got, again, "the second time changes nothing")
		})
	}
}

func TestReplaceFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(name, []byte("a\n<!-- bench -->\n<!-- /bench -->\n"), 0o600))
	require.NoError(t, replaceFile(name, "NEW"))
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "a\n<!-- bench -->\n\nNEW\n\n<!-- /bench -->\n", string(got))
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.Error(t, replaceFile(filepath.Join(t.TempDir(), "none.md"), "NEW"))
}

func TestRunRefuses(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.md")
	for name, args := range map[string][]string{
		"no rounds":      {"-rounds", "0"},
		"no time":        {"-benchtime", "0s"},
		"unknown vendor": {"nobody"},
		"unknown flag":   {"-x"},
		"part into file": {"-w", none, "relock"},
		"no such file":   {"-w", none},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Error(t, run(t.Context(), args, io.Discard, io.Discard))
		})
	}
}

func TestCompileNamesThePackage(t *testing.T) {
	_, err := compile(t.Context(), vendor{pkg: "nosuchvendor"}, t.TempDir())
	require.ErrorContains(t, err, "nosuchvendor: ")
}

// A shell script stands in for a test binary.
func TestMeasure(t *testing.T) {
	for name, test := range map[string]struct{ script, err string }{
		"all is well": {script: `case "$2" in
			*Handler*) echo "BenchmarkHandler-2 10 300 ns/op 16 B/op 6 allocs/op";;
			*Handwritten*) echo "BenchmarkHandwritten-2 10 600 ns/op 32 B/op 22 allocs/op";;
			*) echo "BenchmarkFloor-2 10 200 ns/op 0 B/op 5 allocs/op";;
		esac`},
		"fails":       {script: "echo 'status 401'; exit 1", err: "benchmark Handler: "},
		"is told why": {script: "echo 'status 401'; exit 1", err: "status 401"},
		"is missing":  {script: "echo PASS", err: "benchmark Handler reports nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "fake.test")
			require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+test.script+"\n"), 0o700))
			got, err := binary{file, t.TempDir()}.measure(t.Context(), time.Second)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, round{result{300, 16, 6}, result{600, 32, 22}, result{200, 0, 5}}, got)
		})
	}
}
