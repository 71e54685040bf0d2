package verify

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// The table has a bound, which it reaches, and forgets whom it has not heard of for
// longest.
func TestRateTableIsBounded(t *testing.T) {
	for _, max := range []int{1, 5, 16, 20, 31, 63, 64, 127, 128, 200, 1000, 1023} {
		c := newClients(RateLimit{Requests: 1, Per: time.Hour, Clients: max})
		for i := range 20_000 {
			c.take(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
			if i%1000 == 0 {
				assert.LessOrEqual(t, c.len(), max)
			}
			if i < min(max, 127) && max < 128 {
				assert.Equal(t, i+1, c.len(), "there was room for it in a table of %d", max)
			}
		}
		assert.Equal(t, max, c.len())
	}
}

func TestRateTableForgetsTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClients(RateLimit{Requests: 1, Per: time.Hour, Clients: 1})
		a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		_, ok := c.take(a)
		assert.True(t, ok)
		wait, ok := c.take(a)
		assert.False(t, ok)
		assert.Equal(t, time.Hour, wait)
		_, ok = c.take(b)
		assert.True(t, ok)
		_, ok = c.take(a)
		assert.True(t, ok, "forgotten")
	})
}

// Counting single IPv6 addresses lets whoever has a /64 start anew 2^64 times
// (go-chi/httprate#10, didip/tollbooth#98).
func TestIssue10_httprate_IPv6BySlash64(t *testing.T) {
	c := newClients(RateLimit{Requests: 2, Per: time.Hour, Clients: 100})
	take := func(s string) bool { _, ok := c.take(plainAddr(netip.MustParseAddr(s))); return ok }
	assert.True(t, take("2001:db8:1:2::1"))
	assert.True(t, take("2001:db8:1:2:ffff::9"))
	assert.False(t, take("2001:db8:1:2:3:4:5:6"))
	assert.True(t, take("2001:db8:1:3::1"), "another /64")
	assert.True(t, take("192.0.2.1"))
	assert.True(t, take("::ffff:192.0.2.1"))
	assert.False(t, take("192.0.2.1"), "IPv4 mapped into IPv6 is the same client")
	assert.True(t, take("192.0.2.2"))
}
