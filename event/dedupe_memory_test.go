package event_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

func claimed(t *testing.T, m event.DedupeStore, key string, lease time.Duration) string {
	t.Helper()
	owner, state, err := m.Claim(bg, key, lease)
	require.NoError(t, err)
	require.Equal(t, event.ClaimGranted, state)
	return owner
}

func stateOf(t *testing.T, m event.DedupeStore, key string) event.ClaimState {
	t.Helper()
	owner, state, err := m.Claim(bg, key, time.Hour)
	require.NoError(t, err)
	if state == event.ClaimGranted {
		require.NoError(t, m.Release(bg, key, owner))
	}
	return state
}

func TestDedupeMemory_States(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := event.NewDedupeMemory(0)
		a := claimed(t, m, "k", time.Minute)
		assert.Equal(t, event.ClaimBusy, stateOf(t, m, "k"))
		assert.ErrorIs(t, m.Done(bg, "k", a+"x", time.Hour), event.ErrClaimLost)
		assert.ErrorIs(t, m.Release(bg, "k", a+"x"), event.ErrClaimLost)
		assert.Equal(t, event.ClaimBusy, stateOf(t, m, "k"), "a stranger changes nothing")
		assert.NoError(t, m.Release(bg, "k", a))
		assert.Equal(t, event.ClaimGranted, stateOf(t, m, "k"))
		assert.NoError(t, m.Release(bg, "k", a), "free is fine")

		b := claimed(t, m, "k", time.Minute)
		assert.NotEqual(t, a, b)
		assert.NoError(t, m.Done(bg, "k", b, time.Hour))
		assert.NoError(t, m.Done(bg, "k", b, time.Hour), "again")
		assert.ErrorIs(t, m.Done(bg, "k", a, time.Hour), event.ErrClaimLost)
		assert.ErrorIs(t, m.Release(bg, "k", a), event.ErrClaimLost)
		assert.ErrorIs(t, m.Release(bg, "k", b), event.ErrClaimLost, "done is not released")
		time.Sleep(time.Hour - 1)
		assert.Equal(t, event.ClaimDone, stateOf(t, m, "k"))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, event.ClaimGranted, stateOf(t, m, "k"))
		assert.Zero(t, m.Len())
		assert.Zero(t, m.Evicted())
	})
}

func TestDedupeMemory_Lease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := event.NewDedupeMemory(0)
		a := claimed(t, m, "k", time.Minute)
		time.Sleep(time.Minute - 1)
		assert.Equal(t, event.ClaimBusy, stateOf(t, m, "k"))
		time.Sleep(time.Nanosecond)
		b := claimed(t, m, "k", time.Minute)
		assert.ErrorIs(t, m.Done(bg, "k", a, time.Hour), event.ErrClaimLost)
		assert.ErrorIs(t, m.Release(bg, "k", a), event.ErrClaimLost)
		assert.Equal(t, event.ClaimBusy, stateOf(t, m, "k"))

		time.Sleep(time.Hour)
		assert.NoError(t, m.Done(bg, "k", b, time.Hour), "late, but nobody else came")
		assert.Equal(t, event.ClaimDone, stateOf(t, m, "k"))

		c := claimed(t, m, "l", time.Minute)
		require.NoError(t, m.Release(bg, "l", c))
		assert.NoError(t, m.Done(bg, "l", c, time.Hour), "a free key")
		assert.Equal(t, event.ClaimDone, stateOf(t, m, "l"))
	})
}

func TestDedupeMemory_Bounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := event.NewDedupeMemory(3)
		for _, k := range []string{"a", "b", "c", "d"} {
			require.NoError(t, m.Done(bg, k, claimed(t, m, k, time.Minute), time.Hour))
		}
		assert.Equal(t, 3, m.Len())
		assert.EqualValues(t, 1, m.Evicted())
		assert.Equal(t, event.ClaimDone, stateOf(t, m, "d"))

		open := claimed(t, m, "open", time.Minute)
		for i := range 10 {
			k := fmt.Sprint(i)
			require.NoError(t, m.Done(bg, k, claimed(t, m, k, time.Minute), time.Hour))
		}
		assert.Equal(t, event.ClaimBusy, stateOf(t, m, "open"), "an open claim is never evicted")
		assert.Equal(t, event.ClaimDone, stateOf(t, m, "9"))
		_ = open

		full := event.NewDedupeMemory(2)
		claimed(t, full, "a", time.Minute)
		b := claimed(t, full, "b", time.Hour)
		_, _, err := full.Claim(bg, "c", time.Minute)
		assert.ErrorIs(t, err, event.ErrStoreFull)
		assert.ErrorIs(t, full.Done(bg, "c", "someone", time.Hour), event.ErrStoreFull)
		time.Sleep(time.Minute)
		claimed(t, full, "c", time.Minute) // the lease of a is over
		assert.NoError(t, full.Done(bg, "b", b, time.Hour), "needs no room")
		assert.Equal(t, 2, full.Len())
		assert.Zero(t, full.Evicted())

		// Leases need not end in the order in which they began.
		mixed := event.NewDedupeMemory(4)
		for i, lease := range []time.Duration{time.Hour, time.Minute, 3 * time.Minute, 2 * time.Minute} {
			claimed(t, mixed, fmt.Sprint(i), lease)
		}
		for i := range 3 {
			_, _, err = mixed.Claim(bg, "new", time.Hour)
			assert.ErrorIs(t, err, event.ErrStoreFull)
			time.Sleep(time.Minute)
			claimed(t, mixed, fmt.Sprint("after ", i), time.Hour)
		}
		assert.Equal(t, event.ClaimBusy, stateOf(t, mixed, "0"))

		// A lease that is over takes no room.
		idle := event.NewDedupeMemory(3)
		claimed(t, idle, "a", time.Minute)
		time.Sleep(time.Minute)
		claimed(t, idle, "b", time.Minute)
		assert.Equal(t, 1, idle.Len())
		time.Sleep(time.Minute)
		for _, key := range []string{"b", "c", "d"} {
			require.NoError(t, idle.Done(bg, key, "someone", time.Hour))
		}
		assert.Zero(t, idle.Evicted())

		// What has expired makes room without being counted.
		old := event.NewDedupeMemory(2)
		require.NoError(t, old.Done(bg, "long", "x", time.Hour))
		require.NoError(t, old.Done(bg, "short", "x", time.Minute))
		time.Sleep(2 * time.Minute)
		assert.Equal(t, event.ClaimGranted, stateOf(t, old, "short"))
		time.Sleep(time.Hour)
		claimed(t, old, "new", time.Minute)
		assert.Equal(t, 1, old.Len())
		assert.Zero(t, old.Evicted())

		old = event.NewDedupeMemory(1)
		require.NoError(t, old.Done(bg, "a", "x", time.Minute))
		time.Sleep(time.Minute)
		require.NoError(t, old.Done(bg, "b", "x", time.Minute))
		assert.Zero(t, old.Evicted())
	})
	assert.Panics(t, func() { event.NewDedupeMemory(-1) })
}

// A model that knows neither bounds nor lists agrees with the store.
func TestDedupeMemory_Model(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type entry struct {
			owner string
			until time.Time
			done  bool
		}
		r := rand.New(rand.NewPCG(1, 2))
		m, model := event.NewDedupeMemory(1000), map[string]entry{}
		owners := []string{"nobody"}
		for range 20_000 {
			key := string('a' + rune(r.IntN(8)))
			owner := owners[max(0, len(owners)-1-r.IntN(8))]
			d := time.Duration(1+r.IntN(20)) * time.Second
			now := time.Now()
			old, ok := model[key]
			if ok && !now.Before(old.until) {
				delete(model, key)
				ok = false
			}
			switch r.IntN(4) {
			case 0, 1:
				got, state, err := m.Claim(bg, key, d)
				require.NoError(t, err)
				want := event.ClaimGranted
				switch {
				case ok && old.done:
					want = event.ClaimDone
				case ok:
					want = event.ClaimBusy
				}
				require.Equal(t, want, state)
				if state == event.ClaimGranted {
					owners = append(owners, got)
					model[key] = entry{got, now.Add(d), false}
				}
			case 2:
				err := m.Done(bg, key, owner, d)
				switch {
				case ok && old.owner != owner:
					require.ErrorIs(t, err, event.ErrClaimLost)
				case ok && old.done:
					require.NoError(t, err)
				default:
					require.NoError(t, err)
					model[key] = entry{owner, now.Add(d), true}
				}
			case 3:
				err := m.Release(bg, key, owner)
				switch {
				case ok && (old.owner != owner || old.done):
					require.ErrorIs(t, err, event.ErrClaimLost)
				default:
					require.NoError(t, err)
					delete(model, key)
				}
			}
			require.LessOrEqual(t, m.Len(), 8)
			time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
		}
	})
}

func TestDedupeMemory_OneOfManyClaims(t *testing.T) {
	m := event.NewDedupeMemory(100)
	var mu sync.Mutex
	granted := map[string]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				key := fmt.Sprint(i % 50)
				owner, state, err := m.Claim(bg, key, time.Hour)
				assert.NoError(t, err)
				if state == event.ClaimGranted {
					mu.Lock()
					granted[key]++
					mu.Unlock()
					assert.NoError(t, m.Done(bg, key, owner, time.Hour))
				}
			}
		})
	}
	wg.Wait()
	for key, n := range granted {
		assert.Equal(t, 1, n, key)
	}
	assert.Len(t, granted, 50)
}

func TestDedupeMemory_MemoryIsBounded(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := heap()
	const entries = 10_000
	m := event.NewDedupeMemory(entries)
	for i := range 5 * entries {
		key := fmt.Sprintf("6:relock6:relock8:secret 164:%064d", i)
		owner, _, err := m.Claim(bg, key, time.Minute)
		require.NoError(t, err)
		require.NoError(t, m.Done(bg, key, owner, time.Hour))
	}
	each := (heap() - before) / entries
	t.Logf("%d bytes an entry", each)
	assert.Less(t, each, uint64(450))
	assert.Equal(t, entries, m.Len())
	assert.EqualValues(t, 4*entries, m.Evicted())
	runtime.KeepAlive(m)
}

func TestClaimStateString(t *testing.T) {
	var all []string
	for s := range event.ClaimBusy + 2 {
		all = append(all, s.String())
	}
	assert.Equal(t, "invalid granted done busy invalid", strings.Join(all, " "))
	all = nil
	for r := range event.DedupeWithoutID + 2 {
		all = append(all, r.String())
	}
	assert.Equal(t, "invalid handled duplicate shared busy without_id invalid", strings.Join(all, " "))
}

// An owner that Claim has given to nobody holds nothing.
func TestDedupeMemory_StrangeOwner(t *testing.T) {
	m := event.NewDedupeMemory(0)
	_, state, err := m.Claim(bg, "a", time.Hour)
	require.NoError(t, err)
	require.Equal(t, event.ClaimGranted, state)
	for _, owner := range []string{"", "0", "-1", "not an owner", "99999999999999999999999999"} {
		assert.ErrorIs(t, m.Done(bg, "a", owner, time.Hour), event.ErrClaimLost, owner)
		assert.ErrorIs(t, m.Release(bg, "a", owner), event.ErrClaimLost, owner)
	}
	assert.Equal(t, 1, m.Len())
}

func TestDedupeMemory_Digests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := event.NewDedupeMemory(2)
		claim := func(key string, digest uint64) (owner string, state event.ClaimState, changed bool) {
			t.Helper()
			owner, state, changed, err := m.ClaimDigest(bg, key, digest, time.Minute)
			require.NoError(t, err)
			return owner, state, changed
		}
		expect := func(key string, digest uint64, state event.ClaimState, changed bool) {
			t.Helper()
			_, gotState, gotChanged := claim(key, digest)
			assert.Equal(t, state, gotState)
			assert.Equal(t, changed, gotChanged)
		}
		owner, state, changed := claim("a", 1)
		assert.Equal(t, event.ClaimGranted, state)
		assert.False(t, changed)
		expect("a", 1, event.ClaimBusy, false)
		expect("a", 2, event.ClaimBusy, true)
		expect("a", 0, event.ClaimBusy, false)
		require.NoError(t, m.Done(bg, "a", owner, time.Hour))
		expect("a", 1, event.ClaimDone, false)
		expect("a", 2, event.ClaimDone, true)
		assert.Equal(t, event.ClaimDone, stateOf(t, m, "a"), "Claim knows no digests")

		// What takes the place of another key has nothing of it.
		time.Sleep(time.Hour)
		require.NoError(t, m.Done(bg, "b", claimed(t, m, "b", time.Minute), time.Hour))
		expect("b", 2, event.ClaimDone, false)
		expect("a", 2, event.ClaimGranted, false)
	})
}
