//go:build unix

package ptytest

import (
	"bytes"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgram(t *testing.T) {
	term := Run(t, exec.Command("sh", "-c", "stty size; read x; stty size; echo got $x; exit 3"), 100)
	term.WaitFor(func(output string) bool { return strings.HasSuffix(output, "\n") })
	assert.Equal(t, "40 100\n", term.Output())
	term.Resize(90)
	term.Type("word\n")
	var exit *exec.ExitError
	require.ErrorAs(t, term.Wait(), &exit)
	assert.Equal(t, 3, exit.ExitCode())
	assert.Equal(t, "40 100\nword\n40 90\ngot word\n", term.Output())
}

func TestInterrupt(t *testing.T) {
	term := Run(t, exec.Command("sh", "-c", "trap 'echo bye; exit 0' INT; echo ready; read x"), 80)
	term.WaitFor(func(output string) bool { return strings.Contains(output, "ready") })
	term.Type("\x03")
	require.NoError(t, term.Wait())
	assert.Contains(t, term.Output(), "bye\n")
}

func TestStandardOutputElsewhere(t *testing.T) {
	cmd := exec.Command("sh", "-c", "echo out; echo err >&2")
	var out bytes.Buffer
	cmd.Stdout = &out
	term := Run(t, cmd, 80)
	require.NoError(t, term.Wait())
	assert.Equal(t, "out\n", out.String())
	assert.Equal(t, "err\n", term.Output())
}

// TestProgramIsKilled: with a child that has the terminal open.
func TestProgramIsKilled(t *testing.T) {
	cmd := exec.Command("sh", "-c", "trap '' HUP; sleep 1000 & echo ready; wait")
	t.Run("a test that leaves a program behind", func(t *testing.T) {
		term := Run(t, cmd, 80)
		term.WaitFor(func(output string) bool { return strings.Contains(output, "ready") })
	})
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	assert.Equal(t, syscall.SIGKILL, status.Signal())
}
