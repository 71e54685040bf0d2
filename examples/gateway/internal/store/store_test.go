package store_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
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

	"github.com/accesshook/accesshook/examples/gateway/internal/admin"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// descriptions returns the descriptions of the alerts that were printed, in order.
func descriptions(events []*event.Event) []string {
	var texts []string
	for _, e := range events {
		texts = append(texts, e.Payload.(*relock.SecurityAlert).Description)
	}
	return texts
}

// printed waits until n alerts have been printed and returns their descriptions.
func printed(p *gatewaytest.Process, n int) []string {
	p.T.Helper()
	p.Eventually("the events are not printed", func() bool { return strings.Count(p.Stdout.String(), "\n") >= n })
	return descriptions(p.Events())
}

// An event is answered when it is stored. If it has not been printed, it survives a kill.
func TestStoredEventsSurviveAKill(t *testing.T) {
	dir := t.TempDir()
	p, _ := gatewaytest.StartUnread(t, "-data", dir) // so that nothing is printed
	p.Accept(gatewaytest.TooLong+"1", gatewaytest.TooLong+"2", gatewaytest.TooLong+"3")
	p.Kill()

	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-max-body", "300000")
	want := []string{gatewaytest.TooLong + "1", gatewaytest.TooLong + "2", gatewaytest.TooLong + "3"}
	got := printed(p, 3)
	assert.ElementsMatch(t, want, got)
	p.Stop()
	assert.Len(t, p.Events(), 3, "none is printed twice")
}

// printedSessions waits until n sessions have been printed and returns their names.
func printedSessions(p *gatewaytest.Process, n int) []string {
	p.T.Helper()
	p.Eventually("the events are not printed", func() bool { return strings.Count(p.Stdout.String(), "\n") >= n })
	var ids []string
	for _, e := range p.Events() {
		ids = append(ids, e.Session.ID)
	}
	return ids
}

func TestStoreRemembersDuplicates(t *testing.T) {
	dir := t.TempDir()
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
	p.End("a", "a")
	printedSessions(p, 1)
	p.Stop()
	assert.Len(t, p.Events(), 1)
	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
	p.End("a", "b")
	assert.Equal(t, []string{"b"}, printedSessions(p, 1))
	p.Stop()
	assert.Len(t, p.Events(), 1)
}

func TestStoreMetricsAndHealth(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", t.TempDir())
	p.End("a", "b", "b")
	printedSessions(p, 2)
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_store_up`:                          1,
		`accesshook_store_events`:                      2,
		`accesshook_store_max_bytes`:                   durable.DefaultMaxBytes,
		`accesshook_store_pending{consumer="default"}`: 0,
		`accesshook_dead_letters`:                      0,
		`accesshook_attempts_total{result="handled"}`:  2,
		`accesshook_attempts_total{result="delayed"}`:  0,
		`accesshook_attempts_total{result="buried"}`:   0,
	})
	series, _ := p.Metrics(p.URL)
	assert.Greater(t, series[`accesshook_store_bytes`], 500.)
	assert.Less(t, series[`accesshook_store_bytes`], 5000.)
	assert.Positive(t, series[`accesshook_store_fullest_ratio`])
	assert.Less(t, series[`accesshook_store_fullest_ratio`], 1.)

	_, details := p.Health(p.URL)
	assert.Equal(t, uint64(series[`accesshook_store_bytes`]), details.Store.Bytes)
	details.Store.Bytes, details.Store.Fullest = 0, 0
	want := &admin.Store{Up: true, Events: 2, MaxBytes: durable.DefaultMaxBytes, Consumers: map[string]admin.Consumer{"default": {}}}
	if diff := cmp.Diff(want, details.Store); diff != "" {
		t.Errorf("store (-want +got):\n%s", diff)
	}
}

// An event that waits for callbacks, or that they are handling, is pending.
func TestStorePending(t *testing.T) {
	p, _ := gatewaytest.StartUnread(t, "-data", t.TempDir(), "-order", "user")
	p.Accept(gatewaytest.TooLong+"1", gatewaytest.TooLong+"2", gatewaytest.TooLong+"3")
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_store_pending{consumer="default"}`: 3})
	p.Eventually("none is with the callbacks", func() bool {
		_, details := p.Health(p.URL)
		c := details.Store.Consumers["default"]
		assert.EqualValues(t, 3, c.Pending+uint64(c.Active))
		return c.Active > 0
	})
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_store_pending{consumer="default"}`: 3})
}

func TestThereIsNoStoreByDefault(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	series, _ := p.Metrics(p.URL)
	assert.NotContains(t, series, "accesshook_store_up")
	_, details := p.Health(p.URL)
	assert.Nil(t, details.Store)
}

func TestStoreOrder(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", t.TempDir(), "-order", "user")
	var want, got []string
	for i := range 50 {
		id := fmt.Sprint("s-", i)
		status, _ := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", "canary-relock-secret", &relock.SessionCreated{SessionID: id, UserID: "u-1"}))
		require.Equal(t, 200, status)
		want = append(want, id)
	}
	p.Eventually("not printed", func() bool { return strings.Count(p.Stdout.String(), "\n") == len(want) })
	for _, e := range p.Events() {
		got = append(got, e.Session.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestStoreTriesAgainAndGivesUp(t *testing.T) {
	p := gatewaytest.StartBroken(t, gatewaytest.WithRelock, "-data", t.TempDir(), "-retries", "1")
	p.Accept("a-name")
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_attempts_total{result="delayed"}`:  1,
		`accesshook_attempts_total{result="buried"}`:   1,
		`accesshook_dead_letters`:                      1,
		`accesshook_store_pending{consumer="default"}`: 0,
	})
	assert.Contains(t, p.Stderr.String(), `level=ERROR msg="durable: dead letter"`)
	assert.NotContains(t, p.Stderr.String(), "a-name", "a payload is not logged")
}

// The timeout of callbacks does not apply to storing. An event whose callbacks time out is
// retried.
func TestStoreHasItsOwnTime(t *testing.T) {
	p, stdout := gatewaytest.StartUnread(t, "-data", t.TempDir(), "-handler-timeout", "1ms")
	p.Accept(gatewaytest.TooLong)
	read := make(chan string)
	go func() { text, _ := io.ReadAll(stdout); read <- string(text) }()
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_attempts_total{result="handled"}`: 1})
	p.Terminate()
	assert.Equal(t, 0, p.Wait())
	assert.True(t, strings.Contains(<-read, gatewaytest.TooLong))
}

// A request that was accepted before the signal is stored and answered. Its event is
// handled once, now or after the next start.
func TestSIGTERMStoresWhatWasAccepted(t *testing.T) {
	const secret = "canary-relock-secret"
	dir := t.TempDir()
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
	body := `{"event":"session.ended","data":{"sessionId":"s-1","duration":60}}`
	half := p.Dial()
	half.Send("POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nX-Relock-Signature: " + gatewaytest.Sign(secret, body) +
		fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(body)) + body[:10])
	p.Accepted()
	p.Terminate()
	p.Eventually("it does not stop", func() bool { return strings.Contains(p.Stderr.String(), "msg=stopping") })
	half.Send(body[10:])
	status, _ := half.Answer()
	assert.Equal(t, 200, status)
	assert.Equal(t, 0, p.Wait())

	again := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
	again.Eventually("it is not handled", func() bool { return p.Stdout.String()+again.Stdout.String() != "" })
	again.Stop()
	events := append(p.Events(), again.Events()...)
	require.Len(t, events, 1)
	assert.Equal(t, "s-1", events[0].Session.ID)
}

func TestStoreInUse(t *testing.T) {
	dir := t.TempDir()
	gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
	status, stdout, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-data", dir)
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, `level=ERROR msg=failed error="cannot open the store: embedded: the directory is in use by another process: `+dir)
	assert.NotContains(t, stderr, "msg=listening")
}

func TestStoreKeepsItsOrder(t *testing.T) {
	dir := t.TempDir()
	gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir).Stop()
	status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-data", dir, "-order", "user")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "-order cannot be changed once a store is made")
}

// A store with another name is refused, and -order is not blamed.
func TestStoreOfOthers(t *testing.T) {
	dir := t.TempDir()
	s, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: durable.Config{Name: "shop", Payloads: gatewaytest.Payloads}})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-data", dir)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, `it has the name \"shop\"`)
	assert.NotContains(t, stderr, "-order")
}

// The gateway closes the store if it cannot start after opening it.
func TestStoreIsClosedIfNothingListens(t *testing.T) {
	dir := t.TempDir()
	p := gatewaytest.Start(t, gatewaytest.WithRelock)
	taken := strings.TrimPrefix(p.URL, "http://")
	for _, flag := range []string{"-addr", "-admin-addr"} {
		status, _, _ := gatewaytest.RunToEnd(t, nil, "-demo", "-addr", "127.0.0.1:0", "-data", dir, flag, taken)
		assert.Equal(t, 1, status, flag)
		s, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: durable.Config{Payloads: gatewaytest.Payloads}})
		require.NoError(t, err, flag)
		require.NoError(t, s.Close())
	}
}

// With keys the store keeps the body of each event, sealed.
func TestStoreKeepsBodies(t *testing.T) {
	const hexKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	for name, env := range map[string][]string{
		"variable": {"RAW_KEYS=" + hexKey},
		"file":     {"RAW_KEYS_FILE=" + gatewaytest.WriteFile(t, hexKey+"\n")},
		"none":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := gatewaytest.Start(t, append(env, gatewaytest.WithRelock...), "-data", dir)
			assert.Equal(t, env == nil, strings.Contains(p.Stderr.String(), `msg="the store does not keep bodies, not even those that cannot be decoded" missing=RAW_KEYS`))
			p.Accept("canary-in-the-body"[6:])
			printed(p, 1)
			p.Stop()

			key, err := hex.DecodeString(hexKey)
			require.NoError(t, err)
			s, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: durable.Config{Payloads: gatewaytest.Payloads, RawKeys: []event.Secret{event.NewSecretBytes(key)}}})
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

func TestStoreDirectoryIsNotWritable(t *testing.T) {
	file := filepath.Join(gatewaytest.WriteFile(t, "not a directory"), "data")
	status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-data", file)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, `error="cannot open the store: `)
}
