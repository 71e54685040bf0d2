package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Under load, records of the log are written together.
const (
	logDelay  = 100 * time.Millisecond // a record is written so late at most
	logBuffer = 32 << 10               // bytes that are collected at most
)

// newLog returns a log that writes to w. A record that comes after a pause, or
// is a warning or an error, is written at once, together with what waits.
// Otherwise it waits for up to logDelay, and is lost if the process is killed.
// flush writes what waits: call it before the process ends.
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
		h.w.flush()
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
// goroutines at once. While w blocks, so do they.
type logWriter struct {
	w io.Writer

	mu      sync.Mutex
	buf     []byte
	waiting bool // for tick: the last write is not logDelay ago
}

// Write implements [io.Writer]. It never fails: nobody could be told.
func (l *logWriter) Write(record []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, record...)
	if !l.waiting || len(l.buf) >= logBuffer {
		l.writeOut()
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
		l.writeOut()
		time.AfterFunc(logDelay, l.tick)
	}
}

func (l *logWriter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writeOut()
}

func (l *logWriter) writeOut() {
	if len(l.buf) == 0 {
		return
	}
	_, _ = l.w.Write(l.buf)
	l.buf = l.buf[:0]
}
