// Package clocktest builds programs whose wall clock a test can step. Tools that
// replace the clock of a process by a library do not move the one of a Go program, which
// asks the kernel. The monotonic clock stays, as when a real clock is set.
package clocktest

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// offsetVar names the file that has the nanoseconds by which the clock of a process is
// ahead, in eight bytes.
const offsetVar = "ACCESSHOOK_TEST_CLOCK"

// A Clock is the wall clock of one or more processes.
type Clock struct{ file string }

// New returns a clock that is right.
func New(t testing.TB) *Clock {
	t.Helper()
	c := &Clock{filepath.Join(t.TempDir(), "clock")}
	c.Set(t, 0)
	return c
}

// Env is what a process that was built with [Build] needs in its environment.
func (c *Clock) Env() string { return offsetVar + "=" + c.file }

// Set sets the clock to what is right plus d, which may be negative.
func (c *Clock) Set(t testing.TB, d time.Duration) {
	t.Helper()
	file, err := os.OpenFile(c.file, os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	_, err = file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(d)), 0)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// Build runs "go <command> -overlay … -o output args…" in the folder dir, such as
// "build" with a package or "test" with -c, so that the program has a clock that can be
// stepped. With an empty cache that takes some minutes, as the standard library is
// compiled again.
func Build(t testing.TB, dir, command, output string, args ...string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", append([]string{command, "-overlay", overlay(t), "-o", output}, args...)...)
	build.Dir = dir
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// overlay writes the changed files of package time, and returns the file that names them.
func overlay(t testing.TB) string {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	require.NoError(t, err)
	pkg := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	if strings.HasPrefix(pkg, strings.TrimSpace(string(cache))+string(filepath.Separator)) {
		t.Skip("the go command changes no file of a Go that it has downloaded: this needs one that is installed")
	}
	source, err := os.ReadFile(filepath.Join(pkg, "time.go"))
	require.NoError(t, err)
	const now, flag = "\nfunc Now() Time {\n", "hasMonotonic "
	require.Equal(t, 1, strings.Count(string(source), now), "package time of this version of Go has another Now")
	require.Contains(t, string(source), flag, "package time of this version of Go has another Time")
	changed := strings.Replace(string(source), "//go:linkname Now\n", "", 1)
	changed = strings.Replace(changed, now, "\nfunc realNow() Time {\n", 1)

	dir := t.TempDir()
	replaced := make(map[string]string)
	for name, text := range map[string]string{"time.go": changed, "stepped_now.go": steppedNow} {
		written := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(written, []byte(text), 0o600))
		replaced[filepath.Join(pkg, name)] = written
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	require.NoError(t, err)
	name := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(name, list, 0o600))
	return name
}

// steppedNow is the file that package time gets. The scheduler calls Now as well, where no
// system call can be made, so the offset is in memory that the file shares.
const steppedNow = `package time

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

var offset = new(int64)

func init() {
	name, ok := syscall.Getenv("` + offsetVar + `")
	if !ok {
		return
	}
	file, err := syscall.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		panic("time: cannot open the file of the clock: " + err.Error())
	}
	data, err := syscall.Mmap(file, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic("time: cannot map the file of the clock: " + err.Error())
	}
	syscall.Close(file)
	offset = (*int64)(unsafe.Pointer(&data[0]))
}

//go:linkname Now

// Now returns the current local time, stepped by the offset.
func Now() Time {
	t := realNow()
	d := Duration(atomic.LoadInt64(offset))
	if d == 0 {
		return t
	}
	stepped := t.Add(d)
	if t.wall&hasMonotonic != 0 && stepped.wall&hasMonotonic != 0 {
		stepped.ext = t.ext // the monotonic clock is not stepped
	}
	return stepped
}
`
