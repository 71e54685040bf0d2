package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A feed gives a run the events of a shard.
type feed struct {
	shard  int
	source atomic.Pointer[source]
	holds  holds
	lack   lack // used by tend alone

	renewing sync.Mutex
}

// A source is the consumer of a feed. A feed gets another one when its stream was deleted
// and made again.
type source struct {
	consumer  jetstream.Consumer
	made      string    // tells the consumer from another of the same name
	created   time.Time // the stream, likewise
	mark      *mark     // nil if the server counts reliably
	closeMark func(context.Context)
}

// open creates the consumer of a feed, or opens it.
func (r *run) open(ctx context.Context, f *feed) error {
	stream, err := r.js.Stream(ctx, r.names.stream(f.shard))
	if err != nil {
		return fmt.Errorf("durable: stream %s: %w", r.names.stream(f.shard), err)
	}
	consumer, err := r.c.create(ctx, r.Store, f.shard)
	if err != nil {
		return err
	}
	s := &source{consumer: consumer, made: madeOf(consumer), created: stream.CachedInfo().Created}
	s.mark, s.closeMark = r.openMark(f.shard, s.made)
	if was := f.source.Swap(s); was != nil {
		was.closeMark(ctx)
	}
	return nil
}

// isGone reports whether err says that there is no such consumer, or not its stream.
func isGone(err error) bool {
	return errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrConsumerDeleted) ||
		errors.Is(err, jetstream.ErrStreamNotFound)
}

func madeOf(c jetstream.Consumer) string { return c.CachedInfo().Config.Metadata[metaMade] }

// renewPause is how long renew waits before it looks again. The stream of a cluster may be
// there for a moment after the consumers that are deleted with it.
const renewPause = 500 * time.Millisecond

// renew is called when the consumer of was is gone, or another one has its name. It ends
// the run if the consumer was deleted. If its stream was, it waits until there is one
// again, whoever makes it, and goes on with that.
func (r *run) renew(ctx context.Context, f *feed, was *source) {
	f.renewing.Lock()
	defer f.renewing.Unlock()
	same, pause := 0, renewPause
	for said := false; ctx.Err() == nil && f.source.Load() == was; {
		stream, err := r.js.Stream(ctx, r.names.stream(f.shard))
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			if !said {
				r.log().LogAttrs(ctx, slog.LevelError, "durable: a stream was deleted: its events are lost, and the consumer waits for a new one",
					slog.String("stream", r.names.stream(f.shard)), slog.String("consumer", r.c.Name))
			}
			said, pause = true, min(2*pause, faultWait)
		case err != nil:
			if !said {
				return // it cannot be told now
			}
		case stream.CachedInfo().Created.Equal(was.created):
			consumer, err := r.js.Consumer(ctx, r.names.stream(f.shard), r.c.Name)
			switch {
			case err == nil && madeOf(consumer) == was.made:
				return // a server that has just started did not know it
			case err == nil || isGone(err):
				same++
			}
			if same > 1 {
				r.stop(ended{ErrConsumerDeleted})
				return
			}
		default:
			if err := r.open(ctx, f); err == nil {
				f.holds.clear()
				r.log().LogAttrs(ctx, slog.LevelWarn, "durable: a stream was made again: the consumer begins with its first event",
					slog.String("stream", r.names.stream(f.shard)), slog.String("consumer", r.c.Name))
				return
			}
		}
		sleep(ctx, pause)
	}
}
