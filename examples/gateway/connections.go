package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// connections are the open connections of a server. Shutdown and Close of http.Server
// treat them all alike. But a server that stops should wait for callbacks, and not for
// clients that do not read their answers.
type connections struct {
	began time.Time // openConnection.idle counts from it

	mu   sync.Mutex
	open map[net.Conn]*openConnection
}

type openConnection struct {
	// idle is since when no handler runs for the connection; negative while one runs.
	// At most one runs at a time, since this is not HTTP/2.
	idle atomic.Int64
	cut  bool // guarded by connections.mu
}

type connectionKey struct{}

// watch tracks the connections of s. Call it before s serves.
func watch(s *http.Server) *connections {
	c := &connections{began: time.Now(), open: make(map[net.Conn]*openConnection)}
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x, ok := r.Context().Value(connectionKey{}).(*openConnection); ok {
			x.idle.Store(-1)
			defer func() { x.idle.Store(int64(time.Since(c.began))) }()
		}
		next.ServeHTTP(w, r)
	})
	s.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		x := new(openConnection)
		x.idle.Store(int64(time.Since(c.began)))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.open[conn] = x
		return context.WithValue(ctx, connectionKey{}, x)
	}
	s.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.open, conn)
		}
	}
	return c
}

// len returns the number of open connections.
func (c *connections) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

// cutIdle closes the connections for which no handler has run since t, and returns how
// many.
func (c *connections) cutIdle(t time.Time) int {
	return c.cut(func(x *openConnection) bool {
		idle := x.idle.Load()
		return idle >= 0 && idle <= int64(t.Sub(c.began))
	})
}

// cutAll closes all connections, and returns how many.
func (c *connections) cutAll() int {
	return c.cut(func(*openConnection) bool { return true })
}

func (c *connections) cut(which func(*openConnection) bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for conn, x := range c.open {
		if !x.cut && which(x) {
			x.cut = true
			n++
			closeNow(conn)
		}
	}
	return n
}

// closeNow closes a connection at once. Close of a tls.Conn would first send an alert
// to the client, and block until that is written.
func closeNow(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	_ = conn.Close()
}
