package dead_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"

	"github.com/accesshook/accesshook/examples/gateway/internal/dead"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
)

// letters are dead letters. retry is called for each that is retried.
type letters struct {
	numbers []uint64
	retry   func(number uint64) error
	retried []uint64
	lists   int
}

func (l *letters) List(_ context.Context, f durable.DeadFilter, limit int) (list []store.DeadLetter, err error) {
	l.lists++
	for _, n := range l.numbers {
		if n > f.After && len(list) < limit {
			list = append(list, store.DeadLetter{Number: n})
		}
	}
	return list, nil
}

func (l *letters) Show(context.Context, uint64) (store.DeadLetter, error) {
	return store.DeadLetter{}, nil
}

func (l *letters) Retry(ctx context.Context, number uint64) error {
	l.retried = append(l.retried, number)
	err := l.retry(number)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (l *letters) Drop(ctx context.Context, number uint64) error { return l.Retry(ctx, number) }

func (l *letters) Close() error { return nil }

func newLetters(n int, retry func(uint64) error) *letters {
	l := &letters{retry: retry}
	for i := range n {
		l.numbers = append(l.numbers, uint64(i+1))
	}
	return l
}

// retryAll retries all, and returns the last progress.
func retryAll(t *testing.T, ctx context.Context, l dead.Source) (last dead.Progress, err error) {
	t.Helper()
	ends := 0
	c := dead.Command{Verb: "retry", Many: true, Progress: func(p dead.Progress, end bool) {
		last = p
		if end {
			ends++
		}
	}}
	err = c.Run(ctx, l)
	assert.Equal(t, 1, ends)
	return last, err
}

// What becomes a dead letter meanwhile is not retried: it could go on for ever.
func TestManyAreThoseOfTheBeginning(t *testing.T) {
	var l *letters
	l = newLetters(250, func(n uint64) error {
		l.numbers = append(l.numbers, 1000+n)
		return nil
	})
	p, err := retryAll(t, t.Context(), l)
	require.NoError(t, err)
	assert.Equal(t, dead.Progress{Verb: "retry", Total: 250, Tried: 250}, p)
	assert.Len(t, l.retried, 250)
	assert.Equal(t, uint64(250), l.retried[249])
}

// Of many that fail the first are shown. Those that somebody else has dropped are no
// failure.
func TestManyFail(t *testing.T) {
	l := newLetters(30, func(n uint64) error {
		switch {
		case n%10 == 0:
			return durable.ErrNotFound
		case n > 20:
			return fmt.Errorf("retried: %w", store.ErrUnreadable)
		}
		return nil
	})
	p, err := retryAll(t, t.Context(), l)
	assert.Equal(t, dead.Progress{Verb: "retry", Total: 30, Tried: 30, Failed: 9, Gone: 3}, p)
	assert.EqualError(t, err, "retry 21: retried: the event cannot be decoded\nretry 22: retried: the event cannot be decoded\n"+
		"retry 23: retried: the event cannot be decoded\nretry 24: retried: the event cannot be decoded\n"+
		"retry 25: retried: the event cannot be decoded\nand 4 more")
}

// When the gateway is gone, the rest is not tried.
func TestManyStopWithoutTheGateway(t *testing.T) {
	l := newLetters(30, func(n uint64) error {
		if n == 3 {
			return errors.New("connection refused")
		}
		return nil
	})
	p, err := retryAll(t, t.Context(), l)
	assert.EqualError(t, err, "retry 3: connection refused")
	assert.Equal(t, dead.Progress{Verb: "retry", Total: 30, Tried: 2}, p)
}

// An interrupt ends it after the dead letter that is being retried.
func TestManyAreInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := newLetters(30, nil)
	l.retry = func(n uint64) error {
		if n == 4 {
			cancel()
		}
		return nil
	}
	p, err := retryAll(t, ctx, l)
	assert.ErrorIs(t, err, dead.ErrInterrupted)
	assert.Equal(t, dead.Progress{Verb: "retry", Total: 30, Tried: 4}, p)
	assert.Equal(t, []uint64{1, 2, 3, 4}, l.retried)
}

// A gateway that knows no filters would list all, and all would be dropped.
func TestOldGatewayDoesNotFilter(t *testing.T) {
	var asked []string
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method)
		_ = json.NewEncoder(w).Encode([]store.DeadLetter{{Number: 1}})
	}))
	t.Cleanup(old.Close)
	base, err := url.Parse(old.URL)
	require.NoError(t, err)
	c := dead.Command{Verb: "drop", Many: true, Filter: durable.DeadFilter{Filter: durable.Filter{Vendor: "relock"}}}
	err = c.Run(t.Context(), dead.Ask(base, nil, time.Minute))
	assert.EqualError(t, err, "the gateway is too old to filter dead letters")
	assert.Equal(t, []string{http.MethodGet}, asked)
}

// A gateway that is too busy is asked again.
func TestBusyGatewayIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		base := &url.URL{Scheme: "http", Host: "gateway"}
		s := dead.Ask(base, nil, time.Minute)
		dead.SetTransport(s, func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			if tries++; tries < 4 {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			_, _ = w.WriteString(`{"error":"busy"}`)
			return w.Result()
		})
		began := time.Now()
		require.NoError(t, s.Drop(t.Context(), 1))
		assert.Equal(t, 3*time.Second, time.Since(began))
		tries = -100
		assert.EqualError(t, s.Drop(t.Context(), 1), "busy")
		assert.Equal(t, 3*time.Second+time.Minute, time.Since(began), "until its timeout")
	})
}
