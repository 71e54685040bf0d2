package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Handler returns an [http.Handler] that receives a request, calls h with its event
// and answers. It panics if h is nil, or if there is a Queue in Config.Wrap. h itself
// may be a Queue.
//
// Handler also panics if h, or a handler that h wraps, has a method AcceptsVendor(vendor
// string) error that returns an error for this vendor. A store of package durable has,
// and returns one if it could not read the vendor's events back.
//
// The context of h ends after HandlerTimeout. It does not end when the sender hangs
// up, since most vendors never send an event again. A panic in h is answered 500 and
// logged with its stack. Handler panics on with [http.ErrAbortHandler].
//
// A body that was verified and cannot be decoded is not lost. h is called with an
// event of Type [event.Unknown] that has the body in Raw, no Payload, and one warning.
// If h succeeds, the answer is 400. If h fails, the answer is 500 or 503, so that the
// vendor sends it again.
//
// Register the handler without a method in the pattern ("/webhooks/relock", not "POST
// /webhooks/relock"): it answers 405 itself.
//
// Set WriteTimeout of the server to more than BodyTimeout and HandlerTimeout
// together. Without it a client that does not read its answers keeps its connection,
// and Server.Shutdown waits for it. Over TLS a server speaks HTTP/2 too, where
// WriteTimeout ends a request and not its connection: set
// [http.HTTP2Config].WriteByteTimeout as well, or serve HTTP/1 alone.
//
// Server.Shutdown waits for requests that were received whole. It drops the others,
// which no vendor sends again.
func (p *Endpoint) Handler(h event.Handler) http.Handler {
	if h == nil {
		panic("verify: nil handler")
	}
	h = event.Recover(p.wrap(h))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange{w: w, r: r}
		status, err, abort := p.deliver(&x, p.receive(&x), h)
		if abort {
			p.record(&x, 0, err)
			panic(http.ErrAbortHandler)
		}
		p.record(&x, p.respond(w, r, status, err), err)
	})
}

// deliver calls h with the event that a request has given, and returns the answer.
// received is why there is none, or why the body could not be decoded. abort says that
// h wants the connection aborted.
func (p *Endpoint) deliver(x *exchange, received error, h event.Handler) (status int, err error, abort bool) {
	if x.event == nil {
		return Status(received), received, false
	}
	handled := p.handle(x, h)
	status, err = verdict(received, handled)
	return status, err, aborted(handled)
}

func (p *Endpoint) handle(x *exchange, h event.Handler) error {
	if x.w == nil { // the context is the caller's, and no sender can end it
		delivery := new(event.Delivery)
		ctx, cancel := context.WithTimeout(event.WithDelivery(x.r.Context(), delivery), p.config.HandlerTimeout)
		defer cancel()
		err := h.HandleEvent(ctx, x.event)
		x.duplicate = delivery.Duplicate()
		return err
	}
	// Since takes less than another Now.
	ctx := &handlerContext{r: x.r, deadline: x.received.Add(time.Since(x.received) + p.config.HandlerTimeout)}
	defer ctx.end()
	err := h.HandleEvent(ctx, x.event)
	x.duplicate = ctx.delivery.Duplicate()
	return err
}

// aborted reports whether a handler panicked with http.ErrAbortHandler. A handler
// that returns it as an error, perhaps from a proxy, has failed like any other.
func aborted(err error) bool {
	p, ok := errors.AsType[*event.PanicError](err)
	return ok && errors.Is(p.Unwrap(), http.ErrAbortHandler)
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
		// its request has finished.
		if q := queueIn(h); q != nil && q != own {
			panic(fmt.Sprintf("verify: Config.Wrap[%d] is a Queue: give the Queue to Handler", i))
		}
	}
	return h
}

// queueIn returns the Queue that h is, or that wrappers of package event lead to. It
// returns nil if there is none.
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
