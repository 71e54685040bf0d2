package main_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

func TestSIGTERMFinishesWhatWasAccepted(t *testing.T) {
	const secret = "canary-relock-secret"
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=" + secret})
	body := `{"event":"session.ended","data":{"sessionId":"s-1","duration":60}}`
	head := "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + gatewaytest.Sign(secret, body) +
		fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(body))

	half := p.Dial()
	half.Send(head + body[:10])
	health := p.Dial()
	health.Send("GET /readyz HTTP/1.1\r\n")
	p.Accepted()

	p.Terminate()
	p.Eventually("it did not stop listening", func() bool {
		c, err := net.Dial("tcp", half.RemoteAddr().String())
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})

	health.Send("Host: localhost\r\n\r\n")
	status, answer := health.Answer()
	assert.Equal(t, 503, status)
	assert.Equal(t, `{"status":"not ready"}`+"\n", answer)

	assert.Empty(t, p.Stdout.String())
	half.Send(body[10:])
	status, answer = half.Answer()
	assert.Equal(t, 200, status)
	assert.Equal(t, gatewaytest.Received, answer)

	assert.Equal(t, 0, p.Wait())
	events := p.Events()
	require.Len(t, events, 1)
	assert.Equal(t, "s-1", events[0].Session.ID)
}

func TestSIGINTStops(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	require.NoError(t, p.Cmd.Process.Signal(os.Interrupt))
	assert.Equal(t, 0, p.Wait())
}

// The last records are not lost, though they were logged in a burst.
func TestLogIsWholeAtTheEnd(t *testing.T) {
	p := gatewaytest.New(t, gatewaytest.WithRelock)
	p.Start()
	p.Stop()
	assert.Regexp(t, `msg=stopping\n(?s:.*)msg=stopped\n$`, p.Stderr.String())
}

// A log that is not read blocks neither requests nor a stop.
func TestBlockedStandardError(t *testing.T) {
	w := gatewaytest.FullPipe(t)
	addr := gatewaytest.Unused(t)
	p := gatewaytest.New(t, gatewaytest.WithRelock, "-addr", addr)
	p.Cmd.Stderr = w
	p.URL = "http://" + addr
	p.Starting()
	p.Eventually("it does not answer", func() bool {
		answer, err := http.Get(p.URL + "/healthz")
		return err == nil && answer.Body.Close() == nil
	})
	for i := range 20 {
		require.Equal(t, 401, p.From("canary-wrong", fmt.Sprint("forged ", i), "", ""))
		status, _ := p.Send(p.Alert("canary-relock-secret", fmt.Sprint(i)))
		require.Equal(t, 200, status)
	}
	p.Terminate()
	assert.Equal(t, 0, p.Wait())
	assert.Len(t, p.Events(), 20)
}

// Events written to a closed standard output must not look like kept ones.
func TestNoStandardOutput(t *testing.T) {
	gatewaytest.Needs(t, "sh")
	for _, args := range [][]string{nil, {"-data", t.TempDir()}} {
		cmd := gatewaytest.Command(t.Context(), gatewaytest.WithRelock, args...)
		cmd.Args = append([]string{"sh", "-c", `exec "$0" "$@" >&-`, cmd.Path}, cmd.Args[1:]...)
		sh, err := exec.LookPath("sh")
		require.NoError(t, err)
		cmd.Path = sh
		var stderr gatewaytest.Buffer
		cmd.Stderr = &stderr
		assert.Error(t, cmd.Run())
		assert.Equal(t, 2, cmd.ProcessState.ExitCode())
		assert.Contains(t, stderr.String(), "standard output is closed")
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = null.Close() })
	p := gatewaytest.New(t, gatewaytest.WithRelock)
	p.Cmd.Stdout = null
	p.Start()
	p.Stop()
	assert.Contains(t, p.Stderr.String(), "standard output is the null device")
	p = gatewaytest.Start(t, gatewaytest.WithRelock)
	p.Stop()
	assert.NotContains(t, p.Stderr.String(), "null device")
}

// A standard output that is not read blocks no request for longer than its timeout.
func TestBlockedStandardOutput(t *testing.T) {
	w := gatewaytest.FullPipe(t)
	p := gatewaytest.New(t, gatewaytest.WithRelock, "-handler-timeout", "50ms")
	p.Cmd.Stdout = w
	p.Start()
	require.NoError(t, w.Close())
	for _, id := range []string{"one", "two"} {
		status, _ := p.Send(p.Alert("canary-relock-secret", id))
		assert.Equal(t, 500, status)
	}
	p.Eventually("the log does not say why", func() bool { // it may come after the answer
		return strings.Count(p.Stderr.String(), "context deadline exceeded") == 2
	})
	p.Stop()
}

func TestSecondSignalKills(t *testing.T) {
	p := gatewaytest.New(t, gatewaytest.WithRelock)
	p.Start()
	half := p.Dial()
	half.Send("POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + strings.Repeat("0", 64) +
		"\r\nContent-Length: 10\r\n\r\n")
	p.Accepted()
	p.Terminate()
	p.Eventually("it does not stop", func() bool { return strings.Contains(p.Stderr.String(), "msg=stopping") })
	p.Eventually("a second signal does not kill it", func() bool {
		p.Terminate()
		select {
		case <-p.Exited:
			return true
		default:
			return false
		}
	})
	ws, ok := p.Cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	assert.True(t, ws.Signaled())
}

func TestSIGTERMDuringTheDemo(t *testing.T) {
	p := gatewaytest.Start(t, nil, "-demo")
	p.Stop() // with status 0, however far the demo got
}

func TestClosedStandardOutput(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	p := gatewaytest.New(t, gatewaytest.WithRelock, "-output-grace", "1h")
	p.Cmd.Stdout = w
	p.Start()
	t.Cleanup(p.Stop)
	require.NoError(t, w.Close())
	require.NoError(t, r.Close()) // the last reader: from here on a write fails

	status, answer := p.Send(p.Alert("canary-relock-secret", "alert"))
	assert.Equal(t, 500, status, "nobody took the event")
	assert.Equal(t, `{"error":"internal server error"}`, answer)
	status, _ = p.Send(gatewaytest.Get(t, p.URL+"/healthz"))
	assert.Equal(t, 200, status, "it was not killed by SIGPIPE")
}

// During a rolling update the gateway first says that it is not ready, and takes events
// until load balancers have seen that.
func TestNotReadyBeforeItStops(t *testing.T) {
	p := gatewaytest.New(t, gatewaytest.WithRelock, "-stop-delay", "1h")
	p.Start()
	t.Cleanup(p.Kill)
	ready := func() int { status, _ := p.Send(gatewaytest.Get(t, p.URL+"/readyz")); return status }
	require.Equal(t, 200, ready())
	p.Terminate()
	p.Eventually("it is still ready", func() bool { return ready() == 503 })
	p.Accept("an event of a sender that has not seen it")
	status, _ := p.Send(gatewaytest.Get(t, p.URL+"/healthz"))
	assert.Equal(t, 200, status, "it is alive")

	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-stop-delay", "200ms")
	p.Accept("one")
	p.Stop()
	assert.Len(t, p.Events(), 1)
}

// A reader that is gone does not come back: the gateway is not ready, and ends, so that
// whoever started it starts it again with a reader.
func TestReaderOfStandardOutputDies(t *testing.T) {
	p := gatewaytest.StartBroken(t, gatewaytest.WithRelock)
	require.Equal(t, 500, p.From(gatewaytest.RelockSecret, "lost", "", ""))
	status, _ := p.Send(gatewaytest.Get(t, p.URL+"/readyz"))
	assert.Equal(t, 503, status)
	_, details := p.Health(p.URL)
	assert.Contains(t, details.Reason, "standard output")

	p = gatewaytest.New(t, gatewaytest.WithRelock, "-output-grace", "100ms")
	p.Cmd.Stdout = gatewaytest.ClosedPipe(t)
	p.Starting()
	assert.Equal(t, 1, p.Wait(), "no event is needed to notice")
	assert.Contains(t, p.Stderr.String(), "nobody reads standard output any more")
}

// Nor does it take an event to be not ready.
func TestNotReadyWithoutAReader(t *testing.T) {
	p := gatewaytest.StartBroken(t, gatewaytest.WithRelock)
	status, _ := p.Send(gatewaytest.Get(t, p.URL+"/readyz"))
	assert.Equal(t, 503, status)
}

// Another program that shares standard output may make it non-blocking.
func TestNonBlockingStandardOutput(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	p := gatewaytest.New(t, gatewaytest.WithRelock, "-handler-timeout", "1h")
	p.Cmd.Stdout = w
	p.Start()
	t.Cleanup(p.Stop)
	require.NoError(t, syscall.SetNonblock(int(w.Fd()), true)) // of the file that both have
	const events = 40
	var wg sync.WaitGroup
	for i := range events {
		wg.Go(func() {
			assert.Equal(t, 200, p.From(gatewaytest.RelockSecret, fmt.Sprint(i, strings.Repeat("x", 10_000)), "", ""))
		})
	}
	var text strings.Builder
	for b := make([]byte, 5000); strings.Count(text.String(), "\n") < events; {
		n, err := r.Read(b)
		require.NoError(t, err)
		text.Write(b[:n])
	}
	wg.Wait()
	assert.Len(t, gatewaytest.Decode(t, text.String()), events)
}

// A program that rotates logs copies standard output and truncates it.
func TestTruncatedStandardOutput(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	f, err := os.Create(name) // as of a shell's >, without O_APPEND
	require.NoError(t, err)
	defer f.Close()
	p := gatewaytest.New(t, gatewaytest.WithRelock)
	p.Cmd.Stdout = f
	p.Start()
	t.Cleanup(p.Stop)
	p.Accept("before")
	require.NoError(t, os.Truncate(name, 0))
	p.Accept("after")
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "\x00")
	assert.Len(t, gatewaytest.Decode(t, string(text)), 1)
}
