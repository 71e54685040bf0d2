package syslog

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"
)

// A connection is one to a receiver.
type connection struct {
	net.Conn
	gone chan struct{} // closed when the receiver has closed it, or it has broken
}

func newConnection(conn net.Conn) *connection {
	c := &connection{Conn: conn, gone: make(chan struct{})}
	go c.watch()
	return c
}

// maxAnswer bounds what a receiver may send, in bytes. It has nothing to say.
const maxAnswer = 64 << 10

// watch reads until the receiver closes the connection. Without a reader, a write after
// that succeeds, and what was written is lost.
func (c *connection) watch() {
	defer c.abort()
	defer close(c.gone)
	_, _ = io.Copy(io.Discard, io.LimitReader(c.Conn, maxAnswer))
}

func (c *connection) isClosed() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// settle waits to see whether the receiver closes a new connection at once, as load
// balancers do that have no receiver, and receivers that want a client certificate.
func (c *connection) settle(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.gone:
		return io.ErrUnexpectedEOF
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// write writes b. After an error the connection is closed: it may end within a message.
func (c *connection) write(ctx context.Context, b []byte) error {
	stop := context.AfterFunc(ctx, func() { _ = c.SetWriteDeadline(time.Unix(1, 0)) })
	_, err := c.Write(b)
	switch {
	case !stop() && err == nil:
		err = ctx.Err()
	case err == nil && c.isClosed():
		err = io.ErrUnexpectedEOF // before it could read all of b, or just after
	}
	if err != nil {
		c.abort()
		<-c.gone
	}
	return err
}

// abort closes the connection at once. That of TLS waits for a receiver that does not read.
func (c *connection) abort() {
	if secure, ok := c.Conn.(*tls.Conn); ok {
		_ = secure.NetConn().Close()
	}
	_ = c.Close()
}
