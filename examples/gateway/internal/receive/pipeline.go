package receive

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/metrics"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
)

// A Config says how events come from the endpoints to Callbacks.
type Config struct {
	Callbacks event.Handler
	Endpoints []*Endpoint
	Metrics   *metrics.Metrics
	Log       *slog.Logger

	// Store stores events, and calls its own callbacks with them. The other fields
	// below are for a gateway without one.
	Store *store.Store

	Dedupe        time.Duration     // how long duplicates are dropped; 0: never
	DedupeEntries int               // remembered for each endpoint
	Queue         event.QueueConfig // Depth 0: there is no queue
	Attempts      int               // for an event of the queue
	Timeout       time.Duration     // of one attempt
	Sinks         []Sink            // need a queue
}

// A Sink has a queue of its own.
type Sink interface {
	// Offer queues an event and does not wait.
	Offer(e *event.Event)
	// FinishQueue handles the queue until ctx ends, and then gives up the events in it.
	FinishQueue(ctx context.Context) error
}

// A Pipeline leads verified events from the endpoints to the callbacks. It determines
// what a 200 means:
//
//   - Without a queue or a store: the callbacks have handled the event.
//   - With a queue: the event is in the memory of this process.
//   - With a store: the event is on a disk, or where else the store keeps it.
//
// In the first two cases [event.Dedupe] wraps the callbacks. A store drops duplicates
// itself. It calls the callbacks again only if it does not know that they succeeded, and
// then they must be called: a Dedupe there would only know what this process has seen.
type Pipeline struct {
	Queue *event.Queue // nil without one
	Store *store.Store // nil without one

	log   *slog.Logger
	once  bySource // de-duplicating callbacks; empty with a store
	sinks []Sink
}

// NewPipeline returns a pipeline. Finish closes its store.
func NewPipeline(c Config) *Pipeline {
	p := &Pipeline{log: c.Log, Store: c.Store, once: make(bySource)}
	if c.Store != nil {
		return p
	}
	if len(c.Sinks) > 0 {
		p.sinks = c.Sinks
		c.Callbacks = offering{c.Sinks, c.Callbacks}
	}
	for _, e := range c.Endpoints {
		p.once[e.Source()] = c.once()
	}
	if c.Queue.Depth > 0 {
		p.Queue = newQueue(c, p.once)
	}
	return p
}

// once wraps the callbacks to drop duplicates of one endpoint. Each endpoint has a memory
// of its own, so that many events of one vendor do not push out those of another.
func (c *Config) once() event.Handler {
	if c.Dedupe <= 0 {
		return c.Callbacks
	}
	d := event.DedupeConfig{Store: event.NewDedupeMemory(c.DedupeEntries), Keep: c.Dedupe, Logger: c.Log}
	return event.Dedupe(d)(c.Callbacks)
}

// Handler returns the handler for the endpoint with this source.
func (p *Pipeline) Handler(source string) event.Handler {
	switch {
	case p.Store != nil:
		return p.Store
	case p.Queue != nil:
		return p.Queue
	}
	return p.once[source]
}

// Start starts handling stored events. If that ends before Finish is called, it calls
// failed with the reason.
func (p *Pipeline) Start(failed func(error)) {
	if p.Store != nil {
		p.Store.Start(failed)
	}
}

// Finish handles the events in the queue until ctx ends. Then it gives up, logs each
// event that is left, and returns an error. The queues of sinks follow that of the
// callbacks. With a store it waits for running callbacks, and the other events stay in the
// store. Call it when no request is in progress.
func (p *Pipeline) Finish(ctx context.Context) error {
	switch {
	case p.Store != nil:
		return p.Store.Finish(ctx)
	case p.Queue == nil:
		return nil
	}
	if n := p.Queue.Len(); n > 0 {
		p.log.Info("finishing what waits in the queue", "events", n)
	}
	left, err := p.Queue.Shutdown(ctx) // offers events to the sinks meanwhile
	err = errors.Join(err, p.finishSinks(ctx))
	for _, e := range left {
		// Without the payload: more people can read the log than the events.
		p.log.Error("an event that was answered 200 is lost", "endpoint", e.Source, "vendor", e.Vendor, "id", e.ID, "type", string(e.Type))
	}
	return err
}

// finishSinks handles the events in the queues of sinks.
func (p *Pipeline) finishSinks(ctx context.Context) error {
	errs := make([]error, len(p.sinks))
	var finishing sync.WaitGroup
	for i, s := range p.sinks {
		finishing.Go(func() { errs[i] = s.FinishQueue(ctx) })
	}
	finishing.Wait()
	return errors.Join(errs...)
}

// bySource calls the handler for the source of an event.
type bySource map[string]event.Handler

// HandleEvent implements [event.Handler].
func (h bySource) HandleEvent(ctx context.Context, e *event.Event) error {
	return h[e.Source].HandleEvent(ctx, e)
}
