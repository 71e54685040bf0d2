package durable_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

// A relay passes TCP connections on to a port of this machine. While it is held, nothing
// comes through, and nobody is told.
type relay struct {
	port  int
	mu    sync.Mutex
	moves *sync.Cond
	held  bool
}

func newRelay(t *testing.T, to int) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{port: l.Addr().(*net.TCPAddr).Port}
	r.moves = sync.NewCond(&r.mu)
	var open sync.WaitGroup
	open.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer from.Close()
				target, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to))
				if err != nil {
					return
				}
				defer target.Close()
				done := make(chan struct{}, 2)
				pass := func(to, from net.Conn) {
					_, _ = io.Copy(&held{to, r}, from)
					done <- struct{}{}
				}
				go pass(target, from)
				go pass(from, target)
				select {
				case <-done:
				case <-t.Context().Done():
				}
			})
		}
	})
	t.Cleanup(func() {
		r.hold(false)
		_ = l.Close()
		open.Wait()
	})
	return r
}

func (r *relay) hold(held bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = held
	r.moves.Broadcast()
}

type held struct {
	io.Writer
	r *relay
}

func (h *held) Write(b []byte) (int, error) {
	h.r.mu.Lock()
	for h.r.held {
		h.r.moves.Wait()
	}
	h.r.mu.Unlock()
	return h.Writer.Write(b)
}

// A relayed cluster has relays before the port for clients of each server, and between
// each two servers.
type relayed struct {
	*cluster
	clients []*relay
	routes  [][]*relay // to a server
}

func newRelayed(t *testing.T) *relayed {
	t.Helper()
	r := new(relayed)
	r.cluster = newClusterOf(t, func(c *cluster) {
		for _, o := range c.options {
			r.clients = append(r.clients, newRelay(t, o.Port))
			o.Cluster.NoAdvertise = true
		}
		r.routes = make([][]*relay, len(c.options))
		for i, from := range c.options {
			from.Routes = nil
			for j, to := range c.options {
				if i == j {
					continue
				}
				relay := newRelay(t, to.Cluster.Port)
				r.routes[i] = append(r.routes[i], relay)
				r.routes[j] = append(r.routes[j], relay)
				from.Routes = append(from.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", relay.port)})
			}
		}
	})
	return r
}

// connect returns a connection to server i that knows the others. It does not find out by
// pings that a server hangs, unless an option says so.
func (r *relayed) connect(t *testing.T, first int, options ...nats.Option) *nats.Conn {
	t.Helper()
	var urls []string
	for i := range r.clients {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", r.clients[(first+i)%len(r.clients)].port))
	}
	options = append(append(durable.ConnectOptions(), nats.DontRandomize(), nats.IgnoreDiscoveredServers(),
		nats.PingInterval(time.Hour)), options...)
	nc, err := nats.Connect(strings.Join(urls, ","), options...)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	require.Equal(t, r.options[first].ServerName, nc.ConnectedServerName())
	return nc
}

// A server that hangs, or that is cut from the others, is left for another within seconds.
func TestServerHangs(t *testing.T) {
	r := newRelayed(t)
	c := durable.Config{Payloads: payloads, Replicas: 3, Shards: 6}
	setup, err := durable.Connect(t.Context(), r.connect(t, 1), c)
	require.NoError(t, err)
	require.NoError(t, setup.Close())
	for name, hold := range map[string]func(bool){
		"hangs": r.clients[0].hold,
		"is cut": func(held bool) {
			for _, route := range r.routes[0] {
				route.hold(held)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(logBuffer)
			c.Logger = log.logger()
			nc := r.connect(t, 0)
			s, err := durable.Connect(t.Context(), nc, c)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			got := newRecorder()
			run(t, s, durable.Consumer{Name: strings.ReplaceAll(name, " ", "-")}, got)
			eventually(t, "stored", func() bool { return s.HandleEvent(t.Context(), newEvent(0)) == nil })
			got.wait(t, 1)
			eventually(t, "ready", func() bool { return s.Ready() == nil })

			hold(true)
			defer hold(false)
			began := time.Now()
			var stored atomic.Int64
			ctx, stop := context.WithCancel(t.Context())
			var senders sync.WaitGroup
			defer senders.Wait()
			defer stop()
			for i := range 12 {
				senders.Go(func() {
					for n := 1000 * (i + 1); ctx.Err() == nil; n++ {
						if s.HandleEvent(ctx, newEvent(n)) == nil {
							stored.Add(1)
						}
						time.Sleep(10 * time.Millisecond)
					}
				})
			}
			eventually(t, "another server", func() bool { n := nc.ConnectedServerName(); return n != "" && n != r.options[0].ServerName })
			before := stored.Load()
			eventually(t, "stored", func() bool { return stored.Load() > before })
			t.Logf("stored again after %s", time.Since(began))
			eventually(t, "ready", func() bool { return s.Ready() == nil })
			assert.Contains(t, log.String(), fmt.Sprintf(`level=WARN msg="durable: leaving a NATS server for another" server=127.0.0.1:%d name=n0 reason="no `, r.clients[0].port))
			assert.Contains(t, log.String(), `for 3s"`)
			got.wait(t, 1)
			t.Logf("handled again after %s", time.Since(began))
		})
	}
}
