package durable_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
)

const short = 100 * time.Millisecond // the shortest window, and so the shortest retention

// A room is a store with one shard, and what another client sees of it.
type room struct {
	*durable.Store
	js     jetstream.JetStream
	stream jetstream.Stream
}

func newRoom(t testing.TB, c durable.Config) room {
	t.Helper()
	srv := startServer(t, t.TempDir())
	c.Shards = 1
	s := connectStore(t, srv, c)
	js := newJetStream(t, connect(t, srv))
	stream, err := js.Stream(t.Context(), "accesshook-0")
	require.NoError(t, err)
	return room{s, js, stream}
}

// first returns the first event that is there, by its place, and how many are.
func (r room) first(t testing.TB) (sequence, count uint64) {
	t.Helper()
	info, err := r.stream.Info(t.Context())
	require.NoError(t, err)
	return info.State.FirstSeq, info.State.Msgs
}

// finish has consumer name finish all events.
func (r room) finish(t testing.TB, name string, n int) {
	t.Helper()
	got := newRecorder()
	stop := run(t, r, durable.Consumer{Name: name}, got)
	got.wait(t, n)
	stop()
	eventually(t, "finished", func() bool {
		stats, err := r.Stats(t.Context())
		require.NoError(t, err)
		return stats.Consumers[name] == durable.ConsumerStats{}
	})
}

// age waits until all events are older than short.
func age() { time.Sleep(short + 20*time.Millisecond) }

func TestFinishedAndOldEventsAreDeleted(t *testing.T) {
	t.Parallel()
	r := newRoom(t, durable.Config{DedupeWindow: short})
	store(t, r, numbered(5)...)
	age()
	require.NoError(t, r.Purge(t.Context(), 0, false))
	_, n := r.first(t)
	assert.Equal(t, uint64(5), n, "a store without consumers deletes nothing")

	r.finish(t, "siem", 5) // Run deletes at its beginning only, and every half minute
	store(t, r, newEvent(5), newEvent(6))
	require.NoError(t, r.Purge(t.Context(), 0, false))
	first, n := r.first(t)
	assert.Equal(t, []uint64{6, 2}, []uint64{first, n})
	age()
	require.NoError(t, r.Purge(t.Context(), 0, false))
	_, n = r.first(t)
	assert.Equal(t, uint64(2), n, "not finished")
	r.finish(t, "siem", 2)
	require.NoError(t, r.Purge(t.Context(), 0, false))
	_, n = r.first(t)
	assert.Zero(t, n)
	require.NoError(t, r.Purge(t.Context(), 0, false), "of an empty shard")
}

func TestYoungEventsAreKept(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		c    durable.Config
		left uint64
	}{
		"window":                {durable.Config{}, 5},
		"retention":             {durable.Config{DedupeWindow: short, Retention: time.Hour}, 5},
		"never below window":    {durable.Config{DedupeWindow: time.Hour, Retention: short}, 5},
		"neither":               {durable.Config{DedupeWindow: short, Retention: short}, 0},
		"window for retention":  {durable.Config{DedupeWindow: short}, 0},
		"retention below short": {durable.Config{DedupeWindow: short, Retention: 1}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, tt.c)
			store(t, r, numbered(5)...)
			r.finish(t, "siem", 5)
			age()
			require.NoError(t, r.Purge(t.Context(), 0, false))
			_, n := r.first(t)
			assert.Equal(t, tt.left, n)
		})
	}
}

// A process that began before the window was made longer keeps events for as long
// as the store does, or a server that is started again forgets their duplicates.
func TestTheWindowOfAnotherProcessIsKept(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	began := connectStore(t, srv, durable.Config{Shards: 1, DedupeWindow: short})
	js := newJetStream(t, connect(t, srv))
	stream, err := js.Stream(t.Context(), "accesshook-0")
	require.NoError(t, err)
	r := room{began, js, stream}
	store(t, r, numbered(5)...)
	finish(t, r, 5)
	connectStore(t, srv, durable.Config{Shards: 1, DedupeWindow: time.Hour})
	age()
	require.NoError(t, r.Purge(t.Context(), 0, false))
	_, n := r.first(t)
	assert.EqualValues(t, 5, n)

	connectStore(t, srv, durable.Config{Shards: 1, DedupeWindow: short})
	require.NoError(t, r.Purge(t.Context(), 0, false))
	_, n = r.first(t)
	assert.Zero(t, n)
}

func TestWhatAConsumerHasNotFinishedIsKept(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		create func(t *testing.T, r room)
		first  uint64 // what is kept, of 1 to 5
		free   func(t *testing.T, r room)
	}{
		"never ran again": {
			func(t *testing.T, r room) {
				called := newRecorder()
				stop := run(t, r, durable.Consumer{Name: "slow"}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
					_ = called.HandleEvent(ctx, e)
					return event.Unavailable(errFailed, time.Hour)
				}))
				called.wait(t, 5)
				stop()
			}, 1,
			func(t *testing.T, r room) { require.NoError(t, r.DeleteConsumer(t.Context(), "slow")) },
		},
		"foreign pull": {
			func(t *testing.T, r room) {
				_, err := r.stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "foreign"})
				require.NoError(t, err)
			}, 1,
			func(t *testing.T, r room) { require.NoError(t, r.stream.DeleteConsumer(t.Context(), "foreign")) },
		},
		"foreign push": {
			func(t *testing.T, r room) {
				_, err := r.stream.CreatePushConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "foreign", DeliverSubject: "nobody.listens", AckPolicy: jetstream.AckExplicitPolicy})
				require.NoError(t, err)
			}, 1,
			func(t *testing.T, r room) { require.NoError(t, r.stream.DeleteConsumer(t.Context(), "foreign")) },
		},
		"in part": {
			func(t *testing.T, r room) { foreign(t, r, 1, 2, 3) }, 4,
			func(t *testing.T, r room) { require.NoError(t, r.stream.DeleteConsumer(t.Context(), "foreign")) },
		},
		"with a gap": {
			func(t *testing.T, r room) { foreign(t, r, 1, 3, 4, 5) }, 2,
			func(t *testing.T, r room) { require.NoError(t, r.stream.DeleteConsumer(t.Context(), "foreign")) },
		},
	}
	for name, tt := range tests {
		for _, full := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " full ", full), func(t *testing.T) {
				t.Parallel()
				c := durable.Config{DedupeWindow: short}
				if full {
					c.MaxBody, c.MaxBytes = 1, 100_000 // one large event is all that fits
				}
				r := newRoom(t, c)
				for i := range 5 {
					e := newEvent(i)
					if full {
						e.Reason = strings.Repeat("x", 15_000)
					}
					store(t, r, e)
				}
				tt.create(t, r)
				r.finish(t, "siem", 5)
				age()
				require.NoError(t, r.Purge(t.Context(), 0, full))
				first, n := r.first(t)
				assert.Equal(t, []uint64{tt.first, 6 - tt.first}, []uint64{first, n})
				tt.free(t, r)
				require.NoError(t, r.Purge(t.Context(), 0, full))
				_, n = r.first(t)
				assert.Zero(t, n)
			})
		}
	}
}

// Another client's consumer with a filter does not hold back what is not for it.
func TestConsumerWithAFilter(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		vendors []string // of the events
		filters []string
		acks    int    // of the events that it gets, the first
		first   uint64 // what is kept, of 1 to 5
	}{
		"nothing for it":      {strings.Fields("relock relock relock relock relock"), []string{"unloc.>"}, 0, 6},
		"nothing for several": {strings.Fields("relock relock relock relock relock"), []string{"unloc.>", "userlock.>"}, 0, 6},
		"not finished":        {strings.Fields("relock relock unloc relock relock"), []string{"unloc.>"}, 0, 1},
		"not finished, last":  {strings.Fields("relock relock relock relock unloc"), []string{"unloc.>"}, 0, 1},
		"one of two":          {strings.Fields("relock unloc relock unloc relock"), []string{"unloc.>"}, 1, 3},
		"one of two filters":  {strings.Fields("relock unloc relock userlock relock"), []string{"unloc.>", "userlock.>"}, 1, 3},
		"finished":            {strings.Fields("relock unloc relock unloc relock"), []string{"unloc.>"}, 2, 6},
		"finished, several":   {strings.Fields("relock userlock unloc relock relock"), []string{"unloc.>", "userlock.>"}, 2, 6},
	}
	for name, tt := range tests {
		for _, full := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " full ", full), func(t *testing.T) {
				t.Parallel()
				c := durable.Config{DedupeWindow: short}
				if full {
					c.MaxBody, c.MaxBytes = 1, 100_000 // one large event is all that fits
				}
				r := newRoom(t, c)
				config := jetstream.ConsumerConfig{Durable: "bi", AckPolicy: jetstream.AckExplicitPolicy}
				for _, f := range tt.filters {
					config.FilterSubjects = append(config.FilterSubjects, "accesshook."+f)
				}
				if len(tt.filters) == 1 { // there are two ways to say it
					config.FilterSubject, config.FilterSubjects = config.FilterSubjects[0], nil
				}
				bi, err := r.stream.CreateConsumer(t.Context(), config)
				require.NoError(t, err)
				for i, vendor := range tt.vendors {
					e := newEvent(i)
					e.Vendor = vendor
					if full {
						e.Reason = strings.Repeat("x", 15_000)
					}
					store(t, r, e)
				}
				if tt.acks > 0 {
					batch, err := bi.Fetch(tt.acks)
					require.NoError(t, err)
					for m := range batch.Messages() {
						require.NoError(t, m.DoubleAck(t.Context()))
					}
					require.NoError(t, batch.Error())
				}
				r.finish(t, "siem", 5)
				age()
				require.NoError(t, r.Purge(t.Context(), 0, full))
				first, n := r.first(t)
				assert.Equal(t, []uint64{tt.first, 6 - tt.first}, []uint64{first, n})
			})
		}
	}
}

// foreign makes a consumer that acknowledges the events at the given places.
func foreign(t testing.TB, r room, places ...uint64) {
	t.Helper()
	c, err := r.stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "foreign", AckPolicy: jetstream.AckExplicitPolicy})
	require.NoError(t, err)
	batch, err := c.Fetch(5)
	require.NoError(t, err)
	for m := range batch.Messages() {
		meta, err := m.Metadata()
		require.NoError(t, err)
		for _, p := range places {
			if meta.Sequence.Stream == p {
				require.NoError(t, m.DoubleAck(t.Context()))
			}
		}
	}
	require.NoError(t, batch.Error())
}

// finish makes a consumer that acknowledges the first n events.
func finish(t testing.TB, r room, n int) {
	t.Helper()
	c, err := r.stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "finish", AckPolicy: jetstream.AckExplicitPolicy})
	require.NoError(t, err)
	batch, err := c.Fetch(n)
	require.NoError(t, err)
	for m := range batch.Messages() {
		require.NoError(t, m.DoubleAck(t.Context()))
	}
	require.NoError(t, batch.Error())
}

// A nearly full shard gives up finished events before their time, and says so.
func TestNearlyFullShard(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		events int
		full   bool
		left   [2]int // at least, at most
		logged bool
	}{
		"below nine tenths":     {88, false, [2]int{88, 88}, false},
		"above nine tenths":     {93, false, [2]int{70, 76}, true},
		"found full, but empty": {10, true, [2]int{5, 8}, true},
		"found full":            {93, true, [2]int{66, 71}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			r := newRoom(t, durable.Config{MaxBody: 1, MaxBytes: 1_000_000, Logger: log.logger()})
			for i := range tt.events {
				e := newEvent(i)
				e.Reason = strings.Repeat("x", 9_400)
				store(t, r, e)
			}
			require.NoError(t, r.Purge(t.Context(), 0, tt.full))
			_, n := r.first(t)
			require.Equal(t, uint64(tt.events), n, "nobody has finished them")
			assert.Empty(t, log.String())
			finish(t, r, tt.events) // and not by Run, which would purge as well
			require.NoError(t, r.Purge(t.Context(), 0, tt.full))
			_, n = r.first(t)
			assert.GreaterOrEqual(t, int(n), tt.left[0])
			assert.LessOrEqual(t, int(n), tt.left[1])
			assert.Equal(t, tt.logged, strings.Contains(log.String(), "nearly full"), log.String())
		})
	}
}

// A full store answers 503, loses nothing, and takes events again by itself once
// callbacks have finished some.
func TestFullStore(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"small events": 9_000, "large events": 40_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// With the large ones it is full at four fifths.
			var log logBuffer
			s := open(t, embedded.Config{Config: durable.Config{Shards: 1, MaxBody: 1, MaxBytes: 200_000, Logger: log.logger()}})
			stored := 0
			next := func() error {
				e := newEvent(stored)
				e.Reason = strings.Repeat("x", size)
				err := s.HandleEvent(t.Context(), e)
				if err == nil {
					stored++
				}
				return err
			}
			var err error
			for err == nil {
				err = next()
			}
			unavailable(t, err, durable.ErrFull, time.Minute)
			n := stored
			assert.Greater(t, n, 3)
			again := newEvent(0)
			store(t, s, again) // is known

			d := newDoor(t, relock.Vendor, s)
			body := []byte(`{"event":"security.alert","data":{"description":"` + strings.Repeat("x", size/2) + `"}}`)
			w := d.send(t, body)
			assert.Equal(t, http.StatusServiceUnavailable, w.Code)
			assert.Equal(t, "60", w.Header().Get("Retry-After"))

			got := newRecorder()
			released := make(chan struct{})
			release := sync.OnceFunc(func() { close(released) })
			run(t, s, durable.Consumer{}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
				<-released
				return got.HandleEvent(ctx, e)
			}))
			t.Cleanup(release)
			unavailable(t, next(), durable.ErrFull, time.Minute)
			eventually(t, "told", func() bool { return strings.Contains(log.String(), "a shard is full") })
			assert.Regexp(t, `level=WARN msg="durable: a shard is full and .* shard=0 consumer=default `, log.String())
			assert.NotContains(t, log.String(), "room again")
			release()
			got.wait(t, n)
			eventually(t, "room", func() bool { return next() == nil })
			eventually(t, "more room", func() bool { return d.send(t, body).Code == http.StatusOK })
			got.wait(t, 2)
			assert.Len(t, got.ids(), n+2, "nothing was lost, nothing came twice")
			eventually(t, "told", func() bool {
				return strings.Contains(log.String(), `level=INFO msg="durable: a shard that was full has room again" shard=0`)
			})
		})
	}
}

// The log names who is furthest behind, and does so once although each event that
// is refused has the store look again.
func TestFullShardIsToldOnce(t *testing.T) {
	t.Parallel()
	var log logBuffer
	r := newRoom(t, durable.Config{MaxBody: 1, MaxBytes: 100_000, Logger: log.logger()})
	for i := range 5 {
		e := newEvent(i)
		e.Reason = strings.Repeat("x", 15_000)
		store(t, r, e)
	}
	finish(t, r, 5)
	foreign(t, r, 2, 3)
	require.NoError(t, r.Purge(t.Context(), 0, false))
	assert.Empty(t, log.String(), "it is not full")
	for range 3 {
		require.NoError(t, r.Purge(t.Context(), 0, true))
	}
	assert.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
	assert.Regexp(t, `level=WARN .* shard=0 consumer=foreign pending=0 active=3\n`, log.String())
	require.NoError(t, r.stream.DeleteConsumer(t.Context(), "foreign"))
	for range 2 {
		require.NoError(t, r.Purge(t.Context(), 0, true))
	}
	assert.Equal(t, 1, strings.Count(log.String(), "room again"), log.String())
}

func TestRunDeletesAtItsBeginning(t *testing.T) {
	t.Parallel()
	r := newRoom(t, durable.Config{DedupeWindow: short})
	store(t, r, numbered(5)...)
	r.finish(t, "siem", 5)
	age()
	run(t, r, durable.Consumer{Name: "siem"}, newRecorder())
	eventually(t, "deleted", func() bool {
		_, n := r.first(t)
		return n == 0
	})
}
