package durable_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// A cluster is three NATS servers in this process with real routes on loopback.
type cluster struct {
	options []*server.Options
	servers []*server.Server
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	return newClusterOf(t, func(*cluster) {})
}

// newClusterOf is newCluster with options that configure has changed.
func newClusterOf(t *testing.T, configure func(*cluster)) *cluster {
	t.Helper()
	const size = 3
	c := new(cluster)
	var routes []*url.URL
	var ports, clusterPorts []int
	for range size {
		ports = append(ports, freePort(t))
		clusterPorts = append(clusterPorts, freePort(t))
		route, err := url.Parse(fmt.Sprintf("nats://127.0.0.1:%d", clusterPorts[len(clusterPorts)-1]))
		require.NoError(t, err)
		routes = append(routes, route)
	}
	for i := range size {
		c.options = append(c.options, &server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: ports[i], NoSigs: true,
			JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20,
			Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: clusterPorts[i]},
			Routes:  routes,
		})
		c.servers = append(c.servers, nil)
	}
	configure(c)
	for i := range size {
		c.start(t, i)
	}
	t.Cleanup(func() {
		for i := range size {
			c.stop(i)
		}
	})
	require.Eventually(t, func() bool {
		for _, s := range c.servers {
			if len(s.JetStreamClusterPeers()) == size { // none if it is not the leader
				return true
			}
		}
		return false
	}, patience, 20*time.Millisecond, "the cluster has no leader that knows all servers")
	return c
}

// freePort returns a port that nobody listens on, below those that systems give
// to outgoing connections: one of these could take it before the server does.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	require.FailNow(t, "no free port")
	return 0
}

func (c *cluster) start(t *testing.T, i int) {
	t.Helper()
	options := *c.options[i]
	srv, err := server.NewServer(&options)
	require.NoError(t, err)
	srv.Start()
	require.True(t, srv.ReadyForConnections(patience))
	c.servers[i] = srv
}

func (c *cluster) stop(i int) {
	if srv := c.servers[i]; srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
		c.servers[i] = nil
	}
}

func (c *cluster) connect(t *testing.T) *nats.Conn {
	t.Helper()
	var urls string
	for _, o := range c.options {
		urls += fmt.Sprintf("nats://127.0.0.1:%d,", o.Port)
	}
	nc, err := nats.Connect(urls[:len(urls)-1], durable.ConnectOptions()...)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// leader returns which server leads a stream.
func (c *cluster) leader(t *testing.T, nc *nats.Conn, stream string) int {
	t.Helper()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	leader := -1
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s, err := js.Stream(ctx, stream)
		if err != nil || s.CachedInfo().Cluster == nil {
			return false
		}
		for i, o := range c.options {
			if o.ServerName == s.CachedInfo().Cluster.Leader && c.servers[i] != nil {
				leader = i
				return true
			}
		}
		return false
	}, patience, 50*time.Millisecond, "stream %s has no leader", stream)
	return leader
}

// last returns the sequence of the last event of a stream.
func (c *cluster) last(t *testing.T, nc *nats.Conn, stream string) (seq uint64) {
	t.Helper()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s, err := js.Stream(ctx, stream)
		if err == nil {
			seq = s.CachedInfo().State.LastSeq
		}
		return err == nil
	}, patience, 20*time.Millisecond, "stream %s does not answer", stream)
	return seq
}

// While senders send, the server that leads a stream is stopped, started again,
// and then another. What was answered with nil comes out of the store; senders
// see nothing worse than Unavailable.
func TestClusterLosesLeadersAndNoEvents(t *testing.T) {
	c := newCluster(t)
	nc := c.connect(t)
	s, err := durable.Connect(t.Context(), nc, durable.Config{
		Payloads: payloads, Replicas: 3, Shards: 2, PublishTimeout: 2 * time.Second,
	})
	require.NoError(t, err)
	defer s.Close()
	other, err := durable.Connect(t.Context(), c.connect(t), durable.Config{
		Payloads: payloads, Replicas: 3, Shards: 2, PublishTimeout: 2 * time.Second,
	})
	require.NoError(t, err)
	defer other.Close()

	var handled sync.Map
	h := event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		handled.Store(e.ID, true)
		return nil
	})
	run(t, s, durable.Consumer{Lease: 2 * time.Second}, h)
	run(t, other, durable.Consumer{Lease: 2 * time.Second}, h)

	var n, refused atomic.Int64
	var accepted sync.Map
	stop := make(chan struct{})
	var senders sync.WaitGroup
	for i := range 8 {
		store := []*durable.Store{s, other}[i%2]
		senders.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				e := newEvent(int(n.Add(1)))
				err := store.HandleEvent(t.Context(), e)
				if _, unavailable := event.IsUnavailable(err); err != nil && !unavailable {
					assert.NoError(t, err)
				}
				if err != nil {
					refused.Add(1)
					continue
				}
				accepted.Store(e.ID, true)
			}
		})
	}
	count := func(m *sync.Map) (n int) {
		m.Range(func(any, any) bool { n++; return true })
		return n
	}
	more := func() {
		have := count(&accepted)
		require.Eventually(t, func() bool { return count(&accepted) > have+200 }, patience, 20*time.Millisecond)
	}
	// loses stops the server that leads a stream while events come to it, one other
	// than but.
	loses := func(stream string, but int) (stopped int) {
		t.Helper()
		have := c.last(t, nc, stream)
		require.Eventually(t, func() bool { return c.last(t, nc, stream) > have+20 }, patience, 20*time.Millisecond, "nothing comes")
		for stopped = c.leader(t, nc, stream); stopped == but; stopped = c.leader(t, nc, stream) {
			_, err := nc.Request("$JS.API.STREAM.LEADER.STEPDOWN."+stream, nil, patience)
			require.NoError(t, err)
		}
		c.stop(stopped)
		have = c.last(t, nc, stream)
		require.Eventually(t, func() bool { return c.last(t, nc, stream) > have+20 }, patience, 20*time.Millisecond, "nothing comes to the next leader")
		require.NotEqual(t, stopped, c.leader(t, nc, stream))
		return stopped
	}
	more()
	first := loses("accesshook-0", -1)
	more()
	c.start(t, first)
	// Until it has caught up, stopping another would leave no quorum.
	require.Eventually(t, func() bool { return c.servers[first].Healthz(nil).Error == "" }, patience, 50*time.Millisecond)
	second := loses("accesshook-1", first)
	assert.NotEqual(t, first, second)
	more()
	close(stop)
	senders.Wait()

	var lost []any
	assert.Eventually(t, func() bool {
		lost = nil
		accepted.Range(func(id, _ any) bool {
			if _, ok := handled.Load(id); !ok {
				lost = append(lost, id)
			}
			return true
		})
		return len(lost) == 0
	}, patience, 100*time.Millisecond)
	assert.Empty(t, lost, "answered with nil, and lost")
	for _, s := range []*durable.Store{s, other} {
		assert.Zero(t, missing(t, s), "a false alarm")
	}
	t.Logf("%d events accepted, %d refused, %d handled", count(&accepted), refused.Load(), count(&handled))
}

// Two receivers of one cluster store an event once.
func TestClusterStoresAnEventOnce(t *testing.T) {
	c := newCluster(t)
	config := durable.Config{Payloads: payloads, Replicas: 3}
	a, err := durable.Connect(t.Context(), c.connect(t), config)
	require.NoError(t, err)
	defer a.Close()
	b, err := durable.Connect(t.Context(), c.connect(t), config)
	require.NoError(t, err)
	defer b.Close()
	for n := range 20 {
		var both sync.WaitGroup
		for _, s := range []*durable.Store{a, b, a, b} {
			both.Go(func() {
				err := s.HandleEvent(t.Context(), newEvent(n))
				if errors.Is(err, durable.ErrInProgress) { // a sender would come again
					_, unavailable := event.IsUnavailable(err)
					assert.True(t, unavailable)
					return
				}
				assert.NoError(t, err)
			})
		}
		both.Wait()
	}
	stats, err := a.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(20), stats.Events)
}

// Several processes that are the first on a cluster, at once, all begin.
func TestClusterIsBegunByAll(t *testing.T) {
	c := newCluster(t)
	var all sync.WaitGroup
	for range 4 {
		nc := c.connect(t)
		all.Go(func() {
			s, err := durable.Connect(t.Context(), nc, durable.Config{Payloads: payloads, Replicas: 3, Shards: 2})
			if assert.NoError(t, err) {
				assert.NoError(t, s.Close())
			}
		})
	}
	all.Wait()
}

// A process that says nothing of replicas leaves them as they are: from then on a
// 200 of all others would mean less.
func TestClusterKeepsItsReplicas(t *testing.T) {
	c := newCluster(t)
	config := durable.Config{Payloads: payloads, Replicas: 3, Shards: 2}
	a, err := durable.Connect(t.Context(), c.connect(t), config)
	require.NoError(t, err)
	defer a.Close()
	replicas := func() (all []int) {
		js := newJetStream(t, c.connect(t))
		for _, name := range []string{"accesshook-0", "accesshook-1", "accesshook-dead", "accesshook-attempts"} {
			stream, err := js.Stream(t.Context(), name)
			require.NoError(t, err)
			all = append(all, stream.CachedInfo().Config.Replicas)
		}
		return all
	}
	var log logBuffer
	config.Replicas, config.Logger = 0, log.logger()
	b, err := durable.Connect(t.Context(), c.connect(t), config)
	require.NoError(t, err)
	defer b.Close()
	assert.Equal(t, []int{3, 3, 3, 3}, replicas())
	assert.Empty(t, log.String())

	config.Replicas = 1
	d, err := durable.Connect(t.Context(), c.connect(t), config)
	require.NoError(t, err)
	defer d.Close()
	assert.Equal(t, []int{1, 1, 1, 1}, replicas())
	assert.Contains(t, log.String(), "level=WARN")
	assert.Contains(t, log.String(), "setting=Replicas was=3 is=1")
}
