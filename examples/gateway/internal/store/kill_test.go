package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/relock"

	"github.com/accesshook/accesshook/examples/gateway/internal/admin"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

var (
	killRounds = flag.Int("rounds", defaultRounds(), "how often the kill test kills the gateway; 20, or ACCESSHOOK_KILL_ROUNDS")
	killSeed   = flag.Uint64("seed", 0, "what the kill test decides by; 0: a new one")
)

// killAfter is how many events an incarnation receives at least before it is killed.
const killAfter = 50

// The gateway is killed with SIGKILL at random moments, also while it starts, and
// started again on the same directory, while senders send events over many connections.
// In the end every event that was answered 200 must have been printed.
//
//	go test ./examples/gateway -run KillTest -v -args -rounds 200
func TestKillTest(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir, output := t.TempDir(), filepath.Join(t.TempDir(), "out")

	began := time.Now()
	senders := startSenders(t, 32)
	var p *gatewaytest.Process
	served := 0 // incarnations that took events before they were killed
	for round := range *killRounds {
		p = startIncarnation(t, dir, output)
		if round > 0 && random.IntN(4) == 0 {
			during(p, time.Duration(random.Int64N(int64(200*time.Millisecond)))) // it may not listen yet
		} else {
			p.Started()
			before := senders.accepted.Load()
			senders.sendTo(p.URL)
			until(p, "too few events were accepted", func() bool { return senders.accepted.Load()-before >= killAfter })
			served++
			during(p, time.Duration(random.Int64N(int64(1500*time.Millisecond))))
		}
		p.Kill()
		senders.sendTo("")
	}
	p = startIncarnation(t, dir, output)
	p.Started()
	senders.sendTo(p.URL)
	senders.finish()
	untilHandled(p)
	_, details := p.Health(p.URL)
	assert.Zero(t, details.Store.DeadLetters)
	p.RequireMetrics(p.URL, map[string]float64{"accesshook_store_missing_events": 0})
	p.Terminate()
	require.Equal(t, 0, p.Wait())
	took := time.Since(began)

	printed, partial := readOutput(t, output)
	requireNothingLeft(t, dir, output)
	answered, lost, twice := 0, 0, 0
	for n, outcome := range senders.outcomes {
		if outcome == accepted {
			answered++
			if printed[n] == 0 {
				lost++
			}
		}
		if printed[n] > 1 {
			twice++
		}
	}
	for n := range printed {
		require.Less(t, n, len(senders.outcomes), "an event that nobody sent")
	}
	t.Logf("%d kills in %s: %d events answered 200, of which %d were sent again after a failure; %d not answered 200 and never sent again; "+
		"lost %d, printed more than once %d, partial lines %d",
		*killRounds, took.Round(time.Second), answered, senders.again.Load(), len(senders.outcomes)-answered, lost, twice, partial)
	assert.Zero(t, lost, "events that were answered 200 and not printed")
	assert.GreaterOrEqual(t, answered, killAfter*served)
}

// requireNothingLeft requires that a new gateway prints no event that was handled before
// the last one stopped.
func requireNothingLeft(t *testing.T, dir, output string) {
	t.Helper()
	before, err := os.Stat(output)
	require.NoError(t, err)
	p := startIncarnation(t, dir, output)
	p.Started()
	untilHandled(p)
	p.Terminate()
	require.Equal(t, 0, p.Wait())
	after, err := os.Stat(output)
	require.NoError(t, err)
	assert.Equal(t, before.Size(), after.Size(), "it was printed again")
}

// startIncarnation starts a gateway that may be killed at any moment. Its output is
// appended to the same file each time, as with >> in a shell.
func startIncarnation(t *testing.T, dir, output string) *gatewaytest.Process {
	t.Helper()
	p := gatewaytest.New(t, gatewaytest.WithRelock, "-data", dir, "-retries", "100")
	stdout, err := os.OpenFile(output, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(t, err)
	p.Cmd.Stdout = stdout
	p.Starting()
	require.NoError(t, stdout.Close()) // the process has its own
	t.Cleanup(p.Kill)
	return p
}

// during lets the gateway run for d. It must not exit by itself.
func during(p *gatewaytest.Process, d time.Duration) {
	p.T.Helper()
	select {
	case <-p.Exited:
		require.Fail(p.T, "the gateway did not start again", "stderr:\n%s", &p.Stderr)
	case <-time.After(d):
	}
}

// until lets the gateway run until ok returns true. It must not exit by itself.
func until(p *gatewaytest.Process, what string, ok func() bool) {
	p.T.Helper()
	for began := time.Now(); !ok(); during(p, time.Millisecond) {
		require.Less(p.T, time.Since(began), gatewaytest.Patience, "%s; stderr:\n%s", what, &p.Stderr)
	}
}

// What a sender knows about an event.
type outcome byte

const (
	unknown  outcome = iota // not answered 200: it may be stored or not
	accepted                // answered 200
)

// senders send events, each of them until it is answered 200. But they do not retry every
// fourth of those that fail.
type senders struct {
	t       *testing.T
	url     atomic.Pointer[string] // nil: no gateway runs
	last    atomic.Bool            // no new events
	running sync.WaitGroup
	client  *http.Client

	accepted atomic.Int64 // events that were answered 200
	again    atomic.Int64 // those of them that were sent again

	mu       sync.Mutex
	outcomes []outcome // by the number of the event
}

func startSenders(t *testing.T, connections int) *senders {
	s := &senders{t: t, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: connections},
		Timeout:   gatewaytest.Patience,
	}}
	ctx, cancel := context.WithCancel(t.Context())
	for range connections {
		s.running.Go(func() { s.send(ctx) })
	}
	t.Cleanup(func() { cancel(); s.running.Wait() })
	return s
}

// sendTo makes the senders use another gateway, or wait if url is empty.
func (s *senders) sendTo(url string) {
	if url == "" {
		s.url.Store(nil)
		return
	}
	s.url.Store(&url)
}

// finish waits until all events that are retried have been answered 200.
func (s *senders) finish() {
	s.last.Store(true)
	s.running.Wait()
	s.client.CloseIdleConnections()
}

func (s *senders) send(ctx context.Context) {
	for ctx.Err() == nil && !s.last.Load() {
		s.mu.Lock()
		n := len(s.outcomes)
		s.outcomes = append(s.outcomes, unknown)
		s.mu.Unlock()
		for attempt := 1; ctx.Err() == nil; attempt++ {
			url := s.gateway(ctx)
			if s.post(ctx, url, n) {
				s.mu.Lock()
				s.outcomes[n] = accepted
				s.mu.Unlock()
				s.accepted.Add(1)
				if attempt > 1 {
					s.again.Add(1)
				}
				break
			}
			if n%4 == 0 {
				break // it may be printed or not
			}
		}
	}
}

// gateway returns the URL of the gateway, and waits until one runs.
func (s *senders) gateway(ctx context.Context) string {
	for ctx.Err() == nil {
		if url := s.url.Load(); url != nil {
			return *url
		}
		time.Sleep(time.Millisecond)
	}
	return ""
}

// post sends event n and reports whether it was answered 200.
func (s *senders) post(ctx context.Context, url string, n int) bool {
	r, err := relock.NewRequest(ctx, url+"/webhooks/relock", "canary-relock-secret", &relock.SessionCreated{SessionID: strconv.Itoa(n), UserID: fmt.Sprint("u-", n%100)})
	if err != nil {
		return false // without a gateway, at the end
	}
	answer, err := s.client.Do(r)
	if err != nil {
		time.Sleep(time.Millisecond) // it is dead, and sendTo will say so
		return false
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // a 200 is one, even if the kill cut off the rest
	if answer.StatusCode == http.StatusOK {
		return true
	}
	assert.Equal(s.t, http.StatusServiceUnavailable, answer.StatusCode)
	return false
}

// untilHandled waits until the store has events, and all are handled. The consumer must
// exist before the call: a new one may not exist in every shard yet.
func untilHandled(p *gatewaytest.Process) {
	p.T.Helper()
	p.Eventually("not all is handled", func() bool {
		_, details := p.Health(p.URL)
		c, known := details.Store.Consumers[durable.DefaultConsumerName]
		return known && c == admin.Consumer{} && details.Store.Events > 0
	})
}

// readOutput returns how often each event was printed, by all incarnations together, and
// how many partial lines a kill has left. Those do not count as printed.
func readOutput(t *testing.T, name string) (printed map[int]int, partial int) {
	t.Helper()
	printed = make(map[int]int)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		var e struct {
			SpecVersion string
			Data        struct{ Session struct{ ID string } }
		}
		if json.Unmarshal(line, &e) != nil {
			require.Equal(t, 1, bytes.Count(append([]byte("{"), line...), []byte("{{")), "not a partial line: %s", line)
			require.LessOrEqual(t, bytes.Count(line, []byte("specversion")), 1, "a line continues a partial line: %s", line)
			partial++
			continue
		}
		require.Equal(t, "1.0", e.SpecVersion)
		n, err := strconv.Atoi(e.Data.Session.ID)
		require.NoError(t, err)
		printed[n]++
	}
	return printed, partial
}

// defaultRounds returns the number of rounds, which the environment can set: a run of all
// tests passes flags to every package.
func defaultRounds() int {
	if n, err := strconv.Atoi(os.Getenv("ACCESSHOOK_KILL_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 20
}
