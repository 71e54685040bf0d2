package syslog

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks/internal/sinktest"
)

// A closing is a connection whose buffers take everything, and which the receiver closes.
type closing struct {
	net.Conn
	closed chan struct{}
	write  func()
}

func (c closing) Read([]byte) (int, error)         { <-c.closed; return 0, io.EOF }
func (c closing) Write(b []byte) (int, error)      { c.write(); return len(b), nil }
func (c closing) SetWriteDeadline(time.Time) error { return nil }
func (c closing) Close() error                     { return nil }

// send sends an event over c.
func (c closing) send(t *testing.T) error {
	s, err := New(Config{URL: "tcp://127.0.0.1:514"})
	require.NoError(t, err)
	s.dial = func(context.Context, string, string) (net.Conn, error) { return c, nil }
	return s.Send(t.Context(), sinktest.Events(1))[0]
}

// What was written to a connection that turns out to be closed may be lost.
func TestReceiverClosesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := closing{closed: make(chan struct{})}
		c.write = func() { close(c.closed); synctest.Wait() }
		_, again := event.IsUnavailable(c.send(t))
		assert.True(t, again)
	})
}

// A load balancer that has no receiver closes a new connection after a moment. Nothing is
// written before that.
func TestReceiverClosesSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := closing{closed: make(chan struct{}), write: func() { t.Error("it was written to") }}
		time.AfterFunc(50*time.Millisecond, func() { close(c.closed) })
		_, again := event.IsUnavailable(c.send(t))
		assert.True(t, again)
	})
}
