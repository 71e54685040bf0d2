package durable

import (
	"maps"
	"sync"
	"time"
)

// The leases and pauses of the server end at a time of day. If its clock goes back, they
// do not end for as long; if it jumps ahead, they all end at once. So each run knows by its
// own monotonic clock which events it holds. It asks the server for those that have not
// come back in time, and gives back those that come too early.

// A hold is an event that a run has.
type hold struct {
	by  *delivery     // with the callbacks; nil in a pause
	due time.Duration // the end of the pause, since the process began
	nak time.Duration // when to ask the server for it, since the process began
}

const (
	// earlyBy is how much too early an event may come. Clocks that are kept right are
	// a little slower or faster at times.
	earlyBy = time.Second
	// lateBy is how long after its pause an event may come before it is asked for.
	lateBy = 2 * time.Second
	// maxOverdue is how many events of a shard are asked for at once.
	maxOverdue = 1024
)

// holds are the events of a shard that a run has, by sequence: at most maxPending.
type holds struct {
	mu   sync.Mutex
	of   map[uint64]hold
	next time.Duration // no event has to be asked for before
}

// begin has d hold its event. ok is false if a callback of this run has it already. rest
// is what is left of its pause, and due says that it was in one.
func (h *holds) begin(d *delivery) (rest time.Duration, due, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seq := d.meta.Sequence.Stream
	was, held := h.of[seq]
	if held && was.by != nil && !was.by.lease.over(d.c.Lease) {
		return 0, false, false
	}
	if h.of == nil {
		h.of = make(map[uint64]hold)
	}
	h.of[seq] = hold{by: d}
	if !held || was.by != nil {
		return 0, false, true
	}
	return was.due - uptime(), true, true
}

// pause begins a pause of the event of d, unless another delivery has the event by now.
func (h *holds) pause(d *delivery, pause time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seq := d.meta.Sequence.Stream
	if h.of[seq].by != d || len(h.of) > maxPending {
		return
	}
	due := uptime() + pause
	h.of[seq] = hold{due: due, nak: due + lateBy}
	h.next = min(h.next, due+lateBy)
}

// end ends the hold of d, unless its event is in a pause or with another delivery.
func (h *holds) end(d *delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of[d.meta.Sequence.Stream].by == d {
		delete(h.of, d.meta.Sequence.Stream)
	}
}

// drop ends the pause of an event.
func (h *holds) drop(seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of[seq].by == nil {
		delete(h.of, seq)
	}
}

// finished ends the pauses of events up to floor, which are acknowledged.
func (h *holds) finished(floor uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.of, func(seq uint64, held hold) bool { return held.by == nil && seq <= floor })
}

func (h *holds) clear() { h.finished(^uint64(0)) }

// overdue returns events whose pause is over for long enough to ask the server for them,
// and not again before a while. It forgets those that did not come for much longer:
// another process has them, or the server has given them to nobody.
func (h *holds) overdue(lease time.Duration) (seqs []uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := uptime()
	if now < h.next {
		return nil
	}
	h.next = now + time.Hour
	for seq, held := range h.of {
		if held.by != nil {
			continue
		}
		if now >= held.nak && len(seqs) < maxOverdue {
			if now-held.due > 3*lease+time.Minute {
				delete(h.of, seq)
				continue
			}
			seqs = append(seqs, seq)
			held.nak = now + lease
			h.of[seq] = held
		}
		h.next = min(h.next, held.nak)
	}
	return seqs
}

// claims returns what is held in (after, upTo].
func (h *holds) claims(after, upTo uint64, lease time.Duration) map[uint64]claim {
	h.mu.Lock()
	defer h.mu.Unlock()
	claims := make(map[uint64]claim)
	add := func(seq uint64, held hold) {
		switch {
		case seq <= after || seq > upTo:
		case held.by == nil:
			claims[seq] = claim{rest: max(held.due-uptime(), 0)}
		case !held.by.lease.over(lease):
			claims[seq] = claim{working: true}
		}
	}
	if upTo-after == 1 {
		if held, ok := h.of[upTo]; ok {
			add(upTo, held)
		}
		return claims
	}
	for seq, held := range h.of {
		add(seq, held)
	}
	return claims
}
