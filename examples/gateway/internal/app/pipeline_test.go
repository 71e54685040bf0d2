package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
)

// A pipe is a gateway of two vendors whose callback a test chooses.
type pipe struct {
	T       *testing.T
	gateway *gateway
	log     gatewaytest.Buffer

	mu     sync.Mutex
	called []string // what was handled, by ID
}

// newPipe returns a gateway with these arguments whose callback is f.
func newPipe(t *testing.T, f func(ctx context.Context, e *event.Event) error, args ...string) *pipe {
	t.Helper()
	p := &pipe{T: t}
	s := parse(t, args...)
	log := slog.New(slog.NewTextHandler(&p.log, nil))
	var err error
	p.gateway, err = newGateway(t.Context(), s, new(gatewaytest.Buffer), log)
	require.NoError(t, err)
	callbacks := event.NewMux()
	callbacks.HandleFunc("*", func(ctx context.Context, e *event.Event) error {
		p.mu.Lock()
		p.called = append(p.called, e.ID)
		p.mu.Unlock()
		return f(ctx, e)
	})
	p.gateway.callbacks = p.gateway.metrics.Timed(callbacks)
	require.NoError(t, p.gateway.open(t.Context()))
	if s.Store.Used() {
		t.Cleanup(func() { assert.NoError(t, p.gateway.pipeline.Finish(context.Background())) })
	}
	return p
}

// environment sets the variables of the tests. Call it outside a synctest bubble.
func environment(t *testing.T) {
	t.Helper()
	t.Setenv("RELOCK_SECRETS", gatewaytest.RelockSecret)
	t.Setenv("UNLOC_CREDENTIALS", "gate:canary-unloc-password")
}

func parse(t *testing.T, args ...string) *settings.Settings {
	t.Helper()
	s, err := settings.Parse(args)
	require.NoError(t, err)
	return s
}

func (p *pipe) handle(e event.Event) error {
	e.Type = event.SessionEnded
	e.Source = e.Vendor
	return p.gateway.pipeline.Handler(e.Source).HandleEvent(p.T.Context(), &e)
}

// take passes events to their endpoints, which must accept them.
func (p *pipe) take(events ...event.Event) {
	p.T.Helper()
	for _, e := range events {
		require.NoError(p.T, p.handle(e))
	}
}

// ids returns the IDs of the events that were handled, in order.
func (p *pipe) ids() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.called, " ")
}

// count returns the value of a counter of the endpoint relock.
func (p *pipe) count(name string) float64 {
	p.T.Helper()
	families, err := p.gateway.metrics.Registry.Gather()
	require.NoError(p.T, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "endpoint" && l.GetValue() == relock.Vendor {
					return m.GetCounter().GetValue()
				}
			}
		}
	}
	require.Fail(p.T, "no such metric", name)
	return 0
}

func done(context.Context, *event.Event) error { return nil }

var errFails = errors.New("it fails")

func TestPipelineWithoutAQueueAnswersWhatTheCallbackDoes(t *testing.T) {
	environment(t)
	p := newPipe(t, func(context.Context, *event.Event) error { return errFails })
	require.ErrorIs(t, p.handle(event.Event{Vendor: relock.Vendor, ID: "1"}), errFails)
	require.ErrorIs(t, p.handle(event.Event{Vendor: relock.Vendor, ID: "1"}), errFails)
	assert.Equal(t, "1 1", p.ids(), "it is not tried again but by the vendor")
	assert.Zero(t, p.count("accesshook_duplicates_total"))
	require.NoError(t, p.gateway.pipeline.Finish(t.Context()))
}

// Each endpoint has a memory of its own.
func TestPipelineRemembersByEndpoint(t *testing.T) {
	environment(t)
	for name, args := range map[string][]string{"no queue": nil, "queue": {"-queue", "10"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipe(t, done, args...)
				for range 3 {
					p.take(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: unloc.Vendor, ID: "1"})
					synctest.Wait()
				}
				assert.Equal(t, "1 1", p.ids())
				if args != nil { // else the endpoint counts them
					assert.EqualValues(t, 2, p.count("accesshook_duplicates_total"))
				}
			})
		})
	}
}

func TestPipelineTriesAgain(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		failures := 2
		p := newPipe(t, func(ctx context.Context, _ *event.Event) error {
			deadline, _ := ctx.Deadline()
			assert.Equal(t, 7*time.Second, time.Until(deadline))
			if failures--; failures >= 0 {
				return errFails
			}
			return nil
		}, "-queue", "10", "-queue-workers", "1", "-handler-timeout", "7s")
		p.take(event.Event{Vendor: relock.Vendor, ID: "1"})
		synctest.Wait()
		assert.Equal(t, "1", p.ids())
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, "1 1 1", p.ids())
		assert.EqualValues(t, 2, p.count("accesshook_retries_total"))
		assert.Zero(t, p.count("accesshook_dead_total"))
		assert.Zero(t, p.count("accesshook_duplicates_total"))
	})
}

func TestPipelineGivesUp(t *testing.T) {
	environment(t)
	for name, test := range map[string]struct {
		args          []string
		err           error
		calls         int
		retries, dead float64
		level         string
	}{
		"by default":    {nil, errFails, 5, 4, 1, "ERROR"},
		"two attempts":  {[]string{"-retries", "1"}, errFails, 2, 1, 1, "ERROR"},
		"one attempt":   {[]string{"-retries", "0"}, errFails, 1, 0, 1, "ERROR"},
		"permanent":     {nil, event.Permanent(errFails), 1, 0, 1, "WARN"},
		"100 and slow":  {[]string{"-retries", "100"}, errFails, 101, 100, 1, "ERROR"},
		"it never does": {nil, nil, 1, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipe(t, func(ctx context.Context, _ *event.Event) error {
					if test.err != nil {
						<-ctx.Done() // as slow as an attempt may be
					}
					return test.err
				}, append([]string{"-queue", "10"}, test.args...)...)
				p.take(event.Event{Vendor: relock.Vendor, ID: "an-id"})
				time.Sleep(3 * time.Hour)
				synctest.Wait()
				assert.Len(t, strings.Fields(p.ids()), test.calls)
				assert.Equal(t, test.retries, p.count("accesshook_retries_total"))
				assert.Equal(t, test.dead, p.count("accesshook_dead_total"))
				if test.level != "" {
					assert.Contains(t, p.log.String(), "level="+test.level+` msg="event: handling a queued event failed" endpoint=relock vendor=relock id=an-id type=session.ended`)
				}
			})
		})
	}
}

// Two deliveries of one event are one duplicate, however many attempts they have.
func TestPipelineCountsADuplicateOnce(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		failures := 3
		p := newPipe(t, func(context.Context, *event.Event) error {
			time.Sleep(3 * time.Second) // longer than a pause, so that the other is always waiting
			mu.Lock()
			defer mu.Unlock()
			if failures--; failures >= 0 {
				return errFails
			}
			return nil
		}, "-queue", "10")
		p.take(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: relock.Vendor, ID: "1"})
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, "1 1 1 1", p.ids())
		assert.EqualValues(t, 1, p.count("accesshook_duplicates_total"))
	})
}

func TestPipelineOrder(t *testing.T) {
	environment(t)
	user := func(id, user string) event.Event {
		return event.Event{Vendor: relock.Vendor, ID: id, User: event.User{ID: user}}
	}
	lock := func(id, lock string) event.Event {
		return event.Event{Vendor: relock.Vendor, ID: id, Lock: event.Lock{ID: lock}}
	}
	for name, test := range map[string]struct {
		args   []string
		events []event.Event
		begun  string // which of them begin while none has ended
	}{
		"default":         {nil, []event.Event{user("1", "a"), user("2", "a"), user("3", "b")}, "1 3"},
		"user":            {[]string{"-queue-order", "user"}, []event.Event{lock("1", "a"), lock("2", "a"), lock("3", "b")}, "1 2 3"},
		"lock":            {[]string{"-queue-order", "lock"}, []event.Event{lock("1", "a"), lock("2", "a"), lock("3", "b")}, "1 3"},
		"lock, one user":  {[]string{"-queue-order", "lock"}, []event.Event{user("1", "a"), user("2", "a")}, "1 2"},
		"none":            {[]string{"-queue-order", "none"}, []event.Event{user("1", "a"), user("2", "a"), lock("3", "b"), lock("4", "b")}, "1 2 3 4"},
		"one at a time":   {[]string{"-queue-workers", "1"}, []event.Event{user("1", "a"), user("2", "b")}, "1"},
		"three at a time": {[]string{"-queue-workers", "3"}, []event.Event{user("1", "a"), user("2", "b"), user("3", "c"), user("4", "d")}, "1 2 3"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				p := newPipe(t, func(context.Context, *event.Event) error {
					<-release
					return nil
				}, append([]string{"-queue", "10"}, test.args...)...)
				for _, e := range test.events {
					p.take(e)
					synctest.Wait() // so that those that begin do so in order
				}
				if diff := cmp.Diff(test.begun, p.ids()); diff != "" {
					t.Errorf("begun (-want +got):\n%s", diff)
				}
				close(release)
				require.NoError(t, p.gateway.pipeline.Finish(t.Context()))
				assert.Len(t, strings.Fields(p.ids()), len(test.events))
			})
		})
	}
}

func TestPipelineFull(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := newPipe(t, func(context.Context, *event.Event) error {
			<-release
			return nil
		}, "-queue", "2", "-queue-workers", "1")
		p.take(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: unloc.Vendor, ID: "2"}, event.Event{Vendor: relock.Vendor, ID: "3"})
		err := p.handle(event.Event{Vendor: unloc.Vendor, ID: "4"})
		_, unavailable := event.IsUnavailable(err)
		assert.True(t, unavailable, "%v", err)
		close(release)
		synctest.Wait()
		p.take(event.Event{Vendor: unloc.Vendor, ID: "4"})
		synctest.Wait()
		assert.Equal(t, "1 2 3 4", p.ids(), "what was refused is no duplicate when it comes again")
	})
}

// A body may be as large as -max-body, whatever the default of -queue-bytes is.
func TestPipelineTakesLargeBodies(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := newPipe(t, func(context.Context, *event.Event) error {
			<-release
			return nil
		}, "-queue", "2", "-queue-workers", "1", "-max-body", "100000000")
		body := make([]byte, 100_000_000)
		p.take(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: relock.Vendor, ID: "2", Raw: body})
		close(release)
		require.NoError(t, p.gateway.pipeline.Finish(t.Context()))
	})
}

func TestPipelineBoundsBodies(t *testing.T) {
	environment(t)
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := newPipe(t, func(context.Context, *event.Event) error {
			<-release
			return nil
		}, "-queue", "10", "-queue-workers", "1", "-max-body", "1000", "-queue-bytes", "1500")
		body := make([]byte, 1000)
		p.take(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: relock.Vendor, ID: "2", Raw: body}, event.Event{Vendor: relock.Vendor, ID: "3", Raw: body[:500]})
		_, unavailable := event.IsUnavailable(p.handle(event.Event{Vendor: relock.Vendor, ID: "4", Raw: body[:1]}))
		assert.True(t, unavailable)
		close(release)
		require.NoError(t, p.gateway.pipeline.Finish(t.Context()))
	})
}

// The queue is finished also when the gateway stops because its listener fails.
func TestQueueIsFinishedWhenTheListenerFails(t *testing.T) {
	environment(t)
	release := make(chan struct{})
	p := newPipe(t, func(context.Context, *event.Event) error {
		<-release
		return nil
	}, "-queue", "10", "-queue-workers", "1", "-stop-delay", "0")
	p.take(event.Event{Vendor: relock.Vendor, ID: "1"}, event.Event{Vendor: relock.Vendor, ID: "2"})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	servers, err := p.gateway.newServers(l, nil)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	served := make(chan error, 1)
	go func() { served <- servers.run(t.Context(), l, nil, p.gateway) }()
	require.Eventually(t, func() bool { return strings.Contains(p.log.String(), "finishing what waits in the queue") }, gatewaytest.Patience, 5*time.Millisecond)
	close(release)
	require.ErrorIs(t, <-served, net.ErrClosed)
	assert.Equal(t, "1 2", p.ids())
}

// A signal during the start stops the gateway as well.
func TestStopDuringTheStart(t *testing.T) {
	for name, args := range map[string][]string{"by itself": nil, "store": {"-data", t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			environment(t)
			ctx, stop := context.WithCancel(t.Context())
			stop()
			var stdout, stderr gatewaytest.Buffer
			status := Run(ctx, nil, append([]string{"-addr", "127.0.0.1:0", "-stop-delay", "0"}, args...), &stdout, &stderr)
			assert.Equal(t, ExitOK, status, "stderr:\n%s", &stderr)
			assert.NotContains(t, stderr.String(), "level=ERROR")
			assert.Regexp(t, `level=INFO msg="?stopped`, stderr.String())
		})
	}
}

// Events are kept for the live page only where somebody may see it.
func TestPageIsFedWhereItIsServed(t *testing.T) {
	environment(t)
	for addr, served := range map[string]bool{"127.0.0.1:0": true, "0.0.0.0:0": false} {
		p := newPipe(t, done, "-addr", addr)
		l, err := net.Listen("tcp", addr)
		require.NoError(t, err)
		_, err = p.gateway.newServers(l, nil)
		require.NoError(t, err)
		require.NoError(t, l.Close())
		assert.Equal(t, served, p.gateway.output.page != nil, addr)
	}
}
