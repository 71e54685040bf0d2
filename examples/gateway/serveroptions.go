package main

import (
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// serverOptions are the flags of both HTTP servers, public and admin.
type serverOptions struct {
	maxHeader     int
	headerTimeout time.Duration
	answerTimeout time.Duration
	idleTimeout   time.Duration
}

// A header of fewer than minHeaderBytes is not from a vendor.
const (
	minHeaderBytes = 1 << 10
	maxHeaderBytes = 1 << 20
)

func (s *serverOptions) define(flags *flag.FlagSet) {
	flags.IntVar(&s.maxHeader, "max-header", 16<<10, "largest request header in `bytes`; up to 4096 more may be accepted")
	flags.DurationVar(&s.headerTimeout, "header-timeout", 5*time.Second, "how long a TLS handshake may take, and then reading the header of a request")
	flags.DurationVar(&s.answerTimeout, "answer-timeout", 5*time.Second, "how long a client may take to read its answer, added to what is left of -body-timeout and -handler-timeout")
	flags.DurationVar(&s.idleTimeout, "idle-timeout", 2*time.Minute, "how long a connection may wait for its next request")
}

func (s *serverOptions) check() error {
	if s.maxHeader < minHeaderBytes || s.maxHeader > maxHeaderBytes {
		return fmt.Errorf("-max-header is not between %d and %d", minHeaderBytes, maxHeaderBytes)
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"header-timeout", s.headerTimeout},
		{"answer-timeout", s.answerTimeout},
		{"idle-timeout", s.idleTimeout},
	} {
		if f.value <= 0 || f.value > maxTimeout {
			return fmt.Errorf("-%s is not more than 0 and at most %s", f.name, maxTimeout)
		}
	}
	return nil
}

// http returns a server of handler. The caller sets the timeouts that depend on the
// handler: ReadTimeout and WriteTimeout.
func (s *serverOptions) http(handler http.Handler, log *slog.Logger) *http.Server {
	// HTTP/1 only: HTTP/2 times out streams, not connections, so that a client that
	// does not read would keep its connection for ever.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: s.headerTimeout,
		IdleTimeout:       s.idleTimeout,
		MaxHeaderBytes:    s.maxHeader,
		ErrorLog:          newErrorLog(log),
	}
}
