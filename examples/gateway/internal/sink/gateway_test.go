package sink_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

const consumer = "sink-elasticsearch"

// events is the name of a series of the sink elasticsearch.
func events(result string) string {
	return `accesshook_sink_events_total{result="` + result + `",sink="elasticsearch"}`
}

// printed waits until n events have been printed, and returns their IDs, sorted.
func printed(p *gatewaytest.Process, n int) []string {
	p.T.Helper()
	p.Eventually("the events are not printed", func() bool { return strings.Count(p.Stdout.String(), "\n") >= n })
	var ids []string
	for _, e := range p.Events() {
		ids = append(ids, e.ID)
	}
	slices.Sort(ids)
	return ids
}

// sessions returns n names of sessions.
func sessions(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint("s-", i))
	}
	return names
}

var demoEnded = regexp.MustCompile(`every event was sent and accepted" events=(\d+)`)

// demoSent returns how many events the demo has sent.
func demoSent(p *gatewaytest.Process) int {
	p.T.Helper()
	found := demoEnded.FindStringSubmatch(p.Stderr.String())
	require.NotNil(p.T, found, "%s", &p.Stderr)
	n, err := strconv.Atoi(found[1])
	require.NoError(p.T, err)
	return n
}

// Whatever holds the events, a sink gets each of them once.
func TestSinkGetsEveryEventOfTheDemo(t *testing.T) {
	for name, args := range map[string][]string{"queue": {"-queue", "1000"}, "store": {"-data", t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			e := newElastic(t)
			p := gatewaytest.Start(t, nil, append(args, "-demo", "-demo-fast", "-elasticsearch", e.URL)...)
			p.Eventually("the demo has not ended", func() bool { return strings.Contains(p.Stderr.String(), "every event was sent") })
			sent := demoSent(p)
			want := printed(p, sent)
			require.Len(t, want, sent)
			require.Greater(t, sent, 50)
			p.RequireMetrics(p.URL, map[string]float64{
				events("taken"): float64(len(want)), events("failed"): 0, events("given_up"): 0, events("left_out"): 0,
			})
			assert.Equal(t, want, e.ids(t))
			assert.Zero(t, e.again)
			got, _ := p.Metrics(p.URL)
			assert.EqualValues(t, e.batches, got[`accesshook_sink_batches_total{sink="elasticsearch"}`])
		})
	}
}

// A sink that is down holds up nobody, and gets all that it missed, once.
func TestSinkIsDownOverARestart(t *testing.T) {
	e, dir := newElastic(t), t.TempDir()
	e.set(func() { e.down = true })
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-elasticsearch", e.URL)
	names := sessions(40)
	p.End(names[:20]...)
	first := printed(p, 20)
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_store_pending{consumer="default"}`:                    0,
		`accesshook_store_pending{consumer="` + consumer + `"}`:           20,
		`accesshook_sink_failing{kind="connection",sink="elasticsearch"}`: 1,
		`accesshook_sink_failing{kind="refused",sink="elasticsearch"}`:    0,
		`accesshook_dead_letters`:                                         0,
		`accesshook_attempts_total{result="delayed"}`:                     0,
	})
	p.Stop()
	assert.Equal(t, 1, strings.Count(p.Stderr.String(), `msg="a sink fails" sink=elasticsearch kind=connection`), "it is named once\n%s", &p.Stderr)
	assert.NotContains(t, p.Stderr.String(), "callback failed")

	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-elasticsearch", e.URL)
	p.End(names[20:]...)
	second := printed(p, 20)
	e.set(func() { e.down = false })
	p.Eventually("it does not get them", e.has(40))
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_store_pending{consumer="` + consumer + `"}`:           0,
		`accesshook_sink_failing{kind="connection",sink="elasticsearch"}`: 0,
		events("given_up"): 0,
	})
	p.Stop()
	assert.Len(t, p.Events(), 20)
	want := append(first, second...)
	slices.Sort(want)
	assert.Equal(t, want, e.ids(t))
	assert.Zero(t, e.again)
	assert.Contains(t, p.Stderr.String(), `msg="the sink takes events again" sink=elasticsearch`)
}

// A gateway that is killed again and again sends nothing twice into one document, and loses
// nothing.
func TestSinkOverKills(t *testing.T) {
	t.Parallel() // it waits
	e, dir := newElastic(t), t.TempDir()
	names := sessions(90)
	start := func() *gatewaytest.Process {
		p := gatewaytest.New(t, gatewaytest.WithRelock, "-data", dir, "-elasticsearch", e.URL)
		p.Start()
		t.Cleanup(p.Kill)
		return p
	}
	for i := range 3 {
		p := start()
		p.End(names[30*i : 30*i+30]...)
		p.Kill()
	}
	p := start()
	p.Eventually("not all are sent", e.has(len(names)))
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_store_pending{consumer="` + consumer + `"}`: 0})
	p.Stop()
	ids := e.ids(t)
	assert.Len(t, slices.Compact(ids), len(names))
}

// A sink that takes no end stops no gateway: its events stay in the store.
func TestSinkHangsAtTheStop(t *testing.T) {
	t.Parallel() // it waits
	e, dir := newElastic(t), t.TempDir()
	hangs := make(chan struct{})
	defer close(hangs)
	e.set(func() { e.hangs = hangs })
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-elasticsearch", e.URL)
	p.End(sessions(3)...)
	want := printed(p, 3)
	p.Eventually("nothing is sent", func() bool {
		s, _ := p.Metrics(p.URL)
		return s[`accesshook_sink_batches_total{sink="elasticsearch"}`] > 0
	})
	p.Stop() // with status 0
	assert.NotContains(t, p.Stderr.String(), "a sink fails")

	e.set(func() { e.hangs = nil })
	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-elasticsearch", e.URL)
	p.Eventually("it does not get them", e.has(3))
	assert.Equal(t, want, e.ids(t))
	p.Stop()
	assert.Empty(t, p.Events())
}

// Nor does somebody who waits for a dead letter to be sent to it again.
func TestRetryHangsAtTheStop(t *testing.T) {
	t.Parallel() // it waits
	e := newElastic(t)
	e.set(func() { e.refuses = refusing("s-0") })
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", t.TempDir(), "-elasticsearch", e.URL)
	p.End(sessions(1)...)
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_dead_letters`: 1})
	hangs := make(chan struct{})
	defer close(hangs)
	e.set(func() { e.hangs, e.refuses = hangs, nil })
	retried := make(chan int, 1)
	go func() {
		status, _, _ := gatewaytest.RunToEnd(t, nil, "dead", "retry", "-admin", p.URL, "1")
		retried <- status
	}()
	p.Eventually("it is not sent again", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.hanging > 0
	})
	p.Stop() // with status 0
	assert.Equal(t, 1, <-retried)
}

// A document that is refused is a dead letter of its own, which only the sink gets again.
func TestRefusedDocument(t *testing.T) {
	e, dir := newElastic(t), t.TempDir()
	e.set(func() { e.refuses = refusing("s-1") })
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-elasticsearch", e.URL)
	p.End(sessions(3)...)
	want := printed(p, 3)
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_dead_letters`: 1, `accesshook_dead_letters_total{reason="permanent"}`: 1,
		events("taken"): 2, events("failed"): 1, events("given_up"): 1,
	})
	list := func(args ...string) string {
		status, stdout, stderr := gatewaytest.RunToEnd(t, nil, append([]string{"dead", "list"}, args...)...)
		require.Zero(t, status, stderr)
		return stdout
	}
	assert.Contains(t, list("-admin", p.URL, "-consumer", consumer), `"consumer":"`+consumer+`"`)
	assert.Empty(t, list("-admin", p.URL, "-consumer", "default"))
	retry := func(args ...string) (int, string) {
		status, stdout, stderr := gatewaytest.RunToEnd(t, nil, append([]string{"dead", "retry"}, args...)...)
		assert.Empty(t, stdout)
		return status, stderr
	}
	status, stderr := retry("-admin", p.URL, "1")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "failed again")
	p.Stop()
	assert.Equal(t, 1, strings.Count(p.Stderr.String(), `level=ERROR msg="an event was given up for a sink" sink=elasticsearch kind=refused`), "%s", &p.Stderr)
	assert.NotContains(t, p.Stderr.String(), "durable: dead letter")

	// Nobody else can retry it.
	const refusal = "dead: retry 1: it is of a sink that is not configured here"
	status, stderr = retry("-data", dir, "1")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, refusal)
	status, stderr = retry("-data", dir, "-all")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "it is of a sink that is not configured here")
	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
	status, stderr = retry("-admin", p.URL, "1")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, refusal)
	p.Stop()
	assert.Empty(t, p.Events())

	e.set(func() { e.refuses = nil })
	// The filter is for new events.
	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-elasticsearch", e.URL, "-elasticsearch-only", "vendor=unloc")
	status, stderr = retry("-admin", p.URL, "1")
	assert.Zero(t, status, stderr)
	assert.Equal(t, want, e.ids(t))
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_dead_letters`: 0})
	p.Stop()
	assert.Empty(t, p.Events(), "the line is not written again")
}

func TestSinkGetsWhatItsFilterSelects(t *testing.T) {
	for name, args := range map[string][]string{"queue": {"-queue", "100"}, "store": {"-data", t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			e := newElastic(t)
			p := gatewaytest.Start(t, gatewaytest.WithRelock, append(args, "-elasticsearch", e.URL, "-elasticsearch-only", "severity>=medium type!=account.*")...)
			p.End("a", "b")
			p.Accept("an alert")
			printed(p, 3)
			p.RequireMetrics(p.URL, map[string]float64{events("taken"): 1, events("left_out"): 2})
			assert.Len(t, e.ids(t), 1)
			assert.Contains(t, p.Stderr.String(), `msg="sending events to a sink" sink=elasticsearch only="severity>=medium type!=account.*"`)
		})
	}
}

// A full queue of a sink gives up its events, and nobody else waits.
func TestQueueOfASinkIsFull(t *testing.T) {
	e := newElastic(t)
	e.set(func() { e.down = true })
	// 256 events are being tried again, and one waits.
	p := gatewaytest.New(t, gatewaytest.WithRelock, "-queue", "1", "-queue-order", "none", "-elasticsearch", e.URL)
	p.Start()
	t.Cleanup(p.Kill)
	n := 0
	p.Eventually("none is given up", func() bool {
		status, _ := p.Send(p.Alert(gatewaytest.RelockSecret, fmt.Sprint(n)))
		if status == 200 {
			n++
		} else {
			assert.Equal(t, 503, status) // the queue of standard output, which is as short
		}
		s, _ := p.Metrics(p.URL)
		return s[events("given_up")] >= 2
	})
	assert.GreaterOrEqual(t, n, 256)
	printed(p, n)
	s, _ := p.Metrics(p.URL)
	assert.EqualValues(t, 1, s[`accesshook_sink_queue_depth{sink="elasticsearch"}`])
	assert.Positive(t, s[`accesshook_sink_queue_oldest_age_seconds{sink="elasticsearch"}`])
	assert.EqualValues(t, 0, s[`accesshook_dead_total{endpoint="relock"}`])
	assert.Equal(t, 1, strings.Count(p.Stderr.String(), `level=ERROR msg="an event was given up for a sink" sink=elasticsearch`), "%s", &p.Stderr)
}

// A sink gets an event once, however often it comes and standard output fails.
func TestQueueOffersAnEventOnce(t *testing.T) {
	e := newElastic(t)
	p := gatewaytest.StartBroken(t, gatewaytest.WithRelock, "-queue", "100", "-retries", "2", "-elasticsearch", e.URL)
	p.End("a", "b")
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_dead_total{endpoint="relock"}`: 2, events("taken"): 2})

	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-queue", "100", "-elasticsearch", e.URL)
	p.End("c", "c", "d")
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_duplicates_total{endpoint="relock"}`: 1, events("taken"): 2})
	assert.Len(t, e.ids(t), 4)
	assert.Zero(t, e.again)
}

// What a queue holds for a sink when the gateway stops is sent, or lost with a word.
func TestQueueOfASinkAtTheStop(t *testing.T) {
	t.Parallel() // it waits
	e := newElastic(t)
	hangs := make(chan struct{})
	e.set(func() { e.hangs = hangs })
	p := gatewaytest.New(t, gatewaytest.WithRelock, "-queue", "100", "-elasticsearch", e.URL)
	p.Start()
	p.End(sessions(3)...)
	want := printed(p, 3)
	p.Terminate()
	p.Eventually("it does not stop", func() bool { return strings.Contains(p.Stderr.String(), "msg=stopping") })
	e.set(func() { e.hangs = nil })
	close(hangs)
	assert.Equal(t, 0, p.Wait(), "%s", &p.Stderr)
	assert.Equal(t, want, e.ids(t))

	e = newElastic(t)
	e.set(func() { e.down = true })
	p = gatewaytest.New(t, gatewaytest.WithRelock, "-queue", "100", "-elasticsearch", e.URL, "-body-timeout", "1ms", "-handler-timeout", "1s")
	p.Start()
	p.End(sessions(3)...)
	printed(p, 3)
	p.Terminate()
	assert.Equal(t, 1, p.Wait())
	assert.Contains(t, p.Stderr.String(), `sink elasticsearch: event: queue shut down with 3 events left`)
	gatewaytest.RequireNoSecret(t, p.Stderr.String())
}

// A consumer of a sink that is gone is named, and can be deleted.
func TestSinkIsForgotten(t *testing.T) {
	e, dir := newElastic(t), t.TempDir()
	e.set(func() { e.down = true })
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-elasticsearch", e.URL)
	p.End("a")
	printed(p, 1)
	assert.NotContains(t, p.Stderr.String(), "not configured")
	status, _, stderr := gatewaytest.RunToEnd(t, nil, "-forget-sink", "elasticsearch", "-data", dir)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "a gateway has "+dir+" open")
	p.Stop()

	const warning = `level=WARN msg="the store keeps events for a sink that is not configured here`
	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
	assert.Contains(t, p.Stderr.String(), warning)
	assert.Contains(t, p.Stderr.String(), " sink=elasticsearch\n")
	p.Stop()

	status, stdout, stderr := gatewaytest.RunToEnd(t, nil, "-forget-sink", "elasticsearch", "-data", dir)
	assert.Zero(t, status, stderr)
	assert.Contains(t, stdout, "The store keeps no events for sink-elasticsearch any more.")
	status, _, stderr = gatewaytest.RunToEnd(t, nil, "-forget-sink", "elasticsearch", "-data", dir)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "the store has no consumer sink-elasticsearch")
	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
	assert.NotContains(t, p.Stderr.String(), "not configured")
}

// The credential is read again on SIGHUP.
func TestCredentialIsReplaced(t *testing.T) {
	e := newElastic(t)
	e.set(func() { e.accepts = "ApiKey canary-new" })
	file := gatewaytest.WriteFile(t, "canary-old\n")
	env := append([]string{"ELASTICSEARCH_API_KEY_FILE=" + file}, gatewaytest.WithRelock...)
	p := gatewaytest.Start(t, env, "-data", t.TempDir(), "-elasticsearch", e.URL)
	p.End("a")
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_sink_failing{kind="unavailable",sink="elasticsearch"}`: 1})
	gatewaytest.ReplaceFile(t, file, "canary-new\ncanary-old\n") // a sink is sent one
	require.NoError(t, p.Cmd.Process.Signal(syscall.SIGHUP))
	p.Eventually("it was not refused", func() bool {
		return strings.Contains(p.Stderr.String(), "cannot read secrets again, the old ones stay") && strings.Contains(p.Stderr.String(), "ELASTICSEARCH_API_KEY_FILE has 2 values")
	})
	gatewaytest.ReplaceFile(t, file, "canary-new\n")
	require.NoError(t, p.Cmd.Process.Signal(syscall.SIGHUP))
	p.Eventually("it was not read", func() bool {
		return strings.Contains(p.Stderr.String(), `msg="read secrets again" variable=ELASTICSEARCH_API_KEY_FILE`)
	})
	p.End("b")
	p.Eventually("it does not get the event", e.has(1)) // the first one comes a minute later
}

func TestCredentialIsNotSentInClear(t *testing.T) {
	for flag, credential := range map[string]string{"-hec": "HEC_TOKEN", "-otlp": "OTLP_HEADERS"} {
		status, _, stderr := gatewaytest.RunToEnd(t, []string{credential + "=api-key=canary-0123456789"}, "-check", "-demo", "-queue", "9", flag, "http://siem.example.com")
		assert.Equal(t, 2, status)
		assert.Contains(t, stderr, flag+" is http: anyone on the way could read "+credential+". Use https\n")
		assert.NotContains(t, stderr, "canary")
	}
}

func TestTestSinks(t *testing.T) {
	e := newElastic(t)
	e.set(func() { e.accepts = "Basic b3BzOmNhbmFyeS1wYXNzd29yZC0wMTIz" })
	config := gatewaytest.WriteFile(t, "elasticsearch "+e.URL+"\nelasticsearch-only severity=critical\n")
	env := []string{"ELASTICSEARCH_CREDENTIALS=ops:canary-password-0123"}
	status, stdout, stderr := gatewaytest.RunToEnd(t, env, "test-sinks", "-config", config)
	assert.Zero(t, status, stderr)
	assert.Regexp(t, `(?m)^elasticsearch +taken `, stdout)
	ids := e.ids(t)
	require.Len(t, ids, 1, "whatever the filter says")
	assert.Contains(t, stdout, "The event has the ID "+ids[0]+" and the type gateway.tested.")

	e.set(func() { e.down = true })
	env = []string{`ELASTICSEARCH_API_KEY="canary-key-0123456789"`}
	status, stdout, stderr = gatewaytest.RunToEnd(t, env, "test-sinks", "-config", config)
	assert.Equal(t, 1, status)
	assert.Regexp(t, `(?m)^elasticsearch +failed `, stdout)
	assert.Contains(t, stderr, "gateway: test-sinks: ELASTICSEARCH_API_KEY: entry 1 begins or ends with a quotation mark")
	gatewaytest.RequireNoSecret(t, stdout, stderr)

	status, _, stderr = gatewaytest.RunToEnd(t, nil, "test-sinks")
	assert.Equal(t, 2, status)
	assert.Equal(t, "gateway: test-sinks: there is no sink: set -elasticsearch, -hec, -otlp, -syslog or -forward\n", stderr)
	status, stdout, _ = gatewaytest.RunToEnd(t, nil, "test-sinks", "-help")
	assert.Zero(t, status)
	assert.Contains(t, stdout, "\nSinks:\n")
}
