package embedded

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/relock"
)

// Killing the process does not test the disk, so this asks the server itself. That
// it really calls fsync for each event is seen by .ci/run, which counts.
func openRelock(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Dir: t.TempDir(), Config: durable.Config{
		Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode},
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestTheServerSyncsEveryWrite(t *testing.T) {
	s := openRelock(t)
	assert.True(t, s.engine.server.JetStreamConfig().SyncAlways)
}

// The server gives up storing on its own where it may not write, for one.
func TestAServerThatGaveUpIsStartedAgain(t *testing.T) {
	s := openRelock(t)
	e := &event.Event{ID: "1", Vendor: relock.Vendor, Type: event.SessionStarted}
	require.NoError(t, s.HandleEvent(t.Context(), e))
	require.NoError(t, s.engine.server.ShutdownJetStream())
	require.Eventually(t, func() bool {
		e.ID = "2"
		return s.HandleEvent(t.Context(), e) == nil
	}, time.Minute, 10*time.Millisecond)
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(2), stats.Events)
}
