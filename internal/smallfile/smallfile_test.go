package smallfile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	for _, size := range []int{0, 1, maxSize} {
		require.NoError(t, os.WriteFile(name, make([]byte, size), 0o600))
		content, err := ReadFile(name)
		require.NoError(t, err)
		assert.Len(t, content, size)
	}
	require.NoError(t, os.WriteFile(name, make([]byte, maxSize+1), 0o600))
	_, err := ReadFile(name)
	require.ErrorIs(t, err, errSize)
}

// Somebody may have set the variable for the path to the content.
func TestErrorsDoNotHoldThePath(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "canary")
	_, err := ReadFile(missing)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NotContains(t, err.Error(), "canary")

	folder := filepath.Join(t.TempDir(), "canary")
	require.NoError(t, os.Mkdir(folder, 0o700))
	_, err = ReadFile(folder)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "canary")
}
