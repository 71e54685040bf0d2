package loginradius_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
)

func TestEventTypes(t *testing.T) {
	types := loginradius.EventTypes()
	assert.Len(t, types, 31)
	assert.Equal(t, event.AuthenticationSucceeded, types["login"])
	assert.NotContains(t, types, "")
	for name, typ := range types {
		assert.Contains(t, event.Types(), typ, name)
		assert.NotEqual(t, event.Unknown, typ, name)
	}
	clear(types)
	assert.Len(t, loginradius.EventTypes(), 31, "a copy")
}
