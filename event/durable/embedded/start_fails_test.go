package embedded_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable/embedded"
)

// A store that the server cannot open is an error at once, not minutes later.
func TestOpenFailsAtOnce(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "jetstream"), nil, 0o600))
	opened := make(chan error, 1)
	go func() {
		_, err := embedded.Open(t.Context(), config(dir))
		opened <- err
	}()
	select {
	case err := <-opened:
		assert.ErrorContains(t, err, "cannot be opened")
	case <-time.After(patience):
		require.FailNow(t, "Open hangs")
	}
}
