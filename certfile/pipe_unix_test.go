//go:build unix

package certfile

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Handshakes waited for a pipe that nobody writes to, and failed.
func TestPipeInPlaceOfTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firstCert, firstKey := newPair(t, "first", 365*day)
		secondCert, secondKey := newPair(t, "second", 365*day)
		w := watch(t, firstCert, firstKey)
		require.NoError(t, os.Remove(w.keyFile))
		require.NoError(t, syscall.Mkfifo(w.keyFile, 0o600))
		assert.Equal(t, "first", w.served(2*interval), "while the pipe is read")
		assert.Equal(t, "first", w.served(time.Minute))
		assert.Equal(t, 1, w.logged(kept))
		replaceFile(t, w.certFile, secondCert)
		replaceFile(t, w.keyFile, secondKey)
		assert.Equal(t, "second", w.served(time.Minute))
	})
}

func TestEndlessDeviceInPlaceOfTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cert, key := newPair(t, "first", 365*day)
		w := watch(t, cert, key)
		require.NoError(t, os.Remove(w.keyFile))
		require.NoError(t, os.Symlink("/dev/zero", w.keyFile))
		assert.Equal(t, "first", w.served(2*interval))
		assert.Equal(t, 1, w.logged(kept))
	})
}
