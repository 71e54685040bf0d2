package durable_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable/clocktest"
)

// A clockWorker is a process with an embedded store, whose clock is stepped. See
// testdata/clockworker.
type clockWorker struct {
	t       *testing.T
	process *exec.Cmd
	in      io.Writer

	mu    sync.Mutex
	lines []string
	log   logBuffer
}

func startClockWorker(t *testing.T, program string, clock *clocktest.Clock, args ...string) *clockWorker {
	t.Helper()
	w := &clockWorker{t: t, process: exec.CommandContext(t.Context(), program, args...)}
	w.process.Env = append(os.Environ(), clock.Env())
	var err error
	w.in, err = w.process.StdinPipe()
	require.NoError(t, err)
	out, err := w.process.StdoutPipe()
	require.NoError(t, err)
	w.process.Stderr = &w.log
	require.NoError(t, w.process.Start())
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			w.mu.Lock()
			w.lines = append(w.lines, lines.Text())
			w.mu.Unlock()
		}
	}()
	t.Cleanup(w.kill)
	return w
}

// kill kills the process, and may be called again.
func (w *clockWorker) kill() {
	_ = w.process.Process.Kill()
	_ = w.process.Wait()
	if w.t.Failed() {
		w.t.Log(w.log.String())
	}
}

func (w *clockWorker) store(id, user string) {
	w.t.Helper()
	_, err := fmt.Fprintln(w.in, id, user)
	require.NoError(w.t, err)
	w.wait("stored", id, 1)
}

// when returns the moments at which something happened to an event, since the process
// began, by its monotonic clock.
func (w *clockWorker) when(what, id string) (moments []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.lines {
		if rest, ok := strings.CutPrefix(line, what+" "+id+" "); ok {
			ms, err := strconv.Atoi(rest)
			require.NoError(w.t, err)
			moments = append(moments, time.Duration(ms)*time.Millisecond)
		}
	}
	return moments
}

// wait waits until something has happened n times to an event, and returns when.
func (w *clockWorker) wait(what, id string, n int) (moments []time.Duration) {
	w.t.Helper()
	eventually(w.t, what+" "+id, func() bool {
		moments = w.when(what, id)
		return len(moments) >= n
	})
	return moments
}

// The clock of the machine of an embedded store steps while the process is away, or while
// it runs: nothing stands still, and nothing is called beside itself or before its time.
func TestClockOfAnEmbeddedStore(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "clockworker")
	clocktest.Build(t, ".", "build", program, "./testdata/clockworker")

	for _, order := range []string{"", "user"} {
		t.Run("killed, back, order "+order, func(t *testing.T) {
			t.Parallel()
			dir, clock := t.TempDir(), clocktest.New(t)
			clock.Set(t, time.Hour)
			w := startClockWorker(t, program, clock, "-dir", dir, "-order", order, "-pause", "3s", "-hang", "1h")
			w.store("fail-1", "user-1")
			w.store("next-1", "user-1")
			w.store("hang-2", "user-2")
			w.store("next-2", "user-2")
			w.wait("ended", "fail-1", 1)
			w.wait("began", "hang-2", 1)
			w.kill()

			clock.Set(t, 0)
			w = startClockWorker(t, program, clock, "-dir", dir, "-order", order)
			w.store("new-1", "user-1")
			w.store("new-2", "user-2")
			for _, id := range []string{"fail-1", "hang-2", "new-1", "new-2"} {
				assert.Len(t, w.wait("handled", id, 1), 1, id)
			}
			if order != "" {
				assert.LessOrEqual(t, w.wait("handled", "fail-1", 1)[0], w.wait("began", "next-1", 1)[0])
				assert.LessOrEqual(t, w.wait("handled", "hang-2", 1)[0], w.wait("began", "next-2", 1)[0])
			}
		})
		t.Run("while it runs, order "+order, func(t *testing.T) {
			t.Parallel()
			const pause, hang = 3 * time.Second, 4 * time.Second
			clock := clocktest.New(t)
			w := startClockWorker(t, program, clock, "-dir", t.TempDir(), "-order", order, "-pause", pause.String(), "-hang", hang.String())
			for n, ahead := range []time.Duration{-time.Hour, time.Hour} {
				fails, hangs, next := fmt.Sprintf("fail-%d", n), fmt.Sprintf("hang-%d", n), fmt.Sprintf("next-%d", n)
				if order != "" && n > 0 {
					break // the first one fails for ever, and holds up the others
				}
				w.store(fails, "user-1")
				w.store(hangs, "user-2")
				w.store(next, "user-2")
				w.wait("ended", fails, 1)
				w.wait("began", hangs, 1)
				was := strings.Count(w.log.String(), "the clock of this machine was set")
				clock.Set(t, ahead)
				eventually(t, "a record", func() bool {
					return strings.Count(w.log.String(), "the clock of this machine was set") == was+1
				})
				times := w.wait("began", fails, 2)
				for i := range times[1:] {
					assert.Greater(t, times[i+1]-times[i], pause-2*time.Second, "it came back too early")
				}
				w.wait("handled", next, 1)
				w.wait("handled", hangs, 1)
				assert.Len(t, w.when("began", hangs), 1, "it was called while it was with a callback")
			}
		})
	}
}
