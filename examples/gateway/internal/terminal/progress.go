package terminal

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// How often a Progress is written.
const (
	rewriteEvery = 100 * time.Millisecond // a terminal
	lineEvery    = 5 * time.Second        // anything else
)

// A Progress says on one line how far something has come. On a terminal the line is
// written over the last one; elsewhere there is another line now and then. It is not safe
// for concurrent use.
type Progress struct {
	w       io.Writer
	rewrite bool
	next    time.Time
}

// NewProgress returns a Progress that is written to w.
func NewProgress(w io.Writer) *Progress {
	p := &Progress{w: w, rewrite: IsTerminal(w)}
	p.wait()
	return p
}

func (p *Progress) wait() {
	p.next = time.Now().Add(lineEvery)
	if p.rewrite {
		p.next = time.Now().Add(rewriteEvery)
	}
}

// Update shows text, unless the last was shown just now.
func (p *Progress) Update(text string) {
	if time.Now().Before(p.next) {
		return
	}
	p.wait()
	if p.rewrite {
		_, _ = fmt.Fprint(p.w, "\r", text, eraseLine)
		return
	}
	_, _ = fmt.Fprintln(p.w, text)
}

// eraseLine erases what is right of the cursor.
const eraseLine = "\x1b[K"

// Done shows the last text.
func (p *Progress) Done(text string) {
	if p.rewrite {
		text = "\r" + text + eraseLine
	}
	_, _ = fmt.Fprintln(p.w, text)
}

// Thousands returns n with a comma after each three digits.
func Thousands[T int | uint64](n T) string {
	s := strconv.FormatUint(uint64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
