package sinks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Defaults of [Config].
const (
	DefaultMaxEvents = 500
	DefaultRequests  = 1
	DefaultTimeout   = 5 * time.Minute
)

// Config says how [Handler] collects events. The zero Config is ready to use.
type Config struct {
	// MaxEvents is how many events one call of Send gets at most. Zero: 500.
	MaxEvents int
	// Requests is how many calls of Send run at the same time. With one, events reach the
	// sink in the order of their arrival. Zero: 1.
	Requests int
	// Timeout is the deadline of each call of Send. Zero: 5 minutes.
	Timeout time.Duration
}

// Handler returns a handler that sends events to s in batches. HandleEvent returns when
// its event was taken or refused, with the error of that event alone.
//
// It needs no timer, so an event that comes alone is sent at once: a batch is what has
// come while Send was busy with the one before. To fill batches, call HandleEvent
// concurrently: give a durable.Consumer as many Workers as a batch should have events.
//
// If the context of HandleEvent ends first, it returns that context's cause. An event that
// is being sent then may be taken nevertheless. The context of Send ends when nobody waits
// for any of its events.
//
// A panic in Send becomes an [*event.PanicError] for each event of the batch. Handler
// panics if s is nil or a number in c is negative. It does not close s.
func Handler(s Sink, c Config) event.Handler {
	if s == nil {
		panic("sinks: nil sink")
	}
	if c.MaxEvents < 0 || c.Requests < 0 || c.Timeout < 0 {
		panic("sinks: negative value in Config")
	}
	c.MaxEvents = cmp.Or(c.MaxEvents, DefaultMaxEvents)
	c.Requests = cmp.Or(c.Requests, DefaultRequests)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	return &batching{sink: s, c: c}
}

type batching struct {
	sink Sink
	c    Config

	mu      sync.Mutex
	waiting []*call
	running int // calls of Send
}

// A call is one call of HandleEvent.
type call struct {
	event  *event.Event
	batch  *batch     // nil while it waits
	result chan error // has room for one
}

// A batch is the calls of one Send.
type batch struct {
	calls  []*call
	ctx    context.Context
	cancel context.CancelFunc
	wanted int // calls that still wait for their result
}

// HandleEvent implements [event.Handler].
func (b *batching) HandleEvent(ctx context.Context, e *event.Event) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c := &call{event: e, result: make(chan error, 1)}
	b.mu.Lock()
	b.waiting = append(b.waiting, c)
	b.start()
	b.mu.Unlock()
	select {
	case err := <-c.result:
		return err
	case <-ctx.Done():
		return b.leave(c, context.Cause(ctx))
	}
}

// leave returns the result of a call, or cause if there is none yet.
func (b *batching) leave(c *call, cause error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case err := <-c.result:
		return err
	default:
	}
	if c.batch == nil {
		b.waiting = slices.DeleteFunc(b.waiting, func(other *call) bool { return other == c })
		return cause
	}
	if c.batch.wanted--; c.batch.wanted == 0 {
		c.batch.cancel()
	}
	return cause
}

// start sends what waits, as far as calls of Send may begin. mu is held.
func (b *batching) start() {
	for b.running < b.c.Requests && len(b.waiting) > 0 {
		n := min(len(b.waiting), b.c.MaxEvents)
		next := &batch{calls: slices.Clone(b.waiting[:n]), wanted: n}
		next.ctx, next.cancel = context.WithTimeout(context.Background(), b.c.Timeout)
		for _, c := range next.calls {
			c.batch = next
		}
		b.waiting = slices.Delete(b.waiting, 0, n)
		b.running++
		go b.send(next)
	}
}

var errNoResult = errors.New("sinks: Send did not return")

// send sends a batch, and then starts the next one.
func (b *batching) send(batch *batch) {
	errs := slices.Repeat([]error{errNoResult}, len(batch.calls)) // for runtime.Goexit
	defer func() {
		batch.cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for i, c := range batch.calls {
			c.result <- errs[i]
		}
		b.running--
		b.start()
	}()
	errs = b.results(batch)
}

// results calls Send and returns one error for each event.
func (b *batching) results(batch *batch) []error {
	events := make([]*event.Event, len(batch.calls))
	for i, c := range batch.calls {
		events[i] = c.event
	}
	var errs []error
	err := event.Recover(event.HandlerFunc(func(ctx context.Context, _ *event.Event) error {
		errs = b.sink.Send(ctx, events)
		return nil
	})).HandleEvent(batch.ctx, nil)
	switch {
	case err != nil: // a panic
		return slices.Repeat([]error{err}, len(events))
	case errs == nil:
		return make([]error, len(events))
	case len(errs) != len(events):
		return slices.Repeat([]error{fmt.Errorf("sinks: Send returned %d errors for %d events", len(errs), len(events))}, len(events))
	}
	return errs
}
