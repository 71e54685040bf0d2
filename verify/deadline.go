package verify

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/accesshook/accesshook/event"
)

// handlerContext is the context of r without its cancellation, with a deadline and a
// Delivery. It is made only when somebody asks for it: many callbacks never look at
// their context, and making it costs more than all else in calling them.
type handlerContext struct {
	r        *http.Request
	deadline time.Time
	made     atomic.Pointer[madeContext]
	delivery event.Delivery
	ended    atomic.Bool
}

type madeContext struct {
	context.Context
	cancel context.CancelFunc
}

func (c *handlerContext) context() context.Context {
	if m := c.made.Load(); m != nil {
		return m
	}
	m := new(madeContext)
	m.Context, m.cancel = context.WithDeadline(c.values(), c.deadline)
	if !c.made.CompareAndSwap(nil, m) { // somebody else has just made it
		m.cancel()
		return c.made.Load()
	}
	if c.ended.Load() { // end may not have seen it
		m.cancel()
	}
	return m
}

// values has no deadline, whose timer costs more than looking a value up.
func (c *handlerContext) values() context.Context {
	if m := c.made.Load(); m != nil {
		return m
	}
	return event.WithDelivery(context.WithoutCancel(c.r.Context()), &c.delivery)
}

// end cancels the context, as is due once the callback has returned.
func (c *handlerContext) end() {
	c.ended.Store(true)
	if m := c.made.Load(); m != nil {
		m.cancel()
	}
}

func (c *handlerContext) Deadline() (time.Time, bool) { return c.deadline, true }
func (c *handlerContext) Done() <-chan struct{}       { return c.context().Done() }
func (c *handlerContext) Err() error                  { return c.context().Err() }
func (c *handlerContext) Value(key any) any           { return c.values().Value(key) }

// String keeps fmt from reading fields while they are written.
func (c *handlerContext) String() string { return "verify.handlerContext" }
