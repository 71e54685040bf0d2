package verify

import (
	"sync/atomic"
	"time"

	"github.com/accesshook/accesshook/event"
)

// smallBody is the size up to which a body reserves nothing. Most bodies are
// smaller, and a flood of large ones must not keep them out.
const smallBody = DefaultMaxBody

// tooManyBodies is the Retry-After value: by then most of the large bodies have
// arrived or run out of time.
const tooManyBodies = 10 * time.Second

// A bodyBudget limits the memory of all bodies that are not yet verified.
type bodyBudget struct {
	limit int64
	used  atomic.Int64
}

// grow reserves room for a buffer of size bytes, for a body of which received
// bytes are here. reserved is what the body has reserved already.
func (b *bodyBudget) grow(reserved *int64, received int, size int64) error {
	if received < smallBody {
		return nil
	}
	more := size - *reserved
	if b.used.Add(more) > b.limit {
		b.used.Add(-more)
		return event.Unavailable(ErrTooManyBodies, tooManyBodies)
	}
	*reserved = size
	return nil
}

// free gives back what a body has reserved.
func (b *bodyBudget) free(reserved *int64) {
	if *reserved > 0 {
		b.used.Add(-*reserved)
		*reserved = 0
	}
}
