package durable_test

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
)

// Without a permission a server does not answer. The error names it, and does not come
// from a timeout.
func TestConnectNamesThePermission(t *testing.T) {
	t.Parallel()
	inbox := &server.Permissions{Subscribe: &server.SubjectPermission{Allow: []string{"orders.>"}}}
	for name, tt := range map[string]struct {
		permissions *server.Permissions
		says        string
	}{
		"look":      {denyPublish("$JS.API.STREAM.INFO.accesshook-1"), "publish to $JS.API.STREAM.INFO.accesshook-1"},
		"create":    {denyPublish("$JS.API.STREAM.CREATE.accesshook-0"), "publish to $JS.API.STREAM.CREATE.accesshook-0"},
		"answers":   {inbox, "subscribe to _INBOX."},
		"list":      {denyPublish("$JS.API.STREAM.NAMES"), ""},
		"account":   {denyPublish("$JS.API.INFO"), ""},
		"all we do": {denyPublish("$JS.API.>"), "publish to $JS.API.STREAM.INFO.accesshook-dead"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := serveUsers(t, tt.permissions)
			s, err := durable.Connect(t.Context(), connectAs(t, srv, "gateway"), durable.Config{Payloads: payloads, Shards: 2})
			if tt.says == "" {
				require.NoError(t, err, "it is not needed")
				require.NoError(t, s.Close())
				return
			}
			require.ErrorIs(t, err, nats.ErrPermissionViolation)
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorContains(t, err, "the user of the NATS connection lacks the permission to "+tt.says)
		})
	}
}

// serveStore returns a store of a user with these permissions, which another user has made.
func serveStore(t *testing.T, p *server.Permissions, c durable.Config) *durable.Store {
	t.Helper()
	srv := serveUsers(t, p)
	c.Payloads, c.Shards = payloads, 1
	made, err := durable.Connect(t.Context(), connectAs(t, srv, "ops"), c)
	require.NoError(t, err)
	require.NoError(t, made.Close())
	s, err := durable.Connect(t.Context(), connectAs(t, srv, "gateway"), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestRunNamesThePermission(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{
		"$JS.API.CONSUMER.INFO.accesshook-0.default", "$JS.API.CONSUMER.CREATE.accesshook-0.default",
	} {
		t.Run(subject, func(t *testing.T) {
			t.Parallel()
			s := serveStore(t, denyPublish(subject), durable.Config{})
			err := s.Run(t.Context(), newRecorder())
			require.ErrorIs(t, err, nats.ErrPermissionViolation)
			assert.ErrorContains(t, err, "lacks the permission to publish to "+subject)
		})
	}
}

// Nor is a sender kept waiting, and the answer is another than if the store were away.
func TestHandleEventNamesThePermission(t *testing.T) {
	t.Parallel()
	s := serveStore(t, denyPublish("accesshook-in.>"), durable.Config{})
	for range 2 {
		err := s.HandleEvent(t.Context(), newEvent(1))
		require.ErrorIs(t, err, durable.ErrRefused)
		require.ErrorIs(t, err, nats.ErrPermissionViolation)
		assert.ErrorContains(t, err, "lacks the permission to publish to accesshook-in.0.relock.session.started")
		_, unavailable := event.IsUnavailable(err)
		assert.True(t, unavailable)
	}
}

// What waits for no answer fails in silence: the log says why.
func TestPermissionsThatFailInSilenceAreLogged(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ denied, says string }{
		"fetch": {"$JS.API.CONSUMER.MSG.NEXT.>", "$JS.API.CONSUMER.MSG.NEXT.accesshook-0.default"},
		"ack":   {"$JS.ACK.>", "$JS.ACK.accesshook-0.default.1.1.1."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			s := serveStore(t, denyPublish(tt.denied), durable.Config{Logger: log.logger()})
			store(t, s, newEvent(1))
			run(t, s, durable.Consumer{}, newRecorder())
			eventually(t, "the log record", func() bool {
				return log.contains(`level=ERROR msg="durable: a permission is missing" store=accesshook error="the user of the NATS connection lacks the permission to publish to ` + tt.says)
			})
		})
	}
}

// parseConfig returns the options of a configuration file.
func parseConfig(t testing.TB, text string) *server.Options {
	t.Helper()
	file := filepath.Join(t.TempDir(), "server.conf")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	o, err := server.ProcessConfigFile(file)
	require.NoError(t, err)
	return o
}

// startConfig starts a server with a configuration file, which listens on no port.
func startConfig(t testing.TB, text string) *server.Server {
	t.Helper()
	o := parseConfig(t, text)
	o.Port = 0
	return startWith(t, o)
}

// The error says how much the store needs, and how much the account has.
func TestConnectNamesTheAmount(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ limits, says, deny string }{
		"bytes":             {"max_file: 1G", "the account may have 1000000000 bytes, of which 336592896 are reserved", ""},
		"streams":           {"max_streams: 3", "the account may have 3 streams, of which it has 3", ""},
		"bytes of a stream": {"disk_max_stream_bytes: 1G, max_file: 1T", "1000000000 bytes for one stream", ""},
		"not known":         {"max_file: 1G", "what the account may have is not known: the user of the NATS connection lacks the permission to publish to $JS.API.INFO", "$JS.API.INFO"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startConfig(t, `accounts { A {
				jetstream { `+tt.limits+` }
				users = [{user: gateway, password: gateway, permissions: {publish: {allow: ">", deny: ["x", "`+cmp.Or(tt.deny, "y")+`"]}}}]
			} }`)
			_, err := durable.Connect(t.Context(), connectAs(t, srv, "gateway"), durable.Config{Payloads: payloads, Shards: 2})
			require.Error(t, err)
			assert.ErrorContains(t, err, "the store needs 5 streams with 4631560192 bytes (Config.MaxBytes 4294967296, MaxDeadBytes 268435456, the rest for records) on each of 1 servers; ")
			assert.ErrorContains(t, err, tt.says)
		})
	}
}

func TestConnectSaysThatJetStreamIsOff(t *testing.T) {
	t.Parallel()
	srv := startConfig(t, `accounts { A { users = [{user: gateway, password: gateway}] }, B { jetstream: enabled } }`)
	_, err := durable.Connect(t.Context(), connectAs(t, srv, "gateway"), durable.Config{Payloads: payloads})
	assert.ErrorContains(t, err, "JetStream not enabled for account")

	off, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true})
	require.NoError(t, err)
	off.Start()
	defer off.Shutdown()
	_, err = durable.Connect(t.Context(), connect(t, off), durable.Config{Payloads: payloads, MaxBody: 1000})
	assert.ErrorContains(t, err, "JetStream is not enabled")
}
