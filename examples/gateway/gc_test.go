package main

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTuneGC(t *testing.T) {
	for name, tt := range map[string]struct {
		env  map[string]string
		want int
	}{
		"nothing is set":     {nil, gcPercent},
		"GOGC is empty":      {map[string]string{"GOGC": ""}, gcPercent},
		"GOGC is set":        {map[string]string{"GOGC": "77"}, 77},
		"GOMEMLIMIT is set":  {map[string]string{"GOMEMLIMIT": "100MiB"}, 77},
		"something else is":  {map[string]string{"GODEBUG": "x"}, gcPercent},
		"both of them, even": {map[string]string{"GOGC": "off", "GOMEMLIMIT": "1GiB"}, 77},
	} {
		t.Run(name, func(t *testing.T) {
			before := debug.SetGCPercent(77)
			tuneGC(func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok })
			assert.Equal(t, tt.want, debug.SetGCPercent(before))
		})
	}
}
