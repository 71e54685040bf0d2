package event

import (
	"context"
	"sync/atomic"
)

// A Delivery notes what a handler's error does not say about one delivery of an
// event: whether it was dropped as a duplicate. An endpoint puts one into the
// context of its handler, for its log and its Observation.
//
// The zero Delivery is ready to use. It is safe for concurrent use.
type Delivery struct{ duplicate atomic.Bool }

// Duplicate reports whether [MarkDuplicate] was called.
func (d *Delivery) Duplicate() bool { return d.duplicate.Load() }

type deliveryKey struct{}

// WithDelivery returns a context in which [MarkDuplicate] marks d.
func WithDelivery(ctx context.Context, d *Delivery) context.Context {
	return context.WithValue(ctx, deliveryKey{}, d)
}

// MarkDuplicate marks the [Delivery] that ctx carries, if it carries one. A handler
// that drops an event because it was delivered before calls it before it returns,
// as [Dedupe] and stores do. Under a [Queue] there is no Delivery to mark: the
// endpoint has answered by then.
func MarkDuplicate(ctx context.Context) {
	if d, _ := ctx.Value(deliveryKey{}).(*Delivery); d != nil {
		d.duplicate.Store(true)
	}
}
