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

	"github.com/accesshook/accesshook/event"
)

const (
	// shutdownSlack is what stopping may take beyond the timeouts that flags set.
	shutdownSlack = 5 * time.Second
	// finishTime is the part of all that which is reserved for events that were
	// answered.
	finishTime = time.Second
)

// A server is the HTTP side of the gateway.
type server struct {
	http     *http.Server
	pipeline *pipeline
	health   *health
	log      *slog.Logger
	open     *connections
	working  atomic.Int64 // verified events in handlers, not answered yet

	// shutdownTimeout is how long accepted requests, and then the queue, may take to
	// finish after a signal. It is longer than any request should take. By default it
	// is 25 seconds; Kubernetes kills after 30.
	shutdownTimeout time.Duration
	// finishTime is the part of it that connections do not get.
	finishTime time.Duration
	// idleAtStop is how long a connection without a running handler may stay open
	// after a signal: its request has not arrived, or its answer is not read.
	idleAtStop time.Duration
}

// newServer returns a server of mux, to which it adds each endpoint at the path of its
// vendor.
func newServer(o *options, mux *http.ServeMux, receivers []*receiver, p *pipeline, health *health, log *slog.Logger) *server {
	s := &server{
		pipeline:        p,
		health:          health,
		log:             log,
		shutdownTimeout: o.bodyTimeout + o.handlerTimeout + shutdownSlack,
		finishTime:      finishTime,
		idleAtStop:      max(o.server.headerTimeout, o.server.answerTimeout),
	}
	for _, r := range receivers {
		// No method in the pattern: the endpoint answers 405 itself.
		mux.Handle(webhookPath(r.Vendor()), r.Handler(s.counted(p.endpoint(r.Source()))))
	}
	s.http = o.server.http(mux, log)
	s.http.ReadTimeout = o.server.headerTimeout + o.bodyTimeout
	// It begins after the header. Without it, a client that does not read its answer
	// keeps its connection for ever.
	s.http.WriteTimeout = o.bodyTimeout + o.endpointTimeout() + o.server.answerTimeout
	s.open = watch(s.http)
	return s
}

// counted counts the events that next is handling.
func (s *server) counted(next event.Handler) event.Handler {
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		s.working.Add(1)
		defer s.working.Add(-1)
		return next.HandleEvent(ctx, e)
	})
}

func webhookPath(vendor string) string { return "/webhooks/" + vendor }

// serve serves until ctx is done or l fails, and then finishes accepted requests and
// events.
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
	end := time.Now().Add(s.shutdownTimeout)
	_ = l.Close()
	if failed == nil {
		<-served
	}
	failed = errors.Join(failed, s.drain(end.Add(-s.finishTime)))
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
	defer cancel()
	return errors.Join(failed, s.pipeline.finish(ctx))
}

// drain waits until every open connection has had its request answered and is closed. It
// closes connections without a running handler after idleAtStop, and all others at end.
// Shutdown of http.Server alone drops a request whose header has not been read to its
// end, and most vendors never send again; and it waits for clients that do not read.
//
// The error says that events were still being handled. They were not answered 200.
func (s *server) drain(end time.Time) error {
	began, cut := time.Now(), 0
	ctx, cancel := context.WithDeadline(context.Background(), end)
	defer cancel()
	go s.closeIdle(ctx)
	tick := time.NewTicker(drainTick)
	defer tick.Stop()
	for s.open.len() > 0 && ctx.Err() == nil {
		if since := time.Now().Add(-s.idleAtStop); since.After(began) {
			cut += s.open.cutIdle(since)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	working := s.working.Load()
	cut += s.open.cutAll()
	_ = s.http.Close()
	if cut > 0 {
		s.log.Warn("connections were cut: a client did not read its answer, or did not send its request, in time", "connections", cut)
	}
	if working > 0 {
		return fmt.Errorf("%d requests did not finish within %s", working, s.shutdownTimeout)
	}
	return nil
}

const drainTick = 10 * time.Millisecond

// closeIdle closes idle connections, and has the others closed after their next answer.
// It repeats that, since a connection may have become idle meanwhile. It may block on
// clients that do not read, until drain closes their connections.
func (s *server) closeIdle(ctx context.Context) {
	for s.open.len() > 0 && ctx.Err() == nil {
		s.http.SetKeepAlivesEnabled(false)
		time.Sleep(drainTick)
	}
}
