//go:build !race

package verify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// Under the race detector sync.Pool forgets on purpose.
func TestHMACDoesNotAllocate(t *testing.T) {
	v, err := verify.NewHMAC(verify.HMACConfig{Header: "X-Sig", Secrets: event.Secrets("another secret of tests", vectorKey)})
	require.NoError(t, err)
	r, body := post("X-Sig", vectorHex), []byte(vectorBody)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := v.Verify(r, body); err != nil {
			t.Fatal(err)
		}
	}))
}
