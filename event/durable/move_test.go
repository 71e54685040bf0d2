package durable_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// startTCP starts a NATS server that listens on a port.
func startTCP(t testing.TB) *server.Server {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20,
	})
	require.NoError(t, err)
	srv.Start()
	require.True(t, srv.ReadyForConnections(patience))
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	return srv
}

// overTCP returns a store on srv.
func overTCP(t testing.TB, srv *server.Server, c durable.Config) *durable.Store {
	t.Helper()
	nc, err := nats.Connect(srv.ClientURL(), nats.MaxReconnects(-1))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	c.Payloads = payloads
	s, err := durable.Connect(t.Context(), nc, c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

const users = 20

// ofUser is event number n, of one of the users, with a body.
func ofUser(n int) *event.Event {
	e := newEvent(n)
	e.User.ID = fmt.Sprintf("user-%d", n%users)
	e.Raw = []byte(fmt.Sprintf(`{"number":%d}`, n))
	return e
}

// fillUp stores the events from first up to end. Those of a user are in order.
func fillUp(t testing.TB, h event.Handler, first, end int) {
	t.Helper()
	var senders sync.WaitGroup
	for user := range users {
		senders.Go(func() {
			for n := first; n < end; n++ {
				if n%users == user {
					assert.NoError(t, h.HandleEvent(t.Context(), ofUser(n)))
				}
			}
		})
	}
	senders.Wait()
}

// What a half worked off store has, by number of the event modulo 50.
const (
	deadAt    = 7  // a dead letter
	delayedAt = 23 // waits for another attempt
)

func idsWhere(first, end int, ok func(n int) bool) (ids []string) {
	for n := first; n < end; n++ {
		if ok(n) {
			ids = append(ids, newEvent(n).ID)
		}
	}
	return ids
}

// workOff has the default consumer finish the first end events, but those at deadAt and
// delayedAt.
func workOff(t testing.TB, s durableStore, end int) {
	t.Helper()
	stop := run(t, s, durable.Consumer{Workers: 4, Delay: time.Hour, MaxDelay: time.Hour}, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		var n int
		_, err := fmt.Sscanf(e.ID, "event-%d", &n)
		switch {
		case err != nil:
			return event.Permanent(err)
		case n%50 == deadAt:
			return event.Permanent(fmt.Errorf("no. %d is refused", n))
		case n%50 == delayedAt:
			return errFailed
		}
		return nil
	}))
	eventually(t, "worked off", func() bool {
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		c := stats.Consumers[durable.DefaultConsumerName]
		return stats.Dead == uint64(end/50) && c.Pending == 0 && c.Active == end/50
	})
	stop()
}

// requireMoved requires that to has all of the half worked off store, and nothing twice.
func requireMoved(t testing.TB, to durableStore, worked, end int, sealed bool) {
	t.Helper()
	letters, err := to.DeadLetters(t.Context(), 0, 1000)
	require.NoError(t, err)
	var dead []string
	for _, l := range letters {
		dead = append(dead, l.Event.ID)
	}
	assert.ElementsMatch(t, idsWhere(0, worked, func(n int) bool { return n%50 == deadAt }), dead)

	got := newRecorder()
	want := append(idsWhere(0, worked, func(n int) bool { return n%50 == delayedAt }), idsWhere(worked, end, func(int) bool { return true })...)
	stop := run(t, to, durable.Consumer{}, got)
	got.wait(t, len(want))
	eventually(t, "no more", func() bool {
		stats, err := to.Stats(t.Context())
		require.NoError(t, err)
		return stats.Consumers[durable.DefaultConsumerName] == durable.ConsumerStats{}
	})
	stop()
	assert.ElementsMatch(t, want, got.ids())
	for _, e := range got.events {
		if body := fmt.Sprintf(`{"number":%s}`, strings.TrimPrefix(e.ID, "event-")); sealed && string(e.Raw) != body {
			require.Fail(t, "another body", "%s: %s", e.ID, e.Raw)
		}
	}
}

// From a directory to servers over TCP, with other shards: what is finished is known and
// does not come again, what is not finished comes once, dead letters stay what they are,
// and bodies sealed.
func TestMove(t *testing.T) {
	t.Parallel()
	const worked, end = 1000, 1500
	keep := durable.Config{KeepRaw: true, RawKeys: rawKeys(keyA)}
	from := open(t, embedded.Config{Config: keep})
	fillUp(t, from, 0, worked)
	workOff(t, from, worked)
	fillUp(t, from, worked, end)
	before, err := from.DeadLetters(t.Context(), 0, 1000)
	require.NoError(t, err)

	keep.Shards = 5
	to := overTCP(t, startTCP(t), keep)
	var last durable.Moved
	moved, err := durable.Move{From: from.Store, To: to, Progress: func(m durable.Moved) { last = m }}.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, durable.Moved{
		Unfinished: durable.MovedCount{Source: worked/50 + end - worked, Copied: worked/50 + end - worked},
		Finished:   durable.MovedCount{Source: worked - worked/50, Copied: worked - worked/50},
		Dead:       durable.MovedCount{Source: worked / 50, Copied: worked / 50},
	}, moved)
	assert.NotZero(t, last.Dead.Source)

	after, err := to.DeadLetters(t.Context(), 0, 1000)
	require.NoError(t, err)
	require.Len(t, after, len(before))
	for i := range before {
		a, b := after[i], before[i]
		assert.Equal(t, []any{b.Number, b.Consumer, b.Attempts, b.Error, b.Event.ID, string(b.Event.Raw)}, []any{a.Number, a.Consumer, a.Attempts, a.Error, a.Event.ID, string(a.Event.Raw)})
		assert.True(t, a.Time.Equal(b.Time) && a.Stored.Equal(b.Stored), "%s %s", a.Time, b.Time)
	}
	// The vendors send all of it again.
	fillUp(t, to, 0, end)
	stats, err := to.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, end, stats.Events)
	requireMoved(t, to, worked, end, true)

	// It is the same once more, and changes nothing.
	moved, err = durable.Move{From: from.Store, To: to}.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, durable.MovedCount{Source: worked/50 + end - worked, There: worked/50 + end - worked}, moved.Unfinished)
	assert.Equal(t, durable.MovedCount{Source: worked / 50, There: worked / 50}, moved.Dead)
	assert.Equal(t, "the destination has the consumer already", moved.FinishedLeft)
	stats, err = to.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, end, stats.Events)
	assert.EqualValues(t, worked/50, stats.Dead)

	// The source is as it was.
	stats, err = from.Stats(t.Context())
	require.NoError(t, err)
	c := stats.Consumers[durable.DefaultConsumerName]
	assert.EqualValues(t, []uint64{end, worked / 50, worked/50 + end - worked}, []uint64{stats.Events, stats.Dead, c.Pending + uint64(c.Active)})
}

// byUser returns the IDs of the events of each user.
func (r *recorder) byUser() map[string][]string {
	all := make(map[string][]string)
	for _, e := range r.events {
		all[e.User.ID] = append(all[e.User.ID], e.ID)
	}
	return all
}

// Between numbers of shards and orders, and between directories. The events of a user stay
// in order, into a store with an order.
func TestMoveBetweenOrders(t *testing.T) {
	t.Parallel()
	const n = 400
	for name, tt := range map[string]struct{ from, to durable.Config }{
		"none to user":      {durable.Config{}, durable.Config{Order: durable.OrderByUser}},
		"fewer shards":      {durable.Config{Order: durable.OrderByUser}, durable.Config{Order: durable.OrderByUser, Shards: 3}},
		"more shards":       {durable.Config{Order: durable.OrderByUser, Shards: 2}, durable.Config{Order: durable.OrderByUser, Shards: 16}},
		"another name":      {durable.Config{Name: "old"}, durable.Config{Name: "new", Order: durable.OrderByUser}},
		"user to none, one": {durable.Config{Order: durable.OrderByUser}, durable.Config{Shards: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := open(t, embedded.Config{Config: tt.from})
			fillUp(t, from, 0, n)
			to := open(t, embedded.Config{Config: tt.to})
			moved, err := durable.Move{From: from.Store, To: to.Store}.Run(t.Context())
			require.NoError(t, err)
			assert.Equal(t, durable.MovedCount{Source: n, Copied: n}, moved.Unfinished)
			fillUp(t, to, n, n+users) // the next event of each user
			got := newRecorder()
			stop := run(t, to, durable.Consumer{}, got)
			got.wait(t, n+users)
			stop()
			for user, ids := range got.byUser() {
				var number int
				_, err := fmt.Sscanf(user, "user-%d", &number)
				require.NoError(t, err)
				want := idsWhere(0, n+users, func(n int) bool { return n%users == number })
				if tt.to.Shards == 1 || tt.to.Order != durable.OrderNone {
					assert.Equal(t, want, ids)
				} else {
					assert.ElementsMatch(t, want, ids)
				}
			}
		})
	}
}

// Into a store that is in use come the unfinished events alone: finished ones would be
// handled again.
func TestMoveIntoAStoreInUse(t *testing.T) {
	t.Parallel()
	const worked, end = 200, 300
	from := open(t, embedded.Config{})
	fillUp(t, from, 0, worked)
	workOff(t, from, worked)
	fillUp(t, from, worked, end)
	to := open(t, embedded.Config{Config: durable.Config{Shards: 3}})
	got := newRecorder()
	run(t, to, durable.Consumer{}, got)
	fillUp(t, to, 1000, 1010)
	got.wait(t, 10)
	moved, err := durable.Move{From: from.Store, To: to.Store}.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "the destination has the consumer already", moved.FinishedLeft)
	assert.Zero(t, moved.Finished)
	got.wait(t, worked/50+end-worked)
	want := append(idsWhere(0, worked, func(n int) bool { return n%50 == delayedAt }), idsWhere(worked, end, func(int) bool { return true })...)
	assert.ElementsMatch(t, append(want, idsWhere(1000, 1010, func(int) bool { return true })...), got.ids())
}

// Events that no consumer has seen yet must not be taken for finished ones.
func TestMoveIntoAStoreWithEvents(t *testing.T) {
	t.Parallel()
	from, to := open(t, embedded.Config{}), open(t, embedded.Config{})
	fillUp(t, from, 0, 100)
	workOff(t, from, 100)
	fillUp(t, to, 100, 110)
	moved, err := durable.Move{From: from.Store, To: to.Store}.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "the destination has had events already", moved.FinishedLeft)
	got := newRecorder()
	run(t, to, durable.Consumer{}, got)
	got.wait(t, 12)
	assert.ElementsMatch(t, idsWhere(0, 110, func(n int) bool { return n >= 100 || n%50 == delayedAt }), got.ids())
}

func TestMoveOfUnfinishedEventsOnly(t *testing.T) {
	t.Parallel()
	from, to := open(t, embedded.Config{}), open(t, embedded.Config{})
	fillUp(t, from, 0, 100)
	workOff(t, from, 100)
	moved, err := durable.Move{From: from.Store, To: to.Store, UnfinishedOnly: true}.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, durable.Moved{
		Unfinished: durable.MovedCount{Source: 2, Copied: 2}, Dead: durable.MovedCount{Source: 2, Copied: 2}, FinishedLeft: "they were not wanted",
	}, moved)
	stats, err := to.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 2, stats.Events)
}

// What comes to the source while it is moved may be missing.
func TestMoveOfAStoreThatChanges(t *testing.T) {
	t.Parallel()
	from, to := open(t, embedded.Config{}), open(t, embedded.Config{})
	fillUp(t, from, 0, 10)
	late := sync.OnceFunc(func() { fillUp(t, from, 10, 11) })
	move := durable.Move{From: from.Store, To: to.Store, Progress: func(durable.Moved) { late() }}
	_, err := move.Run(t.Context())
	require.ErrorIs(t, err, durable.ErrStoreInUse)
	assert.ErrorContains(t, err, "it has changed meanwhile: stop what uses it, and move again")
	moved, err := move.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, durable.MovedCount{Source: 11, Copied: 1, There: 10}, moved.Unfinished)
}

// An interrupted move notes how far it has come.
func TestMoveIsInterrupted(t *testing.T) {
	t.Parallel()
	from, to := open(t, embedded.Config{}), open(t, embedded.Config{})
	fillUp(t, from, 0, 500)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	move := durable.Move{From: from.Store, To: to.Store, Progress: func(durable.Moved) {
		if calls++; calls == 300 {
			cancel()
		}
	}}
	moved, err := move.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualValues(t, 300, moved.Unfinished.Copied)
	moved, err = move.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, durable.MovedCount{Source: 500, Copied: 500}, moved.Unfinished, "with those of the first run")
	assert.Equal(t, 500, calls)
}

// If the source was used between an interrupted move and the next, all is read again, and
// what was finished is still not handled again.
func TestMoveIsInterruptedAndTheSourceUsed(t *testing.T) {
	t.Parallel()
	from, to := open(t, embedded.Config{}), open(t, embedded.Config{})
	fillUp(t, from, 0, 100)
	workOff(t, from, 100)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := durable.Move{From: from.Store, To: to.Store, Progress: func(m durable.Moved) {
		if m.Finished.Source == 50 {
			cancel()
		}
	}}.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	fillUp(t, from, 100, 120)
	moved, err := durable.Move{From: from.Store, To: to.Store}.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, durable.Moved{
		Finished:   durable.MovedCount{Source: 98, Copied: 48, There: 50},
		Unfinished: durable.MovedCount{Source: 22, Copied: 22},
		Dead:       durable.MovedCount{Source: 2, Copied: 2},
	}, moved)
	requireMoved(t, to, 100, 120, false)
}

// A store that is in use cannot be moved, nor one with another consumer that has work.
func TestMoveRefused(t *testing.T) {
	t.Parallel()
	from, to := open(t, embedded.Config{}), open(t, embedded.Config{})
	fillUp(t, from, 0, 20)
	stop := run(t, from, durable.Consumer{}, newRecorder())
	move := durable.Move{From: from.Store, To: to.Store}
	eventually(t, "running", func() bool {
		_, err := move.Run(t.Context())
		return errors.Is(err, durable.ErrStoreInUse) && strings.Contains(err.Error(), "consumer default is running: stop what runs it")
	})
	stop()
	// The server drops the last requests of the run.
	eventually(t, "free", func() bool {
		_, err := move.Run(t.Context())
		return err == nil
	})
	got := newRecorder()
	stop = run(t, from, durable.Consumer{Name: "siem"}, failing)
	eventually(t, "the other consumer", func() bool {
		stats, err := from.Stats(t.Context())
		require.NoError(t, err)
		return stats.Consumers["siem"].Active > 0
	})
	stop()
	eventually(t, "refused", func() bool {
		_, err := move.Run(t.Context())
		return err != nil && strings.Contains(err.Error(), "consumer siem has not finished ")
	})
	require.NoError(t, from.DeleteConsumer(t.Context(), "siem"))
	_, err := move.Run(t.Context())
	require.NoError(t, err)
	assert.Empty(t, got.ids())

	_, err = durable.Move{From: from.Store, To: from.Store}.Run(t.Context())
	assert.ErrorContains(t, err, "are the same store")
	_, err = durable.Move{From: from.Store}.Run(t.Context())
	assert.ErrorContains(t, err, "Move needs From and To")
}

// A destination that is full says how much is missing, and gets the rest later.
func TestMoveIntoAFullStore(t *testing.T) {
	t.Parallel()
	from := open(t, embedded.Config{Config: durable.Config{MaxBody: 1}})
	for n := range 20 {
		e := newEvent(n)
		e.Reason = strings.Repeat("x", 10_000)
		store(t, from, e)
	}
	srv := startTCP(t)
	small := durable.Config{MaxBody: 1, MaxBytes: 100_000, Shards: 1}
	to := overTCP(t, srv, small)
	move := durable.Move{From: from.Store, To: to}
	moved, err := move.Run(t.Context())
	require.ErrorIs(t, err, durable.ErrFull)
	var messages, bytes int
	_, scanErr := fmt.Sscanf(err.Error()[strings.Index(err.Error(), "full: ")+6:], "%d messages of %d bytes were not copied", &messages, &bytes)
	require.NoError(t, scanErr, err)
	assert.EqualValues(t, 20, messages+int(moved.Unfinished.Copied))
	assert.Greater(t, bytes, messages*10_000)
	small.MaxBytes += int64(bytes) + 10_000
	overTCP(t, srv, small)
	moved, err = move.Run(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 20, moved.Unfinished.Copied+moved.Unfinished.There)
	got := newRecorder()
	run(t, to, durable.Consumer{}, got)
	got.wait(t, 20)
	assert.ElementsMatch(t, idsOf(numbered(20)), got.ids())
}

// What is in the source and no event is moved too, once.
func TestMoveWhatSomebodyElsePublished(t *testing.T) {
	t.Parallel()
	from, nc, _ := withClient(t, durable.Config{})
	require.NoError(t, nc.Publish("accesshook-in.3.relock.x", []byte("no JSON")))
	store(t, from, ofVendor(1, "nobody", event.SessionEnded))
	eventually(t, "stored", func() bool {
		stats, err := from.Stats(t.Context())
		require.NoError(t, err)
		return stats.Events == 2
	})
	to := open(t, embedded.Config{Config: durable.Config{Order: durable.OrderByUser, Shards: 2}})
	for _, want := range []durable.MovedCount{{Source: 2, Copied: 2}, {Source: 2, There: 2}} {
		moved, err := durable.Move{From: from, To: to.Store}.Run(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, moved.Unfinished)
	}
	run(t, to, durable.Consumer{}, newRecorder())
	var data []string
	for _, l := range waitLetters(t, to, 2) {
		data = append(data, string(l.Data))
	}
	assert.True(t, slices.Contains(data, "no JSON"))
}
