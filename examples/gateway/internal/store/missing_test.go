package store_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// fillStore has a gateway store events that it cannot print, and kills it once the marks
// have all of them.
func fillStore(t *testing.T, marks string, events int, args ...string) {
	t.Helper()
	p := gatewaytest.New(t, gatewaytest.WithRelock, append([]string{"-handler-timeout", "1h"}, args...)...)
	p.Cmd.Stdout = gatewaytest.FullPipe(t)
	p.Start()
	defer p.Kill()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	defer client.CloseIdleConnections()
	var sending sync.WaitGroup
	var next, answered atomic.Int64
	for range 32 {
		sending.Go(func() {
			for n := int(next.Add(1)); n <= events; n = int(next.Add(1)) {
				r, err := relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", gatewaytest.RelockSecret, &relock.SessionCreated{SessionID: strconv.Itoa(n)})
				if !assert.NoError(t, err) {
					return
				}
				answer, err := client.Do(r)
				if assert.NoError(t, err) && assert.Equal(t, 200, answer.StatusCode) {
					answered.Add(1)
				}
				_ = answer.Body.Close()
			}
		})
	}
	sending.Wait()
	require.EqualValues(t, events, answered.Load())
	p.Eventually("the marks", func() bool { return marked(t, marks) == events })
}

// marked returns how many events a mark file has.
func marked(t *testing.T, name string) (n int) {
	var file struct {
		Marks struct{ Shards []struct{ Last int } }
	}
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &file))
	for _, shard := range file.Marks.Shards {
		n += shard.Last
	}
	return n
}

// A bit of a file of the store is flipped while no gateway runs. What that costs is
// printed by -check-store, logged, and counted, until it is accepted.
func TestFlippedBit(t *testing.T) {
	const events = 4000
	dir := t.TempDir()
	fillStore(t, filepath.Join(dir, "accesshook.marks"), events, "-data", dir)
	files, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "accesshook-5", "msgs", "*.blk"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	content, err := os.ReadFile(files[0])
	require.NoError(t, err)
	content[len(content)/3] ^= 16
	require.NoError(t, os.WriteFile(files[0], content, 0o600))

	status, report, _ := gatewaytest.RunToEnd(t, nil, "-check-store", "-data", dir)
	assert.Equal(t, 1, status)
	assert.Contains(t, report, "Missing: 1 events, and 0 that were reported before.")
	assert.Contains(t, report, fmt.Sprintf("Damaged: %q", files[0]))

	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
	untilHandled(p)
	series, _ := p.Metrics(p.URL)
	reported := int(series["accesshook_store_missing_events"])
	p.Stop()
	lost := events - len(p.Events())
	t.Logf("one flipped bit: answered %d, lost %d, reported %d", events, lost, reported)
	assert.Equal(t, 1, lost)
	assert.Equal(t, lost, reported)
	assert.Contains(t, p.Stderr.String(), `level=ERROR msg="durable: stored events are missing" store=accesshook shard=5 missing=1 where="interior 1"`)

	status, report, _ = gatewaytest.RunToEnd(t, nil, "-check-store", "-accept-loss", "-data", dir)
	assert.Equal(t, 0, status)
	assert.Contains(t, report, "Missing: 0 events, and 1 that were reported before.\nAccepted:")
	status, report, _ = gatewaytest.RunToEnd(t, nil, "-check-store", "-data", dir)
	assert.Equal(t, 0, status)
	assert.Contains(t, report, "Missing: 0 events, and 0 that were reported before.")
}

// A directory is put back from an older copy, and the mark file on another disk knows.
func TestOlderCopyOfTheDirectory(t *testing.T) {
	dir, copied, marks := t.TempDir(), filepath.Join(t.TempDir(), "copy"), filepath.Join(t.TempDir(), "marks")
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-mark-file", marks)
	p.Accept("1", "2", "3")
	untilHandled(p)
	p.Stop()
	require.NoError(t, os.CopyFS(copied, os.DirFS(dir)))
	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-mark-file", marks)
	p.Accept("4", "5")
	untilHandled(p)
	p.Stop()

	status, report, _ := gatewaytest.RunToEnd(t, nil, "-check-store", "-data", copied, "-mark-file", marks)
	assert.Equal(t, 1, status)
	assert.Contains(t, report, "Missing: 2 events, and 0 that were reported before.")
	assert.Contains(t, report, "older than its mark file")
	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", copied, "-mark-file", marks)
	p.RequireMetrics(p.URL, map[string]float64{"accesshook_store_missing_events": 2})
}

func TestCheckStoreOnServers(t *testing.T) {
	server := startNATS(t, nil)
	url := fmt.Sprintf("nats://ops:%s@127.0.0.1:%d", natsPassword, server.options.Port)
	status, _, problem := gatewaytest.RunToEnd(t, nil, "-check-store", "-nats", url)
	assert.Equal(t, 1, status)
	assert.Contains(t, problem, "there is no store accesshook")

	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-nats", url)
	p.Accept("1", "2", "3")
	p.Stop()
	status, report, _ := gatewaytest.RunToEnd(t, nil, "-check-store", "-nats", url)
	assert.Equal(t, 0, status, report)
	assert.Equal(t, 8, strings.Count(report, "accesshook-"))
}

func TestCheckStoreUsage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-check-store"}, 2, "-check-store has no effect without -data or -nats"},
		{[]string{"-accept-loss", "-data", dir}, 2, "-accept-loss has no effect without -check-store"},
		{[]string{"-check-store", "-data", dir}, 1, "there is no store in"},
	} {
		status, _, problem := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, test.args...)
		assert.Equal(t, test.status, status)
		assert.Contains(t, problem, test.want)
	}
	assert.NoDirExists(t, dir)
	used := t.TempDir()
	gatewaytest.Start(t, gatewaytest.WithRelock, "-data", used)
	status, _, problem := gatewaytest.RunToEnd(t, nil, "-check-store", "-data", used)
	assert.Equal(t, 1, status)
	assert.Contains(t, problem, "a gateway has the directory open")
}
