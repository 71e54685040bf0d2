package embedded_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// tail makes a store of one shard with ten events, all of which were handled, changes its
// file, and returns the store that is opened then.
func tail(t *testing.T, change func(content []byte) []byte) (s *embedded.Store, handled *atomic.Int64, log *bytes.Buffer) {
	t.Helper()
	log = new(bytes.Buffer)
	c := config(t.TempDir())
	c.Shards, c.Logger = 1, slog.New(slog.NewTextHandler(log, nil))
	s, err := embedded.Open(t.Context(), c)
	require.NoError(t, err)
	for n := range 10 {
		require.NoError(t, s.HandleEvent(t.Context(), newEvent(n)))
	}
	handled = consume(t, s, 10)
	require.NoError(t, s.Close())
	files, err := filepath.Glob(filepath.Join(c.Dir, "jetstream", "*", "streams", "accesshook-0", "msgs", "*.blk"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	content, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(files[0], change(content), 0o600))

	log.Reset()
	s, err = embedded.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, handled, log
}

// consume handles events until there were n, and returns their number.
func consume(t *testing.T, s *embedded.Store, n int64) *atomic.Int64 {
	t.Helper()
	handled := new(atomic.Int64)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.Run(ctx, event.HandlerFunc(func(context.Context, *event.Event) error {
			if handled.Add(1) == n {
				cancel()
			}
			return nil
		}))
	}()
	require.NoError(t, <-done)
	return handled
}

// What was never written whole was never answered 200: nothing is missing.
func TestTornEndIsNoLoss(t *testing.T) {
	s, _, log := tail(t, func(content []byte) []byte {
		return append(content, content[:200]...) // the beginning of a record
	})
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Zero(t, stats.Missing)
	assert.Equal(t, uint64(10), stats.Events)
	assert.Contains(t, log.String(), `level=INFO msg="embedded: the end of a file was never written, and is cut off"`)
	assert.NotContains(t, log.String(), "ERROR")
}

// Events take the place of lost ones that were handled: they are handled too.
func TestLostEnd(t *testing.T) {
	s, _, log := tail(t, func(content []byte) []byte { return content[:len(content)*45/100] })
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(10), stats.Missing+stats.Events, log)
	assert.Contains(t, log.String(), `missing=6 where="end 6"`)
	for n := range 4 { // of which three are sent again
		require.NoError(t, s.HandleEvent(t.Context(), newEvent(7+n)))
	}
	consume(t, s, 4)
	stats, err = s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(8), stats.Events)
	assert.Equal(t, uint64(6), stats.Missing)
}
