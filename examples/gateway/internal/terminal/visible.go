package terminal

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// A pen writes text so that all of it can be seen and none of it does anything: what has
// no shape of its own becomes an escape.
type pen struct {
	b     []byte
	marks int // combining marks in a row; maxMarks where there is nothing to combine with
}

// maxMarks is how many combining marks a character may have. Names need at most three.
// A pile of hundreds would cover the lines around it.
const maxMarks = 4

// newPen returns a pen that appends to b.
func newPen(b []byte) *pen { return &pen{b: b, marks: maxMarks} }

// columns measures characters as most terminals draw them, whatever the locale: those of
// ambiguous width take one column.
var columns = runewidth.Condition{StrictEmojiNeutral: true}

// write writes the first character of s, and returns its bytes and the columns that it
// takes.
func (p *pen) write(s string) (size, width int) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && size == 1:
		const hex = "0123456789abcdef"
		p.b = append(p.b, '\\', 'x', hex[s[0]>>4], hex[s[0]&0xf])
		p.marks = 0
		return size, len(`\xff`)
	case !isInvisible(r):
		width = columns.RuneWidth(r)
		if width > 0 {
			p.marks = 0
		} else {
			p.marks++
		}
		if p.marks <= maxMarks {
			p.b = append(p.b, s[:size]...)
			return size, width
		}
	}
	quoted := strconv.QuoteRuneToASCII(r)
	p.b = append(p.b, quoted[1:len(quoted)-1]...)
	p.marks = 0
	return size, len(quoted) - len(`''`)
}

// isInvisible reports whether r is a control, formatting, line-separating, private or
// unassigned character, or one that nothing is drawn for.
func isInvisible(r rune) bool {
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// appendVisible appends s as visible text.
func appendVisible(dst []byte, s string) []byte {
	p := newPen(dst)
	for s != "" {
		size, _ := p.write(s)
		s = s[size:]
	}
	return p.b
}

// appendCut appends s as visible text in at most limit columns, and returns how many it
// takes. If s does not fit, it ends with "…". Visible text that fits stays as it is.
func appendCut(dst []byte, s string, limit int) (_ []byte, width int) {
	if limit <= 0 {
		return dst, 0
	}
	p := newPen(dst)
	end, endWidth := len(dst), 0 // of what is kept before "…"
	for s != "" {
		size, w := p.write(s)
		if width += w; width > limit {
			return append(p.b[:end], "…"...), endWidth + 1
		}
		if width < limit {
			end, endWidth = len(p.b), width
		}
		s = s[size:]
	}
	return p.b, width
}

// cut returns s as appendCut appends it.
func cut(s string, limit int) (string, int) {
	b, width := appendCut(nil, s, limit)
	return string(b), width
}
