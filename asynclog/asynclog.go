// Package asynclog is a log that never waits for its reader. An endpoint logs each
// request, and a handler of log/slog waits for each write: a terminal that was stopped, or
// a full pipe, then stops all requests.
//
//	log, flush := asynclog.New(os.Stderr, func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) })
//	defer flush()
package asynclog

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

// New returns a log that writes to w what handler makes of a record. handler is called once,
// with a writer of its own, and whenever records were lost. The first record after a pause
// is written at once, as are warnings and errors, together with the records that wait.
// Other records wait for up to 100 ms, and are lost if the process is killed.
//
// Logging never blocks on w. While w blocks, up to 1 MiB of records waits. Records over
// that are lost, and the log says how many. flush writes what waits, for up to a second.
// Call it once, before the process ends.
func New(w io.Writer, handler func(io.Writer) slog.Handler) (log *slog.Logger, flush func()) {
	b := &writer{w: w, handler: handler, urgent: make(chan struct{}, 1), flushed: make(chan struct{})}
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
// use. Its goroutine exists only while there are records to write, and for delay after.
type writer struct {
	w       io.Writer
	handler func(io.Writer) slog.Handler
	urgent  chan struct{} // tells run not to wait
	flushed chan struct{} // closed by flush: run never waits again
	once    sync.Once     // closes flushed

	mu      sync.Mutex
	buf     []byte
	spare   []byte        // becomes the next buf
	taken   int           // bytes that are being written
	lost    int           // records that had no room
	running chan struct{} // closed when run returns; nil while it does not run
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
	if l.running == nil {
		l.running = make(chan struct{})
		go l.run()
	}
	if len(l.buf) >= bufferSize {
		l.hurry()
	}
	return len(record), nil
}

// hurry makes run write soon, and does not wait for it.
func (l *writer) hurry() {
	select {
	case l.urgent <- struct{}{}:
	default:
	}
}

// run writes what waits, every delay or when it is urgent, until there is nothing.
func (l *writer) run() {
	for l.write() {
		select {
		case <-time.After(delay):
		case <-l.urgent:
		case <-l.flushed:
		}
	}
}

// write writes buf. If there is nothing to write, it notes that run ends.
func (l *writer) write() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.buf) == 0 && l.lost == 0 {
		close(l.running)
		l.running = nil
		return false
	}
	buf := l.buf
	if l.lost > 0 {
		b := bytes.NewBuffer(buf)
		slog.New(l.handler(b)).Error("records were lost: the log was not read", "records", l.lost)
		buf = b.Bytes()
	}
	l.taken, l.buf, l.lost = len(l.buf), l.spare[:0], 0
	l.mu.Unlock()
	_, _ = l.w.Write(buf)
	l.mu.Lock()
	l.taken, l.spare = 0, buf
	return true
}

// flush returns when the records that wait are written, or after finishTime.
func (l *writer) flush() {
	l.once.Do(func() { close(l.flushed) })
	l.mu.Lock()
	running := l.running
	l.mu.Unlock()
	if running == nil {
		return
	}
	select {
	case <-running:
	case <-time.After(finishTime):
	}
}
