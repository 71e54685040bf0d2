//go:build unix

package clustertest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

const (
	// maxGap is how long a gateway may answer no request with 200 while two servers run
	// and reach each other.
	maxGap = 10 * time.Second
	// settleWait is how long a test waits until all is well again. Beyond it the gap that
	// is printed is a lower bound.
	settleWait = time.Minute
)

// A proof is two gateways on a cluster, to which events are sent all the time.
type proof struct {
	t *testing.T
	*cluster
	gateways []*gateway
	numbers  atomic.Int64 // of events
	printed  map[int]int  // how often, by number
	maxLost  int          // how many events may be lost
}

// begin starts everything and returns once both gateways take events.
func begin(t *testing.T, configure func(i int, s *server)) *proof {
	t.Helper()
	t.Parallel()
	p := &proof{t: t, cluster: startCluster(t, configure), printed: make(map[int]int)}
	for i := range 2 {
		p.gateways = append(p.gateways, startGateway(t, p.cluster, i))
	}
	t.Cleanup(p.logs)
	for _, g := range p.gateways {
		g.Started()
		g.senders = startSenders(t, g.URL, &p.numbers)
	}
	require.Eventually(t, func() bool { return p.taking(make([]time.Duration, 2)) }, patience, 20*time.Millisecond, "no event is taken")
	p.during(2 * time.Second)
	return p
}

// now returns the time of each gateway's senders.
func (p *proof) now() (now []time.Duration) {
	for _, g := range p.gateways {
		now = append(now, g.senders.now())
	}
	return now
}

// taking reports whether each gateway has taken an event that was sent after a moment.
func (p *proof) taking(since []time.Duration) bool {
	for i, g := range p.gateways {
		if !g.killed && !g.senders.okSince(since[i]) {
			return false
		}
	}
	return true
}

// during lets everything run for d.
func (p *proof) during(d time.Duration) {
	p.t.Helper()
	time.Sleep(d)
	for _, g := range p.gateways {
		select {
		case <-g.Exited:
			assert.True(p.t, g.killed, "%s has stopped", g.user)
		default:
		}
	}
}

// settled waits until the servers have caught up with each other, and both gateways take
// events.
func (p *proof) settled() {
	p.t.Helper()
	since := p.now()
	assert.Eventually(p.t, p.healthy, settleWait, 100*time.Millisecond, "the servers do not catch up")
	assert.Eventually(p.t, func() bool { return p.taking(since) }, settleWait, 20*time.Millisecond, "no event is taken")
}

// finish stops sending, waits until all that was taken is printed or nothing is left to
// print, and prints what became of the events. Unless longest is 0, no gap may be longer.
// It returns the events that were lost.
func (p *proof) finish(longest time.Duration) (lost []int) {
	p.t.Helper()
	end := p.now()
	refused := 0
	var gaps []time.Duration
	for i, g := range p.gateways {
		g.senders.finish()
		answers := g.senders.received()
		write(p.t, filepath.Join(p.t.ArtifactDir(), g.user+".csv"), answers)
		for _, a := range answers {
			if a.status != http.StatusOK {
				refused++
				assert.Contains(p.t, []int{0, http.StatusServiceUnavailable}, a.status)
			}
		}
		gaps = append(gaps, longestGap(answers, end[i]))
	}
	taken := p.taken()
	lost = p.drain(taken)
	for _, g := range p.gateways {
		if !g.killed {
			g.Terminate()
			assert.Zero(p.t, g.Wait(), g.user)
		}
		g.read(p.printed)
	}
	twice := 0
	for n, times := range p.printed {
		require.LessOrEqual(p.t, int64(n), p.numbers.Load(), "an event that nobody sent")
		if times > 1 {
			twice++
		}
	}
	p.t.Logf("%s: %d answered 200, lost %d, twice %d, longest gap %.1f s and %.1f s; %d requests not answered 200",
		p.t.Name(), len(taken), len(lost), twice, gaps[0].Seconds(), gaps[1].Seconds(), refused)
	if p.maxLost == 0 {
		for _, g := range p.gateways {
			assert.NotContains(p.t, g.Stderr.String(), "events are missing", "%s tells a loss that was none", g.user)
		}
	}
	assert.LessOrEqual(p.t, len(lost), p.maxLost, "events that were answered 200 and not printed: %v", lost)
	for i, gap := range gaps {
		assert.True(p.t, longest == 0 || gap <= longest, "%s answered no request with 200 for %s", p.gateways[i].user, gap)
	}
	return lost
}

// taken returns the events that were answered 200 so far.
func (p *proof) taken() map[int]bool {
	taken := make(map[int]bool)
	for _, g := range p.gateways {
		for _, a := range g.senders.received() {
			if a.status == http.StatusOK {
				taken[a.event] = true
			}
		}
	}
	return taken
}

// refusedSince returns how many requests that were sent after a moment were not answered
// 200.
func (p *proof) refusedSince(since []time.Duration) (n int) {
	for i, g := range p.gateways {
		for _, a := range g.senders.received() {
			if a.sent > since[i] && a.status != http.StatusOK {
				n++
			}
		}
	}
	return n
}

// drain waits until all events that were taken are printed, and returns those that are
// not.
func (p *proof) drain(taken map[int]bool) (lost []int) {
	p.t.Helper()
	for deadline, idle := time.Now().Add(patience), false; ; {
		for _, g := range p.gateways {
			g.read(p.printed)
		}
		lost = lost[:0]
		for n := range taken {
			if p.printed[n] == 0 {
				lost = append(lost, n)
			}
		}
		if len(lost) == 0 || idle || time.Now().After(deadline) {
			return lost
		}
		idle = p.nothingPending() // and what was printed meanwhile is read once more
		time.Sleep(200 * time.Millisecond)
	}
}

// nothingPending reports whether the gateways have acknowledged all that is stored.
func (p *proof) nothingPending() bool {
	consumers, err := p.consumers()
	return err == nil && !slices.ContainsFunc(consumers, func(i *jetstream.ConsumerInfo) bool {
		return i.NumPending > 0 || i.NumAckPending > 0
	})
}

// consumers returns the state of the gateways' consumer in each shard.
func (p *proof) consumers() (all []*jetstream.ConsumerInfo, err error) {
	return all, p.ask(func(ctx context.Context, js jetstream.JetStream) error {
		for shard := range durable.DefaultShards {
			c, err := js.Consumer(ctx, stream(shard), durable.DefaultConsumerName)
			if err != nil {
				return err
			}
			all = append(all, c.CachedInfo())
		}
		return nil
	})
}

// stream is the name of the stream of a shard.
func stream(shard int) string { return fmt.Sprintf("%s-%d", durable.DefaultName, shard) }

// logs keeps the logs of the gateways, and shows the end of all logs if the test failed,
// without the requests.
func (p *proof) logs() {
	show := func(name, text string) {
		if !p.t.Failed() {
			return
		}
		lines := slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool { return strings.Contains(line, "msg=webhook") })
		p.t.Logf("%s:\n%s", name, strings.Join(lines[max(0, len(lines)-20):], ""))
	}
	for _, g := range p.gateways {
		text := g.Stderr.String()
		_ = os.WriteFile(filepath.Join(p.t.ArtifactDir(), g.user+".log"), []byte(text), 0o600)
		show(g.user, text)
	}
	for _, s := range p.servers {
		text, _ := os.ReadFile(s.log)
		show(s.name, string(text))
	}
}
