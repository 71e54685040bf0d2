package verify

import (
	"context"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
)

// handlerContext is context.WithDeadline(context.WithoutCancel(parent), deadline) with
// a Delivery in it. It is made only when somebody asks for it: many callbacks never look at their context,
// and making it costs more than all else in calling them.
type handlerContext struct {
	parent   context.Context
	deadline time.Time
	delivery event.Delivery

	mu     sync.Mutex
	real   context.Context
	cancel context.CancelFunc
	over   bool
}

func (c *handlerContext) context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.real == nil {
		values := event.WithDelivery(context.WithoutCancel(c.parent), &c.delivery)
		c.real, c.cancel = context.WithDeadline(values, c.deadline)
		if c.over {
			c.cancel()
		}
	}
	return c.real
}

// end cancels the context, as is due once the callback has returned.
func (c *handlerContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.cancel != nil {
		c.cancel()
	}
}

func (c *handlerContext) Deadline() (time.Time, bool) { return c.deadline, true }
func (c *handlerContext) Done() <-chan struct{}       { return c.context().Done() }
func (c *handlerContext) Err() error                  { return c.context().Err() }
func (c *handlerContext) Value(key any) any           { return c.context().Value(key) }

// String keeps fmt from reading fields while they are written.
func (c *handlerContext) String() string { return "verify.handlerContext" }
