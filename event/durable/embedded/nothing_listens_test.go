//go:build linux

package embedded_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable/embedded"
)

// The server has no port: nobody but this process reaches the events.
func TestNothingListens(t *testing.T) {
	s, err := embedded.Open(t.Context(), config(t.TempDir()))
	require.NoError(t, err)
	defer s.Close()
	own := ownSockets(t)
	for _, table := range []string{"tcp", "tcp6"} {
		sockets, err := os.ReadFile("/proc/self/net/" + table)
		require.NoError(t, err)
		for line := range strings.Lines(string(sockets)) {
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[3] == stateListen && own[fields[9]] {
				assert.Fail(t, "a socket listens", line)
			}
		}
	}
}

const stateListen = "0A" // in /proc/net/tcp

// ownSockets returns the inodes of the sockets that this process has open.
func ownSockets(t *testing.T) map[string]bool {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	own := make(map[string]bool)
	for _, f := range files {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil {
			own[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
		}
	}
	return own
}
