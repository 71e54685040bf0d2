//go:build unix

package clustertest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nextPort is where the search for an unused port goes on. Other packages may search at
// the same time.
var nextPort atomic.Int32

func init() { nextPort.Store(10_000 + rand.Int32N(20_000)) }

// A cluster is three servers with JetStream and TLS, which reach each other through
// proxies.
type cluster struct {
	t        *testing.T
	servers  []*server
	proxies  [3][3]*proxy // from the first server to the second
	certFile string
}

// startCluster starts servers and waits until they have a leader. Each has its own
// binary and variables, if configure sets them.
func startCluster(t *testing.T, configure func(i int, s *server)) *cluster {
	t.Helper()
	c := &cluster{t: t}
	dir, logs := t.TempDir(), t.ArtifactDir()
	certFile, keyFile := writeCertificate(t, dir)
	c.certFile = certFile
	binary := natsServer(t, "ACCESSHOOK_NATS_SERVER", "nats-server")
	for i := range 3 {
		name := fmt.Sprintf("server-%d", i)
		c.servers = append(c.servers, &server{
			t: t, name: name, binary: binary, config: filepath.Join(dir, name+".conf"), log: filepath.Join(logs, name+".log"),
			client: unusedAddress(t), route: unusedAddress(t), monitor: unusedAddress(t),
		})
	}
	for i, s := range c.servers {
		if configure != nil {
			configure(i, s)
		}
		var peers []*proxy
		for j, other := range c.servers {
			if i != j {
				c.proxies[i][j] = startProxy(t, other.route)
				peers = append(peers, c.proxies[i][j])
			}
		}
		s.configure(dir, certFile, keyFile, peers)
		t.Cleanup(s.kill)
		s.start()
	}
	require.Eventually(t, c.healthy, patience, 50*time.Millisecond, "the cluster does not start")
	return c
}

func (c *cluster) healthy() bool {
	return !slices.ContainsFunc(c.servers, func(s *server) bool { return !s.healthy() })
}

// urls are the addresses of the servers for a user, beginning with the one of number
// first.
func (c *cluster) urls(user string, first int) string {
	var list []string
	for i := range c.servers {
		list = append(list, fmt.Sprintf("tls://%s:%s@%s", user, password, c.servers[(first+i)%3].client))
	}
	return strings.Join(list, ",")
}

// serverOf returns the server that a user is connected to.
func (c *cluster) serverOf(user string) (found *server) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		for _, s := range c.servers {
			if slices.Contains(s.users(), user) {
				found = s
			}
		}
		return found != nil
	}, patience, 50*time.Millisecond, "%s is not connected", user)
	return found
}

// cut cuts a server from the others, or heals it. Clients still reach it.
func (c *cluster) cut(s *server, cut func(*proxy)) {
	i := slices.Index(c.servers, s)
	for j := range c.servers {
		if i != j {
			cut(c.proxies[i][j])
			cut(c.proxies[j][i])
		}
	}
}

// ask calls what with a connection of its own.
func (c *cluster) ask(what func(context.Context, jetstream.JetStream) error) error {
	nc, err := nats.Connect(c.urls("test", 0), nats.RootCAs(c.certFile))
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
	defer cancel()
	return what(ctx, js)
}

// leader returns the server that leads a stream.
func (c *cluster) leader(stream string) (leader *server) {
	c.t.Helper()
	require.EventuallyWithT(c.t, func(t *assert.CollectT) {
		require.NoError(t, c.ask(func(ctx context.Context, js jetstream.JetStream) error {
			s, err := js.Stream(ctx, stream)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(c.servers, func(server *server) bool { return server.name == s.CachedInfo().Cluster.Leader })
			if i < 0 {
				return fmt.Errorf("%s has no leader", stream)
			}
			leader = c.servers[i]
			return nil
		}))
	}, patience, 100*time.Millisecond)
	return leader
}
