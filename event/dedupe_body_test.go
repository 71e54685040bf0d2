package event_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

const otherBody = `level=WARN msg="event: another body under a known ID"`

// withBody is an event of a vendor that sends IDs.
func withBody(id, body string) *event.Event {
	e := delivery(id)
	e.Raw = []byte(body)
	return e
}

// Unloc's ID is the sender's word, not a hash. A second body under it is dropped as
// a duplicate, and may be a fault of the sender or of somebody who plays it.
func TestDedupe_AnotherBodyUnderAnID(t *testing.T) {
	log, out := quiet()
	hook, err := unloc.New(unloc.Config{
		Credentials: []verify.Credential{verify.NewCredential("gate", "a password for tests")},
		Endpoint:    verify.Config{Logger: log, Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{Logger: log})}},
	})
	require.NoError(t, err)
	s := new(script)
	h := hook.Handler(s)
	for i, body := range []string{
		`{"id":"4711","action":"unlocked","lockId":"front"}`,
		`{"id":"4711","action":"unlocked","lockId":"front"}`,
		`{"id":"4711","action":"unlocked","lockId":"vault"}`,
		`{"id":"4711","action":"unlocked","lockId":"vault"}`,
		`{"id":"4711","action":"locked","lockId":"cellar"}`,
		`{"id":"4712","action":"locked","lockId":"cellar"}`,
	} {
		out.Reset()
		r, err := http.NewRequest(http.MethodPost, "http://localhost/", strings.NewReader(body))
		require.NoError(t, err)
		r.SetBasicAuth("gate", "a password for tests")
		accepted(t, h, r, nil)
		assert.Equal(t, i == 2, strings.Contains(out.String(), otherBody), "%d: %s", i, out)
		assert.NotContains(t, out.String(), "vault")
		if i == 2 {
			assert.Contains(t, out.String(), otherBody+" endpoint=unloc vendor=unloc id=4711 type=lock.unlocked\n")
		}
	}
	assert.EqualValues(t, 2, s.calls.Load())
}

// The body of UserLock's backup server differs in its ID, and is the same event.
func TestDedupe_AnotherBody_HashedIDs(t *testing.T) {
	const primary, backup = "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
	log, out := quiet()
	hook, err := userlock.New(userlock.Config{
		IDs:      event.Secrets(primary, backup),
		Endpoint: verify.Config{Logger: log, Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{Logger: log})}},
	})
	require.NoError(t, err)
	h := hook.Handler(new(script))
	for _, id := range []string{primary, backup} {
		r, err := http.NewRequest(http.MethodPost, "http://localhost/", strings.NewReader(`{"UserLockId":"`+id+`","EventType":1}`))
		accepted(t, h, r, err)
	}
	assert.Contains(t, out.String(), "duplicate=true")
	assert.NotContains(t, out.String(), otherBody)
}

// digestStore is a store of another package that keeps digests.
type digestStore struct {
	event.DedupeStore
	mu      sync.Mutex
	digests map[string]uint64
	err     error
}

func (s *digestStore) ClaimDigest(ctx context.Context, key string, digest uint64, lease time.Duration) (string, event.ClaimState, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return "", 0, false, s.err
	}
	owner, state, err := s.Claim(ctx, key, lease)
	if state == event.ClaimGranted {
		s.digests[key] = digest
	}
	return owner, state, s.digests[key] != digest, err
}

func TestDedupe_AnotherBody_Stores(t *testing.T) {
	for name, tt := range map[string]struct {
		store event.DedupeStore
		want  int
	}{
		"memory":             {nil, 1},
		"one with digests":   {&digestStore{DedupeStore: event.NewDedupeMemory(0), digests: map[string]uint64{}}, 1},
		"one that is broken": {&digestStore{err: errBroken}, 0},
		"one without":        {struct{ event.DedupeStore }{event.NewDedupeMemory(0)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			log, out := quiet()
			h := event.Dedupe(event.DedupeConfig{Store: tt.store, Logger: log})(new(script))
			for _, body := range []string{"1", "1", "2", "3"} {
				require.NoError(t, h.HandleEvent(bg, withBody("a", body)))
			}
			assert.Equal(t, tt.want, strings.Count(out.String(), otherBody), out)
		})
	}
}

func TestDedupe_AnotherBody_NothingToCompare(t *testing.T) {
	hash := strings.Repeat("0123456789abcdef", 4)
	for name, tt := range map[string]struct {
		first, second *event.Event
		told          bool
	}{
		"another body":     {withBody("a", "1"), withBody("a", "2"), true},
		"first without":    {withBody("a", ""), withBody("a", "2"), false},
		"second without":   {withBody("a", "1"), withBody("a", ""), false},
		"a hash as ID":     {withBody(hash, "1"), withBody(hash, "2"), false},
		"nearly a hash":    {withBody(hash[1:], "1"), withBody(hash[1:], "2"), true},
		"no hash, as long": {withBody(hash[1:]+"g", "1"), withBody(hash[1:]+"g", "2"), true},
	} {
		t.Run(name, func(t *testing.T) {
			log, out := quiet()
			h := event.Dedupe(event.DedupeConfig{Logger: log})(new(script))
			require.NoError(t, h.HandleEvent(bg, tt.first))
			require.NoError(t, h.HandleEvent(bg, tt.second))
			assert.Equal(t, tt.told, strings.Contains(out.String(), otherBody))
		})
	}
}

func TestDedupe_AnotherBody_AtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := quiet()
		h := event.Dedupe(event.DedupeConfig{Logger: log})(&script{f: func(context.Context, int64) error { time.Sleep(time.Second); return nil }})
		var wg sync.WaitGroup
		for _, body := range []string{"1", "1", "2", "2", "3"} {
			wg.Go(func() { assert.NoError(t, h.HandleEvent(bg, withBody("a", body))) })
			synctest.Wait()
		}
		wg.Wait()
		require.NoError(t, h.HandleEvent(bg, withBody("a", "2")))
		assert.Equal(t, 1, strings.Count(out.String(), otherBody))
	})
}

// What failed and comes again with another body is a new attempt, not a duplicate.
func TestDedupe_AnotherBody_AfterAFailure(t *testing.T) {
	log, out := quiet()
	h := event.Dedupe(event.DedupeConfig{Logger: log})(&script{f: func(_ context.Context, call int64) error {
		if call == 1 {
			return errBroken
		}
		return nil
	}})
	require.Error(t, h.HandleEvent(bg, withBody("a", "1")))
	require.NoError(t, h.HandleEvent(bg, withBody("a", "2")))
	require.NoError(t, h.HandleEvent(bg, withBody("a", "2")))
	assert.Empty(t, out.String())
	require.NoError(t, h.HandleEvent(bg, withBody("a", "1")))
	assert.Contains(t, out.String(), otherBody)
}

// A sender whose IDs mean nothing does not fill the disk by sending two bodies in
// turns.
func TestDedupe_AnotherBody_IsBounded(t *testing.T) {
	log, out := quiet()
	h := event.Dedupe(event.DedupeConfig{Logger: log})(new(script))
	for round := range 20 {
		for id := range 100 {
			require.NoError(t, h.HandleEvent(bg, withBody(fmt.Sprint(id), fmt.Sprint(round))))
		}
	}
	assert.Equal(t, 100, bytes.Count(out.Bytes(), []byte(otherBody)))
}
