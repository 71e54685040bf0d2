// Package syslog sends events to a syslog receiver over TCP or TLS: messages of RFC 5424
// with their length in front (octet counting, RFC 6587 and RFC 5425) and the Common Event
// Format as their text.
//
//	sink, err := syslog.New(syslog.Config{URL: "tls://siem.example.com:6514"})
//
// UDP is not offered: it loses messages without a sign.
//
// # What is lost
//
// A receiver of syslog acknowledges nothing. An event is taken when this machine's network
// has accepted it. If the receiver or the network fails within the next moment, what was on
// the way is lost, and nobody is told: what was in the buffers of both machines, up to some
// megabytes if the receiver is slow, usually the events of the last milliseconds. A
// connection that the receiver has closed is noticed before the next events are written. If
// one breaks while events are written, all of these are sent again.
//
// A receiver that falls silent without closing the connection, as by a power failure or a
// firewall, is noticed late: after half a minute if nothing was on the way, else when the
// system gives up what it has sent, on Linux by default after some 15 minutes
// (tcp_retries2). What is written in that time is lost, as far as it fits into the buffer of
// this machine.
//
// Where no event may be lost, use another sink, or a relay on this machine that keeps what
// it has on disk. RFC 3195 has acknowledgements, but hardly any receiver offers it.
//
// # What comes twice
//
// Syslog knows no IDs. An event that is sent again is there twice, with the same
// externalId.
//
// # What is cut
//
// Receivers must take messages of 2048 bytes, should take 8192 (RFC 5425, section 4.3.1),
// and cut or split larger ones as they like. So the longest fields of an event that is
// larger than Config.MaxBytes are cut before it is sent. An attacker who makes one field
// long cannot hide the others, nor the event.
package syslog

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks/internal/post"
)

// Defaults of [Config].
const (
	DefaultMaxBytes = 8192
	DefaultTimeout  = 30 * time.Second
)

// minMaxBytes is what every receiver must take.
const minMaxBytes = 2048

// Config says where events are sent. Only URL is required.
type Config struct {
	// URL is tcp://host:port or tls://host:port. The usual port for TLS is 6514. What tcp
	// sends can be read and changed on the way.
	URL string
	// CAFile has the certificates of the authorities that are trusted, in PEM. Empty: those
	// of the system.
	CAFile string
	// Hostname is the name of this machine in each message. Empty: that of the system.
	Hostname string
	// MaxBytes bounds one message, without the length in front of it. At least 2048. Zero:
	// 8192.
	MaxBytes int
	// Timeout bounds how long it may take to connect, and to write the events of one Send.
	// Zero: 30 seconds.
	Timeout time.Duration
}

// A Sink sends events to a receiver, over one connection that it keeps. It is safe for
// concurrent use.
type Sink struct {
	address  string
	hostname string
	maxBytes int
	timeout  time.Duration
	settle   time.Duration // how long a new connection is not written to
	dial     func(ctx context.Context, network, address string) (net.Conn, error)

	turn chan struct{} // holds one value while Send uses the fields below

	mu         sync.Mutex // for Close
	connection *connection
	closed     bool
}

// New returns a Sink. It does not connect.
func New(c Config) (*Sink, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "tcp" && u.Scheme != "tls" || u.Hostname() == "" || u.Port() == "" ||
		u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("syslog: Config.URL is not tcp:// or tls:// with a host and a port")
	}
	switch {
	case c.MaxBytes != 0 && c.MaxBytes < minMaxBytes:
		return nil, fmt.Errorf("syslog: Config.MaxBytes is less than %d", minMaxBytes)
	case c.Timeout < 0:
		return nil, errors.New("syslog: Config.Timeout is negative")
	case c.CAFile != "" && u.Scheme == "tcp":
		return nil, errors.New("syslog: Config.CAFile has no effect with tcp://")
	}
	roots, err := post.Roots(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("syslog: Config.CAFile %w", err)
	}
	if c.Hostname == "" {
		c.Hostname, _ = os.Hostname() // a hyphen stands for an unknown one
	}
	s := &Sink{
		address: u.Host, hostname: c.Hostname,
		maxBytes: cmp.Or(c.MaxBytes, DefaultMaxBytes), timeout: cmp.Or(c.Timeout, DefaultTimeout),
		settle: 100 * time.Millisecond, turn: make(chan struct{}, 1),
	}
	// Keep-alive finds out that a silent receiver is gone, while nothing is on the way. A
	// TCP_USER_TIMEOUT would find it then too, but give up a receiver that only pauses.
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	s.dial = dialer.DialContext
	if u.Scheme == "tls" {
		s.dial = (&tls.Dialer{NetDialer: dialer, Config: &tls.Config{RootCAs: roots}}).DialContext
	}
	return s, nil
}

// Send writes events. The errors of those that it could not write, and of all that it wrote
// to a connection that broke meanwhile, come as [event.Unavailable].
func (s *Sink) Send(ctx context.Context, events []*event.Event) []error {
	errs := make([]error, len(events))
	var messages []byte
	for i, e := range events {
		if messages, errs[i] = s.append(messages, e); errs[i] != nil {
			errs[i] = event.Permanent(errs[i])
		}
	}
	if len(messages) == 0 {
		return errs
	}
	if err := s.write(ctx, messages); err != nil {
		for i := range errs {
			errs[i] = cmp.Or(errs[i], err)
		}
	}
	return errs
}

// write writes messages to a connection that is not known to be closed.
func (s *Sink) write(ctx context.Context, messages []byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return s.failed(ctx, ctx.Err())
	}
	c, err := s.connect(ctx)
	if err != nil {
		return s.failed(ctx, err)
	}
	if err := c.write(ctx, messages); err != nil {
		return s.failed(ctx, err)
	}
	return nil
}

var errClosed = errors.New("syslog: the sink is closed")

// connect returns the connection, a new one if there is none that works.
func (s *Sink) connect(ctx context.Context) (*connection, error) {
	s.mu.Lock()
	c, closed := s.connection, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case c != nil && !c.isClosed():
		return c, nil
	}
	conn, err := s.dial(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	c = newConnection(conn)
	if err := c.settle(ctx, s.settle); err != nil {
		c.abort()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return nil, errClosed
	}
	s.connection = c
	return c, nil
}

// failed returns the error of events that were not sent, or may not have been.
func (s *Sink) failed(ctx context.Context, err error) error {
	what, cause := post.Describe(err)
	switch {
	case errors.Is(err, errClosed):
		return event.Unavailable(errClosed, 0)
	case ctx.Err() == context.Canceled:
		what, cause = "was not waited for", ctx.Err()
	case ctx.Err() != nil:
		what, cause = "did not take the events in time", ctx.Err()
	}
	return event.Unavailable(post.NewError("syslog: "+s.address+" "+what, cause), 0)
}

// Close closes the connection.
func (s *Sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.connection != nil {
		_ = s.connection.Close() // the events have been written, or Send returns an error
	}
	return nil
}
