package durable_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// Variables that tell a process started by a test to move the store in a directory to
// servers, and to kill itself after so many messages.
const (
	moveFrom = "ACCESSHOOK_TEST_MOVE_FROM"
	moveTo   = "ACCESSHOOK_TEST_MOVE_TO"
	moveKill = "ACCESSHOOK_TEST_MOVE_KILL"
)

// moveUntilKilled does nothing in a process that is not to move. Otherwise it does not
// return: it ends with status 0 once all is moved, and prints what was.
func moveUntilKilled() {
	dir := os.Getenv(moveFrom)
	if dir == "" {
		return
	}
	fail := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
	}
	from, err := embedded.Open(context.Background(), embedded.Config{Dir: dir, Config: durable.Config{Payloads: payloads}})
	fail(err)
	nc, err := nats.Connect(os.Getenv(moveTo))
	fail(err)
	to, err := durable.Connect(context.Background(), nc, durable.Config{Payloads: payloads, Order: durable.OrderAsStored})
	fail(err)
	kill, err := strconv.ParseUint(os.Getenv(moveKill), 10, 64)
	fail(err)
	calls := uint64(0)
	moved, err := durable.Move{From: from.Store, To: to, Progress: func(durable.Moved) {
		if calls++; calls == kill {
			process, err := os.FindProcess(os.Getpid())
			fail(err)
			fail(process.Kill())
			select {}
		}
	}}.Run(context.Background())
	fail(err)
	fmt.Printf("read %d, moved %+v", calls, moved)
	_ = from.Close()
	os.Exit(0)
}

// A move whose process is killed goes on where it was. Nothing is lost, and nothing comes
// twice.
func TestMoveIsKilled(t *testing.T) {
	t.Parallel()
	const worked, end = 3000, 5000
	dir := t.TempDir()
	keep := durable.Config{KeepRaw: true, RawKeys: rawKeys(keyA)}
	s := open(t, embedded.Config{Dir: dir, Config: keep})
	fillUp(t, s, 0, worked)
	workOff(t, s, worked)
	fillUp(t, s, worked, end)
	require.NoError(t, s.Close())

	srv := startTCP(t)
	keep.Shards, keep.Order = 3, durable.OrderByUser
	to := overTCP(t, srv, keep)
	move := func(kill int) (string, error) {
		process := exec.CommandContext(t.Context(), os.Args[0])
		process.Env = append(os.Environ(), moveFrom+"="+dir, moveTo+"="+srv.ClientURL(), moveKill+"="+strconv.Itoa(kill))
		out, err := process.CombinedOutput()
		return string(out), err
	}
	// It notes each 1,000 how far it has come: first 3,000 events for finished ones, then
	// some 4,600 for unfinished ones.
	for _, kill := range []int{700, 1500, 1600, 1300, 2500, 1500} {
		out, err := move(kill)
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, out)
		require.Equal(t, -1, exit.ExitCode(), out)
	}
	out, err := move(0)
	require.NoError(t, err, out)
	var read int
	_, err = fmt.Sscanf(out[strings.Index(out, "read "):], "read %d,", &read)
	require.NoError(t, err, out)
	assert.LessOrEqual(t, read, 2500, "it goes on where it was")
	stats, err := to.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, end, stats.Events)
	requireMoved(t, to, worked, end, true)
}
