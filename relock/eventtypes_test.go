package relock_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

func TestEventTypes(t *testing.T) {
	types := relock.EventTypes()
	assert.Len(t, types, 7)
	assert.Equal(t, event.SessionStarted, types["session.created"])
	assert.NotContains(t, types, "")
	for name, typ := range types {
		assert.Contains(t, event.Types(), typ, name)
		assert.NotEqual(t, event.Unknown, typ, name)
	}
	clear(types)
	assert.Len(t, relock.EventTypes(), 7, "a copy")
}
