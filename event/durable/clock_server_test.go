package durable_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/clocktest"
)

// startNATS starts a NATS server as a process whose clock can be stepped, and returns its
// URL.
func startNATS(t *testing.T, program string, clock *clocktest.Clock) (url string) {
	t.Helper()
	dir := t.TempDir()
	process := exec.CommandContext(t.Context(), program, "-a", "127.0.0.1", "-p", "-1", "-js", "-sd", filepath.Join(dir, "js"), "--ports_file_dir", dir)
	process.Env = append(os.Environ(), clock.Env())
	require.NoError(t, process.Start())
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	var ports struct{ NATS []string }
	eventually(t, "a server", func() bool {
		found, err := filepath.Glob(filepath.Join(dir, "*.ports"))
		if err != nil || len(found) == 0 {
			return false
		}
		data, err := os.ReadFile(found[0])
		return err == nil && json.Unmarshal(data, &ports) == nil && len(ports.NATS) > 0
	})
	return ports.NATS[0]
}

// connectURL returns a store on the server there.
func connectURL(t *testing.T, url string, c durable.Config) *durable.Store {
	t.Helper()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	c.Payloads, c.MaxBody = payloads, 64<<10
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := durable.Connect(t.Context(), nc, c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// A clockedHandler notes what it is called with. An event called fail fails, and asks for
// a pause; one called hold is held until it is let go.
type clockedHandler struct {
	pause time.Duration
	hold  chan struct{}

	mu     sync.Mutex
	calls  map[string][]time.Time
	ended  map[string]int
	active map[string]string // by user
	faults []string
}

func newClockedHandler(pause time.Duration) *clockedHandler {
	return &clockedHandler{
		pause: pause, hold: make(chan struct{}),
		calls: make(map[string][]time.Time), ended: make(map[string]int), active: make(map[string]string),
	}
}

func (h *clockedHandler) HandleEvent(_ context.Context, e *event.Event) error {
	h.mu.Lock()
	h.calls[e.ID] = append(h.calls[e.ID], time.Now())
	if other := h.active[e.User.ID]; other != "" {
		h.faults = append(h.faults, fmt.Sprintf("%s began while %s was with a callback", e.ID, other))
	}
	h.active[e.User.ID] = e.ID
	h.mu.Unlock()
	if e.ID == "hold" {
		<-h.hold
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.active, e.User.ID)
	if e.ID == "fail" && len(h.calls[e.ID]) < 2 {
		return event.Unavailable(errors.New("on purpose"), h.pause)
	}
	h.ended[e.ID]++
	return nil
}

func (h *clockedHandler) wait(t *testing.T, id string, calls int) {
	t.Helper()
	eventually(t, fmt.Sprintf("call %d of %s", calls, id), func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.calls[id]) >= calls
	})
}

// The clock of a server steps while two processes are connected, or is ahead of theirs:
// nothing stands still, and no event is called beside itself or before its time.
func TestClockOfAServer(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "nats-server")
	clocktest.Build(t, ".", "build", program, "github.com/nats-io/nats-server/v2")

	for name, tt := range map[string]struct{ before, after time.Duration }{
		"back":      {0, -time.Hour},
		"ahead":     {0, time.Hour},
		"differs":   {10 * time.Minute, 10 * time.Minute},
		"put right": {10 * time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const pause = 3 * time.Second
			clock := clocktest.New(t)
			clock.Set(t, tt.before)
			url := startNATS(t, program, clock)
			h := newClockedHandler(pause)
			var log logBuffer
			for range 2 { // processes
				s := connectURL(t, url, durable.Config{Order: durable.OrderByUser, Shards: 4, Logger: log.logger()})
				run(t, s, durable.Consumer{Lease: 2 * time.Second, Delay: time.Millisecond}, h)
			}
			defer sync.OnceFunc(func() { close(h.hold) })()
			s := connectURL(t, url, durable.Config{Order: durable.OrderByUser, Shards: 4})
			e := []*event.Event{newEvent(1), newEvent(2), newEvent(3), newEvent(4)}
			e[0].ID, e[1].ID = "fail", "hold"
			e[0].User.ID, e[1].User.ID, e[2].User.ID, e[3].User.ID = "a", "b", "a", "b"
			store(t, s, e...)
			h.wait(t, "fail", 1)
			h.wait(t, "hold", 1)
			clock.Set(t, tt.after)
			h.wait(t, "fail", 2)
			h.wait(t, e[2].ID, 1)
			h.hold <- struct{}{}
			h.wait(t, e[3].ID, 1)
			if tt.after != 0 {
				eventually(t, "a record", func() bool {
					return strings.Contains(log.String(), "the clock of a server differs")
				})
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			assert.Empty(t, h.faults)
			assert.Len(t, h.calls["hold"], 1)
			for i, began := range h.calls["fail"][1:] {
				assert.Greater(t, began.Sub(h.calls["fail"][i]), pause-2*time.Second, "it came back too early")
			}
		})
	}
}
