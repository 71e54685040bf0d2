package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
)

var withRelock = []string{"RELOCK_SECRETS=canary-relock-secret"}

// descriptions returns the descriptions of the alerts that were printed, in order.
func descriptions(events []*event.Event) []string {
	var texts []string
	for _, e := range events {
		texts = append(texts, e.Payload.(*relock.SecurityAlert).Description)
	}
	return texts
}

// printed waits until n alerts have been printed and returns their descriptions.
func (p *process) printed(n int) []string {
	p.t.Helper()
	p.eventually("the events are not printed", func() bool { return strings.Count(p.stdout.String(), "\n") >= n })
	return descriptions(p.events())
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// An event is answered when it is stored. If it has not been printed, it survives a kill.
func TestStoredEventsSurviveAKill(t *testing.T) {
	dir := t.TempDir()
	p, _ := startUnread(t, "-data", dir) // so that nothing is printed
	p.requireAccept(tooLong+"1", tooLong+"2", tooLong+"3")
	p.kill()

	p = start(t, withRelock, "-data", dir, "-max-body", "300000")
	want := []string{tooLong + "1", tooLong + "2", tooLong + "3"}
	got := p.printed(3)
	assert.ElementsMatch(t, want, got)
	p.stop()
	assert.Len(t, p.events(), 3, "none is printed twice")
}

// end sends the end of each session. The same session gives the same event.
func (p *process) end(sessions ...string) {
	p.t.Helper()
	for _, id := range sessions {
		status, _ := p.send(relock.NewRequest(p.t.Context(), p.url+"/webhooks/relock", "canary-relock-secret", &relock.SessionEnded{SessionID: id}))
		require.Equal(p.t, 200, status)
	}
}

// printedSessions waits until n sessions have been printed and returns their names.
func (p *process) printedSessions(n int) []string {
	p.t.Helper()
	p.eventually("the events are not printed", func() bool { return strings.Count(p.stdout.String(), "\n") >= n })
	var ids []string
	for _, e := range p.events() {
		ids = append(ids, e.Session.ID)
	}
	return ids
}

func TestStoreRemembersDuplicates(t *testing.T) {
	dir := t.TempDir()
	p := start(t, withRelock, "-data", dir)
	p.end("a", "a")
	p.printedSessions(1)
	p.stop()
	assert.Len(t, p.events(), 1)
	p = start(t, withRelock, "-data", dir)
	p.end("a", "b")
	assert.Equal(t, []string{"b"}, p.printedSessions(1))
	p.stop()
	assert.Len(t, p.events(), 1)
}

func TestStoreMetricsAndHealth(t *testing.T) {
	p := start(t, withRelock, "-data", t.TempDir())
	p.end("a", "b", "b")
	p.printedSessions(2)
	p.requireMetrics(p.url, map[string]float64{
		`accesshook_store_up`:                          1,
		`accesshook_store_events`:                      2,
		`accesshook_store_max_bytes`:                   durable.DefaultMaxBytes,
		`accesshook_store_pending{consumer="default"}`: 0,
		`accesshook_dead_letters`:                      0,
		`accesshook_attempts_total{result="handled"}`:  2,
		`accesshook_attempts_total{result="delayed"}`:  0,
		`accesshook_attempts_total{result="buried"}`:   0,
	})
	series, _ := p.metrics(p.url)
	assert.Greater(t, series[`accesshook_store_bytes`], 500.)
	assert.Less(t, series[`accesshook_store_bytes`], 5000.)
	assert.Positive(t, series[`accesshook_store_fullest_ratio`])
	assert.Less(t, series[`accesshook_store_fullest_ratio`], 1.)

	_, details := p.health(p.url)
	assert.Equal(t, uint64(series[`accesshook_store_bytes`]), details.Store.Bytes)
	details.Store.Bytes, details.Store.Fullest = 0, 0
	want := &storeDetails{Up: true, Events: 2, MaxBytes: durable.DefaultMaxBytes, Consumers: map[string]consumerDetails{"default": {}}}
	if diff := cmp.Diff(want, details.Store); diff != "" {
		t.Errorf("store (-want +got):\n%s", diff)
	}
}

// An event that waits for callbacks, or that they are handling, is pending.
func TestStorePending(t *testing.T) {
	p, _ := startUnread(t, "-data", t.TempDir(), "-order", "user")
	p.requireAccept(tooLong+"1", tooLong+"2", tooLong+"3")
	p.requireMetrics(p.url, map[string]float64{`accesshook_store_pending{consumer="default"}`: 3})
	p.eventually("none is with the callbacks", func() bool {
		_, details := p.health(p.url)
		c := details.Store.Consumers["default"]
		assert.EqualValues(t, 3, c.Pending+uint64(c.Active))
		return c.Active > 0
	})
	p.requireMetrics(p.url, map[string]float64{`accesshook_store_pending{consumer="default"}`: 3})
}

func TestThereIsNoStoreByDefault(t *testing.T) {
	p := start(t, withRelock)
	series, _ := p.metrics(p.url)
	assert.NotContains(t, series, "accesshook_store_up")
	_, details := p.health(p.url)
	assert.Nil(t, details.Store)
}

func TestStoreOrder(t *testing.T) {
	p := start(t, withRelock, "-data", t.TempDir(), "-order", "user")
	var want, got []string
	for i := range 50 {
		id := fmt.Sprint("s-", i)
		status, _ := p.send(relock.NewRequest(t.Context(), p.url+"/webhooks/relock", "canary-relock-secret", &relock.SessionCreated{SessionID: id, UserID: "u-1"}))
		require.Equal(t, 200, status)
		want = append(want, id)
	}
	p.eventually("not printed", func() bool { return strings.Count(p.stdout.String(), "\n") == len(want) })
	for _, e := range p.events() {
		got = append(got, e.Session.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// startBroken starts a gateway whose standard output fails.
func startBroken(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := newProcess(t, env, args...)
	p.cmd.Stdout = closedPipe(t)
	p.start()
	t.Cleanup(p.stop)
	return p
}

func TestStoreTriesAgainAndGivesUp(t *testing.T) {
	p := startBroken(t, withRelock, "-data", t.TempDir(), "-retries", "1")
	p.requireAccept("a-name")
	p.requireMetrics(p.url, map[string]float64{
		`accesshook_attempts_total{result="delayed"}`:  1,
		`accesshook_attempts_total{result="buried"}`:   1,
		`accesshook_dead_letters`:                      1,
		`accesshook_store_pending{consumer="default"}`: 0,
	})
	assert.Contains(t, p.stderr.String(), `level=ERROR msg="durable: dead letter"`)
	assert.NotContains(t, p.stderr.String(), "a-name", "a payload is not logged")
}

// A stop does not wait for a callback that ignores its deadline. The event stays.
func TestStoreDoesNotWaitForEver(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	p := newPipe(t, func(context.Context, *event.Event) error {
		close(begun)
		<-release
		return nil
	}, "-data", t.TempDir())
	p.start(func(err error) { assert.NoError(t, err) })
	p.take(event.Event{Vendor: relock.Vendor, ID: "1"})
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, p.finish(ctx), "callbacks did not finish; their events stay in the store")
	p.untilPending(1)
	close(release)
}

// The timeout of callbacks does not apply to storing. An event whose callbacks time out is
// retried.
func TestStoreHasItsOwnTime(t *testing.T) {
	p, stdout := startUnread(t, "-data", t.TempDir(), "-handler-timeout", "1ms")
	p.requireAccept(tooLong)
	read := make(chan string)
	go func() { text, _ := io.ReadAll(stdout); read <- string(text) }()
	p.requireMetrics(p.url, map[string]float64{`accesshook_attempts_total{result="handled"}`: 1})
	p.terminate()
	assert.Equal(t, exitOK, p.wait())
	assert.True(t, strings.Contains(<-read, tooLong))
}

// A request that was accepted before the signal is stored and answered. Its event is
// handled once, now or after the next start.
func TestSIGTERMStoresWhatWasAccepted(t *testing.T) {
	const secret = "canary-relock-secret"
	dir := t.TempDir()
	p := start(t, withRelock, "-data", dir)
	body := `{"event":"session.ended","data":{"sessionId":"s-1","duration":60}}`
	half := dial(t, p)
	half.send("POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + sign(secret, body) +
		fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(body)) + body[:10])
	p.requireAccepted()
	p.terminate()
	p.eventually("it does not stop", func() bool { return strings.Contains(p.stderr.String(), "msg=stopping") })
	half.send(body[10:])
	status, _ := half.answer()
	assert.Equal(t, 200, status)
	assert.Equal(t, exitOK, p.wait())

	again := start(t, withRelock, "-data", dir)
	again.eventually("it is not handled", func() bool { return p.stdout.String()+again.stdout.String() != "" })
	again.stop()
	events := append(p.events(), again.events()...)
	require.Len(t, events, 1)
	assert.Equal(t, "s-1", events[0].Session.ID)
}

func TestStoreInUse(t *testing.T) {
	dir := t.TempDir()
	start(t, withRelock, "-data", dir)
	status, stdout, stderr := runToEnd(t, withRelock, "-addr", "127.0.0.1:0", "-data", dir)
	assert.Equal(t, exitFailed, status)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, `level=ERROR msg="cannot open the store" error="embedded: the directory is in use by another process: `+dir)
	assert.NotContains(t, stderr, "msg=listening")
}

func TestStoreKeepsItsOrder(t *testing.T) {
	dir := t.TempDir()
	start(t, withRelock, "-data", dir).stop()
	status, _, stderr := runToEnd(t, withRelock, "-addr", "127.0.0.1:0", "-data", dir, "-order", "user")
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr, "-order cannot be changed once a store is made")
}

// The gateway closes the store if it cannot start after opening it.
func TestStoreIsClosedIfNothingListens(t *testing.T) {
	dir := t.TempDir()
	p := start(t, withRelock)
	taken := strings.TrimPrefix(p.url, "http://")
	for _, flag := range []string{"-addr", "-admin-addr"} {
		var stderr buffer
		status := run(t.Context(), nil, []string{"-demo", "-addr", "127.0.0.1:0", "-data", dir, flag, taken}, noEnvironment, &stderr, &stderr)
		assert.Equal(t, exitFailed, status, flag)
		s, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: durable.Config{Payloads: payloads()}})
		require.NoError(t, err, flag)
		require.NoError(t, s.Close())
	}
}

// With keys the store keeps the body of each event, sealed.
func TestStoreKeepsBodies(t *testing.T) {
	const hexKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	for name, env := range map[string][]string{
		"variable": {"RAW_KEYS=" + hexKey},
		"file":     {"RAW_KEYS_FILE=" + writeFile(t, hexKey+"\n")},
		"none":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := start(t, append(env, withRelock...), "-data", dir)
			assert.Equal(t, env == nil, strings.Contains(p.stderr.String(), `msg="the store does not keep bodies, not even those that cannot be decoded" missing=RAW_KEYS`))
			p.requireAccept("canary-in-the-body"[6:])
			p.printed(1)
			p.stop()

			key, ok := decodeKey(hexKey)
			require.True(t, ok)
			s, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: durable.Config{Payloads: payloads(), RawKeys: []event.Secret{event.NewSecretBytes(key)}}})
			require.NoError(t, err)
			defer func() { require.NoError(t, s.Close()) }()
			found := 0
			require.NoError(t, s.Replay(t.Context(), time.Time{}, time.Time{}, durable.Filter{}, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
				found++
				if env == nil {
					assert.Empty(t, e.Raw)
				} else {
					assert.Contains(t, string(e.Raw), `"description":"-in-the-body"`)
				}
				return nil
			})))
			assert.Equal(t, 1, found)
		})
	}
}

// Flags and endpoints determine the limits of the store.
func TestStoreConfig(t *testing.T) {
	for name, test := range map[string]struct {
		args    []string
		vendors []string
		want    int64
	}{
		"relock on NATS":          {[]string{"-nats", "nats://localhost"}, []string{"relock"}, 64 << 10},
		"two on NATS":             {[]string{"-nats", "nats://localhost"}, []string{"relock", "loginradius"}, 1 << 20},
		"a flag, on NATS":         {[]string{"-nats", "nats://localhost", "-max-body", "1000"}, []string{"loginradius"}, 1000},
		"a directory":             {[]string{"-data", "x"}, []string{"relock"}, 1 << 20},
		"a directory, small flag": {[]string{"-data", "x", "-max-body", "1000"}, []string{"relock"}, 1 << 20},
		"a directory, large flag": {[]string{"-data", "x", "-max-body", "2000000"}, []string{"relock"}, 2000000},
	} {
		t.Run(name, func(t *testing.T) {
			given := append(test.args, "-dedupe", "48h", "-data-max-bytes", "1000000000")
			replicas := 0
			if test.args[0] == "-nats" {
				given, replicas = append(given, "-replicas", "1"), 1
			}
			o, err := parseOptions(given, os.Stderr)
			require.NoError(t, err)
			var receivers []*receiver
			for _, v := range vendors {
				for _, name := range test.vendors {
					if v.name == name {
						receivers = append(receivers, &receiver{vendor: v})
					}
				}
			}
			c, err := o.storeConfig(noEnvironment, receivers, nil)
			require.NoError(t, err)
			assert.Equal(t, test.want, c.MaxBody)
			assert.Equal(t, 48*time.Hour, c.DedupeWindow)
			assert.EqualValues(t, 1_000_000_000, c.MaxBytes)
			assert.Equal(t, replicas, c.Replicas)
			for _, v := range vendors {
				assert.NotNil(t, c.Payloads[v.name])
			}
		})
	}
}

// Without -retries the store has its own default, not that of the queue.
func TestStoreConsumer(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want durable.Consumer
	}{
		"directory": {[]string{"-data", "x"}, durable.Consumer{Workers: 1, Timeout: 10 * time.Second, Lease: 10 * time.Second}},
		"NATS":      {[]string{"-nats", "nats://localhost"}, durable.Consumer{Workers: 1, Timeout: 10 * time.Second}},
		"flags": {
			[]string{"-data", "x", "-workers", "3", "-retries", "0", "-handler-timeout", "2s"},
			durable.Consumer{Workers: 3, MaxAttempts: 1, Timeout: 2 * time.Second, Lease: 10 * time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parseOptions(test.args, os.Stderr)
			require.NoError(t, err)
			if diff := cmp.Diff(test.want, o.consumer()); diff != "" {
				t.Errorf("consumer (-want +got):\n%s", diff)
			}
		})
	}
}

// untilPending waits until the consumer of the store has n events to finish.
func (p *pipe) untilPending(n uint64) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		stats, err := p.store.Stats(p.t.Context())
		c, ok := stats.Consumers[durable.DefaultConsumerName]
		return err == nil && ok && c.Pending+uint64(c.Active) == n
	}, patience, 5*time.Millisecond)
}

func TestStoreDirectoryIsNotWritable(t *testing.T) {
	file := filepath.Join(writeFile(t, "not a directory"), "data")
	status, _, stderr := runToEnd(t, withRelock, "-addr", "127.0.0.1:0", "-data", file)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr, `msg="cannot open the store"`)
}
