package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accesshook/accesshook/event/durable"
)

const (
	// stateMaxAge is how long the state of a store is reused. Getting it takes some
	// twenty requests to the server.
	stateMaxAge  = time.Second
	stateTimeout = 2 * time.Second // of getting it
)

// A state caches the state of a store.
type state struct {
	stats func(context.Context) (durable.Stats, error)

	reading sync.Mutex  // held while the state is read, so that concurrent calls read it once
	peeking atomic.Bool // peek has it read

	mu   sync.Mutex // of the rest
	at   time.Time
	last durable.Stats
	err  error
}

// get returns the state of the store, at most stateMaxAge old.
func (s *state) get() (durable.Stats, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if last, err, ok := s.cached(); ok {
		return last, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), stateTimeout)
	defer cancel()
	last, err := s.stats(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.err, s.at = last, err, time.Now()
	return last, err
}

// peek returns the last state without waiting for the store, and has it read again if it
// is old.
func (s *state) peek() (durable.Stats, error) {
	last, err, ok := s.cached()
	if !ok && s.peeking.CompareAndSwap(false, true) {
		go func() {
			defer s.peeking.Store(false)
			_, _ = s.get()
		}()
	}
	return last, err
}

func (s *state) cached() (last durable.Stats, err error, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.err, !s.at.IsZero() && time.Since(s.at) < stateMaxAge
}
