package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"sync/atomic"

	"github.com/accesshook/accesshook/event"
)

// Middleware returns an [http.Handler] that lets only verified requests through
// to next, and answers the others. It panics if next is nil, or if there is a
// Queue in Config.Wrap.
//
// next finds the event with [event.FromContext], and reads the body again from
// the start. The request's context is left alone: it ends when the sender hangs
// up. The answer is next's own, and a panic of next is left to the server.
//
// To what is in Config.Wrap, a status of 500 or more counts as failed. What is
// in Config.Wrap must call its handler at most once, and before it returns. If it
// does not call it, as for a duplicate, or fails without anything having been
// answered, the endpoint answers as [Endpoint.Handler] does.
func (p *Endpoint) Middleware(next http.Handler) http.Handler {
	if next == nil {
		panic("verify: nil handler")
	}
	// The wrappers are put around one handler once, which finds the request that
	// an event belongs to in the context.
	h := p.wrap(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		t, ok := ctx.Value(turnKey{}).(*turn)
		if !ok || !t.state.CompareAndSwap(turnOpen, turnTaken) {
			return errors.New("verify: Config.Wrap called its handler again, too late, or without the request's context")
		}
		next.ServeHTTP(&t.answer, t.r.WithContext(event.NewContext(ctx, e)))
		return t.answer.err()
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange{w: w, r: r}
		if err := p.receive(&x); err != nil {
			p.record(&x, p.respond(w, r, Status(err), err), err)
			return
		}
		// next may change the headers, which tell the client to the record.
		_, _ = p.clientAddr(&x)
		r.Body = io.NopCloser(bytes.NewReader(x.body))
		r.ContentLength = int64(len(x.body))
		r.TransferEncoding = nil
		t := &turn{r: r, answer: answer{ResponseWriter: w}}
		err := p.take(h, t, &x)
		x.duplicate = t.delivery.Duplicate()
		status := t.answer.status
		switch {
		case aborted(err):
			p.record(&x, status, err)
			panic(http.ErrAbortHandler)
		case status == 0 && (err != nil || t.state.Load() != turnTaken):
			status = p.respond(w, r, callbackStatus(err), err)
		case status == 0:
			status = http.StatusOK // as net/http answers for a silent handler
		}
		t.state.Store(turnOver)
		p.record(&x, status, err)
	})
}

// take lets h have its turn. A panic before next was called is the wrappers' and
// becomes an error; one of next's goes on to the server.
func (p *Endpoint) take(h event.Handler, t *turn, x *exchange) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if t.state.Swap(turnOver) == turnTaken {
			p.record(x, t.answer.status, errPanicked)
			panic(v)
		}
		err = &event.PanicError{Value: v, Stack: debug.Stack()}
	}()
	ctx := event.WithDelivery(t.r.Context(), &t.delivery)
	return h.HandleEvent(context.WithValue(ctx, turnKey{}, t), x.event)
}

var errPanicked = errors.New("verify: handler panicked")

type turnKey struct{}

// A turn is one request's way through the wrappers.
type turn struct {
	r      *http.Request
	answer answer
	state  atomic.Int32

	delivery event.Delivery
}

const (
	turnOpen = iota
	turnTaken
	turnOver
)

// answer notes the status that is written through it.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
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
	_ = http.NewResponseController(a.ResponseWriter).Flush()
}

func (a *answer) err() error {
	if a.status >= 500 {
		return fmt.Errorf("verify: handler answered %d", a.status)
	}
	return nil
}
