//go:build linux || darwin || dragonfly || freebsd || netbsd

package lines

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newPipe returns a pipe whose writing end is blocking, as standard output is.
func newPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var fds [2]int
	require.NoError(t, syscall.Pipe(fds[:]))
	r, w = os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// shareNonblocking does what Node.js and ssh do to a standard output that they share: all
// who have it see it.
func shareNonblocking(t *testing.T, f *os.File, nonblocking bool) {
	t.Helper()
	conn, err := f.SyscallConn()
	require.NoError(t, err)
	var failed error
	require.NoError(t, conn.Control(func(fd uintptr) { failed = syscall.SetNonblock(int(fd), nonblocking) }))
	require.NoError(t, failed)
}

// Without waiting, the lines end in the middle of one when the pipe is full.
func TestOutputMadeNonblocking(t *testing.T) {
	r, out := newPipe(t)
	w := NewWriter(out)
	line := bytes.Repeat([]byte("x"), 300<<10) // more than a pipe holds
	read := make(chan error)
	go func() {
		got := make([]byte, 5*(len(line)+1))
		slow, fast := got[:20_000], got[20_000:]
		_, err := io.ReadFull(iotest.OneByteReader(r), slow)
		if err == nil {
			_, err = io.ReadFull(r, fast)
		}
		if want := bytes.Repeat(append(line, '\n'), 5); err == nil && !bytes.Equal(want, got) {
			err = errors.New("lines are broken")
		}
		read <- err
	}()
	for i := range 5 {
		shareNonblocking(t, out, i%2 == 0)
		require.NoError(t, w.WriteLine(t.Context(), line), i)
	}
	require.NoError(t, <-read)
}

// The runtime waits until the output can be written: that is neither a busy loop nor a
// blocked thread.
func TestNonblockingOutputIsWaitedFor(t *testing.T) {
	_, out := newPipe(t)
	shareNonblocking(t, out, true)
	_, err := out.Write(make([]byte, 1<<20))
	require.ErrorIs(t, err, syscall.EAGAIN, "package os does not wait")
	f := blocking(out).(*blockingFile)
	require.NoError(t, f.lookAgain())
	require.NoError(t, f.SetWriteDeadline(time.Now().Add(10*time.Millisecond)))
	_, err = f.Write([]byte("a"))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestOutputWithoutAReader(t *testing.T) {
	for _, nonblocking := range []bool{false, true} {
		r, out := newPipe(t)
		shareNonblocking(t, out, nonblocking)
		require.NoError(t, r.Close())
		w := NewWriter(out)
		require.ErrorIs(t, w.WriteLine(t.Context(), []byte("a")), syscall.EPIPE)
		since, err := w.Failing()
		require.ErrorIs(t, err, syscall.EPIPE)
		assert.NotZero(t, since)
	}
}

// logrotate's copytruncate copies a file and truncates it. Without O_APPEND the next line
// is written at the old offset, behind a hole of NUL bytes.
func TestTruncatedFile(t *testing.T) {
	f := newFile(t, "", os.O_WRONLY)
	require.NoError(t, Prepare(f))
	w := NewWriter(f)
	for _, line := range []string{"first\n", "second\n"} {
		require.NoError(t, w.WriteLine(t.Context(), []byte(line)))
		assert.Equal(t, line, content(t, f))
		require.NoError(t, os.Truncate(f.Name(), 0))
	}
}
