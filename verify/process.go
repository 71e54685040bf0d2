package verify

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Process is [Endpoint.Handler] for a request whose body the caller has read: in a
// function service, or from a queue of requests. It checks the request, calls h with
// its event, logs and observes, and returns the answer. Config.Wrap is applied.
//
// It looks at the method and the headers of r, and at r.RemoteAddr where AllowFrom,
// RateLimit or the log need the client. It reads no r.Body. Header keys may be in any
// letter case; two keys that differ in nothing else are refused. Decode a body that
// came as base64 first.
//
// The context of h ends with ctx, or after HandlerTimeout. All panics of h are
// answered 500. Process panics if h is nil, if it is or leads to an [event.Queue] (a
// function stops when it has answered, and a Queue loses what it holds), or if it does
// not accept the vendor, as [Endpoint.Handler] does.
//
// Each function of Config.Wrap is called once for all calls of Process, not once for
// each. So [event.Dedupe] remembers events from one call to the next, also if h is a
// new one each time. Make the Endpoint when the program starts, not in the function
// that handles a request: it would remember nothing, and read its secrets each time.
//
// The header and the answer belong to the caller.
func (p *Endpoint) Process(ctx context.Context, r *http.Request, body []byte, h event.Handler) (status int, header http.Header, answer []byte) {
	if queueIn(h) != nil {
		panic("verify: Process with a Queue, which loses what it holds when the function stops")
	}
	ctx, h = p.wrapLate(ctx, h)
	x := exchange{r: r.WithContext(ctx), received: time.Now(), body: body}
	status, err, _ := p.deliver(&x, p.process(&x), h)
	header = make(http.Header)
	p.answerHeader(header, status, err)
	p.record(&x, status, err)
	return status, header.Clone(), bytes.Clone(bodyOf(status))
}

type handlerKey struct{}

// wrapLate returns h in Config.Wrap, which is put around once for all handlers, and the
// context to call it with.
func (p *Endpoint) wrapLate(ctx context.Context, h event.Handler) (context.Context, event.Handler) {
	if h == nil {
		panic("verify: nil handler")
	}
	p.mustAccept(h)
	if p.wrapped == nil { // a zero Endpoint
		return ctx, h
	}
	return context.WithValue(ctx, handlerKey{}, h), p.wrapped()
}

// wrapOnce returns Config.Wrap around a handler that calls the one that wrapLate put
// into the context.
func (p *Endpoint) wrapOnce() event.Handler {
	return event.Recover(p.wrap(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		h, ok := ctx.Value(handlerKey{}).(event.Handler)
		if !ok {
			return errors.New("verify: Config.Wrap called its handler without the request's context")
		}
		return h.HandleEvent(ctx, e)
	})))
}
