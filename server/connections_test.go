package server

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

// Connections make room in this order, for which each test opens one after the other.
func TestOrderInWhichConnectionsMakeRoom(t *testing.T) {
	for name, from := range map[string]struct {
		config  Config
		new     string
		reached string
	}{
		"in all":      {Config{MaxConnections: 8}, "192.0.2.7", reachedTotal},
		"of a client": {Config{MaxPerClient: 8}, "2001:db8:0:1:ffff::", reachedClient},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, from.config, func(t *testing.T, g *gateway, n *network) {
				release := g.blocked(t)
				client := 0
				dial := func() peer {
					time.Sleep(time.Second / 4)
					client++
					if from.reached == reachedClient {
						return n.dial(fmt.Sprintf("2001:db8:0:1::%d", client))
					}
					return n.dial(fmt.Sprintf("192.0.2.%d", client))
				}
				event := dial().send(genuine(t, "1"))
				kept := []peer{dial().send(hello), dial().send(hello)}
				kept[1].answer()
				time.Sleep(time.Millisecond)
				kept[0].answer()
				unfinished := []peer{dial().send(halfHeader), dial(), dial().send(halfBody), dial().send(hello)}
				begun := kept[0]
				kept = append(kept[1:], dial().send(hello))
				kept[1].answer()
				begun.send("G") // and is not idle any more

				order := append(kept, unfinished...)
				for i, c := range append(order, begun) {
					time.Sleep(time.Millisecond)
					n.dial(from.new)
					require.True(t, c.isClosed(), i)
					assert.Equal(t, i+1, g.closedFor(from.reached))
					assert.Equal(t, 8, g.open.len())
				}
				assert.Equal(t, 1, strings.Count(g.log.String(), "a bound on connections was reached"), "it is sampled")
				release()
				assert.Equal(t, 200, event.answer().StatusCode)
			})
		})
	}
}

func TestVouchedConnectionsAreClosedLast(t *testing.T) {
	inBubble(t, Config{MaxConnections: 4}, func(t *testing.T, g *gateway, n *network) {
		vendor := n.dial("192.0.2.1").send(genuine(t, "1"))
		vendor.answer()
		g.Vouch(netip.MustParseAddr("::ffff:192.0.2.2"))
		administrator := n.dial("192.0.2.2").send(hello)
		administrator.answer()
		time.Sleep(time.Second)
		others := []peer{n.dial("192.0.2.3").send(halfBody), n.dial("192.0.2.4").send(halfHeader)}
		begun := n.dial("192.0.2.1").send(halfBody)
		assert.True(t, others[0].isClosed())
		administrator.send(hello).answer()
		n.dial("192.0.2.2").send(halfHeader)
		assert.True(t, others[1].isClosed())
		assert.False(t, vendor.isClosed())

		n.dial("192.0.2.5")
		assert.True(t, vendor.isClosed(), "all others are vouched for as well, and this is idle the longest")
		assert.False(t, administrator.isClosed())
		n.dial("192.0.2.1")
		n.dial("192.0.2.1")
		assert.True(t, administrator.isClosed())
		assert.False(t, begun.isClosed())
	})
}

// A connection with a verified event is never closed for another.
func TestNewConnectionIsRefusedIfAllHaveEvents(t *testing.T) {
	for name, test := range map[string]Config{"in all": {MaxConnections: 2}, "of a client": {MaxPerClient: 2}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, test, func(t *testing.T, g *gateway, n *network) {
				release := g.blocked(t)
				events := []peer{n.dial("192.0.2.1").send(genuine(t, "1")), n.dial("192.0.2.1").send(genuine(t, "2"))}
				assert.True(t, n.dial("192.0.2.1").isClosed())
				assert.Equal(t, 1, g.closedFor(reachedBusy))
				release()
				for _, c := range events {
					assert.Equal(t, 200, c.answer().StatusCode)
				}
				assert.False(t, n.dial("192.0.2.1").isClosed(), "one makes room again")
				if name == "of a client" {
					assert.False(t, n.dial("192.0.2.2").isClosed())
				}
			})
		})
	}
}

// A callback may outlive its request. The connection then has no event any more.
func TestLateCallbackDoesNotKeepItsConnection(t *testing.T) {
	inBubble(t, Config{MaxConnections: 1}, func(t *testing.T, g *gateway, n *network) {
		var late context.Context
		g.callback = func(ctx context.Context, _ *event.Event) error {
			late = ctx
			return nil
		}
		n.dial("192.0.2.1").send(genuine(t, "1")).answer()
		go func() {
			_ = g.Counted(event.HandlerFunc(func(context.Context, *event.Event) error { return nil })).HandleEvent(late, nil)
		}()
		synctest.Wait()
		assert.False(t, n.dial("192.0.2.2").isClosed())
	})
}

func TestBoundForEachClient(t *testing.T) {
	trusted := func(a netip.Addr) bool { return a.String() == "10.0.0.1" || a.String() == "fe80::1" }
	inBubble(t, Config{MaxPerClient: 2, Trusted: trusted}, func(t *testing.T, g *gateway, n *network) {
		for i, test := range []struct {
			from  []string
			bound bool
		}{
			{[]string{"192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"}, true},
			{[]string{"192.0.2.2", "192.0.2.3", "192.0.2.4"}, false},
			{[]string{"2001:db8::1", "2001:db8::2", "2001:db8::ffff:0:0:1%eth0"}, true},
			{[]string{"2001:db8:0:1::", "2001:db8:0:2::", "2001:db8:0:3::"}, false},
			{[]string{"127.0.0.1", "127.0.0.1", "127.0.0.1"}, true},
			{[]string{"10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1"}, false},
			{[]string{"fe80::1%eth0", "fe80::1%eth0", "fe80::1%eth0"}, false},
			{[]string{"unix", "unix", "unix"}, true},
		} {
			before := g.closedFor(reachedClient)
			for _, from := range test.from {
				n.dial(from)
			}
			assert.Equal(t, test.bound, g.closedFor(reachedClient) > before, i)
		}
	})
}

// Others in the process can take the descriptors that connections were meant to have.
func TestDescriptorShortageMakesRoom(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *gateway, n *network) {
		idle := n.dial("192.0.2.1").send(hello)
		idle.answer()
		n.failures <- &net.OpError{Op: "accept", Err: syscall.EMFILE}
		assert.True(t, idle.isClosed())
		assert.Equal(t, 1, g.closedFor(reachedDescriptors))
		assert.NotContains(t, g.log.String(), "Accept error")
		vendor := n.dial("192.0.2.2").send(genuine(t, "1"))
		vendor.answer()
		n.failures <- &net.OpError{Op: "accept", Err: syscall.EMFILE} // and none but the vendor's
		assert.Equal(t, 200, vendor.send(hello).answer().StatusCode)
		assert.Equal(t, 200, n.dial("192.0.2.1").send(hello).answer().StatusCode)
		assert.Contains(t, g.log.String(), "Accept error")
	})
}

func TestVouchedClientsAreBounded(t *testing.T) {
	g := newGateway(t, Config{})
	first := netip.MustParseAddr("10.0.0.0")
	g.Vouch(first)
	for a, i := first, 0; i < 2*maxVouched; i++ {
		g.Vouch(first)
		a = a.Next()
		g.Vouch(a)
	}
	assert.Len(t, g.open.clients, maxVouched)
	assert.Equal(t, maxVouched, g.open.vouched.Len())
	assert.Contains(t, g.open.clients, first, "it was used recently")
}

func TestStatesAreCounted(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *gateway, n *network) {
		g.blocked(t)
		n.dial("192.0.2.1").send(hello).answer()
		n.dial("192.0.2.1")
		n.dial("192.0.2.1").send(halfHeader)
		n.dial("192.0.2.1").send(halfBody)
		n.dial("192.0.2.1").send(genuine(t, "1"))
		n.dial("192.0.2.1").send(hello)
		for state, want := range map[string]int{"idle": 1, "header": 2, "request": 1, "event": 1, "answer": 1} {
			assert.Equal(t, want, g.Stats().Connections[state], state)
		}
	})
}

// requireEmpty requires that nothing is left of any connection.
func (t *connections) requireEmpty(tb testing.TB) {
	tb.Helper()
	require.Eventually(tb, func() bool { return t.len() == 0 }, patience, time.Millisecond)
	t.mu.Lock()
	defer t.mu.Unlock()
	assert.Zero(tb, t.count)
	assert.Len(tb, t.clients, t.vouched.Len())
	for _, c := range t.clients {
		assert.Empty(tb, c.conns)
	}
	assert.Nil(tb, t.first())
}
