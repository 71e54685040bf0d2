package durable_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

var always = time.Time{}

func replayed(t testing.TB, s *durable.Store, from, to time.Time, f durable.Filter) []string {
	t.Helper()
	got := newRecorder()
	require.NoError(t, s.Replay(t.Context(), from, to, f, got))
	return got.ids()
}

// storedAt returns when the event was stored.
func storedAt(t testing.TB, js jetstream.JetStream, shards int, id string) time.Time {
	t.Helper()
	for shard := range shards {
		stream, err := js.Stream(t.Context(), fmt.Sprintf("accesshook-%d", shard))
		require.NoError(t, err)
		state := stream.CachedInfo().State
		for n := state.FirstSeq; n <= state.LastSeq && state.Msgs > 0; n++ {
			m, err := stream.GetMsg(t.Context(), n)
			require.NoError(t, err)
			if regexp.MustCompile(`"id":"` + id + `"`).Match(m.Data) {
				return m.Time
			}
		}
	}
	require.FailNow(t, "it is not stored", id)
	return time.Time{}
}

func TestReplayInTheOrderOfStoring(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	events := numbered(200)
	store(t, s, events...)
	assert.Equal(t, idsOf(events), replayed(t, s.Store, always, always, durable.Filter{}))
	assert.Equal(t, idsOf(events), replayed(t, s.Store, always, time.Now().Add(time.Hour), durable.Filter{}))
}

func TestReplayWindow(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 3})
	js := newJetStream(t, connect(t, srv))
	events := numbered(10)
	store(t, s, events...)
	at := func(n int) time.Time { return storedAt(t, js, 3, events[n].ID) }
	ids := idsOf(events)
	tests := map[string]struct {
		from, to time.Time
		want     []string
	}{
		"from one":        {at(4), always, ids[4:]},
		"just after it":   {at(4).Add(1), always, ids[5:]},
		"before one":      {always, at(4), ids[:4]},
		"one":             {at(4), at(5), ids[4:5]},
		"some":            {at(2), at(7).Add(1), ids[2:8]},
		"none":            {at(4), at(4), nil},
		"the wrong way":   {at(5), at(4), nil},
		"the future":      {time.Now().Add(time.Hour), always, nil},
		"the future's to": {time.Now().Add(time.Hour), time.Now().Add(2 * time.Hour), nil},
		"long ago":        {always, at(0), nil},
		"another zone":    {at(4).In(time.FixedZone("", 5*60*60)), always, ids[4:]},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, replayed(t, s, tt.from, tt.to, durable.Filter{}))
		})
	}
}

// A server whose clock is ahead stores in the future of this process.
func TestReplayFromAServerThatIsAhead(t *testing.T) {
	t.Parallel()
	nc, err := nats.Connect("", nats.InProcessServer(&ahead{startServer(t, t.TempDir())}))
	require.NoError(t, err)
	defer nc.Close()
	s, err := durable.Connect(t.Context(), nc, durable.Config{Payloads: payloads})
	require.NoError(t, err)
	defer s.Close()
	events := numbered(20)
	store(t, s, events...)
	assert.Empty(t, replayed(t, s, always, time.Now().Add(time.Hour), durable.Filter{}), "it is ahead")
	assert.Equal(t, idsOf(events), replayed(t, s, always, always, durable.Filter{}))
}

// An ahead is a way to a server that gives out events as stored many years later.
type ahead struct{ *server.Server }

// InProcessConn implements nats.InProcessConnProvider.
func (a *ahead) InProcessConn() (net.Conn, error) {
	conn, err := a.Server.InProcessConn()
	return &aheadConn{Conn: conn, lines: bufio.NewReader(conn)}, err
}

type aheadConn struct {
	net.Conn
	lines *bufio.Reader
	line  []byte
}

// storedPart are the parts of an acknowledgement subject with the nanoseconds of
// the time, of which the first digit is changed.
var storedPart = regexp.MustCompile(`(\$JS\.ACK\.accesshook-\d\.\w+\.1\.\d+\.\d+\.)\d(\d{18}\.\d+)`)

func (c *aheadConn) Read(b []byte) (n int, err error) {
	if len(c.line) == 0 {
		line, err := c.lines.ReadBytes('\n') // whatever the server sends ends with one
		if c.line = storedPart.ReplaceAll(line, []byte("${1}4${2}")); err != nil {
			return 0, err
		}
	}
	n = copy(b, c.line)
	c.line = c.line[n:]
	return n, nil
}

func TestReplayFilter(t *testing.T) {
	t.Parallel()
	p := maps.Clone(payloads)
	p["acme"] = nil
	s := open(t, embedded.Config{Config: durable.Config{Payloads: p}})
	var all []string
	for i, e := range []struct {
		vendor string
		typ    event.Type
	}{
		{"relock", "session.started"}, {"relock", "session.ended"}, {"relock", "sessions.x"}, {"userlock", "session.started"},
		{"userlock", "authentication.failed"}, {"unloc", "lock.unlocked"}, {"unloc", "unknown"}, {"unloc", "tür"}, {"acme", "session.started.again"},
	} {
		ev := newEvent(i)
		ev.ID = fmt.Sprint(e.vendor, " ", e.typ)
		ev.Vendor, ev.Type = e.vendor, e.typ
		store(t, s, ev)
		all = append(all, ev.ID)
	}
	tests := map[string]struct {
		f    durable.Filter
		want []string
	}{
		"all":                {durable.Filter{}, all},
		"star":               {durable.Filter{Type: "*"}, all},
		"vendor":             {durable.Filter{Vendor: "relock"}, all[:3]},
		"type":               {durable.Filter{Type: "session.started"}, []string{all[0], all[3]}},
		"family":             {durable.Filter{Type: "session.*"}, []string{all[0], all[1], all[3], all[8]}},
		"smaller family":     {durable.Filter{Type: "session.started.*"}, []string{all[8]}},
		"vendor and type":    {durable.Filter{Vendor: "userlock", Type: "session.started"}, []string{all[3]}},
		"vendor and family":  {durable.Filter{Vendor: "relock", Type: "session.*"}, all[:2]},
		"unknown":            {durable.Filter{Type: event.Unknown}, all[6:8]},
		"nothing of vendor":  {durable.Filter{Vendor: "loginradius"}, nil},
		"nothing of type":    {durable.Filter{Type: "door.opened"}, nil},
		"family is no type":  {durable.Filter{Type: "session"}, nil},
		"family of one word": {durable.Filter{Type: "unknown.*"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, replayed(t, s.Store, always, always, tt.f))
		})
	}
	for _, f := range []durable.Filter{
		{Vendor: "*"}, {Vendor: "a.b"}, {Vendor: ">"}, {Type: ">"}, {Type: "session.>"}, {Type: "a..b"}, {Type: "*.started"}, {Type: ".*"}, {Type: "a b"},
	} {
		assert.ErrorContains(t, s.Replay(t.Context(), always, always, f, failing), "invalid Filter", "%q", f)
	}
	assert.ErrorContains(t, s.Replay(t.Context(), always, always, durable.Filter{}, nil), "nil handler")
}

func TestReplayStopsAndGoesOn(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	events := numbered(30)
	store(t, s, events...)
	got := newRecorder()
	failAt := func(id string, fail func() error) event.Handler {
		return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			if e.ID == id {
				return fail()
			}
			return got.HandleEvent(ctx, e)
		})
	}
	err := s.Replay(t.Context(), always, always, durable.Filter{}, failAt("event-10", func() error { return errFailed }))
	require.ErrorIs(t, err, errFailed)
	assert.Contains(t, err.Error(), "event-10")
	from := timeIn(t, err)
	err = s.Replay(t.Context(), from, always, durable.Filter{}, failAt("event-20", func() error { panic("no") }))
	var panicked *event.PanicError
	require.ErrorAs(t, err, &panicked)
	require.NoError(t, s.Replay(t.Context(), timeIn(t, err), always, durable.Filter{}, got))
	assert.Equal(t, idsOf(events), got.ids(), "none left out, and none twice")
}

func timeIn(t testing.TB, err error) time.Time {
	t.Helper()
	at, parseErr := time.Parse(time.RFC3339Nano, regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`).FindString(err.Error()))
	require.NoError(t, parseErr, err)
	return at
}

func TestReplayLeavesOutWhatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 2})
	js := newJetStream(t, connect(t, srv))
	store(t, s, newEvent(1))
	for shard := range 2 {
		_, err := js.PublishMsg(t.Context(), &nats.Msg{
			Subject: fmt.Sprintf("accesshook-in.%d.relock.x", shard), Header: nats.Header{"Accesshook-Schema": {"2"}}, Data: []byte("{}"),
		})
		require.NoError(t, err)
	}
	store(t, s, newEvent(2))
	got := newRecorder()
	err := s.Replay(t.Context(), always, always, durable.Filter{}, got)
	assert.ErrorIs(t, err, durable.ErrSchema)
	assert.ErrorContains(t, err, "left out 2 events")
	assert.Equal(t, []string{"event-1", "event-2"}, got.ids())
}

func TestReplayEndsAlthoughEventsCome(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	events := numbered(100)
	store(t, s, events...)
	n := len(events)
	got := newRecorder()
	require.NoError(t, s.Replay(t.Context(), always, time.Now().Add(time.Hour), durable.Filter{}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		store(t, s, newEvent(n), newEvent(n+1))
		n += 2
		return got.HandleEvent(ctx, e)
	})))
	assert.Equal(t, idsOf(events), got.ids(), "what there was when it began")
}

// The last event of the beginning is not of those that are asked for.
func TestFilteredReplayEndsAlthoughEventsCome(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{Shards: 1}})
	events := numbered(150) // more than are read ahead
	store(t, s, events...)
	other := newEvent(-1)
	other.Vendor = "unloc"
	store(t, s, other)
	n := len(events)
	got := newRecorder()
	require.NoError(t, s.Replay(t.Context(), always, time.Now().Add(time.Hour), durable.Filter{Vendor: "relock"}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		store(t, s, newEvent(n))
		n++
		return got.HandleEvent(ctx, e)
	})))
	assert.Equal(t, idsOf(events), got.ids())
}

func TestReplayEndsAlthoughEventsGo(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 2})
	js := newJetStream(t, connect(t, srv))
	store(t, s, numbered(400)...)
	got := newRecorder()
	purge := func() {
		for shard := range 2 {
			stream, err := js.Stream(t.Context(), fmt.Sprintf("accesshook-%d", shard))
			require.NoError(t, err)
			require.NoError(t, stream.Purge(t.Context()))
		}
	}
	require.NoError(t, s.Replay(t.Context(), always, always, durable.Filter{}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		if len(got.ids()) == 0 {
			purge()
			store(t, s, newEvent(1000), newEvent(1001))
		}
		return got.HandleEvent(ctx, e)
	})))
	ids := got.ids()
	assert.Less(t, len(ids), 400)
	assert.NotContains(t, ids, "event-1000")
	assert.NotEmpty(t, ids)
}

// The server deletes a consumer that asks for nothing for five minutes, as one does
// while callbacks are slow, or while the events of other shards are older.
func TestReplayGoesOnAfterAPause(t *testing.T) {
	t.Parallel()
	s, _, js := withClient(t, durable.Config{Shards: 2, MaxBody: 1})
	events := numbered(400) // more than are read ahead
	store(t, s, events...)
	got := newRecorder()
	require.NoError(t, s.Replay(t.Context(), always, always, durable.Filter{}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		if len(got.ids()) == 0 {
			for shard := range 2 {
				stream, err := js.Stream(t.Context(), fmt.Sprintf("accesshook-%d", shard))
				require.NoError(t, err)
				eventually(t, "asks for nothing", func() bool { return deleteIdle(t, stream) })
			}
		}
		return got.HandleEvent(ctx, e)
	})))
	assert.Equal(t, idsOf(events), got.ids())
}

// A server that comes back without its streams is given up, and until then the end
// of the context is heard: Close waits for Replay.
func TestReplayOfWhatIsGone(t *testing.T) {
	t.Parallel()
	for name, cancels := range map[string]bool{"by itself": false, "cancelled": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			n := newNetwork(srv)
			s, nc := connectOver(t, n, durable.Config{Shards: 1, MaxBody: 1})
			store(t, s, numbered(150)...) // more than are read ahead
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var away sync.Once
			back := make(chan struct{})
			done := make(chan error, 1)
			go func() {
				done <- s.Replay(ctx, always, always, durable.Filter{}, event.HandlerFunc(func(context.Context, *event.Event) error {
					away.Do(func() {
						srv.Shutdown()
						srv.WaitForShutdown()
						eventually(t, "away", func() bool { return !nc.IsConnected() })
						n.use(startServer(t, t.TempDir()))
						eventually(t, "back", nc.IsConnected)
						close(back)
					})
					return nil
				}))
			}()
			<-back
			if cancels {
				time.AfterFunc(2*time.Second, cancel) // it has asked for more
			}
			select {
			case err := <-done:
				require.Error(t, err)
				assert.Equal(t, cancels, errors.Is(err, context.Canceled), err)
			case <-time.After(patience):
				require.FailNow(t, "it does not end")
			}
		})
	}
}

// deleteIdle deletes the consumer of a stream, if it asks for nothing.
func deleteIdle(t testing.TB, stream jetstream.Stream) bool {
	t.Helper()
	for info := range stream.ListConsumers(t.Context()).Info() {
		if info.NumWaiting > 0 {
			return false
		}
		require.NoError(t, stream.DeleteConsumer(t.Context(), info.Name))
	}
	return true
}

func TestReplayTouchesNoConsumer(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	store(t, s, numbered(20)...)
	got := newRecorder()
	stop := run(t, s, durable.Consumer{}, got)
	got.wait(t, 20)
	stop()
	store(t, s, newEvent(20))
	before, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 1, before.Consumers["default"].Pending)
	assert.Len(t, replayed(t, s.Store, always, always, durable.Filter{}), 21)
	after, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(before, after, cmpopts.IgnoreFields(durable.ConsumerStats{}, "Age")))
	run(t, s, durable.Consumer{}, got)
	got.wait(t, 1)
	assert.Equal(t, "event-20", got.ids()[20])
	assert.Len(t, got.ids(), 21)
}

func TestReplayOfDeadLetters(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	bury(t, s, newEvent(1))
	assert.Equal(t, []string{"event-1"}, replayed(t, s.Store, always, always, durable.Filter{}))
}

func TestReplayIsStopped(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(context.CancelFunc, *durable.Store){
		"by its context": func(cancel context.CancelFunc, _ *durable.Store) { cancel() },
		"by Close":       func(_ context.CancelFunc, s *durable.Store) { go s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := connectStore(t, startServer(t, t.TempDir()), durable.Config{})
			store(t, s, numbered(50)...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			got := newRecorder()
			err := s.Replay(ctx, always, always, durable.Filter{}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
				if len(got.ids()) == 3 {
					stop(cancel, s)
					eventually(t, "stopped", func() bool {
						return ctx.Err() != nil || errors.Is(s.HandleEvent(context.Background(), newEvent(99)), durable.ErrClosed)
					})
				}
				return got.HandleEvent(ctx, e)
			}))
			if name == "by Close" {
				assert.ErrorIs(t, err, durable.ErrClosed)
			} else {
				assert.ErrorIs(t, err, context.Canceled)
			}
			assert.Len(t, got.ids(), 4)
		})
	}
}
