package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
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

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// The tests run the gateway as its users do: built, as a process, over HTTP.

// Every secret of the tests contains the word canary. UserLock IDs have hex digits only,
// and contain these.
const (
	canaryID       = "ab12cd34-ca9a-47ca-9a27-ca9a27ca9a27"
	canaryIDHidden = "ca9a27ca9a27"
)

// patience limits every wait. Only what is broken takes that long.
const patience = 2 * time.Minute

var binary string // path of the built gateway

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gateway")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "gateway")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A buffer can be read while a process writes to it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A process is a gateway that runs.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr buffer
	url            string
	exited         chan struct{}
}

// command returns a gateway that has not been started. Its environment is env alone, so
// that the tests do not depend on the machine.
func command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append([]string{}, env...)
	return cmd
}

// start starts a gateway on a free port and returns once it listens. When the
// test ends, the gateway must stop with status 0 and must not have shown a secret.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := newProcess(t, env, args...)
	p.start()
	t.Cleanup(p.stop)
	return p
}

func newProcess(t *testing.T, env []string, args ...string) *process {
	p := &process{t: t, exited: make(chan struct{})}
	args = append([]string{"-addr", "127.0.0.1:0"}, args...)
	p.cmd = command(context.WithoutCancel(t.Context()), env, args...) // stop ends it
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	return p
}

var listening = regexp.MustCompile(`msg=listening addr=(\S+)`)

func (p *process) start() {
	p.t.Helper()
	p.starting()
	p.started()
}

func (p *process) starting() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Start())
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // wait returns the status
	}()
}

// started returns once the gateway listens.
func (p *process) started() {
	p.t.Helper()
	p.eventually("it did not say where it listens", func() bool {
		found := listening.FindStringSubmatch(p.stderr.String())
		if found != nil {
			p.url = "http://" + found[1]
		}
		return found != nil
	})
}

func (p *process) eventually(what string, ok func() bool) {
	p.t.Helper()
	require.Eventually(p.t, ok, patience, 5*time.Millisecond, what)
}

func (p *process) terminate() { _ = p.cmd.Process.Signal(syscall.SIGTERM) }

// wait waits until the gateway has exited and returns its status.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.exited
		assert.Fail(p.t, "it did not stop", "stderr:\n%s", &p.stderr)
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop may be called more than once.
func (p *process) stop() {
	p.t.Helper()
	p.terminate()
	assert.Equal(p.t, exitOK, p.wait(), "stderr:\n%s", &p.stderr)
	requireNoSecret(p.t, p.stdout.String(), p.stderr.String())
}

func requireNoSecret(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		assert.NotContains(t, strings.ToLower(text), "canary")
		assert.NotContains(t, strings.ToLower(text), canaryIDHidden)
	}
}

// send sends r, which may come straight from a NewRequest, and returns the
// status and body of the answer.
func (p *process) send(r *http.Request, err error) (int, string) {
	p.t.Helper()
	require.NoError(p.t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(p.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	return answer.StatusCode, string(body)
}

// events returns what was written to standard output, which must consist of
// whole lines, each of them an event.
func (p *process) events() []*event.Event {
	p.t.Helper()
	return decodeLines(p.t, p.stdout.String())
}

func decodeLines(t *testing.T, text string) []*event.Event {
	t.Helper()
	payloads := cloudevent.Payloads{
		userlock.Vendor:    userlock.Decode,
		unloc.Vendor:       unloc.Decode,
		relock.Vendor:      relock.Decode,
		loginradius.Vendor: loginradius.Decode,
	}
	var events []*event.Event
	for line := range strings.Lines(text) {
		require.True(t, strings.HasSuffix(line, "\n"), "partial line: %q", line)
		e, err := cloudevent.Decode([]byte(line), payloads)
		require.NoError(t, err, "line: %s", line)
		require.NotNil(t, e.Payload, "line: %s", line)
		events = append(events, e)
	}
	return events
}

// runToEnd runs a gateway that must exit by itself.
func runToEnd(t *testing.T, env []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, log bytes.Buffer
	cmd := command(ctx, env, args...)
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		_, ok := errors.AsType[*exec.ExitError](err)
		require.True(t, ok, "%v", err)
	}
	require.NoError(t, ctx.Err(), "it did not exit; stderr:\n%s", &log)
	return cmd.ProcessState.ExitCode(), out.String(), log.String()
}

// sign signs as Relock and LoginRadius do.
func sign(secret, body string) string {
	h := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(h, body)
	return hex.EncodeToString(h.Sum(nil))
}

func postTo(t *testing.T, url, body string) (*http.Request, error) {
	return http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
}

// closedPipe returns the writing end of a pipe without a reader.
func closedPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// fullPipe returns the writing end of a pipe that is full and is not read.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	require.NoError(t, w.SetWriteDeadline(time.Now().Add(time.Second)))
	_, err = w.Write(make([]byte, 1<<20))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	return w
}
