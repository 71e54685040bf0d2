package durable

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A reader returns the next message of a stream, or none when all that there
// was have been read.
type reader func(context.Context) (jetstream.Msg, *jetstream.MsgMetadata, error)

const (
	// aheadBytes is about how much of a stream is read ahead, and at least one
	// message. The client can bound it in messages alone: a bound in bytes would
	// have a message that is larger, of a time when MaxBody was, stop the reading.
	aheadBytes = 16 << 20
	maxAhead   = 64 // messages
)

// resetAttempts is how often the client tries to make a consumer anew when it has
// connected again: for about 15 seconds, at least.
const resetAttempts = 5

// ahead is how many messages of a stream are read ahead.
func (c Config) ahead() int {
	return int(min(max(aheadBytes/c.maxMessage(), 1), maxAhead))
}

// read reads what a stream has at this moment, in order, without changing it, and
// at most ahead messages in advance, until ctx is over. The function stop must be
// called.
func (s *Store) read(ctx context.Context, stream string, ahead int, c jetstream.OrderedConsumerConfig) (next reader, stop func(), err error) {
	info, err := s.js.Stream(ctx, stream)
	if err != nil {
		return nil, nil, err
	}
	last := info.CachedInfo().State.LastSeq
	c.MaxResetAttempts = resetAttempts // by itself it does not end
	var (
		consumer jetstream.Consumer
		messages jetstream.MessagesContext
		shut     func()
		left     uint64
		end      bool
		// The message that came last: an ordered consumer is made anew after a fault,
		// under another name, and counts again.
		came jetstream.MsgMetadata
	)
	open := func() error {
		made, err := s.js.OrderedConsumer(ctx, stream, c)
		if err != nil {
			return err
		}
		consumer = made
		state, err := consumer.Info(ctx)
		if err != nil {
			return err
		}
		left = state.NumPending
		end = left == 0
		// It does not ask for more than there is: while a request is open the server
		// sends heartbeats, which would fill the places of the messages.
		messages, err = consumer.Messages(jetstream.PullMaxMessages(ahead), jetstream.StopAfter(max(left, 1)))
		if err != nil {
			return err
		}
		// While the client makes a consumer anew it looks at no context.
		open := messages
		leave := context.AfterFunc(ctx, open.Stop)
		shut = func() {
			leave()
			open.Stop()
		}
		return nil
	}
	if err := open(); err != nil {
		return nil, nil, err
	}
	next = func(ctx context.Context) (jetstream.Msg, *jetstream.MsgMetadata, error) {
		for !end {
			m, err := nextWithin(ctx, messages)
			if err != nil {
				return nil, nil, err
			}
			if m == nil {
				// What was left may have been deleted meanwhile, and what was
				// delivered may be on its way.
				state, err := consumer.Info(ctx)
				if errors.Is(err, jetstream.ErrConsumerNotFound) {
					// The server keeps none that asks for nothing for five minutes,
					// which callbacks and other shards may well take.
					shut()
					if came.Sequence.Stream > 0 {
						c.DeliverPolicy, c.OptStartTime = jetstream.DeliverByStartSequencePolicy, nil
						c.OptStartSeq = came.Sequence.Stream + 1
					}
					if err := open(); err != nil {
						return nil, nil, err
					}
					continue
				}
				if err != nil {
					return nil, nil, err
				}
				received := uint64(0)
				if came.Consumer == state.Name {
					received = came.Sequence.Consumer
				}
				end = state.NumPending == 0 && state.Delivered.Consumer <= received
				continue
			}
			meta, err := m.Metadata()
			if err != nil {
				return nil, nil, err
			}
			came = *meta
			left--
			end = left == 0 || meta.NumPending == 0 || meta.Sequence.Stream >= last
			if meta.Sequence.Stream > last {
				break // came after the reading began
			}
			return m, meta, nil
		}
		return nil, nil, nil
	}
	stop = func() {
		shut()
		s.forget(stream, consumer)
	}
	return next, stop, nil
}

// forgetWait is how long the deletion of a consumer that was read with may take.
const forgetWait = time.Second

// forget deletes a consumer that was read with: the server would keep it, and the
// goroutines of it, for five minutes.
func (s *Store) forget(stream string, c jetstream.Consumer) {
	info := c.CachedInfo()
	if info == nil || !s.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), forgetWait)
	defer cancel()
	_ = s.js.DeleteConsumer(ctx, stream, info.Name) // else the server does it
}

// readWait is how long a reader waits before it asks whether there is more.
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
