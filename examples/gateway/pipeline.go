package main

import (
	"context"
	"log/slog"

	"github.com/accesshook/accesshook/event"
)

// A pipeline is what handles verified events, from the endpoints to the
// callbacks, and says what it means that one was answered 200:
//
//   - By itself, that the callbacks are done with it.
//   - With a queue, that it is in the memory of this process.
//   - With a store, that it is on a disk, or wherever else the store says.
//
// In the first two an event is handled once: [event.Dedupe] stands directly
// around the callbacks. A store has an event once already, and gives it to the
// callbacks again only if nobody knows whether they were done with it. Then they
// must be called: a Dedupe there would remember only what this process saw.
type pipeline struct {
	log   *slog.Logger
	once  bySource     // empty with a store
	queue *event.Queue // nil without -queue
	store *store       // nil without -data and -nats
}

// newPipeline returns what handles the events of receivers with callbacks. It
// takes stored over, which is nil without a store.
func newPipeline(o *options, callbacks event.Handler, receivers []*receiver, stored eventStore, m *metrics, log *slog.Logger) *pipeline {
	p := &pipeline{log: log, once: make(bySource)}
	callbacks = m.timed(callbacks, receivers)
	if stored != nil {
		p.store = newStore(o, stored, callbacks, m, log)
		return p
	}
	for _, r := range receivers {
		p.once[r.Source()] = o.once(callbacks, r.metrics, log)
	}
	if o.queue.depth > 0 {
		p.queue = newQueue(o, p.once, receivers, m, log)
	}
	return p
}

// once returns callbacks that handle each event of one endpoint once. Each
// endpoint has a memory of its own, so that many events of one vendor do not push
// out those of another.
func (o *options) once(callbacks event.Handler, m *endpointMetrics, log *slog.Logger) event.Handler {
	if o.dedupe <= 0 {
		return callbacks
	}
	c := event.DedupeConfig{Store: event.NewDedupeMemory(o.dedupeEntries), Keep: o.dedupe, Logger: log, Observe: m.deduped}
	return event.Dedupe(c)(callbacks)
}

// endpoint returns the handler of the endpoint with this source.
func (p *pipeline) endpoint(source string) event.Handler {
	switch {
	case p.store != nil:
		return p.store
	case p.queue != nil:
		return p.queue
	}
	return p.once[source]
}

// start begins to handle what is stored. If that ends before finish, it calls
// failed with the reason.
func (p *pipeline) start(failed func(error)) {
	if p.store != nil {
		p.store.start(failed)
	}
}

// finish handles what was answered and is not handled yet, until ctx is over.
// Then it gives up, logs what is left, and returns an error. With a store there
// is nothing of the kind: it finishes what the callbacks have begun, and the rest
// stays where it is. No request may be going on any more.
func (p *pipeline) finish(ctx context.Context) error {
	switch {
	case p.store != nil:
		return p.store.finish(ctx)
	case p.queue == nil:
		return nil
	}
	if n := p.queue.Len(); n > 0 {
		p.log.Info("finishing what waits in the queue", "events", n)
	}
	left, err := p.queue.Shutdown(ctx)
	for _, e := range left {
		// Without the payload: the log is read by more people than the events.
		p.log.Error("an event that was answered 200 is lost", "endpoint", e.Source, "vendor", e.Vendor, "id", e.ID, "type", string(e.Type))
	}
	return err
}

// bySource hands each event to the handler of the endpoint that it came from.
type bySource map[string]event.Handler

// HandleEvent implements [event.Handler].
func (h bySource) HandleEvent(ctx context.Context, e *event.Event) error {
	return h[e.Source].HandleEvent(ctx, e)
}
