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

// The admin paths are for whoever runs the gateway. Nobody is asked for a
// password, so they are served on a loopback address only: on -admin-addr, or on
// -addr if that is one.

// serveAdmin serves the admin paths where they belong, and the public side of
// /healthz, until stop is called. addr is where public is served.
func (o *options) serveAdmin(public *http.ServeMux, addr net.Addr, h *health, m *metrics, log *slog.Logger) (stop func(), err error) {
	stop = func() {}
	if o.admin == nil && isLoopback(addr) {
		adminPaths(public, h, m, log)
		return stop, nil
	}
	public.HandleFunc("GET /healthz", h.servePublic)
	if o.admin == nil {
		log.Info("the admin paths are not served: -addr is not a loopback address, and there is no -admin-addr")
		return stop, nil
	}
	mux := http.NewServeMux()
	adminPaths(mux, h, m, log)
	return listenAdmin(o.admin, mux, log)
}

// adminPaths registers the admin paths.
func adminPaths(mux *http.ServeMux, h *health, m *metrics, log *slog.Logger) {
	mux.HandleFunc("GET /healthz", h.serveAdmin)
	mux.Handle("GET /metrics", m.handler(log))
}

// loopback resolves an address, which must be a loopback address.
func loopback(address string) (*net.TCPAddr, error) {
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	if !isLoopback(a) {
		return nil, fmt.Errorf("%q is not a loopback address: the admin paths have no password, and others could read them; "+
			"use 127.0.0.1 and a proxy or tunnel that asks for one", address)
	}
	return a, nil
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// listenAdmin serves the admin paths on an address of their own until stop is
// called.
func listenAdmin(a *net.TCPAddr, handler http.Handler, log *slog.Logger) (stop func(), err error) {
	l, err := net.ListenTCP("tcp", a)
	if err != nil {
		return nil, err
	}
	log.Info("listening for the admin paths", "admin", l.Addr().String())
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       2 * headerTimeout,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          newErrorLog(log),
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the admin paths are not served any more", "error", err)
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			_ = s.Close()
		}
		<-served
	}, nil
}
