package app

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
	"github.com/accesshook/accesshook/relock"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A deadPipe is a pipeline with a store, and serves its dead letters over HTTP. The
// callback fails until a test sets another one.
type deadPipe struct {
	*pipe
	callback atomic.Pointer[event.HandlerFunc]
	server   *httptest.Server
}

// writeTimeout is that of the server. A loaded machine answers within it what takes no
// time.
const writeTimeout = 3 * time.Second

func newDeadPipe(t *testing.T) *deadPipe {
	t.Helper()
	environment(t)
	p := new(deadPipe)
	p.sets(func(context.Context, *event.Event) error { return errFails })
	p.pipe = newPipe(t, func(ctx context.Context, e *event.Event) error { return (*p.callback.Load())(ctx, e) }, "-data", t.TempDir(), "-retries", "0")
	p.gateway.pipeline.Start(func(err error) { assert.NoError(t, err) })
	mux := http.NewServeMux()
	p.gateway.deadLetterAPI().Register(mux)
	p.server = httptest.NewUnstartedServer(mux)
	p.server.Config.WriteTimeout = writeTimeout
	p.server.Start()
	t.Cleanup(p.server.Close)
	return p
}

func (p *deadPipe) sets(f event.HandlerFunc) { p.callback.Store(&f) }

// bury turns events into dead letters, one after another, so that they are in order.
func (p *deadPipe) bury(events ...event.Event) {
	p.T.Helper()
	for _, e := range events {
		before, err := p.gateway.pipeline.Store.Stats(p.T.Context())
		require.NoError(p.T, err)
		p.take(e)
		require.Eventually(p.T, func() bool {
			stats, err := p.gateway.pipeline.Store.Stats(p.T.Context())
			return err == nil && stats.Dead == before.Dead+1
		}, gatewaytest.Patience, 5*time.Millisecond)
	}
}

func (p *deadPipe) ask(method, path string) (status int, body string) {
	p.T.Helper()
	r, err := http.NewRequestWithContext(p.T.Context(), method, p.server.URL+path, nil)
	require.NoError(p.T, err)
	answer, err := p.server.Client().Do(r)
	require.NoError(p.T, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(p.T, err)
	assert.Equal(p.T, "application/json", answer.Header.Get("Content-Type"))
	assert.Equal(p.T, "no-store", answer.Header.Get("Cache-Control"))
	return answer.StatusCode, string(text)
}

// list returns the dead letters that path lists.
func (p *deadPipe) list(path string) (views []store.DeadLetter) {
	p.T.Helper()
	status, body := p.ask(http.MethodGet, path)
	require.Equal(p.T, 200, status, "%s", body)
	require.NoError(p.T, json.Unmarshal([]byte(body), &views))
	return views
}

func TestDeadLettersAreListed(t *testing.T) {
	p := newDeadPipe(t)
	status, body := p.ask(http.MethodGet, "/dead")
	assert.Equal(t, 200, status)
	assert.Equal(t, "[]\n", body)

	began := time.Now()
	p.bury(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: relock.Vendor, ID: "2"}, event.Event{Vendor: relock.Vendor, ID: "3"})
	views := p.list("/dead")
	require.Len(t, views, 3)
	for i := range views {
		assert.WithinRange(t, views[i].Stored, began.Add(-time.Millisecond), views[i].Time)
		assert.WithinRange(t, views[i].Time, began, time.Now())
		views[i].Stored, views[i].Time = time.Time{}, time.Time{}
	}
	want := store.DeadLetter{Number: 2, Consumer: "default", Attempts: 1, Reason: "attempts", Error: "it fails", Endpoint: "relock", Vendor: "relock", ID: "2", Type: "session.ended"}
	if diff := cmp.Diff(want, views[1]); diff != "" {
		t.Errorf("dead letter (-want +got):\n%s", diff)
	}

	for path, want := range map[string]string{
		"/dead?after=1": "2 3", "/dead?after=3": "", "/dead?limit=2": "1 2", "/dead?after=1&limit=1": "2", "/dead?limit=100": "1 2 3", "/dead?after=18446744073709551615": "",
	} {
		var ids []string
		for _, l := range p.list(path) {
			ids = append(ids, l.ID)
		}
		assert.Equal(t, want, strings.Join(ids, " "), path)
	}
	for _, path := range []string{"/dead?after=x", "/dead?after=-1", "/dead?limit=0", "/dead?limit=101", "/dead?limit=x"} {
		status, body := p.ask(http.MethodGet, path)
		assert.Equal(t, 400, status, path)
		assert.JSONEq(t, `{"error":"after must be a number, limit 1 to 100, since and until times as in RFC 3339"}`, body)
	}
}

func TestDeadLetterIsShown(t *testing.T) {
	p := newDeadPipe(t)
	p.bury(event.Event{Vendor: relock.Vendor, ID: "1", User: event.User{ID: "u-1"}})
	status, body := p.ask(http.MethodGet, "/dead/1")
	assert.Equal(t, 200, status)
	var got store.DeadLetter
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	assert.Equal(t, "it fails", got.Error)
	assert.Contains(t, string(got.Event), `"specversion":"1.0"`)
	assert.Contains(t, string(got.Event), `"user":{"id":"u-1"}`)

	for _, path := range []string{"/dead/2", "/dead/0", "/dead/x", "/dead/-1"} {
		status, body := p.ask(http.MethodGet, path)
		assert.Equal(t, 404, status, path)
		assert.JSONEq(t, `{"error":"there is no such dead letter"}`, body)
	}
}

func TestDeadLetterIsRetried(t *testing.T) {
	p := newDeadPipe(t)
	p.bury(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: relock.Vendor, ID: "2"})

	const again = `{"error":"the callbacks failed again"}`
	status, body := p.ask(http.MethodPost, "/dead/1/retry")
	assert.Equal(t, 502, status)
	assert.JSONEq(t, again, body)
	assert.Contains(t, p.log.String(), `level=ERROR msg="a dead letter was retried, and the callbacks failed again" number=1 consumer=default endpoint=relock vendor=relock id=1 type=session.ended error="it fails"`)

	p.sets(func(context.Context, *event.Event) error { panic("a-panic") })
	status, body = p.ask(http.MethodPost, "/dead/1/retry")
	assert.Equal(t, 502, status)
	assert.JSONEq(t, again, body)
	assert.Contains(t, p.log.String(), "a-panic")
	assert.Contains(t, p.log.String(), "deadletters_test.go")
	require.Len(t, p.list("/dead"), 2)

	p.sets(func(context.Context, *event.Event) error { time.Sleep(writeTimeout + writeTimeout/10); return nil })
	status, body = p.ask(http.MethodPost, "/dead/1/retry")
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{"handled":true}`, body)
	assert.Equal(t, "1 2 1 1 1", p.ids())
	left := p.list("/dead")
	require.Len(t, left, 1)
	assert.Equal(t, "2", left[0].ID)

	status, _ = p.ask(http.MethodPost, "/dead/1/retry")
	assert.Equal(t, 404, status)
	assert.Equal(t, "1 2 1 1 1", p.ids())
}

// A callback that is running while the dead letter is dropped has handled the event.
func TestDeadLetterIsDroppedDuringARetry(t *testing.T) {
	p := newDeadPipe(t)
	p.bury(event.Event{Vendor: relock.Vendor, ID: "1"})
	p.sets(func(ctx context.Context, _ *event.Event) error { return p.gateway.pipeline.Store.DropDead(ctx, 1) })
	status, _ := p.ask(http.MethodPost, "/dead/1/retry")
	assert.Equal(t, 200, status)
}

// The callbacks of a retry have a deadline. A client that hangs up does not stop them.
func TestDeadLetterIsRetriedToTheEnd(t *testing.T) {
	p := newDeadPipe(t)
	p.bury(event.Event{Vendor: relock.Vendor, ID: "1"})
	ctx, hangUp := context.WithCancel(t.Context())
	p.sets(func(ctx context.Context, _ *event.Event) error {
		hangUp()
		deadline, ok := ctx.Deadline()
		assert.True(t, ok)
		assert.WithinDuration(t, time.Now().Add(10*time.Second), deadline, 5*time.Second)
		return ctx.Err()
	})
	require.NoError(t, p.gateway.pipeline.Store.Retry(ctx, 1))
	require.Error(t, ctx.Err())
}

func TestDeadLetterIsDropped(t *testing.T) {
	p := newDeadPipe(t)
	p.bury(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: relock.Vendor, ID: "2"})
	status, body := p.ask(http.MethodDelete, "/dead/1")
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{"dropped":true}`, body)
	left := p.list("/dead")
	require.Len(t, left, 1)
	assert.Equal(t, "2", left[0].ID)
	assert.Contains(t, p.log.String(), `level=WARN msg="a dead letter was dropped: its event is gone" number=1`)
	status, _ = p.ask(http.MethodDelete, "/dead/1")
	assert.Equal(t, 404, status)
	assert.Equal(t, "1 2", p.ids(), "no callback was called")
}

type acmePayload struct{ Text string }

// An event of a vendor that this gateway does not know is shown as it is stored.
func TestDeadLetterThatCannotBeDecoded(t *testing.T) {
	p := newDeadPipe(t)
	p.bury(event.Event{Vendor: "acme", ID: "1", Payload: &acmePayload{"a-text"}})
	status, body := p.ask(http.MethodGet, "/dead/1")
	assert.Equal(t, 200, status)
	var got store.DeadLetter
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	assert.Contains(t, got.EventError, "no decoder")
	assert.Contains(t, string(got.Event), "a-text")
	status, body = p.ask(http.MethodPost, "/dead/1/retry")
	assert.Equal(t, 422, status)
	assert.JSONEq(t, `{"error":"the event cannot be decoded"}`, body)
	assert.Empty(t, p.ids())
}

// A retry whose callback does not end delays a stop no longer than any other callback. A
// retry during the stop does not start.
func TestStopDoesNotWaitForRetriesForEver(t *testing.T) {
	p := newDeadPipe(t)
	p.bury(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: relock.Vendor, ID: "2"})
	called, release, answered := make(chan struct{}), make(chan struct{}), make(chan int)
	p.sets(func(_ context.Context, e *event.Event) error {
		if e.ID != "1" {
			return errFails
		}
		close(called)
		<-release
		return nil
	})
	go func() {
		status, _ := p.ask(http.MethodPost, "/dead/1/retry")
		answered <- status
	}()
	<-called
	stop, cancel := context.WithCancel(t.Context())
	finished := make(chan error)
	go func() { finished <- p.gateway.pipeline.Finish(stop) }()
	require.Eventually(t, func() bool {
		status, _ := p.ask(http.MethodPost, "/dead/2/retry")
		return status == 503
	}, gatewaytest.Patience, time.Millisecond)
	cancel()
	select {
	case err := <-finished:
		require.ErrorContains(t, err, "callbacks did not finish; their events stay in the store")
	case <-time.After(gatewaytest.Patience):
		assert.Fail(t, "it waits for the callback")
	}
	close(release)
	assert.Equal(t, 200, <-answered, "it did its work")
}
