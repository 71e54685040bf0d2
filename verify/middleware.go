package verify

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/accesshook/accesshook/event"
)

// Middleware returns an [http.Handler] that lets only verified requests through
// to next, and answers the others. It panics if next is nil.
//
// next finds the event with [event.FromContext], and reads the body again from
// the start. The request's context is left alone: it ends when the sender hangs
// up. The answer is next's own; to what is in Config.Wrap, a status of 500 or
// more, or none at all because next panicked, counts as failed. If Config.Wrap does not call its
// handler, as for a duplicate, the endpoint answers itself. What is in
// Config.Wrap must call it at most once, and before it returns.
func (p *Endpoint) Middleware(next http.Handler) http.Handler {
	if next == nil {
		panic("verify: nil handler")
	}
	// The wrappers are put around one handler once, which finds the request that
	// an event belongs to in the context.
	h := p.wrap(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		t, ok := ctx.Value(turnKey{}).(*turn)
		if !ok || t.called {
			return fmt.Errorf("verify: Config.Wrap called its handler again, or without the request's context")
		}
		t.called = true
		next.ServeHTTP(&t.answer, t.r.WithContext(event.NewContext(ctx, e)))
		return t.answer.err()
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange{w: w, r: r}
		if err := p.receive(&x); err != nil {
			p.record(&x, p.respond(w, err), err)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(x.body))
		r.ContentLength = int64(len(x.body))
		r.TransferEncoding = nil
		t := &turn{r: r, answer: answer{ResponseWriter: w}}
		recorded := false
		defer func() {
			if !recorded { // next panicked, which is for the server to deal with
				p.record(&x, t.answer.status, errPanicked)
			}
		}()
		err := h.HandleEvent(context.WithValue(r.Context(), turnKey{}, t), x.event)
		status := t.answer.status
		switch {
		case !t.called:
			status = p.respond(w, err)
		case status == 0:
			status = http.StatusOK // as net/http answers for a silent handler
		}
		recorded = true
		p.record(&x, status, err)
	})
}

var errPanicked = fmt.Errorf("verify: handler panicked")

type turnKey struct{}

// A turn is one request's way through the wrappers.
type turn struct {
	r      *http.Request
	answer answer
	called bool
}

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
