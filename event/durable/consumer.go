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
	DefaultMaxAttempts  = 60
	DefaultTimeout      = 5 * time.Minute
	DefaultLease        = 30 * time.Second
	DefaultDelay        = time.Second
	DefaultMaxDelay     = time.Hour
)

const (
	// minLease is the shortest lease that a consumer can have.
	minLease = time.Second
	// maxDuration is 36 years, so that no sum of durations overflows.
	maxDuration = time.Duration(1 << 60)
)

// A Consumer says how callbacks are called with the events of a [Store]. The store
// remembers by its Name what it has acknowledged: two consumers each get every event,
// and processes that run the same consumer share the work. The zero Consumer is ready
// to use.
type Consumer struct {
	// Name is 1 to 32 of a-z, 0-9, - and _. A new consumer begins with the oldest event
	// that is kept. Delete one that is no longer run, or the store fills up:
	// [Store.DeleteConsumer]. Empty: "default".
	Name string
	// Workers is how many callbacks a process runs at the same time for each shard, so
	// that it runs Workers times Config.Shards at most. With an Order one callback runs
	// for each shard, in all processes together. Zero: 1.
	Workers int
	// MaxAttempts is how often the callbacks are called with an event before it becomes
	// a dead letter. With the defaults, the pauses between them last for a day at least,
	// and two at most. With an Order, the later events of the shard wait for as long.
	//
	// An attempt during which the process dies, or loses its lease, counts. After 12 of
	// these the event becomes a dead letter, since it may be what kills the process. An
	// embedded store dies with the process, and then also counts an attempt for events
	// that were to be handled within the next tenth of a second. The records of attempts
	// have 64 MiB, enough for some 100,000 events that wait for another one. Beyond that
	// the oldest are deleted, and those events may be tried more often. Zero: 60.
	MaxAttempts int
	// Timeout is the deadline of the context of each attempt. A callback that ignores it
	// blocks its worker, and loses its lease. Zero: 5 minutes.
	Timeout time.Duration
	// Lease is how long after the death of a process its events are delivered again, or
	// twice that if the clock of the servers has gone back meanwhile. It is renewed three times a second while a callback runs. The Lease of the process
	// that began last holds for all processes of the consumer. A process that is held up
	// for longer loses its leases, so a short one costs repeated calls on a busy machine.
	// At least 1 second. Zero: 30 seconds.
	Lease time.Duration
	// Delay is the pause after the first attempt. It doubles with each attempt up to
	// MaxDelay. Each pause is random, between half of that and all of it. An error marked
	// event.Unavailable adds what it asks for. No pause is longer than 84 hours. Zero: 1
	// second.
	Delay time.Duration
	// MaxDelay is the longest pause, without what event.Unavailable adds. While 10,000
	// events of a shard are in a pause, its other events wait. Zero: 1 hour.
	MaxDelay time.Duration
	// Observe is called after each attempt. It must be fast. A panic in it is logged.
	// Nil: it is not called.
	Observe func(context.Context, Attempt)
}

// An Attempt is the outcome of one delivery of an event to a consumer.
type Attempt struct {
	Consumer string
	Event    *event.Event // nil if it was not decoded; without Payload if no attempt ended
	Number   int          // 1 for the first, 0 if the event was given back before that
	Result   Result
	Err      error         // of the callbacks, or why they were not called
	Duration time.Duration // of the callbacks
	Reason   DeadReason    // if Result is Buried
}

// A Result is the outcome of one attempt.
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
		*f.value = min(*f.value, maxDuration)
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

// Consumer returns a Runner of the consumer c.
func (s *Store) Consumer(c Consumer) *Runner { return &Runner{s, c} }

// Run is the Run of the zero [Consumer].
func (s *Store) Run(ctx context.Context, h event.Handler) error {
	return s.Consumer(Consumer{}).Run(ctx, h)
}

// Run calls h with the events of the store until ctx is done or the store is closed. It
// then gives back the events that no callback has yet, waits for running callbacks, whose
// contexts go on until their deadline, and returns nil. While the NATS servers cannot be
// reached, or a stream was deleted, it waits for them. It returns an error if it cannot
// begin, if the consumer is deleted, or if the connection was closed.
//
// Its events come again in time if the clocks of the servers are set or differ: the
// processes that run the consumer ask each other what they hold, under the subjects
// <Config.Name>-work.>.
//
// Run also deletes events that all consumers have acknowledged, once they are older than
// Config.Retention. Durable consumers that other NATS clients have created on a stream
// count as well; one with a filter does not hold back events that are not for it. A store
// without a Run only grows.
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

// create creates the consumer in a shard, or updates it.
//
// The server counts deliveries and does not limit them: at a limit it would drop the
// event in silence. With an order it delivers one event at a time, and the next one after
// its acknowledgement, whichever process has it or had it when it died. A pinned client
// would not do: later events would overtake one that failed, and another process would
// begin while the last one still runs.
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

// metaMade is the metadata that tells a consumer from deleted ones of the same name,
// whose records do not count for it. The time of its creation would not do, since a
// server that was killed changes it.
const metaMade = "accesshook-made"

// createOrUpdate creates a consumer, or changes one that exists to what it must be.
func (s *Store) createOrUpdate(ctx context.Context, stream string, c jetstream.ConsumerConfig) (consumer jetstream.Consumer, err error) {
	for range 5 { // other processes may create and delete it meanwhile
		consumer, err = s.js.Consumer(ctx, stream, c.Durable)
		switch {
		case err == nil:
			consumer, err = s.adjust(ctx, stream, consumer, c)
		case errors.Is(err, jetstream.ErrConsumerNotFound):
			c.Metadata = map[string]string{metaMade: rand.Text()}
			consumer, err = s.js.CreateConsumer(ctx, stream, c)
		case errors.Is(err, jetstream.ErrNotPullConsumer):
			err = fmt.Errorf("%w: it has a deliver_subject, and events must be asked for; delete it, and all events that are kept come again", ErrSettings)
		}
		if !errors.Is(err, jetstream.ErrConsumerExists) && !errors.Is(err, jetstream.ErrConsumerDoesNotExist) &&
			!errors.Is(err, jetstream.ErrConsumerNotFound) {
			break
		}
	}
	return consumer, err
}

// maxPending is how many events of a shard may be with the callbacks of a consumer or
// waiting for another attempt. When that many fail, later events wait.
const maxPending = 10_000

// DeleteConsumer deletes a consumer and what it has acknowledged. Every Run of it returns
// ErrConsumerDeleted; a Run that is busy until another process has created the consumer
// again may go on with the new one. It is no error if there is none. Its dead letters
// stay.
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
