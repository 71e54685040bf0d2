package syslog

import (
	"context"
	"net"
	"time"
)

// SetSettle sets how long a new connection is not written to.
func (s *Sink) SetSettle(d time.Duration) { s.settle = d }

// UseSmallBuffer makes connections that hold little of what the receiver has not read.
func (s *Sink) UseSmallBuffer() {
	dial := s.dial
	s.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetWriteBuffer(16 << 10)
		}
		return conn, err
	}
}

// Gone returns a channel that is closed when the sink has noticed that its connection is.
func (s *Sink) Gone() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connection.gone
}
