package event

import (
	"context"
	"sync/atomic"
)

// A Delivery is what handlers say of one delivery of an event, besides their error.
// An endpoint puts one into the context of its handler.
type Delivery struct{ duplicate atomic.Bool }

// Duplicate reports whether the event was dropped as a duplicate.
func (d *Delivery) Duplicate() bool { return d.duplicate.Load() }

type deliveryKey struct{}

// WithDelivery returns a context that carries d.
func WithDelivery(ctx context.Context, d *Delivery) context.Context {
	return context.WithValue(ctx, deliveryKey{}, d)
}

// MarkDuplicate says that the event which came with ctx was dropped as a duplicate.
func MarkDuplicate(ctx context.Context) {
	if d, ok := ctx.Value(deliveryKey{}).(*Delivery); ok && d != nil {
		d.duplicate.Store(true)
	}
}
