package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// gcPercent replaces the default of GOGC, 100. Without a store the live heap is small:
// 12 MB for each vendor whose de-duplication memory is full. Nearly everything else is
// garbage soon after it is allocated. Collecting it a quarter as often saves about a
// twentieth of the processor time, and costs 36 MB more for each such vendor.
const gcPercent = 400

// A store has more that is live, in proportion to the events of a day, and buffers of
// many megabytes. Four times of that would be garbage. So the memory is limited too, by
// what is live: a fixed limit would have the collector run all the time once that comes
// near it.
const (
	minLimit    = 160 << 20
	garbageRoom = 64 << 20 // or a quarter of what is live
	limitEvery  = time.Second
)

// tuneGC makes the garbage collector run less often, until ctx is done, unless the
// environment sets GOGC or GOMEMLIMIT.
func tuneGC(ctx context.Context, getenv func(string) string) {
	if getenv("GOGC") != "" || getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(minLimit)
	go func() {
		tick := time.NewTicker(limitEvery)
		defer tick.Stop()
		limit := int64(minLimit)
		for {
			select {
			case <-ctx.Done():
				return // the last seconds are not long enough to need another
			case <-tick.C:
			}
			if next := memoryLimit(); next != limit {
				limit = next
				debug.SetMemoryLimit(limit)
			}
		}
	}()
}

// memoryLimit is what is in use and room for garbage, at least minLimit.
func memoryLimit() int64 {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"},
		// The rest is heap that is not live, and what was given back.
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) int64 { return int64(samples[i].Value.Uint64()) }
	used := value(0) + value(1) - value(2) - value(3) - value(4) - value(5)
	return max(minLimit, used+max(garbageRoom, value(0)/4))
}
