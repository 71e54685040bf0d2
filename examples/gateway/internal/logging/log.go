// Package logging writes the log without ever waiting for its reader.
package logging

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Under load, log records are written in batches.
const (
	delay      = 100 * time.Millisecond // the longest time until a record is written
	bufferSize = 32 << 10               // bytes at which a batch is written early
	limit      = 1 << 20                // bytes that may wait while the log is not read
	finishTime = time.Second            // the longest time that flush waits
)

// New returns a log that writes to w what handler makes of a record. The first record after a pause is written at
// once, as are warnings and errors, together with the records that wait. Other records
// wait for up to delay, and are lost if the process is killed.
//
// Logging never blocks on w. While w blocks, records wait, up to limit. Records over
// that are lost, and the log says how many. Call flush before the process ends.
func New(w io.Writer, handler func(io.Writer) slog.Handler) (log *slog.Logger, flush func()) {
	b := &writer{w: w, handler: handler}
	return slog.New(&hastyHandler{handler(b), b}), b.flush
}

// A hastyHandler writes warnings and errors at once.
type hastyHandler struct {
	slog.Handler
	w *writer
}

func (h *hastyHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.w.hurry()
	}
	return err
}

func (h *hastyHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &hastyHandler{h.Handler.WithAttrs(attrs), h.w}
}

func (h *hastyHandler) WithGroup(name string) slog.Handler {
	return &hastyHandler{h.Handler.WithGroup(name), h.w}
}

// A writer collects records and writes them in batches. It is safe for concurrent
// use. Its goroutine exists only while there are records to write.
type writer struct {
	w       io.Writer
	handler func(io.Writer) slog.Handler

	mu      sync.Mutex
	buf     []byte
	spare   []byte        // becomes the next buf
	taken   int           // bytes that are being written
	lost    int           // records that had no room
	ticking bool          // tick will run: the last write is less than delay ago
	urgent  bool          // buf holds a warning or an error
	writing chan struct{} // closed when write returns; nil while it does not run
}

// Write implements [io.Writer]. It returns no error: there is no other log to report it.
func (l *writer) Write(record []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held := l.taken + len(l.buf); held > 0 && held+len(record) > limit {
		l.lost++
	} else {
		l.buf = append(l.buf, record...)
	}
	if !l.ticking || len(l.buf) >= bufferSize {
		l.start()
	}
	if !l.ticking {
		l.ticking = true
		time.AfterFunc(delay, l.tick)
	}
	return len(record), nil
}

// tick writes every delay, until there is nothing to write.
func (l *writer) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ticking = l.hasWork(); l.ticking {
		l.start()
		time.AfterFunc(delay, l.tick)
	}
}

// hurry starts a write of the records that wait, and does not wait for it.
func (l *writer) hurry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.urgent = true
	l.start()
}

// start starts a write, unless one is in progress or there is nothing to write. The
// caller holds mu.
func (l *writer) start() {
	if l.writing == nil && l.hasWork() {
		l.writing = make(chan struct{})
		go l.write()
	}
}

// hasWork reports whether there is something to write. The caller holds mu.
func (l *writer) hasWork() bool { return len(l.buf) > 0 || l.lost > 0 }

// write writes buf, and again if what was added meanwhile is urgent or large.
func (l *writer) write() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for first := true; first || l.hasWork() && (l.urgent || len(l.buf) >= bufferSize); first = false {
		buf := l.buf
		if l.lost > 0 {
			buf = l.appendLost(buf)
		}
		l.taken = len(l.buf)
		l.buf, l.lost, l.urgent = l.spare[:0], 0, false
		l.mu.Unlock()
		_, _ = l.w.Write(buf)
		l.mu.Lock()
		l.taken, l.spare = 0, buf
	}
	close(l.writing)
	l.writing = nil
}

// appendLost appends a record that says how many were lost. The caller holds mu.
func (l *writer) appendLost(buf []byte) []byte {
	b := bytes.NewBuffer(buf)
	slog.New(l.handler(b)).Error("records were lost: standard error was not read", "records", l.lost)
	return b.Bytes()
}

// flush writes the records that wait, and returns when they are written or after
// finishTime.
func (l *writer) flush() {
	end := time.After(finishTime)
	for {
		l.mu.Lock()
		l.urgent = true
		l.start()
		writing := l.writing
		l.mu.Unlock()
		if writing == nil {
			return
		}
		select {
		case <-writing:
		case <-end:
			return
		}
	}
}
