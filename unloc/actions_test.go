package unloc

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
)

// Every lock.* type is some action's, and every action's type is in the shared
// vocabulary.
func TestActionsAreComplete(t *testing.T) {
	mapped := map[event.Type]string{}
	names := map[string]bool{}
	for _, a := range actions {
		assert.NotEmpty(t, a.name)
		assert.False(t, names[a.name], "%s is listed twice", a.name)
		assert.Empty(t, mapped[a.typ], "%s has two actions", a.typ)
		assert.True(t, slices.Contains(event.Types(), a.typ), "%s is not in the vocabulary", a.typ)
		assert.NotEqual(t, event.Unknown, a.typ)
		names[a.name], mapped[a.typ] = true, a.name
	}
	for _, typ := range event.Types() {
		if strings.HasPrefix(string(typ), "lock.") {
			assert.NotEmpty(t, mapped[typ], "no action for %s", typ)
		}
	}
}
