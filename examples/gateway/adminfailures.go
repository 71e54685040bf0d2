package main

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A client may fail to log in failuresAtOnce times, and once more every failureEvery.
const (
	failuresAtOnce = 10
	failureEvery   = 10 * time.Second
)

// A failureLimit limits how fast one client can guess passwords. Over the limit its
// password is not checked at all, right or wrong: otherwise many concurrent guesses
// would still find it.
//
// A client is an IPv4 address or a /64 network of IPv6. Memory is bounded: clients share
// 1024 counters, by a hash with a secret seed. So the failures of one client also count
// for one client in 1024.
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

// try calls login and counts a failure. If the client is over the limit, try returns
// how long to wait and does not call login. Attempts of one client run one at a time.
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
