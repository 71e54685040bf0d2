package main

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keepGC undoes what tuneGC does.
func keepGC(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	t.Cleanup(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
}

// An operator's own GOGC or GOMEMLIMIT counts.
func TestTuneGC(t *testing.T) {
	keepGC(t)
	for variable, want := range map[string]struct {
		percent int
		limit   int64
	}{
		"GOGC":       {100, math.MaxInt64},
		"GOMEMLIMIT": {100, math.MaxInt64},
		"":           {gcPercent, minLimit},
	} {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(math.MaxInt64)
		ctx, cancel := context.WithCancel(t.Context())
		tuneGC(ctx, func(name string) string {
			if name == variable {
				return "50"
			}
			return ""
		})
		assert.Equal(t, want.limit, debug.SetMemoryLimit(-1), variable)
		assert.Equal(t, want.percent, debug.SetGCPercent(100), variable)
		cancel()
	}
}

// With more live than the least limit, the collector still has room.
func TestMemoryLimitFollowsWhatIsLive(t *testing.T) {
	keepGC(t)
	debug.SetMemoryLimit(math.MaxInt64)
	tuneGC(t.Context(), func(string) string { return "" })
	live := make([]byte, 2*minLimit)
	for i := range live {
		live[i] = 1
	}
	runtime.GC()
	require.Eventually(t, func() bool { return debug.SetMemoryLimit(-1) > int64(len(live)+garbageRoom) }, time.Minute, 10*time.Millisecond)
	runtime.KeepAlive(live)
	live = nil
	require.Eventually(t, func() bool {
		runtime.GC()
		return debug.SetMemoryLimit(-1) < 2*minLimit
	}, time.Minute, 10*time.Millisecond)
}
