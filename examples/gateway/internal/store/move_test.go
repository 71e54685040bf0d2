package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

func moveCommand(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	status, stdout, stderr = gatewaytest.RunToEnd(t, withRawKeys[1:], append([]string{"store", "move"}, args...)...)
	gatewaytest.RequireNoSecret(t, stdout, stderr)
	return status, stdout, stderr
}

var withRawKeys = append(gatewaytest.WithRelock[:1:1], "RAW_KEYS="+strings.Repeat("ab", 32))

func sessions(prefix string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s-%d", prefix, i+1))
	}
	return ids
}

// From a directory to servers, and from there to another directory with another order and
// other shards.
func TestMoveCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	p := gatewaytest.Start(t, withRawKeys, "-data", dir)
	p.End(sessions("finished", 30)...)
	printedSessions(p, 30)
	status, _, stderr := moveCommand(t, "-from", dir, "-to", filepath.Join(t.TempDir(), "new"))
	assert.Equal(t, 1, status)
	assert.Equal(t, "gateway: store move: -from: a gateway has "+dir+" open: stop it first\n", stderr)
	p.Stop()
	p = gatewaytest.StartBroken(t, withRawKeys, "-data", dir, "-retries", "0")
	p.End(sessions("dead", 4)...)
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_dead_letters`: 4})
	p.Stop()
	p = gatewaytest.StartBroken(t, withRawKeys, "-data", dir)
	p.End(sessions("waiting", 20)...)
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_store_pending{consumer="default"}`: 20})
	p.Stop()

	s := startNATS(t, nil)
	status, stdout, stderr := moveCommand(t, "-from", dir, "-to", s.url())
	require.Equal(t, 0, status, stderr)
	want := regexp.MustCompile(`\A +SOURCE +COPIED +THERE ALREADY
unfinished events +20 +20 +0
finished events +34 +34 +0
dead letters +4 +4 +0
The destination has 54 events and 4 dead letters\.
Start the gateway with the destination\. The source is as it was: delete it later\.
\z`)
	assert.Regexp(t, want, stdout)
	assert.Equal(t, "moved 4 of 4 dead letters\n", stderr)

	// The directory is closed.
	status, _, stderr = gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-data", dir)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "the store in "+dir+" was moved, and its events would be handled again: to open it nevertheless delete "+filepath.Join(dir, "accesshook.moved"))
	text, err := os.ReadFile(filepath.Join(dir, "accesshook.moved"))
	require.NoError(t, err)
	gatewaytest.RequireNoSecret(t, string(text))

	p = gatewaytest.Start(t, withRawKeys, "-nats", s.url())
	p.End(append(sessions("finished", 30), sessions("dead", 4)...)...)
	p.End("new")
	assert.ElementsMatch(t, append(sessions("waiting", 20), "new"), printedSessions(p, 21))
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_dead_letters`: 4, `accesshook_store_events`: 55})
	status, _, stderr = moveCommand(t, "-from", s.url(), "-to", filepath.Join(t.TempDir(), "x"))
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "the store is in use: consumer default is running: stop what runs it")
	p.Stop()

	back := filepath.Join(t.TempDir(), "back")
	status, stdout, stderr = moveCommand(t, "-from", s.url(), "-to", back, "-to-order", "user", "-to-shards", "3")
	require.Equal(t, 0, status, stderr)
	assert.Contains(t, stdout, "The destination has 55 events and 4 dead letters.")
	p = gatewaytest.Start(t, withRawKeys, "-data", back, "-order", "user")
	p.End("new", "newer")
	assert.Equal(t, []string{"newer"}, printedSessions(p, 1))
	p.Stop()
	status, stdout, _ = gatewaytest.RunToEnd(t, withRawKeys[1:], "dead", "list", "-data", back)
	assert.Equal(t, 0, status)
	assert.Equal(t, 4, strings.Count(stdout, "\n"))
}

func TestMoveCommandErrors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-order", "user").Stop()
	s := startNATS(t, nil)
	none := filepath.Join(t.TempDir(), "none")
	gatewaytest.Start(t, gatewaytest.WithRelock, "-nats", s.url()).Stop()
	empty := startNATS(t, nil)
	for name, test := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"nothing":      {nil, 2, "gateway: store: -from is missing"},
		"no directory": {[]string{"-from", none, "-to", s.url()}, 1, "gateway: store move: -from: there is no store in " + none},
		"no store":     {[]string{"-from", empty.url(), "-to", none}, 1, "gateway: store move: -from: there is no store on the servers"},
		"no server":    {[]string{"-from", "nats://" + gatewaytest.Unused(t), "-to", none}, 1, "gateway: store move: -from: nats: no servers available"},
		"other order":  {[]string{"-from", dir, "-to", s.url(), "-to-order", "user"}, 1, "gateway: store move: -to: durable: the store was created with other settings"},
		"same servers": {[]string{"-from", s.url(), "-to", s.url() + "," + s.url()}, 1, "Move.From and Move.To are the same store"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := moveCommand(t, test.args...)
			assert.Equal(t, test.status, status)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, test.says)
		})
	}
	_, err := os.Stat(none)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
