package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/accesshook/accesshook/examples/gateway/internal/admin"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/server"
)

const (
	// stopSlack is what stopping may take beyond the timeouts of a request. By default
	// that is 25 seconds in all, after -stop-delay of 3; Kubernetes kills after 30.
	stopSlack = 5 * time.Second
	// finishTime is the part of it which is reserved for events that were answered.
	finishTime = time.Second
)

// servers are the HTTP sides of a gateway.
type servers struct {
	public      *server.Server
	admin       *server.Server // nil without -admin-addr
	addr        net.Addr       // of -admin-addr
	adminServed bool           // false: -addr is open to other machines, and there is no password

	stopAt time.Time // when the public side was told to stop
}

// newServers registers all paths. public listens already, admin is nil without
// -admin-addr.
func (g *gateway) newServers(public, adminListener net.Listener) (*servers, error) {
	s := new(servers)
	health := admin.NewHealth(g.ready, g.details)
	mux, shared := http.NewServeMux(), adminListener == nil
	c := admin.Config{
		Address: g.Addr, Listen: public.Addr(), Shared: shared, TLS: g.certificate != nil,
		ClientIP: g.Settings.Endpoint.ClientIP, ClientHeader: g.ClientHeader, Log: g.log,
	}
	if !shared {
		c.Address, c.Listen = g.AdminAddr, adminListener.Addr()
		c.TLS = c.TLS && !g.AdminResolved.IP.IsLoopback() // loopback traffic stays on this machine
	}
	if g.ClientHeader != "" {
		c.ProxySetting = "-client-ip"
	}
	if g.login != nil {
		c.Accounts = g.login.get
	}
	side, err := admin.New(c)
	if err != nil {
		return nil, usageError{err}
	}
	handler := http.Handler(mux)
	if shared {
		handler = side.Watch(handler)
		g.registerAdmin(mux, side, health)
	} else {
		health.Register(mux)
		own := http.NewServeMux()
		g.registerAdmin(own, side, health)
		config := g.serverConfig(own)
		config.MaxConnections, config.MaxPerClient, config.DrainTimeout = settings.AdminConnections, settings.AdminConnections, time.Second
		if !c.TLS {
			config.TLS = nil
		}
		s.admin = server.New(config)
		s.addr = adminListener.Addr()
	}
	if s.adminServed = side.Served(); s.adminServed {
		g.output.page = g.page
	}
	s.public = g.newPublic(s, mux, handler)
	return s, nil
}

func (g *gateway) serverConfig(handler http.Handler) server.Config {
	return server.Config{
		Handler:       handler,
		HeaderTimeout: g.Server.HeaderTimeout, AnswerTimeout: g.Server.AnswerTimeout, IdleTimeout: g.Server.IdleTimeout,
		MaxHeader: g.Server.MaxHeader,
		TLS:       g.tls(),
		Log:       g.log,
	}
}

// newPublic returns the server of handler, and adds the endpoints to its mux.
func (g *gateway) newPublic(s *servers, mux *http.ServeMux, handler http.Handler) *server.Server {
	e := &g.Settings.Endpoint
	c := g.serverConfig(server.CleanPath(handler))
	c.ReadTimeout = g.Server.HeaderTimeout + e.BodyTimeout
	c.WriteTimeout = e.BodyTimeout + e.HandlerTimeout + g.Server.AnswerTimeout
	c.MaxConnections, c.MaxPerClient, c.Trusted = g.Server.MaxConnections, g.Server.MaxConnectionsPerClient, g.Trusted
	c.StopDelay, c.DrainTimeout = g.Server.StopDelay, e.BodyTimeout+g.HandlerTimeout+stopSlack-finishTime
	c.Stopping = func() {
		s.stopAt = time.Now()
		g.stopping.Store(true)
		g.page.Close()
		if g.pipeline.Store != nil {
			g.pipeline.Store.Stopping()
		}
	}
	public := server.New(c)
	g.metrics.Server(public)
	var paths []string
	for _, e := range g.endpoints {
		// No method in the pattern: the endpoint answers 405 itself.
		path := e.Path()
		mux.Handle(path, g.recorded(e.Handler(public.Counted(g.pipeline.Handler(e.Source())))))
		paths = append(paths, path)
	}
	notFound := public.NotFound(paths, e.ClientIP)
	mux.Handle("/webhooks", notFound)
	mux.Handle("/webhooks/", notFound)
	for _, v := range g.unserved {
		warn := sync.OnceFunc(func() {
			g.log.Warn("a request came for a vendor that is not served", "vendor", v.Name, "missing", v.Variable.Name)
		})
		mux.HandleFunc(v.Path(), func(w http.ResponseWriter, r *http.Request) {
			warn()
			notFound.ServeHTTP(w, r)
		})
	}
	return public
}

// registerAdmin adds what operators see to mux.
func (g *gateway) registerAdmin(mux *http.ServeMux, side *admin.Side, health *admin.Health) {
	paths := http.NewServeMux()
	paths.Handle("GET /metrics", g.metrics.Handler(g.log))
	g.page.Register(paths)
	dead := http.NewServeMux()
	g.deadLetterAPI().Register(dead)
	guarded := g.page.RequireToken(dead)
	paths.Handle("/dead", guarded)
	paths.Handle("/dead/", guarded)
	side.Register(mux, health, paths, adminPaths...)
}

// adminPaths are the admin paths except /healthz, which has a public part.
var adminPaths = []string{"/{$}", "/page/", "/events", "/metrics", "/dead", "/dead/"}

// run serves until ctx is done, or until the public side fails.
func (s *servers) run(ctx context.Context, public, admin net.Listener, g *gateway) error {
	if s.admin != nil {
		ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			if err := s.admin.Run(ctx, admin); err != nil {
				g.log.Error("the admin paths are not served any more", "error", err)
			}
		}()
		defer func() { stop(); <-stopped }()
	}
	err := s.public.Run(ctx, public)
	end := time.Now().Add(finishTime)
	if total := s.stopAt.Add(g.Server.StopDelay + g.Settings.Endpoint.BodyTimeout + g.HandlerTimeout + stopSlack); total.After(end) {
		end = total
	}
	finish, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
	defer cancel()
	return errors.Join(err, g.pipeline.Finish(finish))
}

// ready returns why an event could not be taken now, or nil.
func (g *gateway) ready() error {
	if g.stopping.Load() {
		return errors.New("the gateway stops")
	}
	if err := g.output.failing(); err != nil && !g.Store.Used() {
		return fmt.Errorf("standard output: %w", err)
	}
	if q := g.pipeline.Queue; q != nil && q.Len() >= g.Queue.Depth {
		return errors.New("the queue is full")
	}
	if s := g.pipeline.Store; s != nil {
		if err := s.Ready(); err != nil {
			return fmt.Errorf("the store cannot take an event: %w", err)
		}
	}
	return nil
}

// readyEvery is how often logReadiness asks.
const readyEvery = time.Second

// logReadiness logs when ready begins or ceases to return an error, until ctx is done.
func logReadiness(ctx context.Context, ready func() error, log *slog.Logger) {
	tick := time.NewTicker(readyEvery)
	defer tick.Stop()
	for was := true; ; {
		switch err := ready(); {
		case ctx.Err() != nil:
			return
		case err != nil && was:
			log.Warn("not ready: /readyz answers 503", "reason", err)
			was = false
		case err == nil && !was:
			log.Info("ready again")
			was = true
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
