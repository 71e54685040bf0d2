package event

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
)

// A Mux is a [Handler] that calls every callback registered for an event, in the
// order of registration. The zero Mux is ready to use.
//
// Each matching callback is called, even if one before it failed or panicked. The
// errors are joined. A panic becomes a [*PanicError].
//
// Register all callbacks before the first event is handled. HandleEvent is safe for
// concurrent use, registration is not.
type Mux struct {
	own       []Type // see NewMux
	routes    []route
	fallback  Handler
	unhandled atomic.Uint64
}

type route struct {
	match func(*Event) bool
	h     Handler
}

// NewMux returns an empty Mux. own are types of your own vendors whose names would
// otherwise be taken for misspellings, such as "lock.blocked", or for a vendor's
// word; see [Mux.Handle]. It panics if one of them does not have the form of a
// type.
func NewMux(own ...Type) *Mux {
	for _, t := range own {
		if !validType(string(t)) || !strings.Contains(string(t), ".") {
			panic(fmt.Sprintf("event: NewMux: bad type %q: want a name such as %q", string(t), SessionStarted))
		}
	}
	return &Mux{own: slices.Clone(own)}
}

// Handle registers h for the types that pattern names: one type
// ("session.started", also one of your own, or [Unknown]), a family, which is the
// first word of a type ("session.*"), or all ("*"). With a handler for "*", nothing
// is unhandled and Default is never called.
//
// Patterns are about Event.Type. A vendor's own name for its event, such as
// Relock's "session.created", is Event.VendorType. Handle panics if h is nil, if
// pattern is none of the above, and if no event can match it:
//
//   - a vendor's own word: "session.created", "login". The panic names the type.
//   - the name of a vendor: "relock.*". Compare Event.Vendor, or give the endpoint
//     of that vendor a Mux of its own.
//   - a misspelling of a known type or family, by one or two letters: "sesion.*".
//     Name types of your own that look like one to [NewMux].
//
// Other names are taken for types of your own and are not checked: use the
// constants, and watch Unhandled.
func (m *Mux) Handle(pattern Type, h Handler) {
	if f, ok := h.(HandlerFunc); h == nil || ok && f == nil {
		panic(errNilHandler)
	}
	m.routes = append(m.routes, route{m.matcher(pattern), h})
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
// loginradius.Profile in it. On panics if f is nil, if P is what no payload can be
// (a pointer, an interface, a type of this package), and if the package of P has
// registered its payloads and P is none of them; see [RegisterPayloads].
//
// Unloc, UserLock and LoginRadius have one payload type each: an On for it takes
// their unknown events as well, and Default does not see them.
func On[P any](m *Mux, f func(ctx context.Context, e *Event, payload *P) error) {
	if f == nil {
		panic(errNilHandler)
	}
	checkPayload(reflect.TypeFor[P]())
	m.routes = append(m.routes, route{
		match: func(e *Event) bool { _, ok := e.Payload.(*P); return ok },
		h: HandlerFunc(func(ctx context.Context, e *Event) error {
			return f(ctx, e, e.Payload.(*P))
		}),
	})
}

// Default registers f for the events that match no other registration. It panics if
// f is nil or there is a default already.
func (m *Mux) Default(f func(context.Context, *Event) error) {
	if f == nil {
		panic(errNilHandler)
	}
	if m.fallback != nil {
		panic("event: second default")
	}
	m.fallback = HandlerFunc(f)
}

// HandleEvent calls what is registered for e and returns the joined errors. An event
// that nothing is registered for is no error: it is counted.
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

// Unhandled returns how many events nothing was registered for.
func (m *Mux) Unhandled() uint64 { return m.unhandled.Load() }
