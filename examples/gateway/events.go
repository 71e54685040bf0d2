package main

import (
	"context"
	"io"
	"sync"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

// newEvents registers what is done with events. This is the place for callbacks
// of your own:
//
//	events.HandleFunc(event.LockUnlocked, compareWithDesk)
//	events.HandleFunc("session.*", countHours)
//	event.On(events, func(ctx context.Context, e *event.Event, a *relock.SecurityAlert) error { … })
//
// All that match an event are called. If one returns an error the vendor is
// answered 500, and may send the event again.
func newEvents(stdout io.Writer) *event.Mux {
	events := event.NewMux()
	out := &lineWriter{w: stdout}
	events.HandleFunc("*", out.writeEvent)
	return events
}

// A lineWriter writes each event as one line. Requests are handled at the same
// time, so lines take turns.
type lineWriter struct {
	mu     sync.Mutex
	w      io.Writer
	broken bool // the last write failed and may have left a part of a line
}

func (l *lineWriter) writeEvent(_ context.Context, e *event.Event) error {
	line, err := cloudevent.Encode(e)
	if err != nil {
		return err
	}
	line = append(line, '\n')

	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		// Else this event would be glued to what is left of another, and both
		// would be lost to whoever reads the lines.
		line = append([]byte{'\n'}, line...)
	}
	_, err = l.w.Write(line)
	l.broken = err != nil
	return err
}
