package durable

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// windowMessages and windowBytes limit what is published and not acknowledged.
	windowMessages = 256
	windowBytes    = 16 << 20
	// publishTries is how often a message is published while the servers fail, with
	// faultWait between.
	publishTries = 12
)

// A publisher publishes messages to the streams of a store, many at once. In a store
// with an order it publishes one after another to each stream: if one failed, a later one
// of the same user would be before it.
type publisher struct {
	to      *Store
	window  []published
	bytes   int
	waiting map[string]int // how many of window are for a stream

	copied map[string]uint64 // messages that a stream has taken
	count  *MovedCount
	room   missing
}

// A published is a message that was published, and not acknowledged yet.
type published struct {
	m      *nats.Msg
	stream string
	ack    jetstream.PubAckFuture
}

// missing is what found no room.
type missing struct {
	messages uint64
	bytes    int
}

func newPublisher(to *Store) *publisher {
	return &publisher{to: to, waiting: make(map[string]int), copied: make(map[string]uint64)}
}

// publish publishes m for a stream, and waits for older messages if there are too many.
func (p *publisher) publish(ctx context.Context, m *nats.Msg, stream string) error {
	ordered := p.to.c.Order != OrderNone && stream != p.to.names.dead()
	for len(p.window) > 0 && (len(p.window) == windowMessages || p.bytes+m.Size() > windowBytes || ordered && p.waiting[stream] > 0) {
		if err := p.settle(ctx); err != nil {
			return err
		}
	}
	ack, err := p.to.js.PublishMsgAsync(m)
	if err != nil {
		return p.to.publishError(0, err)
	}
	p.window = append(p.window, published{m, stream, ack})
	p.bytes += m.Size()
	p.waiting[stream]++
	return nil
}

// settleAll waits for all messages.
func (p *publisher) settleAll(ctx context.Context) error {
	for len(p.window) > 0 {
		if err := p.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settle waits for the oldest message, and counts it.
func (p *publisher) settle(ctx context.Context) error {
	oldest := p.window[0]
	ack, err := p.wait(ctx, oldest)
	if errors.Is(err, ErrFull) {
		p.room.messages++
		p.room.bytes += oldest.m.Size()
	} else if err != nil {
		return fmt.Errorf("durable: stream %s: %w", oldest.stream, err)
	} else if ack.Stream != oldest.stream {
		return fmt.Errorf("%w: stream %.64q took it", ErrRefused, ack.Stream)
	} else if ack.Duplicate {
		p.count.There++
	} else {
		p.count.Copied++
		p.copied[oldest.stream]++
	}
	p.window = p.window[1:]
	p.bytes -= oldest.m.Size()
	p.waiting[oldest.stream]--
	return nil
}

// wait waits until a message is stored. It publishes it again while the servers fail, and
// ctx is not done.
func (p *publisher) wait(ctx context.Context, m published) (ack *jetstream.PubAck, err error) {
	timeout := time.NewTimer(p.to.c.PublishTimeout)
	defer timeout.Stop()
	select {
	case ack = <-m.ack.Ok():
		return ack, nil
	case err = <-m.ack.Err():
	case <-timeout.C:
		err = ErrNoAnswer
	}
	for range publishTries {
		if err = p.to.publishError(0, err); errors.Is(err, ErrFull) || errors.Is(err, ErrTooLarge) {
			return nil, err
		}
		sleep(ctx, faultWait)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		answered, cancel := context.WithTimeout(ctx, p.to.c.PublishTimeout)
		ack, err = p.to.js.PublishMsg(answered, m.m)
		cancel()
		if err == nil {
			return ack, nil
		}
	}
	return nil, err
}
