package jsonbody

import (
	"bytes"
	stdjson "encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/timestamp"
)

// A Reader walks through a body:
//
//	r, err := jsonbody.Open(body)
//	…
//	defer r.Close()
//	for r.Object(); r.Next(); {
//		switch string(r.Name()) {
//		case "event":
//			r.Read(&name)
//		default:
//			r.Keep(&extra, string(r.Name()))
//		}
//	}
//
// After Next, exactly one method that takes a value must be called. It is not safe
// for concurrent use.
type Reader struct {
	tokens   tape
	text     []byte          // the body, from base on
	base     int             // length of a byte order mark
	next     int             // token
	plain    bool            // neither escapes nor broken UTF-8: every string is what it says
	name     []byte          // of the member at hand
	unquoted []byte          // what strings with escapes, or with broken UTF-8, stand for
	kept     strings.Builder // of which strings that are kept are parts
	size     int             // what kept is to hold
	times    timestamp.Format
	room     int              // bytes that elements of arrays may still take
	sparse   int              // of them, those of objects that say little
	inner    *Reader          // for the strings with JSON in them, one at a time
	within   Place            // of the string that inner has scanned, or 0
	texts    int              // bytes of such strings that may still be scanned
	many     int              // above 0 within arrays and repeated members: there may be any number of what is read
	said     int              // how many fields of the object that was read last have got a value
	spare    [2]reflect.Value // zero, see fresh
	entry    string           // of a map, read last

	marked   [][2]int
	warnings []warning
}

// A warning is an [event.Warning] whose path has not been looked for yet, which takes a
// while: some come to nothing.
type warning struct {
	at        Place
	below     string // path within a string at that place
	want, got string
}

var readers = sync.Pool{New: func() any { return &Reader{tokens: make(tape, 0, 128)} }}

// maxKept is how many tokens a Reader may have room for that is kept.
const maxKept = 8 << 10

// Open returns a Reader at the beginning of body, which must be a JSON object, and
// not be changed until the Reader is closed. Strings that the Reader returns share
// memory with each other.
func Open(body []byte) (*Reader, error) {
	if !beginsObject(body) {
		return nil, ErrNotObject
	}
	return open(body)
}

func open(body []byte) (*Reader, error) {
	r := readers.Get().(*Reader)
	if err := r.start(body, MaxDepth); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// start brings a Reader that is new or reset to the beginning of body.
func (r *Reader) start(body []byte, maxDepth int) error {
	text := bytes.TrimPrefix(body, bom)
	tokens, seen, err := r.tokens[:0].scan(text, maxDepth)
	r.tokens = tokens
	r.text, r.base, r.size = text, len(body)-len(text), seen.kept
	r.room, r.sparse, r.texts = maxRoom, maxSparseRoom, maxTexts*len(text)
	whole := !seen.nonASCII || utf8.Valid(text)
	if r.plain = whole && !seen.escapes; !whole {
		r.size *= len("\ufffd") // may stand for each byte
	}
	return err
}

// reset keeps nothing of the body.
func (r *Reader) reset() {
	tokens, marked, inner := r.tokens[:0], r.marked[:0], r.inner
	*r = Reader{}
	if cap(tokens) <= maxKept && cap(marked) <= maxKept {
		r.tokens, r.marked = tokens, marked
	}
	if inner != nil {
		inner.reset()
		r.inner = inner
	}
}

// Close gives the Reader back. What it has returned remains.
func (r *Reader) Close() {
	r.reset()
	readers.Put(r)
}

// SetTimes says how times are read.
func (r *Reader) SetTimes(t timestamp.Format) { r.times = t }

// SetRoom lowers how many bytes of memory the elements of all arrays may take.
func (r *Reader) SetRoom(bytes int) { r.room = min(bytes, r.room) }

// Warnings returns the warnings so far.
func (r *Reader) Warnings() []event.Warning {
	if len(r.warnings) == 0 {
		return nil
	}
	var all []event.Warning
	way := make(way)
	for _, w := range r.warnings {
		all = Warn(all, r.path(int(w.at), way)+w.below, w.want, w.got)
	}
	return all
}

// Warn adds a warning about the value at a place.
func (r *Reader) Warn(at Place, want, got string) { r.warn(warning{at, "", want, got}) }

func (r *Reader) warn(w warning) {
	if len(r.warnings) < event.MaxWarnings {
		r.warnings = append(r.warnings, w)
	}
}

// Warn appends a warning, up to the number that an event may carry.
func Warn(w []event.Warning, path, want, got string) []event.Warning {
	if len(w) == event.MaxWarnings {
		return w
	}
	if len(path) > maxPath {
		path = strings.ToValidUTF8(path[:maxPath], "")
	}
	return append(w, event.Warning{Path: path, Want: want, Got: got})
}

// Object enters an object. It reports false, and has passed the value by, if there
// is none.
func (r *Reader) Object() bool {
	if r.peek() == '{' {
		r.next++
		return true
	}
	r.Skip()
	return false
}

// Next reads the name of the next member. At the end of the object it leaves it
// and reports false.
func (r *Reader) Next() bool {
	t := r.tokens[r.next]
	r.next++
	if r.text[t.start] == '}' {
		return false
	}
	r.name = r.unquote(t)
	return true
}

// NextString goes to the next string of the body's own object that has at least this
// many bytes as it is written, without a look at names. It begins where Open, or the
// last string, has left the Reader.
func (r *Reader) NextString(atLeast int) bool {
	if r.next == 0 {
		r.next = 1
	}
	for r.next < len(r.tokens)-2 { // a name, its value and the closing bracket
		r.next++
		if t := r.tokens[r.next]; int(t.end-t.start) >= atLeast && r.text[t.start] == '"' {
			return true
		}
		r.Skip()
	}
	return false
}

// Name returns the name that Next has read. It is good until the Reader is closed.
func (r *Reader) Name() []byte { return r.name }

// Skip passes a value by.
func (r *Reader) Skip() { r.next = r.behind(r.next) }

// behind returns the token behind the value at a token.
func (r *Reader) behind(at int) int {
	if c := r.text[r.tokens[at].start]; c == '{' || c == '[' {
		at = int(r.tokens[at].end)
	}
	return at + 1
}

// A Place is where a value stands in the body of a Reader. As a field of a struct
// it is that of the member, so that it can be read once it is known what object it
// is. Of several the last one counts that has members, or else the first one. The
// zero Place is none.
type Place int

// Here returns the place of the next value.
func (r *Reader) Here() Place { return Place(r.next) }

// Back goes to a place.
func (r *Reader) Back(p Place) { r.next = int(p) }

// Kind names the JSON kind of the next value.
func (r *Reader) Kind() string { return kindOf(r.peek()) }

// Absent reports whether the next value says nothing: null or an empty string.
func (r *Reader) Absent() bool {
	t := r.tokens[r.next]
	return r.text[t.start] == 'n' || r.text[t.start] == '"' && t.end == t.start+2
}

// Peek returns what the next value stands for if it is a string, without passing it
// by. The text is good until the Reader is closed.
func (r *Reader) Peek() (text []byte, ok bool) {
	t := r.tokens[r.next]
	if r.text[t.start] != '"' {
		return nil, false
	}
	return r.unquote(t), true
}

// MarkValue marks the next value, which is a string and behind what is marked.
func (r *Reader) MarkValue() { r.marked = append(r.marked, r.span(r.tokens[r.next])) }

// MarkValues marks strings, numbers and names at their start and end in the body, in
// order.
func (r *Reader) MarkValues(spans [][2]int) { r.marked = append(r.marked, spans...) }

// MarkWhere marks more strings, numbers and names of the whole body: those of at
// least this many bytes that is says so for. It reports whether there is one.
func (r *Reader) MarkWhere(atLeast int, is func(text []byte) bool) (more bool) {
	known := r.marked
	for _, t := range r.tokens {
		if int(t.end-t.start) < atLeast {
			continue
		}
		c := r.text[t.start]
		if c == '{' || c == '[' {
			continue
		}
		span := r.span(t)
		for len(known) > 0 && known[0][0] < span[0] {
			known = known[1:]
		}
		if len(known) > 0 && known[0] == span {
			continue
		}
		text := r.text[t.start:t.end]
		if c == '"' {
			text = r.unquote(t)
		}
		if is(text) {
			more = true
			r.marked = append(r.marked, span)
		}
	}
	if more {
		slices.SortFunc(r.marked, byStart)
	}
	return more
}

func byStart(a, b [2]int) int { return a[0] - b[0] }

func (r *Reader) span(t token) [2]int { return [2]int{r.base + int(t.start), r.base + int(t.end)} }

// Marked returns the start and end in the body of what is marked, in order. They
// are good until the Reader is closed.
func (r *Reader) Marked() [][2]int { return r.marked }

// IsMarked reports whether the next value is marked.
func (r *Reader) IsMarked() bool {
	if len(r.marked) == 0 {
		return false
	}
	span := r.span(r.tokens[r.next])
	i, ok := slices.BinarySearchFunc(r.marked, span, byStart)
	return ok && r.marked[i] == span
}

// Keep takes the value of a member into *m under a name, in canonical form. Of two
// members of this name the last one with a value counts.
func (r *Reader) Keep(m *map[string]stdjson.RawMessage, name string) {
	at := r.Here()
	had, repeated := (*m)[name]
	if repeated && r.Absent() {
		r.next++
		return
	}
	if repeated && string(had) != "null" && string(had) != `""` {
		r.Warn(at, "unique name", "repeated")
	}
	r.checkName()
	if *m == nil {
		*m = make(map[string]stdjson.RawMessage, r.membersFrom(r.next-1))
	}
	(*m)[name] = r.canonical()
}

// membersFrom returns how many members an object has from the one whose name is at a
// token, which may be the object's end.
func (r *Reader) membersFrom(name int) (n int) {
	for ; r.text[r.tokens[name].start] != '}'; name = r.behind(name + 1) {
		n++
	}
	return n
}

// checkName warns of a name that is not what was sent. The next value is the member's.
func (r *Reader) checkName() {
	if r.plain {
		return
	}
	name := r.next - 1
	if _, whole := r.unquoteAny(r.raw(name)); !whole {
		r.Warn(Place(name), "UTF-8", "other bytes")
	}
}

// peek returns the first byte of the next token.
func (r *Reader) peek() byte { return r.text[r.tokens[r.next].start] }

// take returns the next value as it is written, and passes it by.
func (r *Reader) take() []byte {
	raw := r.raw(r.next)
	r.Skip()
	return raw
}

// raw returns the value at a token as it is written.
func (r *Reader) raw(at int) []byte {
	t := r.tokens[at]
	if c := r.text[t.start]; c == '{' || c == '[' {
		return r.text[t.start:r.tokens[t.end].end]
	}
	return r.text[t.start:t.end]
}

// canonical takes the next value in the form in which it comes back after having
// been encoded and decoded, see [Canonical], with a warning if U+FFFD had to stand
// for broken text.
func (r *Reader) canonical() stdjson.RawMessage {
	at := r.Here()
	c := r.peek()
	raw := r.take()
	if c != '{' && c != '[' && (c != '"' || r.plain) {
		return bytes.Clone(raw) // is so already
	}
	if !r.plain && !utf8.Valid(raw) {
		r.Warn(at, "UTF-8", "other bytes")
		return Canonical(raw)
	}
	text, err := jsontext.AppendFormat(nil, raw, jsontext.AllowDuplicateNames(true))
	if err != nil { // half a surrogate pair
		r.Warn(at, "UTF-8", "other bytes")
		return Canonical(raw)
	}
	return text
}

// String returns b as a string that remains. It shares memory with the strings of the
// body; Grow, called before the first is read, has room made for it.
func (r *Reader) String(b []byte) string { return r.keep(b) }

// Grow has room made for as many bytes of strings that are not in the body.
func (r *Reader) Grow(n int) { r.size += n }

// Plain reports whether no string of the body has escapes or broken UTF-8.
func (r *Reader) Plain() bool { return r.plain }

func (r *Reader) keep(b []byte) string {
	if r.kept.Cap() == 0 {
		r.kept.Grow(r.size)
	}
	from := r.kept.Len()
	if r.kept.Cap()-from < len(b) { // something is read a second time
		return string(b)
	}
	r.kept.Write(b)
	return r.kept.String()[from:]
}

// unquote returns what a string token stands for. It is good until the Reader is closed.
func (r *Reader) unquote(t token) []byte {
	quoted := r.text[t.start:t.end]
	if r.plain {
		return quoted[1 : len(quoted)-1]
	}
	text, _ := r.unquoteAny(quoted)
	return text
}

// unquoteAny reports false for a string whose UTF-8 is broken: U+FFFD stands for what
// cannot be read.
func (r *Reader) unquoteAny(quoted []byte) (text []byte, whole bool) {
	text = quoted[1 : len(quoted)-1]
	escapes := bytes.IndexByte(text, '\\') >= 0
	if !escapes && utf8.Valid(text) {
		return text, true
	}
	from := len(r.unquoted)
	if escapes {
		var err error
		r.unquoted, err = jsontext.AppendUnquote(r.unquoted, quoted)
		whole = err == nil
	} else {
		for len(text) > 0 {
			c, n := utf8.DecodeRune(text)
			r.unquoted = utf8.AppendRune(r.unquoted, c)
			text = text[n:]
		}
	}
	return r.unquoted[from:len(r.unquoted):len(r.unquoted)], whole
}

// Unquote returns what a string stands for, and anything else as it is.
func Unquote(raw []byte) []byte {
	if len(raw) == 0 || raw[0] != '"' {
		return raw
	}
	text, _ := new(Reader).unquoteAny(raw)
	return text
}

// maxPath is how long the path of a warning may be: names come from the body.
const maxPath = 256

// A way is where earlier calls of path have been: of an object or array, the child that
// they went to. It spares later calls the children before.
type way map[int]child

type child struct{ at, value, index int }

// path returns the JSON pointer (RFC 6901) to the value or name at a token, or as
// much of it as a warning has.
func (r *Reader) path(at int, way way) string {
	var buf [maxPath]byte
	path := buf[:0]
	for open := 0; open < at && len(path) <= maxPath; {
		object := 0
		switch r.text[r.tokens[open].start] {
		case '{':
			object = 1 // a child is a name and a value
		case '[':
		default:
			return string(path)
		}
		c, ok := way[open]
		if !ok || c.at > at {
			c = child{open + 1, open + 1 + object, 0}
		}
		for r.behind(c.value) <= at {
			next := r.behind(c.value)
			c = child{next, next + object, c.index + 1}
		}
		if c.index > 8 { // or else it takes longer than to go there again
			way[open] = c
		}
		path = append(path, '/')
		if object == 1 {
			path = append(path, escapePointer.Replace(r.begin(c.at))...)
		} else {
			path = strconv.AppendInt(path, int64(c.index), 10)
		}
		open = c.value // which is behind at if that is the name
	}
	return string(path)
}

// begin returns as much of a name as a warning has.
func (r *Reader) begin(name int) string {
	const longest = len(`\u0000`) * maxPath
	quoted := r.raw(name)
	if len(quoted) <= longest {
		return string(Unquote(quoted))
	}
	text, _ := jsontext.AppendUnquote(nil, quoted[:longest])
	return string(text)
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// Kind names the JSON kind of a value.
func Kind(value []byte) string {
	if len(value) == 0 {
		return "nothing"
	}
	return kindOf(value[0])
}

func kindOf(first byte) string {
	switch first {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}
