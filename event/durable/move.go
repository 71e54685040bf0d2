package durable

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// A Move copies what one store has to another: to other servers, another number of
// shards, another order. From and To are required.
//
// It copies the events that Consumer has not finished, and the dead letters, as they are
// stored: bodies stay sealed. Each comes to To at least once, and in the order in which
// From has them. Nothing is deleted in From. A move that was interrupted goes on when it
// is run again; within a DedupeWindow nothing is copied twice by that.
//
// If To is new, the events of its DedupeWindow that are finished are copied too, and its
// consumer begins after them: To then knows their duplicates, and [Store.Replay] has
// them. Until the move has finished nothing should run on a new store: the consumer may
// not have been created yet, and one that Run creates would get them again. Into a store
// that has the consumer already, only unfinished events are copied. That may be in use.
//
// Events have a new time of storage, and begin with their first attempt again. Nothing may
// use From meanwhile. An event that waits for another attempt is made to wait no longer
// there, since that is how the server tells which ones these are.
type Move struct {
	From, To *Store
	// Consumer is the consumer whose work is moved. Another durable consumer of From that
	// has not finished is an error: what it lacks might not be copied. Empty: "default".
	Consumer string
	// UnfinishedOnly leaves out finished events also if To is new.
	UnfinishedOnly bool
	// Progress is called now and then with what was done so far. Nil: it is not called.
	Progress func(Moved)
}

// Moved is what a [Move] has done, with what runs of it that were interrupted did.
type Moved struct {
	Unfinished, Finished, Dead MovedCount
	// FinishedLeft is why no finished events were copied, empty if they were.
	FinishedLeft string
}

// A MovedCount are the numbers of one kind.
type MovedCount struct {
	Source uint64 // how many From has
	Copied uint64
	There  uint64 // how many To had already
}

// The errors of a Move, besides those of HandleEvent.
var (
	// ErrStoreInUse means that a process uses the store that is to be moved.
	ErrStoreInUse = errors.New("durable: the store is in use")
	// ErrNotMoved means that the counts of both sides differ in the end.
	ErrNotMoved = errors.New("durable: not everything was moved")
)

// Run moves. It returns ErrFull if To has no room, and says how much is missing. When ctx
// is done, it notes how far it has come.
func (m Move) Run(ctx context.Context) (Moved, error) {
	if m.From == nil || m.To == nil {
		return Moved{}, errors.New("durable: Move needs From and To")
	}
	if m.Consumer == "" {
		m.Consumer = DefaultConsumerName
	}
	for _, s := range []*Store{m.From, m.To} {
		var end func()
		var err error
		if ctx, end, err = s.begin(ctx); err != nil {
			return Moved{}, err
		}
		defer end()
	}
	source, err := m.survey(ctx)
	if err != nil {
		return Moved{}, err
	}
	if err := m.checkOther(ctx); err != nil {
		return Moved{}, err
	}
	if err := m.findUnfinished(ctx, &source); err != nil {
		return Moved{}, err
	}
	before, err := m.To.lastSequences(ctx)
	if err != nil {
		return Moved{}, err
	}
	v := &mover{Move: m, source: source, publisher: newPublisher(m.To)}
	if err := v.begin(ctx); err != nil {
		return v.state.Moved, err
	}
	for v.state.Phase != moveDone {
		if err := v.next(ctx); err != nil {
			return v.state.Moved, err
		}
	}
	return v.state.Moved, v.compare(ctx, before)
}

// checkOther returns an error if From and To are the same store.
func (m Move) checkOther(ctx context.Context) error {
	var created [2]time.Time
	for i, s := range []*Store{m.From, m.To} {
		stream, err := s.js.Stream(ctx, s.names.dead())
		if err != nil {
			return fmt.Errorf("durable: dead letters: %w", err)
		}
		created[i] = stream.CachedInfo().Created
	}
	if m.From.names == m.To.names && created[0].Equal(created[1]) {
		return errors.New("durable: Move.From and Move.To are the same store")
	}
	return nil
}

// A mover is one run of a Move.
type mover struct {
	Move
	*publisher
	source survey
	state  moveState
}

// A movePhase is what is copied.
type movePhase string

const (
	moveFinished   movePhase = "finished"   // into a new store
	moveConsumer   movePhase = "consumer"   // is created after what was copied so far
	moveUnfinished movePhase = "unfinished" // events
	moveDead       movePhase = "dead"       // letters
	moveDone       movePhase = "done"
)

// next does what the phase says, and goes to the next one.
func (v *mover) next(ctx context.Context) (err error) {
	next := moveDone
	switch v.state.Phase {
	case moveFinished:
		err = v.copy(ctx, &v.state.Moved.Finished, v.finished(time.Now().Add(-v.To.c.DedupeWindow)), v.event)
		next = moveConsumer
	case moveConsumer:
		err = v.createConsumer(ctx)
		next = moveUnfinished
	case moveUnfinished:
		v.state.Moved.Unfinished.Source = v.source.unfinished
		err = v.copy(ctx, &v.state.Moved.Unfinished, v.unfinished(), v.event)
		next = moveDead
	case moveDead:
		v.state.Moved.Dead.Source = v.source.dead
		all := func(uint64, time.Time) bool { return true }
		err = v.copy(ctx, &v.state.Moved.Dead, []selection{{v.From.names.dead(), 0, math.MaxUint64, all}}, v.deadLetter)
	}
	if err != nil {
		return err
	}
	v.state.Phase, v.state.UpTo = next, nil
	return v.save(ctx)
}

// compare compares what From had with what To got.
func (v *mover) compare(ctx context.Context, before map[string]uint64) error {
	again, err := v.survey(ctx)
	if err != nil {
		return err
	}
	if again.id != v.source.id {
		return fmt.Errorf("%w: it has changed meanwhile: stop what uses it, and move again", ErrStoreInUse)
	}
	for what, n := range map[string]MovedCount{"unfinished events": v.state.Moved.Unfinished, "finished events": v.state.Moved.Finished, "dead letters": v.state.Moved.Dead} {
		if n.Copied+n.There != n.Source {
			return fmt.Errorf("%w: of %d %s %d were copied, and %d were there", ErrNotMoved, n.Source, what, n.Copied, n.There)
		}
	}
	after, err := v.To.lastSequences(ctx)
	if err != nil {
		return err
	}
	for stream, copied := range v.copied {
		if grown := after[stream] - before[stream]; grown < copied { // others may add to it
			return fmt.Errorf("%w: stream %s has taken %d messages, and has grown by %d", ErrNotMoved, stream, copied, grown)
		}
	}
	return nil
}

// lastSequences returns the last sequence of each stream with events or dead letters.
func (s *Store) lastSequences(ctx context.Context) (map[string]uint64, error) {
	last := make(map[string]uint64)
	names := []string{s.names.dead()}
	for shard := range s.c.Shards {
		names = append(names, s.names.stream(shard))
	}
	for _, name := range names {
		stream, err := s.js.Stream(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("durable: stream %s: %w", name, err)
		}
		last[name] = stream.CachedInfo().State.LastSeq
	}
	return last, nil
}
