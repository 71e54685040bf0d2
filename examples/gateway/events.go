package main

import (
	"context"
	"io"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

// newEvents registers the callbacks. Add your own here:
//
//	events.HandleFunc(event.LockUnlocked, compareWithDesk)
//	events.HandleFunc("session.*", countHours)
//	event.On(events, func(ctx context.Context, e *event.Event, a *relock.SecurityAlert) error { … })
//
// Every callback that matches an event is called. If one returns an error, the vendor
// gets a 500 and may send the event again.
func newEvents(stdout io.Writer) *event.Mux {
	events := event.NewMux()
	lines := newLineWriter(stdout)
	events.HandleFunc("*", func(ctx context.Context, e *event.Event) error {
		line, err := cloudevent.Encode(e)
		if err != nil {
			return err
		}
		return lines.write(ctx, append(line, '\n'))
	})
	return events
}
