package event

import (
	"context"
	"crypto/sha256"
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
// It holds a bounded number of entries, each of some 200 bytes. What was done is
// forgotten when its keep is over; earlier, the oldest first, if room is needed,
// which [DedupeMemory.Evicted] counts: an event that comes again after that is
// handled again. An open claim is never forgotten before its lease is over.
//
// Its methods may be called from many goroutines at once, take constant time on
// average where leases are about equally long, and do not look at their context.
// Make one with [NewDedupeMemory].
type DedupeMemory struct {
	limit int
	begun time.Time // what memoryEntry.until counts from

	mu      sync.Mutex
	index   map[[sha256.Size]byte]int // by the hash of the key, into entries
	entries []memoryEntry             // those in use, those that are free, and the roots of the rings
	owners  uint64
	evicted uint64
}

// A memoryEntry is a link of one of three rings. It holds no pointers, and hashes
// instead of keys, so that the garbage collector need not visit each of the many
// entries.
type memoryEntry struct {
	key        [sha256.Size]byte
	owner      uint64
	until      time.Duration // end of the lease or of the keep
	done       bool
	prev, next int
}

// The roots of the rings are entries as well. The oldest of a ring comes first.
const (
	ringOpen = iota // claimed, in the order in which the leases end
	ringDone        // done
	ringFree        // not in use
	rings
)

// NewDedupeMemory returns an empty store for the given number of entries. Zero:
// [DefaultDedupeEntries]. It panics if entries is negative.
func NewDedupeMemory(entries int) *DedupeMemory {
	if entries < 0 {
		panic("event: negative number of entries")
	}
	if entries == 0 {
		entries = DefaultDedupeEntries
	}
	m := &DedupeMemory{limit: entries, begun: time.Now(), index: make(map[[sha256.Size]byte]int), entries: make([]memoryEntry, rings)}
	for ring := range rings {
		m.entries[ring].prev, m.entries[ring].next = ring, ring
	}
	return m
}

// Claim implements [DedupeStore]. The error is [ErrStoreFull] or nil.
func (m *DedupeMemory) Claim(_ context.Context, key string, lease time.Duration) (owner string, state ClaimState, err error) {
	now, hash := time.Now(), sha256.Sum256([]byte(key))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(now)
	if i, ok := m.index[hash]; ok {
		switch x := &m.entries[i]; {
		case m.over(x, now):
			m.remove(i)
		case x.done:
			return "", ClaimDone, nil
		default:
			return "", ClaimBusy, nil
		}
	}
	i, ok := m.insert(hash, now)
	if !ok {
		return "", 0, ErrStoreFull
	}
	m.owners++
	x := &m.entries[i]
	x.owner, x.until, x.done = m.owners, m.since(now.Add(lease)), false
	m.open(i)
	return strconv.FormatUint(m.owners, 36), ClaimGranted, nil
}

// Done implements [DedupeStore]. The error is [ErrClaimLost], [ErrStoreFull] or
// nil.
func (m *DedupeMemory) Done(_ context.Context, key, owner string, keep time.Duration) error {
	now, hash := time.Now(), sha256.Sum256([]byte(key))
	n := parseOwner(owner)
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.index[hash]
	if ok {
		switch x := &m.entries[i]; {
		case m.over(x, now): // free
		case x.owner != n:
			return ErrClaimLost
		case x.done:
			return nil
		}
	} else if i, ok = m.insert(hash, now); !ok {
		return ErrStoreFull
	}
	x := &m.entries[i]
	x.owner, x.until, x.done = n, m.since(now.Add(keep)), true
	m.move(i, ringDone)
	return nil
}

// Release implements [DedupeStore]. The error is [ErrClaimLost] or nil.
func (m *DedupeMemory) Release(_ context.Context, key, owner string) error {
	now, hash := time.Now(), sha256.Sum256([]byte(key))
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.index[hash]
	if !ok {
		return nil
	}
	x := &m.entries[i]
	if !m.over(x, now) && (x.owner != parseOwner(owner) || x.done) {
		return ErrClaimLost
	}
	m.remove(i)
	return nil
}

// parseOwner reads what Claim gave. Zero is nobody.
func parseOwner(owner string) uint64 {
	n, err := strconv.ParseUint(owner, 36, 64)
	if err != nil {
		return 0
	}
	return n
}

func (m *DedupeMemory) since(t time.Time) time.Duration { return t.Sub(m.begun) }

func (m *DedupeMemory) over(x *memoryEntry, now time.Time) bool { return m.since(now) >= x.until }

// Len returns the number of entries, open claims included. What has expired may
// be counted until a later Claim removes it.
func (m *DedupeMemory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.index)
}

// Evicted returns how many entries were forgotten before their keep was over. If
// it grows, the store is too small for the traffic.
func (m *DedupeMemory) Evicted() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.evicted
}

// expire removes claims whose lease is over, and the oldest of what was done as far
// as its keep is over: an entry with a shorter keep than one before it stays until
// its turn comes.
func (m *DedupeMemory) expire(now time.Time) {
	for _, ring := range []int{ringOpen, ringDone} {
		for i, ok := m.oldest(ring); ok && m.over(&m.entries[i], now); i, ok = m.oldest(ring) {
			m.remove(i)
		}
	}
}

// insert returns an entry for a key that has none. It reports false if there is
// no room. The caller moves it to its ring.
func (m *DedupeMemory) insert(hash [sha256.Size]byte, now time.Time) (i int, ok bool) {
	if !m.makeRoom(now) {
		return 0, false
	}
	if i, ok = m.oldest(ringFree); !ok {
		i = len(m.entries)
		m.entries = append(m.entries, memoryEntry{prev: i, next: i})
	}
	m.entries[i].key = hash
	m.index[hash] = i
	return i, true
}

// makeRoom removes an entry if the store is full, and reports whether there is
// room for one now.
func (m *DedupeMemory) makeRoom(now time.Time) bool {
	if len(m.index) < m.limit {
		return true
	}
	m.expire(now)
	if len(m.index) < m.limit {
		return true
	}
	i, ok := m.oldest(ringDone)
	if ok {
		m.evicted++
		m.remove(i)
	}
	return ok
}

func (m *DedupeMemory) remove(i int) {
	delete(m.index, m.entries[i].key)
	m.move(i, ringFree)
}

// oldest returns the first entry of a ring, if it has any.
func (m *DedupeMemory) oldest(ring int) (i int, ok bool) {
	i = m.entries[ring].next
	return i, i != ring
}

// move makes i the newest of a ring.
func (m *DedupeMemory) move(i, ring int) {
	m.unlink(i)
	m.link(i, m.entries[ring].prev)
}

// open moves i to the open claims, behind those whose leases end before its own.
func (m *DedupeMemory) open(i int) {
	m.unlink(i)
	after := m.entries[ringOpen].prev
	for after != ringOpen && m.entries[after].until > m.entries[i].until {
		after = m.entries[after].prev
	}
	m.link(i, after)
}

func (m *DedupeMemory) unlink(i int) {
	e := m.entries
	e[e[i].prev].next, e[e[i].next].prev = e[i].next, e[i].prev
}

// link puts i, which is in no ring, behind another entry or the root of a ring.
func (m *DedupeMemory) link(i, after int) {
	e := m.entries
	next := e[after].next
	e[i].prev, e[i].next = after, next
	e[after].next, e[next].prev = i, i
}
