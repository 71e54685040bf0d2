package embedded_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// The server has limits of its own, 64 MiB on their way and 32 MiB on disk.
func TestLargeBodies(t *testing.T) {
	c := config(t.TempDir())
	c.MaxBody, c.Shards = 20<<20, 1
	s, err := embedded.Open(t.Context(), c)
	require.NoError(t, err)
	defer s.Close()
	e := newEvent(1)
	e.Reason = strings.Repeat("x", 31<<20)
	require.NoError(t, s.HandleEvent(t.Context(), e))
	e.ID, e.Reason = "event-2", e.Reason+e.Reason[:2<<20]
	err = s.HandleEvent(t.Context(), e)
	require.ErrorIs(t, err, durable.ErrTooLarge)
	_, unavailable := event.IsUnavailable(err)
	assert.False(t, unavailable, "it would be sent again for ever")
}
