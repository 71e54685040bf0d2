package durable_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
)

// A network is between a store and its server, and can be held up.
type network struct {
	mu     sync.Mutex
	moves  *sync.Cond
	held   bool
	server *server.Server
}

func newNetwork(srv *server.Server) *network {
	n := &network{server: srv}
	n.moves = sync.NewCond(&n.mu)
	return n
}

// hold lets nothing through to the server until it is called with false.
func (n *network) hold(held bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = held
	n.moves.Broadcast()
}

func (n *network) use(srv *server.Server) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.server = srv
}

// InProcessConn implements nats.InProcessConnProvider.
func (n *network) InProcessConn() (net.Conn, error) {
	n.mu.Lock()
	srv := n.server
	n.mu.Unlock()
	conn, err := srv.InProcessConn()
	return &heldConn{conn, n}, err
}

type heldConn struct {
	net.Conn
	n *network
}

func (c *heldConn) Write(b []byte) (int, error) {
	c.n.mu.Lock()
	for c.n.held {
		c.n.moves.Wait()
	}
	c.n.mu.Unlock()
	return c.Conn.Write(b)
}

func connectOver(t testing.TB, n *network, c durable.Config) (*durable.Store, *nats.Conn) {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(n), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	t.Cleanup(func() { n.hold(false) })
	c.Payloads = payloads
	s, err := durable.Connect(t.Context(), nc, c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, nc
}

// unavailable requires err to be marked so, for so long.
func unavailable(t testing.TB, err, want error, after time.Duration) {
	t.Helper()
	require.ErrorIs(t, err, want)
	got, ok := event.IsUnavailable(err)
	assert.True(t, ok, "it is answered 500")
	assert.Equal(t, after, got)
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*event.Event)
		stored uint64
	}{
		"the same":           {func(e *event.Event) {}, 1},
		"received later":     {func(e *event.Event) { e.Received = e.Received.Add(time.Hour) }, 1},
		"another type":       {func(e *event.Event) { e.Type = event.SessionEnded }, 1},
		"another body":       {func(e *event.Event) { e.Raw = []byte("x") }, 1},
		"another ID":         {func(e *event.Event) { e.ID = "other" }, 2},
		"another credential": {func(e *event.Event) { e.Credential = "secret 2" }, 1},
		"no credential":      {func(e *event.Event) { e.Credential = "" }, 1},
		"another endpoint":   {func(e *event.Event) { e.Source = "north" }, 2},
		"another vendor":     {func(e *event.Event) { e.Vendor = "unloc" }, 2},
		"moved characters":   {func(e *event.Event) { e.Source, e.ID = "relocke", "vent-1" }, 2},
	}
	for _, order := range []durable.Order{durable.OrderNone, durable.OrderByUser} {
		for name, tt := range tests {
			t.Run(name+" "+string(order), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				c := embedded.Config{Dir: dir, Config: durable.Config{Order: order}}
				s := open(t, c)
				e := newEvent(1)
				store(t, s, e)
				again := e.Clone()
				tt.change(again)
				store(t, s, again, again)
				require.NoError(t, s.Close())
				s = open(t, c) // the server reads from the events what it knows
				store(t, s, again, e)
				stats, err := s.Stats(t.Context())
				require.NoError(t, err)
				assert.Equal(t, tt.stored, stats.Events)
			})
		}
	}
}

// With an order the user or lock says in which shard an event is, and so where its
// duplicates are looked for.
func TestDuplicatesOfAnotherUserOrLock(t *testing.T) {
	t.Parallel()
	for order, stored := range map[durable.Order][2]uint64{
		durable.OrderNone:   {1, 1},
		durable.OrderByUser: {2, 1},
		durable.OrderByLock: {1, 2},
	} {
		t.Run(string(order), func(t *testing.T) {
			t.Parallel()
			for i, change := range []func(e *event.Event, n int){
				func(e *event.Event, n int) { e.User.ID = fmt.Sprintf("user-%d", n) },
				func(e *event.Event, n int) { e.Lock.ID = fmt.Sprintf("lock-%d", n) },
			} {
				s := open(t, embedded.Config{Config: durable.Config{Order: order, Shards: 2}})
				e := newEvent(1)
				change(e, 0)
				store(t, s, e)
				again := e.Clone()
				for n := range 20 { // half of them in the other shard
					change(again, n)
					store(t, s, again)
				}
				stats, err := s.Stats(t.Context())
				require.NoError(t, err)
				assert.Equal(t, stored[i], stats.Events, "once in each shard")
			}
		})
	}
}

// Of two receivers on one cluster, only one stores.
func TestDuplicatesOfSeveralReceivers(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	a, b := connectStore(t, srv, durable.Config{}), connectStore(t, srv, durable.Config{})
	var all sync.WaitGroup
	for n := range 50 {
		for _, s := range []*durable.Store{a, b} {
			all.Go(func() { assert.NoError(t, s.HandleEvent(t.Context(), newEvent(n))) })
		}
	}
	all.Wait()
	stats, err := a.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(50), stats.Events)
}

func TestDuplicatesAreForgottenAfterTheWindow(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{DedupeWindow: 200 * time.Millisecond}})
	store(t, s, newEvent(1), newEvent(1))
	eventually(t, "a second time", func() bool {
		store(t, s, newEvent(1))
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		return stats.Events >= 2
	})
}

func TestTooManyAtOnce(t *testing.T) {
	t.Parallel()
	n := newNetwork(startServer(t, t.TempDir()))
	s, _ := connectOver(t, n, durable.Config{MaxInFlight: 3, PublishTimeout: 2 * patience})
	n.hold(true)
	answers := make(chan error, 10)
	for i := range 10 {
		go func() { answers <- s.HandleEvent(context.Background(), newEvent(i)) }()
	}
	for range 7 { // which do not wait for the others
		unavailable(t, receive(t, "an answer", answers), durable.ErrBusy, time.Second)
	}
	n.hold(false)
	for range 3 {
		assert.NoError(t, <-answers)
	}
	store(t, s, newEvent(4))
}

func TestNoAnswerInTime(t *testing.T) {
	t.Parallel()
	n := newNetwork(startServer(t, t.TempDir()))
	s, _ := connectOver(t, n, durable.Config{PublishTimeout: 3 * time.Second})
	n.hold(true)
	// The client waits for the connection, whatever the context says, and so does
	// whoever comes before that is known.
	waits := make(chan error, 1)
	go func() { waits <- s.HandleEvent(t.Context(), newEvent(1)) }()
	d := newDoor(t, relock.Vendor, s)
	eventually(t, "known", s.Stuck)
	answers := make(chan *httptest.ResponseRecorder, 1)
	go func() { answers <- d.send(t, []byte(`{"event":"session.ended"}`)) }()
	w := receive(t, "an answer, at once", answers) // who waited would have none before the connection takes something
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "10", w.Header().Get("Retry-After"))

	n.hold(false)
	err := <-waits
	unavailable(t, err, durable.ErrNoAnswer, 10*time.Second)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	eventually(t, "stored nevertheless", func() bool {
		stats, err := s.Stats(t.Context())
		return err == nil && stats.Events >= 1
	})
	eventually(t, "answered", func() bool { return s.HandleEvent(t.Context(), newEvent(1)) == nil })
	eventually(t, "answered", func() bool { return d.send(t, []byte(`{"event":"session.ended"}`)).Code == http.StatusOK })
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uint64(2), stats.Events, "what is sent again is known")
}

func TestContextThatIsOver(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.HandleEvent(ctx, newEvent(1))
	unavailable(t, err, durable.ErrNoAnswer, 10*time.Second)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv := startServer(t, dir)
	n := newNetwork(srv)
	s, nc := connectOver(t, n, durable.Config{})
	store(t, s, newEvent(1))
	srv.Shutdown()
	srv.WaitForShutdown()
	eventually(t, "disconnected", func() bool { return !nc.IsConnected() })
	for i := range 20 {
		err := s.HandleEvent(t.Context(), newEvent(i))
		unavailable(t, err, durable.ErrNoAnswer, 10*time.Second)
		assert.NotErrorIs(t, err, context.DeadlineExceeded, "it waited")
	}

	n.use(startServer(t, dir)) // and it recovers
	eventually(t, "stored", func() bool { return s.HandleEvent(t.Context(), newEvent(2)) == nil })
	nc.Close()
	unavailable(t, s.HandleEvent(t.Context(), newEvent(3)), durable.ErrNoAnswer, 10*time.Second)
}

func TestServerWithoutStorage(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{})
	require.NoError(t, srv.DisableJetStream())
	unavailable(t, s.HandleEvent(t.Context(), newEvent(1)), durable.ErrNoAnswer, 10*time.Second)
	_, err := durable.Connect(t.Context(), connect(t, srv), durable.Config{Payloads: payloads})
	assert.ErrorContains(t, err, "accesshook-dead")
}

// Whoever has the subjects now, the event is not there.
func TestAnotherStreamInThePlace(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 1})
	js := newJetStream(t, connect(t, srv))
	require.NoError(t, js.DeleteStream(t.Context(), "accesshook-0"))
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "other", Subjects: []string{"accesshook-in.>"}})
	require.NoError(t, err)
	unavailable(t, s.HandleEvent(t.Context(), newEvent(1)), durable.ErrRefused, 10*time.Second)
}

func TestInvalidEvents(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{MaxInFlight: 1}})
	tests := map[string]*event.Event{
		"nil":                nil,
		"no ID":              {Vendor: "relock"},
		"no vendor":          {ID: "a"},
		"capitals":           {ID: "a", Vendor: "Relock"},
		"dots in the vendor": {ID: "a", Vendor: "relock.x"},
		"star as vendor":     {ID: "a", Vendor: "*"},
		"long vendor":        {ID: "a", Vendor: strings.Repeat("a", 65)},
		"time":               {ID: "a", Vendor: "relock", Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"payload":            {ID: "a", Vendor: "relock", Payload: math.NaN()},
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			err := s.HandleEvent(t.Context(), e)
			require.ErrorIs(t, err, durable.ErrInvalid)
			_, ok := event.IsUnavailable(err)
			assert.False(t, ok)
			assert.False(t, event.IsPermanent(err), "it must not be answered 200")
		})
	}
	store(t, s, newEvent(1), newEvent(2)) // and none of them is in flight any more
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{MaxBody: 1}})
	e := newEvent(1)
	e.Reason = strings.Repeat("x", 70_000)
	err := s.HandleEvent(t.Context(), e)
	require.ErrorIs(t, err, durable.ErrTooLarge)
	_, ok := event.IsUnavailable(err)
	assert.False(t, ok, "sending it again cannot help")
	assert.False(t, event.IsPermanent(err))

	// Exactly as large as is taken. It must be possible to bury it.
	low, high := 0, 70_000
	for low < high-1 {
		middle := (low + high) / 2
		e := newEvent(middle)
		e.Reason = strings.Repeat("x", middle)
		if err := s.HandleEvent(t.Context(), e); err == nil {
			low = middle
		} else {
			require.ErrorIs(t, err, durable.ErrTooLarge)
			high = middle
		}
	}
	assert.Greater(t, low, 60_000)
	longest := durable.Consumer{Name: strings.Repeat("n", 32)}
	run(t, s, longest, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		if len(e.Reason) == low {
			return event.Permanent(errors.New(strings.Repeat("y", 5000)))
		}
		return nil
	}))
	letter := waitLetters(t, s, 1)[0]
	assert.Len(t, letter.Event.Reason, low)
	assert.Len(t, letter.Error, 1024)
}

func TestAnswersOfAnEndpoint(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{MaxBody: 1}})
	body := []byte(vendors[loginradius.Vendor].bodies["login"])
	large := []byte(`{"HookName":"login","Data":{"Uid":"` + strings.Repeat("u", 80_000) + `"}}`)
	d := newDoor(t, loginradius.Vendor, s)
	for _, tt := range []struct {
		name   string
		body   []byte
		status int
		after  string
	}{
		{"stored", body, http.StatusOK, ""},
		{"duplicate", body, http.StatusOK, ""},
		{"too large", large, http.StatusInternalServerError, ""},
	} {
		w := d.send(t, tt.body)
		assert.Equal(t, tt.status, w.Code, tt.name)
		assert.Equal(t, tt.after, w.Header().Get("Retry-After"), tt.name)
	}
	require.NoError(t, s.Close())
	w := d.send(t, body)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "10", w.Header().Get("Retry-After"))
}

func TestClosed(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	require.NoError(t, s.Close())
	unavailable(t, s.HandleEvent(t.Context(), newEvent(1)), durable.ErrClosed, 10*time.Second)
	assert.ErrorIs(t, s.Run(t.Context(), newRecorder()), durable.ErrClosed)
	assert.ErrorIs(t, s.RetryDead(t.Context(), 1, newRecorder()), durable.ErrClosed)
	assert.ErrorIs(t, s.Replay(t.Context(), time.Time{}, time.Time{}, durable.Filter{}, newRecorder()), durable.ErrClosed)
	assert.NoError(t, s.Close(), "a second time")

	srv := startServer(t, t.TempDir())
	nc := connect(t, srv)
	c, err := durable.Connect(t.Context(), nc, durable.Config{Payloads: payloads})
	require.NoError(t, err)
	require.NoError(t, c.Close())
	assert.True(t, nc.IsConnected(), "the connection is the caller's")
	unavailable(t, c.HandleEvent(t.Context(), newEvent(1)), durable.ErrClosed, 10*time.Second)
}
