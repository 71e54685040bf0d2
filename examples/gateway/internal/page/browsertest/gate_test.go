package browsertest

import (
	"context"
	"net/http"
	"sync"
)

// A gate cuts the streams of a server that goes on, as a network does that fails.
type gate struct {
	mu     sync.Mutex
	closed bool
	cut    []context.CancelFunc
}

func (g *gate) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			g.mu.Lock()
			closed := g.closed
			g.cut = append(g.cut, cancel)
			g.mu.Unlock()
			if closed {
				panic(http.ErrAbortHandler)
			}
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, cancel := range g.cut {
		cancel()
	}
	g.cut = nil
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
}
