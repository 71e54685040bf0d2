package admin

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A guesser tries passwords and counts those that were checked.
type guesser struct {
	*failureLimit
	checked int
}

var errWrong = errors.New("wrong")

func newGuesser() *guesser { return &guesser{failureLimit: newFailureLimit()} }

func (g *guesser) wrong(client netip.Addr) time.Duration {
	wait, _ := g.try(client, func() error { g.checked++; return errWrong })
	return wait
}

func (g *guesser) right(client netip.Addr) time.Duration {
	wait, _ := g.try(client, func() error { g.checked++; return nil })
	return wait
}

func TestFailureLimit(t *testing.T) {
	one, same, other := netip.MustParseAddr("2001:db8:1:2::3"), netip.MustParseAddr("2001:db8:1:2:ffff::"), netip.MustParseAddr("2001:db8:1:3::3")
	for name, logsIn := range map[string]bool{"stranger": false, "known": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGuesser()
				if logsIn {
					for range 1000 {
						require.Zero(t, g.right(one))
					}
				}
				for range failuresAtOnce {
					require.Zero(t, g.wrong(one))
				}
				g.checked = 0
				assert.Equal(t, failureEvery, g.right(one))
				time.Sleep(failureEvery - time.Millisecond)
				assert.InDelta(t, time.Millisecond, g.right(one), float64(time.Microsecond))
				assert.Equal(t, !logsIn, g.right(same) > 0, "the same network")
				assert.Zero(t, g.right(other))
				time.Sleep(time.Millisecond)
				g.checked = 0
				require.Zero(t, g.wrong(one))
				assert.Positive(t, g.right(one))
				assert.Equal(t, 1, g.checked)

				time.Sleep(24 * time.Hour)
				for range failuresAtOnce {
					require.Zero(t, g.wrong(one))
				}
				assert.Positive(t, g.wrong(one), "no more are saved up")
			})
		})
	}
}

// Whoever has a network of IPv6 has more addresses than any table has room for. Each
// has a fresh counter, or gets one when the table has forgotten it.
func TestGuessesFromManyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuesser()
		network := netip.MustParseAddr("2001:db8::").As16()
		address := func(i int) netip.Addr {
			network[4], network[5], network[6] = byte(i>>16), byte(i>>8), byte(i)
			return netip.AddrFrom16(network)
		}
		administrator := netip.MustParseAddr("203.0.113.5")
		require.Zero(t, g.right(administrator))
		g.checked = 0
		const hours = 1
		for second := range hours * 3600 {
			for i := range 20 { // a new address each time
				g.wrong(address(second*20 + i))
			}
			time.Sleep(time.Second)
		}
		assert.Equal(t, strangersAtOnce+hours*3600-1, g.checked)
		assert.Zero(t, g.right(administrator))
		assert.LessOrEqual(t, len(g.strangers), maxClients)

		// The last are still counted.
		time.Sleep(time.Minute)
		first := address(1 << 20)
		for range failuresAtOnce {
			require.Zero(t, g.wrong(first))
		}
		for i := range maxClients {
			g.wrong(address(1<<20 + 1 + i))
		}
		time.Sleep(time.Second)
		assert.Positive(t, g.right(first))
		assert.LessOrEqual(t, len(g.strangers), maxClients)
	})
}

func TestKnownClientsAreBounded(t *testing.T) {
	g := newGuesser()
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	require.Zero(t, g.right(at(0)))
	first := g.known[at(0)]
	for i := range maxClients + 100 {
		require.Zero(t, g.right(at(i)))
		require.Zero(t, g.right(at(0)), "the one that is used most")
	}
	assert.Len(t, g.known, maxClients)
	assert.Same(t, first, g.known[at(0)])
	assert.Contains(t, g.known, at(maxClients+99))
	assert.Contains(t, g.known, at(101), "the oldest that there is room for")
	assert.NotContains(t, g.known, at(100))

	g.right(netip.Addr{})
	assert.NotContains(t, g.known, netip.Addr{}, "no address")
}

// This machine is one client, and never a stranger.
func TestFailuresOnThisMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuesser()
		for i := range byte(failuresAtOnce) {
			require.Zero(t, g.wrong(netip.AddrFrom4([4]byte{127, 0, 0, i})))
		}
		assert.Positive(t, g.right(netip.IPv6Loopback()))
		assert.Empty(t, g.strangers)
		time.Sleep(failureEvery)
		assert.Zero(t, g.right(netip.IPv6Loopback()))
		assert.Empty(t, g.known)
		assert.Equal(t, float64(strangersAtOnce), g.all.Tokens())
	})
}
