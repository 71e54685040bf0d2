package unloc_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
)

func TestEventTypes(t *testing.T) {
	types := unloc.EventTypes()
	assert.Len(t, types, 3)
	assert.Equal(t, event.LockCodeViewed, types["viewedCode"])
	assert.NotContains(t, types, "")
	for name, typ := range types {
		assert.Contains(t, event.Types(), typ, name)
		assert.NotEqual(t, event.Unknown, typ, name)
	}
	clear(types)
	assert.Len(t, unloc.EventTypes(), 3, "a copy")
}
