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
// see each other's events: behind a load balancer use a shared store.
//
// The number of entries is limited, and each takes some 200 bytes. An event that is
// done is forgotten when its keep has expired. If room is needed, the oldest is
// forgotten earlier, and an event that comes again after that is handled again;
// [DedupeMemory.Evicted] counts these. An open claim is never forgotten before its
// lease has expired.
//
// A DedupeMemory is safe for concurrent use. Its methods take constant time on
// average where leases are about equally long, and ignore their context. Make one
// with [NewDedupeMemory].
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
	digest     uint64        // of the body; zero if not known
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
func (m *DedupeMemory) Claim(ctx context.Context, key string, lease time.Duration) (owner string, state ClaimState, err error) {
	owner, state, _, err = m.ClaimDigest(ctx, key, 0, lease)
	return owner, state, err
}

// ClaimDigest implements [DedupeDigestStore]. The error is [ErrStoreFull] or nil.
func (m *DedupeMemory) ClaimDigest(ctx context.Context, key string, digest uint64, lease time.Duration) (owner string, state ClaimState, changed bool, err error) {
	c, state, changed, err := m.claim(ctx, memoryKey(key, digest), lease)
	if state == ClaimGranted {
		owner = strconv.FormatUint(c.number, 36)
	}
	return owner, state, changed, err
}

// Done implements [DedupeStore]. The error is [ErrClaimLost], [ErrStoreFull] or
// nil.
func (m *DedupeMemory) Done(ctx context.Context, key, owner string, keep time.Duration) error {
	return m.done(ctx, memoryKey(key, 0), claim{number: parseOwner(owner)}, keep)
}

// Release implements [DedupeStore]. The error is [ErrClaimLost] or nil.
func (m *DedupeMemory) Release(ctx context.Context, key, owner string) error {
	return m.release(ctx, memoryKey(key, 0), claim{number: parseOwner(owner)})
}

func memoryKey(key string, digest uint64) dedupeKey {
	return dedupeKey{sum: sha256.Sum256([]byte(key)), digest: digest}
}

func (m *DedupeMemory) claim(_ context.Context, k dedupeKey, lease time.Duration) (c claim, state ClaimState, changed bool, err error) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(now)
	if i, ok := m.index[k.sum]; ok {
		x := &m.entries[i]
		changed = k.digest != 0 && x.digest != 0 && k.digest != x.digest
		switch {
		case m.over(x, now):
			m.remove(i)
		case x.done:
			return claim{}, ClaimDone, changed, nil
		default:
			return claim{}, ClaimBusy, changed, nil
		}
	}
	i, ok := m.insert(k, now)
	if !ok {
		return claim{}, 0, false, ErrStoreFull
	}
	m.owners++
	x := &m.entries[i]
	x.owner, x.until, x.done = m.owners, m.since(now.Add(lease)), false
	m.open(i)
	return claim{number: m.owners}, ClaimGranted, false, nil
}

func (m *DedupeMemory) done(_ context.Context, k dedupeKey, c claim, keep time.Duration) error {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.index[k.sum]
	if ok {
		switch x := &m.entries[i]; {
		case m.over(x, now): // free
			x.digest = k.digest
		case x.owner != c.number:
			return ErrClaimLost
		case x.done:
			return nil
		}
	} else if i, ok = m.insert(k, now); !ok {
		return ErrStoreFull
	}
	x := &m.entries[i]
	x.owner, x.until, x.done = c.number, m.since(now.Add(keep)), true
	m.move(i, ringDone)
	return nil
}

func (m *DedupeMemory) release(_ context.Context, k dedupeKey, c claim) error {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.index[k.sum]
	if !ok {
		return nil
	}
	x := &m.entries[i]
	if !m.over(x, now) && (x.owner != c.number || x.done) {
		return ErrClaimLost
	}
	m.remove(i)
	return nil
}

// parseOwner reads what Claim returned. Zero is no owner.
func parseOwner(owner string) uint64 {
	n, err := strconv.ParseUint(owner, 36, 64)
	if err != nil {
		return 0
	}
	return n
}

func (m *DedupeMemory) since(t time.Time) time.Duration { return t.Sub(m.begun) }

func (m *DedupeMemory) over(x *memoryEntry, now time.Time) bool { return m.since(now) >= x.until }

// Len returns the number of entries, open claims included. An entry that has
// expired may be counted until a later Claim removes it.
func (m *DedupeMemory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.index)
}

// Evicted returns how many entries were forgotten before their keep had expired.
// If it grows, the store is too small for the traffic.
func (m *DedupeMemory) Evicted() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.evicted
}

// expire removes claims whose lease has expired, and the oldest of the entries that
// are done, as far as their keep has expired. An entry with a shorter keep than one
// before it stays until its turn comes.
func (m *DedupeMemory) expire(now time.Time) {
	for _, ring := range []int{ringOpen, ringDone} {
		for i, ok := m.oldest(ring); ok && m.over(&m.entries[i], now); i, ok = m.oldest(ring) {
			m.remove(i)
		}
	}
}

// insert returns an entry for a key that has none. It reports false if there is
// no room. The caller moves it to its ring.
func (m *DedupeMemory) insert(k dedupeKey, now time.Time) (i int, ok bool) {
	if !m.makeRoom(now) {
		return 0, false
	}
	if i, ok = m.oldest(ringFree); !ok {
		i = len(m.entries)
		m.entries = append(m.entries, memoryEntry{prev: i, next: i})
	}
	m.entries[i].key, m.entries[i].digest = k.sum, k.digest
	m.index[k.sum] = i
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
