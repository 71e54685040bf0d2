package jsonbody

import (
	"encoding"
	stdjson "encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/accesshook/accesshook/event"
)

// A kind is how a Go type is read and written.
type kind uint8

const (
	kindString  kind = iota // of any string type
	kindText                // event.Text: a string for which numbers and booleans are documented
	kindBool                //
	kindInt                 // of any size
	kindUint                //
	kindFloat               //
	kindTime                //
	kindSecret              //
	kindRaw                 // encoding/json.RawMessage
	kindPlace               //
	kindStruct              //
	kindPointer             // to anything
	kindList                // slice
	kindStrings             // map[string]string
	kindOther               // what encoding/json and the type's own methods make of it
)

// A plan is how a type is read and written, found out once.
type plan struct {
	kind kind
	want string // what warnings call it
	typ  reflect.Type
	elem *plan // of a pointer or slice

	empty reflect.Value // slice

	// Of a struct:
	fields  []field
	after   []atomic.Uint32 // the field that came last time behind each, from none on
	byName  map[string]int  // names as they are tagged
	folded  map[string]int  // in lower case, without those that are equal then
	leaves  int             // fields, with those of structs that are fields
	members int             // with fewer, an object says little; see bytesPerMember
	scalar  int             // the field that stands for a scalar in place of the object, or -1
	extra   []int           // path to the map of the members that no field is for; nil without
	strict  bool            // extra holds strings and literals that did not fit, and nothing that has unknown members
}

type field struct {
	*plan
	name   string
	path   []int // of indexes, through embedded structs
	zero   bool  // written although it is zero
	secret bool  // what does not fit must not be kept
}

// maxFields is how many fields a struct may have: a [seen] has a bit for each.
const maxFields = 256

// plans are cached by reflect.Type.
var plans sync.Map

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	building := make(map[reflect.Type]*plan)
	p := build(t, building)
	for t, p := range building {
		plans.LoadOrStore(t, p)
	}
	return p
}

// ownPlans are of structs that have methods of their own for JSON.
var ownPlans sync.Map

// planOfFields is planOf without a look at the methods of t itself: they may be what
// calls this package.
func planOfFields(t reflect.Type) *plan {
	p := planOf(t)
	if p.kind != kindOther || t.Kind() != reflect.Struct {
		return p
	}
	if p, ok := ownPlans.Load(t); ok {
		return p.(*plan)
	}
	p = &plan{typ: t, scalar: -1}
	p.ofStruct(make(map[reflect.Type]*plan))
	own, _ := ownPlans.LoadOrStore(t, p)
	return own.(*plan)
}

var (
	timeType    = reflect.TypeFor[time.Time]()
	secretType  = reflect.TypeFor[event.Secret]()
	textType    = reflect.TypeFor[event.Text]()
	rawType     = reflect.TypeFor[stdjson.RawMessage]()
	placeType   = reflect.TypeFor[Place]()
	stringsType = reflect.TypeFor[map[string]string]()
	extraType   = reflect.TypeFor[map[string]stdjson.RawMessage]()
)

// build makes a plan. It panics for a struct whose tags contradict each other:
// that is a mistake of the program.
func build(t reflect.Type, building map[reflect.Type]*plan) *plan {
	if p, ok := building[t]; ok {
		return p
	}
	p := &plan{typ: t, scalar: -1}
	building[t] = p
	switch t {
	case timeType:
		p.kind, p.want = kindTime, "time"
	case secretType:
		p.kind, p.want = kindSecret, "string"
	case textType:
		p.kind, p.want = kindText, "string"
	case rawType:
		p.kind, p.want = kindRaw, "JSON"
	case placeType:
		p.kind, p.want = kindPlace, "JSON"
	case stringsType:
		p.kind, p.want = kindStrings, "object"
	default:
		p.ofKind(building)
	}
	return p
}

func (p *plan) ofKind(building map[reflect.Type]*plan) {
	if pointer := reflect.PointerTo(p.typ); pointer.Implements(reflect.TypeFor[stdjson.Unmarshaler]()) ||
		pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		p.kind, p.want = kindOther, "value of "+p.typ.String()
		return
	}
	switch p.typ.Kind() {
	case reflect.String:
		p.kind, p.want = kindString, "string"
	case reflect.Bool:
		p.kind, p.want = kindBool, "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.kind, p.want = kindInt, "integer"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		p.kind, p.want = kindUint, "integer"
	case reflect.Float32, reflect.Float64:
		p.kind, p.want = kindFloat, "number"
	case reflect.Pointer:
		p.kind, p.elem = kindPointer, build(p.typ.Elem(), building)
		p.want = p.elem.want
	case reflect.Slice:
		if p.typ.Elem().Kind() == reflect.Uint8 { // base64 for encoding/json
			p.kind, p.want = kindOther, "base64"
			return
		}
		p.kind, p.want, p.elem = kindList, "array", build(p.typ.Elem(), building)
		p.empty = reflect.MakeSlice(p.typ, 0, 0)
	case reflect.Struct:
		p.ofStruct(building)
	default:
		p.kind, p.want = kindOther, "value of "+p.typ.String()
	}
}

func (p *plan) ofStruct(building map[reflect.Type]*plan) {
	p.kind, p.want = kindStruct, "object"
	p.byName, p.folded = make(map[string]int), make(map[string]int)
	twice := make(map[string]int)
	p.addFields(p.typ, nil, twice, building)
	for name, depth := range twice {
		if len(p.fields[p.byName[name]].path) == depth {
			panic(fmt.Sprintf("jsonbody: %s has two fields %q", p.typ, name))
		}
	}
	p.fold()
	for _, f := range p.fields {
		p.leaves += max(1, f.leaves)
	}
	p.members = max(1, min(int(p.typ.Size())/bytesPerMember, p.leaves))
	p.after = make([]atomic.Uint32, len(p.fields)+1)
}

// addFields adds the fields of t, which is p's type or embedded in it. It notes in twice
// the names that two fields have, with the length of their paths: they are a mistake,
// unless there is an outer one.
func (p *plan) addFields(t reflect.Type, path []int, twice map[string]int, building map[reflect.Type]*plan) {
	for i := range t.NumField() {
		f := t.Field(i)
		path := append(slices.Clone(path), i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-":
			continue
		case f.Anonymous && f.Type.Kind() == reflect.Struct && name == "":
			p.addFields(f.Type, path, twice, building)
			continue
		case f.Anonymous && f.Type.Kind() == reflect.Pointer && name == "":
			panic(fmt.Sprintf("jsonbody: %s embeds a pointer", p.typ))
		case !f.IsExported():
			continue
		case slices.Contains(strings.Split(options, ","), "embed"):
			if f.Type != extraType {
				panic(fmt.Sprintf("jsonbody: %s.%s is no %s", p.typ, f.Name, extraType))
			}
			p.extra, p.strict = path, f.Tag.Get("accesshook") == "misfits"
			continue
		case name == "":
			name = f.Name
		}
		at, ok := p.byName[name]
		switch {
		case !ok:
			at = len(p.fields)
			p.fields = append(p.fields, field{})
		case len(p.fields[at].path) < len(path): // the outer one counts
			continue
		case len(p.fields[at].path) == len(path):
			twice[name] = len(path)
		}
		if len(p.fields) > maxFields {
			panic(fmt.Sprintf("jsonbody: %s has more than %d fields", p.typ, maxFields))
		}
		p.byName[name] = at
		if f.Tag.Get("accesshook") == "scalar" {
			p.scalar = at
		}
		omit := strings.Contains(options, "omitzero") || strings.Contains(options, "omitempty")
		p.fields[at] = field{
			plan: build(f.Type, building), name: name, path: path, zero: !omit,
			secret: hasSecret(f.Type, make(map[reflect.Type]bool)),
		}
	}
}

// hasSecret reports whether a value of type t may hold a secret.
func hasSecret(t reflect.Type, looked map[reflect.Type]bool) bool {
	if looked[t] {
		return false
	}
	looked[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return hasSecret(t.Elem(), looked)
	case reflect.Struct:
		if t == secretType {
			return true
		}
		for i := range t.NumField() {
			if hasSecret(t.Field(i).Type, looked) {
				return true
			}
		}
	}
	return false
}

// fold prepares for names in another letter case. Names that differ only in that
// are found as they are tagged alone.
func (p *plan) fold() {
	times := make(map[string]int)
	for _, f := range p.fields {
		times[strings.ToLower(f.name)]++
	}
	for i, f := range p.fields {
		if low := strings.ToLower(f.name); times[low] == 1 {
			p.folded[low] = i
		}
	}
}

// lastBehind returns the index of the field of the member that came last time behind
// that of another field, of which behind is the index, or first, if that is -1.
func (p *plan) lastBehind(behind int) int { return int(p.after[behind+1].Load()) }

// find returns the index of the field for a member's name, or -1. behind is for
// lastBehind.
func (p *plan) find(name []byte, behind int) int {
	if i, ok := p.byName[string(name)]; ok {
		p.after[behind+1].Store(uint32(i))
		return i
	}
	var low [64]byte
	if len(name) > len(low) {
		return -1
	}
	n := copy(low[:], name)
	for i, c := range low[:n] {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	if i, ok := p.folded[string(low[:n])]; ok {
		return i
	}
	return -1
}

// in returns the field at path in v.
func in(v reflect.Value, path []int) reflect.Value {
	for _, i := range path {
		v = v.Field(i)
	}
	return v
}

// seen is a bit for each field of a struct that has had a value.
type seen [maxFields / 64]uint64

func (s *seen) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s *seen) set(i int)      { s[i/64] |= 1 << (i % 64) }
