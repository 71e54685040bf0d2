// Package sink sends events to other systems, each of which has a filter of its own, and
// says on /metrics and in the log how that goes. What calls a Sink tries again: the store,
// or a queue of the sink's own.
package sink

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks"
	"github.com/accesshook/accesshook/examples/sinks/filter"
)

const (
	// BatchTimeout is how long sending a batch may take.
	BatchTimeout = 2 * time.Minute
	// AttemptTimeout is how long one attempt to send an event may take: the batch with it,
	// and the one before.
	AttemptTimeout = 2*BatchTimeout + time.Minute
	// maxBatch is as many events as the workers of a store have at once, so that none waits
	// for more than one batch before its own: 128 in each of 8 shards.
	maxBatch = 1024
)

// A Config says where a sink sends which events. Name, Open, Metrics and Log are required.
type Config struct {
	Name string        // such as "hec"; a label of metrics
	Only filter.Filter // the events that are sent

	Credentials envsecret.Values // none: the sink needs none
	// Open returns the sink for these credentials. It connects to nothing.
	Open func(envsecret.Values) (sinks.Sink, error)
	// Before wraps what sends an event. Nil: nothing does.
	Before func(event.Handler) event.Handler

	Metrics *Metrics
	Log     *slog.Logger
}

// A Sink sends events. It is an [event.Handler]: HandleEvent returns when its event has
// been taken or refused, or at once if the filter does not select it.
type Sink struct {
	Config
	current atomic.Pointer[connection]
	all     event.Handler // sends in batches, whatever the filter says
	report  *report
	queue   *event.Queue // nil without [Sink.StartQueue]

	ending context.Context // is done when attempts must end
	end    context.CancelFunc
}

// A connection is a sink with the credentials that are in use.
type connection struct{ sinks.Sink }

// New opens a sink. The error never holds a credential.
func New(c Config) (*Sink, error) {
	s := &Sink{Config: c, report: newReport(c.Name, c.Metrics, c.Log)}
	if err := s.SetCredentials(c.Credentials); err != nil {
		return nil, err
	}
	s.all = sinks.Handler(counted{s}, sinks.Config{MaxEvents: maxBatch, Timeout: BatchTimeout})
	if c.Before != nil {
		s.all = c.Before(s.all)
	}
	s.ending, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Consumer is the name of the consumer of a store for this sink.
func (s *Sink) Consumer() string { return ConsumerPrefix + s.Name }

// ConsumerPrefix begins the names of the consumers of sinks.
const ConsumerPrefix = "sink-"

// SetCredentials replaces the credentials. If they are refused, the old ones stay.
func (s *Sink) SetCredentials(v envsecret.Values) error {
	next, err := s.Open(v)
	if err != nil {
		return err
	}
	if old := s.current.Swap(&connection{next}); old != nil {
		// What it still sends may fail by that, and is sent again.
		time.AfterFunc(BatchTimeout, func() { _ = old.Close() })
	}
	return nil
}

// HandleEvent implements [event.Handler].
func (s *Sink) HandleEvent(ctx context.Context, e *event.Event) error {
	if !s.Only.Match(e) {
		s.report.leftOut.Inc()
		return nil
	}
	return s.SendAnyway(ctx, e)
}

// SendAnyway sends an event whatever the filter says.
func (s *Sink) SendAnyway(ctx context.Context, e *event.Event) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ending, cancel)()
	err := s.all.HandleEvent(ctx, e)
	if s.ending.Err() == nil && !errors.Is(err, event.ErrQueueClosed) { // not cut short
		s.report.attempted(e, err)
	}
	return err
}

// Test sends an event at once, alone and without a record of it.
func (s *Sink) Test(ctx context.Context, e *event.Event) error {
	if errs := s.current.Load().Send(ctx, []*event.Event{e}); errs != nil {
		return errs[0]
	}
	return nil
}

// GaveUp notes that an event will not be sent.
func (s *Sink) GaveUp(e *event.Event, err error) { s.report.gaveUp(e, err) }

// End has attempts end that are in progress. Later ones fail.
func (s *Sink) End() { s.end() }

// Close closes connections.
func (s *Sink) Close() error {
	s.end()
	return s.current.Load().Close()
}

// counted is the sink of a Sink. It counts batches.
type counted struct{ *Sink }

// Send implements [sinks.Sink].
func (c counted) Send(ctx context.Context, events []*event.Event) []error {
	c.report.batches.Inc()
	return c.current.Load().Send(ctx, events)
}
