package durable

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// maxReleased is how many events of a shard are asked for at once that nobody holds.
const maxReleased = 2048

// A lack is that more events of a shard are with somebody, as the server has it, than the
// processes say they hold: a process has died, or an event is on its way.
type lack struct {
	made  string           // tells the consumer from another of the same name
	since time.Time        // zero if there is none
	held  map[uint64]claim // when it was looked at last
	upTo  uint64           // the newest event then
	next  uint64           // where to go on
}

// tend has the server deliver again what it should have, until ctx is done.
func (r *run) tend(ctx context.Context, f *feed) {
	tick := time.NewTicker(min(time.Second, r.c.Lease/3))
	defer tick.Stop()
	for looked := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		overdue := f.holds.overdue(r.c.Lease)
		if len(overdue) == 0 && time.Since(looked) < r.c.Lease/3 {
			continue
		}
		looked = time.Now()
		r.look(ctx, f, overdue)
	}
}

// look asks the server for the overdue events of a shard, and for those that no process
// has held for the time of a lease. What fails is tried again later. While the clocks are
// right it asks for nothing: a process that cannot answer, such as one without permission,
// may hold what nobody says to hold.
func (r *run) look(ctx context.Context, f *feed, overdue []uint64) {
	ask, cancel := context.WithTimeout(ctx, r.Store.c.PublishTimeout)
	defer cancel()
	source := f.source.Load()
	consumer, err := r.js.Consumer(ask, r.names.stream(f.shard), r.c.Name)
	if isGone(err) || err == nil && madeOf(consumer) != source.made {
		r.renew(ctx, f, source)
		return
	}
	if err != nil {
		return
	}
	if f.lack.made != source.made {
		f.lack = lack{made: source.made}
	}
	if !r.clocks.mayStand() {
		f.lack = lack{made: source.made}
		return // the server does it by itself
	}
	info := consumer.CachedInfo()
	floor, upTo := info.AckFloor.Stream, info.Delivered.Stream
	f.holds.finished(floor)
	if held := len(f.holds.claims(floor, upTo, r.c.Lease)); info.NumAckPending <= held && len(overdue) == 0 {
		f.lack = lack{made: source.made}
		return
	}
	held, ok := r.ask(ctx, f.shard, floor, upTo)
	if !ok {
		return
	}
	again := overdue[:0]
	for _, seq := range overdue {
		if c, ok := held[seq]; ok && (c.working || c.rest > 0) {
			f.holds.drop(seq) // it came to another process
		} else if seq > floor {
			again = append(again, seq)
		}
	}
	for seq, c := range f.holds.claims(floor, upTo, r.c.Lease) {
		held[seq] = c
	}
	// The lease is that of the process that began last.
	r.release(info, append(again, f.released(info, held, max(r.c.Lease, info.Config.AckWait))...))
}

// released returns events that nobody held when this was called last, nor holds now. Those
// that are finished are among them: the server does not say which are not.
func (f *feed) released(info *jetstream.ConsumerInfo, held map[uint64]claim, lease time.Duration) (seqs []uint64) {
	was := f.lack
	if info.NumAckPending <= len(held) {
		f.lack = lack{made: was.made}
		return nil
	}
	f.lack.held, f.lack.upTo = held, info.Delivered.Stream
	if was.since.IsZero() {
		f.lack.since = time.Now()
		return nil
	}
	if time.Since(was.since) < lease {
		return nil
	}
	seq := max(was.next, info.AckFloor.Stream+1)
	for ; seq <= was.upTo && len(seqs) < maxReleased; seq++ {
		_, before := was.held[seq]
		if _, now := held[seq]; !before && !now {
			seqs = append(seqs, seq)
		}
	}
	if f.lack.next = seq; seq > was.upTo {
		f.lack.next = 0
	}
	return seqs
}

// release has the server deliver events again, whatever the time is there. It ignores
// those that are acknowledged, or about to be delivered.
func (r *run) release(info *jetstream.ConsumerInfo, seqs []uint64) {
	for _, seq := range seqs {
		subject := fmt.Sprintf("$JS.ACK.%s.%s.1.%d.%d.0.0", info.Stream, info.Name, seq, info.Delivered.Consumer)
		_ = r.nc.Publish(subject, []byte("-NAK")) // fails if the connection is closed
	}
}
