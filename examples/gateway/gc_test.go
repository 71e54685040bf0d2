package main

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

// An operator's own GOGC or GOMEMLIMIT counts.
func TestTuneGC(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	for variable, want := range map[string]int{"GOGC": 100, "GOMEMLIMIT": 100, "": gcPercent} {
		debug.SetGCPercent(100)
		tuneGC(func(name string) string {
			if name == variable {
				return "50"
			}
			return ""
		})
		assert.Equal(t, want, debug.SetGCPercent(100), variable)
	}
}
