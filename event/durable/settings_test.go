package durable_test

import (
	"bytes"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

func TestSettingsOfAnExistingStore(t *testing.T) {
	t.Parallel()
	base := durable.Config{Payloads: payloads, Shards: 3, Order: durable.OrderByUser, Logger: slog.New(slog.DiscardHandler)}
	tests := map[string]struct {
		change   func(*durable.Config)
		mismatch bool
	}{
		"the same":        {func(c *durable.Config) {}, false},
		"more shards":     {func(c *durable.Config) { c.Shards = 4 }, true},
		"fewer shards":    {func(c *durable.Config) { c.Shards = 2 }, true},
		"another order":   {func(c *durable.Config) { c.Order = durable.OrderByLock }, true},
		"no order":        {func(c *durable.Config) { c.Order = durable.OrderNone }, true},
		"less room":       {func(c *durable.Config) { c.MaxBytes = 64 << 20 }, false},
		"more room":       {func(c *durable.Config) { c.MaxBytes = 8 << 30 }, false},
		"dead room":       {func(c *durable.Config) { c.MaxDeadBytes = 8 << 20 }, false},
		"longer window":   {func(c *durable.Config) { c.DedupeWindow = 48 * time.Hour }, false},
		"shorter window":  {func(c *durable.Config) { c.DedupeWindow = time.Hour }, false},
		"longer kept":     {func(c *durable.Config) { c.Retention = 1000 * time.Hour }, false},
		"raw from now on": {func(c *durable.Config) { c.KeepRaw, c.RawKeys = true, rawKeys(keyA) }, false},
		"much more room":  {func(c *durable.Config) { c.MaxBytes, c.MaxDeadBytes = 1<<60, 1<<60 }, false},
		"larger bodies":   {func(c *durable.Config) { c.MaxBody = 4 << 20 }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, embedded.Config{Dir: dir, Config: base})
			store(t, s, newEvent(1))
			require.NoError(t, s.Close())
			c := base
			tt.change(&c)
			changed, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: c})
			if tt.mismatch {
				require.ErrorIs(t, err, durable.ErrMismatch)
				s = open(t, embedded.Config{Dir: dir, Config: base}) // nothing was changed, and nothing is held
				stats, err := s.Stats(t.Context())
				require.NoError(t, err)
				assert.Equal(t, uint64(1), stats.Events)
				return
			}
			require.NoError(t, err)
			defer changed.Close()
			store(t, changed, newEvent(2))
			stats, err := changed.Stats(t.Context())
			require.NoError(t, err)
			if c.MaxBytes > 0 {
				assert.InDelta(t, c.MaxBytes, stats.MaxBytes, float64(c.Shards))
			}
			assert.Equal(t, uint64(2), stats.Events, "the events are still there")
		})
	}
}

// Who only looks at a store, or is started with fewer flags, changes nothing.
func TestSettingsThatAreNotGivenStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := durable.Config{MaxBytes: 100 << 30, MaxDeadBytes: 10 << 30, DedupeWindow: time.Hour}
	s := open(t, embedded.Config{Dir: dir, Config: made})
	store(t, s, newEvent(1))
	require.NoError(t, s.Close())

	var log logBuffer
	s = open(t, embedded.Config{Dir: dir, Config: durable.Config{Logger: log.logger()}})
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, made.MaxBytes, stats.MaxBytes)
	assert.Equal(t, made.DedupeWindow, s.DedupeWindow())
	assert.NotContains(t, log.String(), "a setting of the store changes")
	require.NoError(t, s.Close())

	s = open(t, embedded.Config{Dir: dir, Config: durable.Config{Logger: log.logger(), DedupeWindow: time.Minute, MaxDeadBytes: 20 << 30}})
	assert.Contains(t, log.String(), `level=WARN msg="durable: a setting of the store changes" store=accesshook setting=DedupeWindow was=1h0m0s is=1m0s`)
	assert.Contains(t, log.String(), `level=INFO msg="durable: a setting of the store changes" store=accesshook setting=MaxDeadBytes was=10737418240 is=21474836480`)
	assert.NotContains(t, log.String(), "MaxBytes was=1073")
	stats, err = s.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, made.MaxBytes, stats.MaxBytes)
	require.NoError(t, s.Close())

	// What is kept is checked like what is given.
	s = open(t, embedded.Config{Dir: dir, Config: durable.Config{Logger: log.logger(), MaxBytes: 64 << 20, MaxDeadBytes: 64 << 20}})
	assert.Contains(t, log.String(), "level=WARN msg=\"durable: a setting of the store changes\" store=accesshook setting=MaxBytes was=107374182400 is=67108864")
	require.NoError(t, s.Close())
	_, err = embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: durable.Config{Payloads: payloads, MaxBody: 4 << 20}})
	assert.ErrorContains(t, err, "Config.MaxBytes")
}

// A look at a store with a shorter window must not make it forget.
func TestDuplicatesAreKnownAfterALook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := embedded.Config{Dir: dir, Config: durable.Config{DedupeWindow: 48 * time.Hour}}
	s := open(t, made)
	store(t, s, newEvent(1))
	require.NoError(t, s.Close())
	looks := open(t, embedded.Config{Dir: dir})
	assert.Equal(t, 48*time.Hour, looks.DedupeWindow())
	require.NoError(t, looks.Close())
	s = open(t, made)
	store(t, s, newEvent(1))
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(1), stats.Events)
}

func TestStoresOfOtherNamesAreApart(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	a := connectStore(t, srv, durable.Config{Name: "a", Shards: 2})
	b := connectStore(t, srv, durable.Config{Name: "a-in", Shards: 3, Order: durable.OrderByUser})
	store(t, a, newEvent(1))
	store(t, b, newEvent(1), newEvent(2))
	gotA, gotB := newRecorder(), newRecorder()
	run(t, a, durable.Consumer{}, gotA)
	run(t, b, durable.Consumer{}, gotB)
	gotA.wait(t, 1)
	gotB.wait(t, 2)
	assert.Equal(t, []string{"event-1"}, gotA.ids())
	assert.ElementsMatch(t, []string{"event-1", "event-2"}, gotB.ids())
}

// Whatever the server would delete by itself, it would delete unfinished.
func TestServerDeletesNothingByItself(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	connectStore(t, srv, durable.Config{Shards: 2, MaxBytes: 1 << 30, MaxDeadBytes: 1 << 28, DedupeWindow: 5 * time.Hour})
	js := newJetStream(t, connect(t, srv))
	for name, bytes := range map[string]int64{"accesshook-0": 1 << 29, "accesshook-1": 1 << 29, "accesshook-dead": 1 << 28} {
		stream, err := js.Stream(t.Context(), name)
		require.NoError(t, err)
		c := stream.CachedInfo().Config
		assert.Equal(t, jetstream.DiscardNew, c.Discard, name)
		assert.Equal(t, jetstream.LimitsPolicy, c.Retention, name)
		assert.Equal(t, jetstream.FileStorage, c.Storage, name)
		assert.Equal(t, 5*time.Hour, c.Duplicates, name)
		assert.Equal(t, bytes, c.MaxBytes, name)
		assert.Zero(t, c.MaxAge, name)
		assert.Equal(t, int64(-1), c.MaxMsgs, name)
		assert.Equal(t, int64(-1), c.MaxMsgsPerSubject, name)
		assert.Equal(t, jetstream.DefaultPersistMode, c.PersistMode, name)
	}
}

// A server that bounds deliveries, filters, or forgets a consumer passes over
// events in silence.
func TestServerPassesOverNothing(t *testing.T) {
	t.Parallel()
	for order, pending := range map[durable.Order]int{durable.OrderNone: 10_000, durable.OrderByUser: 1} {
		t.Run(string(order), func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			s := connectStore(t, srv, durable.Config{Shards: 2, Order: order})
			store(t, s, newEvent(1))
			got := newRecorder()
			run(t, s, durable.Consumer{MaxAttempts: 3, Lease: 7 * time.Second}, got)
			got.wait(t, 1)
			js := newJetStream(t, connect(t, srv))
			for _, name := range []string{"accesshook-0", "accesshook-1"} {
				consumer, err := js.Consumer(t.Context(), name, durable.DefaultConsumerName)
				require.NoError(t, err)
				c := consumer.CachedInfo().Config
				assert.Equal(t, -1, c.MaxDeliver, name)
				assert.Equal(t, jetstream.AckExplicitPolicy, c.AckPolicy, name)
				assert.Equal(t, jetstream.DeliverAllPolicy, c.DeliverPolicy, name)
				assert.Equal(t, 7*time.Second, c.AckWait, name)
				assert.Equal(t, pending, c.MaxAckPending, name)
				assert.Empty(t, c.FilterSubject, name)
				assert.Empty(t, c.FilterSubjects, name)
				assert.Zero(t, c.InactiveThreshold, name)
			}
		})
	}
}

// A stream of somebody else's is left as it is.
func TestForeignStreams(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"accesshook-0", "accesshook-3", "accesshook-7", "accesshook-dead", "accesshook-attempts"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			js := newJetStream(t, connect(t, srv))
			_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{"orders.>"}})
			require.NoError(t, err)
			_, err = js.Publish(t.Context(), "orders.1", []byte("x"))
			require.NoError(t, err)
			_, err = durable.Connect(t.Context(), connect(t, srv), durable.Config{Payloads: payloads})
			require.ErrorIs(t, err, durable.ErrMismatch)
			assert.ErrorContains(t, err, name)
			stream, err := js.Stream(t.Context(), name)
			require.NoError(t, err)
			assert.Equal(t, []string{"orders.>"}, stream.CachedInfo().Config.Subjects)
			var names []string
			for name := range js.StreamNames(t.Context()).Name() {
				names = append(names, name)
			}
			assert.Equal(t, []string{name}, names, "nothing was created before the check")
		})
	}
}

// Of two processes that create a store at once one is first: the other finds what
// that one made, as if it had begun later.
func TestTwoThatCreateAtOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		second   durable.Config
		mismatch bool
		log      string
	}{
		"the same": {durable.Config{Shards: 2}, false, ""},
		"shards":   {durable.Config{Shards: 3}, true, ""},
		"order":    {durable.Config{Shards: 2, Order: durable.OrderByUser}, true, ""},
		"room":     {durable.Config{Shards: 2, MaxBytes: 1 << 30}, false, "setting=MaxBytes was=2147483648 is=1073741824"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			door := &slowCreator{server: srv, creates: make(chan struct{}), goOn: make(chan struct{})}
			nc, err := nats.Connect("", nats.InProcessServer(door))
			require.NoError(t, err)
			defer nc.Close()
			var log logBuffer
			tt.second.Payloads, tt.second.Logger = payloads, log.logger()
			second := make(chan error, 1)
			go func() {
				_, err := durable.Connect(t.Context(), nc, tt.second)
				second <- err
			}()
			<-door.creates // it found nothing
			first := durable.Config{Payloads: payloads, Shards: 2, MaxBytes: 2 << 30}
			connectStore(t, srv, first)
			close(door.goOn)
			if err := <-second; tt.mismatch {
				require.ErrorIs(t, err, durable.ErrMismatch)
			} else {
				require.NoError(t, err)
			}
			if tt.log == "" {
				assert.Empty(t, log.String())
			}
			assert.Contains(t, log.String(), tt.log)
			first.MaxBytes = 0
			connectStore(t, srv, first) // nobody is locked out
		})
	}
}

// A slowCreator is a way to a server for one who waits before it creates a stream.
type slowCreator struct {
	server        *server.Server
	once          sync.Once
	creates, goOn chan struct{}
}

// InProcessConn implements nats.InProcessConnProvider.
func (s *slowCreator) InProcessConn() (net.Conn, error) {
	conn, err := s.server.InProcessConn()
	return &slowCreation{conn, s}, err
}

type slowCreation struct {
	net.Conn
	s *slowCreator
}

func (c *slowCreation) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("$JS.API.STREAM.CREATE")) || bytes.Contains(b, []byte("$JS.API.STREAM.UPDATE")) {
		c.s.once.Do(func() {
			close(c.s.creates)
			<-c.s.goOn
		})
	}
	return c.Conn.Write(b)
}

// Who connects to a cluster does not link a server.
func TestNoServerIsLinked(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	deps := strings.Fields(string(out))
	assert.Contains(t, deps, "github.com/nats-io/nats.go")
	for _, d := range deps {
		assert.NotContains(t, d, "nats-server")
		assert.NotContains(t, d, "durable/embedded")
	}
	out, err = exec.Command("go", "list", "-deps", "./embedded").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "github.com/nats-io/nats-server/v2/server\n", "the list shows a server")
}

// The room that a store has is enough for larger events, though the default is not.
func TestRoomThatIsNotGivenIsThatOfTheStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := durable.Config{MaxBody: 128 << 20, MaxBytes: 64 << 30, MaxDeadBytes: 4 << 30}
	require.NoError(t, open(t, embedded.Config{Dir: dir, Config: large}).Close())
	s := open(t, embedded.Config{Dir: dir, Config: durable.Config{MaxBody: large.MaxBody}})
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, large.MaxBytes, stats.MaxBytes)
	require.NoError(t, s.Close())

	_, err = embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Config: durable.Config{Payloads: payloads, MaxBody: large.MaxBody}})
	assert.ErrorContains(t, err, "Config.MaxDeadBytes", "a new store has the default")
}
