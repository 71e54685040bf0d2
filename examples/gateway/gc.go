package main

import "runtime/debug"

// gcPercent replaces the default of GOGC, 100. The live heap is small: 12 MB for each
// vendor whose de-duplication memory is full. Nearly everything else is garbage soon
// after it is allocated. Collecting it a quarter as often saves about a twentieth of the
// processor time, and costs 36 MB more for each such vendor.
const gcPercent = 400

// tuneGC makes the garbage collector run less often, unless the environment sets GOGC
// or GOMEMLIMIT.
func tuneGC(env environment) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if value, _ := env(name); value != "" {
			return
		}
	}
	debug.SetGCPercent(gcPercent)
}
