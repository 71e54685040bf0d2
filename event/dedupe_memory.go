package event

import (
	"container/list"
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
	entries map[string]*list.Element // of memoryEntry
	open    list.List                // claimed, the oldest claim first
	done    list.List                // done, the oldest first
	owners  uint64
	evicted uint64
}

type memoryEntry struct {
	key   string
	owner string
	until time.Time // end of the lease or of the keep
	done  bool
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
	return &DedupeMemory{limit: entries, entries: make(map[string]*list.Element)}
}

// Claim implements [DedupeStore]. The error is [ErrStoreFull] or nil.
func (m *DedupeMemory) Claim(_ context.Context, key string, lease time.Duration) (owner string, state ClaimState, err error) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(now)
	if el, ok := m.entries[key]; ok {
		x := el.Value.(*memoryEntry)
		switch {
		case !now.Before(x.until):
			m.remove(el)
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
	m.entries[key] = m.open.PushBack(&memoryEntry{key: key, owner: owner, until: now.Add(lease)})
	return owner, ClaimGranted, nil
}

// Done implements [DedupeStore]. The error is [ErrClaimLost], [ErrStoreFull] or
// nil.
func (m *DedupeMemory) Done(_ context.Context, key, owner string, keep time.Duration) error {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if el, ok := m.entries[key]; ok {
		x := el.Value.(*memoryEntry)
		switch {
		case !now.Before(x.until): // free
		case x.owner != owner:
			return ErrClaimLost
		case x.done:
			return nil
		}
		m.remove(el)
	}
	if !m.makeRoom(now) {
		return ErrStoreFull
	}
	m.entries[key] = m.done.PushBack(&memoryEntry{key: key, owner: owner, until: now.Add(keep), done: true})
	return nil
}

// Release implements [DedupeStore]. The error is [ErrClaimLost] or nil.
func (m *DedupeMemory) Release(_ context.Context, key, owner string) error {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	el, ok := m.entries[key]
	if !ok {
		return nil
	}
	x := el.Value.(*memoryEntry)
	if now.Before(x.until) && (x.owner != owner || x.done) {
		return ErrClaimLost
	}
	m.remove(el)
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
	for el := m.done.Front(); el != nil && !now.Before(el.Value.(*memoryEntry).until); el = m.done.Front() {
		m.remove(el)
	}
}

// makeRoom removes an entry if the store is full, and reports whether there is
// room for one now.
func (m *DedupeMemory) makeRoom(now time.Time) bool {
	if len(m.entries) < m.limit {
		return true
	}
	if el := m.done.Front(); el != nil {
		if now.Before(el.Value.(*memoryEntry).until) {
			m.evicted++
		}
		m.remove(el)
		return true
	}
	if el := m.open.Front(); el != nil && !now.Before(el.Value.(*memoryEntry).until) {
		m.remove(el)
		return true
	}
	return false
}

func (m *DedupeMemory) remove(el *list.Element) {
	x := el.Value.(*memoryEntry)
	delete(m.entries, x.key)
	if x.done {
		m.done.Remove(el)
	} else {
		m.open.Remove(el)
	}
}
