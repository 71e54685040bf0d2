package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// An adminSide has the paths for operators of the gateway. They are served on
// -admin-addr, or else on -addr, and only on a loopback address or with a password.
type adminSide struct {
	o     *options
	login *login // nil: no password is required
	log   *slog.Logger
}

// newAdminSide refuses an -admin-addr that other machines could use without a password.
// Its errors are about flags and variables.
func newAdminSide(o *options, env environment, log *slog.Logger) (*adminSide, error) {
	login, err := newLogin(o, env, log)
	if err != nil {
		return nil, err
	}
	if o.admin != nil && !isLoopback(o.admin) && login == nil {
		return nil, fmt.Errorf("-admin-addr: %q is not a loopback address: others could read the admin paths without a password; "+
			"set %s to user:password, or use 127.0.0.1", o.adminAddr, adminVariable)
	}
	return &adminSide{o, login, log}, nil
}

// adminPaths are the admin paths except /healthz, which has a public part.
var adminPaths = []string{"/metrics", "/dead", "/dead/"}

// serve serves the admin paths, and the public part of /healthz, until stop is called.
// addr is the address of the public mux, c is nil without -tls-cert.
func (a *adminSide) serve(public *http.ServeMux, addr net.Addr, c *certificate, h *health, m *metrics, d *deadAPI) (stop func(), err error) {
	stop = func() {}
	paths := http.NewServeMux()
	paths.HandleFunc("GET /healthz", h.serveAdmin)
	paths.Handle("GET /metrics", m.handler(a.log))
	d.register(paths)

	if a.o.admin != nil {
		public.HandleFunc("GET /healthz", h.servePublic)
		mux := http.NewServeMux()
		a.register(mux, paths, h, a.o.adminAddr, a.o.admin)
		if isLoopback(a.o.admin) {
			c = nil // plain HTTP: loopback traffic stays on this machine
		} else {
			a.warn(c)
		}
		return listenAdmin(a.o, c, mux, a.log)
	}
	if !isLoopback(addr) && a.login == nil {
		public.HandleFunc("GET /healthz", h.servePublic)
		a.log.Info("the admin paths are not served: -addr is not a loopback address, and there is neither an -admin-addr nor a password")
		return stop, nil
	}
	if !isLoopback(addr) {
		a.warn(c)
	}
	a.register(public, paths, h, a.o.addr, addr)
	return stop, nil
}

// register adds the admin paths to mux, guarded. The mux is served at addr, for which
// the flag says address.
func (a *adminSide) register(mux *http.ServeMux, paths http.Handler, h *health, address string, addr net.Addr) {
	guarded := paths
	if a.login != nil {
		guarded = a.login.guard(guarded)
	}
	// Pages of other sites must not change anything through a browser that has the
	// password.
	guarded = http.NewCrossOriginProtection().Handler(guarded)
	refused := func(*http.Request) string { return "" }
	if isLoopback(addr) {
		refused = a.refused(address)
		guarded = guardLocal(refused, guarded)
	}
	for _, path := range adminPaths {
		mux.Handle(path, guarded)
	}
	// A client that may not see the details, such as a load balancer, gets the status.
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if refused(r) != "" || a.login != nil && r.Header["Authorization"] == nil {
			h.servePublic(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// warn logs a warning if the admin password is sent over the network in clear.
func (a *adminSide) warn(c *certificate) {
	if c == nil {
		a.log.Warn("the admin password can be read on its way: the admin paths are served without TLS to more than this machine", "missing", "-tls-cert")
	}
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// listenAdmin serves the admin paths on an address of their own until stop is called,
// over HTTPS if c is not nil.
func listenAdmin(o *options, c *certificate, handler http.Handler, log *slog.Logger) (stop func(), err error) {
	l, err := net.ListenTCP("tcp", o.admin)
	if err != nil {
		return nil, err
	}
	log.Info("listening for the admin paths", "admin", l.Addr().String())
	s := o.server.http(handler, log)
	s.ReadTimeout = 2 * o.server.headerTimeout
	s.WriteTimeout = 30 * time.Second
	serve := func() error { return s.Serve(l) }
	if c != nil {
		s.TLSConfig = c.config()
		serve = func() error { return s.ServeTLS(l, "", "") }
	}
	open := watch(s)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := serve(); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the admin paths are not served any more", "error", err)
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// Shutdown itself may block, on TLS clients that do not read.
		defer context.AfterFunc(ctx, func() { open.cutAll() })()
		if s.Shutdown(ctx) != nil {
			_ = s.Close()
		}
		<-served
	}, nil
}
