package durable

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Runs of a consumer ask each other which events they hold, in messages that are not
// stored: under <store>-work.<consumer>.<shard>, with the answers under
// <store>-work.<consumer>.<shard>.<run>.<number>. Each run answers itself as well. If that
// answer does not come, the others cannot be heard either.

const (
	// askWait is how long another run may take to answer. One that does not is not waited
	// for again until it says something.
	askWait = 500 * time.Millisecond
	// selfWait is how long the answer of the run itself may take, on a busy machine.
	selfWait = 5 * time.Second
	// askAgain is how long a run that did not hear itself does not ask.
	askAgain = 15 * time.Second
	// forgetAfter is how many answers in a row another run may leave out before it is not
	// waited for. It may be connecting again.
	forgetAfter = 3
	// What others can make a run keep.
	maxPeers  = 1024
	maxAnswer = 64 << 10 // bytes
)

// A claim is what a run says of an event that it holds.
type claim struct {
	working bool          // it is with a callback
	rest    time.Duration // of its pause
}

// peers are the runs of the consumer of a run.
type peers struct {
	id  string
	met time.Time // when the others were told of this run

	mu    sync.Mutex
	known map[string]int  // answers that a run has left out last, by id; also the run itself
	asks  map[string]*ask // by number
	count int
	deaf  time.Time // when the run did not hear itself; zero if it did
	said  bool      // in the log
}

// An ask collects answers. It is guarded by peers.mu.
type ask struct {
	missing map[string]bool // who has not answered
	claims  map[uint64]claim
	self    chan struct{} // closed when the run itself has answered
	all     chan struct{} // closed when nobody is missing
}

func (r *run) workSubject(rest string) string { return r.names.work() + "." + r.c.Name + "." + rest }

// meet tells the other runs of this one, and has it answer them until leave is called.
func (r *run) meet() (leave func()) {
	p := &r.peers
	p.id, p.met = rand.Text(), time.Now()
	p.known, p.asks = map[string]int{p.id: 0}, make(map[string]*ask)
	var subs []*nats.Subscription
	leave = func() {
		for _, sub := range subs {
			_ = sub.Unsubscribe() // fails if the connection is closed
		}
	}
	for _, subject := range []string{"*", "*." + p.id + ".*"} { // questions, and the answers to this run
		sub, err := r.nc.Subscribe(r.workSubject(subject), r.hear)
		if err != nil {
			return leave // the connection is closed
		}
		subs = append(subs, sub)
	}
	r.send(0, "0", 0, 0)
	return leave
}

// send asks who holds which events of (after, upTo] of a shard. An answer that does not
// come says that it failed.
func (r *run) send(shard int, number string, after, upTo uint64) {
	subject := r.workSubject(strconv.Itoa(shard))
	data := binary.AppendUvarint(binary.AppendUvarint([]byte(r.peers.id), after), upTo)
	_ = r.nc.PublishRequest(subject, subject+"."+r.peers.id+"."+number, data)
}

// hear takes what a run asks or answers.
func (r *run) hear(m *nats.Msg) {
	p := &r.peers
	tokens := strings.Split(strings.TrimPrefix(m.Subject, r.workSubject("")), ".")
	shard, err := strconv.Atoi(tokens[0])
	if err != nil || shard < 0 || shard >= len(r.feeds) || len(m.Data) < len(p.id) {
		return
	}
	from, data := string(m.Data[:len(p.id)]), m.Data[len(p.id):]
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.known[from]; ok || len(p.known) < maxPeers {
		p.known[from] = 0
	}
	switch {
	case len(tokens) == 1 && strings.HasPrefix(m.Reply, m.Subject+"."):
		if after, upTo, ok := decodeRange(data); ok {
			held := r.feeds[shard].holds.claims(after, upTo, r.c.Lease)
			_ = r.nc.Publish(m.Reply, encodeClaims([]byte(p.id), held)) // the other run waits in vain
		}
	case len(tokens) == 3 && tokens[1] == p.id:
		if a := p.asks[tokens[2]]; a != nil {
			a.take(from, from == p.id, data)
		}
	}
}

// take adds an answer.
func (a *ask) take(from string, self bool, data []byte) {
	if self && a.missing[from] {
		close(a.self)
	} else if !self {
		for seq, c := range decodeClaims(data) {
			was := a.claims[seq]
			a.claims[seq] = claim{c.working || was.working, max(c.rest, was.rest)}
		}
	}
	if was := len(a.missing); was > 0 {
		if delete(a.missing, from); len(a.missing) == 0 {
			close(a.all)
		}
	}
}

// wait waits until all have answered, for askWait at most. It reports whether the run itself
// has: the others have had as long.
func (a *ask) wait(ctx context.Context) (heard bool) {
	timeout := time.NewTimer(askWait)
	defer timeout.Stop()
	select {
	case <-a.all:
	case <-timeout.C:
	case <-ctx.Done():
	}
	select {
	case <-a.self:
		return true
	default:
		return false
	}
}

// ask returns which events of (after, upTo] of a shard other runs hold. ok is false if
// they cannot be heard. A run that hangs does not answer, and holds nothing.
func (r *run) ask(ctx context.Context, shard int, after, upTo uint64) (claims map[uint64]claim, ok bool) {
	p := &r.peers
	a := &ask{claims: make(map[uint64]claim), self: make(chan struct{}), all: make(chan struct{})}
	p.mu.Lock()
	if !p.deaf.IsZero() && time.Since(p.deaf) < askAgain {
		p.mu.Unlock()
		return nil, false
	}
	p.mu.Unlock()
	sleep(ctx, time.Until(p.met.Add(askWait))) // until the others are known
	p.mu.Lock()
	p.count++
	number := strconv.Itoa(p.count)
	a.missing = make(map[string]bool, len(p.known))
	for id := range p.known {
		a.missing[id] = true
	}
	p.asks[number] = a
	p.mu.Unlock()
	for range selfWait / askWait {
		r.send(shard, number, after, upTo) // again: what is sent before a reconnect is lost
		if a.wait(ctx) || ctx.Err() != nil {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.asks, number)
	if a.missing[p.id] {
		r.notHeard(ctx)
		return nil, false
	}
	p.deaf = time.Time{}
	for id := range a.missing {
		if p.known[id]++; p.known[id] >= forgetAfter {
			delete(p.known, id)
		}
	}
	return a.claims, true
}

// notHeard notes that the run did not hear itself, and says so the second time in a row: a
// server may only have been slow. Without a connection that means nothing.
func (r *run) notHeard(ctx context.Context) {
	p := &r.peers
	if !r.nc.IsConnected() {
		return
	}
	if !p.deaf.IsZero() && !p.said {
		p.said = true
		r.log().LogAttrs(ctx, slog.LevelWarn, "durable: processes cannot ask each other which events they hold: it takes permission to publish and to subscribe to the subject, and a connection without NoEcho. "+
			"Without that, events come again by the clock of the servers alone",
			slog.String("subject", r.names.work()+".>"), slog.String("consumer", r.c.Name))
	}
	p.deaf = time.Now()
}

func decodeRange(data []byte) (after, upTo uint64, ok bool) {
	after, n := binary.Uvarint(data)
	upTo, k := binary.Uvarint(data[max(n, 0):])
	return after, upTo, n > 0 && k > 0
}

// encodeClaims appends claims to data: for each the distance from the sequence before, and
// 0 if a callback has the event, or 1 and the milliseconds that are left of its pause.
func encodeClaims(data []byte, claims map[uint64]claim) []byte {
	last := uint64(0)
	for _, seq := range slices.Sorted(maps.Keys(claims)) {
		if len(data) > maxAnswer {
			break // the rest is asked for one by one when it comes
		}
		state := uint64(0)
		if c := claims[seq]; !c.working {
			state = 1 + uint64(c.rest.Milliseconds())
		}
		data = binary.AppendUvarint(binary.AppendUvarint(data, seq-last), state)
		last = seq
	}
	return data
}

// decodeClaims reads what encodeClaims wrote, up to what makes no sense.
func decodeClaims(data []byte) map[uint64]claim {
	claims := make(map[uint64]claim)
	for seq := uint64(0); len(claims) <= maxPending; {
		distance, n := binary.Uvarint(data)
		state, k := binary.Uvarint(data[max(n, 0):])
		if n <= 0 || k <= 0 {
			break
		}
		seq, data = seq+distance, data[n+k:]
		if state == 0 {
			claims[seq] = claim{working: true}
		} else {
			claims[seq] = claim{rest: min(time.Duration(min(state-1, 1<<40))*time.Millisecond, longestPause)}
		}
	}
	return claims
}
