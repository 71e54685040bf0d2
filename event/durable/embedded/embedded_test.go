package embedded_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
)

// patience bounds every wait. Nothing takes that long unless it is broken.
const patience = time.Minute

func config(dir string) embedded.Config {
	return embedded.Config{Dir: dir, Config: durable.Config{
		Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode},
		Logger:   slog.New(slog.DiscardHandler),
	}}
}

func newEvent(n int) *event.Event {
	return &event.Event{ID: fmt.Sprintf("event-%d", n), Vendor: relock.Vendor, Source: relock.Vendor, Type: event.SessionStarted, Time: time.Unix(1e9, 0)}
}

// Two servers on one directory would lose events without a word.
func TestOpenRefusesADirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	s, err := embedded.Open(t.Context(), config(dir))
	require.NoError(t, err)
	require.NoError(t, s.HandleEvent(t.Context(), newEvent(1)))
	_, err = embedded.Open(t.Context(), config(dir))
	require.ErrorIs(t, err, embedded.ErrInUse)
	require.NoError(t, s.HandleEvent(t.Context(), newEvent(2)), "the first still works")
	require.NoError(t, s.Close())

	s, err = embedded.Open(t.Context(), config(dir))
	require.NoError(t, err, "after Close it is free")
	defer s.Close()
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(2), stats.Events)
}

// What Open took is given back when it fails, so that it can be tried again.
func TestOpenFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	used := t.TempDir()
	s, err := embedded.Open(t.Context(), config(used))
	require.NoError(t, err)
	require.NoError(t, s.Close())

	for _, test := range []struct {
		name   string
		change func(*embedded.Config)
		want   string
	}{
		{"no directory", func(c *embedded.Config) { c.Dir = "" }, "Config.Dir"},
		{"inside of another", func(c *embedded.Config) { c.Dir = filepath.Join(used, "jetstream") }, "must not be called jetstream"},
		{"a file", func(c *embedded.Config) { c.Dir = file }, "not a directory"},
		{"replicas", func(c *embedded.Config) { c.Replicas = 3 }, "Config.Replicas"},
		{"no payloads", func(c *embedded.Config) { c.Payloads = nil }, "Config.Payloads"},
		{"large bodies", func(c *embedded.Config) { c.MaxBody, c.MaxBytes = 1<<30, 1<<40 }, "Config.MaxBody"},
		{"other shards", func(c *embedded.Config) { c.Shards = 3 }, "3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			c := config(used)
			test.change(&c)
			_, err := embedded.Open(t.Context(), c)
			require.ErrorContains(t, err, test.want)
			if test.name == "other shards" {
				assert.ErrorIs(t, err, durable.ErrMismatch)
			}
			s, err := embedded.Open(t.Context(), config(used))
			require.NoError(t, err, "the directory is free")
			require.NoError(t, s.Close())
			for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
				require.True(t, time.Now().Before(deadline), "a goroutine stays")
			}
		})
	}
}

func TestFilesAreForTheOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "store")
	s, err := embedded.Open(t.Context(), config(dir))
	require.NoError(t, err)
	defer s.Close()
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestCloseTwice(t *testing.T) {
	s, err := embedded.Open(t.Context(), config(t.TempDir()))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	err = s.HandleEvent(t.Context(), newEvent(1))
	require.ErrorIs(t, err, durable.ErrClosed)
	assert.ErrorIs(t, s.Run(context.Background(), event.NewMux()), durable.ErrClosed)
}
