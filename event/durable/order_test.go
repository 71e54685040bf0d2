package durable_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// A sequence checks that the events of one key come one after another.
type sequence struct {
	mu       sync.Mutex
	max      int
	attempts map[string]int
	active   map[string]string // by key, the ID
	over     map[string]bool   // by ID: finished, or given up
	before   map[string]string // by ID, that of the same key before it
	faults   []string
	left     int
}

// start says which attempt this is.
func (q *sequence) start(key, id string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if other := q.active[key]; other != "" {
		q.faults = append(q.faults, fmt.Sprintf("%s began while %s was with the callbacks", id, other))
	}
	if b := q.before[id]; b != "" && !q.over[b] {
		q.faults = append(q.faults, fmt.Sprintf("%s began before the end of %s", id, b))
	}
	q.active[key] = id
	q.attempts[id]++
	return q.attempts[id]
}

func (q *sequence) end(key, id string, failed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.active[key] = ""
	if !failed || q.attempts[id] == q.max {
		q.over[id] = true
		q.left--
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	keys := map[durable.Order]func(*event.Event) *string{
		durable.OrderByUser: func(e *event.Event) *string { return &e.User.ID },
		durable.OrderByLock: func(e *event.Event) *string { return &e.Lock.ID },
	}
	for order, key := range keys {
		t.Run(string(order), func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			c := durable.Config{Shards: 3, Order: order}
			stores := []*durable.Store{connectStore(t, srv, c), connectStore(t, srv, c)}
			q := &sequence{
				max: 3, left: 90,
				attempts: make(map[string]int), active: make(map[string]string), over: make(map[string]bool), before: make(map[string]string),
			}
			last := make(map[string]string)
			for i := range q.left {
				e := newEvent(i)
				e.User.ID = ""
				k := fmt.Sprintf("key-%d", i%7)
				*key(e) = k
				q.before[e.ID], last[k] = last[k], e.ID
				store(t, stores[i%2], e)
			}
			h := event.HandlerFunc(func(_ context.Context, e *event.Event) error {
				k := *key(e)
				n := q.start(k, e.ID)
				sum := fnv.New32()
				fmt.Fprint(sum, e.ID)
				failed := sum.Sum32()%4 == 0 || sum.Sum32()%4 == 1 && n == 1 // for ever, or once
				q.end(k, e.ID, failed)
				if failed {
					return errFailed
				}
				return nil
			})
			for i := range 4 {
				run(t, stores[i%2], quick(durable.Consumer{Workers: 4, MaxAttempts: q.max}), h)
			}
			eventually(t, "an end of all", func() bool {
				q.mu.Lock()
				defer q.mu.Unlock()
				return q.left == 0
			})
			assert.Empty(t, q.faults)
			buried := 0
			for _, n := range q.attempts {
				assert.LessOrEqual(t, n, q.max)
				if n == q.max {
					buried++
				}
			}
			assert.NotZero(t, buried)
			waitLetters(t, stores[0], buried)
		})
	}
}

// An event without a key waits for nobody of another shard.
func TestOrderHoldsUpOnlyItsShard(t *testing.T) {
	t.Parallel()
	s := connectStore(t, startServer(t, t.TempDir()), durable.Config{Shards: 8, Order: durable.OrderByUser})
	blocked := make(chan struct{})
	got := newRecorder()
	run(t, s, durable.Consumer{}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		if e.User.ID == "held" {
			<-blocked
		}
		return got.HandleEvent(ctx, e)
	}))
	held := newEvent(100)
	held.User.ID = "held"
	store(t, s, held)
	store(t, s, numbered(40)...)
	eventually(t, "the other shards", func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Consumers["default"].Active == 1 && len(got.ids()) >= 20
	})
	assert.NotContains(t, got.ids(), held.ID)
	close(blocked)
	eventually(t, "all", func() bool { return len(got.ids()) == 41 })
}
