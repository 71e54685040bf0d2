package embedded

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
)

// A shutdownHandler holds up the server when it says that it shuts down.
type shutdownHandler struct {
	slog.Handler
	once  *sync.Once
	began chan struct{} // closed when it does
	goOn  chan struct{} // closed when it may
}

func (h shutdownHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h shutdownHandler) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "Initiating Shutdown") {
		h.once.Do(func() { close(h.began) })
		<-h.goOn
	}
	return nil
}

// No Close returns, and frees the directory, while another still stops the
// server: two servers on one directory would lose events.
func TestCloseTwiceAtOnce(t *testing.T) {
	h := shutdownHandler{slog.DiscardHandler, new(sync.Once), make(chan struct{}), make(chan struct{})}
	c := Config{Dir: t.TempDir(), Config: durable.Config{
		Payloads: cloudevent.Payloads{"acme": nil}, Logger: slog.New(h),
	}}
	s, err := Open(t.Context(), c)
	require.NoError(t, err)
	closed := make(chan error, 2)
	go func() { closed <- s.Close() }()
	<-h.began
	go func() { closed <- s.Close() }()
	select {
	case <-closed:
		require.Fail(t, "the server still runs")
	case <-time.After(200 * time.Millisecond):
	}
	c.Logger = nil
	_, err = Open(t.Context(), c)
	assert.ErrorIs(t, err, ErrInUse)
	close(h.goOn)
	require.NoError(t, <-closed)
	require.NoError(t, <-closed)
}

// Nobody waits for a server that is known to have failed and is still stopping.
func TestNobodyWaitsForAServerThatStops(t *testing.T) {
	h := shutdownHandler{slog.DiscardHandler, new(sync.Once), make(chan struct{}), make(chan struct{})}
	s, err := Open(t.Context(), Config{Dir: t.TempDir(), Config: durable.Config{
		Payloads: cloudevent.Payloads{"acme": nil}, Logger: slog.New(h),
	}})
	require.NoError(t, err)
	e := &event.Event{ID: "1", Vendor: "acme", Type: event.SessionStarted}
	require.NoError(t, s.HandleEvent(t.Context(), e))
	require.NoError(t, s.engine.server.ShutdownJetStream())
	<-h.began
	e.ID = "2"
	err = s.HandleEvent(t.Context(), e)
	require.ErrorIs(t, err, durable.ErrNoAnswer)
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "it waited")
	close(h.goOn)
	require.Eventually(t, func() bool {
		return s.HandleEvent(t.Context(), e) == nil
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, s.Close())
}
