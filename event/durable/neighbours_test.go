package durable_test

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// A new store beside others may be a mistake in Config.Name.
func TestNewStoreBesideOthersIsLogged(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	names := func() []string {
		names, err := durable.Names(t.Context(), connect(t, srv))
		require.NoError(t, err)
		return names
	}
	assert.Empty(t, names())
	var log logBuffer
	c := durable.Config{Shards: 1, Logger: log.logger()}
	for _, name := range []string{"orders-dead", "orders-attempts", "Shop-dead", "Shop-attempts", "Shop-0"} { // no stores
		_, err := newJetStream(t, connect(t, srv)).CreateStream(t.Context(), jetstream.StreamConfig{Name: name})
		require.NoError(t, err)
	}
	connectStore(t, srv, c)
	c.Name = "b"
	connectStore(t, srv, c)
	assert.Equal(t, []string{"accesshook", "b"}, names())
	c.Name = "a"
	connectStore(t, srv, c)
	connectStore(t, srv, c)
	const says = `level=WARN msg="durable: a new store is created, and there are stores of other names" store=`
	assert.Equal(t, 2, log.count("there are stores of other names"), log.String())
	assert.Contains(t, log.String(), says+"b others=accesshook\n")
	assert.Contains(t, log.String(), says+"a others=accesshook,b\n")
}

// A directory has the store that was created in it. Another one would be empty, without a
// word.
func TestDirectoryHasAnotherStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, embedded.Config{Dir: dir, Config: durable.Config{Name: "shop"}})
	store(t, s, newEvent(1))
	require.NoError(t, s.Close())
	_, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: durable.Config{Payloads: payloads}})
	var m *durable.MismatchError
	require.ErrorAs(t, err, &m)
	require.ErrorIs(t, err, durable.ErrMismatch)
	assert.Equal(t, &durable.MismatchError{Setting: "Name", Was: "shop", Is: "accesshook"}, m)
	assert.Equal(t, `durable: the store was created with other settings: it has the name "shop", and Config.Name is "accesshook"`, err.Error())
	s = open(t, embedded.Config{Dir: dir, Config: durable.Config{Name: "shop"}})
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(1), stats.Events)
	require.NoError(t, s.Close())
	names, err := durable.Names(t.Context(), connect(t, startServer(t, dir)))
	require.NoError(t, err)
	assert.Equal(t, []string{"shop"}, names, "nothing was created")
}

// One copy on a cluster is on one of its servers, which the log names.
func TestOneReplicaOnAClusterIsLogged(t *testing.T) {
	c := newCluster(t)
	nc := c.connect(t)
	var log logBuffer
	config := durable.Config{Payloads: payloads, Shards: 2, Logger: log.logger()}
	open := func() {
		s, err := durable.Connect(t.Context(), nc, config)
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	const says = `level=WARN msg="durable: one server of the cluster keeps each event: whoever loses that server loses its events (Config.Replicas)" store=accesshook cluster=test servers=`
	open()
	assert.Equal(t, 1, log.count(says+"n"), log.String())
	open()
	assert.Equal(t, 2, log.count(says+"n"), "also of a store that exists")
	config.Replicas = 3
	open()
	config.Replicas = 0
	c.leader(t, nc, "accesshook-0")
	c.leader(t, nc, "accesshook-1")
	open()
	assert.Equal(t, 2, log.count(says), log.String())

	// What an operator has changed stays, and nothing follows it.
	js := newJetStream(t, nc)
	editStreams(t, js, func(c *jetstream.StreamConfig) { c.Replicas = 1 }, "accesshook-1")
	open()
	assert.Equal(t, 3, log.count(says))
	assert.Equal(t, 3, streamConfig(t, js, "accesshook-0").Replicas)
	assert.Equal(t, 1, streamConfig(t, js, "accesshook-1").Replicas)
}
