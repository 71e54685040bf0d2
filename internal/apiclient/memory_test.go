package apiclient_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/accesshook/accesshook/internal/apiclient"
)

// A memoryListener has connections that need no network, for tests with a clock of their
// own.
type memoryListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func (l *memoryListener) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// inMemory returns a client of a server with this handler. Call close before the test
// ends.
func inMemory(t *testing.T, c apiclient.Config, h http.HandlerFunc) (_ *apiclient.Client, close func()) {
	t.Helper()
	listener := &memoryListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // before that, the server does not see that the client is gone
		h(w, r)
	})}
	served := make(chan struct{})
	go func() {
		defer func() { served <- struct{}{} }()
		_ = server.Serve(listener)
	}()
	transport := &http.Transport{DialContext: listener.dial}
	c.HTTPClient, c.BaseURL = &http.Client{Transport: transport}, "http://localhost"
	return newClient(t, c), func() {
		transport.CloseIdleConnections()
		_ = server.Shutdown(context.Background()) // waits for handlers
		<-served
	}
}
