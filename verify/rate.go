package verify

import (
	"container/list"
	"errors"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A RateLimit limits how often one client may fail, or send at all. A client is an
// address, or a /64 network of IPv6: whoever has one address of it has them all.
//
// By default only failed verifications count, and only they are refused. Verification
// comes first, so no genuine request is refused for what others have sent, even if the
// vendor and a forger have one address, as behind a proxy. The limit marks forgers in
// the log and in metrics, and asks clients to slow down. It does not slow down guessing,
// since a right guess is accepted, and it does not save the work of verifying.
//
// A request without any credential does not count: a client may wait for the challenge
// of a 401 before it sends its password. A wrong credential counts.
//
// With EveryRequest each POST counts, before its body is read. That saves work, but it
// can refuse the vendor. Behind a proxy that Config.ClientIP does not see through,
// anybody can use up the vendor's share. Vendors send in bursts, and LoginRadius never
// sends again what was refused.
type RateLimit struct {
	// Requests is how many failures (or requests) a client may have in Per, at once
	// or spread out. Zero: no limit.
	Requests int
	// Per is the time after which a client that has used up Requests has all of them
	// again. Zero: 15 minutes.
	Per time.Duration
	// EveryRequest counts every POST before its body is read. Other methods do not
	// count: refusing them takes no work. A client whose address is not known is
	// refused with 403.
	EveryRequest bool
	// Clients is how many clients are remembered at most. Beyond that, a client that
	// has been silent for long is forgotten: in a table of fewer than 128, the one
	// that has been silent longest. Each takes about 250 bytes. Zero: 8192.
	Clients int
}

// Defaults of [RateLimit].
const (
	DefaultRatePer     = 15 * time.Minute
	DefaultRateClients = 8192
)

func (l RateLimit) complete() (RateLimit, error) {
	switch {
	case l.Requests < 0:
		return l, errors.New("verify: Config.RateLimit.Requests is negative")
	case l.Per < 0:
		return l, errors.New("verify: Config.RateLimit.Per is negative")
	case l.Clients < 0:
		return l, errors.New("verify: Config.RateLimit.Clients is negative")
	case l.Requests == 0 && l != (RateLimit{}):
		return l, errors.New("verify: Config.RateLimit.Requests is zero, which limits nothing")
	}
	if l.Per == 0 {
		l.Per = DefaultRatePer
	}
	if l.Clients == 0 {
		l.Clients = DefaultRateClients
	}
	return l, nil
}

// clients is a bounded table of how much each client has left.
type clients struct {
	limit  rate.Limit
	burst  int
	seed   maphash.Seed
	shards []clientShard
}

type clientShard struct {
	mu    sync.Mutex
	max   int
	byKey map[netip.Addr]*list.Element // of *clientEntry
	used  list.List                    // the latest first
}

type clientEntry struct {
	key     netip.Addr
	limiter *rate.Limiter
}

func newClients(l RateLimit) *clients {
	c := &clients{
		limit: rate.Limit(float64(l.Requests) / l.Per.Seconds()),
		burst: l.Requests,
		seed:  maphash.MakeSeed(),
		// Shards keep a flood from many addresses from waiting for one lock. The seed
		// keeps senders from choosing addresses of one shard. Small shards would fill
		// up unevenly, and forget clients while others have room.
		shards: make([]clientShard, min(16, max(1, l.Clients/64))),
	}
	n := len(c.shards)
	for i := range c.shards {
		c.shards[i].max = (l.Clients + i) / n // adds up to Clients
		c.shards[i].byKey = make(map[netip.Addr]*list.Element)
	}
	return c
}

// take counts one request of a client. If the client has none left, it returns how long
// to wait for the next.
func (c *clients) take(addr netip.Addr) (wait time.Duration, ok bool) {
	key := rateKey(addr)
	s := &c.shards[maphash.Comparable(c.seed, key)%uint64(len(c.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	var entry *clientEntry
	if e := s.byKey[key]; e != nil {
		s.used.MoveToFront(e)
		entry = e.Value.(*clientEntry)
	} else {
		if s.used.Len() >= s.max {
			oldest := s.used.Back()
			delete(s.byKey, s.used.Remove(oldest).(*clientEntry).key)
		}
		entry = &clientEntry{key, rate.NewLimiter(c.limit, c.burst)}
		s.byKey[key] = s.used.PushFront(entry)
	}
	now := time.Now() // under the lock: see sampler
	r := entry.limiter.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait == 0 {
		return 0, true
	}
	r.CancelAt(now)
	return wait, false
}

// len returns how many clients are remembered.
func (c *clients) len() int {
	n := 0
	for i := range c.shards {
		c.shards[i].mu.Lock()
		n += c.shards[i].used.Len()
		c.shards[i].mu.Unlock()
	}
	return n
}

// rateKey folds an IPv6 address to its /64. Clients whose address is not known share
// the zero Addr.
func rateKey(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}

// missing reports whether err says that no credential was sent at all. Of joined errors
// every one must: a wrong password does not hide behind a missing signature.
func missing(err error) bool {
	for err != nil && err != ErrNoCredential {
		switch x := err.(type) {
		case interface{ Unwrap() []error }:
			all := x.Unwrap()
			for _, err := range all {
				if !missing(err) {
					return false
				}
			}
			return len(all) > 0
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		default:
			return false
		}
	}
	return err != nil
}

// rateLimited is ErrRateLimited, with the failure that was one too many.
type rateLimited struct {
	cause error
	after time.Duration
}

func (e *rateLimited) Error() string {
	if e.cause == nil {
		return ErrRateLimited.Error()
	}
	return ErrRateLimited.Error() + ": " + e.cause.Error()
}

func (e *rateLimited) Is(target error) bool { return target == ErrRateLimited }
func (e *rateLimited) Unwrap() error        { return e.cause }
