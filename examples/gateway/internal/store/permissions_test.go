package store

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/relock"
)

// A syncBuffer is a log that a test reads while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// startPermitted starts a server that includes the file of permissions.
func startPermitted(t *testing.T) (*natsd.Server, *natsd.Permissions) {
	t.Helper()
	file, err := filepath.Abs("../../nats-permissions.conf")
	require.NoError(t, err)
	dir := t.TempDir()
	file, err = filepath.Rel(dir, file) // the server takes no other
	require.NoError(t, err)
	config := filepath.Join(dir, "nats.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
		listen: "127.0.0.1:-1"
		max_payload: 8MB
		jetstream { store_dir: %q, sync_interval: always }
		system_account: SYS
		accounts {
			SYS { exports: [{service: "$SYS.REQ.SERVER.PING.JSZ", response_type: stream, accounts: [SHOP]}] }
			SHOP {
				jetstream: enabled
				include %q
				users: [{user: gateway, password: gateway, permissions: $ACCESSHOOK}, {user: ops, password: ops}]
				imports: [{service: {account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ"}}]
			}
		}`, t.TempDir(), file), 0o600))
	o, err := natsd.ProcessConfigFile(config)
	require.NoError(t, err)
	o.NoSigs, o.NoLog = true, true
	server, err := natsd.NewServer(o)
	require.NoError(t, err)
	server.Start()
	t.Cleanup(server.Shutdown)
	require.True(t, server.ReadyForConnections(2*time.Minute))
	i := slices.IndexFunc(o.Users, func(u *natsd.User) bool { return u.Username == "gateway" })
	require.GreaterOrEqual(t, i, 0)
	return server, o.Users[i].Permissions
}

// unused are permissions that a store does not use in this test.
var unused = []string{
	"$JS.API.STREAM.UPDATE.accesshook-attempts", "$JS.API.STREAM.UPDATE.accesshook-marks", // for -replicas
	"$JS.API.INFO", // only if a limit is reached
}

// A store lives its whole life with the permissions of the file, and uses all of them.
func TestPermissionsAreEnoughAndNotTooMany(t *testing.T) {
	server, permissions := startPermitted(t)
	url := strings.Replace(server.ClientURL(), "://", "://%[1]s:%[1]s@", 1)
	ops, err := nats.Connect(fmt.Sprintf(url, "ops"))
	require.NoError(t, err)
	defer ops.Close()
	var mu sync.Mutex
	subjects := make(map[string]bool) // that somebody published to
	all, err := ops.Subscribe(">", func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		subjects[m.Subject] = true
	})
	require.NoError(t, err)
	require.NoError(t, ops.Flush())

	var log syncBuffer
	var fails sync.Map // IDs of events whose callbacks fail
	c := Config{NATS: fmt.Sprintf(url, "gateway"), Durable: testConfig(), Log: slog.New(slog.NewTextHandler(&log, nil))}
	c.Durable.Logger = c.Log
	c.Durable.RequireSync = true
	c.Consumer = durable.Consumer{MaxAttempts: 2, Delay: time.Millisecond, Timeout: time.Minute}
	c.Callbacks = event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		if _, ok := fails.Load(e.ID); ok {
			return errFails
		}
		return nil
	})
	var sent atomic.Int64
	send := event.HandlerFunc(func(context.Context, *event.Event) error { sent.Add(1); return nil })
	c.Sinks = []Sink{{
		Consumer: durable.Consumer{Name: "sink-hec", Workers: 2}, Handler: send, Retry: send,
		GaveUp: func(*event.Event, error) {}, End: func() {},
	}}
	open := func() *Store {
		s, err := Open(t.Context(), c)
		require.NoError(t, err)
		return s
	}
	violated := func() bool { return strings.Contains(strings.ToLower(log.String()), "permission") }
	eventually := func(what string, s *Store, ok func(durable.Stats) bool) {
		t.Helper()
		require.Eventually(t, func() bool {
			stats, err := s.Stats(t.Context())
			return err == nil && ok(stats) || violated()
		}, 2*time.Minute, 10*time.Millisecond, what)
		require.False(t, violated(), log.String())
	}
	newEvent := func(n int) *event.Event {
		return &event.Event{Vendor: relock.Vendor, Source: relock.Vendor, ID: fmt.Sprint("e-", n), Type: event.SessionEnded, Reason: "first"}
	}

	const events = 100 // some for each shard
	s := open()
	for n := range events {
		require.NoError(t, s.HandleEvent(t.Context(), newEvent(n)))
		again := newEvent(n)
		again.Reason = "another content"
		require.NoError(t, s.HandleEvent(t.Context(), again))
	}
	fails.Store("e-1", true)
	fails.Store("e-2", true)
	s.Start(func(err error) { assert.NoError(t, err) })
	eventually("dead letters", s, func(stats durable.Stats) bool {
		return stats.Dead == 2 && stats.Consumers[durable.DefaultConsumerName] == durable.ConsumerStats{} &&
			stats.Consumers["sink-hec"] == durable.ConsumerStats{}
	})
	assert.EqualValues(t, events, sent.Load())
	require.NoError(t, s.Ready())
	letters, err := s.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, letters, 2)
	fails.Clear()
	require.NoError(t, s.Retry(t.Context(), letters[0].Number))
	require.NoError(t, s.Drop(t.Context(), letters[1].Number))
	replayed := 0
	require.NoError(t, s.Replay(t.Context(), time.Time{}, time.Time{}, durable.Filter{}, event.HandlerFunc(func(context.Context, *event.Event) error {
		replayed++
		return nil
	})))
	assert.Equal(t, events, replayed)
	require.NoError(t, s.Finish(t.Context()))

	// The next start changes a setting, and purges.
	c.Durable.DedupeWindow = 100 * time.Millisecond
	s = open()
	s.Start(func(err error) { assert.NoError(t, err) })
	eventually("purge", s, func(stats durable.Stats) bool { return stats.Events == 0 })
	require.NoError(t, s.Finish(t.Context()))
	c.Sinks = nil
	s = open()
	abandoned, err := s.Abandoned(t.Context(), "sink-")
	require.NoError(t, err)
	assert.Equal(t, []string{"sink-hec"}, abandoned)
	require.NoError(t, s.Close())
	require.NoError(t, Forget(t.Context(), c, "sink-hec"))
	s = open()
	require.NoError(t, s.DeleteConsumer(t.Context(), durable.DefaultConsumerName))
	require.NoError(t, s.Close())

	assert.False(t, violated(), log.String())
	require.NoError(t, ops.Flush())
	require.Eventually(t, func() bool { waiting, _, _ := all.Pending(); return waiting == 0 }, 2*time.Minute, time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	for _, allowed := range permissions.Publish.Allow {
		used := slices.ContainsFunc(slices.Collect(maps.Keys(subjects)), func(subject string) bool {
			return natsd.SubjectsCollide(subject, allowed)
		})
		excused := slices.ContainsFunc(unused, func(u string) bool { return strings.HasSuffix(allowed, u) })
		assert.NotEqual(t, used, excused, "%s: used %t", allowed, used)
	}
	for subject := range subjects {
		if strings.HasPrefix(subject, "_INBOX.") {
			assert.True(t, strings.HasPrefix(subject, inboxPrefix+"."), subject)
		}
	}
}
