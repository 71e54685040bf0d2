package event

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// DefaultDedupeEntries is how many events a [DedupeMemory] remembers by default.
const DefaultDedupeEntries = 65536

// A DedupeMemory is a [DedupeStore] in memory, for one process. It forgets
// everything when the process ends, and several instances of a service do not
// see each other's events: behind a load balancer a shared store is needed.
//
// It holds a bounded number of entries, each of some 300 bytes with the key of
// an event from one of this module's vendors. What was done is forgotten when
// its keep is over; earlier, the oldest first, if room is needed, which
// [DedupeMemory.Evicted] counts: an event that comes again after that is
// handled again. An open claim is never forgotten before its lease is over.
//
// Its methods may be called from many goroutines at once, take constant time on
// average and do not look at their context.
type DedupeMemory struct {
	limit int

	mu      sync.Mutex
	entries map[string]*memoryEntry
	open    memoryEntry // root of a ring: claimed, the oldest claim first
	done    memoryEntry // root of a ring: done, the oldest first
	owners  uint64
	evicted uint64
}

// A memoryEntry is a link of one of two rings. It is its own list element, since
// there are many, and the garbage collector visits each.
type memoryEntry struct {
	key        string
	owner      string
	until      time.Time // end of the lease or of the keep
	done       bool
	prev, next *memoryEntry
}

// oldest returns the first entry of the ring with the root r, or nil.
func (r *memoryEntry) oldest() *memoryEntry {
	if r.next == r {
		return nil
	}
	return r.next
}

// add makes x the newest entry of the ring with the root r.
func (r *memoryEntry) add(x *memoryEntry) {
	x.prev, x.next = r.prev, r
	x.prev.next, r.prev = x, x
}

// leave takes x out of its ring.
func (x *memoryEntry) leave() {
	x.prev.next, x.next.prev = x.next, x.prev
	x.prev, x.next = nil, nil
}

// NewDedupeMemory returns an empty store for the given number of entries. Zero:
// [DefaultDedupeEntries]. It panics if entries is negative.
func NewDedupeMemory(entries int) *DedupeMemory {
	if entries < 0 {
		panic("event: negative number of entries")
	}
	if entries == 0 {
		entries = DefaultDedupeEntries
	}
	m := &DedupeMemory{limit: entries, entries: make(map[string]*memoryEntry)}
	m.open.prev, m.open.next = &m.open, &m.open
	m.done.prev, m.done.next = &m.done, &m.done
	return m
}

// Claim implements [DedupeStore]. The error is [ErrStoreFull] or nil.
func (m *DedupeMemory) Claim(_ context.Context, key string, lease time.Duration) (owner string, state ClaimState, err error) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(now)
	if x, ok := m.entries[key]; ok {
		switch {
		case !now.Before(x.until):
			m.remove(x)
		case x.done:
			return "", ClaimDone, nil
		default:
			return "", ClaimBusy, nil
		}
	}
	if !m.makeRoom(now) {
		return "", 0, ErrStoreFull
	}
	m.owners++
	owner = strconv.FormatUint(m.owners, 36)
	x := &memoryEntry{key: key, owner: owner, until: now.Add(lease)}
	m.entries[key] = x
	m.open.add(x)
	return owner, ClaimGranted, nil
}

// Done implements [DedupeStore]. The error is [ErrClaimLost], [ErrStoreFull] or
// nil.
func (m *DedupeMemory) Done(_ context.Context, key, owner string, keep time.Duration) error {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	x, ok := m.entries[key]
	switch {
	case !ok:
		if !m.makeRoom(now) {
			return ErrStoreFull
		}
		x = &memoryEntry{key: key}
		m.entries[key] = x
	case !now.Before(x.until): // free
		x.leave()
	case x.owner != owner:
		return ErrClaimLost
	case x.done:
		return nil
	default:
		x.leave()
	}
	x.owner, x.until, x.done = owner, now.Add(keep), true
	m.done.add(x)
	return nil
}

// Release implements [DedupeStore]. The error is [ErrClaimLost] or nil.
func (m *DedupeMemory) Release(_ context.Context, key, owner string) error {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	x, ok := m.entries[key]
	if !ok {
		return nil
	}
	if now.Before(x.until) && (x.owner != owner || x.done) {
		return ErrClaimLost
	}
	m.remove(x)
	return nil
}

// Len returns the number of entries, open claims included. What has expired may
// be counted until a later Claim removes it.
func (m *DedupeMemory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries)
}

// Evicted returns how many entries were forgotten before their keep was over. If
// it grows, the store is too small for the traffic.
func (m *DedupeMemory) Evicted() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.evicted
}

// expire removes the oldest of what was done as far as its keep is over. An
// entry with a shorter keep than one before it stays until its turn comes.
func (m *DedupeMemory) expire(now time.Time) {
	for x := m.done.oldest(); x != nil && !now.Before(x.until); x = m.done.oldest() {
		m.remove(x)
	}
}

// makeRoom removes an entry if the store is full, and reports whether there is
// room for one now.
func (m *DedupeMemory) makeRoom(now time.Time) bool {
	if len(m.entries) < m.limit {
		return true
	}
	if x := m.done.oldest(); x != nil {
		if now.Before(x.until) {
			m.evicted++
		}
		m.remove(x)
		return true
	}
	if x := m.open.oldest(); x != nil && !now.Before(x.until) {
		m.remove(x)
		return true
	}
	return false
}

func (m *DedupeMemory) remove(x *memoryEntry) {
	delete(m.entries, x.key)
	x.leave()
}
