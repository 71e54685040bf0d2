package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/lines"
	"github.com/accesshook/accesshook/examples/gateway/internal/page"
)

// An output is standard output, to which the callbacks write events.
type output struct {
	w      io.Writer
	lines  *lines.Writer
	failed atomic.Int64       // when a line could not be written the last time, in Unix seconds
	page   *page.Page         // also gets the events; nil: nobody may see it
	seen   func(*event.Event) // also gets the events; nil: nobody

	encode      func(dst []byte, e *event.Event) ([]byte, error)
	cloudEvents bool               // encode makes them
	leftOut     func(*event.Event) // is called with an event that has no line; nil: each has one
}

func newOutput(stdout io.Writer, format string) *output {
	o := &output{w: stdout, lines: lines.NewWriter(stdout)}
	o.setFormat(format)
	return o
}

// prepare prepares standard output for lines. Its error is a usageError if events would be
// lost.
func (o *output) prepare(log *slog.Logger) error {
	f, ok := o.w.(*os.File)
	if !ok {
		return nil
	}
	err := lines.Prepare(f)
	switch {
	case errors.Is(err, lines.ErrClosed):
		return usageError{errors.New("standard output is closed: events would be lost")}
	case errors.Is(err, lines.ErrNullDevice):
		log.Warn("standard output is the null device: no event is kept")
		return nil
	}
	return err
}

// callbacks returns the callbacks. Add your own here:
//
//	events.HandleFunc(event.LockUnlocked, compareWithDesk)
//	events.HandleFunc("session.*", countHours)
//	event.On(events, func(ctx context.Context, e *event.Event, a *relock.SecurityAlert) error { … })
//
// Every callback that matches an event is called. If one returns an error, the vendor
// gets a 500 and may send the event again.
func (o *output) callbacks() *event.Mux {
	events := event.NewMux()
	events.HandleFunc("*", o.write)
	return events
}

// write writes an event as a line, and shows it on the page once it has been written.
func (o *output) write(ctx context.Context, e *event.Event) error {
	line, err := o.line(e)
	if err != nil {
		return err
	}
	if line != nil {
		if err := o.lines.WriteLine(ctx, line); err != nil {
			o.failed.Store(time.Now().Unix())
			return err
		}
	}
	if o.seen != nil {
		o.seen(e)
	}
	if o.page == nil {
		return nil
	}
	if !o.cloudEvents {
		if line, err = cloudevent.Encode(e); err != nil {
			return nil // it has been written
		}
	}
	o.page.Add(e, line)
	return nil
}

var errNobodyReads = errors.New("nobody reads standard output any more")

// retryAfter is how long the gateway is not ready after a line could not be written. After
// that the next event may try: the disk may have room again.
const retryAfter = 10 * time.Second

// failing returns why an event could not be written now, or nil.
func (o *output) failing() error {
	if gone(o.w) {
		return errNobodyReads
	}
	_, err := o.lines.Failing()
	if err != nil && (errors.Is(err, syscall.EPIPE) || time.Since(time.Unix(o.failed.Load(), 0)) < retryAfter) {
		return err
	}
	return nil
}

// watch returns an error once standard output has had no reader for the time of grace:
// that does not pass by itself. It returns nil when ctx is done.
func (o *output) watch(ctx context.Context, grace time.Duration) error {
	since := time.Now() // when it last had one
	tick := time.NewTicker(min(grace, time.Second) + time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if _, err := o.lines.Failing(); !gone(o.w) && !errors.Is(err, syscall.EPIPE) {
			since = time.Now()
		} else if time.Since(since) >= grace {
			return errNobodyReads
		}
	}
}
