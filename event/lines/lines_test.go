package lines

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

// callers call WriteLine from many goroutines.
type callers struct {
	w       *Writer
	wg      sync.WaitGroup
	mu      sync.Mutex
	results map[string]error
}

func newCallers(w io.Writer) *callers {
	return &callers{w: NewWriter(w), results: make(map[string]error)}
}

// start writes a line, and returns when it waits or has been written.
func (c *callers) start(ctx context.Context, line string) {
	c.wg.Go(func() {
		err := c.w.WriteLine(ctx, []byte(line))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.results[line] = err
	})
	synctest.Wait()
}

// answered returns the results so far, by line.
func (c *callers) answered() map[string]error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.results)
}

// idle checks that nothing is pending.
func (c *callers) idle(t *testing.T) {
	t.Helper()
	c.wg.Wait()
	synctest.Wait()
	assert.False(t, c.w.writing, "it goes on writing")
	assert.Nil(t, c.w.next, "lines are left")
	assert.Zero(t, c.w.pending)
}

func TestLinesOfConcurrentRequestsAreWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		c := newCallers(g)
		for i := range 6 {
			c.start(t.Context(), fmt.Sprintf("line %d\n", i))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Empty(t, c.answered(), "nothing has been written")
		g.open <- struct{}{}
		synctest.Wait()
		assert.Len(t, c.answered(), 1, "the others are not written yet")
		assert.Contains(t, c.answered(), "line 0\n")
		g.open <- struct{}{}
		c.idle(t)
		assert.Equal(t, []string{"line 0\n", "line 1\nline 2\nline 3\nline 4\nline 5\n"}, g.writes)
		assert.Len(t, c.answered(), 6)
		for line, err := range c.answered() {
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
				out := &cut{newGate(), tt.n, tt.err}
				c := newCallers(out)
				for _, line := range []string{"first\n", "aa\n", "bb\n", "cc\n"} {
					c.start(t.Context(), line)
				}
				out.open <- struct{}{}
				out.open <- struct{}{}
				c.idle(t)
				var ok []string
				for _, line := range []string{"aa\n", "bb\n", "cc\n"} {
					if err := c.answered()[line]; err == nil {
						ok = append(ok, line)
					} else {
						assert.ErrorIs(t, err, tt.want)
					}
				}
				assert.Equal(t, tt.ok, ok)
				c.start(t.Context(), "d\n")
				out.open <- struct{}{}
				c.idle(t)
				assert.NoError(t, c.answered()["d\n"])
				assert.Equal(t, tt.next, out.writes[2])
			})
		})
	}
}

func TestBlockedOutputDoesNotHoldRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		c := newCallers(g)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c.start(ctx, "being written\n")
		c.start(ctx, "waits\n")
		c.start(t.Context(), "is patient\n")
		time.Sleep(time.Second - time.Nanosecond)
		synctest.Wait()
		assert.Empty(t, c.answered())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.ErrorIs(t, c.answered()["being written\n"], context.DeadlineExceeded)
		assert.ErrorIs(t, c.answered()["waits\n"], context.DeadlineExceeded)

		close(g.open)
		c.idle(t)
		assert.NoError(t, c.answered()["is patient\n"])
		assert.Equal(t, []string{"being written\n", "is patient\n"}, g.writes, "what can be taken back is")
	})
}

// A context that has ended before the write delays it by 10 ms at most.
func TestShortContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		c := newCallers(g)
		ctx, cancel := context.WithTimeout(t.Context(), time.Microsecond)
		defer cancel()
		start := time.Now()
		c.start(t.Context(), "first\n")
		assert.ErrorIs(t, c.w.WriteLine(ctx, []byte("second\n")), context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(start), lateAfter)
		close(g.open)
		c.idle(t)
		assert.Equal(t, []string{"first\n"}, g.writes, "there was nothing else to write")
	})
}

func TestWhatWaitsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		c := newCallers(g)
		c.w.limit = 10
		long := strings.Repeat("x", 20) + "\n"
		c.start(t.Context(), long)
		ctx, cancel := context.WithCancel(t.Context())
		for range 2 {
			err := c.w.WriteLine(t.Context(), []byte("one more\n"))
			assert.ErrorIs(t, err, ErrNotRead)
			after, ok := event.IsUnavailable(err)
			assert.True(t, ok, "answered 503")
			assert.Equal(t, time.Second, after)
		}
		g.open <- struct{}{}
		c.idle(t)
		assert.NoError(t, c.answered()[long], "there is room for one line, however long")

		c.start(t.Context(), "123\n")
		c.start(ctx, "456\n")
		c.start(ctx, "7\n")
		assert.ErrorIs(t, c.w.WriteLine(t.Context(), []byte("8\n")), ErrNotRead)
		time.Sleep(lateAfter)
		cancel()
		synctest.Wait()
		require.ErrorIs(t, c.answered()["456\n"], context.Canceled)
		require.ErrorIs(t, c.answered()["7\n"], context.Canceled)
		c.start(t.Context(), "8\n") // in the room of what was given up
		close(g.open)
		c.idle(t)
		assert.Equal(t, []string{long, "123\n", "8\n"}, g.writes)
		assert.NoError(t, c.answered()["8\n"])
	})
}

// Lines that nobody waits for any more take room until the batch is written, so that
// memory is bounded however long the output is blocked.
func TestGivenUpLinesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		c := newCallers(g)
		c.w.limit = 1000
		c.start(t.Context(), "1\n")
		c.start(t.Context(), "patient\n")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		line := []byte(strings.Repeat("x", 99) + "\n")
		refused := 0
		for range 100 {
			if errors.Is(c.w.WriteLine(ctx, line), ErrNotRead) {
				refused++
			}
		}
		assert.Equal(t, 91, refused)
		assert.LessOrEqual(t, len(c.w.next.buf), 1001)
		close(g.open)
		c.idle(t)
		assert.Equal(t, []string{"1\n", "patient\n"}, g.writes)
	})
}

// What is between two lines that were given up is written as it was.
func TestGivenUpLinesAreLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &cut{newGate(), len("b\ndd\n"), errors.New("no space left")}
		c := newCallers(out)
		ctx, cancel := context.WithCancel(t.Context())
		c.start(t.Context(), "first\n")
		for i, line := range []string{"aaa\n", "b\n", "c\n", "dd\n", "e\n", "f\n"} {
			c.start([]context.Context{ctx, t.Context()}[i%2], line)
		}
		time.Sleep(lateAfter)
		cancel()
		synctest.Wait()
		close(out.open)
		c.idle(t)
		assert.Equal(t, []string{"first\n", "b\ndd\n"}, out.writes)
		for line, want := range map[string]error{
			"aaa\n": context.Canceled, "b\n": nil, "c\n": context.Canceled,
			"dd\n": nil, "e\n": context.Canceled, "f\n": out.err,
		} {
			assert.ErrorIs(t, c.answered()[line], want, line)
		}
	})
}

// The caller may use its buffer again, even for a line that is still being written.
func TestLineIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		w := NewWriter(g)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		line := append(make([]byte, 0, 10), "first"...)
		require.ErrorIs(t, w.WriteLine(ctx, line), context.DeadlineExceeded)
		assert.Equal(t, make([]byte, 5), line[5:10], "the room behind the line is not used")
		copy(line, "other")
		close(g.open)
		synctest.Wait()
		assert.Equal(t, []string{"first\n"}, g.writes)
	})
}

func TestNewline(t *testing.T) {
	for line, want := range map[string]string{"": "\n", "\n": "\n", "a": "a\n", "a\n": "a\n", "a\n\n": "a\n\n"} {
		var out strings.Builder
		w := NewWriter(&out)
		require.NoError(t, w.WriteLine(t.Context(), []byte("before")))
		require.NoError(t, w.WriteLine(t.Context(), []byte(line)))
		assert.Equal(t, "before\n"+want, out.String())
	}
}

func TestManyWriters(t *testing.T) {
	var out strings.Builder // only one goroutine writes at a time, or the race detector says so
	w := NewWriter(&out)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j := range 100 {
				assert.NoError(t, w.WriteLine(t.Context(), fmt.Appendf(nil, "%d %d\n", i, j)))
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
