package admin

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
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
	// how many of those that have only failed.
	maxClients = 1024
)

// A failureLimit limits how fast passwords can be guessed. Over the limit a password is
// not checked at all, right or wrong: otherwise many guesses at once would still find
// it.
//
// Each client has a counter of its own. Clients that have never logged in also share one,
// so a guesser can keep the others among them out. They cannot keep out a client that
// has logged in since the start, or this machine itself.
//
// A client is an IPv4 address or a /64 network of IPv6. If it has logged in, it is that
// one address, since others in its network may not have the password.
type failureLimit struct {
	mu     sync.Mutex // held during a login, so that each counts before the next begins
	local  *rate.Limiter
	known  map[netip.Addr]*knownClient
	logins uint64 // of known clients

	strangers map[netip.Addr]*rate.Limiter
	all       *rate.Limiter // of strangers
}

// A knownClient has logged in.
type knownClient struct {
	counter *rate.Limiter
	login   uint64 // number of its last one
}

func newFailureLimit() *failureLimit {
	return &failureLimit{
		local: newCounter(), known: make(map[netip.Addr]*knownClient),
		strangers: make(map[netip.Addr]*rate.Limiter), all: rate.NewLimiter(rate.Every(strangersEvery), strangersAtOnce),
	}
}

func newCounter() *rate.Limiter { return rate.NewLimiter(rate.Every(failureEvery), failuresAtOnce) }

// try calls login and counts a failure. If the client is over the limit, try returns
// how long to wait and does not call login. Attempts run one at a time.
func (f *failureLimit) try(client netip.Addr, login func() error) (wait time.Duration, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	var failure []*rate.Reservation
	for _, counter := range f.counters(client, now) {
		r := counter.ReserveN(now, 1)
		failure = append(failure, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if wait == 0 {
		if err = login(); err != nil {
			return 0, err
		}
		f.remember(client)
	}
	for _, r := range failure {
		r.CancelAt(now)
	}
	return wait, nil
}

// counters returns what counts the failures of a client.
func (f *failureLimit) counters(client netip.Addr, now time.Time) []*rate.Limiter {
	if client.IsLoopback() {
		return []*rate.Limiter{f.local}
	}
	if known := f.known[client]; known != nil {
		return []*rate.Limiter{known.counter}
	}
	if network, err := client.Prefix(64); err == nil && client.Is6() {
		client = network.Addr()
	}
	if f.strangers[client] == nil {
		if len(f.strangers) == maxClients {
			// All but 200 at most are as good as new: f.all allows no more failures in
			// the time that fills a counter again.
			maps.DeleteFunc(f.strangers, func(_ netip.Addr, counter *rate.Limiter) bool {
				return counter.TokensAt(now) == failuresAtOnce
			})
		}
		f.strangers[client] = newCounter()
	}
	return []*rate.Limiter{f.strangers[client], f.all}
}

// remember notes that a client has logged in. The one whose last login was first is
// forgotten if there are too many.
func (f *failureLimit) remember(client netip.Addr) {
	if !client.IsValid() || client.IsLoopback() {
		return
	}
	if f.known[client] == nil {
		if len(f.known) == maxClients {
			oldest := slices.MinFunc(slices.Collect(maps.Keys(f.known)), func(a, b netip.Addr) int {
				return cmp.Compare(f.known[a].login, f.known[b].login)
			})
			delete(f.known, oldest)
		}
		f.known[client] = &knownClient{counter: newCounter()}
	}
	f.logins++
	f.known[client].login = f.logins
}
