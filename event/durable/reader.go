package durable

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// aheadBytes is about how much of a stream is read ahead, but at least one message.
	// The limit for the client is in messages: at a limit in bytes, a message that is
	// larger, of a time when MaxBody was, would stop the reading.
	aheadBytes = 16 << 20
	maxAhead   = 64 // messages
)

// resetAttempts is how often the client tries to create a consumer again after a
// reconnect: for at least 15 seconds or so.
const resetAttempts = 5

// ahead is how many messages of a stream are read ahead.
func (c Config) ahead() int {
	return int(min(max(aheadBytes/c.maxMessage(), 1), maxAhead))
}

// A reader reads the messages that a stream has when it is opened, in order, and changes
// nothing. It is not safe for concurrent use.
type reader struct {
	store  *Store
	stream string
	config jetstream.OrderedConsumerConfig
	ahead  int
	last   uint64 // sequence of the last message that the stream had

	created time.Time // of the stream

	consumer jetstream.Consumer
	messages jetstream.MessagesContext
	close    func()
	left     uint64 // messages to come
	// came is of the last message. After a fault the client creates an ordered consumer
	// again, with another name, which counts from one.
	came jetstream.MsgMetadata
}

// read returns a reader that reads at most ahead messages in advance, until ctx is done.
// It must be stopped.
func (s *Store) read(ctx context.Context, stream string, ahead int, c jetstream.OrderedConsumerConfig) (*reader, error) {
	info, err := s.js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	c.MaxResetAttempts = resetAttempts // the default is no limit
	r := &reader{store: s, stream: stream, config: c, ahead: ahead, last: info.CachedInfo().State.LastSeq, created: info.CachedInfo().Created}
	return r, r.open(ctx)
}

func (r *reader) open(ctx context.Context) error {
	consumer, err := r.store.js.OrderedConsumer(ctx, r.stream, r.config)
	if err != nil {
		return err
	}
	state, err := consumer.Info(ctx)
	if err != nil {
		return err
	}
	// It asks for no more than there is: while a request is open the server sends
	// heartbeats, which would take the places of messages.
	messages, err := consumer.Messages(jetstream.PullMaxMessages(r.ahead), jetstream.StopAfter(max(state.NumPending, 1)))
	if err != nil {
		return err
	}
	// The client ignores contexts while it creates a consumer again.
	leave := context.AfterFunc(ctx, messages.Stop)
	r.close = func() {
		leave()
		messages.Stop()
	}
	r.consumer, r.messages, r.left = consumer, messages, state.NumPending
	return nil
}

// next returns the next message, or nil when all were read. ctx is that of read.
func (r *reader) next(ctx context.Context) (jetstream.Msg, *jetstream.MsgMetadata, error) {
	for r.left > 0 {
		m, err := nextWithin(ctx, r.messages)
		if err != nil {
			return nil, nil, err
		}
		if m == nil {
			if err := r.askForMore(ctx); err != nil {
				return nil, nil, err
			}
			continue
		}
		meta, err := m.Metadata()
		if err != nil {
			return nil, nil, err
		}
		r.came = *meta
		r.left--
		if meta.NumPending == 0 || meta.Sequence.Stream >= r.last {
			r.left = 0
		}
		if meta.Sequence.Stream > r.last {
			break // came after the reading began
		}
		return m, meta, nil
	}
	return nil, nil, nil
}

// askForMore finds out why no message comes. The rest may have been deleted, or may be on
// its way.
func (r *reader) askForMore(ctx context.Context) error {
	stream, err := r.store.js.Stream(ctx, r.stream)
	if err != nil {
		return err
	}
	if !stream.CachedInfo().Created.Equal(r.created) {
		return errReplaced
	}
	state, err := r.consumer.Info(ctx)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return r.reopen(ctx)
	}
	if err != nil {
		return err
	}
	received := uint64(0)
	if r.came.Consumer == state.Name {
		received = r.came.Sequence.Consumer
	}
	if state.NumPending == 0 && state.Delivered.Consumer <= received {
		r.left = 0
	}
	return nil
}

var errReplaced = errors.New("the stream was deleted and created again")

// reopen goes on after the last message. The server deletes a consumer that asks for
// nothing for five minutes, and callbacks and other shards may take that long.
func (r *reader) reopen(ctx context.Context) error {
	r.close()
	if seq := r.came.Sequence.Stream; seq > 0 {
		r.config.DeliverPolicy, r.config.OptStartTime = jetstream.DeliverByStartSequencePolicy, nil
		r.config.OptStartSeq = seq + 1
	}
	return r.open(ctx)
}

func (r *reader) stop() {
	r.close()
	r.store.forget(r.stream, r.consumer)
}

// forgetWait is how long the deletion of a reader's consumer may take.
const forgetWait = time.Second

// forget deletes a reader's consumer. The server would keep it, and its goroutines, for
// five minutes.
func (s *Store) forget(stream string, c jetstream.Consumer) {
	info := c.CachedInfo()
	if info == nil || !s.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), forgetWait)
	defer cancel()
	_ = s.js.DeleteConsumer(ctx, stream, info.Name) // else the server does it
}

// readWait is how long a reader waits for a message before it asks why none comes.
const readWait = time.Second

// nextWithin returns the next message, or nil if none comes for a while.
func nextWithin(ctx context.Context, messages jetstream.MessagesContext) (jetstream.Msg, error) {
	wait, cancel := context.WithTimeout(ctx, readWait)
	defer cancel()
	m, err := messages.Next(jetstream.NextContext(wait))
	switch {
	case err == nil:
		return m, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case wait.Err() != nil:
		return nil, nil
	}
	return nil, err
}
