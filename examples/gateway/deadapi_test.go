package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/relock"
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
	p := new(deadPipe)
	p.sets(func(context.Context, *event.Event) error { return errFails })
	p.pipe = newPipe(t, func(ctx context.Context, e *event.Event) error { return (*p.callback.Load())(ctx, e) }, "-data", t.TempDir(), "-retries", "0")
	p.start(func(err error) { assert.NoError(t, err) })
	mux := http.NewServeMux()
	(&deadAPI{p.store, slog.New(slog.NewTextHandler(&p.log, nil))}).register(mux)
	p.server = httptest.NewUnstartedServer(mux)
	p.server.Config.WriteTimeout = writeTimeout
	p.server.Start()
	t.Cleanup(p.server.Close)
	return p
}

func (p *deadPipe) sets(f event.HandlerFunc) { p.callback.Store(&f) }

// bury turns events into dead letters, one after another, so that they are in order.
func (p *deadPipe) bury(events ...event.Event) {
	p.t.Helper()
	for _, e := range events {
		before, err := p.store.Stats(p.t.Context())
		require.NoError(p.t, err)
		p.take(e)
		require.Eventually(p.t, func() bool {
			stats, err := p.store.Stats(p.t.Context())
			return err == nil && stats.Dead == before.Dead+1
		}, patience, 5*time.Millisecond)
	}
}

func (p *deadPipe) ask(method, path string) (status int, body string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.server.URL+path, nil)
	require.NoError(p.t, err)
	answer, err := p.server.Client().Do(r)
	require.NoError(p.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	assert.Equal(p.t, "application/json", answer.Header.Get("Content-Type"))
	assert.Equal(p.t, "no-store", answer.Header.Get("Cache-Control"))
	return answer.StatusCode, string(text)
}

// list returns the dead letters that path lists.
func (p *deadPipe) list(path string) (views []deadLetterView) {
	p.t.Helper()
	status, body := p.ask(http.MethodGet, path)
	require.Equal(p.t, 200, status, "%s", body)
	require.NoError(p.t, json.Unmarshal([]byte(body), &views))
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
	want := deadLetterView{Number: 2, Consumer: "default", Attempts: 1, Error: "it fails", Endpoint: "relock", Vendor: "relock", ID: "2", Type: "session.ended"}
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
		assert.JSONEq(t, `{"error":"after must be a number, and limit 1 to 100"}`, body)
	}
}

func TestDeadLetterIsShown(t *testing.T) {
	p := newDeadPipe(t)
	p.bury(event.Event{Vendor: relock.Vendor, ID: "1", User: event.User{ID: "u-1"}})
	status, body := p.ask(http.MethodGet, "/dead/1")
	assert.Equal(t, 200, status)
	var got deadLetterView
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
	assert.Contains(t, p.pipe.log.String(), `level=ERROR msg="a dead letter was retried, and the callbacks failed again" number=1 endpoint=relock vendor=relock id=1 type=session.ended error="it fails"`)

	p.sets(func(context.Context, *event.Event) error { panic("a-panic") })
	status, body = p.ask(http.MethodPost, "/dead/1/retry")
	assert.Equal(t, 502, status)
	assert.JSONEq(t, again, body)
	assert.Contains(t, p.pipe.log.String(), "a-panic")
	assert.Contains(t, p.pipe.log.String(), "deadapi_test.go")
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
	p.sets(func(ctx context.Context, _ *event.Event) error { return p.store.DropDead(ctx, 1) })
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
	require.NoError(t, p.store.retry(ctx, 1))
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
	assert.Contains(t, p.pipe.log.String(), `level=WARN msg="a dead letter was dropped: its event is gone" number=1`)
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
	var got deadLetterView
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	assert.Contains(t, got.EventError, "no decoder")
	assert.Contains(t, string(got.Event), "a-text")
	status, body = p.ask(http.MethodPost, "/dead/1/retry")
	assert.Equal(t, 422, status)
	assert.JSONEq(t, `{"error":"the event cannot be decoded"}`, body)
	assert.Empty(t, p.ids())
}

func TestSealedBodiesAreNotShown(t *testing.T) {
	l := durable.DeadLetter{Data: []byte(`{"id":"1","accesshookraw":"c2VhbGVk"}`), EventError: errFails}
	assert.JSONEq(t, `{"id":"1"}`, string(eventJSON(l)))
	l.Data = []byte(`"c2VhbGVk"`)
	assert.Nil(t, eventJSON(l))
}

// A goneStore does not answer.
type goneStore struct{ eventStore }

func (goneStore) DeadLetters(context.Context, uint64, int) ([]durable.DeadLetter, error) {
	return nil, errFails
}

func (goneStore) DeadLetter(context.Context, uint64) (durable.DeadLetter, error) {
	return durable.DeadLetter{}, errFails
}

func (goneStore) DropDead(context.Context, uint64) error { return errFails }

// A forgetfulStore stops answering when the callback has finished.
type forgetfulStore struct{ eventStore }

func (s forgetfulStore) RetryDead(ctx context.Context, number uint64, h event.Handler) error {
	l, err := s.DeadLetter(ctx, number)
	if err == nil {
		err = h.HandleEvent(ctx, l.Event)
	}
	if err == nil {
		err = errFails
	}
	return err
}

func TestDeadLettersOfAStoreThatIsGone(t *testing.T) {
	p := newDeadPipe(t)
	p.bury(event.Event{Vendor: relock.Vendor, ID: "1"})
	p.sets(done)
	there := p.store.eventStore
	t.Cleanup(func() { p.store.eventStore = there })

	p.store.eventStore = forgetfulStore{there}
	status, body := p.ask(http.MethodPost, "/dead/1/retry")
	assert.Equal(t, 500, status)
	assert.JSONEq(t, `{"error":"the event was handled, but its dead letter could not be deleted"}`, body)

	p.store.eventStore = goneStore{there}
	for _, to := range []struct{ method, path string }{
		{http.MethodGet, "/dead"}, {http.MethodGet, "/dead/1"}, {http.MethodPost, "/dead/1/retry"}, {http.MethodDelete, "/dead/1"},
	} {
		status, body = p.ask(to.method, to.path)
		assert.Equal(t, 503, status, to.path)
		assert.JSONEq(t, `{"error":"the store does not answer"}`, body)
	}
	assert.Equal(t, 4, strings.Count(p.pipe.log.String(), `msg="dead letters cannot be had" error="it fails"`))
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
	go func() { finished <- p.finish(stop) }()
	select {
	case <-p.store.done:
	case <-time.After(patience):
		require.Fail(t, "it does not stop")
	}
	require.Eventually(t, func() bool {
		status, _ := p.ask(http.MethodPost, "/dead/2/retry")
		return status == 503
	}, patience, time.Millisecond)
	cancel()
	select {
	case err := <-finished:
		require.ErrorContains(t, err, "callbacks did not finish; their events stay in the store")
	case <-time.After(patience):
		assert.Fail(t, "it waits for the callback")
	}
	close(release)
	assert.Equal(t, 200, <-answered, "it did its work")
}

// startWithDead starts a gateway whose store in dir has dead letters of sessions.
func startWithDead(t *testing.T, dir string, env []string, sessions []string, args ...string) *process {
	t.Helper()
	broken := startBroken(t, withRelock, "-data", dir, "-retries", "0")
	broken.end(sessions...)
	broken.requireMetrics(broken.url, map[string]float64{`accesshook_dead_letters`: float64(len(sessions))})
	broken.stop()
	return start(t, env, append([]string{"-data", dir}, args...)...)
}

// The paths are guarded as all admin paths are.
func TestDeadLettersAreGuarded(t *testing.T) {
	for name, test := range map[string]struct {
		env  []string
		args []string
	}{
		"shared":       {withRelock, nil},
		"own address":  {withRelock, []string{"-admin-addr", "127.0.0.1:0"}},
		"own password": {withAdmin, []string{"-admin-addr", "127.0.0.1:0"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := startWithDead(t, t.TempDir(), test.env, []string{"a"}, test.args...)
			url, login := p.url, ""
			if len(test.args) > 0 {
				url = p.admin()
				status, _ := p.send(get(t, p.url+"/dead"))
				assert.Equal(t, 404, status, "not on the public side")
			}
			if name == "own password" {
				login = adminPassword
			}
			for _, to := range []struct{ method, path string }{
				{http.MethodPost, "/dead/1/retry"}, {http.MethodDelete, "/dead/1"},
			} {
				for _, header := range []struct{ key, value string }{
					{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
					{"Origin", "https://evil.example"}, {"Host", "evil.example"},
				} {
					r, err := http.NewRequestWithContext(t.Context(), to.method, url+to.path, nil)
					require.NoError(t, err)
					if login != "" {
						r.SetBasicAuth("ops", login)
					}
					r.Header.Set(header.key, header.value)
					if header.key == "Host" {
						r.Host = header.value
					}
					status, _ := p.send(r, nil)
					assert.Equal(t, 403, status, "%s %s %s: %s", to.method, to.path, header.key, header.value)
				}
				if login != "" {
					r, err := http.NewRequestWithContext(t.Context(), to.method, url+to.path, nil)
					require.NoError(t, err)
					status, _ := p.send(r, nil)
					assert.Equal(t, 401, status)
				}
			}
			r, err := get(t, url+"/dead")
			require.NoError(t, err)
			if login != "" {
				status, body := p.send(r, nil)
				assert.Equal(t, 401, status)
				assert.NotContains(t, body, "relock")
				r.SetBasicAuth("ops", login)
			}
			status, body := p.send(r, nil)
			assert.Equal(t, 200, status)
			assert.Contains(t, body, `"number":1`, "it is still there")
			assert.Empty(t, p.stdout.String(), "and was not handled")
		})
	}
}

// The parameters of a list are in the URL. A form in the body would be kept in memory,
// and in files if it is larger than 32 MiB.
func TestListOfDeadLettersReadsNoBody(t *testing.T) {
	p := newDeadPipe(t)
	body := &countedReader{Reader: strings.NewReader("--x\r\nContent-Disposition: form-data; name=limit\r\n\r\n0\r\n--x--\r\n")}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/dead", body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	w := httptest.NewRecorder()
	p.server.Config.Handler.ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code)
	assert.Zero(t, body.reads)
}

type countedReader struct {
	io.Reader
	reads int
}

func (c *countedReader) Read(p []byte) (int, error) {
	c.reads++
	return c.Reader.Read(p)
}

func TestThereAreNoDeadLettersWithoutAStore(t *testing.T) {
	p := start(t, withRelock)
	for _, path := range []string{"/dead", "/dead/1"} {
		status, body := p.send(get(t, p.url+path))
		assert.Equal(t, 404, status)
		assert.JSONEq(t, `{"error":"there is no store: the gateway was started without -data and -nats"}`, body)
	}
}

// If bodies are kept, callbacks get secrets in clear, but a dead letter shows none.
func TestDeadLettersKeepSecrets(t *testing.T) {
	p := startBroken(t, []string{"RAW_KEYS=" + strings.Repeat("ab", 32)}, "-demo", "-data", t.TempDir(), "-retries", "0")
	p.requireMetrics(p.url, map[string]float64{`accesshook_dead_letters`: 61})
	_, body := p.send(get(t, p.url+"/dead"))
	var views []deadLetterView
	require.NoError(t, json.Unmarshal([]byte(body), &views))
	require.Len(t, views, 61)
	masked := false
	for _, l := range views {
		_, body := p.send(get(t, p.url+"/dead/"+jsonNumber(l.Number)))
		assert.NotContains(t, body, demoPasswordHash)
		assert.NotContains(t, body, durable.RawAttribute)
		assert.True(t, json.Valid([]byte(body)))
		masked = masked || bytes.Contains([]byte(body), []byte("[redacted]"))
	}
	assert.True(t, masked)
}

func jsonNumber(n uint64) string { text, _ := json.Marshal(n); return string(text) }
