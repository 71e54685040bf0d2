package durable_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
)

// BenchmarkStore stores events from 1, 8 and 64 senders, in turns with the
// engine's own publish of as many bytes under subjects and message IDs of the same
// shape, to as many streams that sync as often, each event to one by a hash, as a
// store does: taking them in turn would have fewer senders wait for the same stream.
// It reports events a second of both, the median of the ratios of the turns, and
// what an fsync costs beside them.
func BenchmarkStore(b *testing.B) {
	for _, senders := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			events := make([]*event.Event, 1000)
			lines := make([][]byte, len(events))
			shards := make([]byte, len(events))
			for i := range events {
				e := newEvent(i)
				e.ID = fmt.Sprintf("%064d", i) // as long as those of ours
				e.Payload = relockPayload(b)
				line, err := cloudevent.Encode(e)
				require.NoError(b, err)
				events[i], lines[i] = e, line
				shards[i] = sha256.Sum256([]byte(e.ID))[0] % durable.DefaultShards
			}
			var n atomic.Int64
			s := open(b, embedded.Config{Config: durable.Config{MaxBytes: 16 << 30}})
			ours := func(ctx context.Context) error {
				i := n.Add(1)
				e := *events[i%int64(len(events))]
				e.ID = fmt.Sprintf("%064d", i)
				return s.HandleEvent(ctx, &e)
			}
			js := openEngine(b, durable.DefaultShards)
			theirs := func(ctx context.Context) error {
				i := n.Add(1)
				m := nats.NewMsg(fmt.Sprintf("accesshook-in.%d.relock.session.started", shards[i%int64(len(events))]))
				m.Data = lines[i%int64(len(events))]
				m.Header.Set(nats.MsgIdHdr, fmt.Sprintf("%043d", i))
				m.Header.Set(durable.HeaderSchema, "1")
				m.Header.Set("Content-Type", cloudevent.ContentType)
				m.Header.Set(durable.HeaderCredential, "secret%201")
				_, err := js.PublishMsg(ctx, m)
				return err
			}
			var rates, engine, ratios []float64
			for b.Loop() {
				rates = append(rates, rate(b, senders, ours))
				engine = append(engine, rate(b, senders, theirs))
				ratios = append(ratios, rates[len(rates)-1]/engine[len(engine)-1])
			}
			b.ReportMetric(median(rates), "events/s")
			b.ReportMetric(median(engine), "engine/s")
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(fsyncCost(b).Seconds()*1e6, "µs/fsync")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

const turn = 300 * time.Millisecond

// rate calls f from so many senders for a turn, and returns its calls a second.
func rate(b *testing.B, senders int, f func(context.Context) error) float64 {
	var count atomic.Int64
	began := time.Now()
	done := make(chan error, senders)
	for range senders {
		go func() {
			for time.Since(began) < turn {
				count.Add(1)
				if err := f(b.Context()); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range senders {
		require.NoError(b, <-done)
	}
	return float64(count.Load()) / time.Since(began).Seconds()
}

// fsyncCost is the mean time of a write of 700 bytes with its fsync.
func fsyncCost(b *testing.B) time.Duration {
	f, err := os.Create(filepath.Join(b.TempDir(), "f"))
	require.NoError(b, err)
	defer f.Close()
	began := time.Now()
	const n = 200
	for range n {
		_, err := f.Write(make([]byte, 700))
		require.NoError(b, err)
		require.NoError(b, f.Sync())
	}
	return time.Since(began) / n
}

// openEngine starts a server that syncs as an embedded store does, with plain
// streams.
func openEngine(b *testing.B, streams int) jetstream.JetStream {
	srv, err := server.NewServer(&server.Options{
		DontListen: true, NoSigs: true, JetStream: true, StoreDir: b.TempDir(), SyncAlways: true,
	})
	require.NoError(b, err)
	srv.Start()
	require.True(b, srv.ReadyForConnections(10*time.Second))
	nc, err := nats.Connect("", nats.InProcessServer(srv))
	require.NoError(b, err)
	b.Cleanup(func() {
		nc.Close()
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	js, err := jetstream.New(nc)
	require.NoError(b, err)
	for i := range streams {
		_, err := js.CreateStream(b.Context(), jetstream.StreamConfig{
			Name: fmt.Sprintf("accesshook-%d", i), Subjects: []string{fmt.Sprintf("accesshook-in.%d.>", i)},
			Duplicates: durable.DefaultDedupeWindow,
		})
		require.NoError(b, err)
	}
	return js
}

// relockPayload is the payload of a login, with which a stored event has about
// 900 bytes.
func relockPayload(b *testing.B) any {
	e, err := relock.Decode([]byte(`{"event":"authentication.success","timestamp":"2026-03-02T08:15:30.123Z","data":{` +
		`"userId":"user-4711","deviceId":"device-0815","sessionId":"session-99","ipAddress":"198.51.100.7",` +
		`"userAgent":"Mozilla/5.0 (X11; Linux x86_64)","location":{"country":"NO","city":"Bergen","timezone":"Europe/Oslo"}}}`))
	require.NoError(b, err)
	return e.Payload
}
