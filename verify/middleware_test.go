package verify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// deduped is an endpoint whose events have their bodies for IDs, with Dedupe.
func deduped(t *testing.T, j *journal) *verify.Endpoint {
	c := j.config()
	c.Wrap = []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{Logger: slog.New(slog.DiscardHandler)})}
	hook, err := verify.NewEndpoint(verify.Definition{
		Vendor: "test", Verifier: testVerifier(t, testSecret), Config: c,
		Decode: func(_ http.Header, body []byte) (*event.Event, error) {
			if !strings.HasPrefix(string(body), "{") {
				return nil, errors.New("not an object")
			}
			return &event.Event{ID: string(body), Type: event.LockUnlocked}, nil
		},
	})
	require.NoError(t, err)
	return hook
}

// Only an answer of 2xx is success. After any other one Dedupe lets the event
// through again, and the sender that tries again gets the work done.
func TestMiddlewareAnswersThatAreNotDone(t *testing.T) {
	for _, status := range []int{301, 304, 307, 400, 401, 403, 404, 405, 408, 409, 413, 421, 422, 423, 424, 425, 429, 499, 500, 502, 503, 504, 599} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			j := newJournal()
			var calls atomic.Int64
			server := httptest.NewServer(deduped(t, j).Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if calls.Add(1) == 1 {
					w.WriteHeader(status)
				}
			})))
			defer server.Close()
			client := server.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			for _, want := range []int{status, 200, 200} {
				res, err := client.Do(signed(t, server.URL, "{}"))
				require.NoError(t, err)
				res.Body.Close()
				assert.Equal(t, want, res.StatusCode)
			}
			assert.EqualValues(t, 2, calls.Load(), "tried again once, then a duplicate")
			o, record := j.next(t)
			assert.Equal(t, status, o.Status)
			assert.ErrorContains(t, o.Err, fmt.Sprintf("handler answered %d", status))
			assert.EqualValues(t, status, record["status"])
		})
	}
	for _, status := range []int{200, 201, 202, 204, 299} {
		j := newJournal()
		calls := 0
		h := deduped(t, j).Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { calls++; w.WriteHeader(status) }))
		for range 2 {
			h.ServeHTTP(httptest.NewRecorder(), signed(t, "http://localhost/", "{}"))
			o, _ := j.next(t)
			assert.NoError(t, o.Err)
		}
		assert.Equal(t, 1, calls, "%d is done", status)
	}
}

// A handler that gives up when the sender hangs up has done nothing: the event is
// not done, and the record does not say 200.
func TestMiddlewareSilenceAfterTheSenderHungUp(t *testing.T) {
	j := newJournal()
	started := make(chan struct{})
	var calls atomic.Int64
	server := httptest.NewServer(deduped(t, j).Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			close(started)
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})))
	defer server.Close()

	ctx, hangUp := context.WithCancel(context.Background())
	gone := make(chan error, 1)
	go func() {
		_, err := server.Client().Do(signed(t, server.URL, "{}").WithContext(ctx))
		gone <- err
	}()
	<-started
	hangUp()
	require.ErrorIs(t, <-gone, context.Canceled)
	o, record := j.next(t)
	assert.Equal(t, 500, o.Status)
	assert.ErrorIs(t, o.Err, context.Canceled)
	assert.EqualValues(t, 500, record["status"])
	assert.Equal(t, "ERROR", record["level"])
	assert.Contains(t, record["error"], "without an answer")

	res, err := server.Client().Do(signed(t, server.URL, "{}"))
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, http.StatusAccepted, res.StatusCode)
	assert.EqualValues(t, 2, calls.Load(), "the work is done when the sender tries again")
}

// The context may have a deadline of a middleware outside. The sender is still
// there then, and must not be told 200.
func TestMiddlewareSilenceAfterADeadline(t *testing.T) {
	j := newJournal()
	h := deduped(t, j).Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithDeadline(r.Context(), time.Now())
		defer cancel()
		h.ServeHTTP(w, r.WithContext(ctx))
	}))
	defer server.Close()
	for range 2 {
		res, err := server.Client().Do(signed(t, server.URL, "{}"))
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 500, res.StatusCode)
		assert.JSONEq(t, `{"error":"internal server error"}`, string(body))
		o, _ := j.next(t)
		assert.Equal(t, 500, o.Status)
		assert.ErrorIs(t, o.Err, context.DeadlineExceeded)
	}
}

// One body comes twice, and the first sender hangs up while both wait. The second
// takes over: its answer is that of the work, not that of the other's hanging up.
func TestMiddlewareSecondSenderTakesOver(t *testing.T) {
	j := newJournal()
	var calls atomic.Int64
	started := make(chan struct{}, 2)
	finish := make(chan struct{})
	h := deduped(t, j).Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		started <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-finish:
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	arrived := make(chan struct{}, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		h.ServeHTTP(w, r)
	}))
	defer server.Close()

	ctx, hangUp := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() {
		_, err := server.Client().Do(signed(t, server.URL, "{}").WithContext(ctx))
		first <- err
	}()
	<-arrived
	<-started
	second := make(chan int, 1)
	go func() {
		res, err := server.Client().Do(signed(t, server.URL, "{}"))
		if !assert.NoError(t, err) {
			second <- 0
			return
		}
		res.Body.Close()
		second <- res.StatusCode
	}()
	<-arrived
	hangUp()
	require.ErrorIs(t, <-first, context.Canceled)
	select {
	case <-started:
	case status := <-second:
		require.FailNow(t, "the second sender did not take over", "answered %d", status)
	}
	close(finish)
	assert.Equal(t, http.StatusAccepted, <-second)
	assert.EqualValues(t, 2, calls.Load())
}

// The same to the millisecond: the second sender waits for the first when that hangs
// up.
func TestMiddlewareSecondSenderTakesOverInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		start := time.Now()
		var began []time.Duration
		h := deduped(t, j).Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began = append(began, time.Since(start))
			select {
			case <-r.Context().Done(): // without an answer
			case <-time.After(time.Second):
				w.WriteHeader(http.StatusAccepted)
			}
		}))
		ctx, hangUp := context.WithCancel(context.Background())
		time.AfterFunc(400*time.Millisecond, hangUp)
		first, second := httptest.NewRecorder(), httptest.NewRecorder()
		var senders sync.WaitGroup
		senders.Go(func() { h.ServeHTTP(first, signed(t, "http://localhost/", "{}").WithContext(ctx)) })
		time.Sleep(200 * time.Millisecond)
		senders.Go(func() { h.ServeHTTP(second, signed(t, "http://localhost/", "{}")) })
		senders.Wait()
		assert.Equal(t, []time.Duration{0, 400 * time.Millisecond}, began)
		assert.Equal(t, 500, first.Code)
		assert.Equal(t, http.StatusAccepted, second.Code)
	})
}
