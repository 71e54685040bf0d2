package durable

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A clocked is a watchdog with a clock of its own.
type clocked struct {
	*watchdog
	t   *testing.T
	now time.Time
}

func newClocked(t *testing.T, shards int) *clocked {
	start := time.Unix(1e9, 0)
	return &clocked{newWatchdog(shards, DefaultPublishTimeout, start), t, start}
}

// pass lets time go by, with a connection.
func (w *clocked) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.connection(true, w.now)
}

// publish publishes an event whose outcome comes after d.
func (w *clocked) publish(shard int, d time.Duration, err error) {
	w.t.Helper()
	began := w.now
	require.NoError(w.t, w.begin(shard, began))
	w.pass(d)
	w.end(shard, began, w.now, err)
}

// glances has each shard answer a glance with the error of its number, over d.
func (w *clocked) glances(d time.Duration, errs ...error) {
	states := make([]streamState, len(errs))
	for i, err := range errs {
		states[i].err = err
	}
	began := w.now
	w.pass(d)
	w.glanced(states, began, w.now)
}

var (
	errFullShard = &jetstream.APIError{Code: 503, ErrorCode: codeStoreFailed, Description: "maximum bytes exceeded"}
	errNoLeader  = &jetstream.APIError{Code: 503, ErrorCode: codeNotAvailable}
	errNoStream  = &jetstream.APIError{Code: 404, ErrorCode: jetstream.JSErrCodeStreamNotFound}
	errLate      = context.DeadlineExceeded
)

func TestServerIsLeft(t *testing.T) {
	for name, test := range map[string]struct {
		does func(*clocked)
		want string // "": it stays
	}{
		"nothing happens": {func(w *clocked) { w.pass(time.Hour) }, ""},
		"events hang": {func(w *clocked) {
			require.NoError(w.t, w.begin(0, w.now))
			w.pass(silence)
		}, "no event was stored for 3s"},
		"not yet": {func(w *clocked) {
			require.NoError(w.t, w.begin(0, w.now))
			w.pass(silence - 1)
		}, ""},
		"an event had no answer, and no other came": {func(w *clocked) { w.publish(0, 5*time.Second, errLate) }, "no event was stored for 3s"},
		"nobody is there": {func(w *clocked) {
			w.publish(0, 0, nats.ErrNoResponders)
			w.pass(silence)
		}, "no event was stored for 3s"},
		"a leader that is cut off tells of its stream": {func(w *clocked) {
			require.NoError(w.t, w.begin(0, w.now))
			w.glances(2*time.Second, nil, nil)
			w.pass(time.Second)
		}, "no event was stored for 3s"},
		"the sender gave up": {func(w *clocked) {
			w.publish(0, time.Second, context.Canceled)
			w.pass(time.Hour)
		}, ""},
		"the sender gave up soon, by a deadline": {func(w *clocked) {
			w.publish(0, time.Second, errLate)
			w.pass(time.Hour)
		}, ""},
		"it was reached later": {func(w *clocked) {
			w.publish(0, 0, nats.ErrNoResponders)
			w.glances(0, nil, nil)
			w.pass(time.Hour)
		}, ""},
		"full is an answer": {func(w *clocked) {
			w.publish(0, 0, nats.ErrNoResponders)
			w.publish(0, 0, errFullShard)
			w.pass(time.Hour)
		}, ""},
		"another shard answers": {func(w *clocked) {
			w.publish(0, silence, nats.ErrNoResponders)
			w.publish(1, 0, nil)
		}, ""},
		"another shard answers, for longer than an election takes": {func(w *clocked) {
			w.publish(0, shardSilence, nats.ErrNoResponders)
			w.publish(1, 0, nil)
		}, "no event of shard 0 was stored for 10s"},
		"nobody sends, no answer": {func(w *clocked) {
			w.glances(2*time.Second, errLate, errNoLeader)
			w.glances(time.Second, errLate, errNoLeader)
		}, "no shard has answered for 3s"},
		"nobody sends, one answer": {func(w *clocked) {
			w.glances(4*time.Second, errLate, nil)
			w.pass(5 * time.Second)
		}, ""},
		"nobody sends, one answer, for longer": {func(w *clocked) { w.glances(shardSilence, errLate, nil) }, "shard 0 has not answered for 10s"},
		"a stream was deleted": {func(w *clocked) {
			require.NoError(w.t, w.begin(0, w.now))
			w.publish(0, shardSilence, nats.ErrNoResponders)
			w.glances(0, errNoStream, nil)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newClocked(t, 2)
			test.does(w)
			assert.Equal(t, test.want, w.leave(w.now))
		})
	}
}

// Without a quorum no server helps. Each time costs those who wait for an answer.
func TestServersAreNotLeftAllTheTime(t *testing.T) {
	w := newClocked(t, 1)
	var pauses []time.Duration
	last := w.now
	for end := w.now.Add(5 * time.Minute); w.now.Before(end); {
		w.publish(0, guardEvery, nats.ErrNoResponders)
		if w.leave(w.now) != "" {
			pauses = append(pauses, w.now.Sub(last))
			last = w.now
		}
	}
	require.Greater(t, len(pauses), 8)
	for i, atLeast := range []time.Duration{silence, leavePause, 2 * leavePause, 4 * leavePause, longestLeavePause, longestLeavePause} {
		assert.GreaterOrEqual(t, pauses[i], atLeast, i)
		assert.Less(t, pauses[i], atLeast+2*time.Second, i)
	}
	// The next trouble is another one.
	w.publish(0, helped+time.Second, nil)
	w.publish(0, silence, nats.ErrNoResponders)
	assert.NotEmpty(t, w.leave(w.now))
	w.pass(leavePause - silence)
	w.publish(0, silence, nats.ErrNoResponders)
	assert.NotEmpty(t, w.leave(w.now))
}

// Events that hang would fill all places, those of other shards too.
func TestSilentShardIsProbed(t *testing.T) {
	w := newClocked(t, 2)
	for range 100 {
		require.NoError(t, w.begin(0, w.now))
	}
	w.pass(silence)
	published := 0
	for range 100 {
		if err := w.begin(0, w.now); err == nil {
			published++
		} else {
			assert.ErrorIs(t, err, errSilent)
		}
		require.NoError(t, w.begin(1, w.now), "another shard")
		w.end(1, w.now, w.now, nil)
		w.pass(10 * time.Millisecond)
	}
	assert.Equal(t, 4, published, "in a second")
	w.end(0, w.now, w.now, nil)
	for range 100 {
		require.NoError(t, w.begin(0, w.now), "there was an answer")
	}
}

func TestReadiness(t *testing.T) {
	errOther := errors.New("other")
	for name, test := range map[string]struct {
		does func(*clocked)
		want error // nil: ready
	}{
		"nothing happened":  {func(*clocked) {}, nil},
		"not connected":     {func(w *clocked) { w.connection(false, w.now) }, errNotConnected},
		"the client blocks": {func(w *clocked) { w.now = w.now.Add(silence) }, errStuck},
		"one shard fails":   {func(w *clocked) { w.publish(0, 0, nats.ErrNoResponders) }, nil},
		"all shards fail":   {func(w *clocked) { w.publish(0, 0, nats.ErrNoResponders); w.publish(1, 5*time.Second, errLate) }, ErrNoAnswer},
		"all shards hang":   {func(w *clocked) { _, _ = w.begin(0, w.now), w.begin(1, w.now); w.pass(silence) }, ErrNoAnswer},
		"one succeeded since": {func(w *clocked) {
			w.publish(0, 0, nats.ErrNoResponders)
			w.publish(1, 5*time.Second, errLate)
			w.publish(1, 0, nil)
		}, nil},
		"no glance":                 {func(w *clocked) { w.glances(0, errLate, errOther) }, errLate},
		"one shard at a glance":     {func(w *clocked) { w.glances(0, errLate, nil) }, nil},
		"stored since the glance":   {func(w *clocked) { w.glances(0, errLate, errOther); w.publish(1, 0, nil) }, nil},
		"all are full":              {func(w *clocked) { w.publish(0, 0, errFullShard); w.publish(1, 0, errFullShard) }, ErrFull},
		"one is full":               {func(w *clocked) { w.publish(0, 0, errFullShard) }, nil},
		"one is full, one fails":    {func(w *clocked) { w.publish(0, 0, errFullShard); w.publish(1, 0, nats.ErrNoResponders) }, ErrNoAnswer},
		"all were full a while ago": {func(w *clocked) { w.publish(0, 0, errFullShard); w.publish(1, 0, errFullShard); w.pass(time.Minute) }, nil},
		"a glance, and nothing was sent again": {func(w *clocked) {
			w.publish(0, 0, nats.ErrNoResponders)
			w.publish(1, 0, nats.ErrNoResponders)
			w.glances(0, nil, nil)
		}, nil},
		"a glance soon after hanging": {func(w *clocked) {
			w.publish(0, 5*time.Second, errLate)
			w.publish(1, 5*time.Second, errLate)
			w.glances(2*time.Second, nil, nil)
		}, ErrNoAnswer},
		"a glance long after": {func(w *clocked) {
			w.publish(0, 5*time.Second, errLate)
			w.publish(1, 5*time.Second, errLate)
			w.pass(shardSilence)
			w.glances(2*time.Second, nil, nil)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newClocked(t, 2)
			test.does(w)
			if test.want == nil {
				assert.NoError(t, w.ready(w.now))
			} else {
				assert.ErrorIs(t, w.ready(w.now), test.want)
			}
		})
	}
}
