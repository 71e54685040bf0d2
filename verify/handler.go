package verify

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Handler returns an [http.Handler] that receives a request, hands its event to
// h and answers. It panics if h is nil, or if there is a Queue in Config.Wrap; h
// itself may be one. It also panics if h, or a handler that h wraps, has a method
// AcceptsVendor(vendor string) error that returns an error for this vendor, as a
// store of package durable does if it could not read the vendor's events back.
//
// A verified request is worked on to its end: the context of h is not cancelled
// when the sender hangs up (most vendors never send again), only when
// HandlerTimeout is over. A panic in h is answered 500 and logged with its
// stack; [http.ErrAbortHandler] is panicked on.
//
// When the process ends, let http.Server.Shutdown wait for what has been
// accepted; it drops connections whose request has not arrived whole, which no
// vendor sends again. The server needs a WriteTimeout longer than BodyTimeout and
// HandlerTimeout together: without one a client that does not read its answers
// keeps its connection, and Shutdown waits for it. Over TLS a server speaks HTTP/2
// as well, where WriteTimeout ends a request and not its connection: set
// [http.HTTP2Config].WriteByteTimeout, or serve HTTP/1 alone.
//
// Register it without a method in the pattern ("/webhooks/relock", not "POST
// /webhooks/relock"): it answers 405 itself.
func (p *Endpoint) Handler(h event.Handler) http.Handler {
	if h == nil {
		panic("verify: nil handler")
	}
	h = event.Recover(p.wrap(h))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange{w: w, r: r}
		err := p.receive(&x)
		status := Status(err)
		if err == nil {
			err = p.handle(&x, h)
			status = callbackStatus(err)
		}
		if aborted(err) {
			p.record(&x, 0, err)
			panic(http.ErrAbortHandler)
		}
		p.record(&x, p.respond(w, r, status, err), err)
	})
}

// aborted reports whether a handler panicked with http.ErrAbortHandler. One that
// returns it, perhaps from a proxy that it asked, has failed like any other.
func aborted(err error) bool {
	p, ok := errors.AsType[*event.PanicError](err)
	return ok && errors.Is(p.Unwrap(), http.ErrAbortHandler)
}

func (p *Endpoint) handle(x *exchange, h event.Handler) error {
	ctx := &handlerContext{parent: x.r.Context(), deadline: time.Now().Add(p.config.HandlerTimeout)}
	defer ctx.end()
	return h.HandleEvent(ctx, x.event)
}

func (p *Endpoint) wrap(h event.Handler) event.Handler {
	own := queueIn(h)
	p.mustAccept(h)
	for i := len(p.config.Wrap) - 1; i >= 0; i-- {
		if h = p.config.Wrap[i](h); h == nil {
			panic(fmt.Sprintf("verify: Config.Wrap[%d] returned nil", i))
		}
		p.mustAccept(h)
		// Nobody could shut it down, and Middleware's handler would be called after
		// its request is over.
		if q := queueIn(h); q != nil && q != own {
			panic(fmt.Sprintf("verify: Config.Wrap[%d] is a Queue: give the Queue to Handler", i))
		}
	}
	return h
}

// queueIn returns the Queue that h is or that wrappers of package event lead to,
// nil if there is none.
func queueIn(h event.Handler) *event.Queue {
	for h != nil {
		if q, ok := h.(*event.Queue); ok {
			return q
		}
		w, ok := h.(interface{ Unwrap() event.Handler })
		if !ok {
			return nil
		}
		h = w.Unwrap()
	}
	return nil
}
