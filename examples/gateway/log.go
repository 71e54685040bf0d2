package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Under load, records of the log are written together.
const (
	logDelay  = 100 * time.Millisecond // a record is written so late at most
	logBuffer = 32 << 10               // bytes that are collected before they are written
	logLimit  = 1 << 20                // bytes that wait while nobody reads
	logFinish = time.Second            // how long flush waits for whoever reads
)

// newLog returns a log that writes to w. A record that comes after a pause, or
// is a warning or an error, is written at once, together with what waits.
// Otherwise it waits for up to logDelay, and is lost if the process is killed.
//
// Nobody waits for w. While it blocks, records wait, up to logLimit; beyond that
// they are lost, and a record says how many. flush writes what waits: call it
// before the process ends.
func newLog(w io.Writer) (log *slog.Logger, flush func()) {
	b := &logWriter{w: w}
	return slog.New(&logHandler{slog.NewTextHandler(b, nil), b}), b.flush
}

// A logHandler sees to it that what is urgent does not wait.
type logHandler struct {
	slog.Handler
	w *logWriter
}

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.w.hurry()
	}
	return err
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.Handler.WithAttrs(attrs), h.w}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{h.Handler.WithGroup(name), h.w}
}

// A logWriter collects what is written to it. Its methods may be called from many
// goroutines at once. There is a goroutine of its own only while there is something
// to write.
type logWriter struct {
	w io.Writer

	mu      sync.Mutex
	buf     []byte
	spare   []byte        // for the next buf
	taken   int           // bytes that are being written
	lost    int           // records, since there was no room
	waiting bool          // for tick: the last write is not logDelay ago
	urgent  bool          // what is in buf
	writing chan struct{} // closed when writing has ended; nil if nobody writes
}

// Write implements [io.Writer]. It never fails: nobody could be told.
func (l *logWriter) Write(record []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if waits := l.taken + len(l.buf); waits > 0 && waits+len(record) > logLimit {
		l.lost++
		return len(record), nil
	}
	l.buf = append(l.buf, record...)
	if !l.waiting || len(l.buf) >= logBuffer {
		l.start()
	}
	if !l.waiting {
		l.waiting = true
		time.AfterFunc(logDelay, l.tick)
	}
	return len(record), nil
}

// tick goes on, every logDelay, until there was nothing to write.
func (l *logWriter) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting = len(l.buf) > 0; l.waiting {
		l.start()
		time.AfterFunc(logDelay, l.tick)
	}
}

// hurry has written what waits, without waiting for that.
func (l *logWriter) hurry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.urgent = true
	l.start()
}

// start writes what waits, unless somebody does or there is nothing. The caller
// holds mu.
func (l *logWriter) start() {
	if l.writing == nil && len(l.buf) > 0 {
		l.writing = make(chan struct{})
		go l.write()
	}
}

// write writes what waits, and what has come meanwhile if that is urgent or much.
func (l *logWriter) write() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for first := true; first || len(l.buf) > 0 && (l.urgent || len(l.buf) >= logBuffer); first = false {
		buf := l.buf
		if l.lost > 0 {
			buf = fmt.Appendf(buf, "time=%s level=ERROR msg=\"records were lost: standard error was not read\" records=%d\n",
				time.Now().Format("2006-01-02T15:04:05.000Z07:00"), l.lost)
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

// flush waits until what waits has been written, for as long as logFinish.
func (l *logWriter) flush() {
	end := time.After(logFinish)
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
