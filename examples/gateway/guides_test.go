//go:build unix

package main_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal/ptytest"
)

// pasted is what somebody who follows a guide pastes from the vendor's console.
var pasted = map[string]string{
	"userlock":    "AB12CD34-CA9A-47CA-9A27-CA9A27CA9A27\nAB12CD35-CA9A-47CA-9A27-CA9A27CA9A27\n",
	"loginradius": "canary-api-secret\n",
}

// programs are built once: those that "go run" starts.
var programs = sync.OnceValues(func() (map[string]string, error) {
	gateway := gatewaytest.Command(context.Background(), nil).Path
	send := filepath.Join(filepath.Dir(gateway), "send") // removed with the gateway
	build := exec.Command("go", "build", "-o", send, "./examples/send")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %v\n%s", err, out)
	}
	return map[string]string{"./examples/gateway": gateway, "./examples/send": send}, nil
})

// A walk follows a guide as somebody would: in a directory of its own, with two terminals.
type walk struct {
	t       *testing.T
	guide   *guide
	dir     string
	path    string            // of commands
	address string            // in place of 127.0.0.1:8080
	command *exec.Cmd         // of the server
	server  *ptytest.Terminal // nil if none runs
	before  int               // what the server had written before the commands
	output  string            // of the commands
	all     strings.Builder
}

// Somebody who follows a guide sees what it says.
func TestGuides(t *testing.T) {
	gatewaytest.Needs(t, "sh", "openssl")
	for _, g := range guides(t) {
		t.Run(g.vendor, func(t *testing.T) {
			t.Parallel()
			w := newWalk(t, g)
			for i, b := range g.blocks {
				switch {
				case b.language == "sh" && b.isServer():
					w.start(b)
				case b.language == "sh" && strings.Contains(b.text, " -explain "):
					w.explains(b, g.blocks[i+1])
				case b.language == "sh":
					w.run(b)
				case b.language == "text":
					w.sees(b)
				}
			}
			w.stop()
			w.requireNoSecret()
		})
	}
}

func newWalk(t *testing.T, g *guide) *walk {
	w := &walk{t: t, guide: g, dir: t.TempDir(), address: unusedAddress(t)}
	commands := t.TempDir()
	built, err := programs()
	require.NoError(t, err)
	receiver := filepath.Join(commands, "receiver")
	for _, b := range g.blocks {
		if b.isProgram() {
			w.build(b, receiver)
		}
	}

	var script strings.Builder // in place of the go command
	script.WriteString("#!/bin/sh\ncase \"$1 $2\" in\n")
	for name, path := range built {
		fmt.Fprintf(&script, "'run %s') path=%s ;;\n", name, path)
	}
	fmt.Fprintf(&script, "'run ./receiver') path=%s ;;\n", receiver)
	script.WriteString("*) echo \"not a command of a guide: go $*\" >&2; exit 99 ;;\nesac\nshift 2\nexec \"$path\" \"$@\"\n")
	require.NoError(t, os.WriteFile(filepath.Join(commands, "go"), []byte(script.String()), 0o700)) //nolint:gosec // it is run
	w.path = commands + string(os.PathListSeparator) + os.Getenv("PATH")
	return w
}

// unusedAddress returns an address that nothing else listens on.
func unusedAddress(t *testing.T) string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails
	// On Linux all of 127.0.0.0/8 is this machine, so that no other program takes the port
	// before the server does.
	l, err := net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:0", b[0]|1, b[1], b[2]|1))
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
	}
	defer l.Close()
	return l.Addr().String()
}

// here is text with the server's address in place of that of the guide.
func (w *walk) here(text string) string {
	return strings.ReplaceAll(text, "127.0.0.1:8080", w.address)
}

// build builds the program of the guide.
func (w *walk) build(b block, binary string) {
	source := filepath.Join(w.t.TempDir(), "main.go")
	require.Contains(w.t, b.text, `"127.0.0.1:8080"`)
	require.NoError(w.t, os.WriteFile(source, []byte(w.here(b.text)), 0o600))
	build := exec.CommandContext(w.t.Context(), "go", "build", "-o", binary, source)
	build.Dir = "../.."
	out, err := build.CombinedOutput()
	require.NoError(w.t, err, "%s", out)
}

func (w *walk) shell(b block) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), "sh", "-euc", w.here(b.text))
	cmd.Dir = w.dir
	cmd.Env = []string{"PATH=" + w.path, "HOME=" + w.dir, "TERM=dumb", "TZ=UTC", "GATEWAY_ADDR=" + w.address, "GATEWAY_STOP_DELAY=0"}
	return cmd
}

// start starts a server in the first terminal, in place of the one before it.
func (w *walk) start(b block) {
	w.stop()
	w.output, w.before = "", 0
	w.command = w.shell(b)
	w.server = ptytest.Run(w.t, w.command, 120)
	for end := time.Now().Add(gatewaytest.Patience); !listens(w.address); time.Sleep(10 * time.Millisecond) {
		require.True(w.t, time.Now().Before(end), "line %d: the server does not listen:\n%s", b.line, w.server.Output())
	}
}

func listens(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// stop stops the server. Ctrl-C would be ignored if the test runs in the background of a
// shell without job control.
func (w *walk) stop() {
	if w.server == nil {
		return
	}
	require.NoError(w.t, syscall.Kill(-w.command.Process.Pid, syscall.SIGTERM)) // a session has a process group
	_ = w.server.Wait()                                                         // the status is that of a program that was stopped
	w.all.WriteString(w.server.Output())
	w.server = nil
}

// run runs commands in the second terminal.
func (w *walk) run(b block) {
	if w.server != nil {
		w.before = len(w.server.Output())
	}
	status := w.execute(b)
	require.Zero(w.t, status, "line %d:\n%s", b.line, w.output)
}

// execute executes commands and returns their status.
func (w *walk) execute(b block) int {
	cmd := w.shell(b)
	cmd.Stdin = strings.NewReader(pasted[w.guide.vendor])
	output, err := cmd.CombinedOutput()
	require.NotNil(w.t, cmd.ProcessState, "line %d: %v", b.line, err)
	w.output = string(output)
	w.all.Write(output)
	w.secretFiles()
	return cmd.ProcessState.ExitCode()
}

// explains runs a command about the newest recording until it shows what it should: the
// gateway writes recordings after its answers.
func (w *walk) explains(b, want block) {
	require.Equal(w.t, "text", want.language, "line %d: nothing says what this shows", b.line)
	end := time.Now().Add(gatewaytest.Patience)
	for status := w.execute(b); status > 1 || w.missing(want) != ""; status = w.execute(b) { // 1: it was refused
		require.True(w.t, time.Now().Before(end), "line %d: status %d, and %q is not in:\n%s", b.line, status, w.missing(want), w.output)
		time.Sleep(100 * time.Millisecond)
	}
}

// missing returns the first line of a block that the commands have not shown.
func (w *walk) missing(b block) string {
	for line := range strings.Lines(w.here(b.text)) {
		if !shown(line).MatchString(w.output) {
			return line
		}
	}
	return ""
}

// sees waits until one of the terminals shows all lines of a block.
func (w *walk) sees(b block) {
	for line := range strings.Lines(w.here(b.text)) {
		pattern := shown(line)
		if pattern.MatchString(w.output) {
			continue
		}
		what := fmt.Sprintf("line %d: %q is not in:\n%s", b.line, strings.TrimSpace(line), w.output)
		require.NotNil(w.t, w.server, what)
		w.t.Log(what) // shown if the server does not show it either
		w.server.WaitFor(func(output string) bool { return pattern.MatchString(output[w.before:]) })
	}
}

// requireNoSecret requires that neither terminal nor a recording has what is in the files
// of secrets.
func (w *walk) requireNoSecret() {
	recordings, err := filepath.Glob(filepath.Join(w.dir, "recordings", "*"))
	require.NoError(w.t, err)
	require.NotEmpty(w.t, recordings)
	for _, name := range recordings {
		content, err := os.ReadFile(name)
		require.NoError(w.t, err)
		w.all.Write(content)
	}
	files := w.secretFiles()
	require.NotEmpty(w.t, files)
	shown := strings.ToLower(w.all.String())
	for _, name := range files {
		content, err := os.ReadFile(name)
		require.NoError(w.t, err)
		for _, secret := range regexp.MustCompile(`[:\s]+`).Split(strings.ToLower(string(content)), -1) {
			if len(secret) >= 16 {
				assert.NotContains(w.t, shown, secret, name)
			}
		}
	}
}

// secretFiles returns the files of secrets, which nobody else may read.
func (w *walk) secretFiles() []string {
	files, err := filepath.Glob(filepath.Join(w.dir, "*.secret"))
	require.NoError(w.t, err)
	for _, name := range files {
		info, err := os.Stat(name)
		require.NoError(w.t, err)
		assert.Equal(w.t, fs.FileMode(0o600), info.Mode().Perm(), name)
	}
	return files
}
