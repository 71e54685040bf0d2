package verify_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// TestFlood sends 20,000 forged requests of 1 KiB, half of them from the vendor's
// own address and half from 10,000 others, while the vendor sends 1,000 good ones.
// Every good one is accepted, the table of clients keeps its bound at every
// moment, and the log is sampled. The heap is measured after each tenth of the
// flood and may grow by 1.5 MiB at most: the table and the connections take a third
// of that, and it would be too much if 75 bytes of each request stayed behind. In
// the flood it may hold 4 MiB more than before, of the test's own clients as well.
func TestFlood(t *testing.T) {
	const (
		forged   = 20_000
		good     = 1_000
		clients  = 1_000 // of the table
		maxBytes = 3 << 19
		maxPeak  = 4 << 20
		rounds   = 10
		vendor   = "198.51.100.1"
	)
	body := `{"forged":"` + strings.Repeat("x", 1000) + `"}`
	var events atomic.Int64
	var log countingWriter
	hook := newEndpoint(t, verify.Config{
		ClientIP:  verify.XForwardedFor("127.0.0.1"),
		RateLimit: verify.RateLimit{Requests: 20, Per: time.Hour, Clients: clients},
		Logger:    slog.New(slog.NewTextHandler(&log, nil)),
	})
	server := httptest.NewServer(hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { events.Add(1); return nil })))
	defer server.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	send := func(from, body, signature string) int {
		r, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0
		}
		r.Header.Set("X-Forwarded-For", from)
		r.Header.Set(sigHeader, signature)
		res, err := client.Do(r)
		if err != nil {
			t.Error(err)
			return 0
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode
	}
	var times []time.Duration
	sendGood := func(n int) {
		for i := range n {
			body := fmt.Sprintf(`{"i":%d}`, i)
			start := time.Now()
			if status := send(vendor, body, sign(testSecret, body)); status != http.StatusOK {
				t.Errorf("a good request was answered %d", status)
			}
			times = append(times, time.Since(start))
		}
	}
	median := func() time.Duration {
		defer func() { times = times[:0] }()
		slices.Sort(times)
		return times[len(times)/2]
	}

	begin := time.Now()
	sendGood(good)
	quiet := median()
	require.EqualValues(t, good, events.Swap(0))

	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	highest := watchHeap(t)
	var grown, remembered int64
	var tooMany atomic.Bool
	var statuses [600]atomic.Int64
	for round := range int64(rounds) {
		var flood sync.WaitGroup
		var next atomic.Int64
		next.Store(round * forged / rounds)
		for range 8 {
			flood.Go(func() {
				for i := next.Add(1); i <= (round+1)*forged/rounds; i = next.Add(1) {
					from := vendor
					if i%2 == 0 {
						from = fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
					}
					statuses[send(from, body, strings.Repeat("0", 64))].Add(1)
					if hook.RememberedClients() > clients {
						tooMany.Store(true)
					}
				}
			})
		}
		sendGood(good / rounds)
		flood.Wait()
		remembered = int64(hook.RememberedClients())
		grown = max(grown, heap()-before)
	}
	loud := median()

	assert.EqualValues(t, good, events.Load())
	assert.EqualValues(t, forged, statuses[401].Load()+statuses[429].Load())
	// 20 at once, and perhaps one that came back during the test.
	assert.InDelta(t, 10_000+20, statuses[401].Load(), 5, "only the vendor's address had more than its share of failures")
	assert.False(t, tooMany.Load(), "the table of clients is bounded")
	assert.EqualValues(t, clients, remembered, "and full")
	assert.Less(t, grown, int64(maxBytes))
	peak := highest() - before
	assert.Less(t, peak, int64(maxPeak))
	most := 2*good + 100 + 10*(time.Since(begin).Seconds()+1)
	assert.Less(t, float64(log.lines.Load()), most, "the log of refused requests is sampled")
	t.Logf("median of good requests: %s quiet, %s in the flood; heap grew by %d KiB at most, %d KiB in the flood; %d log records", quiet, loud, grown>>10, peak>>10, log.lines.Load())
}

// watchHeap collects garbage time and again. What it returns ends that, and tells
// the most bytes that a collection left.
func watchHeap(t *testing.T) (highest func() int64) {
	stop, done := make(chan struct{}), make(chan int64, 1)
	go func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		var most uint64
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-stop:
				done <- int64(most)
				return
			case <-tick.C:
				runtime.GC()
				metrics.Read(live)
				most = max(most, live[0].Value.Uint64())
			}
		}
	}()
	end := sync.OnceValue(func() int64 { close(stop); return <-done })
	t.Cleanup(func() { end() })
	return end
}

type countingWriter struct{ lines atomic.Int64 }

func (w *countingWriter) Write(p []byte) (int, error) { w.lines.Add(1); return len(p), nil }

// Slow and broken clients: each is answered or dropped within the deadlines, and
// nothing stays behind, though no client closes its end. TestBodyDeadline is about
// how long that is to the nanosecond.
func TestSlowAndBrokenClients(t *testing.T) {
	const timeout = 500 * time.Millisecond
	server := httptest.NewUnstartedServer(newEndpoint(t, verify.Config{BodyTimeout: timeout}).Handler(event.NewMux()))
	server.Config.ReadHeaderTimeout = timeout
	server.Config.IdleTimeout = timeout
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	before := runtime.NumGoroutine()
	server.Start()
	var conns sync.Map
	t.Cleanup(func() { // after the parallel subtests
		assert.Eventually(t, func() bool {
			// That of the server itself, and that of this function.
			return runtime.NumGoroutine() <= before+2
		}, time.Minute, 10*time.Millisecond, "a request is still being worked on")
		conns.Range(func(conn, _ any) bool { return assert.NoError(t, conn.(net.Conn).Close()) })
		server.Close()
	})

	head := "POST / HTTP/1.1\r\nHost: localhost\r\n" + sigHeader + ": " + sign(testSecret, "{}") + "\r\n"
	for name, c := range map[string]struct {
		first string
		drip  string // written again and again
		close bool   // by the client, after first
		want  int    // 0: dropped without an answer, or with the server's own
	}{
		"headers that stop":         {first: head},
		"headers that trickle":      {first: "POST / HTTP/1.1\r\n", drip: "X-A: b\r\n"},
		"body that never comes":     {first: head + "Content-Length: 2\r\n\r\n", want: 408},
		"body that stops":           {first: head + "Content-Length: 2\r\n\r\n{", want: 408},
		"body that trickles":        {first: head + "Content-Length: 60000\r\n\r\n{", drip: " ", want: 408},
		"chunks that trickle":       {first: head + "Transfer-Encoding: chunked\r\n\r\n", drip: "1\r\n \r\n", want: 408},
		"chunks without end":        {first: head + "Transfer-Encoding: chunked\r\n\r\n", drip: "4000\r\n" + strings.Repeat(" ", 0x4000) + "\r\n", want: 413},
		"chunk headers without end": {first: head + "Transfer-Encoding: chunked\r\n\r\n", drip: strings.Repeat("0", 3000), want: 400},
		"closed in the headers":     {first: head, close: true},
		"closed in the body":        {first: head + "Content-Length: 2\r\n\r\n{", close: true, want: 400},
		"longer than it says":       {first: head + "Content-Length: 2\r\n\r\n{}POST", want: 200},
		"lies about both":           {first: head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"},
		"two lengths":               {first: head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"},
		"negative length":           {first: head + "Content-Length: -1\r\n\r\n{}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			conns.Store(conn, nil)
			require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
			_, err = io.WriteString(conn, c.first)
			require.NoError(t, err)
			if c.close {
				require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			}
			stop := make(chan struct{})
			var dripping sync.WaitGroup
			if c.drip != "" {
				dripping.Go(func() {
					tick := time.NewTicker(timeout / 20)
					defer tick.Stop()
					for {
						select {
						case <-stop:
							return
						case <-tick.C:
							if _, err := io.WriteString(conn, c.drip); err != nil {
								return
							}
						}
					}
				})
			}
			start := time.Now()
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			switch {
			case c.want == 413 && err != nil: // reset, since it went on writing
				assert.ErrorIs(t, err, syscall.ECONNRESET)
			case c.want != 0:
				require.NoError(t, err)
				assert.Equal(t, c.want, res.StatusCode)
			case err == nil:
				assert.GreaterOrEqual(t, res.StatusCode, 400)
			}
			assert.Less(t, time.Since(start), 15*timeout, "the server's own timeouts included")
			close(stop)
			dripping.Wait()
		})
	}
}
