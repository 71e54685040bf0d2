package gatewaytest

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// WriteFile writes a file of a test and returns its path.
func WriteFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// ReplaceFile replaces a file atomically, as for mounted secrets.
func ReplaceFile(t *testing.T, name, text string) {
	t.Helper()
	next := filepath.Join(filepath.Dir(name), "next")
	require.NoError(t, os.WriteFile(next, []byte(text), 0o600))
	require.NoError(t, os.Rename(next, name))
}

// ClosedPipe returns the writing end of a pipe without a reader.
func ClosedPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// FullPipe returns the writing end of a pipe that is full and is not read.
func FullPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	require.NoError(t, w.SetWriteDeadline(time.Now().Add(time.Second)))
	_, err = w.Write(make([]byte, 1<<20))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	return w
}

// TooLong makes an event whose line does not fit into a pipe, so that the write blocks
// until the pipe is read.
var TooLong = strings.Repeat("x", 200_000)

// StartUnread starts a gateway of Relock whose standard output is a pipe, and returns the
// reading end. The test may kill the gateway.
func StartUnread(t *testing.T, args ...string) (p *Process, stdout *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	p = New(t, WithRelock, append([]string{"-max-body", "300000"}, args...)...)
	p.Cmd.Stdout = w
	p.Start()
	require.NoError(t, w.Close()) // the gateway has its own
	t.Cleanup(p.Kill)
	return p, r
}

// StartBroken starts a gateway whose standard output fails, and stays.
func StartBroken(t *testing.T, env []string, args ...string) *Process {
	t.Helper()
	p := New(t, env, append([]string{"-output-grace", "1h"}, args...)...)
	p.Cmd.Stdout = ClosedPipe(t)
	p.Start()
	t.Cleanup(p.Stop)
	return p
}

// StartWithDead starts a gateway whose store in dir has dead letters of sessions.
func StartWithDead(t *testing.T, dir string, env []string, sessions []string, args ...string) *Process {
	t.Helper()
	broken := StartBroken(t, WithRelock, "-data", dir, "-retries", "0")
	broken.End(sessions...)
	broken.RequireMetrics(broken.URL, map[string]float64{`accesshook_dead_letters`: float64(len(sessions))})
	broken.Stop()
	return Start(t, env, append([]string{"-data", dir}, args...)...)
}

// Unused returns an address without a listener.
func Unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}
