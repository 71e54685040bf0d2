//go:build !race

package verify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Under the race detector sync.Pool forgets on purpose.
func TestSignedDoesNotAllocate(t *testing.T) {
	for name, s := range schemes(t) {
		s.config.InsecureNoWindow = s.timestamp != 0
		v, r, body := newSigned(t, s.config), s.request(), []byte(s.body)
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			if err := v.Precheck(r); err != nil {
				t.Fatal(err)
			}
		}), "%s, Precheck", name)
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := v.Verify(r, body); err != nil {
				t.Fatal(err)
			}
		}), "%s, Verify", name)
	}
}
