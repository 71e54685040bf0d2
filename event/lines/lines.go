// Package lines writes events as lines, such as JSON lines on standard output, and tells
// each caller whether its line has been written.
//
//	if err := lines.Prepare(os.Stdout); err != nil {
//		log.Fatal(err)
//	}
//	mux.Handle("*", lines.NewWriter(os.Stdout).Handler(cloudevent.Append))
//
// A write to standard output ends the program when nobody reads it any more. To get an
// error instead, call signal.Ignore(syscall.SIGPIPE).
package lines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
)

// maxPending is how many bytes of lines may wait to be written, unless a single line is
// longer. It has room for some thousand events.
const maxPending = 8 << 20

// maxKeptLine and maxKeptBatch bound the buffers that are kept for later lines, in bytes.
const (
	maxKeptLine  = 64 << 10
	maxKeptBatch = 1 << 20
)

// ErrNotRead refuses a line because too many already wait to be written: 8 MiB. It comes
// as [event.Unavailable], so that a vendor is told to try again later.
var ErrNotRead = errors.New("lines: the output is not read: too many lines wait to be written")

// A Writer writes lines. It is safe for concurrent use. While one write is in progress it
// collects lines, and the next write has all of them: under load that is one system call
// for many lines.
//
// A line is written whole. Where a write fails in the middle of one, the next line begins
// on a line of its own.
//
// A Writer needs no closing. Its goroutine exists only while there are lines to write.
type Writer struct {
	w     io.Writer
	limit int // of pending

	mu      sync.Mutex
	next    *batch   // lines for the next write; nil if there are none
	pending int      // bytes of batches that wait or are being written
	writing bool     // writeAll runs
	partial bool     // the last write left a partial line
	spare   [][]byte // buffers for batches; two at most, as there are no more batches
	since   time.Time
	err     error // of the last write
}

// NewWriter returns a Writer to w. Nothing else should write to w.
//
// If w is an [os.File] that another program has made non-blocking, as programs do that
// share a terminal or a pipe, the Writer waits until it can be written.
func NewWriter(w io.Writer) *Writer {
	if f, ok := w.(*os.File); ok {
		w = blocking(f)
	}
	return &Writer{w: w, limit: maxPending}
}

// Handler returns a handler that appends an event to a buffer with appendEvent, such as
// cloudevent.Append, and writes it as a line. It returns nil only when the whole line has
// been written. Its errors are those of appendEvent and [Writer.WriteLine].
//
// The buffer is used again: appendEvent must not keep it. Encode the event and call
// WriteLine yourself if you need the line.
func (w *Writer) Handler(appendEvent func(dst []byte, e *event.Event) ([]byte, error)) event.Handler {
	buffers := sync.Pool{New: func() any { return new([]byte) }}
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		buffer := buffers.Get().(*[]byte)
		line, err := appendEvent((*buffer)[:0], e)
		if err != nil {
			return err
		}
		b, i, err := w.add(line)
		if cap(line) <= maxKeptLine {
			*buffer = line
			buffers.Put(buffer)
		}
		if err != nil {
			return err
		}
		return w.wait(ctx, b, i)
	})
}

// WriteLine writes line, and a newline unless line ends with one. It returns nil only
// when all of it has been written. It neither keeps nor changes line.
//
// When ctx ends, WriteLine returns its cause within 10 ms. A line that is being written
// then may still appear, and again if it is sent again: twice is better than never.
func (w *Writer) WriteLine(ctx context.Context, line []byte) error {
	b, i, err := w.add(line)
	if err != nil {
		return err
	}
	return w.wait(ctx, b, i)
}

// Failing returns the error of the last write, and since when every write has failed. It
// returns the zero time and nil if the last write succeeded, or there was none.
//
// syscall.EPIPE is final: nobody will read the pipe again. Other errors may pass, such as
// that of a full disk; only another write can tell.
func (w *Writer) Failing() (since time.Time, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.since, w.err
}

// add copies line into the next batch, and returns the batch and the index of the line.
func (w *Writer) add(line []byte) (b *batch, i int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending > 0 && w.pending+len(line) > w.limit {
		return nil, 0, event.Unavailable(ErrNotRead, time.Second)
	}
	if w.next == nil {
		w.next = newBatch(w.takeSpare())
	}
	w.pending += w.next.add(line)
	if !w.writing {
		w.writing = true
		go w.writeAll()
	}
	return w.next, len(w.next.lines) - 1, nil
}

// wait waits until line i of b has been written or ctx has ended.
func (w *Writer) wait(ctx context.Context, b *batch, i int) error {
	select {
	case <-b.done:
		return b.result(i)
	case <-b.late:
	}
	select {
	case <-b.done:
		return b.result(i)
	case <-ctx.Done():
		return w.giveUp(ctx, b, i)
	}
}

// giveUp removes line i from b unless b is being written already. The room in b is free
// again when nobody waits for any of its lines.
func (w *Writer) giveUp(ctx context.Context, b *batch, i int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-b.done:
		return b.result(i) // it has just finished
	default:
	}
	if b == w.next && b.remove(i) == 0 {
		w.next = nil
		w.release(b)
	}
	return fmt.Errorf("lines: writing took too long: %w", context.Cause(ctx))
}

// release ends the use of b, but for its results.
func (w *Writer) release(b *batch) {
	b.lateness.Stop()
	w.pending -= b.size()
	if cap(b.buf) <= maxKeptBatch {
		w.spare = append(w.spare, b.buf[:0])
	}
	b.buf = nil
}

// takeSpare returns a buffer to use again, or nil.
func (w *Writer) takeSpare() []byte {
	last := len(w.spare) - 1
	if last < 0 {
		return nil
	}
	buf := w.spare[last]
	w.spare = w.spare[:last]
	return buf
}

// writeAll writes batches until there are none.
func (w *Writer) writeAll() {
	for {
		// Let other requests run first, so that their lines are in the batch.
		runtime.Gosched()
		b, partial := w.take()
		if b == nil {
			return
		}
		w.finish(b, b.write(w.w, partial))
	}
}

// take returns the next batch, or nil if there is none and writing ends.
func (w *Writer) take() (b *batch, partial bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, w.next = w.next, nil
	w.writing = b != nil
	return b, w.partial
}

// finish publishes the result of writing b. That is under the lock since giveUp must see
// all or nothing of it.
func (w *Writer) finish(b *batch, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.partial = b.partial
	if err == nil {
		w.since = time.Time{}
	} else if w.err == nil {
		w.since = time.Now()
	}
	w.err = err
	w.release(b)
	close(b.done)
}
