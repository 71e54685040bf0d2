package embedded_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/event/durable/internal/watermark"
)

// manyEvents is how many events the stores have that are damaged.
const manyEvents = 4000

// fill makes two directories with many events: of one the store was closed, of the other
// the process was killed.
func fill(t *testing.T) (dirs map[string]string) {
	dirs = map[string]string{"closed": filepath.Join(t.TempDir(), "store"), "killed": filepath.Join(t.TempDir(), "store")}
	s, err := embedded.Open(t.Context(), config(dirs["closed"]))
	require.NoError(t, err)
	var sending sync.WaitGroup
	for sender := range 64 {
		sending.Go(func() {
			for n := sender; n < manyEvents; n += 64 {
				assert.NoError(t, s.HandleEvent(context.Background(), newEvent(n)))
			}
		})
	}
	sending.Wait()
	require.Eventually(t, func() bool { return marked(t, dirs["closed"]) == manyEvents }, patience, 10*time.Millisecond)
	require.NoError(t, os.CopyFS(dirs["killed"], os.DirFS(dirs["closed"])))
	require.NoError(t, s.Close())
	return dirs
}

// marked returns how many events the mark file has.
func marked(t *testing.T, dir string) (n uint64) {
	marks, err := watermark.ReadFile(filepath.Join(dir, "accesshook.marks"), "accesshook")
	require.NoError(t, err)
	for _, shard := range marks.Shards {
		n += shard.Last
	}
	return n
}

// copyDir returns a copy of a directory.
func copyDir(t *testing.T, dir string) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "store")
	require.NoError(t, os.CopyFS(target, os.DirFS(dir)))
	return target
}

// content returns the content of all files of a directory.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(text)
		return err
	}))
	return files
}

// readable returns how many events can be read.
func readable(t *testing.T, s *embedded.Store) (n uint64) {
	t.Helper()
	require.NoError(t, s.Replay(t.Context(), time.Time{}, time.Time{}, durable.Filter{}, event.HandlerFunc(func(context.Context, *event.Event) error {
		n++
		return nil
	})))
	return n
}

// A flipped bit is reported, with the number of the events that it costs: one at most.
// Check tells the same without a server, twice, and changes nothing.
func TestFlippedBit(t *testing.T) {
	dirs := fill(t)
	var lost, flips atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d flipped bits: %d events of %d lost, all reported", flips.Load(), lost.Load(), flips.Load()*manyEvents)
		assert.Positive(t, lost.Load())
	})
	flip := func(t *testing.T, how, pattern string, at func(size int) int) {
		t.Parallel()
		dir := copyDir(t, dirs[how])
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		if len(files) == 0 {
			require.Equal(t, "killed", how) // it had no time to write this one
			return
		}
		text, err := os.ReadFile(files[0])
		require.NoError(t, err)
		offset := at(len(text))
		text[offset] ^= 1 << (offset % 8)
		require.NoError(t, os.WriteFile(files[0], text, 0o600))

		before := content(t, dir)
		report, err := embedded.Check(t.Context(), config(dir))
		require.NoError(t, err)
		again, err := embedded.Check(t.Context(), config(dir))
		require.NoError(t, err)
		assert.Equal(t, report, again)
		assert.Equal(t, before, content(t, dir))

		var log bytes.Buffer
		c := config(dir)
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		s, err := embedded.Open(t.Context(), c)
		require.NoError(t, err)
		defer s.Close()
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		n := readable(t, s)
		assert.Equal(t, int(manyEvents-n), int(stats.Missing), "offset %d: %s", offset, &log)
		assert.Equal(t, stats.Missing, report.Missing())
		assert.LessOrEqual(t, stats.Missing, uint64(1))
		assert.Equal(t, stats.Missing > 0, strings.Contains(log.String(), `level=ERROR msg="durable: stored events are missing"`), &log)
		assert.Equal(t, n, stats.Events)
		flips.Add(1)
		lost.Add(int64(stats.Missing))
	}
	at := func(offset int) func(int) int { return func(size int) int { return (offset + size) % size } }
	const block = "jetstream/*/streams/accesshook-3/msgs/1.blk"
	for how := range dirs {
		for name, place := range map[string]struct {
			file string
			at   func(int) int
		}{
			"length":                  {block, at(1)},
			"flag of the length":      {block, at(3)},
			"sequence":                {block, at(4)},
			"flags of the sequence":   {block, at(11)},
			"time":                    {block, at(15)},
			"length of the subject":   {block, at(20)},
			"subject":                 {block, at(25)},
			"length of the header":    {block, at(22 + len("accesshook.relock.session.started"))},
			"header":                  {block, at(22 + len("accesshook.relock.session.started") + 20)},
			"body":                    {block, at(300)},
			"last body":               {block, at(-100)},
			"last checksum":           {block, at(-3)},
			"table of contents":       {"jetstream/*/streams/accesshook-3/msgs/index.db", at(40)},
			"settings of a stream":    {"jetstream/*/streams/accesshook-3/meta.inf", at(20)},
			"checksum of settings":    {"jetstream/*/streams/accesshook-3/meta.sum", at(2)},
			"stored marks":            {"jetstream/*/streams/accesshook-marks/msgs/*.blk", at(-40)},
			"mark file":               {"accesshook.marks", at(-200)},
			"dead letters' settings":  {"jetstream/*/streams/accesshook-dead/meta.inf", at(30)},
			"attempts' configuration": {"jetstream/*/streams/accesshook-attempts/meta.sum", at(3)},
		} {
			t.Run(how+"/"+name, func(t *testing.T) { flip(t, how, place.file, place.at) })
		}
		for range flipRounds() {
			t.Run(how+"/somewhere", func(t *testing.T) { flip(t, how, block, func(size int) int { return rand.IntN(size) }) })
		}
	}
}

// flipRounds is how many bits are flipped at random, which the environment can set.
func flipRounds() int {
	n, err := strconv.Atoi(os.Getenv("ACCESSHOOK_FLIPS"))
	if err != nil {
		return 1
	}
	return n
}
