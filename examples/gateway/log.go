package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Under load, log records are written in batches.
const (
	logDelay  = 100 * time.Millisecond // the longest time until a record is written
	logBuffer = 32 << 10               // bytes at which a batch is written early
	logLimit  = 1 << 20                // bytes that may wait while the log is not read
	logFinish = time.Second            // the longest time that flush waits
)

// newLog returns a log that writes to w. The first record after a pause is written at
// once, as are warnings and errors, together with the records that wait. Other records
// wait for up to logDelay, and are lost if the process is killed.
//
// Logging never blocks on w. While w blocks, records wait, up to logLimit. Records over
// that are lost, and the log says how many. Call flush before the process ends.
func newLog(w io.Writer) (log *slog.Logger, flush func()) {
	b := &logWriter{w: w}
	return slog.New(&logHandler{slog.NewTextHandler(b, nil), b}), b.flush
}

// A logHandler writes warnings and errors at once.
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

// A logWriter collects records and writes them in batches. It is safe for concurrent
// use. Its goroutine exists only while there are records to write.
type logWriter struct {
	w io.Writer

	mu      sync.Mutex
	buf     []byte
	spare   []byte        // becomes the next buf
	taken   int           // bytes that are being written
	lost    int           // records that had no room
	ticking bool          // tick will run: the last write is less than logDelay ago
	urgent  bool          // buf holds a warning or an error
	writing chan struct{} // closed when write returns; nil while it does not run
}

// Write implements [io.Writer]. It returns no error: there is no other log to report it.
func (l *logWriter) Write(record []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held := l.taken + len(l.buf); held > 0 && held+len(record) > logLimit {
		l.lost++
	} else {
		l.buf = append(l.buf, record...)
	}
	if !l.ticking || len(l.buf) >= logBuffer {
		l.start()
	}
	if !l.ticking {
		l.ticking = true
		time.AfterFunc(logDelay, l.tick)
	}
	return len(record), nil
}

// tick writes every logDelay, until there is nothing to write.
func (l *logWriter) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ticking = l.hasWork(); l.ticking {
		l.start()
		time.AfterFunc(logDelay, l.tick)
	}
}

// hurry starts a write of the records that wait, and does not wait for it.
func (l *logWriter) hurry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.urgent = true
	l.start()
}

// start starts a write, unless one is in progress or there is nothing to write. The
// caller holds mu.
func (l *logWriter) start() {
	if l.writing == nil && l.hasWork() {
		l.writing = make(chan struct{})
		go l.write()
	}
}

// hasWork reports whether there is something to write. The caller holds mu.
func (l *logWriter) hasWork() bool { return len(l.buf) > 0 || l.lost > 0 }

// write writes buf, and again if what was added meanwhile is urgent or large.
func (l *logWriter) write() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for first := true; first || l.hasWork() && (l.urgent || len(l.buf) >= logBuffer); first = false {
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

// flush writes the records that wait, and returns when they are written or after
// logFinish.
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
