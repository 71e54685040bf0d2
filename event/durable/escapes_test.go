package durable_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/unloc"
)

// invisible returns an event with invisible characters in every string.
func invisible(t testing.TB) *event.Event {
	payload := new(unloc.AccessEvent)
	e := &event.Event{Vendor: unloc.Vendor}
	require.NotZero(t, escapetest.Fill(payload))
	require.NotZero(t, escapetest.Fill(e))
	at := time.Now().UTC()
	e.Vendor, e.Time, e.Received, e.Payload = unloc.Vendor, at, at, payload
	return e
}

// Invisible characters are escapes in what is stored and in the log. Callbacks get them
// as they were.
func TestInvisibleCharactersAreEscaped(t *testing.T) {
	for name, handler := range escapetest.Handlers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			s, _, js := withClient(t, durable.Config{Shards: 1, Logger: slog.New(handler(&log))})
			var mu sync.Mutex
			var got []*event.Event
			stop := run(t, s, durable.Consumer{MaxAttempts: 2, Delay: 1}, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, e)
				return errors.New(escapetest.Text)
			}))
			e := invisible(t)
			store(t, s, e)
			letters := waitLetters(t, s, 1)
			mu.Lock()
			for _, g := range append(got, letters[0].Event) {
				assert.Empty(t, cmp.Diff(e, g, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })))
			}
			assert.Len(t, got, 2)
			mu.Unlock()
			escapetest.AssertEscaped(t, letters[0].Data)

			again := e.Clone()
			again.Reason = "another"
			store(t, s, again)
			lost := invisible(t)
			lost.ID, lost.Type, lost.Payload, lost.Raw = "lost"+lost.ID, event.Unknown, nil, []byte("x")
			store(t, s, lost)
			unknown := invisible(t)
			unknown.Vendor = escapetest.Text
			assert.Error(t, s.HandleEvent(t.Context(), unknown))
			line, err := cloudevent.Encode(unknown)
			require.NoError(t, err)
			_, err = js.PublishMsg(t.Context(), &nats.Msg{
				Subject: "accesshook-in.0.unloc.x", Header: nats.Header{durable.HeaderSchema: {"1"}}, Data: line,
			})
			require.NoError(t, err)
			waitLetters(t, s, 3)
			stop()
			for _, record := range []string{
				"callback failed", "dead letter", "known ID has another content", "could not be decoded is not kept", "Payloads lacks a vendor", "u009b2J",
			} {
				assert.Contains(t, log.String(), record)
			}
			for line := range strings.Lines(log.String()) {
				escapetest.AssertEscaped(t, line)
			}
		})
	}
}
