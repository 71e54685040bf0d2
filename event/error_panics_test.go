package event_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

// badError panics in one of the methods that package errors and loggers call.
type badError struct{ method string }

func (e *badError) Error() string { return e.panics("Error") }
func (e *badError) Unwrap() error { e.panics("Unwrap"); return nil }
func (e *badError) Is(error) bool { e.panics("Is"); return false }
func (e *badError) panics(in string) string {
	if e.method == in {
		panic("in " + in)
	}
	return "bad"
}

// badErrors are errors that cannot be shown: a nil pointer in an error is an easy
// mistake.
func badErrors() map[string]error {
	var missing *badError
	var path *fs.PathError
	return map[string]error{
		"nil pointer":             missing,
		"nil pointer of package":  path,
		"Error panics":            &badError{"Error"},
		"Unwrap panics":           &badError{"Unwrap"},
		"Is panics":               &badError{"Is"},
		"joined":                  errors.Join(errBroken, path),
		"joined behind permanent": errors.Join(event.Permanent(errBroken), path),
		"permanent":               event.Permanent(path),
	}
}

// A callback whose error cannot be shown has panicked as far as others can tell:
// it ends neither the process, from a worker of a Queue, nor what is around it.
func TestErrorThatCannotBeShown(t *testing.T) {
	for name, bad := range badErrors() {
		t.Run(name, func(t *testing.T) {
			h := handle(func(context.Context, *event.Event) error { return bad })
			m := event.NewMux()
			m.Handle("*", h)
			fallback := event.NewMux()
			fallback.Default(h)
			for by, h := range map[string]event.Handler{"Recover": event.Recover(h), "Mux": m, "Default": fallback} {
				p, ok := h.HandleEvent(bg, delivery("a")).(*event.PanicError)
				if assert.True(t, ok, by) {
					assert.Contains(t, string(p.Stack), "HandleEvent", by)
				}
			}

			t.Run("Queue", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					log, out := quiet()
					var reported []error
					q := event.NewQueue(h, event.QueueConfig{Logger: log, OnError: func(_ *event.Event, err error) { reported = append(reported, err) }})
					require.NoError(t, q.HandleEvent(bg, delivery("a")))
					drain(t, q)
					require.Len(t, reported, 1)
					assert.ErrorAs(t, reported[0], new(*event.PanicError))
					assert.Contains(t, out.String(), "stack=")
				})
			})

			t.Run("Retry", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					log, out := quiet()
					s := &script{f: func(context.Context, int64) error { return bad }}
					err := event.Retry(event.RetryConfig{Attempts: 3, Logger: log})(s).HandleEvent(bg, delivery("a"))
					assert.ErrorAs(t, err, new(*event.PanicError))
					assert.EqualValues(t, 3, s.calls.Load())
					assert.Equal(t, 2, strings.Count(out.String(), "level=WARN"))
				})
			})
		})
	}
}

// A store with such errors is down like any other.
func TestDedupe_StoreDown_ErrorThatCannotBeShown(t *testing.T) {
	for name, bad := range badErrors() {
		t.Run(name, func(t *testing.T) {
			log, out := quiet()
			s := new(script)
			store := brokenStore{DedupeStore: event.NewDedupeMemory(0), claim: func() error { return bad }}
			h := event.Dedupe(event.DedupeConfig{Store: store, Logger: log})(s)
			assert.NoError(t, h.HandleEvent(bg, delivery("a")))
			assert.EqualValues(t, 1, s.calls.Load())
			assert.Contains(t, out.String(), "op=claim")
		})
	}
}

// Nor does such an error that is panicked on: that panic is one error, not more.
func TestPanicOfErrorThatCannotBeShown(t *testing.T) {
	for name, bad := range badErrors() {
		t.Run(name, func(t *testing.T) {
			h := handle(func(context.Context, *event.Event) error { panic(bad) })
			err := event.Recover(h).HandleEvent(bg, delivery("a"))
			assert.NotPanics(t, func() {
				assert.NotErrorIs(t, err, io.EOF)
				assert.ErrorContains(t, err, fmt.Sprintf("%T", bad), "what it was")
				assert.Contains(t, string(err.(*event.PanicError).Stack), "error_panics_test.go")
			})

			// Another delivery that waits gets the same.
			synctest.Test(t, func(t *testing.T) {
				h := event.Dedupe(event.DedupeConfig{})(handle(func(context.Context, *event.Event) error {
					time.Sleep(time.Second)
					panic(bad)
				}))
				go func() {
					defer func() { assert.Equal(t, bad, recover(), "the panic passes as it was") }()
					_ = h.HandleEvent(bg, delivery("a"))
				}()
				synctest.Wait()
				assert.NotPanics(t, func() { assert.NotErrorIs(t, h.HandleEvent(bg, delivery("a")), io.EOF) })
			})
		})
	}
}

// What a callback means by an error stays as it was.
func TestErrorThatCanBeShownStaysItself(t *testing.T) {
	for _, err := range []error{io.EOF, event.Permanent(io.EOF), event.Unavailable(errBroken, 1), errors.Join(io.EOF, errBroken)} {
		assert.Same(t, err, event.Recover(handle(func(context.Context, *event.Event) error { return err })).HandleEvent(bg, delivery("a")))
	}
}
