package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A shell opens a file for writing only. The content stays, and the first event gets a
// line of its own.
func TestPartialLineIsTerminated(t *testing.T) {
	for before, want := range map[string]string{
		"":                 "",
		"{}\n":             "{}\n",
		"{}\n{\"specvers":  "{}\n{\"specvers\n",
		"{\"specversion\"": "{\"specversion\"\n",
	} {
		for _, mode := range []int{os.O_WRONLY | os.O_APPEND, os.O_RDWR | os.O_APPEND} {
			name := filepath.Join(t.TempDir(), "out")
			require.NoError(t, os.WriteFile(name, []byte(before), 0o600))
			f, err := os.OpenFile(name, mode, 0)
			require.NoError(t, err)
			require.NoError(t, terminatePartialLine(f))
			require.NoError(t, f.Close())
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			assert.Equal(t, want, string(text))
		}
	}
}

// terminatePartialLine does not read from a pipe or a device, nor write to it.
func TestOnlyFilesHavePartialLines(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, terminatePartialLine(w))
	require.NoError(t, w.Close())
	n, _ := r.Read(make([]byte, 1))
	assert.Zero(t, n)
	require.NoError(t, r.Close())
	var b buffer
	require.NoError(t, terminatePartialLine(&b))
	assert.Empty(t, b.String())
}

func TestGatewayTerminatesPartialLine(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(name, []byte("{\"half"), 0o600))
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	p := newProcess(t, withRelock)
	p.cmd.Stdout = f
	p.start()
	require.NoError(t, f.Close())
	p.end("a")
	p.stop()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Regexp(t, `^\{"half\n\{"specversion":"1.0",.*\}\n$`, string(text))
}
