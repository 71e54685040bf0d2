package durable

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A sender can make up any number of IDs.
func TestConflictsAreBounded(t *testing.T) {
	var c conflicts
	for i := range 3 * maxConflicts {
		id := strconv.Itoa(i)
		assert.False(t, c.known(id))
		assert.True(t, c.add(id))
		assert.True(t, c.known(id))
		assert.False(t, c.add(id))
		assert.LessOrEqual(t, len(c.ids), maxConflicts)
	}
}
