//go:build linux

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/relock"
)

// The commit log is tested on any file system.
func init() {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(os.TempDir(), &fs); err != nil {
		panic(err)
	}
	orderedRename[uint32(fs.Type)] = true
}

func openDir(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Dir: dir, Config: durable.Config{
		Shards:   2,
		Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode},
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// send stores events from eight senders, and returns the IDs of those that were answered.
func send(t *testing.T, s *Store, prefix string, n int) (answered []string) {
	t.Helper()
	var mu sync.Mutex
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			for i := range n / 8 {
				e := &event.Event{ID: fmt.Sprintf("%s-%d-%d", prefix, sender, i), Vendor: relock.Vendor, Type: event.SessionStarted}
				if assert.NoError(t, s.HandleEvent(t.Context(), e)) {
					mu.Lock()
					answered = append(answered, e.ID)
					mu.Unlock()
				}
			}
		})
	}
	senders.Wait()
	return answered
}

// handled returns how often the events of s are handled, of which there are n.
func handled(t *testing.T, s *Store, n int) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	counts := make(map[string]int)
	require.NoError(t, s.Run(ctx, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		mu.Lock()
		defer mu.Unlock()
		if counts[e.ID]++; len(counts) == n {
			cancel()
		}
		return nil
	})))
	return counts
}

// afterPowerFailure copies the directory of s as the disk has it if only what was synced
// is on it: of the server's files what the log has synced, and the log. What consumers
// have acknowledged happens to be on it too.
func afterPowerFailure(t *testing.T, s *Store) string {
	t.Helper()
	l := s.engine.commits
	l.file.Lock()
	defer l.file.Unlock()
	l.waitFree()
	to := t.TempDir()
	require.NoError(t, filepath.WalkDir(l.dir, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		require.NoError(t, err)
		rest, err := filepath.Rel(l.dir, name)
		require.NoError(t, err)
		synced, ok := l.tree.files[name]
		whole := strings.HasPrefix(rest, logFile) || filepath.Base(rest) == consumerState
		switch {
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rest), 0o700)
		case !ok && !whole:
			return nil
		}
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		require.NoError(t, err)
		if !whole {
			b = b[:min(int64(len(b)), synced.size)]
		}
		return os.WriteFile(filepath.Join(to, rest), b, 0o600)
	}))
	return to
}

// consumerState is the name of the file of what a consumer has acknowledged.
const consumerState = "o.dat"

func consumerStates(t *testing.T, s *Store) [2]string {
	t.Helper()
	var states [2]string
	for shard := range states {
		files, err := filepath.Glob(filepath.Join(s.engine.commits.dir, "jetstream/*/streams", fmt.Sprintf("%s-%d", durable.DefaultName, shard), "obs/*", consumerState))
		require.NoError(t, err)
		for _, name := range files {
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			states[shard] += string(b)
		}
	}
	return states
}

func TestPowerFailure(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int64
	}{
		{"one segment", segmentSize},
		{"many segments", 16 << 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := openDir(t, t.TempDir())
			s.engine.commits.limit = test.limit
			answered := send(t, s, "before", 400)

			again := openDir(t, afterPowerFailure(t, s))
			answered = append(answered, send(t, again, "after", 40)...)
			counts := handled(t, again, len(answered))
			assert.Len(t, counts, len(answered))
			for _, id := range answered {
				assert.Equal(t, 1, counts[id], id)
			}
		})
	}
}

// What was handled before a power failure may come again. What was not, must come, though
// the consumer has acknowledged the sequences that it gets now.
func TestPowerFailureAfterEventsWereHandled(t *testing.T) {
	s := openDir(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	var count atomic.Int64
	ended := make(chan error)
	go func() {
		ended <- s.Run(ctx, event.HandlerFunc(func(context.Context, *event.Event) error {
			count.Add(1)
			return nil
		}))
	}()
	var before [2]string
	for i := range 2 { // the first has the consumer exist
		send(t, s, fmt.Sprint("handled ", i), 80)
		require.Eventually(t, func() bool {
			now := consumerStates(t, s)
			return count.Load() == 80*int64(i+1) && now[0] != before[0] && now[1] != before[1]
		}, time.Minute, 10*time.Millisecond)
		before = consumerStates(t, s)
	}
	cancel()
	require.NoError(t, <-ended)
	second := send(t, s, "second", 80)

	again := openDir(t, afterPowerFailure(t, s))
	seen := make(chan string, 1000)
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	go again.Run(ctx, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		seen <- e.ID
		return nil
	}))
	missing := make(map[string]bool)
	for _, id := range second {
		missing[id] = true
	}
	for len(missing) > 0 {
		select {
		case id := <-seen:
			delete(missing, id)
		case <-time.After(time.Minute):
			require.FailNow(t, "events are lost", "%v", missing)
		}
	}
}

// A second failure while the events are stored again loses none.
func TestPowerFailureTwice(t *testing.T) {
	s := openDir(t, t.TempDir())
	answered := send(t, s, "before", 160)
	dir := afterPowerFailure(t, s)

	e, err := newEngine(Config{Dir: dir}, 1<<20, s.log)
	require.NoError(t, err)
	srv, err := server.NewServer(&e.options)
	require.NoError(t, err)
	srv.Start()
	require.True(t, srv.ReadyForConnections(startWait))
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	require.NoError(t, err)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	missing, _, err := findMissing(t.Context(), js, e.commits)
	require.NoError(t, err)
	require.Len(t, missing, len(answered))
	for _, c := range missing[:100] {
		_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: c.Subject, Header: c.Header, Data: c.Data})
		require.NoError(t, err)
	}
	nc.Close()
	stopServer(srv)
	require.NoError(t, e.commits.close())

	assert.Len(t, handled(t, openDir(t, dir), len(answered)), len(answered))
}

// A dead letter is on the disk before its event is acknowledged.
func TestPowerFailureAfterADeadLetter(t *testing.T) {
	s := openDir(t, t.TempDir())
	send(t, s, "event", 8)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var buried atomic.Int64
	require.NoError(t, s.Consumer(durable.Consumer{Observe: func(context.Context, durable.Attempt) {
		if buried.Add(1) == 8 {
			cancel()
		}
	}}).Run(ctx, event.HandlerFunc(func(context.Context, *event.Event) error {
		return event.Permanent(errors.New("no"))
	})))
	again := openDir(t, afterPowerFailure(t, s))
	stats, err := again.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 8, stats.Dead)
}

// A log that cannot be written answers nobody 200, and works again once the server has
// been started again.
func TestCommitLogFails(t *testing.T) {
	s := openDir(t, t.TempDir())
	answered := send(t, s, "before", 8)
	l := s.engine.commits
	l.file.Lock()
	l.err = errors.New("the disk fails")
	l.file.Unlock()
	e := &event.Event{ID: "later", Vendor: relock.Vendor, Type: event.SessionStarted}
	require.ErrorIs(t, s.HandleEvent(t.Context(), e), durable.ErrNoAnswer)
	require.Eventually(t, func() bool { return s.HandleEvent(t.Context(), e) == nil }, time.Minute, 10*time.Millisecond)
	assert.Len(t, handled(t, s, len(answered)+1), len(answered)+1)
}

// A record that is not whole, or of an older use of the file, is the end.
func TestSegmentEnds(t *testing.T) {
	name := filepath.Join(t.TempDir(), "segment")
	s, err := openSegment(name)
	require.NoError(t, err)
	defer s.f.Close()
	record := func(n uint64) []byte {
		b, err := committed{Stream: "s", Sequence: n, Data: []byte("data")}.encode()
		require.NoError(t, err)
		return b
	}
	sequences := func() (got []uint64) {
		require.NoError(t, s.read(func(c committed) error {
			assert.Equal(t, "data", string(c.Data))
			got = append(got, c.Sequence)
			return nil
		}))
		return got
	}
	require.NoError(t, s.reset(1))
	require.NoError(t, s.append([][]byte{record(1), record(2), record(3)}))
	assert.Equal(t, []uint64{1, 2, 3}, sequences())

	require.NoError(t, s.reset(2))
	require.NoError(t, s.append([][]byte{record(4)}))
	assert.Equal(t, []uint64{4}, sequences(), "the rest is older")

	require.NoError(t, s.append([][]byte{record(5)}))
	_, err = s.f.WriteAt([]byte{'D'}, s.end-1)
	require.NoError(t, err)
	assert.Equal(t, []uint64{4}, sequences(), "the last byte is not what was written")

	require.NoError(t, s.f.Truncate(s.end-2))
	assert.Equal(t, []uint64{4}, sequences(), "the file is short")
}

// A directory that was closed leaves an empty log: a later start does not look for events
// that were dropped long ago.
func TestCloseEmptiesTheLog(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir)
	send(t, s, "before", 16)
	require.NoError(t, s.Close())
	l, err := openCommitLog(dir)
	require.NoError(t, err)
	require.NoError(t, l.read(func(c committed) error {
		assert.Fail(t, "a message is left", c.Subject)
		return nil
	}))
	require.NoError(t, l.close())
}

// Where a file that replaces another one may be empty after a power failure, the server
// syncs each write.
func TestOtherFileSystem(t *testing.T) {
	known := orderedRename
	orderedRename = nil
	defer func() { orderedRename = known }()
	s := openRelock(t)
	assert.Nil(t, s.engine.commits)
	assert.True(t, s.engine.server.JetStreamConfig().SyncAlways)
	send(t, s, "event", 8)
}
