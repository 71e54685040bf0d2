package main

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cef"
)

// toSyslog sends events as CEF in RFC 5424 to tcp://host:port or tls://host:port. Syslog has
// no answers: what a receiver had not read when it died is lost.
func toSyslog(to *url.URL) event.Handler {
	s := &syslog{to: to}
	s.hostname, _ = os.Hostname()
	return s
}

type syslog struct {
	to       *url.URL
	hostname string
	tls      *tls.Config // nil: the certificates that the system trusts

	mu   sync.Mutex
	conn net.Conn // nil: none
}

func (s *syslog) HandleEvent(ctx context.Context, e *event.Event) (err error) {
	message, err := cef.AppendSyslog(nil, e, s.hostname)
	if err != nil {
		return event.Permanent(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		dial := new(net.Dialer).DialContext
		if s.to.Scheme == "tls" {
			dial = (&tls.Dialer{Config: s.tls}).DialContext
		}
		if s.conn, err = dial(ctx, "tcp", s.to.Host); err != nil {
			s.conn = nil
			return err
		}
		go func(conn net.Conn) { // until the receiver closes: then the next write fails
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}(s.conn)
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if _, err = s.conn.Write(message); err != nil {
		_ = s.conn.Close() // a part may have been sent: begin anew
		s.conn = nil
	}
	return err
}
