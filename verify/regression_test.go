package verify_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// Tests that are named after a flaw of another receiver, which this one must not
// have. Others stand where their subject is tested.

// The handler in cbrgm/githubevents' README answers 200 to a request without a
// signature, and to one that is forged.
func TestREADME_githubevents_ForgedAnswered200(t *testing.T) {
	server := serve(t, verify.Config{}, event.HandlerFunc(func(context.Context, *event.Event) error { t.Error("called"); return nil }))
	for name, header := range map[string]string{"none": "", "forged": strings.Repeat("ab", 32)} {
		r := signed(t, server.URL, "{}")
		r.Header.Del(sigHeader)
		if header != "" {
			r.Header.Set(sigHeader, header)
		}
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, http.StatusUnauthorized, res.StatusCode, name)
	}
}

// Paddle's middleware answers a body of 3 MiB with 500 and an internal text;
// go-github read bodies without a bound until google/go-github#4125.
func TestIssue4125_goGithub_BodyWithoutBound(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	w := httptest.NewRecorder()
	hook.Handler(event.NewMux()).ServeHTTP(w, signed(t, "http://localhost/", strings.Repeat(" ", 3<<20)))
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	assert.JSONEq(t, `{"error":"request body too large"}`, w.Body.String())
}

// Middleware in front of a handler consumed the raw bytes that a signature is
// over (stripe/stripe-node#341, adnanh/webhook#330).
func TestIssue341_stripeNode_RawBytesSurvive(t *testing.T) {
	body := "{ \"a\" : 1.0,\t\"b\":\"\\u00e9\" }\n"
	var raw []byte
	server := serve(t, verify.Config{}, event.HandlerFunc(func(_ context.Context, e *event.Event) error { raw = e.Raw; return nil }))
	res, err := server.Client().Do(signed(t, server.URL, body))
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, body, string(raw))
}

// cloudevents/sdk-go hung on requests that are not POST (#610), and wedged for
// good after clients had gone while their events were handled (#1224, #1332).
func TestIssue1224_cloudevents_ServesOnAfterClientsHaveGone(t *testing.T) {
	const gone = 20
	started, block, done := make(chan struct{}), make(chan struct{}), make(chan struct{}, gone)
	hook := newEndpoint(t, verify.Config{})
	// Not a server of httptest, whose Close waits for handlers that are stuck.
	server := &http.Server{Handler: hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error {
		select {
		case <-block: // those that come later
		case started <- struct{}{}:
			<-block
			done <- struct{}{}
		}
		return nil
	}))}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	url := "http://" + listener.Addr().String()
	client := &http.Client{Transport: new(http.Transport), Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	unblock := sync.OnceFunc(func() { close(block) })
	defer unblock()
	for range gone {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		sent := make(chan error, 1)
		go func() {
			res, err := client.Do(signed(t, url, "{}").WithContext(ctx))
			if err == nil {
				res.Body.Close()
			}
			sent <- err
		}()
		select {
		case <-started:
		case err := <-sent:
			require.FailNow(t, "the event was not handled", "%v", err)
		}
		cancel()
		assert.ErrorIs(t, <-sent, context.Canceled)
	}
	unblock()
	for range gone {
		<-done
	}
	for _, method := range []string{"GET", "OPTIONS", "POST"} {
		r := signed(t, url, "{}")
		r.Method = method
		res, err := client.Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, method == "POST", res.StatusCode == 200)
	}
}

// cloudevents/sdk-go worked on no more than GOMAXPROCS events at once, so that a
// few slow ones held up all others (#569).
func TestIssue569_cloudevents_MoreThanGOMAXPROCSAtOnce(t *testing.T) {
	together := 4*runtime.GOMAXPROCS(0) + 1
	var running atomic.Int64
	all := make(chan struct{})
	server := serve(t, verify.Config{}, event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
		if running.Add(1) == int64(together) {
			close(all)
		}
		select {
		case <-all:
			return ctx.Err()
		case <-ctx.Done(): // after HandlerTimeout
			return ctx.Err()
		}
	}))
	var senders sync.WaitGroup
	for range together {
		senders.Go(func() {
			res, err := server.Client().Do(signed(t, server.URL, "{}"))
			if assert.NoError(t, err) {
				res.Body.Close()
				assert.Equal(t, http.StatusOK, res.StatusCode)
			}
		})
	}
	senders.Wait()
}

// A receiver answered, and so ended the request's context, while the callback was
// still running (cloudevents/sdk-go#691).
func TestIssue691_cloudevents_AnswersAfterTheCallback(t *testing.T) {
	var returned atomic.Bool
	run := func(ctx context.Context) error {
		for range 100 {
			runtime.Gosched()
		}
		defer returned.Store(true)
		return ctx.Err()
	}
	hook := newEndpoint(t, verify.Config{})
	for name, h := range map[string]http.Handler{
		"Handler": hook.Handler(event.HandlerFunc(func(ctx context.Context, _ *event.Event) error { return run(ctx) })),
		"Middleware": hook.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if run(r.Context()) != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})),
	} {
		returned.Store(false)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r)
			assert.True(t, returned.Load(), name)
		}))
		res, err := server.Client().Do(signed(t, server.URL, "{}"))
		server.Close()
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, http.StatusOK, res.StatusCode, name)
	}
}

// The text of an error went to the sender (octokit's middleware, paddle,
// chargebee; hatchet-dev/hatchet#2996 asked not to).
func TestPR2996_hatchet_ReasonGoesToTheSender(t *testing.T) {
	const canary = "canary-of-an-error"
	hook := newEndpoint(t, verify.Config{})
	mux := event.NewMux()
	mux.Default(func(context.Context, *event.Event) error { panic(canary) })
	w := httptest.NewRecorder()
	hook.Handler(mux).ServeHTTP(w, signed(t, "http://localhost/", "{}"))
	assert.Equal(t, 500, w.Code)
	assert.NotContains(t, w.Body.String(), canary)
	for _, v := range w.Header() {
		assert.NotContains(t, strings.Join(v, " "), canary)
	}
}
