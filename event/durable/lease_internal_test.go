package durable

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

// A fakeMsg is an event that a server has given out, and notes what it is answered.
type fakeMsg struct {
	jetstream.Msg
	headers nats.Header
	data    []byte
	began   time.Time
	stall   time.Duration // of the first renewal

	mu       sync.Mutex
	renewals []time.Duration // since began
	answers  []string
}

func (m *fakeMsg) Headers() nats.Header { return m.headers }
func (m *fakeMsg) Data() []byte         { return m.data }

func (m *fakeMsg) InProgress() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.renewals) == 0 {
		time.Sleep(m.stall)
	}
	m.renewals = append(m.renewals, time.Since(m.began))
	return nil
}

func (m *fakeMsg) answer(text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers = append(m.answers, text)
	return nil
}

func (m *fakeMsg) Ack() error                       { return m.answer("ack") }
func (m *fakeMsg) NakWithDelay(time.Duration) error { return m.answer("nak") }

// A fakeJetStream takes what is published in its own time.
type fakeJetStream struct {
	jetstream.JetStream
	takes   time.Duration
	records []string
}

func (js *fakeJetStream) Publish(_ context.Context, _ string, data []byte, _ ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	time.Sleep(js.takes)
	js.records = append(js.records, string(data))
	return &jetstream.PubAck{}, nil
}

// An attempt is one event on its way through a consumer, without a server.
type attempt struct {
	msg *fakeMsg
	js  *fakeJetStream
	log bytes.Buffer

	offline time.Time // when the connection is lost; zero for never
}

// deliver gives an event to h.
func (a *attempt) deliver(t *testing.T, c Consumer, h event.HandlerFunc) (result Attempt) {
	t.Helper()
	config, err := Config{
		Payloads: cloudevent.Payloads{"acme": nil}, Shards: 1, Logger: slog.New(slog.NewTextHandler(&a.log, nil)),
	}.withDefaults()
	require.NoError(t, err)
	sealer, err := newSealer(nil)
	require.NoError(t, err)
	s := &Store{c: config, js: a.js, names: names{config.Name}, sealer: sealer}
	m, _, err := s.encode(&event.Event{ID: "1", Vendor: "acme"})
	require.NoError(t, err)
	a.msg.headers, a.msg.data = m.Header, m.Data

	c, err = c.withDefaults()
	require.NoError(t, err)
	r := newRun(s, c, h)
	r.online = func() bool { return a.offline.IsZero() || time.Now().Before(a.offline) }
	r.began = time.Now().Add(-time.Hour) // so that nothing is recorded of an event that comes for the first time
	a.msg.began = time.Now()
	d := &delivery{
		run: r, msg: a.msg, feed: r.feeds[0], made: "once", lease: lease{start: time.Now()},
		meta: &jetstream.MsgMetadata{NumDelivered: 1, Sequence: jetstream.SequencePair{Stream: 1}},
	}
	d.attempt(t.Context(), &result)
	synctest.Wait()
	return result
}

var errOnPurpose = errors.New("failed on purpose")

// after is a callback that returns err after d, whatever its context says.
func after(d time.Duration, err error) event.HandlerFunc {
	return func(context.Context, *event.Event) error {
		time.Sleep(d)
		return err
	}
}

// The lease is renewed while a callback runs, so often that also the shortest one that
// another process may have set stays.
func TestLongCallbacksKeepTheirLease(t *testing.T) {
	for name, lease := range map[string]time.Duration{"default": DefaultLease, "shortest": minLease} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := attempt{msg: new(fakeMsg), js: new(fakeJetStream)}
				got := a.deliver(t, Consumer{Lease: lease, Timeout: time.Hour}, after(time.Hour-time.Second, nil))
				assert.Equal(t, Handled, got.Result)
				assert.Equal(t, []string{"ack"}, a.msg.answers)
				last := time.Duration(0)
				for _, at := range append(a.msg.renewals, time.Hour-time.Second) {
					require.LessOrEqual(t, at-last, minLease/2, "between %s and %s", last, at)
					last = at
				}
				assert.Empty(t, a.log.String())
			})
		})
	}
}

// A timeout that means "never" is one.
func TestLongestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := attempt{msg: new(fakeMsg), js: new(fakeJetStream)}
		got := a.deliver(t, Consumer{Timeout: math.MaxInt64}, after(time.Minute, errOnPurpose))
		assert.Equal(t, Delayed, got.Result)
		assert.Equal(t, []string{"nak"}, a.msg.answers)
		assert.Greater(t, len(a.msg.renewals), 100)
	})
}

// A callback that fails long after its lease was lost says nothing of the attempt
// that has begun meanwhile: it does not take it back from the count, nor begin
// another one beside it.
func TestFailuresAfterTheLease(t *testing.T) {
	const timeout = 100 * time.Millisecond
	tests := map[string]struct {
		lease    time.Duration
		stall    time.Duration // of the process
		fails    time.Duration
		recorded bool
		log      string
	}{
		"in time":                       {minLease, 0, timeout, true, "callback failed"},
		"late, and the lease is kept":   {minLease, 0, timeout + leaseSlack, true, "callback failed"},
		"late":                          {minLease, 0, time.Hour, false, "ignores its deadline"},
		"late, with a long lease":       {time.Minute, 0, time.Hour, false, "ignores its deadline"},
		"later, within a long lease":    {time.Minute, 0, 30 * time.Second, true, "ignores its deadline"},
		"in time, after a stall":        {minLease, 2 * minLease, 3 * minLease, false, "op=lease"},
		"in time, after a shorter one":  {minLease, minLease / 2, 3 * minLease, true, "callback failed"},
		"a stall within a longer lease": {DefaultLease, 2 * minLease, 3 * minLease, true, "callback failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := attempt{msg: &fakeMsg{stall: tt.stall}, js: new(fakeJetStream)}
				c := Consumer{Lease: tt.lease, Timeout: timeout}
				if tt.stall > 0 {
					c.Timeout = time.Hour
				}
				got := a.deliver(t, c, after(tt.fails, errOnPurpose))
				assert.Equal(t, Delayed, got.Result)
				assert.ErrorIs(t, got.Err, errOnPurpose)
				if tt.recorded {
					assert.Len(t, a.js.records, 1)
					assert.Equal(t, []string{"nak"}, a.msg.answers)
				} else {
					assert.Empty(t, a.js.records)
					assert.Empty(t, a.msg.answers)
				}
				assert.Contains(t, a.log.String(), tt.log)
				if renewals := a.msg.renewals; !tt.recorded {
					assert.Less(t, renewals[len(renewals)-1], 3*minLease, "it took the lease of the next attempt")
				}
			})
		})
	}
}

// Without a connection nothing is renewed, although the client takes it for later.
func TestLeaseIsLostWithoutAConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		offline time.Duration // after the beginning; 0 for never
		lost    bool
	}{"kept": {0, false}, "lost": {2 * minLease, true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := attempt{msg: new(fakeMsg), js: new(fakeJetStream)}
				if tt.offline > 0 {
					a.offline = time.Now().Add(tt.offline)
				}
				got := a.deliver(t, Consumer{Lease: 3 * minLease, Timeout: time.Hour}, after(10*minLease, errOnPurpose))
				assert.Equal(t, Delayed, got.Result)
				assert.Equal(t, tt.lost, strings.Contains(a.log.String(), "op=lease"), a.log.String())
				assert.Equal(t, tt.lost, len(a.msg.answers) == 0)
			})
		})
	}
}

// A callback that keeps its deadline is not said to ignore it, however long the store
// takes for what is noted of it, and keeps its lease meanwhile.
func TestDeadlinesThatAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = 100 * time.Millisecond
		takes := DefaultPublishTimeout - time.Second
		a := attempt{msg: new(fakeMsg), js: &fakeJetStream{takes: takes}}
		got := a.deliver(t, Consumer{Timeout: timeout}, func(ctx context.Context, _ *event.Event) error {
			<-ctx.Done()
			return ctx.Err()
		})
		assert.ErrorIs(t, got.Err, context.DeadlineExceeded)
		assert.Equal(t, []string{"nak"}, a.msg.answers)
		assert.Greater(t, a.msg.renewals[len(a.msg.renewals)-1], timeout+takes-minLease/2)
		assert.NotContains(t, a.log.String(), "ignores its deadline")
	})
}
