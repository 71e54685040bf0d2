//go:build unix

package embedded_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// writeFailureDir has a process run the second half of TestWriteFailure: what it
// does to the limits of files is not for the other tests.
const writeFailureDir = "ACCESSHOOK_TEST_WRITE_FAILURE_DIR"

// When the disk takes no more, events are answered 503 and the log says so; when
// it does again, the store works again without a restart of the process, and has
// all that it had accepted.
func TestWriteFailure(t *testing.T) {
	if dir := os.Getenv(writeFailureDir); dir != "" {
		failToWrite(t, dir)
		return
	}
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestWriteFailure$", "-test.v", "-test.timeout", "120s")
	process.Env = append(os.Environ(), writeFailureDir+"="+t.TempDir())
	out, err := process.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "--- PASS")
}

// restartWait is how often the store is tried.
const restartWait = 2 * time.Second

func failToWrite(t *testing.T, dir string) {
	var log syncBuffer
	c := config(dir)
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c.PublishTimeout = 5 * time.Second
	c.Shards = 2
	s, err := embedded.Open(t.Context(), c)
	require.NoError(t, err)
	defer s.Close()
	accepted := 0
	for range 10 {
		accepted++
		require.NoError(t, s.HandleEvent(t.Context(), newEvent(accepted)))
	}

	// A limit on the size of files is like a full disk: a write fails.
	signal.Ignore(syscall.SIGXFSZ)
	limitFiles(t, 4<<10)
	require.Eventually(t, func() bool {
		accepted++
		err = s.HandleEvent(t.Context(), newEvent(accepted))
		return err != nil
	}, patience, time.Millisecond)
	accepted-- // at least: the last may be stored or not
	_, unavailable := event.IsUnavailable(err)
	assert.True(t, unavailable, err)
	assert.ErrorIs(t, err, durable.ErrNoAnswer)
	require.Eventually(t, func() bool {
		return bytes.Contains(log.bytes(), []byte("the store cannot write"))
	}, patience, 10*time.Millisecond, "the log says nothing")
	err = s.HandleEvent(t.Context(), newEvent(accepted+1))
	require.ErrorIs(t, err, durable.ErrNoAnswer)
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "nobody waits for a store that is known to fail")

	// Not tried on events, and not with so little room that it would fail again.
	limitFiles(t, 512<<10)
	time.Sleep(2 * restartWait)
	require.ErrorIs(t, s.HandleEvent(t.Context(), newEvent(accepted+1)), durable.ErrNoAnswer)
	assert.Equal(t, 1, bytes.Count(log.bytes(), []byte("the store cannot write")))

	limitFiles(t, 1<<40)
	require.Eventually(t, func() bool {
		return s.HandleEvent(t.Context(), newEvent(accepted+1)) == nil
	}, patience, 10*time.Millisecond, "the store does not recover: %s", &log)
	accepted++

	hasAll(t, s, accepted)
	assert.Contains(t, string(log.bytes()), "the store can write again")
}

// hasAll requires that s has events 1 to accepted.
func hasAll(t *testing.T, s *embedded.Store, accepted int) {
	t.Helper()
	got := make(chan string, 10*accepted)
	go s.Run(t.Context(), event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		got <- e.ID
		return nil
	}))
	seen := make(map[string]bool)
	for len(seen) < accepted {
		select {
		case id := <-got:
			seen[id] = true
		case <-time.After(patience):
			require.FailNow(t, "events are lost", "have %d of %d", len(seen), accepted)
		}
	}
	for n := range accepted {
		assert.True(t, seen[fmt.Sprintf("event-%d", n+1)], n+1)
	}
}

// limitFiles bounds the size of the files that this process may write.
func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	limit.Cur = min(bytes, limit.Max)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
}

// A syncBuffer is a bytes.Buffer for several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

func (s *syncBuffer) String() string { return string(s.bytes()) }
