package admin

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// A client may fail to log in failuresAtOnce times, and once more every failureEvery.
	failuresAtOnce = 10
	failureEvery   = 10 * time.Second

	// All clients together that have never logged in may fail strangersAtOnce times, and
	// once more every strangersEvery. So someone with a million addresses guesses 86,500
	// passwords in the first day, not 10 from each address.
	strangersAtOnce = 100
	strangersEvery  = time.Second

	// maxClients is how many clients are remembered of those that have logged in, and
	// how many of those that have only failed. Failures of strangers are so rare that
	// none is forgotten that still counts.
	maxClients = 1024
)

// A failureLimit limits how fast passwords can be guessed. Over the limit a password is
// not checked at all, right or wrong: otherwise many guesses at once would still find
// it.
//
// Each client has a counter of its own. Clients that have never logged in also share one,
// so many of them can keep the others among them out. They cannot keep out a client that
// has logged in since the start, or this machine itself.
//
// A client is an IPv4 address or a /64 network of IPv6. If it has logged in, it is that
// one address, since others in its network may not have the password.
type failureLimit struct {
	mu        sync.Mutex // held during a login, so that each counts before the next begins
	local     *rate.Limiter
	known     *clients // have logged in
	strangers *clients // have only failed
	all       *rate.Limiter
}

func newFailureLimit() *failureLimit {
	return &failureLimit{
		local: newCounter(), known: newClients(), strangers: newClients(),
		all: rate.NewLimiter(rate.Every(strangersEvery), strangersAtOnce),
	}
}

func newCounter() *rate.Limiter { return rate.NewLimiter(rate.Every(failureEvery), failuresAtOnce) }

// try calls login and counts a failure. If the client is over the limit, try returns
// how long to wait and does not call login. Attempts run one at a time.
func (f *failureLimit) try(client netip.Addr, login func() error) (wait time.Duration, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	counter, network, known := f.counter(client)
	wait = missing(counter, now)
	if !known {
		wait = max(wait, missing(f.all, now))
	}
	if wait > 0 {
		return wait, nil
	}
	if err = login(); err == nil {
		if !known && client.IsValid() {
			f.known.add(client, newCounter())
		}
		return 0, nil
	}
	counter.AllowN(now, 1)
	if !known {
		f.strangers.add(network, counter)
		f.all.AllowN(now, 1)
	}
	return 0, err
}

// counter returns the counter of a client, and of a stranger its network.
func (f *failureLimit) counter(client netip.Addr) (c *rate.Limiter, network netip.Addr, known bool) {
	if client.IsLoopback() {
		return f.local, client, true
	}
	if c := f.known.get(client); c != nil {
		return c, client, true
	}
	network = client
	if p, err := client.Prefix(64); err == nil && client.Is6() {
		network = p.Addr()
	}
	if c := f.strangers.get(network); c != nil {
		return c, network, false
	}
	return newCounter(), network, false
}

// missing returns how long it takes until one more failure may be counted.
func missing(l *rate.Limiter, now time.Time) time.Duration {
	tokens := 1 - l.TokensAt(now)
	if tokens <= 0 {
		return 0
	}
	return max(1, time.Duration(tokens/float64(l.Limit())*float64(time.Second)))
}

// clients are the counters of up to maxClients clients. The one that has not been used
// for the longest time is forgotten first.
type clients struct {
	elements map[netip.Addr]*list.Element // of *client
	recent   list.List                    // the last used first
}

type client struct {
	addr    netip.Addr
	counter *rate.Limiter
}

func newClients() *clients { return &clients{elements: make(map[netip.Addr]*list.Element)} }

// get returns nil for a client that is not remembered.
func (c *clients) get(a netip.Addr) *rate.Limiter {
	e := c.elements[a]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*client).counter
}

// add remembers a client, if it does not yet.
func (c *clients) add(a netip.Addr, counter *rate.Limiter) {
	if c.elements[a] != nil {
		return
	}
	if len(c.elements) == maxClients {
		delete(c.elements, c.recent.Remove(c.recent.Back()).(*client).addr)
	}
	c.elements[a] = c.recent.PushFront(&client{a, counter})
}
