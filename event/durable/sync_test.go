package durable_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// The accounts of the servers: that of the gateway may or may not ask how the servers are
// configured.
const (
	syncExported = `
		system_account: SYS
		accounts {
			SYS {
				users: [{user: sys, password: sys}]
				exports: [{service: "$SYS.REQ.SERVER.PING.JSZ", response_type: stream, accounts: [GATEWAY]}]
			}
			GATEWAY {
				jetstream: enabled
				users: [{user: gateway, password: gateway}]
				imports: [{service: {account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ"}}]
			}
		}`
	syncNotExported = `
		system_account: SYS
		accounts {
			SYS { users: [{user: sys, password: sys}] }
			GATEWAY { jetstream: enabled, users: [{user: gateway, password: gateway}] }
		}`
)

// A syncCluster is servers with configuration files and routes on loopback.
type syncCluster struct {
	names   []string
	urls    []string
	options []*server.Options
	servers []*server.Server
}

// newSyncCluster starts a server for each of syncs, which says whether it syncs each write.
func newSyncCluster(t *testing.T, accounts string, syncs ...bool) *syncCluster {
	t.Helper()
	c := new(syncCluster)
	var routes []string
	var ports, clusterPorts []int
	for i := range syncs {
		ports, clusterPorts = append(ports, freePort(t)), append(clusterPorts, freePort(t))
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", clusterPorts[i]))
	}
	for i, always := range syncs {
		name, interval := fmt.Sprintf("n%d", i), "2m"
		if always {
			interval = "always"
		}
		text := fmt.Sprintf("server_name: %s\nlisten: 127.0.0.1:%d\nmax_payload: 8MB\njetstream { store_dir: %q, sync_interval: %s }\n%s\n",
			name, ports[i], t.TempDir(), interval, accounts)
		if len(syncs) > 1 {
			text += fmt.Sprintf("cluster { name: test, listen: 127.0.0.1:%d, routes: [%s] }\n", clusterPorts[i], strings.Join(routes, ", "))
		}
		o := parseConfig(t, text)
		o.NoSigs, o.NoLog = true, true
		c.names, c.options, c.servers = append(c.names, name), append(c.options, o), append(c.servers, nil)
		c.start(t, i, always)
		t.Cleanup(func() { c.stop(i) })
		c.urls = append(c.urls, fmt.Sprintf("nats://gateway:gateway@127.0.0.1:%d", ports[i]))
	}
	eventually(t, "the cluster", func() bool {
		for _, srv := range c.servers {
			if !srv.ReadyForConnections(patience) || !srv.JetStreamIsCurrent() && len(syncs) > 1 {
				return false
			}
		}
		return true
	})
	return c
}

func (c *syncCluster) start(t *testing.T, i int, syncs bool) {
	t.Helper()
	o := *c.options[i]
	o.SyncAlways = syncs
	srv, err := server.NewServer(&o)
	require.NoError(t, err)
	srv.Start()
	c.servers[i] = srv
}

func (c *syncCluster) stop(i int) {
	c.servers[i].Shutdown()
	c.servers[i].WaitForShutdown()
}

func (c *syncCluster) open(t *testing.T, accountConfig durable.Config) error {
	t.Helper()
	nc, err := nats.Connect(strings.Join(c.urls, ","), nats.MaxReconnects(-1))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	accountConfig.Payloads, accountConfig.Shards, accountConfig.RequireSync = payloads, 1, true
	s, err := durable.Connect(t.Context(), nc, accountConfig)
	if err == nil {
		require.NoError(t, s.Close())
	}
	return err
}

func TestRequireSync(t *testing.T) {
	t.Parallel()
	t.Run("one server", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, newSyncCluster(t, syncExported, true).open(t, durable.Config{}))
	})
	t.Run("one server that does not", func(t *testing.T) {
		t.Parallel()
		err := newSyncCluster(t, syncExported, false).open(t, durable.Config{})
		assert.ErrorContains(t, err, "durable: Config.RequireSync: these servers do not sync each write: n0; set sync_interval: always")
	})
	t.Run("nobody says", func(t *testing.T) {
		t.Parallel()
		c := newSyncCluster(t, syncNotExported, true)
		err := c.open(t, durable.Config{})
		assert.ErrorContains(t, err, "no server says whether it syncs each write; the system account must export the service $SYS.REQ.SERVER.PING.JSZ")
		nc, err := nats.Connect(c.urls[0])
		require.NoError(t, err)
		defer nc.Close()
		for range newJetStream(t, nc).StreamNames(t.Context()).Name() {
			t.Error("a stream was created")
		}
	})
	t.Run("no permission", func(t *testing.T) {
		t.Parallel()
		accounts := strings.Replace(syncExported, "user: gateway, password: gateway", `user: gateway, password: gateway, permissions: {publish: {deny: "$SYS.>"}}`, 1)
		err := newSyncCluster(t, accounts, true).open(t, durable.Config{})
		require.ErrorIs(t, err, nats.ErrPermissionViolation)
		assert.ErrorContains(t, err, "publish to $SYS.REQ.SERVER.PING.JSZ")
	})
}

// Most servers of a cluster have to say so, also those that the connection is not to. The
// others are asked when they are back.
func TestRequireSyncOfACluster(t *testing.T) {
	t.Parallel()
	c := newSyncCluster(t, syncExported, true, true, true)
	require.NoError(t, c.open(t, durable.Config{Replicas: 3}))

	c.stop(2)
	var log logBuffer
	nc, err := nats.Connect(strings.Join(c.urls, ","), nats.MaxReconnects(-1))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	s, err := durable.Connect(t.Context(), nc, durable.Config{
		Payloads: payloads, Shards: 1, Replicas: 3, RequireSync: true, Logger: log.logger(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	assert.Contains(t, log.String(), `level=WARN msg="durable: servers that are away cannot say whether they sync each write" store=accesshook servers=[n2]`)
	eventually(t, "stored", func() bool { return s.HandleEvent(t.Context(), newEvent(1)) == nil })

	c.start(t, 2, false)
	eventually(t, "refused", func() bool {
		durable.CheckSync(t.Context(), s)
		return strings.Contains(log.String(), "level=ERROR")
	})
	assert.Contains(t, log.String(), `msg="durable: a server does not sync each write: events are answered 503" store=accesshook servers=[n2]`)
	err = s.HandleEvent(t.Context(), newEvent(2))
	_, unavailable := event.IsUnavailable(err)
	assert.True(t, unavailable)
	require.ErrorIs(t, err, durable.ErrRefused)
	assert.ErrorContains(t, s.Ready(), "these servers do not sync each write: n2;")

	c.stop(2)
	durable.CheckSync(t.Context(), s)
	require.ErrorIs(t, s.HandleEvent(t.Context(), newEvent(2)), durable.ErrRefused, "nobody has said that it syncs now")
	c.start(t, 2, true)
	eventually(t, "stored again", func() bool {
		durable.CheckSync(t.Context(), s)
		return s.HandleEvent(t.Context(), newEvent(2)) == nil
	})

	c.stop(1)
	c.stop(2)
	err = c.open(t, durable.Config{Replicas: 3})
	assert.ErrorContains(t, err, "durable: Config.RequireSync: 1 of 3 servers have answered; not: ")

	c = newSyncCluster(t, syncExported, true, false, true)
	err = c.open(t, durable.Config{Replicas: 3})
	assert.ErrorContains(t, err, "these servers do not sync each write: n1;")
}

func TestEmbeddedSatisfiesRequireSync(t *testing.T) {
	t.Parallel()
	open(t, embedded.Config{Config: durable.Config{RequireSync: true}})
}

// A context that ends is not taken for servers that do not sync.
func TestRequireSyncIsCancelled(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := durable.Connect(ctx, connect(t, srv), durable.Config{Payloads: payloads, RequireSync: true})
	require.ErrorIs(t, err, context.Canceled)
}
