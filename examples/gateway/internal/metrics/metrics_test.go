package metrics

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/server"
	"github.com/accesshook/accesshook/verify"
)

func newMetrics() *Metrics { return New(func() uint64 { return 0 }) }

// An event that took long is noted after one that was received later.
func TestLastEventNeverGoesBack(t *testing.T) {
	e := newMetrics().Endpoint(relock.Vendor, relock.EventTypes())
	assert.True(t, e.LastEvent().IsZero())
	first := time.Now()
	for _, at := range []time.Duration{1, 9, 3} {
		e.Observe(t.Context(), verify.Observation{Status: 200, Event: new(event.Event), Received: first.Add(at * time.Second)})
	}
	assert.Equal(t, first.Add(9*time.Second).Round(0).UTC(), e.LastEvent())
}

// A delivery that waited in vain for another of the same event is a duplicate too.
func TestDuplicates(t *testing.T) {
	e := newMetrics().Endpoint(relock.Vendor, relock.EventTypes())
	for _, o := range []verify.Observation{
		{Status: 200, Event: new(event.Event), Duplicate: true},
		{Status: 503, Event: new(event.Event), Err: errors.Join(errors.New("later"), event.ErrInProgress)},
		{Status: 200, Event: new(event.Event)},
		{Status: 401},
	} {
		o.Source = relock.Vendor
		e.Observe(t.Context(), o)
	}
	events, refused, duplicates := e.Counts()
	assert.Equal(t, [3]uint64{2, 1, 2}, [3]uint64{events, refused, duplicates})
}

// What is known to happen has a series from the start, so that the first of it is an
// increase.
func TestSeriesStartAtZero(t *testing.T) {
	m := newMetrics()
	m.Endpoint(relock.Vendor, relock.EventTypes())
	m.Server(server.New(server.Config{Handler: http.NotFoundHandler()}))
	w := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, series := range []string{
		`accesshook_requests_total{endpoint="relock",status="401"} 0`,
		`accesshook_requests_total{endpoint="relock",status="500"} 0`,
		`accesshook_rejected_total{endpoint="relock",status="429"} 0`,
		`accesshook_events_total{type="security.alert",vendor="relock"} 0`,
		`accesshook_events_total{type="unknown",vendor="relock"} 0`,
		`accesshook_duplicates_total{endpoint="relock"} 0`,
		`accesshook_handler_seconds_count{vendor="relock"} 0`,
		`accesshook_connections{state="idle"} 0`,
		`accesshook_connections_closed_total{reason="max_connections"} 0`,
		`accesshook_server_errors_total{status="431"} 0`,
		`accesshook_unknown_paths_total 0`,
		`accesshook_unhandled_total 0`,
	} {
		assert.Contains(t, w.Body.String(), series+"\n")
	}
	assert.NotContains(t, w.Body.String(), "accesshook_last_event_timestamp_seconds{")
}

// A type that no vendor has here counts as unknown: senders choose no label.
func TestTypesAreBounded(t *testing.T) {
	m := newMetrics()
	e := m.Endpoint(relock.Vendor, relock.EventTypes())
	for _, typ := range []event.Type{"made.up", "", event.LockUnlocked} {
		e.Observe(t.Context(), verify.Observation{Source: relock.Vendor, Status: 200, Event: new(event.Event), Type: typ})
	}
	assert.EqualValues(t, 3, testutil.ToFloat64(m.events.WithLabelValues(relock.Vendor, "unknown")))
}

// The histogram has the time of the callbacks alone, also of those that fail or panic.
func TestHandlerSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMetrics()
		errFails := errors.New("it fails")
		timed := m.Timed(event.HandlerFunc(func(context.Context, *event.Event) error {
			time.Sleep(3 * time.Second)
			return errFails
		}))
		for range 2 {
			require.ErrorIs(t, timed.HandleEvent(t.Context(), &event.Event{Vendor: relock.Vendor}), errFails)
			time.Sleep(time.Minute)
		}
		families, err := m.Registry.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == "accesshook_handler_seconds" {
				h := f.GetMetric()[0].GetHistogram()
				assert.Equal(t, [2]float64{2, 6}, [2]float64{float64(h.GetSampleCount()), h.GetSampleSum()})
				return
			}
		}
		assert.Fail(t, "there is no histogram")
	})
}
