package embedded

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A server that is well is not stopped for an error that is gone at once.
func TestLasting(t *testing.T) {
	failed := errors.New("failed to be ready for connections after 1ms")
	for failures, want := range map[int]error{0: nil, 1: nil, 2: nil, 1000: failed} {
		assert.Equal(t, want, lasting(func() error {
			if failures--; failures >= 0 {
				return failed
			}
			return nil
		}), failures)
	}
}
