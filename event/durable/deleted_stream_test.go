package durable_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

// A stream that is deleted does not end Run, which goes on with the next one of that name,
// whether or not it saw that there was none. The other shards do not wait.
func TestDeletedStream(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string]bool{"and seen": true, "and made again at once": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			srv := startServer(t, t.TempDir())
			c := durable.Config{Shards: 2, Order: durable.OrderByUser, Logger: log.logger()}
			s := connectStore(t, srv, c)
			js := newJetStream(t, connect(t, srv))
			got := newRecorder()
			run(t, s, quick(durable.Consumer{Lease: time.Second}), got)
			store(t, s, numbered(20)...) // users of both shards
			got.wait(t, 20)
			require.NoError(t, js.DeleteStream(t.Context(), "accesshook-0"))
			if seen {
				eventually(t, "a record", func() bool { return strings.Contains(log.String(), "a stream was deleted") })
				for n := 20; len(got.ids()) < 22; n++ {
					_ = s.HandleEvent(t.Context(), newEvent(n)) // some fail
				}
			}
			connectStore(t, srv, c) // makes it again
			store(t, s, numbered(80)[40:]...)
			eventually(t, "all", func() bool { return containsAll(got.ids(), idsOf(numbered(80)[40:])) })
			if seen {
				assert.Equal(t, 1, strings.Count(log.String(), "a stream was deleted"), log.String())
			}
			assert.Contains(t, log.String(), "a stream was made again")
		})
	}
}

func containsAll(list, part []string) bool {
	in := make(map[string]bool)
	for _, s := range list {
		in[s] = true
	}
	for _, s := range part {
		if !in[s] {
			return false
		}
	}
	return true
}

// A run that begins while a stream is missing waits for it.
func TestRunWaitsForAMissingStream(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"accesshook-0", "accesshook-attempts"} {
		t.Run(missing, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			srv := startServer(t, t.TempDir())
			c := durable.Config{Shards: 1, Logger: log.logger()}
			s := connectStore(t, srv, c)
			require.NoError(t, newJetStream(t, connect(t, srv)).DeleteStream(t.Context(), missing))
			got := newRecorder()
			run(t, s, durable.Consumer{}, got)
			eventually(t, "a record", func() bool { return strings.Contains(log.String(), "cannot begin yet") })
			connectStore(t, srv, c)
			store(t, s, newEvent(1))
			got.wait(t, 1)
		})
	}
}

// While there is no stream of attempts, an event that fails is not given up, and once there
// is one again its attempts count.
func TestDeletedStreamOfAttempts(t *testing.T) {
	t.Parallel()
	var log logBuffer
	srv := startServer(t, t.TempDir())
	c := durable.Config{Shards: 1, Logger: log.logger(), PublishTimeout: time.Second}
	s := connectStore(t, srv, c)
	js := newJetStream(t, connect(t, srv))
	var seen observer
	run(t, s, quick(durable.Consumer{MaxAttempts: 3, Observe: seen.observe}), failing)
	store(t, s, newEvent(1))
	seen.wait(t, 3)
	require.NoError(t, js.DeleteStream(t.Context(), "accesshook-attempts"))
	store(t, s, newEvent(2))
	eventually(t, "a record", func() bool { return strings.Contains(log.String(), "op=count") })
	connectStore(t, srv, c)
	letters := waitLetters(t, s, 2)
	assert.GreaterOrEqual(t, letters[1].Attempts, 3)
	assert.Equal(t, "event-2", letters[1].Event.ID)
}
