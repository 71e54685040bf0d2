package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

// An event that took long is noted after one that was received later.
func TestLastEventNeverGoesBack(t *testing.T) {
	m := newMetrics(event.NewMux()).endpoint(relock.Vendor)
	assert.Nil(t, m.lastReceived())
	first := time.Now()
	for _, at := range []time.Duration{1, 9, 3} {
		m.observe(t.Context(), verify.Observation{Status: 200, Event: new(event.Event), Received: first.Add(at * time.Second)})
	}
	assert.Equal(t, first.Add(9*time.Second).Round(0).UTC(), *m.lastReceived())
}

// A delivery that is answered ErrInProgress counts as a duplicate too.
func TestDuplicatesThatWaitInVainAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := newPipe(t, func(context.Context, *event.Event) error { <-release; return nil })
		e := event.Event{Vendor: relock.Vendor, ID: "1"}
		go p.take(e)
		synctest.Wait()
		source := e
		source.Source = relock.Vendor
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.endpoint(relock.Vendor).HandleEvent(ctx, &source), event.ErrInProgress)
		assert.EqualValues(t, 1, p.count("accesshook_duplicates_total"))
		close(release)
	})
}

// The histogram has the time of the callbacks alone, for each attempt.
func TestHandlerSeconds(t *testing.T) {
	for name, args := range map[string][]string{"no queue": nil, "queue": {"-queue", "10"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failures := 1
				p := newPipe(t, func(context.Context, *event.Event) error {
					time.Sleep(3 * time.Second)
					failures--
					if failures >= 0 {
						return errFails
					}
					return nil
				}, args...)
				for range 2 { // without a queue the vendor tries again
					_ = p.handle(event.Event{Vendor: relock.Vendor, ID: "1"})
					time.Sleep(time.Minute)
				}
				p.take(event.Event{Vendor: unloc.Vendor, ID: "1"})
				require.NoError(t, p.finish(t.Context()))
				got := make(map[string][2]float64)
				families, err := p.metrics.registry.Gather()
				require.NoError(t, err)
				for _, family := range families {
					if family.GetName() == "accesshook_handler_seconds" {
						for _, m := range family.GetMetric() {
							got[m.GetLabel()[0].GetValue()] = [2]float64{float64(m.GetHistogram().GetSampleCount()), m.GetHistogram().GetSampleSum()}
						}
					}
				}
				assert.Equal(t, map[string][2]float64{relock.Vendor: {2, 6}, unloc.Vendor: {1, 3}}, got)
			})
		})
	}
}
