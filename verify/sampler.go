package verify

import (
	"sync"

	"golang.org/x/time/rate"
)

// A sampler limits how many log records a flood causes.
//
// It is a rate.Limiter whose clock never goes back. A Limiter believes the time it
// is given: after an earlier time it credits the difference a second time. So a
// sampler reads the clock itself, under its lock. The time at which a request
// began would not do: its sender chooses that by sending the body slowly.
type sampler struct {
	mu      sync.Mutex
	limiter *rate.Limiter
}

func newSampler(perSecond rate.Limit, burst int) *sampler {
	return &sampler{limiter: rate.NewLimiter(perSecond, burst)}
}

// allow reports whether another record may be logged now.
func (s *sampler) allow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limiter.Allow()
}
