//go:build unix

package clustertest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable/clocktest"
)

// The clocks of two servers are stepped ten minutes ahead, that of the third one ten
// minutes back. A gateway dies while it holds events. Then one of the clocks that are
// ahead is set right, and the server with the other one is killed, so that others lead
// its shards: by their clocks, the events were given to the dead gateway in the future.
// The other gateway must get them nevertheless, and soon.
func TestClockSteps(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "nats-server")
	clocktest.Build(t, ".", "build", binary, "github.com/nats-io/nats-server/v2")
	clocks := []*clocktest.Clock{clocktest.New(t), clocktest.New(t), clocktest.New(t)}
	p := begin(t, func(i int, s *server) {
		s.binary, s.env = binary, []string{clocks[i].Env()}
	})
	right, _ := p.busiest()
	killed, back := (right+1)%3, (right+2)%3
	clocks[right].Set(t, 10*time.Minute)
	clocks[killed].Set(t, 10*time.Minute)
	clocks[back].Set(t, -10*time.Minute)
	p.during(5 * time.Second)
	p.gateways[1].die(p.gateways[0])
	p.during(2 * time.Second) // the other gateway finishes what it has
	again, held := p.busiest()
	require.Equal(t, right, again, "another server leads most shards now")
	require.Positive(t, held, "the gateway held nothing")
	clocks[right].Set(t, 0)
	p.servers[killed].kill()
	p.during(10 * time.Second)
	p.servers[killed].start()
	p.settled()
	p.finish(maxGap)
}

// busiest returns the server that gives out the events of most shards, and how many of
// them it has given out that are not handled.
func (p *proof) busiest() (busiest, held int) {
	p.t.Helper()
	consumers, err := p.consumers()
	require.NoError(p.t, err)
	var shards, events [3]int
	for _, c := range consumers {
		for i, s := range p.servers {
			if c.Cluster.Leader == s.name {
				shards[i]++
				events[i] += c.NumAckPending
			}
			if shards[i] > shards[busiest] {
				busiest = i
			}
		}
	}
	return busiest, events[busiest]
}
