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

// A RateLimit says how often one client may fail, or ask at all. A client is an
// address, or a /64 of IPv6, since whoever has one address of it has them all.
//
// By default only requests whose verification failed count, and only they are
// ever refused by it: verification comes first, so that no genuine request is
// refused for what others have sent, not even if the vendor and its forgers come
// from one address, as they do behind a proxy. It tells forgers apart in the log
// and in metrics, and tells those who listen to slow down. It does not slow down
// guessing, since a right guess would be accepted (guess 32 random bytes), and
// does not spare the work of verifying.
//
// With EveryRequest each POST counts before its body is read. That spares work,
// and can refuse the vendor: behind a proxy that Config.ClientIP does not
// see through, anybody can use up the vendor's share, and vendors send in bursts.
// LoginRadius never sends again what was refused.
type RateLimit struct {
	// Requests is how many a client may send (or fail at) in Per, at once or
	// spread out. Zero: no limit.
	Requests int
	// Per is the time in which Requests come back. Zero: 15 minutes.
	Per time.Duration
	// EveryRequest counts every POST before its body is read. Other methods are not
	// counted: to refuse them takes no work, and must not use up what the vendor
	// may send. A client whose address cannot be read is refused with 403.
	EveryRequest bool
	// Clients is how many clients are remembered at most; beyond that one that was
	// not heard of for long is forgotten, the one of the longest silence in a
	// table of fewer than 128. Each takes about 250 bytes. Zero: 8192.
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
		// Shards keep floods from many addresses off one lock. The seed keeps
		// senders from choosing addresses of one shard. Small shards would fill
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

// take counts one request of a client. It reports how long to wait for the next
// if the client has none left.
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

// rateKey folds an IPv6 address to its /64. Clients whose address cannot be read
// share the zero Addr.
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
