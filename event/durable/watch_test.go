package durable_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

// Ready says that there is no server, and that the store is closed.
func TestReady(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{})
	require.NoError(t, s.Ready())
	srv.Shutdown()
	srv.WaitForShutdown()
	eventually(t, "not ready", func() bool { return s.Ready() != nil })
	require.NoError(t, s.Close())
	assert.ErrorIs(t, s.Ready(), durable.ErrClosed)
}
