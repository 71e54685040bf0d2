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
	others []streamState // of dead letters, attempts
}

// err returns why the store could not take an event in every shard, or nil.
func (g glance) err() error {
	for _, shard := range g.shards {
		if shard.err != nil {
			return fmt.Errorf("durable: stream %s: %w", shard.name, shard.err)
		}
	}
	return nil
}

// glance asks for all streams at once, so that one that does not answer does not hide
// the others.
func (s *Store) glance(ctx context.Context) glance {
	g := glance{shards: make([]streamState, s.c.Shards)}
	for shard := range g.shards {
		g.shards[shard].name = s.names.stream(shard)
	}
	g.others = []streamState{{name: s.names.dead()}, {name: s.names.attempts()}}
	var asking sync.WaitGroup
	for _, streams := range [][]streamState{g.shards, g.others} {
		for i := range streams {
			state := &streams[i]
			asking.Go(func() {
				stream, err := s.js.Stream(ctx, state.name)
				if err != nil {
					state.err = err
					return
				}
				state.info = stream.CachedInfo()
			})
		}
	}
	asking.Wait()
	return g
}

// watch looks at the streams now and then until the store is closed.
func (s *Store) watch() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.base.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(s.base, watchWait)
		s.noteGlance(s.glance(ctx))
		cancel()
	}
}

// noteGlance learns from what the servers said.
func (s *Store) noteGlance(g glance) {
	if s.base.Err() != nil {
		return // why there is no answer
	}
	reason := g.err()
	s.health.Store(&reason)
}

// Ready returns nil if the store could take an event when it looked at its streams last,
// which it does every two seconds, and otherwise why not. It does not wait for the
// servers.
func (s *Store) Ready() error {
	if s.base.Err() != nil {
		return ErrClosed
	}
	if !s.nc.IsConnected() {
		return fmt.Errorf("durable: %w", errNotConnected)
	}
	if reason := s.health.Load(); reason != nil {
		return *reason
	}
	return nil // Connect has just asked for all streams
}
