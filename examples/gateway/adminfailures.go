package main

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often a client may fail to log in: so many times at once, and once more
// after each such time.
const (
	failuresAtOnce = 10
	failureEvery   = 10 * time.Second
)

// A failureLimit bounds how fast one client can guess passwords. Once it has
// failed too often its password is not looked at any more, right or wrong, for
// else guessing many at the same time would tell.
//
// Clients are addresses, /64 networks of IPv6. They share 1024 counts by a hash
// that nobody knows, so that memory is bounded: one client in 1024 is held up by
// another's failures.
type failureLimit struct {
	seed   maphash.Seed
	counts [1024]failureCount
}

type failureCount struct {
	mu   sync.Mutex
	left *rate.Limiter
}

func newFailureLimit() *failureLimit {
	f := &failureLimit{seed: maphash.MakeSeed()}
	for i := range f.counts {
		f.counts[i].left = rate.NewLimiter(rate.Every(failureEvery), failuresAtOnce)
	}
	return f
}

// try calls login, and counts if it fails. If the client has no failure left it
// does not, and returns how long to wait. Attempts of one client take turns.
func (f *failureLimit) try(client netip.Addr, login func() error) (wait time.Duration, err error) {
	if p, err := client.Prefix(64); err == nil && client.Is6() {
		client = p.Addr()
	}
	c := &f.counts[maphash.Comparable(f.seed, client)%uint64(len(f.counts))]
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if missing := 1 - c.left.TokensAt(now); missing > 0 {
		return max(1, time.Duration(missing*float64(failureEvery))), nil
	}
	if err = login(); err != nil {
		c.left.AllowN(now, 1)
	}
	return 0, err
}
