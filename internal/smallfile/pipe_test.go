//go:build unix

package smallfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEndlessDevice(t *testing.T) {
	_, err := ReadFile("/dev/zero")
	require.ErrorIs(t, err, errSize)
}

func newPipe(t *testing.T) string {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	return pipe
}

// Programs that keep secrets write them to a pipe when it is read.
func TestPipeThatIsWrittenToLater(t *testing.T) {
	pipe := newPipe(t)
	type result struct {
		content []byte
		err     error
	}
	read := make(chan result)
	go func() {
		content, err := readFileWithin(2*time.Minute, pipe)
		read <- result{content, err}
	}()
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for the reader
	require.NoError(t, err)
	_, err = w.WriteString("one\n")
	require.NoError(t, errors.Join(err, w.Close()))
	r := <-read
	require.NoError(t, r.err)
	assert.Equal(t, "one\n", string(r.content))
}

// A shell's <(command) is such a pipe.
func TestPipeByDescriptor(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	_, err = w.WriteString("one\n")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	content, err := ReadFile(fmt.Sprintf("/dev/fd/%d", r.Fd()))
	require.NoError(t, err)
	assert.Equal(t, "one\n", string(content))
}

// A reader that stays would hold a thread until somebody writes.
func TestPipeWithoutAWriter(t *testing.T) {
	pipe := newPipe(t)
	_, err := readFileWithin(10*time.Millisecond, pipe)
	require.ErrorIs(t, err, errTimeout)
	_, err = os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	require.ErrorIs(t, err, syscall.ENXIO, "a reader stayed")
}

func TestPipeThatIsNeverClosed(t *testing.T) {
	pipe := newPipe(t)
	w, err := os.OpenFile(pipe, os.O_RDWR, 0) // does not wait for a reader
	require.NoError(t, err)
	defer w.Close()
	_, err = w.WriteString("one\n")
	require.NoError(t, err)
	_, err = readFileWithin(10*time.Millisecond, pipe)
	require.ErrorIs(t, err, errTimeout)
}
