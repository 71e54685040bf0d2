package lines

import (
	"bytes"
	"io"
	"time"
)

// lateAfter is how long a write may take before the waiting requests watch their
// contexts. Nearly every write has finished by then, and watching a context starts a
// timer, which costs more than the write.
const lateAfter = 10 * time.Millisecond

// A batch is the lines of one write.
type batch struct {
	buf    []byte // a newline, for use after a partial line, and the lines
	lines  []span
	wanted int // lines that somebody waits for

	late     chan struct{} // closed after lateAfter
	lateness *time.Timer

	done    chan struct{} // closed when the fields below are set
	written int           // bytes of buf, from the first on
	partial bool          // the output ends with a partial line
	err     error         // for the lines that were not written
}

// A span is the place of a line in the buffer of its batch. That of a removed line is
// empty.
type span struct{ begin, end int }

func newBatch(buf []byte) *batch {
	b := &batch{buf: append(buf, '\n'), late: make(chan struct{}), done: make(chan struct{})}
	b.lateness = time.AfterFunc(lateAfter, func() { close(b.late) })
	return b
}

// add copies line into b, and returns its size there.
func (b *batch) add(line []byte) (size int) {
	begin := len(b.buf)
	b.buf = append(b.buf, line...)
	if !bytes.HasSuffix(line, []byte("\n")) {
		b.buf = append(b.buf, '\n')
	}
	b.lines = append(b.lines, span{begin, len(b.buf)})
	b.wanted++
	return len(b.buf) - begin
}

// remove removes line i, and returns how many are left.
func (b *batch) remove(i int) (wanted int) {
	b.lines[i] = span{}
	b.wanted--
	return b.wanted
}

// size returns the bytes of all lines that were added.
func (b *batch) size() int { return len(b.buf) - 1 }

// write writes the lines that were not removed.
func (b *batch) write(w io.Writer, partial bool) error {
	out := b.buf
	if b.wanted < len(b.lines) {
		out = b.compact()
	}
	skip := 1
	if partial {
		// Otherwise the first line would be appended to the partial one, and a reader
		// would lose both.
		skip = 0
	}
	n, err := w.Write(out[skip:])
	if err == nil && n < len(out)-skip {
		err = io.ErrShortWrite
	}
	b.written, b.partial, b.err = skip+n, partial, err
	if n > 0 {
		b.partial = out[b.written-1] != '\n'
	}
	return err
}

// compact moves the lines over the removed ones, and returns them all.
func (b *batch) compact() []byte {
	out := b.buf[:1]
	for i, line := range b.lines {
		if line.end > 0 {
			begin := len(out)
			out = append(out, b.buf[line.begin:line.end]...)
			b.lines[i] = span{begin, len(out)}
		}
	}
	return out
}

// result returns nil if line i has been written.
func (b *batch) result(i int) error {
	if b.lines[i].end <= b.written {
		return nil
	}
	return b.err
}
