package durable_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

// startWith starts a plain NATS server with these options, which listens on no port unless
// they say so.
func startWith(t testing.TB, o *server.Options) *server.Server {
	t.Helper()
	o.DontListen, o.NoSigs, o.NoLog = o.Port == 0, true, true
	o.JetStream, o.StoreDir, o.MaxPayload = true, t.TempDir(), 8<<20
	srv, err := server.NewServer(o)
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	require.True(t, srv.ReadyForConnections(patience))
	return srv
}

// serveUsers starts a server with the user ops, who may do everything, and the user
// gateway, who may publish what is allowed and not denied.
func serveUsers(t testing.TB, gateway *server.Permissions) *server.Server {
	t.Helper()
	return startWith(t, &server.Options{Users: []*server.User{
		{Username: "ops", Password: "ops"}, {Username: "gateway", Password: "gateway", Permissions: gateway},
	}})
}

func connectAs(t testing.TB, srv *server.Server, user string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(srv), nats.UserInfo(user, user), nats.MaxReconnects(-1))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func denyPublish(subjects ...string) *server.Permissions {
	return &server.Permissions{Publish: &server.SubjectPermission{Allow: []string{">"}, Deny: subjects}}
}

// editStreams changes streams of a store as an operator does.
func editStreams(t testing.TB, js jetstream.JetStream, edit func(*jetstream.StreamConfig), names ...string) {
	t.Helper()
	for _, name := range names {
		stream, err := js.Stream(t.Context(), name)
		require.NoError(t, err)
		c := stream.CachedInfo().Config
		edit(&c)
		_, err = js.UpdateStream(t.Context(), c)
		require.NoError(t, err, name)
	}
}

func streamConfig(t testing.TB, js jetstream.JetStream, name string) jetstream.StreamConfig {
	t.Helper()
	stream, err := js.Stream(t.Context(), name)
	require.NoError(t, err)
	return stream.CachedInfo().Config
}

// What an operator sets stays, is logged once, and needs no permission to change streams.
func TestAnOperatorsSettingsStay(t *testing.T) {
	t.Parallel()
	srv := serveUsers(t, denyPublish("$JS.API.STREAM.UPDATE.>", "$JS.API.STREAM.CREATE.>"))
	base := durable.Config{Payloads: payloads, Shards: 2, MaxBytes: 1 << 30}
	ops := connectAs(t, srv, "ops")
	s, err := durable.Connect(t.Context(), ops, base)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	js := newJetStream(t, ops)
	streams := []string{"accesshook-0", "accesshook-1", "accesshook-dead", "accesshook-attempts"}
	edit := func(c *jetstream.StreamConfig) {
		c.Description = "of the operator"
		c.Compression = jetstream.S2Compression
		c.Metadata["owner"] = "ops"
		c.RePublish = &jetstream.RePublish{Source: ">", Destination: "copy." + c.Name + ".>"}
		c.AllowRollup = true
		c.AllowMsgTTL = true
	}
	editStreams(t, js, edit, streams...)
	editStreams(t, js, func(c *jetstream.StreamConfig) { c.MaxBytes, c.Duplicates = -1, time.Hour }, "accesshook-1")
	editStreams(t, js, func(c *jetstream.StreamConfig) { c.MaxAge, c.MaxBytes = 0, 1<<30 }, "accesshook-attempts")
	before := make(map[string]jetstream.StreamConfig)
	for _, name := range streams {
		before[name] = streamConfig(t, js, name)
	}

	var log logBuffer
	asked := base
	asked.Logger = log.logger()
	asked.MaxBytes = 0
	s, err = durable.Connect(t.Context(), connectAs(t, srv, "gateway"), asked)
	require.NoError(t, err, "nothing is to be changed")
	store(t, s, numbered(10)...)
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Less(t, stats.Fullest, 0.1, "no limit is not full")
	assert.Equal(t, uint64(1<<29), stats.MaxBytes, "of the shards that have a limit")
	require.NoError(t, s.Close())
	for _, name := range streams {
		assert.Equal(t, before[name], streamConfig(t, js, name))
	}
	assert.Equal(t, time.Hour, s.DedupeWindow(), "the least of all shards")
	const all = "accesshook-dead,accesshook-attempts,accesshook-0,accesshook-1"
	assert.Contains(t, log.String(), `level=INFO msg="durable: settings of streams differ from those of a new store, and stay as they are" store=accesshook `+
		"settings.allow_msg_ttl="+all+" settings.allow_rollup_hdrs="+all+" settings.compression="+all+" settings.description="+all+
		" settings.duplicate_window=accesshook-dead,accesshook-0 settings.max_age=accesshook-attempts settings.max_bytes=accesshook-attempts,accesshook-1 settings.metadata="+all+" settings.republish="+all+"\n")

	// What the caller asks for is changed, and nothing else.
	asked.MaxBytes, asked.DedupeWindow, asked.MaxDeadBytes = 2<<30, 3*time.Hour, 1<<29
	_, err = durable.Connect(t.Context(), connectAs(t, srv, "gateway"), asked)
	require.ErrorIs(t, err, nats.ErrPermissionViolation)
	assert.ErrorContains(t, err, "lacks the permission to publish to $JS.API.STREAM.UPDATE.accesshook-dead")
	s, err = durable.Connect(t.Context(), ops, asked)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	for _, name := range streams {
		want := before[name]
		if name != "accesshook-attempts" {
			want.MaxBytes, want.Duplicates = 1<<30, 3*time.Hour
		}
		if name == "accesshook-dead" {
			want.MaxBytes = 1 << 29
		}
		assert.Equal(t, want, streamConfig(t, js, name))
	}
}

// A setting that would break what 200 means is refused, and the text says which and why.
func TestSettingsThatBreakThePromiseAreRefused(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	js := newJetStream(t, connect(t, srv))
	c := durable.Config{Payloads: payloads, Shards: 2}
	connectStore(t, srv, c)
	for name, tt := range map[string]struct {
		stream string
		edit   func(*jetstream.StreamConfig)
		says   string
	}{
		"age":       {"accesshook-1", func(c *jetstream.StreamConfig) { c.MaxAge = 48 * time.Hour }, "stream accesshook-1 has max_age 48h0m0s: the server would delete messages that nobody has finished"},
		"discard":   {"accesshook-0", func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }, `stream accesshook-0 has discard "old": when it is full, the server would delete what it must keep`},
		"retention": {"accesshook-dead", func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy }, `stream accesshook-dead has retention "interest": the server would delete messages by itself`},
		"messages":  {"accesshook-dead", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1000 }, "stream accesshook-dead has max_msgs 1000: the limit of a store is in bytes"},
		"size":      {"accesshook-0", func(c *jetstream.StreamConfig) { c.MaxMsgSize = 1000 }, "stream accesshook-0 has max_msg_size 1000: Config.MaxBody needs messages of that size"},
		"subjects":  {"accesshook-0", func(c *jetstream.StreamConfig) { c.Subjects = append(c.Subjects, "orders\u202e") }, `has subjects ["accesshook-in.0.\u003e","orders\u202e"]: what belongs into it`},
		"direct":    {"accesshook-attempts", func(c *jetstream.StreamConfig) { c.AllowDirect = true }, "stream accesshook-attempts has allow_direct true: servers that lag behind would answer"},
		"records":   {"accesshook-attempts", func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "stream accesshook-attempts has max_age 1h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			good := streamConfig(t, js, tt.stream)
			editStreams(t, js, tt.edit, tt.stream)
			_, err := durable.Connect(t.Context(), connect(t, srv), c)
			require.ErrorIs(t, err, durable.ErrSettings)
			assert.ErrorContains(t, err, tt.says)
			_, err = js.UpdateStream(t.Context(), good)
			require.NoError(t, err)
			connectStore(t, srv, c)
		})
	}

	// All are named at once, up to a limit.
	editStreams(t, js, func(c *jetstream.StreamConfig) { c.MaxAge, c.MaxMsgs, c.NoAck = 24*time.Hour, 5, true }, "accesshook-0", "accesshook-1", "accesshook-dead")
	_, err := durable.Connect(t.Context(), connect(t, srv), c)
	require.ErrorIs(t, err, durable.ErrSettings)
	assert.ErrorContains(t, err, "; stream accesshook-0 has no_ack true: ")
	assert.ErrorContains(t, err, "; and 1 more")
}

// The operator's settings of a consumer stay as well, and what would pass over events is
// set back.
func TestSettingsOfAConsumer(t *testing.T) {
	t.Parallel()
	srv := serveUsers(t, denyPublish("$JS.API.CONSUMER.CREATE.>"))
	ops := connectAs(t, srv, "ops")
	c := durable.Config{Payloads: payloads, Shards: 1}
	s, err := durable.Connect(t.Context(), ops, c)
	require.NoError(t, err)
	defer s.Close()
	got := newRecorder()
	begin := func(nc *nats.Conn) (log *logBuffer, stop func()) {
		log = new(logBuffer)
		c.Logger = log.logger()
		s, err := durable.Connect(t.Context(), nc, c)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		stop = run(t, s, durable.Consumer{}, got)
		store(t, s, newEvent(len(got.ids())))
		got.wait(t, 1)
		return log, stop
	}
	_, stop := begin(ops)
	stop()
	js := newJetStream(t, ops)
	config := func() jetstream.ConsumerConfig {
		consumer, err := js.Consumer(t.Context(), "accesshook-0", durable.DefaultConsumerName)
		require.NoError(t, err)
		return consumer.CachedInfo().Config
	}
	edit := func(change func(*jetstream.ConsumerConfig)) {
		c := config()
		change(&c)
		_, err := js.UpdateConsumer(t.Context(), "accesshook-0", c)
		require.NoError(t, err)
	}
	edit(func(c *jetstream.ConsumerConfig) {
		c.Description, c.SampleFrequency, c.MaxRequestBatch = "of the operator", "10%", 64
		c.Metadata["owner"] = "ops"
	})
	kept := config()
	log, stop := begin(connectAs(t, srv, "gateway")) // who may not change it
	stop()
	assert.Equal(t, kept, config())
	assert.NotContains(t, log.String(), "level=WARN")

	edit(func(c *jetstream.ConsumerConfig) {
		c.MaxDeliver, c.HeadersOnly, c.FilterSubject = 3, true, "accesshook.unloc.>"
		c.BackOff, c.InactiveThreshold = []time.Duration{time.Second, time.Minute}, 10*time.Hour
	})
	log, stop = begin(ops)
	stop()
	assert.Equal(t, kept, config())
	for _, had := range []string{
		`had="max_deliver 3"`, `had="headers_only true"`, `had="filter_subject \"accesshook.unloc.\\u003e\""`, `had="backoff [1000000000,60000000000]"`, `had="inactive_threshold 10h0m0s"`,
	} {
		assert.Contains(t, log.String(), `level=WARN msg="durable: a setting of the consumer is set back: events would be passed over" stream=accesshook-0 consumer=default `+had)
	}
}

// What no update can change is refused, and the text says what to do.
func TestConsumersThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		made jetstream.ConsumerConfig
		says string
	}{
		"new alone":   {jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverNewPolicy}, `deliver_policy "new": it has not begun with the oldest event`},
		"acks of all": {jetstream.ConsumerConfig{AckPolicy: jetstream.AckAllPolicy}, `ack_policy "all": events that nobody has finished`},
		"in memory":   {jetstream.ConsumerConfig{MemoryStorage: true}, "mem_storage true"},
		"push":        {jetstream.ConsumerConfig{DeliverSubject: "there"}, "deliver_subject"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, nc, js := withClient(t, durable.Config{Shards: 1})
			tt.made.Durable = durable.DefaultConsumerName
			if tt.made.DeliverSubject == "" {
				_, err := js.CreateConsumer(t.Context(), "accesshook-0", tt.made)
				require.NoError(t, err)
			} else {
				_, err := js.CreatePushConsumer(t.Context(), "accesshook-0", tt.made)
				require.NoError(t, err)
			}
			err := s.Run(t.Context(), newRecorder())
			require.ErrorIs(t, err, durable.ErrSettings)
			assert.ErrorContains(t, err, "consumer default of shard 0")
			assert.ErrorContains(t, err, tt.says)
			assert.ErrorContains(t, err, "delete it")
			_ = nc
		})
	}
}

// A consumer that somebody has paused stays paused, and the log says until when.
func TestPausedConsumer(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s, _, js := withClient(t, durable.Config{Shards: 1, Logger: log.logger()})
	stop := run(t, s, durable.Consumer{}, newRecorder())
	eventually(t, "the consumer", func() bool {
		_, err := js.Consumer(t.Context(), "accesshook-0", durable.DefaultConsumerName)
		return err == nil
	})
	stop()
	until := time.Now().Add(time.Hour)
	_, err := js.PauseConsumer(t.Context(), "accesshook-0", durable.DefaultConsumerName, until)
	require.NoError(t, err)
	run(t, s, durable.Consumer{}, newRecorder())
	eventually(t, "the log record", func() bool { return log.contains("the consumer is paused") })
	consumer, err := js.Consumer(t.Context(), "accesshook-0", durable.DefaultConsumerName)
	require.NoError(t, err)
	assert.True(t, consumer.CachedInfo().Paused)
}

// The error says which setting differs, and from what.
func TestMismatchSaysWhatDiffers(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	connectStore(t, srv, durable.Config{Shards: 2, Order: durable.OrderByUser})
	js := newJetStream(t, connect(t, srv))
	fails := func(c durable.Config) *durable.MismatchError {
		c.Payloads = payloads
		_, err := durable.Connect(t.Context(), connect(t, srv), c)
		require.ErrorIs(t, err, durable.ErrMismatch)
		var m *durable.MismatchError
		require.ErrorAs(t, err, &m)
		return m
	}
	m := fails(durable.Config{Shards: 3, Order: durable.OrderByUser})
	assert.Equal(t, &durable.MismatchError{Setting: "Shards", Was: "2", Is: "3", Stream: "accesshook-dead"}, m)
	assert.Equal(t, `durable: the store was created with other settings: it has the Shards "2" (stream accesshook-dead), and Config says "3"`, m.Error())
	m = fails(durable.Config{Shards: 2})
	assert.Equal(t, &durable.MismatchError{Setting: "Order", Was: "user", Is: "", Stream: "accesshook-dead"}, m)

	editStreams(t, js, func(c *jetstream.StreamConfig) { c.Metadata["accesshook-schema"] = "99" }, "accesshook-1")
	m = fails(durable.Config{Shards: 2, Order: durable.OrderByUser})
	assert.Equal(t, &durable.MismatchError{Setting: "Schema", Was: "99", Is: "1", Stream: "accesshook-1"}, m)
	assert.ErrorContains(t, m, "another version of this package has written it: stream accesshook-1")

	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "other-dead"})
	require.NoError(t, err)
	m = fails(durable.Config{Name: "other"})
	assert.Equal(t, &durable.MismatchError{Setting: "Name", Is: "other", Stream: "other-dead"}, m)
	assert.ErrorContains(t, m, `stream other-dead is not from this package: choose another Config.Name than "other", or remove the stream`)
}
