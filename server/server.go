// Package server is an HTTP server for webhooks. What [http.Server] leaves open it closes:
// it has timeouts, it bounds its connections, in all and for each client, and closes the
// least useful ones for new ones. It counts and logs what net/http refuses before any
// handler sees it, and it answers accepted requests before it stops.
//
//	mux := http.NewServeMux()
//	s := server.New(server.Config{Handler: mux})
//	mux.Handle("/webhooks/relock", hook.Handler(s.Counted(events)))
//	err := s.Run(ctx, listener) // until ctx is done
//
// It serves HTTP/1 only, which is what vendors send: HTTP/2 times out streams, not
// connections.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Config is the configuration of a [Server]. A field that is zero has the default that
// its comment names.
type Config struct {
	Handler http.Handler // required
	// HeaderTimeout is how long a TLS handshake may take, and then the header of a
	// request. Default 5 seconds.
	HeaderTimeout time.Duration
	// ReadTimeout is how long a request may take to arrive, header and body. Default 20
	// seconds.
	ReadTimeout time.Duration
	// WriteTimeout is how long a request may take from the end of its header until its
	// answer is written. Without it, a client that does not read its answer keeps its
	// connection for ever. It must be longer than BodyTimeout and HandlerTimeout of the
	// endpoints together. Default 45 seconds, which their defaults fit into.
	WriteTimeout time.Duration
	// AnswerTimeout is how long a client may take to read an answer while the server
	// stops. Default 5 seconds.
	AnswerTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request. Default 2
	// minutes.
	IdleTimeout time.Duration
	// MaxHeader is the largest header in bytes. Up to 4096 more may be accepted.
	// Default 8192.
	MaxHeader int
	// MaxConnections is how many connections may be open. Each takes a descriptor, and
	// one more is open for a moment while it makes room. Default 512.
	MaxConnections int
	// MaxPerClient is how many of them one client may have: an IPv4 address, or a /64
	// network of IPv6. All peers on a Unix socket are one client. Default 64.
	MaxPerClient int
	// Trusted reports whether peer is a proxy of your own, to which MaxPerClient does
	// not apply. It is the zero Addr on a Unix socket. Nil: no peer is.
	Trusted func(peer netip.Addr) bool
	// TLS makes the server speak HTTPS. Nil: plain HTTP.
	TLS *tls.Config
	// Stopping is called when the server is told to stop. It still accepts connections
	// for StopDelay, so that load balancers see that it is not ready. Default 0.
	Stopping  func()
	StopDelay time.Duration
	// DrainTimeout is how long accepted requests may take to finish after StopDelay.
	// Default 20 seconds.
	DrainTimeout time.Duration
	Log          *slog.Logger // default slog.Default()
}

// A Server serves HTTP/1 on one listener.
type Server struct {
	http    *http.Server
	open    *connections
	working atomic.Int64 // verified events in handlers, not answered yet
	closing atomic.Bool  // answers close their connections
	counts  *counts
	errors  *sampledLog
	unknown *sampledLog // unknown paths
	bounds  *sampledLog // bounds on connections
	config  Config
}

// New returns a server. It does not serve yet. It panics if c.Handler is nil.
func New(c Config) *Server {
	if c.Handler == nil {
		panic("server: Config.Handler is nil")
	}
	c.HeaderTimeout = cmp.Or(c.HeaderTimeout, 5*time.Second)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 20*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 45*time.Second)
	c.AnswerTimeout = cmp.Or(c.AnswerTimeout, 5*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 2*time.Minute)
	c.MaxHeader = cmp.Or(c.MaxHeader, 8<<10)
	c.MaxConnections = cmp.Or(c.MaxConnections, 512)
	c.MaxPerClient = cmp.Or(c.MaxPerClient, 64)
	c.DrainTimeout = cmp.Or(c.DrainTimeout, 20*time.Second)
	c.Log = cmp.Or(c.Log, slog.Default())
	if c.TLS != nil {
		c.TLS = c.TLS.Clone()
		c.TLS.NextProtos = []string{"http/1.1"}
	}
	s := &Server{config: c, open: newConnections(c.MaxConnections, c.MaxPerClient), counts: newCounts()}
	s.errors = newSampledLog(c.Log, 10, 100)
	s.unknown = newSampledLog(c.Log, 10, 100)
	s.bounds = newSampledLog(c.Log, 0.1, 1)
	// HTTP/1 only: HTTP/2 times out streams, not connections, so that a client that does
	// not read would keep its connection for ever.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serveHTTP),
		Protocols:         protocols,
		ReadHeaderTimeout: c.HeaderTimeout,
		ReadTimeout:       c.ReadTimeout,
		WriteTimeout:      c.WriteTimeout,
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    c.MaxHeader,
		ErrorLog:          s.errors.logger(),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c.(tracked).self())
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			if state == http.StateIdle {
				s.open.move(c.(tracked).self(), idle)
			}
		},
	}
	return s
}

type connKey struct{}

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	c := r.Context().Value(connKey{}).(*conn)
	s.open.move(c, request)
	defer s.open.move(c, answer)
	if s.closing.Load() {
		w.Header().Set("Connection", "close")
	}
	s.config.Handler.ServeHTTP(w, r)
}

// Counted tells the server which requests have a verified event, the one that next is
// called with. Their connections are never closed for others, the server does not stop
// before next returns, and from then on the peer's connections are closed last.
func (s *Server) Counted(next event.Handler) event.Handler { return counted{s, next} }

type counted struct {
	server *Server
	next   event.Handler
}

// HandleEvent implements [event.Handler].
func (h counted) HandleEvent(ctx context.Context, e *event.Event) error {
	h.server.working.Add(1)
	defer h.server.working.Add(-1)
	if c, ok := ctx.Value(connKey{}).(*conn); ok {
		h.server.open.verified(c)
	}
	return h.next.HandleEvent(ctx, e)
}

// Unwrap lets an endpoint ask next whether it takes the events of its vendor.
func (h counted) Unwrap() event.Handler { return h.next }

// Vouch has later connections from addr closed last. A client of which a verified
// request came needs no call.
func (s *Server) Vouch(addr netip.Addr) { s.open.vouchFor(clientOf(addr)) }

// Run serves on l until ctx is done or l fails. Then it finishes accepted requests and
// closes all connections. The error says why l failed, or that verified events were
// still being handled after DrainTimeout: they were not answered 200. Call Run once.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(&listener{l, s}) }()
	var failed error
	select {
	case failed = <-served:
	case <-ctx.Done():
	}
	s.config.Log.Info("stopping")
	s.closing.Store(true)
	if s.config.Stopping != nil {
		s.config.Stopping()
	}
	if failed == nil {
		select {
		case failed = <-served:
		case <-time.After(s.config.StopDelay):
		}
	}
	_ = l.Close()
	if failed == nil {
		<-served // no connection is accepted any more
	}
	return errors.Join(failed, s.drain())
}

const drainTick = 10 * time.Millisecond

// drain waits until every open connection has had its request answered and is closed. It
// closes those without a running handler after a while, and all others at the end.
// Shutdown of http.Server drops a request whose header has not been read to its end, and
// most vendors never send again; and it waits for clients that do not read.
func (s *Server) drain() error {
	type sighting struct {
		turn uint64
		at   time.Time
	}
	seen := make(map[*conn]sighting)
	began, cut := time.Now(), 0
	now := began
	waits := func(c *conn) bool { return c.is(idle) }
	stalls := func(c *conn) bool {
		if !c.is(header) && !c.is(answer) {
			return false
		}
		if seen[c].turn != c.turn {
			seen[c] = sighting{c.turn, now}
		}
		return now.Sub(seen[c].at) >= max(s.config.HeaderTimeout, s.config.AnswerTimeout)
	}
	for s.open.len() > 0 || s.working.Load() > 0 {
		if now = time.Now(); now.Sub(began) >= s.config.DrainTimeout {
			break
		}
		s.open.cut(waits)
		cut += s.open.cut(stalls)
		time.Sleep(drainTick)
	}
	working := s.working.Load()
	cut += s.open.cut(func(*conn) bool { return true })
	if cut > 0 {
		s.config.Log.Warn("connections were cut: a client did not read its answer, or did not send its request, in time", "connections", cut)
	}
	if working > 0 {
		return fmt.Errorf("%d requests did not finish within %s", working, s.config.DrainTimeout)
	}
	return nil
}
