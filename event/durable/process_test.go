package durable_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// poisonDir tells a process started by a test to work on the store there.
const poisonDir = "ACCESSHOOK_TEST_POISON_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(poisonDir); dir != "" {
		workUntilPoisoned(dir)
	}
	os.Exit(m.Run())
}

const poisonAttempts = 3

// workUntilPoisoned ends with status 1 at the poison, and with 0 once all other
// events have been seen and the poison is a dead letter.
func workUntilPoisoned(dir string) {
	s, err := embedded.Open(context.Background(), embedded.Config{Dir: dir, Config: durable.Config{Payloads: payloads}})
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	go s.Consumer(durable.Consumer{MaxAttempts: poisonAttempts, Lease: time.Second}).Run(context.Background(),
		event.HandlerFunc(func(_ context.Context, e *event.Event) error {
			if e.ID == "event-0" {
				os.Exit(1)
			}
			fmt.Println("handled", e.ID)
			return nil
		}))
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
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
// attempts, and what comes after it is worked on.
func TestPoisonEndsInTheDeadLetters(t *testing.T) {
	dir := t.TempDir()
	s := open(t, embedded.Config{Dir: dir})
	for n := range 20 {
		store(t, s, newEvent(n))
	}
	require.NoError(t, s.Close())

	starts, output := 0, ""
	for {
		starts++
		require.Less(t, starts, 20, "the process is killed for ever:\n%s", output)
		process := exec.CommandContext(t.Context(), os.Args[0])
		process.Env = append(os.Environ(), poisonDir+"="+dir)
		out, err := process.CombinedOutput()
		output += string(out)
		if err == nil {
			break
		}
		var exit *exec.ExitError
		require.True(t, errors.As(err, &exit) && exit.ExitCode() == 1, "%v\n%s", err, out)
	}
	assert.Equal(t, poisonAttempts+1, starts)
	for n := 1; n < 20; n++ {
		assert.Contains(t, output, fmt.Sprintf("handled event-%d\n", n))
	}
	s = open(t, embedded.Config{Dir: dir})
	letters, err := s.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	assert.Equal(t, "event-0", letters[0].Event.ID)
	assert.Contains(t, letters[0].Error, "no attempt came to an end")
}
