package durable_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// Variables that tell a process started by a test to work on the store there, and
// how the poison kills it.
const (
	poisonDir  = "ACCESSHOOK_TEST_POISON_DIR"
	poisonKind = "ACCESSHOOK_TEST_POISON_KIND"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(poisonDir); dir != "" {
		workUntilPoisoned(dir, poisons[os.Getenv(poisonKind)])
	}
	moveUntilKilled()
	if dir := os.Getenv(purgeDir); dir != "" {
		purgeUntilKilled(dir)
	}
	setParallel()
	os.Exit(m.Run())
}

const (
	poisonAttempts = 3
	poisonID       = "event-7"
	poisonCall     = "poison was called"
	// poisonLease is as long as a loaded machine needs, for each lease that is lost
	// without the process dying is an attempt as well.
	poisonLease = 4 * time.Second
)

// A poison is an event that kills the process, in one way or another.
type poison struct {
	config  durable.Config
	decoder bool          // it kills already when it is decoded
	before  time.Duration // how long the callback of each event before it takes
}

var poisons = map[string]poison{
	"at the start": {},
	"in a decoder": {decoder: true},
	// After the first second of a run, and at once: the server has not written yet
	// that it was delivered.
	"late": {config: durable.Config{Shards: 1}, before: 200 * time.Millisecond},
	// The event in front of it waits for its lease in the next process, as its
	// acknowledgement was lost.
	"late, in order": {config: durable.Config{Shards: 1, Order: durable.OrderByUser}, before: 200 * time.Millisecond},
}

func kill() {
	fmt.Println(poisonCall)
	os.Exit(1)
}

// workUntilPoisoned ends with status 1 at the poison, and with 0 once all other
// events have been seen and the poison is a dead letter.
func workUntilPoisoned(dir string, p poison) {
	c := p.config
	c.Payloads = maps.Clone(payloads)
	c.Payloads["acme"] = func([]byte) (*event.Event, error) {
		if p.decoder {
			kill()
		}
		return &event.Event{}, nil
	}
	s, err := embedded.Open(context.Background(), embedded.Config{Dir: dir, Config: c})
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	go s.Consumer(durable.Consumer{MaxAttempts: poisonAttempts, Lease: poisonLease}).Run(context.Background(),
		event.HandlerFunc(func(_ context.Context, e *event.Event) error {
			if e.ID == poisonID {
				kill()
			}
			time.Sleep(p.before)
			fmt.Println("handled", e.ID)
			return nil
		}))
	for deadline := time.Now().Add(5 * patience); time.Now().Before(deadline); {
		stats, err := s.Stats(context.Background())
		if c := stats.Consumers["default"]; err == nil && stats.Dead == 1 && c.Pending == 0 && c.Active == 0 {
			_ = s.Close()
			os.Exit(0)
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("not finished")
	os.Exit(2)
}

// A callback that kills its process is given up after the stated number of
// attempts, and what comes before and after it is worked on.
func TestPoisonEndsInTheDeadLetters(t *testing.T) {
	t.Parallel()
	for kind, p := range poisons {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, embedded.Config{Dir: dir, Config: p.config})
			for n := range 20 {
				e := newEvent(n)
				e.User.ID = "user-1"
				if e.ID == poisonID {
					e.Vendor, e.Payload = "acme", map[string]any{}
				}
				store(t, s, e)
			}
			require.NoError(t, s.Close())

			starts, output := 0, ""
			for {
				starts++
				require.Less(t, starts, 20, "the process is killed for ever:\n%s", output)
				process := exec.CommandContext(t.Context(), os.Args[0])
				process.Env = append(os.Environ(), poisonDir+"="+dir, poisonKind+"="+kind)
				out, err := process.CombinedOutput()
				output += string(out)
				if err == nil {
					break
				}
				var exit *exec.ExitError
				require.True(t, errors.As(err, &exit) && exit.ExitCode() == 1, "%v\n%s", err, out)
			}
			assert.Equal(t, poisonAttempts, strings.Count(output, poisonCall), output)
			assert.Equal(t, poisonAttempts+1, starts)
			for n := range 20 {
				if e := newEvent(n); e.ID != poisonID {
					assert.Contains(t, output, fmt.Sprintf("handled %s\n", e.ID))
				}
			}
			assert.Regexp(t, `durable: dead letter.* id=`+poisonID+` `, output, "the log says which")
			s = open(t, embedded.Config{Dir: dir, Config: p.config})
			letters, err := s.DeadLetters(t.Context(), 0, 10)
			require.NoError(t, err)
			require.Len(t, letters, 1)
			assert.Contains(t, string(letters[0].Data), `"id":"`+poisonID+`"`)
			assert.Equal(t, poisonAttempts, letters[0].Attempts)
			assert.Contains(t, letters[0].Error, "no attempt came to an end")
		})
	}
}
