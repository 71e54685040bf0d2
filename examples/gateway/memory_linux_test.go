//go:build !race

// The race detector takes several times the memory.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/relock"

	"github.com/accesshook/accesshook/examples/gateway/internal/store"
)

const (
	// waitingVariable is how many events wait; .ci/run has more.
	waitingVariable = "ACCESSHOOK_WAITING"
	waitingDefault  = 30_000
	// waitingDir has a process store them: what others have used does not count.
	waitingDir = "ACCESSHOOK_TEST_WAITING_DIR"
	// memoryBound is the most that a gateway with a store takes beside what the NATS
	// server in it keeps: the IDs of events, and the blocks that it writes to.
	memoryBound = 150e6
)

// A memory is what a process used, in bytes.
type memory struct {
	Peak   int64 // of its memory in RAM, the program included
	Server int64 // the most that the NATS server had allocated and not freed
}

// However many events wait, a gateway needs at most memoryBound beside what the NATS server
// keeps of them. Both are the most of the run: the server drops caches of 60 MB and more
// when it has not read them for a while, which may be before the end.
func TestMemoryOfWaitingEvents(t *testing.T) {
	waiting := waitingDefault
	if s := os.Getenv(waitingVariable); s != "" {
		var err error
		waiting, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	if dir := os.Getenv(waitingDir); dir != "" {
		m := storeWaiting(t, dir, waiting)
		require.NoError(t, json.NewEncoder(os.Stdout).Encode(m))
		return
	}
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestMemoryOfWaitingEvents$", "-test.timeout", "600s")
	process.Env = append(os.Environ(), waitingDir+"="+t.TempDir())
	process.Stderr = os.Stderr
	out, err := process.Output()
	require.NoError(t, err, string(out))
	line, _, _ := strings.Cut(string(out), "\n")
	var m memory
	require.NoError(t, json.Unmarshal([]byte(line), &m), string(out))
	t.Logf("%d events wait: %d MB at most, of which the NATS server kept %d MB", waiting, m.Peak/1e6, m.Server/1e6)
	assert.LessOrEqual(t, m.Peak-m.Server, int64(memoryBound))
	assert.Positive(t, m.Server)
}

func storeWaiting(t *testing.T, dir string, waiting int) memory {
	tuneGC(t.Context(), os.Getenv)
	s, err := store.Open(t.Context(), store.Config{
		Dir:      dir,
		Durable:  durable.Config{Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode}},
		Consumer: durable.Consumer{Timeout: durable.DefaultTimeout},
		Callbacks: event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
			<-ctx.Done()
			return ctx.Err()
		}),
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	e, err := relock.Decode([]byte(`{"event":"authentication.success","timestamp":"2026-03-02T08:15:30.123Z","data":{` +
		`"userId":"user-4711","deviceId":"device-0815","sessionId":"session-99","ipAddress":"198.51.100.7",` +
		`"userAgent":"Mozilla/5.0 (X11; Linux x86_64)","location":{"country":"NO","city":"Bergen","timezone":"Europe/Oslo"}}}`))
	require.NoError(t, err)
	s.Start(func(err error) { assert.NoError(t, err) })
	var next atomic.Int64
	var senders sync.WaitGroup
	for range 64 {
		senders.Go(func() {
			for i := next.Add(1); i <= int64(waiting); i = next.Add(1) {
				e := *e
				e.ID = fmt.Sprintf("%064x", i)
				if !assert.NoError(t, s.HandleEvent(t.Context(), &e)) {
					return
				}
			}
		})
	}
	done, server := make(chan struct{}), make(chan int64)
	go func() { server <- mostOfServer(done) }()
	senders.Wait()
	close(done)
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, waiting, stats.Events)
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, peak, string(status))
	kilobytes, err := strconv.ParseInt(string(peak[1]), 10, 64)
	require.NoError(t, err)
	return memory{Peak: kilobytes << 10, Server: <-server}
}

// mostOfServer is the most that serverMemory says until done.
func mostOfServer(done <-chan struct{}) int64 {
	most := int64(0)
	for {
		select {
		case <-done:
			runtime.GC()
			runtime.GC() // the profile is of the last but one
			return max(most, serverMemory())
		case <-time.After(100 * time.Millisecond):
			most = max(most, serverMemory())
		}
	}
}

// serverMemory is the size of what the NATS server has allocated and not freed, estimated
// from the samples of the heap profile. The profile is as old as the last garbage collections.
func serverMemory() int64 {
	records := make([]runtime.MemProfileRecord, 10_000)
	n, _ := runtime.MemProfile(records, false)
	total := 0.0
	for _, r := range records[:n] {
		if r.InUseObjects() == 0 || !allocatedByServer(r.Stack()) {
			continue
		}
		size := float64(r.InUseBytes()) / float64(r.InUseObjects())
		total += float64(r.InUseBytes()) / (1 - math.Exp(-size/float64(runtime.MemProfileRate)))
	}
	return int64(total)
}

func allocatedByServer(stack []uintptr) bool {
	frames := runtime.CallersFrames(stack)
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "github.com/nats-io/nats-server/v2/server.") {
			return true
		}
		if !more {
			return false
		}
	}
}
