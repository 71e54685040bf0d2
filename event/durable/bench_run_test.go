package durable_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// BenchmarkRun reports how many events a second Run gives to a callback that does
// nothing, from the first to the last of what was stored before.
func BenchmarkRun(b *testing.B) {
	const count = 20_000
	for b.Loop() {
		b.StopTimer()
		s := open(b, embedded.Config{})
		fill(b, s, count)
		got := make(chan struct{}, count)
		b.StartTimer()
		stop := run(b, s, durable.Consumer{}, event.HandlerFunc(func(context.Context, *event.Event) error {
			got <- struct{}{}
			return nil
		}))
		for range count {
			<-got
		}
		b.StopTimer()
		stop()
		require.NoError(b, s.Close())
		b.StartTimer()
	}
	b.ReportMetric(count*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkReplay reports how many events a second Replay gives to a callback
// that does nothing.
func BenchmarkReplay(b *testing.B) {
	const count = 8000
	s := open(b, embedded.Config{})
	fill(b, s, count)
	for b.Loop() {
		seen := 0
		require.NoError(b, s.Replay(b.Context(), time.Time{}, time.Time{}, durable.Filter{}, event.HandlerFunc(func(context.Context, *event.Event) error {
			seen++
			return nil
		})))
		require.Equal(b, count, seen)
	}
	b.ReportMetric(count*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// fill stores events 0 to count-1 from many senders.
func fill(b *testing.B, s event.Handler, count int) {
	const senders = 32
	var g sync.WaitGroup
	for first := range senders {
		g.Go(func() {
			for n := first; n < count; n += senders {
				if err := s.HandleEvent(b.Context(), newEvent(n)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	g.Wait()
	require.False(b, b.Failed())
}
