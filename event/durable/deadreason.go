package durable

import (
	"context"
	"errors"

	"github.com/accesshook/accesshook/event"
)

// A DeadReason is why an event became a dead letter. Dead letters of earlier versions have
// none.
type DeadReason string

// Reasons. They are on disk.
const (
	DeadAttempts    DeadReason = "attempts"    // Consumer.MaxAttempts failed
	DeadPermanent   DeadReason = "permanent"   // the callbacks returned event.Permanent
	DeadUndecodable DeadReason = "undecodable" // the event cannot be decoded
	DeadUnfinished  DeadReason = "unfinished"  // no attempt came to an end: the process died each time
)

// deadReason returns why the event of a becomes a dead letter. One that could not be
// buried at first has only the text of its error left.
func (d *delivery) deadReason(a Attempt) DeadReason {
	switch {
	case errors.Is(a.Err, errNotFinished):
		return DeadUnfinished
	case a.Event == nil:
		return DeadUndecodable
	case event.IsPermanent(a.Err), a.Number < d.c.MaxAttempts:
		return DeadPermanent
	}
	return DeadAttempts
}

func (d *delivery) observe(ctx context.Context, a Attempt) {
	if a.Result == Buried {
		a.Reason = d.deadReason(a)
	}
	d.run.observe(ctx, a)
}
