package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test is run by itself as the bare server, as main is.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == bareCommand {
		_ = serveBare(os.Args[2])
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, 3, 200, 7))
	assert.Regexp(t, `(?m)^round 3: gateway \d+/s, bare handler \d+/s, ratio \d+\.\d\d\nmedian: gateway \d+/s, bare handler \d+/s, ratio \d+\.\d\d\n\z`, out.String())
}

func TestEveryRequestDiffers(t *testing.T) {
	seen := make(map[string]bool)
	for round := range 3 {
		for _, r := range prepare(round, 50) {
			seen[string(r)] = true
		}
	}
	assert.Len(t, seen, 150)
}
