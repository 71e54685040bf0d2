package durable

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/event"
)

// Defaults of [Consumer].
const (
	DefaultConsumerName = "default"
	DefaultWorkers      = 1
	DefaultMaxAttempts  = 12
	DefaultTimeout      = 5 * time.Minute
	DefaultLease        = 30 * time.Second
	DefaultDelay        = time.Second
	DefaultMaxDelay     = 10 * time.Minute
)

// minLease is the shortest lease that a consumer can have.
const minLease = time.Second

// A Consumer is one party that sees each event of a [Store], and says how its
// callbacks are called. The store remembers by its Name what it has finished:
// two consumers each see everything, processes that run the same consumer share
// the work. The zero Consumer is ready to use.
type Consumer struct {
	// Name is what the store knows it by: a to z, 0 to 9, - and _, at most 32 of
	// them. A new one begins with the oldest event that is kept. One that is not
	// run any more must be deleted, or the store fills up: [Store.DeleteConsumer].
	// Empty: "default".
	Name string
	// Workers is how many callbacks a process runs at the same time for each
	// shard; with an Order there is one in all processes, whatever it says. A
	// process thus runs Workers times Config.Shards callbacks at most. Zero: 1.
	Workers int
	// MaxAttempts is how often an event is given to the callbacks at most before
	// it becomes a dead letter. An attempt that the process did not live through
	// counts. An embedded store dies with the process, and cannot tell it from a
	// tenth of a second of work that was just to begin, which then counts as well.
	// What is noted of attempts has 64 MiB, some 100,000 events that wait for
	// another one; beyond that the oldest notes go, and those events may be tried
	// more often. Zero: 12, which with the other defaults takes about 20 minutes.
	MaxAttempts int
	// Timeout is the deadline of the context of each attempt. A callback that
	// ignores it holds its worker, and loses its lease. Zero: 5 minutes.
	Timeout time.Duration
	// Lease is after how long an event is given to the callbacks again when its
	// process has died. It is renewed three times a second while a callback runs.
	// Among processes of one consumer, that of the last to begin holds for all; it
	// can be changed while others run. At least 1 second. Zero: 30 seconds.
	Lease time.Duration
	// Delay is the pause after the first attempt. It doubles with each attempt up
	// to MaxDelay. Each pause is random between half of that and all of it; an
	// error marked event.Unavailable makes it longer, by what it asks for. No pause
	// is longer than 84 hours. Zero: 1 second.
	Delay time.Duration
	// MaxDelay is the longest pause, not counting what event.Unavailable asks
	// for. While 10,000 events of a shard are in a pause, the others wait. Zero: 10
	// minutes.
	MaxDelay time.Duration
	// Observe is told of each attempt. It must be fast; a panic in it is contained
	// and logged. Nil: nothing.
	Observe func(context.Context, Attempt)
}

// An Attempt is what became of one delivery of an event to a consumer.
type Attempt struct {
	Consumer string
	Event    *event.Event // nil if it was not decoded; without Payload if no attempt came to an end
	Number   int          // 1 for the first, 0 if it was given back before that
	Result   Result
	Err      error         // what the callbacks returned, or why there was no attempt
	Duration time.Duration // of the callbacks
}

// A Result is what became of one attempt.
type Result int

// Results.
const (
	Handled Result = iota + 1 // the callbacks have finished the event
	Delayed                   // it will be tried again
	Buried                    // it is a dead letter now
)

// String returns "handled", "delayed", "buried" or "invalid".
func (r Result) String() string {
	switch r {
	case Handled:
		return "handled"
	case Delayed:
		return "delayed"
	case Buried:
		return "buried"
	}
	return "invalid"
}

func (c Consumer) withDefaults() (Consumer, error) {
	if c.Name == "" {
		c.Name = DefaultConsumerName
	}
	if !validName.MatchString(c.Name) {
		return c, errors.New("durable: Consumer.Name must be 1 to 32 of a-z, 0-9, - and _")
	}
	for _, f := range []struct {
		name  string
		value *int
		or    int
	}{
		{"Workers", &c.Workers, DefaultWorkers},
		{"MaxAttempts", &c.MaxAttempts, DefaultMaxAttempts},
	} {
		if *f.value < 0 {
			return c, fmt.Errorf("durable: Consumer.%s is negative", f.name)
		}
		if *f.value == 0 {
			*f.value = f.or
		}
	}
	for _, f := range []struct {
		name  string
		value *time.Duration
		or    time.Duration
	}{
		{"Timeout", &c.Timeout, DefaultTimeout},
		{"Lease", &c.Lease, DefaultLease},
		{"Delay", &c.Delay, DefaultDelay},
		{"MaxDelay", &c.MaxDelay, DefaultMaxDelay},
	} {
		if *f.value < 0 {
			return c, fmt.Errorf("durable: Consumer.%s is negative", f.name)
		}
		if *f.value == 0 {
			*f.value = f.or
		}
	}
	if c.Lease < minLease {
		return c, errors.New("durable: Consumer.Lease is less than a second")
	}
	return c, nil
}

// A Runner runs one consumer of a store. See [Store.Consumer].
type Runner struct {
	store *Store
	c     Consumer
}

// Consumer returns what runs the consumer c.
func (s *Store) Consumer(c Consumer) *Runner { return &Runner{s, c} }

// Run is the Run of the zero [Consumer].
func (s *Store) Run(ctx context.Context, h event.Handler) error {
	return s.Consumer(Consumer{}).Run(ctx, h)
}

// Run gives the events of the store to h until ctx is over or the store is
// closed; it then gives back what no callback has yet, waits for the callbacks
// that are running, whose contexts go on until their deadline, and returns nil.
// While the NATS servers cannot be reached it waits for them. It returns an error
// if it cannot begin, if the consumer is deleted, or if the connection was closed.
//
// It also deletes what all consumers have finished, once it is older than
// Config.Retention. A durable consumer that another NATS client has made on a stream
// counts as well; one with a filter does not hold back what its filter leaves out. A
// store that nobody runs only grows.
func (r *Runner) Run(ctx context.Context, h event.Handler) error {
	c, err := r.c.withDefaults()
	if err != nil {
		return err
	}
	if h == nil {
		return errors.New("durable: nil handler")
	}
	ctx, end, err := r.store.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	return newRun(r.store, c, h).run(ctx)
}

// create creates the consumer in a shard, or brings it up to date.
//
// The server counts deliveries, and does not bound them: it would pass over an
// event in silence. With an order it gives out one event at a time, and none before
// that is acknowledged, whichever process has it or had it when it died; a pinned
// client would have one process at work, but the events behind one that failed would
// overtake it, and another process would begin while the last still runs.
func (c Consumer) create(ctx context.Context, s *Store, shard int) (jetstream.Consumer, error) {
	config := jetstream.ConsumerConfig{
		Durable:       c.Name,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       c.Lease,
		MaxDeliver:    -1,
		MaxAckPending: maxPending,
		DeliverPolicy: jetstream.DeliverAllPolicy,
	}
	if s.c.Order != OrderNone {
		config.MaxAckPending = 1
	}
	consumer, err := s.createOrUpdate(ctx, s.names.stream(shard), config)
	if err != nil {
		return nil, fmt.Errorf("durable: consumer %s of shard %d: %w", c.Name, shard, err)
	}
	return consumer, nil
}

// metaMade is where a consumer has what tells it from those of the same name that
// were deleted before: what is noted of their events does not count for it. The
// time of its creation would not do, since a server that was killed changes it.
const metaMade = "accesshook-made"

// createOrUpdate creates a consumer, or brings one up to date that is there.
func (s *Store) createOrUpdate(ctx context.Context, stream string, c jetstream.ConsumerConfig) (consumer jetstream.Consumer, err error) {
	for range 5 { // others may create and delete it meanwhile
		consumer, err = s.js.Consumer(ctx, stream, c.Durable)
		switch {
		case err == nil:
			c.Metadata = map[string]string{metaMade: consumer.CachedInfo().Config.Metadata[metaMade]}
			consumer, err = s.js.UpdateConsumer(ctx, stream, c)
		case errors.Is(err, jetstream.ErrConsumerNotFound):
			c.Metadata = map[string]string{metaMade: rand.Text()}
			consumer, err = s.js.CreateConsumer(ctx, stream, c)
		}
		if !errors.Is(err, jetstream.ErrConsumerExists) && !errors.Is(err, jetstream.ErrConsumerDoesNotExist) {
			break
		}
	}
	return consumer, err
}

// maxPending is how many events of a shard and consumer may be with callbacks or
// waiting for another attempt. When so many fail, new ones wait behind them.
const maxPending = 10_000

// DeleteConsumer makes the store forget a consumer and what it has finished.
// Every Run of it returns ErrConsumerDeleted; one that is busy until another has
// made the consumer again may go on with the new one. It is no error if there is
// none. Its dead letters stay.
func (s *Store) DeleteConsumer(ctx context.Context, name string) error {
	if !validName.MatchString(name) {
		return errors.New("durable: invalid name of a consumer")
	}
	for shard := range s.c.Shards {
		err := s.js.DeleteConsumer(ctx, s.names.stream(shard), name)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return fmt.Errorf("durable: consumer %s of shard %d: %w", name, shard, err)
		}
	}
	return nil
}
