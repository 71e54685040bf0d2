package verify

import (
	"sync/atomic"
	"time"

	"github.com/accesshook/accesshook/event"
)

// smallBody is up to which size a body counts for nothing: most are smaller, and
// a flood of large ones must not keep them out.
const smallBody = DefaultMaxBody

// tooManyBodies makes a vendor that sends again come back when most of the bodies
// have come, or run out of time.
const tooManyBodies = 10 * time.Second

// A bodyBudget bounds the memory of bodies that nobody has verified yet.
type bodyBudget struct {
	limit int64
	used  atomic.Int64
}

// grow lets a body that has come so far have a buffer of size bytes. held is what
// it holds of the budget.
func (b *bodyBudget) grow(held *int64, come int, size int64) error {
	if come < smallBody {
		return nil
	}
	more := size - *held
	if b.used.Add(more) > b.limit {
		b.used.Add(-more)
		return event.Unavailable(ErrTooManyBodies, tooManyBodies)
	}
	*held = size
	return nil
}

// free gives back what a body held.
func (b *bodyBudget) free(held *int64) {
	if *held > 0 {
		b.used.Add(-*held)
		*held = 0
	}
}
