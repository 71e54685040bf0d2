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

// maxPending is how many bytes of lines wait to be written, unless a single one
// is longer. It is room for some thousand events.
const maxPending = 8 << 20

// lateAfter is how long a write may take before the requests that wait for it look
// at their contexts. Nearly every write is over by then, and a context that is
// asked for its end needs a timer, which costs more than the write.
const lateAfter = 10 * time.Millisecond

// errNotRead is what an event gets that comes when maxPending is reached: the
// vendor is answered 503.
var errNotRead = errors.New("standard output is not read: too many lines wait to be written")

// A lineWriter writes lines for many goroutines at the same time. While one write
// is under way the lines of others are collected, and the next write takes all of
// them: under load that is one system call for many events.
//
// There is a goroutine of its own only while there is something to write.
type lineWriter struct {
	w      io.Writer
	limit  int    // of waiting
	broken bool   // the last write left a part of a line; only the one who writes looks
	buf    []byte // of the one who writes

	mu      sync.Mutex
	next    *batch // what the next write takes; nil if there is nothing
	waiting int    // bytes of lines that are in it, or being written
	writing bool   // somebody writes
}

func newLineWriter(w io.Writer) *lineWriter { return &lineWriter{w: w, limit: maxPending} }

// A batch is the lines of one write.
type batch struct {
	lines [][]byte // nil for a line that nobody waits for any more
	taken bool     // by the one who writes: lines does not change any more

	late     chan struct{} // closed after lateAfter
	lateness *time.Timer

	done    chan struct{} // closed when what follows is set
	written int           // how many lines, from the first on, have been written
	err     error         // what the others get
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

// write writes line, which must end with a newline and not be changed any more,
// and returns nil once all of it has been written.
//
// When ctx is done it waits no longer, or 10 ms at most. If the line is being
// written by then, it may still come out, and once more when the event comes
// again: twice is better than never.
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

// add puts line in the next batch, and returns its place there.
func (l *lineWriter) add(line []byte) (b *batch, i int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting > 0 && l.waiting+len(line) > l.limit {
		return nil, 0, event.Unavailable(errNotRead, time.Second)
	}
	if l.next == nil {
		l.next = newBatch()
	}
	l.next.lines = append(l.next.lines, line)
	l.waiting += len(line)
	if !l.writing {
		l.writing = true
		go l.writeAll()
	}
	return l.next, len(l.next.lines) - 1, nil
}

// giveUp takes back line i of b if there is still time.
func (l *lineWriter) giveUp(ctx context.Context, b *batch, i int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !b.taken {
		l.waiting -= len(b.lines[i])
		b.lines[i] = nil
	}
	select {
	case <-b.done:
		return b.result(i) // just now
	default:
		return fmt.Errorf("writing to standard output took too long: %w", context.Cause(ctx))
	}
}

// writeAll writes until there is nothing left.
func (l *lineWriter) writeAll() {
	for {
		// Requests that can go on do so first, and bring their lines along.
		runtime.Gosched()
		b := l.take()
		if b == nil {
			return
		}
		size := l.writeBatch(b)
		l.mu.Lock()
		l.waiting -= size
		b.lateness.Stop()
		close(b.done) // under the lock, so that who gives up sees all or nothing of it
		l.mu.Unlock()
	}
}

// take returns the next batch. If there is none, writing has ended.
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

// writeBatch writes the lines of b, and returns how many bytes they have.
func (l *lineWriter) writeBatch(b *batch) (size int) {
	buf := l.buf[:0]
	if l.broken {
		// Else the first line would be glued to what is left of another, and both
		// would be lost to whoever reads them.
		buf = append(buf, '\n')
	}
	begin := len(buf)
	for _, line := range b.lines {
		buf = append(buf, line...)
	}
	size = len(buf) - begin
	if size == 0 {
		return 0 // all have given up
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
		l.broken = buf[n-1] != '\n'
	}
	if l.buf = buf; cap(buf) > 1<<20 {
		l.buf = nil // after a blockage
	}
	return size
}
