package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
)

// maxPending is how many bytes of lines may wait to be written, unless a single line is
// longer. It has room for some thousand events.
const maxPending = 8 << 20

// lateAfter is how long a write may take before the waiting requests watch their
// contexts. Nearly every write has finished by then, and watching a context starts a
// timer, which costs more than the write.
const lateAfter = 10 * time.Millisecond

// errNotRead refuses a line over maxPending. The vendor gets a 503.
var errNotRead = errors.New("standard output is not read: too many lines wait to be written")

// A lineWriter writes lines. It is safe for concurrent use. While one write is in
// progress it collects lines, and the next write has all of them: under load that is
// one system call for many events.
//
// Its goroutine exists only while there are lines to write.
type lineWriter struct {
	w       io.Writer
	limit   int    // of pending
	partial bool   // the last write left a partial line; used by writeAll only
	buf     []byte // used by writeAll only

	mu      sync.Mutex
	next    *batch // lines for the next write; nil if there are none
	pending int    // bytes of lines that wait or are being written
	writing bool   // writeAll runs
}

func newLineWriter(w io.Writer) *lineWriter { return &lineWriter{w: w, limit: maxPending} }

// A batch is the lines of one write.
type batch struct {
	lines [][]byte // nil for a line whose request has given up
	taken bool     // by writeAll: lines no longer changes

	late     chan struct{} // closed after lateAfter
	lateness *time.Timer

	done    chan struct{} // closed when the fields below are set
	written int           // how many lines were written, from the first on
	err     error         // for the others
}

func newBatch() *batch {
	b := &batch{late: make(chan struct{}), done: make(chan struct{})}
	b.lateness = time.AfterFunc(lateAfter, func() { close(b.late) })
	return b
}

func (b *batch) result(i int) error {
	if i < b.written {
		return nil
	}
	return b.err
}

// write writes line and returns nil when all of it has been written. The line must end
// with a newline. The caller must not change it afterwards.
//
// When ctx ends, write returns within 10 ms. A line that is being written then may still
// appear, and again when the vendor sends the event again: twice is better than never.
func (l *lineWriter) write(ctx context.Context, line []byte) error {
	b, i, err := l.add(line)
	if err != nil {
		return err
	}
	select {
	case <-b.done:
		return b.result(i)
	case <-b.late:
	}
	select {
	case <-b.done:
		return b.result(i)
	case <-ctx.Done():
		return l.giveUp(ctx, b, i)
	}
}

// add puts line into the next batch, and returns the batch and the index of the line.
func (l *lineWriter) add(line []byte) (b *batch, i int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending > 0 && l.pending+len(line) > l.limit {
		return nil, 0, event.Unavailable(errNotRead, time.Second)
	}
	if l.next == nil {
		l.next = newBatch()
	}
	l.next.lines = append(l.next.lines, line)
	l.pending += len(line)
	if !l.writing {
		l.writing = true
		go l.writeAll()
	}
	return l.next, len(l.next.lines) - 1, nil
}

// giveUp removes line i from b unless b is being written already.
func (l *lineWriter) giveUp(ctx context.Context, b *batch, i int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !b.taken {
		l.pending -= len(b.lines[i])
		b.lines[i] = nil
	}
	select {
	case <-b.done:
		return b.result(i) // it has just finished
	default:
		return fmt.Errorf("writing to standard output took too long: %w", context.Cause(ctx))
	}
}

// writeAll writes batches until there are none.
func (l *lineWriter) writeAll() {
	for {
		// Let other requests run first, so that their lines are in the batch.
		runtime.Gosched()
		b := l.take()
		if b == nil {
			return
		}
		size := l.writeBatch(b)
		l.mu.Lock()
		l.pending -= size
		b.lateness.Stop()
		close(b.done) // under the lock: giveUp must see all or nothing of the result
		l.mu.Unlock()
	}
}

// take returns the next batch, or nil if there is none and writing ends.
func (l *lineWriter) take() *batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.next
	l.next = nil
	if b == nil {
		l.writing = false
	} else {
		b.taken = true
	}
	return b
}

// writeBatch writes the lines of b and returns their size in bytes.
func (l *lineWriter) writeBatch(b *batch) (size int) {
	buf := l.buf[:0]
	if l.partial {
		// Otherwise the first line would be appended to the partial one, and a reader
		// would lose both.
		buf = append(buf, '\n')
	}
	begin := len(buf)
	for _, line := range b.lines {
		buf = append(buf, line...)
	}
	size = len(buf) - begin
	if size == 0 {
		return 0 // all requests have given up
	}
	n, err := l.w.Write(buf)
	if err == nil && n < len(buf) {
		err = io.ErrShortWrite
	}
	b.err = err
	end := begin
	for _, line := range b.lines {
		if end += len(line); end > n {
			break
		}
		b.written++
	}
	if n > 0 {
		l.partial = buf[n-1] != '\n'
	}
	if l.buf = buf; cap(buf) > 1<<20 {
		l.buf = nil // do not keep what a blocked reader has made large
	}
	return size
}
