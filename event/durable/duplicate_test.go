package durable_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

const otherContent = "has another content"

// duplicate stores e and reports whether it was dropped as a duplicate.
func duplicate(t *testing.T, s event.Handler, e *event.Event) bool {
	t.Helper()
	var d event.Delivery
	require.NoError(t, s.HandleEvent(event.WithDelivery(t.Context(), &d), e))
	return d.Duplicate()
}

func TestDuplicatesAreMarked(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	assert.False(t, duplicate(t, s, newEvent(1)))
	assert.False(t, duplicate(t, s, newEvent(2)))
	assert.True(t, duplicate(t, s, newEvent(1)))
	run(t, s, durable.Consumer{}, newRecorder())
	assert.True(t, duplicate(t, s, newEvent(1)), "whether or not it was handled")
	store(t, s, newEvent(1)) // and without an endpoint
}

// An endpoint says of a duplicate that it is one.
func TestDuplicatesAreLogged(t *testing.T) {
	t.Parallel()
	var log logBuffer
	var observed []bool
	s := open(t, embedded.Config{})
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(secret), Endpoint: verify.Config{
		Logger:  log.logger(),
		Observe: func(_ context.Context, o verify.Observation) { observed = append(observed, o.Duplicate) },
	}})
	require.NoError(t, err)
	h := hook.Handler(s)
	for range 3 {
		r, err := relock.NewRequest(t.Context(), someURL, secret, &relock.SessionEnded{SessionID: "s-1"})
		require.NoError(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code)
	}
	assert.Equal(t, []bool{false, true, true}, observed)
	assert.Equal(t, 2, strings.Count(log.String(), "duplicate=true"), log.String())
}

// The log says once, of each event, that its ID came with another content, and
// nothing of the content.
func TestKnownIDWithAnotherContent(t *testing.T) {
	t.Parallel()
	const marker = "a-name-in-the-body"
	access := func(id, action, lock string) *event.Event {
		e, err := unloc.Decode(fmt.Appendf(nil, `{"id":%q,"action":%q,"lockName":%q}`, id, action, lock))
		require.NoError(t, err)
		e.Source, e.Received = unloc.Vendor, time.Now()
		e.Time = e.Received
		return e
	}
	one, hashed := newEvent(1), newEvent(1)
	one.Received = one.Time.Add(time.Second) // the vendor sent a time
	hashed.ID = strings.Repeat("0f", 32)
	tests := map[string]struct {
		first, second *event.Event
		said          bool
	}{
		"the same, later":    {access("a", "unlocked", marker), access("a", "unlocked", marker), false},
		"another action":     {access("a", "unlocked", marker), access("a", "locked", marker), true},
		"another name":       {access("a", "unlocked", "door"), access("a", "unlocked", marker), true},
		"another ID":         {access("a", "unlocked", "door"), access("b", "unlocked", marker), false},
		"without a payload":  {one, with(one.Clone(), func(e *event.Event) { e.Reason = marker }), true},
		"another time":       {one, with(one.Clone(), func(e *event.Event) { e.Time = e.Time.Add(time.Hour) }), true},
		"another credential": {one, with(one.Clone(), func(e *event.Event) { e.Credential, e.Received = "secret 2", e.Received.Add(time.Hour) }), false},
		"ID that is a hash":  {hashed, with(hashed.Clone(), func(e *event.Event) { e.Reason = marker }), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			s := open(t, embedded.Config{Config: durable.Config{Logger: log.logger(), KeepRaw: true, RawKeys: rawKeys(keyA)}})
			first, second := tt.first.Clone(), tt.second.Clone()
			first.Raw, second.Raw = []byte("first "+marker), []byte("second "+marker)
			store(t, s, first, second, second, first, second)
			want := 0
			if tt.said {
				want = 1
			}
			assert.Equal(t, want, strings.Count(log.String(), otherContent), log.String())
			assert.NotContains(t, log.String(), marker)
			if tt.said {
				for _, attr := range []string{"level=WARN", "endpoint=" + tt.second.Source, "vendor=" + tt.second.Vendor, "id=" + tt.second.ID} {
					assert.Contains(t, log.String(), attr)
				}
			}
		})
	}
}

// A vendor's API may say more or less of an event than its webhook.
func TestFetchedEventWithAnotherContent(t *testing.T) {
	t.Parallel()
	const user, password = "unloc", "R4mT0pqu2x"
	webhook := func(hook *verify.Endpoint, s event.Handler, body string) {
		r, err := unloc.NewRequest(t.Context(), someURL, user, password, []byte(body))
		require.NoError(t, err)
		w := httptest.NewRecorder()
		hook.Handler(s).ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code)
	}
	fetched := func(hook *verify.Endpoint, s event.Handler, body string) {
		_, err := hook.Deliver(t.Context(), []byte(body), s)
		require.NoError(t, err)
	}
	for name, tt := range map[string]struct {
		first, second func(*verify.Endpoint, event.Handler, string)
		said          bool
	}{
		"webhook, webhook": {webhook, webhook, true},
		"webhook, fetched": {webhook, fetched, false},
		"fetched, webhook": {fetched, webhook, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			s := open(t, embedded.Config{Config: durable.Config{Logger: log.logger()}})
			hook, err := unloc.New(unloc.Config{Credentials: []verify.Credential{verify.NewCredential(user, password)}, Endpoint: quiet})
			require.NoError(t, err)
			tt.first(hook, s, `{"id":"e1","action":"unlocked","appUserId":"+4790001234"}`)
			tt.second(hook, s, `{"id":"e1","action":"unlocked","appUserId":"<anonymized>","projectId":"p-1"}`)
			assert.Equal(t, tt.said, strings.Contains(log.String(), otherContent), log.String())
		})
	}
}

// What a duplicate is compared with may be gone.
func TestDuplicateOfWhatIsGone(t *testing.T) {
	t.Parallel()
	var log logBuffer
	srv := startServer(t, t.TempDir())
	s := connectStore(t, srv, durable.Config{Shards: 1, Logger: log.logger()})
	store(t, s, newEvent(1))
	stream, err := newJetStream(t, connect(t, srv)).Stream(t.Context(), "accesshook-0")
	require.NoError(t, err)
	require.NoError(t, stream.Purge(t.Context()))
	assert.True(t, duplicate(t, s, with(newEvent(1), func(e *event.Event) { e.Reason = "other" })))
	assert.NotContains(t, log.String(), otherContent)
}

func with(e *event.Event, change func(*event.Event)) *event.Event {
	change(e)
	return e
}
