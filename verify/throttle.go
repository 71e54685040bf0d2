package verify

import (
	"sync"

	"golang.org/x/time/rate"
)

// A throttle is a rate.Limiter whose clock never goes back. A Limiter takes what
// it is told for the time, also if it was told a later one before, and then
// credits the time between the two once more. So the time is neither that at
// which a request began, which its sender chooses by sending the body slowly, nor
// one that was read before waiting for a lock.
type throttle struct {
	mu      sync.Mutex
	limiter *rate.Limiter
}

func newThrottle(perSecond rate.Limit, burst int) *throttle {
	return &throttle{limiter: rate.NewLimiter(perSecond, burst)}
}

// allow reports whether one more may happen now.
func (t *throttle) allow() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.limiter.Allow()
}
