package durable_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

// As TestConsumerMadeAgainSeesAll, but another client deletes the consumer.
func TestConsumerDeletedElsewhereSeesAll(t *testing.T) {
	s, _, js := withClient(t, durable.Config{Shards: 1})
	for n := range 10 {
		store(t, s, newEvent(n))
	}
	for range 2 {
		got := newRecorder()
		stop := run(t, s, durable.Consumer{}, got)
		got.wait(t, 10)
		stop()
		require.NoError(t, js.DeleteConsumer(t.Context(), "accesshook-0", durable.DefaultConsumerName))
	}
}
