package event

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// A PanicError is what a panic in a callback becomes. An error whose methods panic,
// such as a nil pointer, becomes one too.
type PanicError struct {
	Value any    // what was passed to panic, or a string for it if it is an error that panics itself
	Stack []byte // of the goroutine that panicked, as from debug.Stack
}

// Error returns the value that was passed to panic, without the stack.
func (p *PanicError) Error() string { return fmt.Sprintf("event: callback panicked: %v", p.Value) }

// Unwrap returns the value if it is an error.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Recover returns a Handler that calls h and turns a panic into a [*PanicError]. A
// [Mux] and endpoints do this on their own: it is for your own handlers that call
// others.
func Recover(h Handler) Handler {
	if m, ok := h.(*Mux); ok && m != nil {
		return m
	}
	return recovering{h}
}

type recovering struct{ next Handler }

func (r recovering) HandleEvent(ctx context.Context, e *Event) error { return call(ctx, r.next, e) }
func (r recovering) Unwrap() Handler                                 { return r.next }

// errGoexit is for a callback that called runtime.Goexit, as a failing test does.
var errGoexit = errors.New("event: callback ended its goroutine")

func call(ctx context.Context, h Handler, e *Event) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	err = h.HandleEvent(ctx, e)
	examine(err)
	return err
}

// panicked returns the error for what was recovered from.
func panicked(v any) (p *PanicError) {
	p = &PanicError{Value: v, Stack: debug.Stack()}
	defer func() {
		if recover() != nil {
			p.Value = fmt.Sprintf("%T: %[1]v", v)
		}
	}()
	examine(p.Unwrap())
	return p
}

var errNever = errors.New("event: an error that no other is")

// examine calls the methods of err, and of all errors in it, that package errors and
// loggers call later. If one panics, as that of a nil pointer may, it does so here,
// where the panic is still the callback's.
func examine(err error) {
	if err == nil {
		return
	}
	_ = err.Error()
	_ = errors.Is(err, errNever)
	_, _ = errors.AsType[*PanicError](err)
}
