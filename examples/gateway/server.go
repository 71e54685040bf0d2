package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// What a server adds to the timeouts that the flags set.
const (
	headerTimeout = 5 * time.Second
	shutdownSlack = 5 * time.Second
	idleTimeout   = 2 * time.Minute
)

const maxHeader = 16 << 10 // bytes

// A server is the HTTP side of the gateway.
type server struct {
	http     *http.Server
	pipeline *pipeline
	health   *health
	log      *slog.Logger
	open     atomic.Int64 // connections

	// shutdownTimeout is how long requests that were accepted, and then what is in
	// the queue, may take to finish after a signal. It is longer than any request
	// should take. By default it is 25 seconds; Kubernetes kills after 30.
	shutdownTimeout time.Duration
}

// newServer serves mux, and registers each endpoint at the path of its vendor.
func newServer(o *options, mux *http.ServeMux, receivers []*receiver, p *pipeline, health *health, log *slog.Logger) *server {
	for _, r := range receivers {
		// No method in the pattern: the endpoint answers 405 itself.
		mux.Handle(webhookPath(r.Vendor()), r.Handler(p.endpoint(r.Source())))
	}
	s := &server{
		pipeline:        p,
		health:          health,
		log:             log,
		shutdownTimeout: o.bodyTimeout + o.handlerTimeout + shutdownSlack,
	}
	s.http = &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       headerTimeout + o.bodyTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          newErrorLog(log),
		ConnState:         s.count,
		Protocols:         new(http.Protocols),
	}
	s.http.Protocols.SetHTTP1(true) // and not 2: drain does not know its streams
	return s
}

func webhookPath(vendor string) string { return "/webhooks/" + vendor }

// serve serves until ctx is done or l fails, and then finishes what was accepted.
func (s *server) serve(ctx context.Context, l net.Listener) error {
	served := make(chan error, 1)
	go func() {
		if s.http.TLSConfig != nil {
			served <- s.http.ServeTLS(l, "", "")
		} else {
			served <- s.http.Serve(l)
		}
	}()
	var failed error
	select {
	case failed = <-served:
	case <-ctx.Done():
	}
	s.log.Info("stopping")
	s.health.stopping.Store(true)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.shutdownTimeout)
	defer cancel()
	_ = l.Close()
	if failed == nil {
		<-served
	}
	s.drain(ctx)
	if err := s.http.Shutdown(ctx); err != nil {
		failed = errors.Join(failed, fmt.Errorf("requests did not finish within %s: %w", s.shutdownTimeout, errors.Join(err, s.http.Close())))
	}
	return errors.Join(failed, s.pipeline.finish(ctx))
}

// drain waits until each open connection has had its request answered and was
// closed, or ctx is done. Shutdown alone drops a request whose header has not
// been read to its end, and most vendors never send again.
func (s *server) drain(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for s.open.Load() > 0 && ctx.Err() == nil {
		// Closes idle connections, and all others after their next answer. Time
		// and again, because one may have become idle since.
		s.http.SetKeepAlivesEnabled(false)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// count keeps s.open up to date.
func (s *server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.open.Add(-1)
	}
}
