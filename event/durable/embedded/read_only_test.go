//go:build unix

package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// readOnlyDir has a process run the second half of TestReadOnlyDirectory: nobody
// can forbid root to write.
const readOnlyDir = "ACCESSHOOK_TEST_READ_ONLY_DIR"

// While nobody may write to the directory, what goes into files that are open is
// stored, and answered so. When a new file is needed events are answered 503 and
// the log says so; when it may be written to again, the store works again without
// a restart of the process, and has all that it had accepted.
func TestReadOnlyDirectory(t *testing.T) {
	if dir := os.Getenv(readOnlyDir); dir != "" {
		forbidToWrite(t, dir)
		return
	}
	dir := t.TempDir()
	if os.Geteuid() == 0 {
		allowed(t, os.Chown(dir, nobody, nobody))
	}
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestReadOnlyDirectory$", "-test.v", "-test.timeout", "180s")
	process.Env = append(os.Environ(), readOnlyDir+"="+dir)
	out, err := process.CombinedOutput()
	require.NoError(t, err, string(out))
	if bytes.Contains(out, []byte(notAllowed)) {
		t.Skip(notAllowed)
	}
	assert.Contains(t, string(out), "--- PASS")
}

// nobody is a user who is not root.
const nobody = 65534

// becomeNobody gives up what root may, in a directory that may be inside of one
// that only root can enter. The program itself may be in such a one, so this is
// not done when it is started.
func becomeNobody(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.Chdir(dir))
	if os.Geteuid() == 0 {
		allowed(t, syscall.Setgroups(nil))
		allowed(t, syscall.Setgid(nobody))
		allowed(t, syscall.Setuid(nobody))
	}
}

const notAllowed = "root may not become somebody else here"

// allowed leaves the test out in a container that has no other users.
func allowed(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) {
		t.Skip(notAllowed)
	}
	require.NoError(t, err)
}

func forbidToWrite(t *testing.T, dir string) {
	becomeNobody(t, dir)
	var log syncBuffer
	c := config("store")
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c.PublishTimeout = 5 * time.Second
	c.Shards = 1
	s, err := embedded.Open(t.Context(), c)
	require.NoError(t, err)
	defer s.Close()
	accepted := 0
	next := func() error {
		e := newEvent(accepted + 1)
		e.Reason = strings.Repeat("x", 1<<20) // a file has eight of them
		err := s.HandleEvent(t.Context(), e)
		if err == nil {
			accepted++
		}
		return err
	}
	require.NoError(t, next())

	allow(t, c.Dir, 0o500)
	defer allow(t, c.Dir, 0o700) // else it cannot be removed
	_, err = os.Create(filepath.Join(c.Dir, "file"))
	require.ErrorIs(t, err, fs.ErrPermission)
	require.NoError(t, next(), "the file is open")
	require.Eventually(t, func() bool {
		err = next()
		return err != nil
	}, patience, time.Millisecond)
	_, unavailable := event.IsUnavailable(err)
	assert.True(t, unavailable, err)
	require.Eventually(t, func() bool {
		return bytes.Contains(log.bytes(), []byte("the store cannot write"))
	}, patience, 10*time.Millisecond, "the log says nothing")
	err = next()
	require.ErrorIs(t, err, durable.ErrNoAnswer)
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "nobody waits for a store that is known to fail")
	assert.NotContains(t, log.String(), "the store can write again")

	allow(t, c.Dir, 0o700)
	require.Eventually(t, func() bool { return next() == nil }, patience, 10*time.Millisecond, "the store does not recover: %s", &log)
	hasAll(t, s, accepted)
	assert.Contains(t, log.String(), "the store can write again")
}

// allow sets the permissions of all directories in dir, and of itself.
func allow(t *testing.T, dir string, mode fs.FileMode) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the server removes some now and then
		}
		if err != nil || !d.IsDir() {
			return err
		}
		return os.Chmod(path, mode)
	}))
}
