package event_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

type alert struct{ Text string }

type other struct{ Text string }

// calls records which callbacks were called, in order.
type calls []string

func (c *calls) callback(name string, err error) func(context.Context, *event.Event) error {
	return func(context.Context, *event.Event) error {
		*c = append(*c, name)
		return err
	}
}

func TestMuxPatterns(t *testing.T) {
	tests := []struct {
		pattern event.Type
		yes, no []event.Type
	}{
		{
			"session.started",
			[]event.Type{"session.started"},
			[]event.Type{"session.start", "session.startedx", "session.started.x", "session", "xsession.started", "", "unknown"},
		},
		{
			"session.*",
			[]event.Type{"session.started", "session.ended", "session.of_my_own", "session.a.b"},
			[]event.Type{"session", "sessions.x", "session_x", "sessionx.y", "a.session.x", "device.revoked", "unknown", ""},
		},
		{"acme.*", []event.Type{"acme.of_my_own"}, []event.Type{"session.started", "acme"}},
		{
			"*",
			[]event.Type{"session.started", "unknown", "security.alert", "", "my_own"},
			nil,
		},
		{"unknown", []event.Type{"unknown"}, []event.Type{"", "unknown.x", "session.started"}},
		{"my_own.type_2", []event.Type{"my_own.type_2"}, []event.Type{"my_own.type_3", "my_own"}},
		{"my_own.a.b", []event.Type{"my_own.a.b"}, []event.Type{"my_own.a", "my_own.a.b.c"}},
	}
	for _, tt := range tests {
		t.Run(string(tt.pattern), func(t *testing.T) {
			var got []event.Type
			m := event.NewMux()
			m.HandleFunc(tt.pattern, func(_ context.Context, e *event.Event) error {
				got = append(got, e.Type)
				return nil
			})
			for _, typ := range append(tt.no, tt.yes...) {
				require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: typ}))
			}
			assert.Equal(t, tt.yes, got)
			assert.EqualValues(t, len(tt.no), m.Unhandled())
		})
	}
}

func TestMuxBadPatternsPanic(t *testing.T) {
	for _, pattern := range []event.Type{
		"", ".", "..", ".*", "*.", "*.*", "**", "*x", "x*", "session*", "session.", ".session", ".session.*", "session..started",
		"session..*", "session.*.*", "session.*.x", "session.st*", "*.started", "*.session.*", "Session.started", "session.Started",
		"SESSION.*", "session started", " session.started", "session.started ", "session.* ", "session.\n", "session-x", "session/x",
		"séance.ouverte", "session.é*", "session,device", "session.?", "session\x00", "\xff",
		"session", "relock", "session_started", "session.started.*", "session.a.b.*", "unknown.x.*",
	} {
		t.Run(string(pattern), func(t *testing.T) {
			m := event.NewMux()
			f := func(context.Context, *event.Event) error { return nil }
			assert.Panics(t, func() { m.HandleFunc(pattern, f) })
			assert.Panics(t, func() { m.Handle(pattern, event.HandlerFunc(f)) })

			require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: pattern}))
			assert.EqualValues(t, 1, m.Unhandled(), "nothing was registered")
		})
	}
	for pattern, text := range map[event.Type]string{
		"session*":          `event: bad pattern "session*": want a type, a family such as "session.*", or "*"`,
		"session":           `event: bad pattern "session": want "session.*" for the family`,
		"session.started.*": `event: bad pattern "session.started.*": want "session.*" for the family`,
	} {
		assert.PanicsWithValue(t, text, func() {
			event.NewMux().HandleFunc(pattern, func(context.Context, *event.Event) error { return nil })
		})
	}
}

func TestMuxTakesEveryType(t *testing.T) {
	for _, typ := range event.Types() {
		called := false
		m := event.NewMux()
		m.HandleFunc(typ, func(context.Context, *event.Event) error { called = true; return nil })
		require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: typ}))
		assert.True(t, called, typ)
	}
}

func TestMuxNilPanics(t *testing.T) {
	m := event.NewMux()
	assert.Panics(t, func() { m.Handle("*", nil) })
	assert.Panics(t, func() { m.HandleFunc("*", nil) })
	assert.Panics(t, func() { m.Default(nil) })
	assert.Panics(t, func() { event.On[alert](m, nil) })
	require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: "unknown", Payload: &alert{}}))
	assert.EqualValues(t, 1, m.Unhandled(), "nothing was registered")
}

func TestMuxSecondDefaultPanics(t *testing.T) {
	var got calls
	m := event.NewMux()
	m.Default(got.callback("first", nil))
	assert.Panics(t, func() { m.Default(got.callback("second", nil)) })
	require.NoError(t, m.HandleEvent(t.Context(), &event.Event{}))
	assert.Equal(t, calls{"first"}, got)
}

func TestMuxCallsInOrderOfRegistration(t *testing.T) {
	var got calls
	var m event.Mux // the zero Mux is ready
	m.Default(got.callback("default", nil))
	m.HandleFunc("session.*", got.callback("family", nil))
	event.On(&m, func(_ context.Context, _ *event.Event, a *alert) error {
		got = append(got, "payload "+a.Text)
		return nil
	})
	m.HandleFunc("device.*", got.callback("other family", nil))
	m.HandleFunc("session.started", got.callback("type", nil))
	event.On(&m, func(_ context.Context, _ *event.Event, _ *other) error {
		got = append(got, "other payload")
		return nil
	})
	m.HandleFunc("*", got.callback("all", nil))
	m.Handle("session.started", event.HandlerFunc(got.callback("type again", nil)))
	m.HandleFunc("session.*", got.callback("family again", nil))

	require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: event.SessionStarted, Payload: &alert{"a"}}))
	assert.Equal(t, calls{"family", "payload a", "type", "all", "type again", "family again"}, got)
	assert.Zero(t, m.Unhandled())
}

func TestMuxCallsAllAndJoinsErrors(t *testing.T) {
	var (
		got    calls
		first  = errors.New("first")
		second = errors.New("second")
		third  = errors.New("third")
	)
	m := event.NewMux()
	m.HandleFunc("*", got.callback("fails", first))
	m.HandleFunc("*", got.callback("works", nil))
	m.HandleFunc("*", func(context.Context, *event.Event) error {
		got = append(got, "panics")
		panic(second)
	})
	m.HandleFunc("*", func(context.Context, *event.Event) error {
		got = append(got, "panics with a text")
		panic("text")
	})
	m.HandleFunc("*", got.callback("fails last", third))
	m.HandleFunc("*", got.callback("works last", nil))
	m.Default(got.callback("default", nil))

	err := m.HandleEvent(t.Context(), &event.Event{})
	assert.Equal(t, calls{"fails", "works", "panics", "panics with a text", "fails last", "works last"}, got)
	for _, want := range []error{first, second, third} {
		assert.ErrorIs(t, err, want)
	}
	assert.Equal(t, "first\nevent: callback panicked: second\nevent: callback panicked: text\nthird", err.Error())
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	assert.Len(t, joined.Unwrap(), 4)
}

func TestMuxOneErrorStaysItself(t *testing.T) {
	failed := event.Permanent(errors.New("failed"))
	m := event.NewMux()
	m.HandleFunc("*", func(context.Context, *event.Event) error { return nil })
	m.HandleFunc("*", func(context.Context, *event.Event) error { return failed })
	err := m.HandleEvent(t.Context(), &event.Event{})
	assert.Same(t, failed, err)
	assert.True(t, event.IsPermanent(err))
}

func TestMuxMarksOfSeveralCallbacks(t *testing.T) {
	failed := errors.New("failed")
	fails := func(err error) func(context.Context, *event.Event) error {
		return func(context.Context, *event.Event) error { return err }
	}
	m := event.NewMux()
	m.HandleFunc("*", fails(event.Permanent(failed)))
	m.HandleFunc("*", fails(event.Permanent(failed)))
	assert.True(t, event.IsPermanent(m.HandleEvent(t.Context(), &event.Event{})))
	m.HandleFunc("*", fails(event.Unavailable(failed, 7)))
	err := m.HandleEvent(t.Context(), &event.Event{})
	assert.False(t, event.IsPermanent(err))
	after, ok := event.IsUnavailable(err)
	assert.True(t, ok)
	assert.EqualValues(t, 7, after)
}

func TestMuxDefault(t *testing.T) {
	failed := errors.New("failed")
	var got calls
	m := event.NewMux()
	m.HandleFunc("session.*", got.callback("session", failed))
	event.On(m, func(context.Context, *event.Event, *alert) error {
		got = append(got, "alert")
		return nil
	})
	m.Default(got.callback("default", failed))

	require.ErrorIs(t, m.HandleEvent(t.Context(), &event.Event{Type: event.SessionEnded}), failed)
	require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: event.Unknown, Payload: &alert{}}))
	assert.Equal(t, calls{"session", "alert"}, got, "a match that failed is a match")

	require.ErrorIs(t, m.HandleEvent(t.Context(), &event.Event{Type: event.Unknown}), failed)
	assert.Equal(t, calls{"session", "alert", "default"}, got)
	assert.Zero(t, m.Unhandled(), "a default handles")
}

func TestMuxDefaultPanic(t *testing.T) {
	m := event.NewMux()
	m.Default(func(context.Context, *event.Event) error { panic(http.ErrAbortHandler) })
	err := m.HandleEvent(t.Context(), &event.Event{})
	var panicked *event.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.ErrorIs(t, err, http.ErrAbortHandler)
}

func TestMuxUnhandled(t *testing.T) {
	m := event.NewMux()
	assert.Zero(t, m.Unhandled())
	m.HandleFunc("session.*", func(context.Context, *event.Event) error { return nil })
	for range 3 {
		require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: event.Unknown}))
	}
	require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: event.SessionEnded}))
	assert.EqualValues(t, 3, m.Unhandled())
}

func TestOnMatchesThePayloadType(t *testing.T) {
	tests := map[string]struct {
		payload any
		match   bool
	}{
		"pointer":            {&alert{"a"}, true},
		"other pointer":      {&other{"a"}, false},
		"no payload":         {nil, false},
		"value":              {alert{"a"}, false},
		"pointer to pointer": {ptr(&alert{"a"}), false},
		"slice":              {[]alert{{"a"}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := event.NewMux()
			var got *alert
			var with *event.Event
			event.On(m, func(_ context.Context, e *event.Event, a *alert) error {
				got, with = a, e
				return nil
			})
			e := &event.Event{Type: "whatever.it_is", Payload: tt.payload}
			require.NoError(t, m.HandleEvent(t.Context(), e))
			if !tt.match {
				assert.Nil(t, with)
				assert.EqualValues(t, 1, m.Unhandled())
				return
			}
			assert.Same(t, tt.payload, got)
			assert.Same(t, e, with)
			assert.Zero(t, m.Unhandled())
		})
	}
}

// A callback for what no vendor sends would never be called.
func TestOnRefusesWhatIsNoPayload(t *testing.T) {
	m := event.NewMux()
	for text, on := range map[string]func(){
		"no payload is a **event_test.alert:": func() { event.On(m, func(context.Context, *event.Event, **alert) error { return nil }) },
		"no payload is a *event.Event:":       func() { event.On(m, func(context.Context, *event.Event, *event.Event) error { return nil }) },
		"no payload is a *interface {}:":      func() { event.On(m, func(context.Context, *event.Event, *any) error { return nil }) },
	} {
		func() {
			defer func() { assert.Contains(t, fmt.Sprint(recover()), text) }()
			on()
		}()
	}
	assert.NotPanics(t, func() {
		event.On(m, func(context.Context, *event.Event, *map[string]any) error { return nil })
		event.On(m, func(context.Context, *event.Event, *string) error { return nil })
	}, "payloads of one's own")
}

func TestMuxHandsOnContextAndEvent(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	e := &event.Event{Type: event.Unknown, Payload: &alert{}}
	called := 0
	check := func(got context.Context, ge *event.Event) error {
		called++
		assert.Equal(t, "value", got.Value(key{}))
		assert.Same(t, e, ge)
		return nil
	}
	m := event.NewMux()
	m.HandleFunc("*", check)
	event.On(m, func(ctx context.Context, e *event.Event, _ *alert) error { return check(ctx, e) })
	require.NoError(t, m.HandleEvent(ctx, e))
	d := event.NewMux()
	d.Default(check)
	require.NoError(t, d.HandleEvent(ctx, e))
	assert.Equal(t, 3, called)
}

func TestMuxConcurrently(t *testing.T) {
	const workers, rounds = 8, 200
	failed := errors.New("failed")
	var typed, family, payload atomic.Int64
	m := event.NewMux()
	m.HandleFunc(event.SessionStarted, func(context.Context, *event.Event) error { typed.Add(1); return nil })
	m.HandleFunc("session.*", func(context.Context, *event.Event) error { family.Add(1); return failed })
	event.On(m, func(context.Context, *event.Event, *alert) error { payload.Add(1); panic(failed) })

	started, ended, unknown := &event.Event{Type: event.SessionStarted, Payload: &alert{}},
		&event.Event{Type: event.SessionEnded}, &event.Event{Type: event.Unknown}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range rounds {
				assert.ErrorIs(t, m.HandleEvent(t.Context(), started), failed)
				assert.ErrorIs(t, m.HandleEvent(t.Context(), ended), failed)
				assert.NoError(t, m.HandleEvent(t.Context(), unknown))
				_ = m.Unhandled()
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, workers*rounds, typed.Load())
	assert.EqualValues(t, 2*workers*rounds, family.Load())
	assert.EqualValues(t, workers*rounds, payload.Load())
	assert.EqualValues(t, workers*rounds, m.Unhandled())
}

func TestMuxIsAHandler(t *testing.T) {
	inner, outer := event.NewMux(), event.NewMux()
	var got calls
	inner.HandleFunc("session.*", got.callback("inner", nil))
	outer.Handle("*", inner)
	require.NoError(t, outer.HandleEvent(t.Context(), &event.Event{Type: event.SessionEnded}))
	require.NoError(t, outer.HandleEvent(t.Context(), &event.Event{Type: event.Unknown}))
	assert.Equal(t, calls{"inner"}, got)
	assert.EqualValues(t, 1, inner.Unhandled())
	assert.Zero(t, outer.Unhandled())
}
