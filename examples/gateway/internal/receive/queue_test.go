package receive_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

func TestQueueAnswersBeforeTheEventIsHandled(t *testing.T) {
	p, stdout := gatewaytest.StartUnread(t, "-queue", "2", "-queue-workers", "1")
	p.Accept(gatewaytest.TooLong+"1", "22", "333")

	r, err := p.Alert("canary-relock-secret", "4444")
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, 503, answer.StatusCode, "the queue is full")
	assert.Equal(t, "10", answer.Header.Get("Retry-After"))

	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_queue_depth`: 2,
		`accesshook_events_total{type="security.alert",vendor="relock"}`: 3,
		`accesshook_requests_total{endpoint="relock",status="503"}`:      1,
		`accesshook_retries_total{endpoint="relock"}`:                    0,
		`accesshook_dead_total{endpoint="relock"}`:                       0,
	})
	series, _ := p.Metrics(p.URL)
	assert.Positive(t, series[`accesshook_queue_oldest_age_seconds`])
	assert.Less(t, series[`accesshook_queue_oldest_age_seconds`], gatewaytest.Patience.Seconds())
	bytes := series[`accesshook_queue_bytes`]
	assert.Greater(t, bytes, 100.)
	assert.Less(t, bytes, 1000.)
	_, details := p.Health(p.URL)
	require.NotNil(t, details.Queue)
	assert.Equal(t, 2, details.Queue.Depth)
	assert.EqualValues(t, bytes, details.Queue.Bytes)
	assert.GreaterOrEqual(t, details.Queue.Oldest, 0.)

	read := make(chan string)
	go func() { text, _ := io.ReadAll(stdout); read <- string(text) }()
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_queue_depth`: 0, `accesshook_queue_bytes`: 0, `accesshook_queue_oldest_age_seconds`: 0,
	})
	p.Terminate()
	assert.Equal(t, 0, p.Wait())
	assert.Len(t, gatewaytest.Decode(t, <-read), 3)
}

func TestSIGTERMFinishesTheQueue(t *testing.T) {
	p, stdout := gatewaytest.StartUnread(t, "-queue", "10", "-queue-workers", "1")
	p.Accept(gatewaytest.TooLong, "1", "2", "3")
	p.Terminate()
	p.Eventually("it does not stop", func() bool {
		return strings.Contains(p.Stderr.String(), `msg="finishing what waits in the queue" events=3`)
	})
	text, err := io.ReadAll(stdout) // until the gateway has exited
	require.NoError(t, err)
	assert.Equal(t, 0, p.Wait(), "stderr:\n%s", &p.Stderr)
	events := gatewaytest.Decode(t, string(text))
	require.Len(t, events, 4)
	for i, want := range []string{"1", "2", "3"} {
		assert.Equal(t, want, events[i+1].Payload.(*relock.SecurityAlert).Description)
	}
	assert.NotContains(t, p.Stderr.String(), "is lost")
}

// Events that are not handled in time are logged.
func TestSIGTERMLogsWhatIsLeftInTheQueue(t *testing.T) {
	p, _ := gatewaytest.StartUnread(t, "-queue", "10", "-queue-workers", "1", "-retries", "20", "-body-timeout", "1s", "-handler-timeout", "1ms")
	p.Accept(gatewaytest.TooLong, "a-name-1", "a-name-2")
	p.Terminate()
	assert.Equal(t, 1, p.Wait())
	log := p.Stderr.String()
	const lost = `level=ERROR msg="an event that was answered 200 is lost" endpoint=relock vendor=relock id=`
	assert.Equal(t, 3, strings.Count(log, lost), "stderr:\n%s", log)
	assert.Equal(t, 3, strings.Count(log, " type=security.alert\n"))
	assert.Contains(t, log, "level=ERROR msg=failed error=\"event: queue shut down with 3 events left: ")
	assert.NotContains(t, log, "a-name", "a payload is not logged")
	gatewaytest.RequireNoSecret(t, log)
}

func TestQueueGivesUp(t *testing.T) {
	p := gatewaytest.StartBroken(t, gatewaytest.WithRelock, "-queue", "10", "-retries", "1")
	p.Accept("a-name")
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_retries_total{endpoint="relock"}`:               1,
		`accesshook_dead_total{endpoint="relock"}`:                  1,
		`accesshook_duplicates_total{endpoint="relock"}`:            0,
		`accesshook_requests_total{endpoint="relock",status="200"}`: 1,
	})
	p.Stop()
	assert.Regexp(t, `level=WARN msg="event: trying again" attempt=1 .* endpoint=relock vendor=relock id=\w+ type=security.alert `, p.Stderr.String())
	assert.Regexp(t, `level=ERROR msg="event: handling a queued event failed" endpoint=relock vendor=relock id=\w+ type=security.alert error="event: after 2 attempts: `, p.Stderr.String())
	assert.NotContains(t, p.Stderr.String(), "a-name")
}

func TestDuplicatesInTheQueueArePrintedOnce(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-queue", "100")
	for range 3 {
		status, answer := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: "s-1"}))
		assert.Equal(t, 200, status)
		assert.Equal(t, gatewaytest.Received, answer)
	}
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_duplicates_total{endpoint="relock"}`: 2})
	p.Stop()
	assert.Len(t, p.Events(), 1)
}

// Events of one user are written in order of arrival, though eight events are handled
// concurrently.
func TestQueueOrder(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-queue", "1000")
	var want, got []string
	for i := range 100 {
		id := fmt.Sprint("s-", i)
		status, _ := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionCreated{SessionID: id, UserID: "u-1"}))
		require.Equal(t, 200, status)
		want = append(want, id)
	}
	p.Stop()
	for _, e := range p.Events() {
		got = append(got, e.Session.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestThereIsNoQueueByDefault(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	series, _ := p.Metrics(p.URL)
	assert.NotContains(t, series, "accesshook_queue_depth")
	_, details := p.Health(p.URL)
	assert.Nil(t, details.Queue)
}

func TestDemoWithAQueue(t *testing.T) {
	p := gatewaytest.Start(t, nil, "-demo", "-demo-fast", "-queue", "100")
	p.Eventually("the demo did not finish", func() bool {
		return strings.Contains(p.Stderr.String(), "demo: every event was sent and accepted")
	})
	p.Stop()
	assert.Len(t, p.Events(), 20+3+7+31)
}
