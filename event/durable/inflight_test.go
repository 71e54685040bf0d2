package durable_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// What a run has marked ahead is no attempt when it ended as it should, nor while
// another one begins beside it.
func TestMarksAreNoAttempts(t *testing.T) {
	t.Parallel()
	const count = 400
	dir := t.TempDir()
	var seen observer
	c := durable.Consumer{MaxAttempts: 3, Observe: seen.observe}
	s := open(t, embedded.Config{Dir: dir, Config: durable.Config{Shards: 1}})
	stored := 0
	more := func() {
		t.Helper()
		for range count {
			store(t, s, newEvent(stored))
			stored++
		}
	}
	more() // a backlog, so that marks reach far ahead
	got := newRecorder()
	stop := run(t, s, c, got)
	got.wait(t, count)
	stop()
	more()
	stop = run(t, s, c, got)
	got.wait(t, count)
	other := run(t, s, c, got)
	more()
	got.wait(t, count)
	stop()
	more()
	got.wait(t, count)
	other()
	require.NoError(t, s.Close())

	s = open(t, embedded.Config{Dir: dir, Config: durable.Config{Shards: 1}})
	run(t, s, c, got)
	more()
	got.wait(t, count)
	for _, text := range seen.wait(t, stored) {
		require.Equal(t, "1 handled", text)
	}
}

// makeConsumer makes the default consumer of the first shard, as an earlier process
// did, and returns what that one called it in its notes.
func makeConsumer(t *testing.T, js jetstream.JetStream) (made string) {
	t.Helper()
	made = "once"
	_, err := js.CreateConsumer(t.Context(), "accesshook-0", jetstream.ConsumerConfig{
		Durable: "default", AckPolicy: jetstream.AckExplicitPolicy, Metadata: map[string]string{"accesshook-made": made},
	})
	require.NoError(t, err)
	return made
}

// What the mark of a dead process covers has had an attempt, also for the next
// process but one.
func TestMarkOfAnEarlierProcessStays(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 1})
	js := newJetStream(t, connect(t, srv))
	made := makeConsumer(t, js)
	_, err := js.Publish(t.Context(), "accesshook-attempts.default.0.mark."+made, []byte(`{"upTo":3}`))
	require.NoError(t, err)
	store(t, s, numbered(5)...)
	var seen observer
	stop := run(t, s, durable.Consumer{Observe: seen.observe}, event.HandlerFunc(func(context.Context, *event.Event) error { return nil }))
	assert.Equal(t, []string{"2 handled", "2 handled", "2 handled", "1 handled", "1 handled"}, seen.wait(t, 5))
	stop()
	stream, err := js.Stream(t.Context(), "accesshook-attempts")
	require.NoError(t, err)
	left, err := stream.GetLastMsgForSubject(t.Context(), "accesshook-attempts.default.0.mark."+made)
	require.NoError(t, err)
	assert.JSONEq(t, `{"upTo":3}`, string(left.Data))
}

// What is stored after a process has died was not with its callbacks, however far
// ahead its mark reaches: it has all its attempts. Nor does a later run of the
// same process take it for that.
func TestMarkOfAnEarlierProcessIsNotForNewEvents(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 1})
	js := newJetStream(t, connect(t, srv))
	made := makeConsumer(t, js)
	_, err := js.Publish(t.Context(), "accesshook-attempts.default.0.mark."+made, []byte(`{"upTo":100}`))
	require.NoError(t, err)
	store(t, s, numbered(2)...)
	var seen observer
	c := durable.Consumer{Observe: seen.observe}
	stop := run(t, s, c, newRecorder())
	assert.Equal(t, []string{"2 handled", "2 handled"}, seen.wait(t, 2))
	store(t, s, numbered(4)[2:]...)
	assert.Equal(t, []string{"1 handled", "1 handled"}, seen.wait(t, 4)[2:])
	stop()
	store(t, s, numbered(6)[4:]...)
	run(t, s, c, newRecorder())
	assert.Equal(t, []string{"1 handled", "1 handled"}, seen.wait(t, 6)[4:])
}

// Workers that cannot mark do not try one after another: the end of Run would take
// as many timeouts as there are workers.
func TestMarksThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	const count = 40
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 1, PublishTimeout: 3 * time.Second})
	nc := connect(t, srv)
	marks, err := nc.SubscribeSync("accesshook-attempts.default.0.mark.>")
	require.NoError(t, err)
	js := newJetStream(t, nc)
	changeStream(t, js, "accesshook-attempts", func(c *jetstream.StreamConfig) { c.NoAck = true })
	store(t, s, numbered(count)...)
	var seen observer
	run(t, s, durable.Consumer{Workers: count, Observe: seen.observe}, newRecorder())
	for _, text := range seen.wait(t, count) {
		assert.Contains(t, text, "1 delayed: durable: ")
	}
	tries, _, err := marks.Pending()
	require.NoError(t, err)
	assert.Less(t, tries, count/2)
}
