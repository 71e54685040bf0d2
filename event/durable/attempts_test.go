package durable_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
)

// changeStream has a stream of a store differ from what the store made it.
func changeStream(t *testing.T, js jetstream.JetStream, name string, change func(*jetstream.StreamConfig)) {
	t.Helper()
	stream, err := js.Stream(t.Context(), name)
	require.NoError(t, err)
	c := stream.CachedInfo().Config
	change(&c)
	_, err = js.UpdateStream(t.Context(), c)
	require.NoError(t, err)
}

// putRecord has an earlier process record something of event 1, for a consumer of the
// default name.
func putRecord(t *testing.T, js jetstream.JetStream, made, record string) {
	t.Helper()
	stream, err := js.Stream(t.Context(), "accesshook-0")
	require.NoError(t, err)
	stored, err := stream.GetMsg(t.Context(), 1)
	require.NoError(t, err)
	_, err = js.Publish(t.Context(), fmt.Sprintf("accesshook-attempts.default.0.1-%d-%s", stored.Time.UnixNano(), made), []byte(record))
	require.NoError(t, err)
}

// An event that ends no attempt is given up long before the last of its attempts: each may
// have killed a process.
func TestAttemptsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	for record, want := range map[string]string{
		`{"attempts":30,"ended":true,"died":11}`: "31 handled",
		`{"attempts":30,"died":10}`:              "31 handled",
		`{"attempts":30,"died":11}`:              "30 buried",
		`{"attempts":12}`:                        "13 handled",
		`{"attempts":60,"ended":true}`:           "60 buried",
	} {
		t.Run(record, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			s := connectStore(t, srv, durable.Config{Shards: 1})
			js := newJetStream(t, connect(t, srv))
			store(t, s, newEvent(1))
			putRecord(t, js, makeConsumer(t, js), record)
			var seen observer
			run(t, s, durable.Consumer{MaxAttempts: 60, Observe: seen.observe}, event.HandlerFunc(func(context.Context, *event.Event) error { return nil }))
			assert.Contains(t, seen.wait(t, 1)[0], want)
		})
	}
}

// What a process that died has left of a pause is waited for, whatever the clocks say of
// when it began, but not longer than the pause.
func TestPauseOfADeadProcess(t *testing.T) {
	t.Parallel()
	const pause = 3 * time.Second
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 1})
	js := newJetStream(t, connect(t, srv))
	store(t, s, newEvent(1))
	deliverInVain(t, js, "default", 1)
	putRecord(t, js, "", fmt.Sprintf(`{"attempts":1,"ended":true,"pause":%d}`, pause))
	recorded := time.Now()
	var seen observer
	got := newRecorder()
	run(t, s, durable.Consumer{Observe: seen.observe}, got)
	got.wait(t, 1)
	assert.Greater(t, time.Since(recorded), pause-time.Second)
	attempts := seen.wait(t, 2)
	assert.Equal(t, "0 delayed: durable: given back: it came too early, or a callback has it", attempts[0])
	assert.Equal(t, "2 handled", attempts[len(attempts)-1])
}

// An event that kills the process when it is decoded is not decoded again while
// its dead letter cannot be written: the process would be killed for ever.
func TestWhatCannotBeBuriedIsNotDecoded(t *testing.T) {
	t.Parallel()
	var log logBuffer
	var decoded atomic.Int64
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 1, Logger: log.logger(), Payloads: cloudevent.Payloads{
		"acme": func([]byte) (*event.Event, error) {
			decoded.Add(1) // here it would end the process
			return &event.Event{}, nil
		},
	}})
	js := newJetStream(t, connect(t, srv))
	e := newEvent(1)
	e.Vendor, e.Payload = "acme", map[string]any{}
	store(t, s, e)

	made := makeConsumer(t, js)
	putRecord(t, js, made, `{"attempts":2}`)
	changeStream(t, js, "accesshook-dead", func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1 })

	run(t, s, quick(durable.Consumer{MaxAttempts: 2}), newRecorder())
	eventually(t, "refused", func() bool { return strings.Count(log.String(), "cannot write the dead letter") > 2 })
	changeStream(t, js, "accesshook-dead", func(c *jetstream.StreamConfig) { c.MaxMsgSize = -1 })
	eventually(t, "dead letter", func() bool {
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		return stats.Dead == 1
	})
	assert.Zero(t, decoded.Load(), "it was decoded again")
	letter := waitLetters(t, s, 1)[0]
	assert.Equal(t, 2, letter.Attempts)
	assert.Contains(t, letter.Error, "no attempt came to an end")
	assert.Equal(t, durable.DeadUnfinished, letter.Reason)
}

// An attempt whose record was stored, but too late for the process to know, did
// not begin: it is not the only one that an event gets.
func TestAnAttemptThatDidNotBeginIsNone(t *testing.T) {
	t.Parallel()
	var log logBuffer
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 1, Logger: log.logger(), PublishTimeout: 2 * time.Second})
	js := newJetStream(t, connect(t, srv))
	changeStream(t, js, "accesshook-attempts", func(c *jetstream.StreamConfig) { c.NoAck = true })
	store(t, s, newEvent(1))
	var seen observer
	got := newRecorder()
	run(t, s, durable.Consumer{MaxAttempts: 1, Observe: seen.observe}, got)
	seen.wait(t, 1)
	changeStream(t, js, "accesshook-attempts", func(c *jetstream.StreamConfig) { c.NoAck = false })
	got.wait(t, 1)
	eventually(t, "handled", func() bool { return slices.Contains(seen.wait(t, 2), "1 handled") })
	for _, text := range seen.wait(t, 2) {
		if text != "1 handled" { // once, or more often on a slow machine
			assert.Contains(t, text, "1 delayed: durable: record of attempts")
		}
	}
}
