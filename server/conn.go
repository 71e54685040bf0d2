package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// A state is what a connection does.
type state int32

const (
	gone    state = iota // closed, or not added yet
	idle                 // waits for its next request, of which no byte has come
	header               // is new, in a TLS handshake, or receives a header
	request              // a handler runs: it reads the body, or answers
	working              // a handler runs, for a verified event
	answer               // the handler has returned, and what it wrote is sent
	states
)

var stateNames = [states]string{idle: "idle", header: "header", request: "request", working: "event", answer: "answer"}

// A conn is an accepted connection, as net/http sees it: above TLS.
type conn struct {
	net.Conn
	accepted net.Conn // below TLS, if there is TLS
	server   *Server
	state    atomic.Int32 // changed by connections alone

	// Guarded by connections.mu.
	turn       uint64 // when it came into its state: greater than those of earlier changes
	client     *client
	prev, next *conn // in a queue; nil in none
}

func (c *conn) is(s state) bool { return state(c.state.Load()) == s }

// before reports whether c is closed before d, of the same client.
func (c *conn) before(d *conn) bool {
	if c.is(idle) != d.is(idle) {
		return c.is(idle)
	}
	return c.turn < d.turn
}

// cut closes c at once. Close of a tls.Conn would first send an alert to the client, and
// block until that is written.
func (c *conn) cut() { _ = c.accepted.Close() }

// Read implements [net.Conn].
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.is(idle) {
		c.server.open.move(c, header)
	}
	return n, err
}

// Write implements [net.Conn]. Before a handler has begun, it is net/http that answers.
func (c *conn) Write(p []byte) (int, error) {
	if c.is(header) || c.is(idle) {
		c.server.refused(c, p)
	}
	return c.Conn.Write(p)
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	defer c.server.open.closed(c) // not before: it may have to be cut
	return c.Conn.Close()
}

// CloseWrite lets net/http end a connection so that the client still gets the answer.
func (c *conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

func (c *conn) self() *conn { return c }

// tracked is a conn or a tlsConn.
type tracked interface{ self() *conn }

// A tlsConn is a conn whose Conn is a [tls.Conn].
type tlsConn struct{ *conn }

// ConnectionState finishes the handshake. net/http calls it before it reads, in the
// goroutine of the connection, and sets Request.TLS to what it returns.
func (c tlsConn) ConnectionState() tls.ConnectionState {
	secure := c.Conn.(*tls.Conn)
	_ = c.SetDeadline(time.Now().Add(c.server.config.HeaderTimeout)) // net/http sets others
	if err := secure.HandshakeContext(context.Background()); err != nil {
		c.failed(err)
		_ = c.Close()
	}
	return secure.ConnectionState()
}

// failed logs why a handshake failed. A sender whose URL says http in place of https is
// told so.
func (c tlsConn) failed(err error) {
	if c.is(gone) { // it made room
		return
	}
	plain, ok := errors.AsType[tls.RecordHeaderError](err)
	if ok && slices.Contains(methods, string(plain.RecordHeader[:])) {
		text := "HTTP/1.0 400 Bad Request\r\n\r\nThis is an HTTPS server, and the request came over HTTP.\n"
		c.server.refused(c.conn, []byte(text))
		_, _ = io.WriteString(c.accepted, text)
		return
	}
	c.server.errors.warn("http: TLS handshake error from " + c.RemoteAddr().String() + ": " + cutText(err.Error()))
}

// methods are the beginnings of requests, as long as the head of a TLS record.
var methods = []string{"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"}

// A listener adds what it accepts to the open connections, and makes room for it.
type listener struct {
	net.Listener
	server *Server
}

func (l *listener) Accept() (net.Conn, error) {
	s := l.server
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			// Others in this process may have taken descriptors. That is no reason to close
			// a vendor's connection: net/http tries again.
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
				if first := s.open.takeStranger(); first != nil {
					s.cutFor(first, reachedDescriptors)
					continue
				}
			}
			return nil, err
		}
		var peer netip.Addr // remains zero on a Unix socket
		if tcp, ok := accepted.RemoteAddr().(*net.TCPAddr); ok {
			peer = tcp.AddrPort().Addr().Unmap().WithZone("")
		}
		c := &conn{Conn: accepted, accepted: accepted, server: s}
		var handed net.Conn = c
		if s.config.TLS != nil {
			c.Conn = tls.Server(accepted, s.config.TLS)
			handed = tlsConn{c}
		}
		victim, reached := s.open.add(c, clientOf(peer), s.config.Trusted != nil && s.config.Trusted(peer))
		if victim != nil {
			s.cutFor(victim, reached)
		}
		if victim != c {
			return handed, nil
		}
	}
}

// cutFor closes a connection because a bound was reached.
func (s *Server) cutFor(victim *conn, reached string) {
	victim.cut()
	s.counts.countClosed(reached)
	s.bounds.warn("a bound on connections was reached, and one was closed", "reason", reached, "client", victim.RemoteAddr().String())
}
