package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSIGTERMFinishesWhatWasAccepted(t *testing.T) {
	const secret = "canary-relock-secret"
	p := start(t, []string{"RELOCK_SECRETS=" + secret})
	body := `{"event":"session.ended","data":{"sessionId":"s-1","duration":60}}`
	head := "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + opensslHMAC(t, secret, body) +
		fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(body))

	half := dial(t, p)
	half.send(head + body[:10])
	health := dial(t, p)
	health.send("GET /healthz HTTP/1.1\r\n")
	p.requireAccepted()

	p.terminate()
	p.eventually("it did not stop listening", func() bool {
		c, err := net.Dial("tcp", half.RemoteAddr().String())
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})

	health.send("Host: localhost\r\n\r\n")
	status, answer := health.answer()
	assert.Equal(t, 503, status)
	assert.Contains(t, answer, `{"status":"stopping",`)

	assert.Empty(t, p.stdout.String())
	half.send(body[10:])
	status, answer = half.answer()
	assert.Equal(t, 200, status)
	assert.Equal(t, received, answer)

	assert.Equal(t, exitOK, p.wait())
	events := p.events()
	require.Len(t, events, 1)
	assert.Equal(t, "s-1", events[0].Session.ID)
}

// A signal during the start stops the gateway as well.
func TestStopDuringTheStart(t *testing.T) {
	for name, args := range map[string][]string{"by itself": nil, "store": {"-data", t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			stop()
			var stdout, stderr buffer
			env := func(name string) (string, bool) { return "canary-relock-secret", name == "RELOCK_SECRETS" }
			status := run(ctx, nil, append([]string{"-addr", "127.0.0.1:0"}, args...), env, &stdout, &stderr)
			assert.Equal(t, exitOK, status, "stderr:\n%s", &stderr)
			assert.NotContains(t, stderr.String(), "level=ERROR")
			assert.Regexp(t, `level=INFO msg="?stopped`, stderr.String())
		})
	}
}

func TestSIGINTStops(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"})
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	assert.Equal(t, exitOK, p.wait())
}

// The last records are not lost, though they were logged in a burst.
func TestLogIsWholeAtTheEnd(t *testing.T) {
	p := newProcess(t, []string{"RELOCK_SECRETS=canary-relock-secret"})
	p.start()
	p.stop()
	assert.Regexp(t, `msg=stopping\n(?s:.*)msg=stopped\n$`, p.stderr.String())
}

// A log that is not read blocks neither requests nor a stop.
func TestBlockedStandardError(t *testing.T) {
	w := fullPipe(t)
	addr := unused(t)
	p := newProcess(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-addr", addr)
	p.cmd.Stderr = w
	p.url = "http://" + addr
	p.starting()
	p.eventually("it does not answer", func() bool {
		answer, err := http.Get(p.url + "/healthz")
		return err == nil && answer.Body.Close() == nil
	})
	for i := range 20 {
		require.Equal(t, 401, p.from("canary-wrong", fmt.Sprint("forged ", i), "", ""))
		status, _ := p.send(relockRequest(t, p, "canary-relock-secret", fmt.Sprint(i)))
		require.Equal(t, 200, status)
	}
	p.terminate()
	assert.Equal(t, exitOK, p.wait())
	assert.Len(t, p.events(), 20)
}

// Events written to a closed standard output must not look like kept ones.
func TestNoStandardOutput(t *testing.T) {
	needs(t, "sh")
	for _, args := range [][]string{nil, {"-data", t.TempDir()}} {
		cmd := command(t.Context(), withRelock, args...)
		cmd.Args = append([]string{"sh", "-c", `exec "$0" "$@" >&-`, cmd.Path}, cmd.Args[1:]...)
		sh, err := exec.LookPath("sh")
		require.NoError(t, err)
		cmd.Path = sh
		var stderr buffer
		cmd.Stderr = &stderr
		assert.Error(t, cmd.Run())
		assert.Equal(t, exitUsage, cmd.ProcessState.ExitCode())
		assert.Contains(t, stderr.String(), "standard output is closed")
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = null.Close() })
	p := newProcess(t, withRelock)
	p.cmd.Stdout = null
	p.start()
	p.stop()
	assert.Contains(t, p.stderr.String(), "standard output is the null device")
	p = start(t, withRelock)
	p.stop()
	assert.NotContains(t, p.stderr.String(), "null device")
}

// A standard output that is not read blocks no request for longer than its timeout.
func TestBlockedStandardOutput(t *testing.T) {
	w := fullPipe(t)
	p := newProcess(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-handler-timeout", "50ms")
	p.cmd.Stdout = w
	p.start()
	require.NoError(t, w.Close())
	for _, id := range []string{"one", "two"} {
		status, _ := p.send(relockRequest(t, p, "canary-relock-secret", id))
		assert.Equal(t, 500, status)
	}
	p.eventually("the log does not say why", func() bool { // it may come after the answer
		return strings.Count(p.stderr.String(), "context deadline exceeded") == 2
	})
	p.stop()
}

func TestSecondSignalKills(t *testing.T) {
	p := newProcess(t, []string{"RELOCK_SECRETS=canary-relock-secret"})
	p.start()
	half := dial(t, p)
	half.send("POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + strings.Repeat("0", 64) +
		"\r\nContent-Length: 10\r\n\r\n")
	p.requireAccepted()
	p.terminate()
	p.eventually("it does not stop", func() bool { return strings.Contains(p.stderr.String(), "msg=stopping") })
	p.eventually("a second signal does not kill it", func() bool {
		p.terminate()
		select {
		case <-p.exited:
			return true
		default:
			return false
		}
	})
	ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	assert.True(t, ws.Signaled())
}

func TestSIGTERMDuringTheDemo(t *testing.T) {
	p := start(t, nil, "-demo")
	p.stop() // with status 0, however far the demo got
}

func TestClosedStandardOutput(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	p := newProcess(t, []string{"RELOCK_SECRETS=canary-relock-secret"})
	p.cmd.Stdout = w
	p.start()
	t.Cleanup(p.stop)
	require.NoError(t, w.Close())
	require.NoError(t, r.Close()) // the last reader: from here on a write fails

	status, answer := p.send(relockRequest(t, p, "canary-relock-secret", "alert"))
	assert.Equal(t, 500, status, "nobody took the event")
	assert.Equal(t, `{"error":"internal server error"}`, answer)
	status, _ = p.send(get(t, p.url+"/healthz"))
	assert.Equal(t, 200, status, "it was not killed by SIGPIPE")
}

// requireAccepted makes sure that earlier connections have been accepted: the server
// accepts them in order.
func (p *process) requireAccepted() {
	p.t.Helper()
	c := dial(p.t, p)
	c.send("GET /healthz HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n")
	status, answer := c.answer()
	require.Equal(p.t, 200, status)
	require.Contains(p.t, answer, `{"status":"ok"`)
}

// A connection sends a request in pieces.
type connection struct {
	net.Conn
	t *testing.T
}

func dial(t *testing.T, p *process) connection {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = c.Close() })
	return connection{c, t}
}

func (c connection) send(text string) {
	c.t.Helper()
	_, err := io.WriteString(c.Conn, text)
	require.NoError(c.t, err)
}

func (c connection) answer() (status int, body string) {
	c.t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(c.Conn), nil)
	require.NoError(c.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(c.t, err)
	return answer.StatusCode, string(text)
}
