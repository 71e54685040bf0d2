// Package rewrite writes a JSON text as other programs would write it: the same values in
// other bytes. A signature holds for bytes, so this finds out which program has written a
// text anew after it was signed.
package rewrite

import (
	"bytes"
	"encoding/json"
	"slices"
)

// MaxSize is the size in bytes of the largest text that is parsed.
const MaxSize = 4 << 20

// A Style is how a text is written. The zero Style keeps it as it is.
type Style struct {
	Layout  Layout
	Strings Strings
	Numbers Numbers
	Number  int    // which number is written anew, from 1; 0: all
	Order   *Order // nil: as it is
}

// A Layout is where white space stands.
type Layout int

// Layouts. All but KeepLayout leave out white space around the text.
const (
	KeepLayout Layout = iota
	Compact           // {"a":1,"b":[]}
	Spaced            // {"a": 1, "b": []}, as in Python
	Indent2           // lines indented by two spaces
	Indent4
	IndentTab
	Jackson // indented by two spaces, with arrays in a line and spaces around colons
	layouts
)

// A Text is a JSON text.
type Text struct {
	text    []byte
	root    node
	numbers int
}

// A node is a value, and its name if it is the value of a member. It stands in the text
// from start to end. White space is before it from begin on, and after it until stop.
type node struct {
	begin, name, nameEnd, colon, start, end, stop int32

	kids []node // of an object or an array
}

// Parse returns the Text, if it is one and is not too large.
func Parse(text []byte) (*Text, bool) {
	if len(text) > MaxSize || !json.Valid(text) {
		return nil, false
	}
	p := parser{text: text}
	t := &Text{text: text, root: p.value()}
	t.root.stop = int32(len(text))
	t.numbers = p.numbers
	return t, true
}

// Numbers returns how many numbers are in the text.
func (t *Text) Numbers() int { return t.numbers }

// Field is a member of the object that a text is.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Fields returns the members of the object that the text is, in order. ok is false if it
// is none.
func (t *Text) Fields() (fields []Field, ok bool) {
	if t.text[t.root.start] != '{' {
		return nil, false
	}
	for _, n := range t.root.kids {
		fields = append(fields, Field{t.nameOf(n), t.text[n.start:n.end]})
	}
	return fields, true
}

func (t *Text) nameOf(n node) string {
	if raw := t.text[n.name:n.nameEnd]; bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var name string
	_ = json.Unmarshal(t.text[n.name:n.nameEnd], &name) // it is valid
	return name
}

// A parser reads text that is known to be valid.
type parser struct {
	text    []byte
	at      int32
	numbers int
}

func (p *parser) space() {
	for int(p.at) < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t' || p.text[p.at] == '\n' || p.text[p.at] == '\r') {
		p.at++
	}
}

func (p *parser) value() (n node) {
	n.begin = p.at
	p.space()
	n.start = p.at
	switch c := p.text[p.at]; c {
	case '{', '[':
		p.at++
		n.kids = p.list(c == '{')
	case '"':
		p.string()
	default:
		if c == '-' || '0' <= c && c <= '9' {
			p.numbers++
		}
		for int(p.at) < len(p.text) && !bytes.ContainsRune([]byte(",]} \t\r\n"), rune(p.text[p.at])) {
			p.at++
		}
	}
	n.end = p.at
	p.space()
	n.stop = p.at
	return n
}

func (p *parser) string() {
	for p.at++; p.text[p.at] != '"'; p.at++ {
		if p.text[p.at] == '\\' {
			p.at++
		}
	}
	p.at++
}

// list reads what follows an opening bracket, until the closing one.
func (p *parser) list(named bool) (kids []node) {
	begin := p.at
	p.space()
	if c := p.text[p.at]; c == '}' || c == ']' {
		p.at++
		return nil
	}
	for p.at = begin; ; {
		var n, name node
		begin = p.at
		if named {
			p.space()
			name.start = p.at
			p.string()
			name.end = p.at
			p.space()
			name.colon = p.at
			p.at++
		}
		n = p.value()
		n.begin, n.name, n.nameEnd, n.colon = begin, name.start, name.end, name.colon
		if !named {
			n.name, n.nameEnd = n.start, n.start
		}
		kids = append(kids, n)
		p.at++
		if c := p.text[p.at-1]; c == '}' || c == ']' {
			return kids
		}
	}
}

// maxGrowth is how many times as long as a text another style may be: indentation of
// deep values grows with the square of their depth.
const maxGrowth = 16

// Append appends the text in another style. It is cut off where it would be many times as
// long as the text.
func (t *Text) Append(dst []byte, s Style) []byte {
	w := writer{Text: t, Style: s, out: dst, most: len(dst) + maxGrowth*len(t.text) + 4096}
	if s.Layout == KeepLayout {
		w.out = append(w.out, t.text[t.root.begin:t.root.start]...)
	}
	w.value(&t.root, s.Order, 0)
	if s.Layout == KeepLayout {
		w.out = append(w.out, t.text[t.root.end:t.root.stop]...)
	}
	return w.out
}

type writer struct {
	*Text
	Style
	out    []byte
	most   int // length of out
	number int
}

func (w *writer) value(n *node, o *Order, depth int) {
	if len(w.out) > w.most {
		return
	}
	text := w.text[n.start:n.end]
	switch c := text[0]; {
	case c == '"':
		w.string(text)
	case c == '-' || '0' <= c && c <= '9':
		if w.number++; w.Style.Numbers == KeepNumbers || w.Number != 0 && w.Number != w.number {
			w.out = append(w.out, text...)
		} else {
			w.out = w.Style.Numbers.append(w.out, text)
		}
	case c != '{' && c != '[':
		w.out = append(w.out, text...)
	case len(n.kids) == 0:
		w.empty(text)
	default:
		w.list(n, o, depth+1)
	}
}

func (w *writer) empty(text []byte) {
	switch w.Layout {
	case KeepLayout:
		w.out = append(w.out, text...)
	case Jackson:
		w.out = append(w.out, text[0], ' ', text[len(text)-1])
	default:
		w.out = append(w.out, text[0], text[len(text)-1])
	}
}

func (w *writer) list(n *node, o *Order, depth int) {
	bracket := w.text[n.start]
	w.out = append(w.out, bracket)
	kids := n.kids
	if bracket == '{' && o != nil {
		kids = slices.Clone(kids)
		o.sort(w.Text, kids)
	}
	oneLine := w.Layout == Compact || w.Layout == Spaced || w.Layout == Jackson && bracket == '['
	for i := range kids {
		kid, place := &kids[i], &n.kids[i] // of a place there is the white space around it
		if i > 0 {
			w.out = append(w.out, ',')
		}
		switch {
		case w.Layout == KeepLayout && bracket == '{':
			w.out = append(w.out, w.text[place.begin:place.name]...)
		case w.Layout == KeepLayout:
			w.out = append(w.out, w.text[place.begin:place.start]...)
		case !oneLine:
			w.line(depth)
		case w.Layout == Spaced && i > 0, w.Layout == Jackson:
			w.out = append(w.out, ' ')
		}
		inner := o
		if bracket == '{' {
			w.string(w.text[kid.name:kid.nameEnd])
			w.colon(place)
			inner = o.below(w.Text, kid)
		}
		w.value(kid, inner, depth-b2i(w.Layout == Jackson && bracket == '['))
		if w.Layout == KeepLayout {
			w.out = append(w.out, w.text[place.end:place.stop]...)
		}
	}
	switch {
	case !oneLine && w.Layout != KeepLayout:
		w.line(depth - 1)
	case w.Layout == Jackson:
		w.out = append(w.out, ' ')
	}
	w.out = append(w.out, bracket+2) // '{' and '}', '[' and ']'
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (w *writer) colon(place *node) {
	switch w.Layout {
	case KeepLayout:
		w.out = append(w.out, w.text[place.nameEnd:place.start]...)
	case Compact:
		w.out = append(w.out, ':')
	case Jackson:
		w.out = append(w.out, " : "...)
	default:
		w.out = append(w.out, ": "...)
	}
}

func (w *writer) line(depth int) {
	indent := "  "
	switch w.Layout {
	case Indent4:
		indent = "    "
	case IndentTab:
		indent = "\t"
	}
	w.out = append(w.out, '\n')
	for range depth {
		if len(w.out) > w.most {
			return
		}
		w.out = append(w.out, indent...)
	}
}
