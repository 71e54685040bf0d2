package embedded

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
)

// A shutdownHandler holds up the server when it says that it shuts down.
type shutdownHandler struct {
	slog.Handler
	began chan struct{} // closed when it does
	goOn  chan struct{} // closed when it may
}

func (h shutdownHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h shutdownHandler) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "Initiating Shutdown") {
		close(h.began)
		<-h.goOn
	}
	return nil
}

// No Close returns, and frees the directory, while another still stops the
// server: two servers on one directory would lose events.
func TestCloseTwiceAtOnce(t *testing.T) {
	h := shutdownHandler{slog.DiscardHandler, make(chan struct{}), make(chan struct{})}
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
