package jsonbody

import (
	"bytes"
	"encoding"
	stdjson "encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/timestamp"
)

// Unmarshal reads body, a JSON object, into the struct that v points to, by the
// tags that encoding/json knows. It tolerates what vendors do:
//
//   - Names match in any letter case. Unknown members go into a field of type
//     map[string]json.RawMessage with the tag json:",embed", if there is one.
//   - Null and empty strings say nothing, and are no reason for a warning.
//   - A value of another JSON type is converted where it can be, with a warning: a
//     number or boolean for a string is its literal; a string or an integral float
//     may stand for an integer, "true", "false", 0 and 1 for a boolean, one value for
//     an array, an array of one for its element, JSON in a string for an object.
//   - Any other value adds a warning, and is in the map of unknown members under
//     the name of its field.
//   - Times are read in all forms of package timestamp.
//   - Of members of one name the last one with a value counts, as a whole, with a
//     warning.
//   - Elements of an array that say nothing are left out.
//
// Elements of all arrays take at most 12 MiB of memory; others are left out, with a
// warning. A type's own UnmarshalJSON or UnmarshalText is asked; what it refuses is
// a value that cannot be converted.
func Unmarshal(body []byte, v any) ([]event.Warning, error) {
	r, err := Open(body)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	r.Read(v)
	return r.warnings, nil
}

// A Result says what became of a value.
type Result uint8

// Results of reading a value.
const (
	Absent Result = iota // it says nothing
	Set                  //
	Misfit               // it could not be converted; there is a warning
)

// maxRoom is how many bytes the elements of all arrays may take in memory. One may
// be two bytes in the body and thousands in memory. It does not depend on the
// length of the body, so that what fits also fits once it was encoded and is
// decoded again.
const maxRoom = 12 << 20

// Read takes the next value into what v points to, as [Unmarshal] does. What v
// points to must be zero.
func (r *Reader) Read(v any) Result {
	value := reflect.ValueOf(v).Elem()
	return r.read(planOf(value.Type()), value)
}

// A Struct takes single members into the fields of a struct.
type Struct struct {
	plan  *plan
	value reflect.Value
}

// StructOf is for the struct that v points to.
func StructOf(v any) Struct {
	value := reflect.ValueOf(v).Elem()
	return Struct{planOf(value.Type()), value}
}

// FieldIndex returns the index of the field of T with this tag, or -1.
func FieldIndex[T any](name string) int {
	if i, ok := planOf(reflect.TypeFor[T]()).byName[name]; ok {
		return i
	}
	return -1
}

// Field takes the next value into the field with this index.
func (r *Reader) Field(s Struct, i int) Result {
	f := &s.plan.fields[i]
	return r.read(f.plan, in(s.value, f.path))
}

// object takes the members of the object that was entered last.
func (r *Reader) object(p *plan, v reflect.Value) Result {
	var seen seen
	result := Absent
	guess := 0
	for {
		t := r.tokens[r.next]
		r.next++
		if r.text[t.start] == '}' {
			return result
		}
		// A null says nothing, whatever its name is.
		if p.extra == nil || p.strict {
			if c := r.peek(); c == 'n' {
				r.next++
				continue
			}
		}
		name := r.unquote(t)
		i := p.find(name, guess)
		if i < 0 {
			if p.extra == nil || p.strict {
				r.Skip()
				continue
			}
			r.Keep(in(v, p.extra).Addr().Interface().(*map[string]stdjson.RawMessage), string(name))
			result = Set
			continue
		}
		guess = i + 1
		if got := r.member(p, v, i, &seen); got == Set || got == Misfit && p.extra != nil {
			result = Set
		}
	}
}

// member takes a value into a field, of which seen says whether it has one.
func (r *Reader) member(p *plan, v reflect.Value, i int, seen *seen) Result {
	f := &p.fields[i]
	at := Place(r.next)
	target := in(v, f.path)
	if seen.has(i) {
		if r.Absent() {
			r.next++
			return Absent
		}
		r.Warn(at, "unique name", "repeated")
		fresh := reflect.New(f.typ).Elem()
		result := r.read(f.plan, fresh)
		if result == Set {
			target.Set(fresh)
		}
		return result
	}
	result := r.read(f.plan, target)
	switch {
	case result == Set:
		seen.set(i)
		if p.extra != nil && len(r.warnings) > 0 { // there may have been a misfit before
			delete(in(v, p.extra).Interface().(map[string]stdjson.RawMessage), f.name)
		}
	case result == Misfit && p.extra != nil && f.kind != kindSecret:
		r.Back(at)
		r.Keep(in(v, p.extra).Addr().Interface().(*map[string]stdjson.RawMessage), f.name)
	}
	return result
}

// read takes the next value into v, which is left zero unless the result is Set.
func (r *Reader) read(p *plan, v reflect.Value) Result {
	at := r.next
	t := r.tokens[at]
	c := r.text[t.start]
	if c == 'n' || c == '"' && t.end == t.start+2 && p.kind != kindRaw && p.kind != kindOther {
		r.next++
		return Absent
	}
	switch p.kind {
	case kindString:
		if c == '"' {
			v.SetString(r.string())
			return Set
		}
		if isLiteral(c) {
			v.SetString(r.converted(p))
			return Set
		}
	case kindText:
		if c == '"' {
			v.SetString(r.string())
			return Set
		}
		if isLiteral(c) {
			v.SetString(r.keep(r.take()))
			return Set
		}
	case kindSecret:
		if c == '"' || isLiteral(c) {
			text := r.unquoted()
			if c != '"' {
				r.Warn(Place(at), p.want, r.kindAt(Place(at)))
			}
			_ = v.Addr().Interface().(*event.Secret).UnmarshalText(text) // never fails
			return Set
		}
	case kindBool:
		if b, converted, ok := toBool(r.scalar(at)); ok {
			v.SetBool(b)
			return r.passed(p, converted)
		}
	case kindInt:
		if n, converted, ok := toInt(r.scalar(at)); ok && !v.OverflowInt(n) {
			v.SetInt(n)
			return r.passed(p, converted)
		}
	case kindUint:
		if n, converted, ok := toInt(r.scalar(at)); ok && n >= 0 && !v.OverflowUint(uint64(n)) {
			v.SetUint(uint64(n))
			return r.passed(p, converted)
		}
	case kindFloat:
		if n, converted, ok := toFloat(r.scalar(at)); ok && !v.OverflowFloat(n) {
			v.SetFloat(n)
			return r.passed(p, converted)
		}
	case kindTime:
		if c == '"' || isLiteral(c) {
			return r.time(p, v.Addr().Interface().(*time.Time))
		}
	case kindRaw:
		v.SetBytes(r.canonical())
		return Set
	case kindPlace:
		v.SetInt(int64(at))
		r.Skip()
		return Set
	case kindStruct:
		if c == '{' {
			r.next++
			return r.object(p, v)
		}
	case kindList:
		if c == '[' {
			return r.list(p, v)
		}
	case kindStrings:
		if c == '{' {
			return r.strings(p, v)
		}
	case kindPointer:
		if !r.reserve(p.elem) {
			r.Warn(Place(at), "fewer objects", kindOf(c))
			r.Skip()
			return Absent
		}
		target := reflect.New(p.elem.typ)
		result := r.read(p.elem, target.Elem())
		if result == Set {
			v.Set(target)
		}
		return result
	case kindOther:
		return r.other(p, v)
	}
	return r.convert(p, v)
}

// convert takes a value that is of another JSON type than documented.
func (r *Reader) convert(p *plan, v reflect.Value) Result {
	at := Place(r.next)
	t := r.tokens[at]
	c := r.text[t.start]
	switch {
	case c == '"' && (p.kind == kindStruct || p.kind == kindStrings || p.kind == kindList):
		if result, ok := r.unwrap(p, v); ok {
			return result
		}
	case c == '[' && p.kind != kindList:
		// An array of one stands for its element.
		r.next++
		if r.peek() != ']' {
			if r.Skip(); r.next == int(t.end) {
				r.next = int(at) + 1
				result := r.read(p, v)
				r.next++
				if result == Set {
					r.Warn(at, p.want, "array")
				}
				return result
			}
		}
		r.Back(at)
	}
	switch {
	case p.kind == kindList:
		list := reflect.MakeSlice(p.typ, 1, 1)
		result := r.read(p.elem, list.Index(0))
		if result == Set {
			r.Warn(at, p.want, kindOf(c))
			v.Set(list)
		}
		return result
	case p.kind == kindStruct && p.scalar >= 0 && c != '[':
		f := &p.fields[p.scalar]
		result := r.read(f.plan, in(v, f.path))
		if result == Set {
			r.Warn(at, p.want, kindOf(c))
		}
		return result
	}
	return r.misfit(p)
}

// unwrap takes an object or array that is sent as JSON in a string. It reports
// false, and has not passed the string by, if there is none in it.
func (r *Reader) unwrap(p *plan, v reflect.Value) (Result, bool) {
	at := Place(r.next)
	text, _ := r.Peek()
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if r.outer != nil || len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' || trimmed[0] == '[' && p.kind != kindList {
		return Absent, false
	}
	inner, err := open(text)
	if err != nil {
		return Absent, false
	}
	defer inner.Close()
	inner.outer, inner.at = r, at
	inner.times, inner.room, inner.warnings = r.times, r.room, r.warnings
	result := inner.read(p, v)
	r.room, r.warnings = inner.room, inner.warnings
	r.next++
	if result == Set {
		r.Warn(at, p.want, "string")
	}
	return result, true
}

// misfit passes the next value by, with a warning.
func (r *Reader) misfit(p *plan) Result {
	r.Warn(Place(r.next), p.want, r.Kind())
	r.Skip()
	return Misfit
}

// list takes an array.
func (r *Reader) list(p *plan, v reflect.Value) Result {
	at := Place(r.next)
	end := int(r.tokens[at].end)
	r.next++
	v.Set(p.empty)
	for n := 0; r.next < end; {
		if !r.reserve(p.elem) {
			r.Warn(at, "fewer elements", "array")
			break
		}
		v.Grow(1)
		v.SetLen(n + 1)
		if r.read(p.elem, v.Index(n)) != Set {
			v.SetLen(n) // the place is zero still
			r.room += int(p.elem.typ.Size())
			continue
		}
		n++
	}
	r.next = end + 1
	return Set
}

// reserve takes room for a value in memory, if there is some.
func (r *Reader) reserve(p *plan) bool {
	size := int(p.typ.Size())
	if size > r.room {
		return false
	}
	r.room -= size
	return true
}

// roomOfEntry is about what an entry of a map takes.
const roomOfEntry = 64

// strings takes an object of strings.
func (r *Reader) strings(p *plan, v reflect.Value) Result {
	at := Place(r.next)
	end := int(r.tokens[at].end)
	m := make(map[string]string)
	for r.next++; r.next < end; {
		if r.room < roomOfEntry {
			r.Warn(at, "fewer members", "object")
			break
		}
		r.Next()
		name := string(r.name)
		switch c := r.peek(); {
		case c == 'n':
			m[name] = ""
			r.next++
		case c == '"':
			m[name] = r.string()
		case isLiteral(c):
			m[name] = r.converted(stringPlan)
		default:
			r.misfit(stringPlan)
			continue
		}
		r.room -= roomOfEntry
	}
	r.next = end + 1
	v.Set(reflect.ValueOf(m))
	return Set
}

var stringPlan = planOf(reflect.TypeFor[string]())

// time takes a string or a number.
func (r *Reader) time(p *plan, into *time.Time) Result {
	at := Place(r.next)
	t, status := r.times.ParseBytes(r.unquoted())
	switch {
	case status == timestamp.Unreadable:
		r.Back(at)
		return r.misfit(p)
	case t.IsZero():
		return Absent
	}
	*into = t
	if kind := r.kindAt(at); kind != "string" {
		r.Warn(at, p.want, kind)
	} else if status == timestamp.Ambiguous {
		r.Warn(at, "time with a zone", "time that the clocks showed twice or never")
	}
	return Set
}

// other leaves a value to the methods of its type, or else to encoding/json.
func (r *Reader) other(p *plan, v reflect.Value) Result {
	at := Place(r.next)
	text, isText := r.Peek()
	raw := r.take()
	var err error
	switch u := v.Addr().Interface().(type) {
	case stdjson.Unmarshaler:
		err = u.UnmarshalJSON(raw)
	case encoding.TextUnmarshaler:
		if !isText {
			text = raw
		}
		err = u.UnmarshalText(text)
	default:
		err = stdjson.Unmarshal(raw, u)
	}
	if err == nil {
		return Set
	}
	v.SetZero()
	if isText && len(text) == 0 {
		return Absent
	}
	r.Back(at)
	return r.misfit(p)
}

// string takes a string.
func (r *Reader) string() string { return r.keep(r.unquoted()) }

// unquoted takes a string or literal, with a warning if U+FFFD had to stand for
// broken text. The result is good until the Reader is closed.
func (r *Reader) unquoted() []byte {
	at := Place(r.next)
	raw := r.take()
	if raw[0] != '"' {
		return raw
	}
	if r.plain {
		return raw[1 : len(raw)-1]
	}
	text, whole := unquote(raw)
	if !whole {
		r.Warn(at, "UTF-8", "other bytes")
	}
	return text
}

// converted takes a literal as text, with a warning.
func (r *Reader) converted(p *plan) string {
	r.Warn(Place(r.next), p.want, r.Kind())
	return r.keep(r.take())
}

// passed passes a value by that was taken, with a warning if it was converted.
func (r *Reader) passed(p *plan, converted bool) Result {
	if converted {
		r.Warn(Place(r.next), p.want, r.Kind())
	}
	r.Skip()
	return Set
}

func (r *Reader) kindAt(at Place) string { return kindOf(r.text[r.tokens[at].start]) }

// isLiteral reports whether a number or boolean begins with c.
func isLiteral(c byte) bool { return c != '"' && c != '{' && c != '[' }

// A scalar is a string, number or boolean. Objects and arrays have no text.
type scalar struct {
	text   []byte
	quoted bool
}

func (r *Reader) scalar(at int) scalar {
	t := r.tokens[at]
	switch r.text[t.start] {
	case '"':
		return scalar{bytes.TrimSpace(r.unquote(t)), true}
	case '{', '[':
		return scalar{}
	default:
		return scalar{r.text[t.start:t.end], false}
	}
}

func toBool(s scalar) (b, converted, ok bool) {
	switch text := string(s.text); {
	case text == "true":
		return true, s.quoted, true
	case text == "false":
		return false, s.quoted, true
	case text == "1", strings.EqualFold(text, "true"):
		return true, true, true
	case text == "0", strings.EqualFold(text, "false"):
		return false, true, true
	}
	return false, false, false
}

func toInt(s scalar) (n int64, converted, ok bool) {
	n, err := strconv.ParseInt(string(s.text), 10, 64)
	if err == nil {
		return n, s.quoted, true
	}
	// An integral float, as far as it is exact.
	f, _, ok := toFloat(s)
	if ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), true, true
	}
	return 0, false, false
}

func toFloat(s scalar) (n float64, converted, ok bool) {
	if len(s.text) == 0 || len(bytes.Trim(s.text, "+-0123456789.eE")) > 0 { // no "Inf", no hexadecimal
		return 0, false, false
	}
	n, err := strconv.ParseFloat(string(s.text), 64)
	return n, s.quoted, err == nil
}
