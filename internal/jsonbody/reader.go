package jsonbody

import (
	stdjson "encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accesshook/accesshook/event"
)

// A Reader walks through a verified body member by member:
//
//	r, err := jsonbody.NewReader(body)
//	…
//	if r.Object() {
//		for r.Next() {
//			switch r.Name() {
//			case "userId":
//				p.UserID = r.String()
//			case "location":
//				p.Location.read(r) // again with Object and Next
//			default:
//				r.Keep(&p.Extra)
//			}
//		}
//	}
//
// After Next, exactly one of the methods that read a value must be called. A
// value of another kind than asked for adds a warning and counts as absent; null
// and, for what is no string, the empty string are absent without a warning.
//
// The JSON library has checked the syntax beforehand; the Reader only finds its
// way in what is known to be valid. It is twice as fast as decoding into a
// struct, and as fast for a body whose fields have drifted.
type Reader struct {
	base     int    // what was left out before text
	text     string // the body; strings that need no unquoting are parts of it
	pos      int
	plain    bool // no escapes and no broken UTF-8: every string is what it says
	name     string
	zone     *time.Location
	budget   budget
	room     int // bytes that elements may still take in memory
	warnings []event.Warning
}

// NewReader returns a Reader at the beginning of body, or an error if body is
// not a JSON object. Strings that it returns keep the memory of the whole body
// alive.
func NewReader(body []byte) (*Reader, error) {
	r := new(Reader)
	if err := r.Open(body); err != nil {
		return nil, err
	}
	return r, nil
}

// Open is NewReader for a Reader that the caller has, on its stack say.
func (r *Reader) Open(body []byte) error {
	object, err := check(body, lenient)
	if err != nil {
		return err
	}
	r.start(string(object), len(body)-len(object))
	return nil
}

// OpenChecked is Open for a body that [Members] has found to be valid, which need
// not be found again.
func (r *Reader) OpenChecked(body []byte) error {
	object, err := Object(body)
	if err != nil {
		return err
	}
	r.start(string(object), len(body)-len(object))
	return nil
}

func check(body []byte, opts jsontext.Options) ([]byte, error) {
	body, err := Object(body)
	if err != nil {
		return nil, err
	}
	if !jsontext.Value(body).IsValid(opts) {
		return nil, ErrSyntax
	}
	return body, nil
}

func (r *Reader) start(text string, base int) {
	r.text, r.base, r.zone, r.budget, r.room = text, base, time.UTC, newBudget(), maxRoom
	r.plain = strings.IndexByte(text, '\\') < 0 && utf8.ValidString(text)
}

// In sets the time zone of times that are written without one, instead of UTC.
func (r *Reader) In(zone *time.Location) { r.zone = zone }

// Warnings returns the warnings so far.
func (r *Reader) Warnings() []event.Warning { return r.warnings }

// Warn adds a warning about the value that was read last.
func (r *Reader) Warn(want, got string) {
	if len(r.warnings) < event.MaxWarnings {
		r.warnings = Warn(r.warnings, r.path(r.pos), want, got)
	}
}

// Object enters an object. It reports false, and has passed the value by, if
// there is none.
func (r *Reader) Object() bool {
	r.skipBetween()
	if r.text[r.pos] == '{' {
		r.pos++
		return true
	}
	r.misfit("object", r.value())
	return false
}

// Next reads the name of the next member of the object that was entered last.
// At its end it leaves the object and reports false.
func (r *Reader) Next() bool {
	r.skipBetween()
	if r.text[r.pos] == '}' {
		r.pos++
		return false
	}
	r.name = r.unquote(r.value())
	return true
}

// Array enters an array. It reports false, and has passed the value by, if there
// is none.
func (r *Reader) Array() bool {
	r.skipBetween()
	if r.text[r.pos] == '[' {
		r.pos++
		return true
	}
	r.misfit("array", r.value())
	return false
}

// More reports whether another element of the array that was entered last
// follows. At its end it leaves the array.
func (r *Reader) More() bool {
	r.skipBetween()
	if r.text[r.pos] == ']' {
		r.pos++
		return false
	}
	return true
}

// Name returns the name that Next has read.
func (r *Reader) Name() string { return r.name }

// String reads a string.
func (r *Reader) String() string {
	raw := r.value()
	if raw[0] != '"' {
		r.misfit("string", raw)
		return ""
	}
	return r.unquote(raw)
}

// PeekString returns the next value if it is a string, and where it stands in
// the body, without passing it by.
func (r *Reader) PeekString() (text string, start, end int, ok bool) {
	r.skipBetween()
	if r.text[r.pos] != '"' {
		return "", 0, 0, false
	}
	start = r.pos
	raw := r.value()
	end, r.pos = r.pos, start
	return r.unquote(raw), r.base + start, r.base + end, true
}

// Text reads a string, number or boolean, the latter as they are written.
func (r *Reader) Text() event.Text {
	raw := r.value()
	switch raw[0] {
	case 'n':
		return ""
	case '{', '[':
		r.misfit("string", raw)
		return ""
	case '"':
		return event.Text(r.unquote(raw))
	default:
		return event.Text(raw)
	}
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	raw := r.value()
	if raw[0] != 't' && raw[0] != 'f' {
		r.misfit("boolean", raw)
	}
	return raw[0] == 't'
}

// Int reads a whole number.
func (r *Reader) Int() int64 {
	raw := r.value()
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil {
		r.misfit("integer", raw)
		return 0
	}
	return n
}

// Time reads a time in one of the forms of [ParseTime].
func (r *Reader) Time() time.Time {
	raw := r.value()
	if raw[0] == '"' {
		if t, ok := ParseTime(r.unquote(raw), r.zone); ok {
			return t
		}
	}
	r.misfit("time", raw)
	return time.Time{}
}

// Raw reads any value, in its canonical form. A null is absent.
func (r *Reader) Raw() stdjson.RawMessage {
	raw := r.value()
	if raw[0] == 'n' {
		return nil
	}
	return Canonical(stdjson.RawMessage(raw))
}

// maxRoom is how many bytes all elements of arrays may take in memory. One may be
// two bytes in the body and thousands in memory, and a body may have the same
// array again and again under one name. It does not depend on the length of the
// body, so that what fits also fits once it was encoded and is decoded again.
const maxRoom = 12 << 20

// Fits reports whether there is room for a T more. If not, it has passed the next
// value by, with a warning.
func Fits[T any](r *Reader) bool {
	if r.fits(int(reflect.TypeFor[T]().Size())) {
		return true
	}
	raw := r.value()
	r.Warn("fewer elements", Kind([]byte(raw)))
	return false
}

func (r *Reader) fits(n int) bool {
	if n > r.room {
		return false
	}
	r.room -= n
	return true
}

// For Tagged an element is an object, or a null in an array.
const (
	maxNested  = 5000
	nestedSize = 192 // of what an element is decoded into, at most
)

// nested returns how many elements raw has.
func nested(raw string) int {
	n, inString := 0, false
	last := byte(0) // before c, but for white space
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case inString && c == '\\':
			i++
			continue
		case c == '"':
			inString = !inString
		case inString, c == ' ', c == '\t', c == '\r', c == '\n':
			continue
		case c == '{', c == 'n' && (last == ',' || last == '['):
			n++
		}
		last = c
	}
	return n
}

// Tagged reads any value by the tags of T, as [Unmarshal] does. All calls for one
// Reader share what may be repaired in one body.
func Tagged[T any](r *Reader) T {
	var in struct {
		V T `json:"v"`
	}
	raw := r.value()
	if raw[0] == 'n' {
		return in.V
	}
	if n := nested(raw); n > maxNested || !r.fits(n*nestedSize) {
		r.Warn("fewer elements", Kind([]byte(raw)))
		return in.V
	}
	warnings, err := r.budget.unmarshal([]byte(`{"v":`+raw+"}"), &in)
	if err != nil { // cannot be: the body is valid and nested deeper
		r.Warn("documented types", Kind([]byte(raw)))
	}
	if len(warnings) > 0 && len(r.warnings) < event.MaxWarnings { // finding the path walks the body
		path := r.path(r.pos)
		for _, w := range warnings {
			r.warnings = Warn(r.warnings, path+strings.TrimPrefix(w.Path, "/v"), w.Want, w.Got)
		}
	}
	return in.V
}

// Keep reads any value into *m under the current name.
func (r *Reader) Keep(m *map[string]stdjson.RawMessage) {
	raw := r.value()
	if *m == nil {
		*m = make(map[string]stdjson.RawMessage)
	}
	(*m)[r.name] = Canonical(stdjson.RawMessage(raw))
}

// Here returns where the next value begins, for Back.
func (r *Reader) Here() int {
	r.skipBetween()
	return r.pos
}

// Offset returns where in the body a place is that Here has returned.
func (r *Reader) Offset(here int) int { return r.base + here }

// Kind names the JSON kind of the next value.
func (r *Reader) Kind() string {
	r.skipBetween()
	return Kind([]byte(r.text[r.pos : r.pos+1]))
}

// Back goes to a place that Here has returned, to read the value there once it
// is known what it is.
func (r *Reader) Back(here int) { r.pos = here }

// Skip passes a value by.
func (r *Reader) Skip() { r.value() }

// skipBetween goes to the next value, name or closing bracket. What stands
// between two of them is known to be where it belongs.
func (r *Reader) skipBetween() {
	for {
		switch r.text[r.pos] {
		case ' ', '\t', '\r', '\n', ',', ':':
			r.pos++
		default:
			return
		}
	}
}

// value returns the next value as it is written.
func (r *Reader) value() string {
	r.skipBetween()
	start := r.pos
	switch r.text[start] {
	case '"':
		r.skipString()
	case '{', '[':
		r.skipNested()
	default:
		r.skipLiteral()
	}
	return r.text[start:r.pos]
}

// skipLiteral goes behind the number, true, false or null that begins here.
func (r *Reader) skipLiteral() {
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
		r.pos++
	}
}

// skipNested goes behind the object or array that begins here.
func (r *Reader) skipNested() {
	depth := 0
	for {
		switch r.text[r.pos] {
		case '"':
			r.skipString()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				r.pos++
				return
			}
		}
		r.pos++
	}
}

// skipString goes behind the string that begins here.
func (r *Reader) skipString() {
	r.pos++
	if r.plain {
		r.pos += strings.IndexByte(r.text[r.pos:], '"') + 1
		return
	}
	for r.text[r.pos] != '"' {
		if r.text[r.pos] == '\\' {
			r.pos++
		}
		r.pos++
	}
	r.pos++
}

// unquote returns what a quoted string stands for.
func (r *Reader) unquote(quoted string) string {
	if r.plain || strings.IndexByte(quoted, '\\') < 0 && utf8.ValidString(quoted) {
		return quoted[1 : len(quoted)-1]
	}
	text, _ := jsontext.AppendUnquote(nil, quoted)
	return string(text)
}

func (r *Reader) misfit(want, raw string) {
	if raw[0] != 'n' && raw != `""` {
		r.Warn(want, Kind([]byte(raw)))
	}
}

// path returns the JSON pointer to the value that ends at end. It walks the body
// again, which is rarely needed.
func (r *Reader) path(end int) string {
	dec := jsontext.NewDecoder(strings.NewReader(r.text), lenient)
	for dec.InputOffset() < int64(end) {
		if _, err := dec.ReadToken(); err != nil {
			break
		}
	}
	return string(dec.StackPointer())
}
