package main

import "runtime/debug"

// gcPercent is what the gateway has instead of GOGC's 100. What it holds is small,
// 12 MB for each vendor whose memory of duplicates is full, and nearly all that it
// allocates is garbage soon after. Collecting it a quarter as often saves some
// twentieth of the processor time, and takes 36 MB more for each such vendor.
const gcPercent = 400

// tuneGC makes the garbage collector run less often, unless the environment says
// how often it should, or how much memory there is.
func tuneGC(env environment) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if value, _ := env(name); value != "" {
			return
		}
	}
	debug.SetGCPercent(gcPercent)
}
