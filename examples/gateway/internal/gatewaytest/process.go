// Package gatewaytest runs the gateway for tests as its users do: built, as a Process,
// over HTTP.
package gatewaytest

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

// Every secret of the tests contains the word canary. UserLock IDs have hex digits only,
// and contain these.
const (
	CanaryID       = "ab12cd34-ca9a-47ca-9a27-ca9a27ca9a27"
	CanaryIDHidden = "ca9a27ca9a27"
)

// WithRelock serves Relock alone, with the secret RelockSecret.
var WithRelock = []string{"RELOCK_SECRETS=" + RelockSecret}

// RelockSecret is the secret of most tests.
const RelockSecret = "canary-relock-secret"

// Patience limits every wait. Only what is broken takes that long.
const Patience = 2 * time.Minute

var binary string // path of the built gateway

// Main is for the TestMain of a package: it builds the gateway, runs the tests, and
// returns their status.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gateway")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "gateway")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/accesshook/accesshook/examples/gateway").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A Buffer can be read while a Process writes to it.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A Process is a gateway that runs.
type Process struct {
	T              *testing.T
	Cmd            *exec.Cmd
	Stdout, Stderr Buffer
	URL            string
	Exited         chan struct{} // closed once it has
}

// Command returns a gateway that has not been started. Its environment is env alone, so
// that the tests do not depend on the machine.
func Command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append([]string{}, env...)
	return cmd
}

// Start starts a gateway on a free port and returns once it listens. When the
// test ends, the gateway must stop with status 0 and must not have shown a secret.
func Start(t *testing.T, env []string, args ...string) *Process {
	t.Helper()
	p := New(t, env, args...)
	p.Start()
	t.Cleanup(p.Stop)
	return p
}

// New returns a gateway on a free port that has not been started.
func New(t *testing.T, env []string, args ...string) *Process {
	p := &Process{T: t, Exited: make(chan struct{})}
	args = append([]string{"-addr", "127.0.0.1:0", "-stop-delay", "0"}, args...)
	p.Cmd = Command(context.WithoutCancel(t.Context()), env, args...) // stop ends it
	p.Cmd.Stdout, p.Cmd.Stderr = &p.Stdout, &p.Stderr
	return p
}

var listening = regexp.MustCompile(`msg=listening addr=(\S+)`)

// Start starts the gateway and returns once it listens.
func (p *Process) Start() {
	p.T.Helper()
	p.Starting()
	p.Started()
}

// Starting starts the gateway and does not wait until it listens.
func (p *Process) Starting() {
	p.T.Helper()
	require.NoError(p.T, p.Cmd.Start())
	go func() {
		defer close(p.Exited)
		_ = p.Cmd.Wait() // wait returns the status
	}()
}

// Started returns once the gateway listens.
func (p *Process) Started() {
	p.T.Helper()
	p.Eventually("it did not say where it listens", func() bool {
		exited := p.hasExited()
		found := listening.FindStringSubmatch(p.Stderr.String())
		if found != nil {
			p.URL = "http://" + found[1]
		}
		return found != nil || exited
	})
	require.NotEmpty(p.T, p.URL, "stderr:\n%s", &p.Stderr)
}

func (p *Process) hasExited() bool {
	select {
	case <-p.Exited:
		return true
	default:
		return false
	}
}

// Eventually waits until ok.
func (p *Process) Eventually(what string, ok func() bool) {
	p.T.Helper()
	require.Eventually(p.T, ok, Patience, 5*time.Millisecond, what)
}

// Terminate sends SIGTERM.
func (p *Process) Terminate() { _ = p.Cmd.Process.Signal(syscall.SIGTERM) }

// Wait waits until the gateway has exited and returns its status.
func (p *Process) Wait() int {
	p.T.Helper()
	select {
	case <-p.Exited:
	case <-time.After(Patience):
		_ = p.Cmd.Process.Kill()
		<-p.Exited
		assert.Fail(p.T, "it did not stop", "stderr:\n%s", &p.Stderr)
	}
	return p.Cmd.ProcessState.ExitCode()
}

// Stop stops the gateway, which must exit with status 0 and must not have shown a secret. It may be called more than once.
func (p *Process) Stop() {
	p.T.Helper()
	p.Terminate()
	assert.Equal(p.T, 0, p.Wait(), "stderr:\n%s", &p.Stderr)
	RequireNoSecret(p.T, p.Stdout.String(), p.Stderr.String())
}

// RequireNoSecret requires that no text has a secret of a test.
func RequireNoSecret(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		assert.NotContains(t, strings.ToLower(text), "canary")
		assert.NotContains(t, strings.ToLower(text), CanaryIDHidden)
	}
}

// Send sends r, which may come straight from a NewRequest, and returns the
// status and body of the answer.
func (p *Process) Send(r *http.Request, err error) (int, string) {
	p.T.Helper()
	require.NoError(p.T, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(p.T, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(p.T, err)
	return answer.StatusCode, string(body)
}

// Events returns what was written to standard output, which must consist of
// whole lines, each of them an event.
func (p *Process) Events() []*event.Event {
	p.T.Helper()
	return Decode(p.T, p.Stdout.String())
}

// Payloads decodes the payloads of all vendors.
var Payloads = cloudevent.Payloads{
	userlock.Vendor:    userlock.Decode,
	unloc.Vendor:       unloc.Decode,
	relock.Vendor:      relock.Decode,
	loginradius.Vendor: loginradius.Decode,
}

// Decode decodes lines, which must be whole, and each of them an event.
func Decode(t *testing.T, text string) []*event.Event {
	t.Helper()
	var events []*event.Event
	for line := range strings.Lines(text) {
		require.True(t, strings.HasSuffix(line, "\n"), "partial line: %q", line)
		e, err := cloudevent.Decode([]byte(line), Payloads)
		require.NoError(t, err, "line: %s", line)
		require.NotNil(t, e.Payload, "line: %s", line)
		events = append(events, e)
	}
	return events
}

// RunToEnd runs a gateway that must exit by itself.
func RunToEnd(t *testing.T, env []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	var out, log bytes.Buffer
	cmd := Command(ctx, env, args...)
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		_, ok := errors.AsType[*exec.ExitError](err)
		require.True(t, ok, "%v", err)
	}
	require.NoError(t, ctx.Err(), "it did not exit; stderr:\n%s", &log)
	return cmd.ProcessState.ExitCode(), out.String(), log.String()
}

// Sign signs as Relock and LoginRadius do.
func Sign(secret, body string) string {
	h := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(h, body)
	return hex.EncodeToString(h.Sum(nil))
}

// Post returns a POST request.
func Post(t *testing.T, url, body string) (*http.Request, error) {
	return http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
}

// Kill kills the gateway.
func (p *Process) Kill() {
	_ = p.Cmd.Process.Kill()
	<-p.Exited
}
