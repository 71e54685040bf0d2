package store

import (
	"context"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event/durable"
)

const (
	// stateMaxAge is how long the state of a store is reused. Getting it takes four
	// requests to the server for each shard.
	stateMaxAge  = time.Second
	stateTimeout = 2 * time.Second // of getting it
)

// A state caches the state of a store.
type state struct {
	stats func(context.Context) (durable.Stats, error)

	mu   sync.Mutex // held while the state is read, so that concurrent calls read it once
	at   time.Time
	last durable.Stats
	err  error
}

// get returns the state of the store, at most stateMaxAge old.
func (s *state) get() (durable.Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() || time.Since(s.at) >= stateMaxAge {
		ctx, cancel := context.WithTimeout(context.Background(), stateTimeout)
		defer cancel()
		s.last, s.err = s.stats(ctx)
		s.at = time.Now()
	}
	return s.last, s.err
}
