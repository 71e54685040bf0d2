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
		"Handler": {want: result{2925, 6}},
		"Floor":   {want: result{987.5, 0}},
		"Bare":    {err: "benchmark Bare reports no allocs/op"},
		"Twice":   {err: "benchmark Twice reports twice"},
		"NoTime":  {err: "benchmark NoTime reports no ns/op"},
		"Odd":     {err: "benchmark Odd: a number without a unit"},
		"Words":   {err: "benchmark Words: not a number"},
		"Failed":  {err: "benchmark Failed"},
		"Missing": {err: "benchmark Missing reports nothing"},
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
	at := func(ns, allocs float64) result { return result{ns, allocs} }
	got := summarize(vendors[0], []round{
		{at(400, 6), at(1000, 30), at(200, 5)},
		{at(4000, 6), at(10000, 30), at(2000, 5)},
		{at(450, 7), at(1000, 30), at(300, 5)},
	})
	assert.Equal(t, vendors[0], got.vendor)
	assert.InDelta(t, 450, got.nsPerOp, 1e-9)
	assert.InDelta(t, 6, got.allocs, 1e-9)
	assert.InDelta(t, 0.4, got.handwritten, 1e-9)
	assert.InDelta(t, 2, got.floor, 1e-9)
}

func TestTable(t *testing.T) {
	summaries := []summary{
		{vendor: vendors[0], nsPerOp: 2925.4, allocs: 6, handwritten: 0.4411, floor: 1.46},
		{vendor: vendors[2], nsPerOp: 2080, allocs: 10, handwritten: 0.501, floor: 2.001},
	}
	assert.Equal(t, `go1.26.8, linux/amd64, 2 CPUs; medians of 9 interleaved rounds, limits in parentheses.

| vendor | Handler ns/op | ÷ Handwritten (limit) | ÷ Floor (limit) | allocations (limit) |
| --- | ---: | ---: | ---: | ---: |
| Relock | 2925 | 0.45 (0.50) | 1.46 (1.70) | 6 (12) |
| Unloc | 2080 | **0.51 over** (0.50) | **2.01 over** (2.00) | **10 over** (9) |
`, table(platform{"go1.26.8", "linux", "amd64", 2}, 9, summaries))

	assert.Contains(t, table(platform{"go1.27.0", "linux", "amd64", 2}, 9, summaries),
		"| Unloc | 2080 | – | **2.01 over** (2.00) |")
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
		"empty":         {document: "a\n<!-- benchratio -->\n<!-- /benchratio -->\nz\n", want: "a\n<!-- benchratio -->\n\nNEW\n\n<!-- /benchratio -->\nz\n"},
		"old text":      {document: "a\n<!-- benchratio -->\nold\n\nold\n<!-- /benchratio -->\nz", want: "a\n<!-- benchratio -->\n\nNEW\n\n<!-- /benchratio -->\nz"},
		"end of file":   {document: "<!-- benchratio -->\n<!-- /benchratio -->", want: "<!-- benchratio -->\n\nNEW\n\n<!-- /benchratio -->"},
		"CRLF":          {document: "<!-- benchratio -->\r\nold\r\n<!-- /benchratio -->\r\n", want: "<!-- benchratio -->\r\n\nNEW\n\n<!-- /benchratio -->\r\n"},
		"in a sentence": {document: "see <!-- benchratio -->\n<!-- benchratio -->\n<!-- /benchratio -->\n", want: "see <!-- benchratio -->\n<!-- benchratio -->\n\nNEW\n\n<!-- /benchratio -->\n"},
		"neither":       {document: "a\n", err: "no line <!-- benchratio -->"},
		"no end":        {document: "<!-- benchratio -->\n", err: "no line <!-- /benchratio -->"},
		"no beginning":  {document: "<!-- /benchratio -->\n", err: "no line <!-- benchratio -->"},
		"wrong order":   {document: "<!-- /benchratio -->\n<!-- benchratio -->\n", err: "comes before"},
		"twice":         {document: "<!-- benchratio -->\n<!-- benchratio -->\n<!-- /benchratio -->\n", err: "twice"},
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
	require.NoError(t, os.WriteFile(name, []byte("a\n<!-- benchratio -->\n<!-- /benchratio -->\n"), 0o600))
	require.NoError(t, replaceFile(name, "NEW"))
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "a\n<!-- benchratio -->\n\nNEW\n\n<!-- /benchratio -->\n", string(got))
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
			*Handler*) echo "BenchmarkHandler-2 10 300 ns/op 0 B/op 6 allocs/op";;
			*Handwritten*) echo "BenchmarkHandwritten-2 10 600 ns/op 0 B/op 22 allocs/op";;
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
			assert.Equal(t, round{result{300, 6}, result{600, 22}, result{200, 5}}, got)
		})
	}
}
