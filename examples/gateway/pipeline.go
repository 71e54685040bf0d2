package main

import (
	"context"
	"log/slog"

	"github.com/accesshook/accesshook/event"
)

// A pipeline leads verified events from the endpoints to the callbacks. It determines
// what a 200 means:
//
//   - Without a queue or a store: the callbacks have handled the event.
//   - With a queue: the event is in the memory of this process.
//   - With a store: the event is on a disk, or where else the store keeps it.
//
// In the first two cases [event.Dedupe] wraps the callbacks. A store drops duplicates
// itself. It calls the callbacks again only if it does not know that they succeeded, and
// then they must be called: a Dedupe there would only know what this process has seen.
type pipeline struct {
	log   *slog.Logger
	once  bySource     // de-duplicating callbacks; empty with a store
	queue *event.Queue // nil without -queue
	store *store       // nil without -data and -nats
}

// newPipeline returns a pipeline from receivers to callbacks. It closes stored, which is
// nil without a store, in finish.
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

// once wraps callbacks to drop duplicates of one endpoint. Each endpoint has a memory of
// its own, so that many events of one vendor do not push out those of another.
func (o *options) once(callbacks event.Handler, m *endpointMetrics, log *slog.Logger) event.Handler {
	if o.dedupe <= 0 {
		return callbacks
	}
	c := event.DedupeConfig{Store: event.NewDedupeMemory(o.dedupeEntries), Keep: o.dedupe, Logger: log, Observe: m.deduped}
	return event.Dedupe(c)(callbacks)
}

// endpoint returns the handler for the endpoint with this source.
func (p *pipeline) endpoint(source string) event.Handler {
	switch {
	case p.store != nil:
		return p.store
	case p.queue != nil:
		return p.queue
	}
	return p.once[source]
}

// start starts handling stored events. If that ends before finish is called, it calls
// failed with the reason.
func (p *pipeline) start(failed func(error)) {
	if p.store != nil {
		p.store.start(failed)
	}
}

// finish handles the events in the queue until ctx ends. Then it gives up, logs each
// event that is left, and returns an error. With a store it waits for running callbacks,
// and the other events stay in the store. Call it when no request is in progress.
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
		// Without the payload: more people can read the log than the events.
		p.log.Error("an event that was answered 200 is lost", "endpoint", e.Source, "vendor", e.Vendor, "id", e.ID, "type", string(e.Type))
	}
	return err
}

// bySource calls the handler for the source of an event.
type bySource map[string]event.Handler

// HandleEvent implements [event.Handler].
func (h bySource) HandleEvent(ctx context.Context, e *event.Event) error {
	return h[e.Source].HandleEvent(ctx, e)
}
