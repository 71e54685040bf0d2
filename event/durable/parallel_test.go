package durable_test

import (
	"flag"
	"runtime"
	"strconv"
)

// setParallel has four times as many tests run at once as there are processors, unless -parallel
// is set: they wait more than they compute.
func setParallel() {
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "test.parallel" })
	if !set {
		_ = flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0)))
	}
}
