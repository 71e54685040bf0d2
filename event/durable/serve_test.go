package durable_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
)

// A service is one call of Serve, with an endpoint of Relock.
type service struct {
	store *embedded.Store
	dir   string
	url   string
	stop  context.CancelFunc
	deaf  chan struct{} // closed when no connection is accepted any more
	ended chan error    // what Serve has returned
}

// A watchedListener says when it is closed.
type watchedListener struct {
	net.Listener
	close func() error
}

func (l watchedListener) Close() error { return l.close() }

func watch(l net.Listener, closed chan struct{}) net.Listener {
	return watchedListener{l, sync.OnceValue(func() error {
		defer close(closed)
		return l.Close()
	})}
}

// serve calls Serve. Requests go through gate first.
func serve(t testing.TB, c durable.ServeConfig, gate func(http.Handler) http.Handler) *service {
	t.Helper()
	s := &service{dir: t.TempDir(), deaf: make(chan struct{}), ended: make(chan error, 1)}
	s.store = open(t, embedded.Config{Dir: s.dir})
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(secret), Endpoint: quiet})
	require.NoError(t, err)
	if c.Listener == nil {
		c.Listener = listen(t)
	}
	s.url = "http://" + c.Listener.Addr().String()
	c.Listener = watch(c.Listener, s.deaf)
	if c.Server == nil {
		c.Server = new(http.Server)
	}
	c.Server.Handler = hook.Handler(s.store)
	if gate != nil {
		c.Server.Handler = gate(c.Server.Handler)
	}
	c.Store = s.store
	ctx, cancel := context.WithCancel(t.Context())
	s.stop = cancel
	go func() { s.ended <- c.Serve(ctx) }()
	return s
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// send sends an event, and returns the status of the answer.
func send(ctx context.Context, client *http.Client, url string) (int, error) {
	r, err := relock.NewRequest(ctx, url, secret, &relock.SessionEnded{SessionID: "s-1"})
	if err != nil {
		return 0, err
	}
	res, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// stopped requires that everything is stopped that Serve has started.
func (s *service) stopped(t testing.TB) {
	t.Helper()
	receive(t, "the end of the server", s.deaf)
	require.ErrorIs(t, s.store.HandleEvent(t.Context(), newEvent(9)), durable.ErrClosed)
	open(t, embedded.Config{Dir: s.dir}) // else it is in use
}

func TestServe(t *testing.T) {
	t.Parallel()
	got := newRecorder()
	s := serve(t, durable.ServeConfig{Events: got}, nil)
	status, err := send(t.Context(), http.DefaultClient, s.url)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, status)
	got.wait(t, 1)
	s.stop()
	require.NoError(t, receive(t, "the end", s.ended))
	s.stopped(t)
}

// When ctx ends, the server finishes what it has while events are still handled, then
// callbacks finish, and then the store is closed.
func TestServeStopsInOrder(t *testing.T) {
	t.Parallel()
	arrived, goOn := make(chan struct{}), make(chan struct{})
	began, finish := make(chan struct{}, 10), make(chan struct{})
	letGo, letFinish := sync.OnceFunc(func() { close(goOn) }), sync.OnceFunc(func() { close(finish) })
	defer letFinish()
	defer letGo()
	s := serve(t, durable.ServeConfig{
		ShutdownTimeout: time.Hour, // what ends by itself needs none
		Events: event.HandlerFunc(func(context.Context, *event.Event) error {
			began <- struct{}{}
			<-finish
			return nil
		}),
	}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-goOn
			next.ServeHTTP(w, r)
		})
	})
	answered := make(chan int, 1)
	go func() {
		status, err := send(context.Background(), http.DefaultClient, s.url)
		assert.NoError(t, err)
		answered <- status
	}()
	receive(t, "a request", arrived)
	s.stop()
	receive(t, "the end of the server", s.deaf)
	// A request is going on, so the store takes events and gives them to the callbacks.
	store(t, s.store, newEvent(1))
	receive(t, "a call", began)
	letGo()
	assert.Equal(t, http.StatusOK, receive(t, "an answer", answered))
	// A callback is running, so the store is not closed.
	_, err := s.store.Stats(t.Context())
	require.NoError(t, err)
	select {
	case err := <-s.ended:
		require.FailNow(t, "it has not waited for a callback", "%v", err)
	default:
	}
	letFinish()
	require.NoError(t, receive(t, "the end", s.ended))
	s.stopped(t)
}

func TestServeOverTLS(t *testing.T) {
	t.Parallel()
	ts := httptest.NewTLSServer(nil) // for its certificate
	defer ts.Close()
	got := newRecorder()
	s := serve(t, durable.ServeConfig{Events: got, Server: &http.Server{TLSConfig: ts.TLS.Clone()}}, nil)
	status, err := send(t.Context(), ts.Client(), "https"+s.url[len("http"):])
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, status)
	got.wait(t, 1)
	s.stop()
	require.NoError(t, receive(t, "the end", s.ended))
}

// Without a Listener it listens where the server says.
func TestServeListens(t *testing.T) {
	t.Parallel()
	st := open(t, embedded.Config{})
	listening := make(chan net.Addr, 1)
	server := &http.Server{Addr: "127.0.0.1:0", BaseContext: func(l net.Listener) context.Context {
		listening <- l.Addr()
		return context.Background()
	}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- durable.Serve(ctx, server, st, newRecorder()) }()
	res, err := http.Get("http://" + (<-listening).String())
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusNotFound, res.StatusCode)
	cancel()
	require.NoError(t, receive(t, "the end", ended))

	other := open(t, embedded.Config{})
	taken := listen(t)
	err = durable.Serve(t.Context(), &http.Server{Addr: taken.Addr().String()}, other, newRecorder())
	assert.ErrorContains(t, err, "address already in use")
	assert.ErrorIs(t, other.HandleEvent(t.Context(), newEvent(1)), durable.ErrClosed)
}

// If one part fails, the others are stopped, and Serve says why.
func TestServeFailsAsAWhole(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fail func(t *testing.T, s *service, l *failingListener)
		want error
	}{
		"the server": {func(_ *testing.T, _ *service, l *failingListener) { close(l.fail) }, errFailed},
		"the consumer": {func(t *testing.T, s *service, _ *failingListener) {
			_ = s.store.DeleteConsumer(t.Context(), durable.DefaultConsumerName) // fails when Serve has closed the store
		}, durable.ErrConsumerDeleted},
		"the store is closed": {func(t *testing.T, s *service, _ *failingListener) { require.NoError(t, s.store.Close()) }, durable.ErrClosed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &failingListener{Listener: listen(t), fail: make(chan struct{})}
			got := newRecorder()
			s := serve(t, durable.ServeConfig{Events: got, Listener: l}, nil)
			status, err := send(t.Context(), http.DefaultClient, s.url)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
			got.wait(t, 1)
			tt.fail(t, s, l)
			assert.ErrorIs(t, receive(t, "the end", s.ended), tt.want)
			s.stopped(t)
		})
	}
}

// A failingListener accepts connections until it fails.
type failingListener struct {
	net.Listener
	fail chan struct{}
}

func (l *failingListener) Accept() (net.Conn, error) {
	type accepted struct {
		conn net.Conn
		err  error
	}
	next := make(chan accepted, 1)
	go func() {
		c, err := l.Listener.Accept()
		next <- accepted{c, err}
	}()
	select {
	case a := <-next:
		return a.conn, a.err
	case <-l.fail:
		return nil, errFailed
	}
}

// What does not finish is cut off, and said.
func TestServeStopsInTime(t *testing.T) {
	t.Parallel()
	t.Run("requests", func(t *testing.T) {
		t.Parallel()
		arrived, never := make(chan struct{}), make(chan struct{})
		defer close(never)
		s := serve(t, durable.ServeConfig{Events: newRecorder(), ShutdownTimeout: 100 * time.Millisecond}, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				close(arrived)
				<-never
			})
		})
		cut := make(chan error, 1)
		go func() {
			_, err := send(context.Background(), http.DefaultClient, s.url)
			cut <- err
		}()
		receive(t, "a request", arrived)
		s.stop()
		err := receive(t, "the end", s.ended)
		assert.ErrorContains(t, err, "requests did not finish")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Error(t, receive(t, "an answer", cut))
	})
	t.Run("callbacks", func(t *testing.T) {
		t.Parallel()
		began, never := make(chan struct{}), make(chan struct{})
		defer close(never)
		s := serve(t, durable.ServeConfig{ShutdownTimeout: 100 * time.Millisecond, Events: event.HandlerFunc(func(context.Context, *event.Event) error {
			close(began)
			<-never
			return nil
		})}, nil)
		store(t, s.store, newEvent(1))
		receive(t, "a call", began)
		s.stop()
		err := receive(t, "the end", s.ended)
		assert.ErrorContains(t, err, "callbacks did not finish")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Who shuts the server down stops everything.
func TestServeEndsWithItsServer(t *testing.T) {
	t.Parallel()
	server := new(http.Server)
	s := serve(t, durable.ServeConfig{Server: server, Events: newRecorder()}, nil)
	_, err := send(t.Context(), http.DefaultClient, s.url)
	require.NoError(t, err)
	require.NoError(t, server.Shutdown(t.Context()))
	require.NoError(t, receive(t, "the end", s.ended))
	s.stopped(t)
}

func TestServeErrorsNameTheField(t *testing.T) {
	t.Parallel()
	full := func(t *testing.T) durable.ServeConfig {
		return durable.ServeConfig{Server: new(http.Server), Listener: listen(t), Store: open(t, embedded.Config{}), Events: newRecorder()}
	}
	tests := map[string]struct {
		change func(*durable.ServeConfig)
		want   string
	}{
		"server":   {func(c *durable.ServeConfig) { c.Server = nil }, "ServeConfig.Server"},
		"store":    {func(c *durable.ServeConfig) { c.Store = nil }, "ServeConfig.Store"},
		"events":   {func(c *durable.ServeConfig) { c.Events = nil }, "ServeConfig.Events"},
		"timeout":  {func(c *durable.ServeConfig) { c.ShutdownTimeout = -1 }, "ServeConfig.ShutdownTimeout"},
		"consumer": {func(c *durable.ServeConfig) { c.Consumer.Workers = -1 }, "Consumer.Workers"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := full(t)
			st := c.Store
			tt.change(&c)
			assert.ErrorContains(t, c.Serve(t.Context()), "durable: "+tt.want)
			_, err := c.Listener.Accept()
			assert.ErrorIs(t, err, net.ErrClosed)
			if c.Store != nil {
				assert.ErrorIs(t, st.(*embedded.Store).HandleEvent(t.Context(), newEvent(1)), durable.ErrClosed)
			}
		})
	}
}

// A context that is over at the start is a short service, and no error.
func TestServeNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped before it began"))
	s := open(t, embedded.Config{})
	require.NoError(t, durable.ServeConfig{Server: new(http.Server), Listener: listen(t), Store: s, Events: newRecorder()}.Serve(ctx))
	assert.ErrorIs(t, s.HandleEvent(t.Context(), newEvent(1)), durable.ErrClosed)
}
