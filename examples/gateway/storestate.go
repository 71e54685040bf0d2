package main

import (
	"context"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event/durable"
)

const (
	// stateMaxAge is how long what a store has said of itself is repeated. Asking
	// takes some twenty requests to the server.
	stateMaxAge  = time.Second
	stateTimeout = 2 * time.Second // for the answer
)

// A storeState asks a store what it has, not too often and not for long.
type storeState struct {
	stats func(context.Context) (durable.Stats, error)

	mu   sync.Mutex // held while the store is asked, so that it is asked once
	at   time.Time
	last durable.Stats
	err  error
}

// get returns what the store has, or had less than stateMaxAge ago.
func (s *storeState) get() (durable.Stats, error) {
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
