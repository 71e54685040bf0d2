package durable

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// watchEvery is how often a store looks at its streams.
	watchEvery = 2 * time.Second
	// watchWait is how long the answers may take.
	watchWait = 2 * time.Second
)

// A streamState is what the servers say of a stream: info, or err if they do not.
type streamState struct {
	name string
	info *jetstream.StreamInfo
	err  error
}

// A glance is the state of all streams of a store at one moment.
type glance struct {
	shards []streamState
	others []streamState // of dead letters, attempts, high-water marks
}

// glance asks for all streams at once, so that one that does not answer does not hide
// the others.
func (s *Store) glance(ctx context.Context) glance {
	g := glance{shards: make([]streamState, s.c.Shards)}
	for shard := range g.shards {
		g.shards[shard].name = s.names.stream(shard)
	}
	g.others = []streamState{{name: s.names.dead()}, {name: s.names.attempts()}, {name: s.names.marks()}}
	var asking sync.WaitGroup
	for _, streams := range [][]streamState{g.shards, g.others} {
		for i := range streams {
			state := &streams[i]
			asking.Go(func() {
				stream, err := s.js.Stream(ctx, state.name)
				if err != nil {
					state.err = fmt.Errorf("durable: stream %s: %w", state.name, err)
					return
				}
				state.info = stream.CachedInfo()
			})
		}
	}
	asking.Wait()
	return g
}

// every calls f now and then until the store is closed.
func (s *Store) every(d time.Duration, f func()) {
	s.runs.Go(func() {
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			select {
			case <-s.base.Done():
				return
			case <-tick.C:
				f()
			}
		}
	})
}

// watch looks at the streams.
func (s *Store) watch() {
	began := time.Now()
	ctx, cancel := context.WithTimeout(s.base, watchWait)
	defer cancel()
	g := s.glance(ctx)
	s.watermarks.offer(g)
	if s.base.Err() == nil { // else that is why there is no answer
		s.watchdog.glanced(g.shards, began, time.Now())
		s.noteClocks(time.Now().Round(0), uptime(), g)
	}
}

// Ready returns nil if the store can take events, and otherwise why not: its servers cannot
// be reached, no shard stores or answers, or all are full. It goes by the events that came
// last and by a look at the streams every two seconds, so that it may be some seconds late.
// It does not wait for the servers.
//
// A store of which only some shards fail is ready. Events of those are answered 503. A
// balancer that sent elsewhere because of them would find the same there, as the processes
// share the store, or would have nobody left for the others.
func (s *Store) Ready() error {
	if s.base.Err() != nil {
		return ErrClosed
	}
	if reason := s.unsynced.Load(); reason != nil {
		return *reason
	}
	return s.watchdog.ready(time.Now())
}
