package event

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
)

// A Mux is a [Handler] that hands an event to every callback registered for it,
// in the order of registration. The zero Mux is ready to use.
//
// Each matching callback is called, even if one before it failed or panicked;
// what failed is joined into one error. A panic becomes a [*PanicError].
//
// Register everything before the first event is handled: registration and
// handling must not run at the same time. HandleEvent itself may be called from
// many goroutines at once.
type Mux struct {
	routes    []route
	fallback  Handler
	unhandled atomic.Uint64
}

type route struct {
	match func(*Event) bool
	h     Handler
}

// NewMux returns an empty Mux.
func NewMux() *Mux { return new(Mux) }

// Handle registers h for the types that pattern names: one type
// ("session.started", also one of your own, or [Unknown]), a family, which is the
// first word of a type ("session.*"), or all ("*"). It panics if the pattern is
// none of these or h is nil.
//
// Patterns are about Event.Type. A vendor's own name for its event, such as
// Relock's "session.created" or "authentication.success", is Event.VendorType and
// matches nothing: these are SessionStarted and AuthenticationSucceeded. Nor is
// the name of a vendor a family ("relock.*").
//
// None of that is noticed, and a misspelt type neither, since vendors of your own
// may have such types: use the constants, and watch Unhandled. With a handler for
// "*", nothing is unhandled and Default is never called.
func (m *Mux) Handle(pattern Type, h Handler) {
	if f, ok := h.(HandlerFunc); h == nil || ok && f == nil {
		panic(errNilHandler)
	}
	m.routes = append(m.routes, route{matcher(pattern), h})
}

// HandleFunc is [Mux.Handle] for a function.
func (m *Mux) HandleFunc(pattern Type, f func(context.Context, *Event) error) {
	if f == nil {
		panic(errNilHandler)
	}
	m.Handle(pattern, HandlerFunc(f))
}

// On registers f for the events whose payload is a *P, whatever their type:
//
//	event.On(mux, func(ctx context.Context, e *event.Event, a *relock.SecurityAlert) error { … })
//
// P must be exactly what Event.Payload points to: loginradius.Hook and not the
// loginradius.Profile in it, and not an interface. An On for another type is
// never called, which is not noticed, since vendors of your own have payloads of
// their own.
//
// Unloc, UserLock and LoginRadius have one payload type each: an On for it takes
// their unknown events as well, and Default does not see them. It panics if f is
// nil, or if P is what no payload can be: a pointer, an interface or Event.
func On[P any](m *Mux, f func(ctx context.Context, e *Event, payload *P) error) {
	if f == nil {
		panic(errNilHandler)
	}
	switch t := reflect.TypeFor[P](); {
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Interface, t == reflect.TypeFor[Event]():
		panic(fmt.Sprintf("event: no payload is a *%s: want a pointer to a payload's struct, such as *relock.SecurityAlert", t))
	}
	m.routes = append(m.routes, route{
		match: func(e *Event) bool { _, ok := e.Payload.(*P); return ok },
		h: HandlerFunc(func(ctx context.Context, e *Event) error {
			return f(ctx, e, e.Payload.(*P))
		}),
	})
}

// Default registers f for the events that match no other registration. It
// panics if f is nil or a default is there already.
func (m *Mux) Default(f func(context.Context, *Event) error) {
	if f == nil {
		panic(errNilHandler)
	}
	if m.fallback != nil {
		panic("event: second default")
	}
	m.fallback = HandlerFunc(f)
}

// HandleEvent calls what is registered for e and returns the joined errors. An
// event that nothing is registered for is not an error: it is counted.
func (m *Mux) HandleEvent(ctx context.Context, e *Event) error {
	var first error
	var more []error
	matched := false
	for i := range m.routes {
		if !m.routes[i].match(e) {
			continue
		}
		matched = true
		if err := call(ctx, m.routes[i].h, e); err != nil {
			if first == nil {
				first = err
			} else {
				more = append(more, err)
			}
		}
	}
	switch {
	case matched && more == nil:
		return first
	case matched:
		return errors.Join(append([]error{first}, more...)...)
	case m.fallback != nil:
		return call(ctx, m.fallback, e)
	default:
		m.unhandled.Add(1)
		return nil
	}
}

// Unhandled returns how many events nothing was registered for. It may be called
// at any time.
func (m *Mux) Unhandled() uint64 { return m.unhandled.Load() }

// matcher panics if pattern is none.
func matcher(pattern Type) func(*Event) bool {
	if pattern == "*" {
		return func(*Event) bool { return true }
	}
	name, family := strings.CutSuffix(string(pattern), ".*")
	first, _, dotted := strings.Cut(name, ".")
	switch {
	case !validType(name):
		panic(fmt.Sprintf("event: bad pattern %q: want a type, a family such as %q, or %q", string(pattern), "session.*", "*"))
	case family == dotted && pattern != Unknown:
		// No type is a word alone, and a family is one.
		panic(fmt.Sprintf("event: bad pattern %q: want %q for the family", string(pattern), first+".*"))
	case family:
		prefix := name + "."
		return func(e *Event) bool { return strings.HasPrefix(string(e.Type), prefix) }
	default:
		return func(e *Event) bool { return e.Type == pattern }
	}
}

// validType reports whether s consists of lower-case words of letters, digits
// and underscores, with dots between them.
func validType(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" {
			return false
		}
		for _, c := range []byte(word) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
				return false
			}
		}
	}
	return true
}
