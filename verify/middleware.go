package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime/debug"
	"sync/atomic"

	"github.com/accesshook/accesshook/event"
)

// Middleware returns an [http.Handler] that passes verified requests on to next, and
// answers the others. It panics if next is nil, or if there is a Queue in Config.Wrap.
//
// next finds the event with [event.FromContext], and reads the body again from the
// start. The context of the request is left alone: it ends when the sender hangs up.
// The answer is next's own. A panic of next is left to the server.
//
// Only an answer of 2xx is success, to Config.Wrap and in the log. Any other status
// means that the work is not done: [event.Dedupe] then lets the next delivery of the
// event through, and that gets next's answer again. A next that returns without an
// answer has succeeded, as net/http answers 200 for it. If the context has ended by
// then, it has failed, and the answer is 500 for whoever still listens.
//
// The answer must have been written when next returns. Some frameworks write that of a
// handler's error later, so that a middleware of theirs sees success: put this one around
// the whole router, as examples/frameworks does for echo and gin.
//
// A body that was verified and cannot be decoded is not lost. next gets an event of
// Type [event.Unknown] that has the body in Raw, no Payload, and one warning. If next
// succeeds, the sender gets the fixed answer 400 in place of next's. If next fails, the
// answer is next's own, or 500 for a redirect.
//
// A wrapper in Config.Wrap must call its handler at most once, and before it returns.
// If it does not call it, as Dedupe for a duplicate, or fails before anything was
// answered, the endpoint answers as [Endpoint.Handler] does.
func (p *Endpoint) Middleware(next http.Handler) http.Handler {
	if next == nil {
		panic("verify: nil handler")
	}
	// The wrappers are applied once. Their handler finds the call in the context.
	h := p.wrap(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		c, ok := ctx.Value(callKey{}).(*call)
		if !ok || !c.state.CompareAndSwap(callPending, callStarted) {
			return errors.New("verify: Config.Wrap called its handler again, too late, or without the request's context")
		}
		next.ServeHTTP(&c.answer, c.r.WithContext(event.NewContext(ctx, e)))
		return c.answer.err(ctx)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange{w: w, r: r}
		received := p.receive(&x)
		if x.event == nil {
			p.record(&x, p.respond(w, r, Status(received), received), received)
			return
		}
		// next may change the headers, which tell the client to the record.
		_, _ = p.clientAddr(&x)
		r.Body = io.NopCloser(bytes.NewReader(x.body))
		r.ContentLength = int64(len(x.body))
		r.TransferEncoding = nil
		c := &call{r: r, answer: answer{ResponseWriter: w}}
		if received != nil {
			c.answer.header = make(http.Header)
		}
		handled := p.run(h, c, &x)
		x.duplicate = c.delivery.Duplicate()
		status, err := verdict(received, handled)
		silent := c.state.Swap(callFinished) == callStarted && c.answer.status == 0
		switch {
		case aborted(handled):
			p.record(&x, c.answer.sent(), err)
			panic(http.ErrAbortHandler)
		case c.answer.sent() != 0:
			status = c.answer.sent()
		case silent && err == nil: // net/http answers 200
		default:
			p.respond(w, r, status, err)
		}
		p.record(&x, status, err)
	})
}

// run calls h. A panic before next was called is the wrappers' and becomes an error.
// A panic of next goes on to the server.
func (p *Endpoint) run(h event.Handler, c *call, x *exchange) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if c.state.Swap(callFinished) == callStarted {
			p.record(x, c.answer.sent(), errPanicked)
			panic(v)
		}
		err = &event.PanicError{Value: v, Stack: debug.Stack()}
	}()
	ctx := event.WithDelivery(c.r.Context(), &c.delivery)
	return h.HandleEvent(context.WithValue(ctx, callKey{}, c), x.event)
}

var errPanicked = errors.New("verify: handler panicked")

type callKey struct{}

// A call is one request's call of next, through the wrappers.
type call struct {
	r      *http.Request
	answer answer
	state  atomic.Int32

	delivery event.Delivery
}

const (
	callPending = iota
	callStarted
	callFinished
)

// An answer notes the status that next answers with.
type answer struct {
	http.ResponseWriter
	status int
	// header is nil, or next's header where the endpoint answers in place of next
	// unless next answers 400 or more. It becomes that of the answer then.
	header http.Header
}

// withheld reports whether what next answers goes nowhere.
func (a *answer) withheld() bool { return a.header != nil && a.status < http.StatusBadRequest }

// sent returns the status that next has sent to the sender, 0 if there is none.
func (a *answer) sent() int {
	if a.withheld() {
		return 0
	}
	return a.status
}

func (a *answer) Header() http.Header {
	if a.header != nil {
		return a.header
	}
	return a.ResponseWriter.Header()
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
		if a.header != nil && !a.withheld() {
			maps.Copy(a.ResponseWriter.Header(), a.header)
		}
	}
	if !a.withheld() {
		a.ResponseWriter.WriteHeader(status)
	}
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.withheld() {
		return len(b), nil
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Flush lets handlers that ask for an http.Flusher have one.
func (a *answer) Flush() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if !a.withheld() {
		_ = http.NewResponseController(a.ResponseWriter).Flush()
	}
}

// err is what the answer means to the wrappers. ctx is the context of next.
func (a *answer) err(ctx context.Context) error {
	switch {
	case a.status == 0 && ctx.Err() != nil:
		return fmt.Errorf("verify: handler returned without an answer: %w", ctx.Err())
	case a.status == 0, 200 <= a.status && a.status < 300:
		return nil
	default:
		return fmt.Errorf("verify: handler answered %d", a.status)
	}
}
