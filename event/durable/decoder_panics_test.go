package durable_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
)

// A decoder that panics at an event does not end the process, again and again:
// the event is a dead letter, as one that cannot be decoded.
func TestDecoderPanics(t *testing.T) {
	s := open(t, embedded.Config{Config: durable.Config{
		Payloads: cloudevent.Payloads{"acme": func([]byte) (*event.Event, error) { panic("no") }, relock.Vendor: nil},
	}})
	bad := newEvent(1)
	bad.Vendor, bad.Payload = "acme", map[string]any{}
	store(t, s, bad, newEvent(2))
	got := newRecorder()
	run(t, s, durable.Consumer{}, got)
	got.wait(t, 1)
	require.Eventually(t, func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Dead == 1
	}, patience, 10*time.Millisecond)
	letters, err := s.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	assert.Contains(t, letters[0].Error, "panicked")
	assert.ErrorContains(t, letters[0].EventError, "panicked")
	require.ErrorContains(t, s.Replay(t.Context(), time.Time{}, time.Time{}, durable.Filter{}, got), "panicked")
}
