//go:build unix

package envsecret_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
)

func readFile(t *testing.T, file string) envsecret.Values {
	t.Helper()
	values, err := envsecret.Variable{Name: "X", LookupEnv: environment(map[string]string{"X_FILE": file})}.Read()
	require.NoError(t, err)
	return values
}

func TestFileThatOthersCanRead(t *testing.T) {
	file := writeFile(t, "canary")
	for mode, open := range map[fs.FileMode]bool{0o400: false, 0o600: false, 0o640: true, 0o604: true, 0o644: true, 0o620: true, 0o602: true, 0o666: true} {
		require.NoError(t, os.Chmod(file, mode))
		var want []string
		if open {
			want = []string{fmt.Sprintf("X_FILE: others on this machine can read or change the file, its mode is %04o", mode)}
		}
		assert.Equal(t, want, readFile(t, file).Warnings, mode)
	}
}

// Kubernetes gives a process that is not root a file of root that its group can read.
func TestFileOfRootThatOurGroupCanRead(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("only root can give files away")
		return
	}
	file := writeFile(t, "canary")
	require.NoError(t, os.Chown(file, 1, os.Getegid()))
	for mode, open := range map[fs.FileMode]bool{0o440: false, 0o444: true} {
		require.NoError(t, os.Chmod(file, mode))
		assert.Equal(t, open, readFile(t, file).Warnings != nil, mode)
	}
}

// Kubernetes mounts a link. The mode of its file counts, not its own.
func TestLinkToAFile(t *testing.T) {
	file, link := writeFile(t, "canary"), filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(file, link))
	assert.Empty(t, readFile(t, link).Warnings)
	require.NoError(t, os.Chmod(file, 0o644))
	assert.Len(t, readFile(t, link).Warnings, 1)
}

// A pipe is read once. Reading it a second time, for the warnings, would wait.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o644))
	go func() {
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for a reader
		if assert.NoError(t, err) {
			_, err = w.WriteString("canary-1\ncanary-2\n")
			assert.NoError(t, err)
			assert.NoError(t, w.Close())
		}
	}()
	values := readFile(t, pipe)
	assert.Equal(t, event.Secrets("canary-1", "canary-2"), values.Secrets)
	assert.Empty(t, values.Warnings)
}
