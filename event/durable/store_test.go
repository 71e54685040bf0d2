package durable_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

func TestEventsAreStoredOnceAndHandled(t *testing.T) {
	s := open(t, embedded.Config{})
	for n := range 100 {
		store(t, s, newEvent(n))
	}
	store(t, s, newEvent(3), newEvent(99)) // once more
	got := newRecorder()
	stop := run(t, s, durable.Consumer{}, got)
	got.wait(t, 100)
	stop()
	var want []string
	for n := range 100 {
		want = append(want, newEvent(n).ID)
	}
	assert.ElementsMatch(t, want, got.ids())
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(100), stats.Events)
	assert.Equal(t, map[string]durable.ConsumerStats{"default": {}}, stats.Consumers)
}
