package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

// A gate lets a write through when it is opened.
type gate struct {
	open   chan struct{}
	writes []string
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	g.writes = append(g.writes, string(p))
	return len(p), nil
}

// writers call write from many goroutines.
type writers struct {
	l       *lineWriter
	wg      sync.WaitGroup
	mu      sync.Mutex
	results map[string]error
}

func newWriters(w io.Writer) *writers {
	return &writers{l: newLineWriter(w), results: make(map[string]error)}
}

// start writes a line, and returns when it waits or has been written.
func (w *writers) start(ctx context.Context, line string) {
	w.wg.Go(func() {
		err := w.l.write(ctx, []byte(line))
		w.mu.Lock()
		defer w.mu.Unlock()
		w.results[line] = err
	})
	synctest.Wait()
}

// answered returns the results so far, by line.
func (w *writers) answered() map[string]error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.results)
}

// idle checks that nothing is pending.
func (w *writers) idle(t *testing.T) {
	t.Helper()
	w.wg.Wait()
	synctest.Wait()
	assert.False(t, w.l.writing, "it goes on writing")
	assert.Nil(t, w.l.next, "lines are left")
	assert.Zero(t, w.l.pending)
}

func TestLinesOfConcurrentRequestsAreWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		w := newWriters(g)
		for i := range 6 {
			w.start(t.Context(), fmt.Sprintf("line %d\n", i))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Empty(t, w.answered(), "nothing has been written")
		g.open <- struct{}{}
		synctest.Wait()
		assert.Len(t, w.answered(), 1, "the others are not written yet")
		assert.Contains(t, w.answered(), "line 0\n")
		g.open <- struct{}{}
		w.idle(t)
		assert.Equal(t, []string{"line 0\n", "line 1\nline 2\nline 3\nline 4\nline 5\n"}, g.writes)
		assert.Len(t, w.answered(), 6)
		for line, err := range w.answered() {
			assert.NoError(t, err, line)
		}
	})
}

// A cut writes only so many bytes of the second write.
type cut struct {
	*gate
	n   int
	err error
}

func (c *cut) Write(p []byte) (int, error) {
	<-c.open
	if len(c.writes) == 1 {
		p = p[:c.n]
		c.writes = append(c.writes, string(p))
		return c.n, c.err
	}
	c.writes = append(c.writes, string(p))
	return len(p), nil
}

func TestOnlyWhatIsSurelyWrittenIsAnswered(t *testing.T) {
	full := errors.New("no space left")
	for name, tt := range map[string]struct {
		n    int
		err  error
		want error
		ok   []string
		next string
	}{
		"nothing":           {0, full, full, nil, "d\n"},
		"partial line":      {1, full, full, nil, "\nd\n"},
		"a line":            {3, full, full, []string{"aa\n"}, "d\n"},
		"a line and a half": {5, full, full, []string{"aa\n"}, "\nd\n"},
		"no newline":        {8, full, full, []string{"aa\n", "bb\n"}, "\nd\n"},
		"no error":          {5, nil, io.ErrShortWrite, []string{"aa\n"}, "\nd\n"},
		"all":               {9, nil, nil, []string{"aa\n", "bb\n", "cc\n"}, "d\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &cut{newGate(), tt.n, tt.err}
				w := newWriters(c)
				for _, line := range []string{"first\n", "aa\n", "bb\n", "cc\n"} {
					w.start(t.Context(), line)
				}
				c.open <- struct{}{}
				c.open <- struct{}{}
				w.idle(t)
				var ok []string
				for _, line := range []string{"aa\n", "bb\n", "cc\n"} {
					if err := w.answered()[line]; err == nil {
						ok = append(ok, line)
					} else {
						assert.ErrorIs(t, err, tt.want)
					}
				}
				assert.Equal(t, tt.ok, ok)
				w.start(t.Context(), "d\n")
				c.open <- struct{}{}
				w.idle(t)
				assert.NoError(t, w.answered()["d\n"])
				assert.Equal(t, tt.next, c.writes[2])
			})
		})
	}
}

func TestBlockedOutputDoesNotHoldRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		w := newWriters(g)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w.start(ctx, "being written\n")
		w.start(ctx, "waits\n")
		w.start(t.Context(), "is patient\n")
		time.Sleep(time.Second - time.Nanosecond)
		synctest.Wait()
		assert.Empty(t, w.answered())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.ErrorIs(t, w.answered()["being written\n"], context.DeadlineExceeded)
		assert.ErrorIs(t, w.answered()["waits\n"], context.DeadlineExceeded)

		close(g.open)
		w.idle(t)
		assert.NoError(t, w.answered()["is patient\n"])
		assert.Equal(t, []string{"being written\n", "is patient\n"}, g.writes, "what can be taken back is")
	})
}

// A context that has ended before the write delays it by 10 ms at most.
func TestShortContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		w := newWriters(g)
		ctx, cancel := context.WithTimeout(t.Context(), time.Microsecond)
		defer cancel()
		start := time.Now()
		w.start(t.Context(), "first\n")
		assert.ErrorIs(t, w.l.write(ctx, []byte("second\n")), context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(start), lateAfter)
		close(g.open)
		w.idle(t)
		assert.Equal(t, []string{"first\n"}, g.writes, "there was nothing else to write")
	})
}

func TestWhatWaitsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		w := newWriters(g)
		w.l.limit = 10
		long := strings.Repeat("x", 20) + "\n"
		w.start(t.Context(), long)
		ctx, cancel := context.WithCancel(t.Context())
		for range 2 {
			err := w.l.write(t.Context(), []byte("one more\n"))
			assert.ErrorIs(t, err, errNotRead)
			after, ok := event.IsUnavailable(err)
			assert.True(t, ok, "answered 503")
			assert.Equal(t, time.Second, after)
		}
		g.open <- struct{}{}
		w.idle(t)
		assert.NoError(t, w.answered()[long], "there is room for one line, however long")

		w.start(t.Context(), "1234\n")
		w.start(ctx, "5678\n")
		assert.ErrorIs(t, w.l.write(t.Context(), []byte("9")), errNotRead)
		time.Sleep(lateAfter)
		cancel()
		synctest.Wait()
		require.ErrorIs(t, w.answered()["5678\n"], context.Canceled)
		w.start(t.Context(), "9\n") // in the room of what was given up
		close(g.open)
		w.idle(t)
		assert.Equal(t, []string{long, "1234\n", "9\n"}, g.writes)
		assert.NoError(t, w.answered()["9\n"])
	})
}

func TestManyWriters(t *testing.T) {
	var out strings.Builder // only one goroutine writes at a time, or the race detector says so
	l := newLineWriter(&out)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j := range 100 {
				assert.NoError(t, l.write(t.Context(), fmt.Appendf(nil, "%d %d\n", i, j)))
			}
		})
	}
	wg.Wait()
	seen := make(map[string]bool)
	for line := range strings.Lines(out.String()) {
		seen[line] = true
	}
	assert.Len(t, seen, 50*100)
	assert.Equal(t, 50*100, strings.Count(out.String(), "\n"))
}
