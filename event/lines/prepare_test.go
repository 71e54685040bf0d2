package lines

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newFile(t *testing.T, content string, mode int) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	f, err := os.OpenFile(name, mode, 0)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func content(t *testing.T, f *os.File) string {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	require.NoError(t, err)
	return string(b)
}

// A shell opens a file for writing only. The content stays, and the first line gets a
// line of its own.
func TestPartialLineIsTerminated(t *testing.T) {
	for before, want := range map[string]string{
		"":                 "",
		"{}\n":             "{}\n",
		"{}\n{\"specvers":  "{}\n{\"specvers\n",
		"{\"specversion\"": "{\"specversion\"\n",
	} {
		for _, mode := range []int{os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND, os.O_RDWR | os.O_APPEND} {
			f := newFile(t, before, mode)
			require.NoError(t, Prepare(f))
			assert.Equal(t, want, content(t, f))
			require.NoError(t, NewWriter(f).WriteLine(t.Context(), []byte("{}")))
			assert.Equal(t, want+"{}\n", content(t, f))
		}
	}
}

// Prepare neither reads from a pipe nor writes to it.
func TestOnlyFilesArePrepared(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, Prepare(w))
	require.NoError(t, w.Close())
	n, _ := r.Read(make([]byte, 1))
	assert.Zero(t, n)
	require.ErrorIs(t, Prepare(w), os.ErrClosed)
}

// It shows at the start, not with the first line.
func TestOutputThatCannotBeWritten(t *testing.T) {
	require.ErrorContains(t, Prepare(newFile(t, "{}\n", os.O_RDONLY)), "cannot write to the output")
	dir, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	require.ErrorContains(t, Prepare(dir), "cannot write to the output")
}

func TestNullDevice(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	require.ErrorIs(t, Prepare(null), ErrNullDevice)

	closed, err := os.OpenFile(os.DevNull, os.O_RDWR, 0) // as Go opens a closed one
	require.NoError(t, err)
	defer closed.Close()
	require.ErrorIs(t, Prepare(closed), ErrClosed)
}
