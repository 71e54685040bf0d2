package durable_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// purgeDir has a process work on the store there until it is killed.
const purgeDir = "ACCESSHOOK_TEST_PURGE_DIR"

// purging deletes events soon after they were handled.
var purging = durable.Config{Shards: 2, DedupeWindow: 100 * time.Millisecond, Payloads: payloads}

// purgeUntilKilled stores, handles and purges events.
func purgeUntilKilled(dir string) {
	ctx := context.Background()
	s, err := embedded.Open(ctx, embedded.Config{Dir: dir, Config: purging})
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	go s.Run(ctx, newRecorder())
	for n := 0; ; n++ {
		e := newEvent(n)
		e.ID = fmt.Sprint(time.Now().UnixNano(), n)
		if err := s.HandleEvent(ctx, e); err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
		if rand.IntN(20) == 0 {
			_ = s.Purge(ctx, n%2, rand.IntN(2) == 0)
			s.Look(ctx)
		}
	}
}

// A process that is killed while it purges, and while it writes marks, leaves nothing that
// looks like a loss.
func TestKillsAreNoLoss(t *testing.T) {
	t.Parallel()
	dir, purged := t.TempDir(), uint64(0)
	const kills = 8
	for range kills {
		process := exec.Command(os.Args[0])
		process.Env = append(os.Environ(), purgeDir+"="+dir)
		require.NoError(t, process.Start())
		eventually(t, "it has begun", func() bool {
			_, err := os.Stat(filepath.Join(dir, "accesshook.marks"))
			return err == nil
		})
		time.Sleep(500*time.Millisecond + rand.N(700*time.Millisecond))
		require.NoError(t, process.Process.Kill())
		require.ErrorContains(t, process.Wait(), "killed")

		var log logBuffer
		c := purging
		c.Logger = log.logger()
		report, err := embedded.Check(t.Context(), embedded.Config{Dir: dir, Config: c})
		require.NoError(t, err)
		assert.Zero(t, report.Missing(), "%+v", report)
		s, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: c})
		require.NoError(t, err)
		assert.Zero(t, missing(t, s.Store))
		assert.NotContains(t, log.String(), "ERROR")
		require.NoError(t, s.Close())
		for _, shard := range report.Shards {
			purged = max(purged, shard.First-1)
		}
	}
	t.Logf("%d kills, %d events of a shard purged, no false alarm", kills, purged)
	assert.Positive(t, purged)
}
