//go:build unix

package clustertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The server that leads a shard is killed, twice: another one leads it then.
func TestLeaderKilled(t *testing.T) {
	p := begin(t, nil)
	for range 2 {
		s := p.leader(stream(0))
		s.kill()
		p.during(10 * time.Second)
		s.start()
		p.settled()
	}
	p.finish(maxGap)
}

// The server of a gateway hangs: it holds its connections and does not answer.
func TestServerStopped(t *testing.T) {
	p := begin(t, nil)
	s := p.serverOf(p.gateways[0].user)
	s.pause()
	p.during(20 * time.Second)
	s.resume()
	p.settled()
	p.finish(maxGap)
}

// The server of a gateway does not reach the others. The gateway reaches all three.
func TestServerCut(t *testing.T) {
	p := begin(t, nil)
	s := p.serverOf(p.gateways[0].user)
	p.cut(s, (*proxy).cut)
	p.during(25 * time.Second)
	p.cut(s, (*proxy).heal)
	p.settled()
	p.finish(maxGap)
}

// All servers are killed at once, and started again. Without them the gap is as long as
// it takes.
func TestAllKilled(t *testing.T) {
	p := begin(t, nil)
	for _, s := range p.servers {
		s.kill()
	}
	p.during(5 * time.Second)
	for _, s := range p.servers {
		s.start()
	}
	p.settled()
	p.finish(0)
}

// Each server leaves, and comes back before the next one does.
func TestRollingRestart(t *testing.T) {
	p := begin(t, nil)
	for _, s := range p.servers {
		s.leave()
		p.during(time.Second)
		s.start()
		p.settled()
	}
	p.finish(maxGap)
}

// Somebody deletes the stream of a shard. What was in it and not handled is lost, which
// the gateways must say, and its events are taken again.
func TestStreamDeleted(t *testing.T) {
	p := begin(t, nil)
	require.NoError(t, p.ask(func(ctx context.Context, js jetstream.JetStream) error {
		return js.DeleteStream(ctx, stream(0))
	}))
	p.during(time.Second) // it is not made again as soon as that
	before := p.taken()
	p.during(maxGap - time.Second)
	since := p.now()
	p.during(5 * time.Second)
	p.settled()
	p.maxLost = p.missing()
	for _, n := range p.finish(maxGap) {
		assert.Contains(t, before, n, "an event was lost that was taken after the deletion")
	}
	assert.Zero(t, p.refusedSince(since), "requests that were refused later than %s after the deletion", maxGap)
}

// missing waits until each gateway has a metric of how many events are missing, and
// returns the smallest. One of them must have logged it.
func (p *proof) missing() int {
	p.t.Helper()
	var missing []int
	logs := ""
	for _, g := range p.gateways {
		n := 0
		assert.Eventually(p.t, func() bool {
			series, _ := g.Metrics(g.URL)
			n = int(series["accesshook_store_missing_events"])
			return n > 0
		}, settleWait, 100*time.Millisecond, "%s has no metric of missing events", g.user)
		missing = append(missing, n)
		logs += g.Stderr.String()
	}
	assert.Regexp(p.t, `level=ERROR msg="durable: stored events are missing" .*shard=0 `, logs)
	return slices.Min(missing)
}
