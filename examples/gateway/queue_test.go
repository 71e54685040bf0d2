package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"
)

// tooLong makes an event whose line does not fit into a pipe, so that the write blocks
// until the pipe is read.
var tooLong = strings.Repeat("x", 200_000)

// startUnread starts a gateway whose standard output is a pipe, and returns the reading
// end.
func startUnread(t *testing.T, args ...string) (p *process, stdout *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	p = newProcess(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, append([]string{"-max-body", "300000"}, args...)...)
	p.cmd.Stdout = w
	p.start()
	require.NoError(t, w.Close()) // the gateway has its own
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.exited })
	return p, r
}

func (p *process) requireAccept(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		require.Equal(p.t, 200, p.from("canary-relock-secret", text, "", ""))
	}
}

func TestQueueAnswersBeforeTheEventIsHandled(t *testing.T) {
	p, stdout := startUnread(t, "-queue", "2", "-queue-workers", "1")
	p.requireAccept(tooLong+"1", "22", "333")

	r, err := relockRequest(t, p, "canary-relock-secret", "4444")
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, 503, answer.StatusCode, "the queue is full")
	assert.Equal(t, "10", answer.Header.Get("Retry-After"))

	p.requireMetrics(p.url, map[string]float64{
		`accesshook_queue_depth`: 2,
		`accesshook_events_total{type="security.alert",vendor="relock"}`: 3,
		`accesshook_requests_total{endpoint="relock",status="503"}`:      1,
		`accesshook_retries_total{endpoint="relock"}`:                    0,
		`accesshook_dead_total{endpoint="relock"}`:                       0,
	})
	series, _ := p.metrics(p.url)
	assert.Positive(t, series[`accesshook_queue_oldest_age_seconds`])
	assert.Less(t, series[`accesshook_queue_oldest_age_seconds`], patience.Seconds())
	bytes := series[`accesshook_queue_bytes`]
	assert.Greater(t, bytes, 100.)
	assert.Less(t, bytes, 1000.)
	_, details := p.health(p.url)
	require.NotNil(t, details.Queue)
	assert.Equal(t, 2, details.Queue.Depth)
	assert.EqualValues(t, bytes, details.Queue.Bytes)
	assert.GreaterOrEqual(t, details.Queue.Oldest, 0.)

	read := make(chan string)
	go func() { text, _ := io.ReadAll(stdout); read <- string(text) }()
	p.requireMetrics(p.url, map[string]float64{
		`accesshook_queue_depth`: 0, `accesshook_queue_bytes`: 0, `accesshook_queue_oldest_age_seconds`: 0,
	})
	p.terminate()
	assert.Equal(t, exitOK, p.wait())
	assert.Len(t, decodeLines(t, <-read), 3)
}

func TestSIGTERMFinishesTheQueue(t *testing.T) {
	p, stdout := startUnread(t, "-queue", "10", "-queue-workers", "1")
	p.requireAccept(tooLong, "1", "2", "3")
	p.terminate()
	p.eventually("it does not stop", func() bool {
		return strings.Contains(p.stderr.String(), `msg="finishing what waits in the queue" events=3`)
	})
	text, err := io.ReadAll(stdout) // until the gateway has exited
	require.NoError(t, err)
	assert.Equal(t, exitOK, p.wait(), "stderr:\n%s", &p.stderr)
	events := decodeLines(t, string(text))
	require.Len(t, events, 4)
	for i, want := range []string{"1", "2", "3"} {
		assert.Equal(t, want, events[i+1].Payload.(*relock.SecurityAlert).Description)
	}
	assert.NotContains(t, p.stderr.String(), "is lost")
}

// Events that are not handled in time are logged.
func TestSIGTERMLogsWhatIsLeftInTheQueue(t *testing.T) {
	p, _ := startUnread(t, "-queue", "10", "-queue-workers", "1", "-retries", "20", "-body-timeout", "1s", "-handler-timeout", "1ms")
	p.requireAccept(tooLong, "a-name-1", "a-name-2")
	p.terminate()
	assert.Equal(t, exitFailed, p.wait())
	log := p.stderr.String()
	const lost = `level=ERROR msg="an event that was answered 200 is lost" endpoint=relock vendor=relock id=`
	assert.Equal(t, 3, strings.Count(log, lost), "stderr:\n%s", log)
	assert.Equal(t, 3, strings.Count(log, " type=security.alert\n"))
	assert.Contains(t, log, "level=ERROR msg=failed error=\"event: queue shut down with 3 events left: ")
	assert.NotContains(t, log, "a-name", "a payload is not logged")
	requireNoSecret(t, log)
}

func TestQueueGivesUp(t *testing.T) {
	p := newProcess(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-queue", "10", "-retries", "1")
	p.cmd.Stdout = closedPipe(t)
	p.start()
	t.Cleanup(p.stop)
	p.requireAccept("a-name")
	p.requireMetrics(p.url, map[string]float64{
		`accesshook_retries_total{endpoint="relock"}`:               1,
		`accesshook_dead_total{endpoint="relock"}`:                  1,
		`accesshook_duplicates_total{endpoint="relock"}`:            0,
		`accesshook_requests_total{endpoint="relock",status="200"}`: 1,
	})
	p.stop()
	assert.Regexp(t, `level=WARN msg="event: trying again" attempt=1 .* endpoint=relock vendor=relock id=\w+ type=security.alert `, p.stderr.String())
	assert.Regexp(t, `level=ERROR msg="event: handling a queued event failed" endpoint=relock vendor=relock id=\w+ type=security.alert error="event: after 2 attempts: `, p.stderr.String())
	assert.NotContains(t, p.stderr.String(), "a-name")
}

func TestDuplicatesInTheQueueArePrintedOnce(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-queue", "100")
	for range 3 {
		status, answer := p.send(relock.NewRequest(t.Context(), p.url+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1"}))
		assert.Equal(t, 200, status)
		assert.Equal(t, received, answer)
	}
	p.requireMetrics(p.url, map[string]float64{`accesshook_duplicates_total{endpoint="relock"}`: 2})
	p.stop()
	assert.Len(t, p.events(), 1)
}

// Events of one user are written in order of arrival, though eight events are handled
// concurrently.
func TestQueueOrder(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-queue", "1000")
	var want, got []string
	for i := range 100 {
		id := fmt.Sprint("s-", i)
		status, _ := p.send(relock.NewRequest(t.Context(), p.url+"/webhooks/relock", "canary-relock-secret", &relock.SessionCreated{SessionID: id, UserID: "u-1"}))
		require.Equal(t, 200, status)
		want = append(want, id)
	}
	p.stop()
	for _, e := range p.events() {
		got = append(got, e.Session.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestThereIsNoQueueByDefault(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"})
	series, _ := p.metrics(p.url)
	assert.NotContains(t, series, "accesshook_queue_depth")
	_, details := p.health(p.url)
	assert.Nil(t, details.Queue)
}

func TestDemoWithAQueue(t *testing.T) {
	var stdout, stderr buffer
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, nil, []string{"-demo", "-addr", "127.0.0.1:0", "-queue", "100"}, noEnvironment, &stdout, &stderr)
	}()
	require.Eventually(t, func() bool {
		return strings.Contains(stderr.String(), "demo: every event was sent and accepted")
	}, patience, 5*time.Millisecond)
	cancel()
	assert.Equal(t, exitOK, <-status)
	assert.Len(t, decodeLines(t, stdout.String()), 20+3+7+31)
}
