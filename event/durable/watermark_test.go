package durable_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// oneShard has all events in one stream.
func oneShard(log *logBuffer) durable.Config {
	return durable.Config{Shards: 1, Logger: log.logger()}
}

// storeMany stores events, from the first number on.
func storeMany(t testing.TB, s *durable.Store, first, n int) {
	t.Helper()
	for i := range n {
		store(t, s, newEvent(first+i))
	}
}

func missing(t testing.TB, s *durable.Store) uint64 {
	t.Helper()
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	return stats.Missing
}

// What is lost while the store is in use is reported with its number, once, and still
// counts after a restart, until it is accepted.
func TestMissingWhileRunning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lose    func(ctx context.Context, js jetstream.JetStream) error
		missing uint64
		where   string
		log     string
	}{
		"a stream is deleted": {
			func(ctx context.Context, js jetstream.JetStream) error { return js.DeleteStream(ctx, "accesshook-0") },
			20, "stream gone 20", `msg="durable: a stream of the store was deleted: it was created again, empty" store=accesshook stream=accesshook-0`,
		},
		"a stream is emptied": {
			func(ctx context.Context, js jetstream.JetStream) error {
				stream, err := js.Stream(ctx, "accesshook-0")
				if err != nil {
					return err
				}
				return stream.Purge(ctx)
			},
			20, "beginning 20", "",
		},
		"an event is deleted": {
			func(ctx context.Context, js jetstream.JetStream) error {
				stream, err := js.Stream(ctx, "accesshook-0")
				if err != nil {
					return err
				}
				return stream.DeleteMsg(ctx, 7)
			},
			1, "interior 1", "",
		},
		"the marks are deleted too": {
			func(ctx context.Context, js jetstream.JetStream) error {
				if err := js.DeleteStream(ctx, "accesshook-marks"); err != nil {
					return err
				}
				return js.DeleteStream(ctx, "accesshook-0")
			},
			20, "stream gone 20", "stream=accesshook-marks",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			var log logBuffer
			s := connectStore(t, srv, oneShard(&log))
			storeMany(t, s, 0, 20)
			marksHave(t, s, 20)
			require.NoError(t, test.lose(t.Context(), s.JetStream()))
			eventually(t, "the loss is reported", func() bool {
				stats, err := s.Stats(t.Context()) // fails while there is no stream
				return err == nil && stats.Missing > 0
			})
			assert.Equal(t, test.missing, missing(t, s))
			want := fmt.Sprintf(`level=ERROR msg="durable: stored events are missing" store=accesshook shard=0 missing=%d where="%s"`, test.missing, test.where)
			eventually(t, "the log says so", func() bool { return strings.Contains(log.String(), want) })
			assert.Contains(t, log.String(), test.log)
			eventually(t, "events are taken", func() bool { return s.HandleEvent(t.Context(), newEvent(100)) == nil })
			marksHave(t, s, 1)
			require.NoError(t, s.Close())

			s = connectStore(t, srv, oneShard(&log))
			assert.Equal(t, test.missing, missing(t, s))
			require.NoError(t, s.AcceptMissing(t.Context()))
			assert.Zero(t, missing(t, s))
			require.NoError(t, s.Close())
			s = connectStore(t, srv, oneShard(&log))
			assert.Zero(t, missing(t, s))
			assert.Equal(t, 1, strings.Count(log.String(), "are missing"), log.String())
		})
	}
}

// marksHave waits until the mark of the only shard is at least at this event.
func marksHave(t *testing.T, s *durable.Store, last uint64) {
	t.Helper()
	eventually(t, "the mark", func() bool { return s.Mark(0) >= last })
}

func TestDeadLettersAreMissing(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	var log logBuffer
	s := connectStore(t, srv, oneShard(&log))
	run(t, s, durable.Consumer{MaxAttempts: 1}, failing)
	storeMany(t, s, 0, 3)
	waitLetters(t, s, 3)
	eventually(t, "the mark", func() bool { return s.MarkOfDead() == 3 })
	require.NoError(t, s.JetStream().DeleteStream(t.Context(), "accesshook-dead"))
	eventually(t, "the log says so", func() bool {
		return strings.Contains(log.String(), `level=ERROR msg="durable: dead letters are missing" store=accesshook missing=3`)
	})
	assert.Equal(t, uint64(3), missing(t, s))
}

// What is lost while no process has the store is reported by the next one. Streams that
// never had a mark are created without a word: another process may only have begun.
func TestMissingAtConnect(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	var log logBuffer
	c := durable.Config{Shards: 4, Logger: log.logger()}
	s := connectStore(t, srv, c)
	js := s.JetStream()
	storeMany(t, s, 0, 100)
	require.NoError(t, s.Close())
	events := make(map[string]uint64)
	for _, name := range []string{"accesshook-1", "accesshook-2"} {
		stream, err := js.Stream(t.Context(), name)
		require.NoError(t, err)
		events[name] = stream.CachedInfo().State.Msgs
		require.NoError(t, js.DeleteStream(t.Context(), name))
	}
	report, err := durable.Check(t.Context(), connect(t, srv), c.With(payloads))
	require.NoError(t, err)
	assert.Equal(t, events["accesshook-1"], report.Shards[1].Missing.StreamGone)
	assert.Equal(t, events["accesshook-1"]+events["accesshook-2"], report.Missing())
	_, err = js.Stream(t.Context(), "accesshook-1")
	require.ErrorIs(t, err, jetstream.ErrStreamNotFound, "Check creates nothing")
	require.NotContains(t, log.String(), "ERROR")

	s = connectStore(t, srv, c)
	assert.Equal(t, report.Missing(), missing(t, s))
	for shard := 1; shard <= 2; shard++ {
		n := events[fmt.Sprintf("accesshook-%d", shard)]
		assert.Contains(t, log.String(), fmt.Sprintf(`are missing" store=accesshook shard=%d missing=%d where="stream gone %d"`, shard, n, n))
	}
	require.NoError(t, s.Close())

	for _, name := range []string{"accesshook-marks", "accesshook-3"} {
		require.NoError(t, js.DeleteStream(t.Context(), name))
	}
	var quiet logBuffer
	c.Logger = quiet.logger()
	s = connectStore(t, srv, c)
	assert.Zero(t, missing(t, s))
	assert.NotContains(t, quiet.String(), "ERROR")
	assert.Contains(t, quiet.String(), "had no high-water marks")
}

// A stream is restored from an older copy and gets other events before anybody looks: the
// time of the marked event tells it from the one that took its place.
func TestReplacedEventsAreMissing(t *testing.T) {
	t.Parallel()
	dir, older := t.TempDir(), filepath.Join(t.TempDir(), "older")
	stream := filepath.Join(dir, "jetstream", "$G", "streams", "accesshook-0")
	var log logBuffer
	srv := startServer(t, dir)
	s := connectStore(t, srv, oneShard(&log))
	storeMany(t, s, 0, 10)
	require.NoError(t, s.Close())
	stop(srv)
	require.NoError(t, os.CopyFS(older, os.DirFS(stream)))

	srv = startServer(t, dir)
	s = connectStore(t, srv, oneShard(&log))
	storeMany(t, s, 10, 7)
	require.NoError(t, s.Close())
	stop(srv)
	require.NoError(t, os.RemoveAll(stream))
	require.NoError(t, os.CopyFS(stream, os.DirFS(older)))

	srv = startServer(t, dir)
	nc := connect(t, srv)
	for range 50 {
		_, err := newJetStream(t, nc).Publish(t.Context(), "accesshook-in.0.relock.session.started", []byte("{}"))
		require.NoError(t, err)
	}
	report, err := durable.Check(t.Context(), nc, oneShard(&log).With(payloads))
	require.NoError(t, err)
	assert.Equal(t, durable.Missing{End: 7}, report.Shards[0].Missing)
	assert.Equal(t, uint64(60), report.Shards[0].Events)
	require.NotContains(t, log.String(), "ERROR")
	s = connectStore(t, srv, oneShard(&log))
	assert.Equal(t, uint64(7), missing(t, s))
	assert.Contains(t, log.String(), `missing=7 where="end 7"`)
}

func stop(srv *server.Server) {
	srv.Shutdown()
	srv.WaitForShutdown()
}

// A server that was killed, and whose file lost its second half, says nothing.
func TestLostHalfOfAServer(t *testing.T) {
	t.Parallel()
	const events = 300
	dir, killed := t.TempDir(), filepath.Join(t.TempDir(), "killed")
	s := connectStore(t, startServer(t, dir), oneShard(new(logBuffer)))
	storeMany(t, s, 0, events)
	marksHave(t, s, events)
	require.NoError(t, os.CopyFS(killed, os.DirFS(dir)))
	name := filepath.Join(killed, "jetstream", "$G", "streams", "accesshook-0", "msgs", "1.blk")
	file, err := os.Stat(name)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(name, file.Size()/2))
	require.NoError(t, os.RemoveAll(filepath.Join(filepath.Dir(name), "index.db")))

	var log logBuffer
	s = connectStore(t, startServer(t, killed), oneShard(&log))
	got := newRecorder()
	require.NoError(t, s.Replay(t.Context(), always, always, durable.Filter{}, got))
	assert.Equal(t, events-len(got.ids()), int(missing(t, s)))
	assert.Greater(t, missing(t, s), uint64(100))
	assert.Contains(t, log.String(), fmt.Sprintf(`shard=0 missing=%d where="end %[1]d"`, missing(t, s)))
}

// A directory that was restored from an older copy is older than a mark file elsewhere.
func TestOlderCopy(t *testing.T) {
	t.Parallel()
	dir, older := t.TempDir(), filepath.Join(t.TempDir(), "store")
	var log logBuffer
	c := embedded.Config{Dir: dir, Config: durable.Config{
		MarkFile: filepath.Join(t.TempDir(), "marks"), Logger: log.logger(), Payloads: payloads,
	}}
	s := open(t, c)
	storeMany(t, s.Store, 0, 40)
	require.NoError(t, s.Close())
	require.NoError(t, os.CopyFS(older, os.DirFS(dir)))
	s = open(t, c)
	storeMany(t, s.Store, 40, 25)
	require.NoError(t, s.Close())
	require.NotContains(t, log.String(), "ERROR")

	c.Dir = older
	report, err := embedded.Check(t.Context(), c)
	require.NoError(t, err)
	assert.True(t, report.Older)
	assert.Equal(t, uint64(25), report.Missing())
	s = open(t, c)
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(25), stats.Missing)
	assert.Contains(t, log.String(), "the store is older than its mark file")
	require.NoError(t, s.AcceptMissing(t.Context()))
	require.NoError(t, s.Close())
	report, err = embedded.Check(t.Context(), c)
	require.NoError(t, err)
	assert.False(t, report.Older)
	assert.Zero(t, report.Missing())

	require.NoError(t, os.RemoveAll(filepath.Join(older, "jetstream")))
	without := c
	without.MarkFile = ""
	s = open(t, without)
	storeMany(t, s.Store, 100, 200)
	require.NoError(t, s.Close())
	report, err = embedded.Check(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, uint64(40), report.Missing(), "another store is in its place")
	s = open(t, c)
	stats, err = s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(40), stats.Missing)
}

// A mark file that cannot be written is no reason to let the store fill up.
func TestMarkFileCannotBeWritten(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	dir := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.Mkdir(dir, 0o700))
	var log logBuffer
	c := oneShard(&log)
	c.MarkFile = filepath.Join(dir, "marks")
	s := connectStore(t, srv, c)
	handled := newRecorder()
	run(t, s, durable.Consumer{}, handled)
	storeMany(t, s, 0, 20)
	handled.wait(t, 20)
	require.NoError(t, os.RemoveAll(dir))
	eventually(t, "purged", func() bool {
		require.NoError(t, s.Purge(t.Context(), 0, true))
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		return stats.Events < 20
	})
	eventually(t, "the log says so", func() bool {
		return strings.Contains(log.String(), `level=WARN msg="durable: the high-water marks cannot be written`)
	})
	require.NoError(t, os.Mkdir(dir, 0o700))
	eventually(t, "it is written again", func() bool {
		_, err := os.Stat(c.MarkFile)
		return err == nil
	})
	assert.Equal(t, 1, strings.Count(log.String(), "cannot be written"))
}

// A server that is full takes no marks. What is finished is deleted nevertheless, or it
// would stay full.
func TestMarksOfAFullServer(t *testing.T) {
	t.Parallel()
	srv, err := server.NewServer(&server.Options{
		ServerName: "test", DontListen: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20,
	})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() { stop(srv) })
	require.True(t, srv.ReadyForConnections(patience))
	var log logBuffer
	s := connectStore(t, srv, durable.Config{Shards: 1, MaxBody: 1, MaxBytes: 1 << 30, Logger: log.logger()})
	limit := func(bytes int64) {
		require.NoError(t, srv.GlobalAccount().UpdateJetStreamLimits(map[string]server.JetStreamAccountLimits{
			"": {MaxMemory: -1, MaxStore: bytes, MaxStreams: -1, MaxConsumers: -1},
		}))
	}
	limit(200_000) // after the streams were created, which must fit
	handled := newRecorder()
	n, size := 0, 9_000
	next := func() error {
		e := newEvent(n)
		e.Reason = strings.Repeat("x", size)
		err := s.HandleEvent(t.Context(), e)
		if err == nil {
			n++
		}
		return err
	}
	for err == nil {
		if err = next(); err != nil && size > 0 {
			size, err = 0, nil // the marks are small too
		}
	}
	require.ErrorIs(t, err, durable.ErrFull)
	eventually(t, "no mark is taken", func() bool { return strings.Contains(log.String(), "marks cannot be written") })
	run(t, s, durable.Consumer{}, handled)
	eventually(t, "room", func() bool { return next() == nil })
	eventually(t, "the marks", func() bool { s.Look(t.Context()); return s.Mark(0) >= uint64(n) })
	assert.Zero(t, missing(t, s))
	require.NoError(t, s.Close())
	limit(-1)
	s = connectStore(t, srv, durable.Config{Shards: 1, MaxBody: 1, Logger: log.logger()})
	assert.Zero(t, missing(t, s))
	assert.NotContains(t, log.String(), "are missing")
}

// Several processes store, purge, and open and close the store at once, and nothing looks
// like a loss.
func TestNoFalseAlarm(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	var log logBuffer
	c := durable.Config{Shards: 2, Logger: log.logger(), DedupeWindow: time.Second}
	deadline := time.Now().Add(6 * time.Second)
	var processes sync.WaitGroup
	for process := range 4 {
		nc := connect(t, srv)
		processes.Go(func() {
			for n := 0; time.Now().Before(deadline); {
				s, err := durable.Connect(context.Background(), nc, c.With(payloads))
				if !assert.NoError(t, err) {
					return
				}
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan error)
				go func() { done <- s.Run(ctx, newRecorder()) }()
				for closed := time.Now().Add(rand.N(3 * time.Second)); time.Now().Before(closed); n++ {
					assert.NoError(t, s.HandleEvent(ctx, newEvent(process*1_000_000+n)))
					if n%50 == 0 {
						_ = s.Purge(ctx, n/50%2, n%100 == 0) // another may have begun
						s.Look(ctx)
					}
				}
				cancel()
				assert.NoError(t, <-done)
				assert.NoError(t, s.Close())
			}
		})
	}
	processes.Wait()
	s := connectStore(t, srv, c)
	assert.Zero(t, missing(t, s))
	assert.NotContains(t, log.String(), "missing=")
	assert.NotContains(t, log.String(), "ERROR")
}
