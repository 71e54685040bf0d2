//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadFile(t *testing.T) {
	_, err := readFile("/dev/zero")
	require.ErrorIs(t, err, errFileSize)
	most := filepath.Join(t.TempDir(), "most")
	require.NoError(t, os.WriteFile(most, make([]byte, maxFile), 0o600))
	text, err := readFile(most)
	require.NoError(t, err)
	assert.Len(t, text, maxFile)
	for _, path := range []string{filepath.Join(t.TempDir(), "canary"), t.TempDir()} {
		_, err = readFile(path)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), path)
	}
}

// Reading waits for a pipe, but not for ever.
func TestReadFileOfAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	go func() {
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for a reader
		if assert.NoError(t, err) {
			_, err = w.WriteString("one\ntwo\n")
			assert.NoError(t, err)
			assert.NoError(t, w.Close())
		}
	}()
	lines, err := readLines(pipe)
	require.NoError(t, err)
	assert.Equal(t, []string{"one", "two"}, lines)
}

func TestReadFileThatNeverEnds(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	_, err := readFileIn(10*time.Millisecond, pipe)
	require.ErrorIs(t, err, errFileTimeout)
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // so that the reader does not stay
	require.NoError(t, err)
	require.NoError(t, w.Close())
}
