package durable_test

import (
	"context"
	"errors"
	"slices"
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
)

// each returns the numbers of the dead letters that f selects.
func each(t testing.TB, s *embedded.Store, f durable.DeadFilter) (n []uint64) {
	t.Helper()
	for l, err := range s.EachDead(t.Context(), f) {
		require.NoError(t, err)
		n = append(n, l.Number)
	}
	return n
}

// ended is event number n, the end of a session.
func ended(n int) *event.Event {
	e := newEvent(n)
	e.Type = event.SessionEnded
	return e
}

// ofVendor is event number n of another vendor.
func ofVendor(n int, vendor string, t event.Type) *event.Event {
	e := newEvent(n)
	e.Vendor, e.Source, e.Type = vendor, vendor, t
	return e
}

func TestEachDeadByFilter(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	bury(t, s, newEvent(1), ended(2), ofVendor(3, unloc.Vendor, event.LockUnlocked), ofVendor(4, "acme", event.SessionEnded))
	stop := run(t, s, durable.Consumer{Name: "siem", MaxAttempts: 1}, event.HandlerFunc(func(context.Context, *event.Event) error {
		return errors.New("connection refused")
	}))
	letters := waitLetters(t, s, 8)
	stop()
	third := letters[2].Time
	var siem []uint64
	for _, l := range letters[4:] {
		siem = append(siem, l.Number)
	}
	of := func(id string) (n uint64) { // of siem, whose order is not known
		for _, l := range letters[4:] {
			if strings.Contains(string(l.Data), `"id":"`+id+`"`) {
				return l.Number
			}
		}
		return 0
	}
	decoded := slices.DeleteFunc(slices.Clone(siem), func(n uint64) bool { return n == of("event-4") })
	for name, tt := range map[string]struct {
		f    durable.DeadFilter
		want []uint64
	}{
		"all":           {durable.DeadFilter{}, append([]uint64{1, 2, 3, 4}, siem...)},
		"vendor":        {durable.DeadFilter{Filter: durable.Filter{Vendor: unloc.Vendor}}, []uint64{3, of("event-3")}},
		"type":          {durable.DeadFilter{Consumer: "default", Filter: durable.Filter{Type: event.SessionEnded}}, []uint64{2, 4}},
		"family":        {durable.DeadFilter{Consumer: "default", Filter: durable.Filter{Type: "session.*"}}, []uint64{1, 2, 4}},
		"vendor, type":  {durable.DeadFilter{Consumer: "default", Filter: durable.Filter{Vendor: relock.Vendor, Type: event.SessionEnded}}, []uint64{2}},
		"undecodable":   {durable.DeadFilter{Consumer: "default", Filter: durable.Filter{Vendor: "acme"}}, []uint64{4}},
		"consumer":      {durable.DeadFilter{Consumer: "siem"}, siem},
		"no consumer":   {durable.DeadFilter{Consumer: "other"}, nil},
		"error":         {durable.DeadFilter{Error: "refused"}, decoded}, // acme has no decoder, and another error
		"another error": {durable.DeadFilter{Error: "Refused"}, nil},
		"since":         {durable.DeadFilter{Consumer: "default", Since: third}, []uint64{3, 4}},
		"until":         {durable.DeadFilter{Until: third}, []uint64{1, 2}},
		"between":       {durable.DeadFilter{Since: third, Until: third.Add(time.Nanosecond)}, []uint64{3}},
		"after":         {durable.DeadFilter{Consumer: "default", After: 2}, []uint64{3, 4}},
		"after all":     {durable.DeadFilter{After: 8}, nil},
		"none":          {durable.DeadFilter{Filter: durable.Filter{Vendor: "nobody"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, each(t, s, tt.f))
		})
	}
	for _, f := range []durable.DeadFilter{{Consumer: "a.b"}, {Consumer: ">"}, {Filter: durable.Filter{Vendor: "*"}}, {Filter: durable.Filter{Type: "a b"}}} {
		assert.Error(t, f.Validate())
		for _, err := range s.EachDead(t.Context(), f) {
			assert.ErrorContains(t, err, "durable: invalid ")
		}
	}
}

// Retrying and dropping while the dead letters are visited, and new ones, change nothing
// in what is visited.
func TestEachDeadWhileTheyChange(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	const before = 200 // more than are read ahead
	events := numbered(before)
	stop := run(t, s, durable.Consumer{MaxAttempts: 1}, failing)
	store(t, s, events...)
	waitLetters(t, s, before)
	added := 0
	var visited []uint64
	for l, err := range s.EachDead(t.Context(), durable.DeadFilter{}) {
		require.NoError(t, err)
		visited = append(visited, l.Number)
		switch {
		case added < 5:
			store(t, s, newEvent(before+added))
			added++
			eventually(t, "another dead letter", func() bool {
				stats, err := s.Stats(t.Context())
				require.NoError(t, err)
				return stats.Dead >= uint64(before+added)
			})
			require.ErrorIs(t, s.RetryDead(t.Context(), l.Number, failing), errFailed) // it stays
		case l.Number%2 == 0:
			require.NoError(t, s.DropDead(t.Context(), l.Number))
		}
	}
	stop()
	var want []uint64
	for n := range before {
		want = append(want, uint64(n+1))
	}
	assert.Equal(t, want, visited)
}

// Who leaves early, or has no more time, gets no more.
func TestEachDeadEnds(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{})
	bury(t, s, numbered(3)...)
	var seen []uint64
	for l, err := range s.EachDead(t.Context(), durable.DeadFilter{}) {
		require.NoError(t, err)
		if seen = append(seen, l.Number); len(seen) == 2 {
			break
		}
	}
	assert.Equal(t, []uint64{1, 2}, seen)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := 0
	for l, err := range s.EachDead(ctx, durable.DeadFilter{}) {
		calls++
		assert.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, l)
	}
	assert.Equal(t, 1, calls, "an error is the end")
}
