package userlock_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

func TestEventTypes(t *testing.T) {
	types := userlock.EventTypes()
	assert.Len(t, types, 20)
	assert.Equal(t, event.AuthenticationFailed, types["420"])
	assert.NotContains(t, types, "")
	for name, typ := range types {
		assert.Contains(t, event.Types(), typ, name)
		assert.NotEqual(t, event.Unknown, typ, name)
	}
	clear(types)
	assert.Len(t, userlock.EventTypes(), 20, "a copy")
}
