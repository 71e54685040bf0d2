package jsonbody

import (
	"bytes"
	"encoding"
	stdjson "encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/timestamp"
)

// Unmarshal reads body, a JSON object, into the struct that v points to, which is
// zero, by the tags that encoding/json knows. It tolerates what vendors do:
//
//   - Names match in any letter case. Unknown members go into a field of type
//     map[string]json.RawMessage with the tag json:",embed", if there is one.
//   - Null and empty strings say nothing, and are no reason for a warning.
//   - A value of another JSON type is converted where it can be, with a warning: a
//     number or boolean for a string is its literal; a string or an integral float
//     may stand for an integer, "true", "false", 0 and 1 for a boolean, one value for
//     an array, an array of one for its element, JSON in a string for an object or
//     array.
//   - Any other value adds a warning, and is in the map of unknown members under
//     the name of its field, unless that may have a secret in it.
//   - Times are read in all forms of package timestamp.
//   - Of members of one name, known or not, the last one with a value that fits
//     counts, as a whole, with a warning.
//   - Elements of an array that say nothing are left out, and those that do not fit,
//     with a warning.
//   - Of objects in arrays that are empty, or of a type of 512 bytes or more and with
//     less than a member for each 256 bytes, some are kept: as many as take 16 KiB.
//     Others are left out, with a warning.
//   - U+FFFD stands for what is no UTF-8, with a warning.
//
// What is in arrays takes at most some 12 MiB of memory; more is left out, with a
// warning. The UnmarshalJSON or UnmarshalText of a field's type is asked, that of v is
// not; what it refuses is a value that cannot be converted. A struct whose tags contradict
// each other, or that embeds a pointer, panics.
func Unmarshal(body []byte, v any) ([]event.Warning, error) {
	r, err := Open(body)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	r.Read(v)
	return r.Warnings(), nil
}

// A Result says what became of a value.
type Result uint8

// Results of reading a value.
const (
	Absent Result = iota // it says nothing
	Misfit               // it could not be converted; there is a warning
	Empty                // an object of which nothing was taken
	Zero                 // it is what there is if nothing comes: 0, false, or an object of such
	Sparse               // an object that takes much memory for the little that it says
	Set
)

// taken reports whether a value was of a type that could be taken.
func (r Result) taken() bool { return r >= Empty }

// maxRoom is how many bytes the elements of all arrays, and what pointers in them point
// to, may take in memory. One may be two bytes in the body and thousands in memory. It
// does not depend on the length of the body, so that what fits also fits once it was
// encoded and is decoded again.
const maxRoom = 12 << 20

// maxSparseRoom is how many of these bytes objects may take that say little: it is
// slower to get memory for one than to read it. One that is larger than a quarter
// counts as a quarter, so that there may be four of any size.
const maxSparseRoom = 16 << 10

// maxTexts is how many times its own length a body may have of JSON in strings: more
// than once, as there may be JSON in strings of JSON in strings. No such text may be
// nested deeper than half of what a body may be, since it becomes a part of one.
const (
	maxTexts     = 3
	maxTextDepth = MaxDepth / 2
)

// bytesPerMember is how much memory of an object a member of it, or of the objects that
// are fields of it, pays for. An object with fewer members says little.
const bytesPerMember = 256

// Read takes the next value into what v points to, as [Unmarshal] does. What v
// points to must be zero.
func (r *Reader) Read(v any) Result {
	value := reflect.ValueOf(v).Elem()
	return r.read(planOfFields(value.Type()), value)
}

// Look is Read without passing the value by, and without warnings. A [Place] that it
// sets says no more than that there is a value, which may be in a string.
func (r *Reader) Look(v any) {
	at, warnings := r.next, r.warnings
	r.Read(v)
	r.next, r.warnings = at, warnings
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
	result := Empty
	behind, set := -1, 0
	for {
		t := r.tokens[r.next]
		r.next++
		if r.text[t.start] == '}' {
			r.said = set
			if result == Set && p.members > 1 && set < p.members {
				return Sparse
			}
			return result
		}
		// A null says nothing, whatever its name is.
		if p.extra == nil || p.strict {
			if c := r.peek(); c == 'n' {
				r.next++
				continue
			}
		}
		name := r.text[t.start+1 : t.end-1]
		if !r.plain {
			name = r.unquote(t)
		}
		// Vendors write the members of an object in one order.
		i := p.lastBehind(behind)
		if i >= len(p.fields) || p.fields[i].name != string(name) {
			i = p.find(name, behind)
		}
		if i < 0 {
			if p.extra == nil || p.strict {
				r.Skip()
				continue
			}
			r.Keep(extraOf(p, v), string(name))
			result = Set
			continue
		}
		behind = i
		f, value := &p.fields[i], r.tokens[r.next]
		if f.kind <= kindText && r.plain && r.text[value.start] == '"' && value.end > value.start+2 && !seen.has(i) && len(r.warnings) == 0 {
			// A string, and nothing to convert, to replace or to warn of, as nearly always:
			// what member does.
			in(v, f.path).SetString(r.keep(r.text[value.start+1 : value.end-1]))
			seen.set(i)
			r.next++
			result = Set
			set++
			continue
		}
		if seen.has(i) {
			set -= 1 << 20 // nobody knows what is set in the end
		}
		switch got := r.member(p, v, i, &seen); {
		case got >= Sparse && f.kind == kindStruct:
			result = Set
			set += r.said
		case got >= Sparse, got.taken() && f.kind == kindPointer:
			result = Set
			set++
		case got == Misfit && p.extra != nil:
			result = Set
		case got == Zero && result != Set:
			result = Zero
		}
	}
}

// member takes a value into a field, of which seen says whether it has one.
func (r *Reader) member(p *plan, v reflect.Value, i int, seen *seen) Result {
	f := &p.fields[i]
	at, c := Place(r.next), r.peek()
	target := in(v, f.path)
	if seen.has(i) {
		if r.Absent() {
			r.next++
			return Absent
		}
		r.Warn(at, "unique name", "repeated")
		r.many++
		defer func() { r.many-- }()
		again, ok := r.fresh(f.plan)
		if !ok {
			r.Skip()
			return Absent
		}
		result := r.read(f.plan, again)
		if result >= Zero {
			target.Set(again)
		}
		r.reuse(again)
		return result
	}
	result := r.read(f.plan, target)
	switch {
	case result.taken():
		seen.set(i)
		if p.extra != nil && len(r.warnings) > 0 { // there may have been a misfit before
			forget(extraOf(p, v), f.name)
		}
	case result == Misfit && p.extra != nil && !f.secret && (!p.strict || isLiteral(c) || c == '"'):
		r.Back(at)
		r.Keep(extraOf(p, v), f.name)
	}
	return result
}

// extraOf returns the map of other members.
func extraOf(p *plan, v reflect.Value) *map[string]stdjson.RawMessage {
	return in(v, p.extra).Addr().Interface().(*map[string]stdjson.RawMessage)
}

// forget removes what was kept under a name.
func forget(extra *map[string]stdjson.RawMessage, name string) {
	if _, ok := (*extra)[name]; ok {
		if delete(*extra, name); len(*extra) == 0 {
			*extra = nil
		}
	}
}

// read takes the next value into v, which is zero, and remains so unless the result
// is Set, or for a pointer Zero or Empty.
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
			text := r.takeText()
			if c != '"' {
				r.Warn(Place(at), p.want, r.kindAt(Place(at)))
			}
			_ = v.Addr().Interface().(*event.Secret).UnmarshalText(text) // never fails
			return Set
		}
	case kindBool:
		if b, converted, ok := toBool(r.scalar(at)); ok {
			v.SetBool(b)
			return r.passed(p, v, converted)
		}
	case kindInt:
		if n, converted, ok := toInt(r.scalar(at)); ok && !v.OverflowInt(n) {
			v.SetInt(n)
			return r.passed(p, v, converted)
		}
	case kindUint:
		if n, converted, ok := toUint(r.scalar(at)); ok && !v.OverflowUint(n) {
			v.SetUint(n)
			return r.passed(p, v, converted)
		}
	case kindFloat:
		if n, converted, ok := toFloat(r.scalar(at)); ok && !v.OverflowFloat(n) {
			v.SetFloat(n)
			return r.passed(p, v, converted)
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
		result := Empty // where something else stands, that stays
		if r.hasMembers() {
			result = Set
		}
		r.Skip()
		return result
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
		target, ok := reflect.Value{}, r.many == 0 || r.mayRead(p, at)
		if ok {
			target, ok = r.fresh(p.elem)
		}
		if !ok {
			r.Warn(Place(at), "fewer objects", kindOf(c))
			r.Skip()
			return Absent
		}
		result := r.read(p.elem, target)
		switch {
		case !result.taken():
			r.putBack(target)
		case r.many > 0 && result != Set && p.elem.kind == kindStruct && !r.affords(p.elem):
			r.Warn(Place(at), "fewer objects", kindOf(c))
			r.reuse(target)
			return Absent
		default:
			v.Set(target.Addr())
		}
		return result
	case kindOther:
		return r.other(p, v)
	}
	return r.convert(p, v)
}

// hasMembers reports whether the next value is an object that is not empty, or an
// array of one or a string with what looks like one.
func (r *Reader) hasMembers() bool {
	t := r.tokens[r.next]
	switch r.text[t.start] {
	case '{':
		return int(t.end) > r.next+1
	case '[':
		defer r.Back(r.Here())
		end := int(t.end)
		if r.next++; r.next == end || !r.hasMembers() {
			return false
		}
		r.Skip()
		return r.next == end
	case '"':
		return r.text[t.start+1] == '{' ||
			r.mayBeJSON(t) && bytes.HasPrefix(bytes.TrimLeft(r.unquote(t), " \t\r\n"), []byte("{"))
	default:
		return false
	}
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
				if result.taken() {
					r.Warn(at, p.want, "array")
				}
				return result
			}
		}
		r.Back(at)
	}
	switch {
	case p.kind == kindList:
		return r.single(p, v)
	case p.kind == kindStruct && p.scalar >= 0 && c != '[':
		f := &p.fields[p.scalar]
		result := r.read(f.plan, in(v, f.path))
		if result.taken() {
			r.Warn(at, p.want, kindOf(c))
		}
		r.said = 1
		if result == Set && p.members > 1 {
			return Sparse
		}
		return result
	}
	return r.misfit(p)
}

// mayBeJSON reports whether a string may have an object or array in it, going by its
// first character behind white space.
func (r *Reader) mayBeJSON(t token) bool {
	text := r.text[t.start+1 : t.end]
	for {
		switch c := text[0]; {
		case c == ' ':
			text = text[1:]
		case c == '\\' && (text[1] == 'n' || text[1] == 'r' || text[1] == 't'):
			text = text[2:]
		default:
			return c == '{' || c == '[' || c == '\\' && text[1] == 'u' && text[2] == '0' && text[3] == '0'
		}
	}
}

// unwrap takes an object or array that is sent as JSON in a string. It reports
// false, and has not passed the string by, if there is none in it.
func (r *Reader) unwrap(p *plan, v reflect.Value) (Result, bool) {
	at := Place(r.next)
	inner := r.textAt(at)
	if inner == nil || inner.peek() != '{' && (inner.peek() != '[' || p.kind != kindList) {
		return Absent, false
	}
	inner.times, inner.room, inner.sparse, inner.texts, inner.many, inner.spare = r.times, r.room, r.sparse, r.texts, r.many, r.spare
	result := inner.read(p, v)
	r.room, r.sparse, r.texts, r.said, r.spare = inner.room, inner.sparse, inner.texts, inner.said, inner.spare
	if result == Misfit {
		return Absent, false
	}
	way := make(way)
	for _, w := range inner.warnings {
		if len(r.warnings) < event.MaxWarnings {
			r.warn(warning{at, inner.path(int(w.at), way) + w.below, w.want, w.got})
		}
	}
	r.next++
	if result.taken() {
		r.Warn(at, p.want, "string")
	}
	return result, true
}

// textAt returns a Reader at the beginning of the JSON in the string at a place, or nil.
// It keeps the last one, since what it is may be asked more than once.
func (r *Reader) textAt(at Place) *Reader {
	t := r.tokens[at]
	if !r.mayBeJSON(t) {
		return nil
	}
	if r.within != at {
		if int(t.end-t.start) > r.texts {
			return nil
		}
		r.texts -= int(t.end - t.start)
		if r.inner == nil {
			r.inner = readers.Get().(*Reader)
		}
		r.inner.reset()
		r.within = at
		if r.inner.start(r.unquote(t), maxTextDepth) != nil {
			r.inner.tokens = r.inner.tokens[:0]
		}
	}
	if len(r.inner.tokens) == 0 {
		return nil
	}
	r.inner.next, r.inner.warnings, r.inner.kept = 0, nil, strings.Builder{}
	return r.inner
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
	r.many++
	room, little := r.capacity(p.elem, end)
	v.Set(p.empty)
	v.Grow(room)
	v.SetLen(room)
	n, fewer := 0, false
	for r.next < end {
		says := r.says(p.elem, r.next)
		switch {
		case says == nothing && r.Absent():
			r.Skip()
			continue
		case says == nothing:
			if v, ok := r.fresh(p.elem); ok {
				r.read(p.elem, v) // for its warning
				r.putBack(v)
			} else {
				fewer = true
				r.Skip()
			}
			continue
		case n == room, says == fewMembers && little == 0, p.elem.kind == kindPointer && !r.mayRead(p.elem, r.next):
			fewer = true
			r.Skip()
			continue
		case says == fewMembers:
			little-- // paid for
		}
		element := v.Index(n)
		switch result := r.read(p.elem, element); {
		case !result.taken():
		case result != Set && says == manyMembers && !r.affords(p.elem):
			element.SetZero()
			fewer = true
		default:
			n++
		}
	}
	if fewer {
		r.Warn(at, "fewer elements", "array")
	}
	v.SetLen(n)
	r.next = end + 1
	r.many--
	return Set
}

// What a value may be as an element, going by its form and length.
const (
	nothing     = iota // it says nothing, or it is no object
	fewMembers         // an object that says little
	manyMembers        // an object that may say more
	noObject           // the elements are none
)

// says tells what the value at a token may be as one of p's.
func (r *Reader) says(p *plan, at int) int {
	if p.kind != kindStruct {
		if r.text[r.tokens[at].start] == 'n' {
			return nothing
		}
		return noObject
	}
	for r.text[r.tokens[at].start] == '[' { // an array of one stands for its element
		at++
	}
	t := r.tokens[at]
	members := 0
	switch c := r.text[t.start]; {
	case c == '{':
		members = (int(t.end) - at - 1) / 2
	case c == '"' && r.mayBeJSON(t):
		members = int(t.end-t.start) / len(`\"a\":1,`)
	case c == 'n', c == ']', p.scalar < 0:
		return nothing
	default:
		members = 1
	}
	if members < p.members {
		return fewMembers
	}
	return manyMembers
}

// capacity takes room for the elements of an array, which ends at a token, and returns
// for how many, and how many of them say little: they are paid for. Those that are sure
// to be left out need none.
func (r *Reader) capacity(p *plan, end int) (n, little int) {
	size := max(1, int(p.typ.Size()))
	for at := r.next; at < end && n < r.room/size; at = r.behind(at) {
		switch r.says(p, at) {
		case nothing:
		case fewMembers:
			if r.affords(p) {
				little++
				n++
			}
		default:
			n++
		}
	}
	r.room -= n * size
	return n, little
}

// mayRead reports whether there may be room for what a pointer within an array points to.
func (r *Reader) mayRead(pointer *plan, at int) bool {
	p := pointer.elem
	return p.kind != kindStruct || r.text[r.tokens[at].start] != '{' || r.sparse >= p.charge() || r.says(p, at) == manyMembers
}

// charge is what an object that says little takes of the room for such.
func (p *plan) charge() int { return max(1, min(int(p.typ.Size()), maxSparseRoom/4)) }

// affords takes room for an object that says little, if there is.
func (r *Reader) affords(p *plan) bool {
	if p.charge() > r.sparse {
		return false
	}
	r.sparse -= p.charge()
	return true
}

// single takes any other value as the only element of an array.
func (r *Reader) single(p *plan, v reflect.Value) Result {
	at, before := Place(r.next), len(r.warnings)
	kind := r.Kind()
	size := int(p.elem.typ.Size())
	r.many++
	defer func() { r.many-- }()
	element, ok := r.fresh(p.elem) // not yet the array's: nothing may come of it
	if !ok {
		r.Warn(at, "fewer elements", kind)
		r.Skip()
		return Absent
	}
	result := r.read(p.elem, element)
	switch {
	case result == Misfit:
		r.warnings = r.warnings[:before]
		r.Warn(at, p.want, kind)
	case result.taken() && (size > r.room || result != Set && p.elem.kind == kindStruct && !r.affords(p.elem)):
		r.Warn(at, "fewer elements", kind)
		result = Absent
	case result.taken():
		r.Warn(at, p.want, kind)
		r.room -= size
		v.Grow(1)
		v.SetLen(1)
		v.Index(0).Set(element)
		result = Set
	}
	r.reuse(element)
	return result
}

// fresh returns a new zero value, if there is room for it.
func (r *Reader) fresh(p *plan) (v reflect.Value, ok bool) {
	for i, v := range r.spare {
		if v.IsValid() && v.Type() == p.typ {
			r.spare[i] = reflect.Value{}
			return v, true
		}
	}
	if size := int(p.typ.Size()); r.many > 0 {
		if size > r.room {
			return v, false
		}
		r.room -= size
	}
	return reflect.New(p.typ).Elem(), true
}

// reuse keeps for the next time what fresh has returned and nothing refers to: a value,
// and one that it contains. It forgets the smaller one of those that it has.
func (r *Reader) reuse(v reflect.Value) {
	v.SetZero()
	r.putBack(v)
}

// putBack is reuse for a value that is still zero.
func (r *Reader) putBack(v reflect.Value) {
	slot := &r.spare[0]
	if other := &r.spare[1]; !other.IsValid() || slot.IsValid() && other.Type().Size() < slot.Type().Size() {
		slot = other
	}
	*slot = v
}

// roomOfEntry is about what an entry of a map takes.
const roomOfEntry = 64

// strings takes an object of strings.
func (r *Reader) strings(p *plan, v reflect.Value) Result {
	at := Place(r.next)
	end := int(r.tokens[at].end)
	r.next++
	m := make(map[string]string, min(r.membersFrom(r.next), r.room/roomOfEntry))
	for r.next < end {
		if r.room < roomOfEntry {
			r.Warn(at, "fewer members", "object")
			break
		}
		r.Next()
		r.checkName()
		name, here := r.keep(r.name), Place(r.next)
		had, repeated := m[name]
		r.entry = ""
		switch result := r.read(stringPlan, reflect.ValueOf(&r.entry).Elem()); {
		case result == Set && had != "":
			r.Warn(here, "unique name", "repeated")
		case result == Set, result == Absent && !repeated:
		default:
			continue
		}
		m[name] = r.entry
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
	t, status := r.times.ParseBytes(r.takeText())
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
	at, absent := r.Here(), r.Absent()
	kind := r.Kind()
	converted := false
	var err error
	switch u := v.Addr().Interface().(type) {
	case stdjson.Unmarshaler:
		err = u.UnmarshalJSON(r.take())
	case encoding.TextUnmarshaler:
		if kind == "object" || kind == "array" {
			return r.convert(p, v)
		}
		converted = kind != "string"
		err = u.UnmarshalText(r.takeText())
	default:
		err = stdjson.Unmarshal(r.take(), u)
	}
	if err == nil {
		if converted {
			r.Warn(at, p.want, kind)
		}
		return setOrZero(v)
	}
	v.SetZero()
	if absent {
		return Absent
	}
	r.Back(at)
	return r.misfit(p)
}

// string takes a string.
func (r *Reader) string() string { return r.keep(r.takeText()) }

// takeText takes a string or literal, with a warning if U+FFFD had to stand for
// broken text. The result is good until the Reader is closed.
func (r *Reader) takeText() []byte {
	at := Place(r.next)
	t := r.tokens[at]
	r.next++
	raw := r.text[t.start:t.end]
	if raw[0] != '"' {
		return raw
	}
	if r.plain {
		return raw[1 : len(raw)-1]
	}
	text, whole := r.unquoteAny(raw)
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

// passed passes a value by that was taken into v, with a warning if it was converted.
func (r *Reader) passed(p *plan, v reflect.Value, converted bool) Result {
	if converted {
		r.Warn(Place(r.next), p.want, r.Kind())
	}
	r.Skip()
	return setOrZero(v)
}

func setOrZero(v reflect.Value) Result {
	if v.IsZero() {
		return Zero
	}
	return Set
}

func (r *Reader) kindAt(at Place) string { return kindOf(r.text[r.tokens[at].start]) }

// isLiteral reports whether a number or boolean begins with c.
func isLiteral(c byte) bool { return c != '"' && c != '{' && c != '[' }
