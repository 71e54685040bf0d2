package server

import (
	"container/list"
	"net/netip"
	"sync"
)

// maxVouched is for how many clients verified requests are remembered.
const maxVouched = 1024

// connections are the open connections of a server. To make room for a new one, it
// chooses first a connection that waits for its next request, then one whose request or
// answer is not complete, each the longest in its state. Connections of clients that
// verified requests came from are chosen last, and never one with an event in a handler.
type connections struct {
	max, perClient int

	mu      sync.Mutex
	open    int
	count   [states]int
	turns   uint64                 // changes of a state. A clock takes longer to read.
	clients map[netip.Addr]*client // with a connection, or vouched for
	vouched list.List              // of *client, the latest first
	// waiting are the connections that may be closed: of clients that nothing vouches
	// for and of the others, the idle ones and the rest.
	waiting [2][2]queue
}

// A client is a peer, or several that MaxPerClient counts as one. See clientOf.
type client struct {
	addr    netip.Addr
	conns   map[*conn]struct{}
	vouched *list.Element // nil: no
}

// clientOf returns the key of addr in connections.clients. A customer of an IPv6 network
// has at least a /64, so an address alone says nothing.
func clientOf(addr netip.Addr) netip.Addr {
	if addr = addr.Unmap(); addr.Is6() {
		return netip.PrefixFrom(addr.WithZone(""), 64).Masked().Addr()
	}
	return addr
}

func newConnections(limit, perClient int) *connections {
	t := &connections{max: limit, perClient: perClient, clients: make(map[netip.Addr]*client)}
	for v := range t.waiting {
		for i := range t.waiting[v] {
			end := &t.waiting[v][i].end
			end.prev, end.next = end, end
		}
	}
	return t
}

func (t *connections) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open
}

func (t *connections) in(s state) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count[s]
}

// add adds a connection of the client at addr. If it is one too many, reached is the
// bound, and victim is the connection that the caller must close: c itself if there is
// no other. The bound for each client does not apply if trusted is set.
func (t *connections) add(c *conn, addr netip.Addr, trusted bool) (victim *conn, reached string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.client(addr)
	switch {
	case !trusted && len(of.conns) >= t.perClient:
		victim, reached = of.first(), reachedClient
	case t.open >= t.max:
		victim, reached = t.first(), reachedTotal
	}
	if reached != "" && victim == nil {
		return c, reachedBusy
	}
	if victim != nil {
		t.remove(victim)
	}
	t.clients[addr] = of
	of.conns[c] = struct{}{}
	c.client = of
	t.open++
	t.set(c, header)
	return victim, reached
}

// client returns the client at addr, which may not be in t.clients yet.
func (t *connections) client(addr netip.Addr) *client {
	if c := t.clients[addr]; c != nil {
		return c
	}
	return &client{addr: addr, conns: make(map[*conn]struct{})}
}

// takeStranger removes the connection that may be closed first of those that nothing
// vouches for. It returns nil if there is none.
func (t *connections) takeStranger() *conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.first()
	if c == nil || c.client.vouched != nil {
		return nil
	}
	t.remove(c)
	return c
}

func (t *connections) first() *conn {
	for v := range t.waiting {
		for i := range t.waiting[v] {
			if end := &t.waiting[v][i].end; end.next != end {
				return end.next
			}
		}
	}
	return nil
}

func (c *client) first() *conn {
	var first *conn
	for x := range c.conns {
		if x.next != nil && (first == nil || x.before(first)) {
			first = x
		}
	}
	return first
}

// move puts c into a state, unless it was closed.
func (t *connections) move(c *conn, to state) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !c.is(gone) {
		t.set(c, to)
	}
}

// verified says that the request of c has a verified event, for which a handler runs.
func (t *connections) verified(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.vouch(c.client)
	// A handler may go on when its request has been answered.
	if c.is(request) {
		t.set(c, working)
	}
}

func (t *connections) vouchFor(addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.vouch(t.client(addr))
}

func (t *connections) vouch(c *client) {
	if c.vouched != nil {
		t.vouched.MoveToFront(c.vouched)
		return
	}
	c.vouched = t.vouched.PushFront(c)
	t.clients[c.addr] = c
	if t.vouched.Len() > maxVouched {
		oldest := t.vouched.Remove(t.vouched.Back()).(*client)
		oldest.vouched = nil
		t.forget(oldest)
	}
}

// closed says that c was closed. It may be said several times.
func (t *connections) closed(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !c.is(gone) {
		t.remove(c)
	}
}

// cut closes the connections for which which returns true, at once, and returns how
// many.
func (t *connections) cut(which func(*conn) bool) int {
	t.mu.Lock()
	var found []*conn
	for _, of := range t.clients {
		for c := range of.conns {
			if which(c) {
				found = append(found, c)
				t.remove(c)
			}
		}
	}
	t.mu.Unlock()
	for _, c := range found {
		c.cut()
	}
	return len(found)
}

func (t *connections) remove(c *conn) {
	t.set(c, gone)
	t.open--
	delete(c.client.conns, c)
	t.forget(c.client)
}

// forget forgets a client of which nothing is left to know.
func (t *connections) forget(c *client) {
	if len(c.conns) == 0 && c.vouched == nil {
		delete(t.clients, c.addr)
	}
}

func (t *connections) set(c *conn, to state) {
	t.count[c.state.Swap(int32(to))]--
	t.count[to]++
	t.turns++
	c.turn = t.turns
	c.leave()
	if to == gone || to == working {
		return
	}
	v, i := 0, 0
	if c.client.vouched != nil {
		v = 1
	}
	if to != idle {
		i = 1
	}
	t.waiting[v][i].push(c)
}

// A queue has connections in the order in which they came into their states. It is a ring
// through end, which is none of them.
type queue struct{ end conn }

func (q *queue) push(c *conn) {
	c.prev, c.next = q.end.prev, &q.end
	c.prev.next, c.next.prev = c, c
}

// leave takes c out of its queue, if it is in one.
func (c *conn) leave() {
	if c.next != nil {
		c.prev.next, c.next.prev = c.next, c.prev
		c.prev, c.next = nil, nil
	}
}
