//go:build unix

package clustertest

import (
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A proxy relays the connections of one server to another one, so that the test can cut
// them.
type proxy struct {
	net.Listener
	target string

	mu    sync.Mutex
	isCut bool
	open  map[net.Conn]bool
}

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{Listener: l, target: target, open: make(map[net.Conn]bool)}
	go p.serve()
	t.Cleanup(func() {
		_ = l.Close()
		p.heal()
	})
	return p
}

// cut drops all bytes from now on, without a word to either side, and refuses new
// connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isCut = true
}

// heal relays again. Connections that were open are closed, since they have lost bytes.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isCut = false
	for c := range p.open {
		_ = c.Close()
	}
}

func (p *proxy) serve() {
	for {
		from, err := p.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", p.target)
		if err != nil || !p.add(from, to) {
			_ = from.Close()
			continue
		}
		go p.relay(from, to)
		go p.relay(to, from)
	}
}

// add remembers two open connections, unless they are cut.
func (p *proxy) add(from, to net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isCut {
		_ = to.Close()
		return false
	}
	p.open[from], p.open[to] = true, true
	return true
}

func (p *proxy) relay(from, to net.Conn) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range []net.Conn{from, to} {
			_ = c.Close()
			delete(p.open, c)
		}
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		swallow := p.isCut
		p.mu.Unlock()
		if swallow {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
