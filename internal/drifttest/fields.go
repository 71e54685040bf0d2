package drifttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/escapetest"
)

// A Field is a field of a payload struct or of a struct in it, a member that the struct
// keeps and has no field for, an element of an array, or an entry of a map.
type Field struct {
	Path  []string // names as they are tagged; "0" is an element, "key" an entry
	Type  reflect.Type
	Keeps bool // what does not fit is kept

	scalars bool   // but no objects and arrays
	sibling string // another field of the same struct, which holds a string
}

func (f Field) String() string { return "/" + strings.Join(f.Path, "/") }

// Fields returns all fields of a struct type, however deep. Those of a struct that is in
// several places are in the first one alone.
func Fields(t reflect.Type) []Field { return fields(nil, nil, t, make(map[reflect.Type]bool)) }

func fields(all []Field, path []string, t reflect.Type, seen map[reflect.Type]bool) []Field {
	add := func(name string, f Field) {
		f.Path = append(slices.Clone(path), name)
		all = fields(append(all, f), f.Path, f.Type, seen)
	}
	switch {
	case isLeaf(t), t.Kind() == reflect.Struct && seen[t]:
	case t.Kind() == reflect.Pointer:
		return fields(all, path, t.Elem(), seen)
	case t.Kind() == reflect.Slice:
		add("0", Field{Type: t.Elem()})
	case t.Kind() == reflect.Map:
		add("key", Field{Type: t.Elem()})
	case t.Kind() == reflect.Struct:
		seen[t] = true
		tags, extra := tagged(t)
		scalars := keepsScalars(t)
		for _, name := range slices.Sorted(maps.Keys(tags)) {
			tag := tags[name]
			f := Field{Type: tag.typ, Keeps: extra && !holdsSecret(tag.typ), scalars: scalars}
			for other, o := range tags {
				if other != name && o.typ.Kind() == reflect.String {
					f.sibling = max(f.sibling, other) // any, but always the same
				}
			}
			add(name, f)
		}
		if extra && !scalars {
			add(escapetest.Text, Field{Type: reflect.TypeFor[json.RawMessage](), Keeps: true})
		}
	}
	return all
}

type tag struct {
	typ    reflect.Type
	scalar bool // stands for the object
}

// tagged returns the fields of a struct, those of embedded ones among them, and
// whether it keeps what has no field or does not fit.
func tagged(t reflect.Type) (tags map[string]tag, extra bool) {
	tags = make(map[string]tag)
	for f := range fieldsOf(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case options == "embed":
			extra = true
		case f.Anonymous && name == "":
			inner, keeps := tagged(f.Type)
			for name, tag := range inner {
				tags[name] = tag
			}
			extra = extra || keeps
		case name != "-" && f.IsExported():
			if name == "" {
				name = f.Name
			}
			tags[name] = tag{f.Type, f.Tag.Get("accesshook") == "scalar"}
		}
	}
	return tags, extra
}

// keepsScalars reports whether a struct keeps nothing that may have members which
// nobody knows.
func keepsScalars(t reflect.Type) bool {
	for f := range fieldsOf(t) {
		if f.Tag.Get("accesshook") == "misfits" {
			return true
		}
	}
	return false
}

// keeps reports whether a value that does not fit is kept.
func (f Field) keeps(sent any) bool {
	switch sent.(type) {
	case map[string]any, []any:
		return f.Keeps && !f.scalars
	}
	return f.Keeps
}

func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func isLeaf(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[event.Secret](), reflect.TypeFor[json.RawMessage]():
		return true
	}
	return false
}

func holdsSecret(t reflect.Type) bool {
	switch {
	case t == reflect.TypeFor[event.Secret]():
		return true
	case isLeaf(t):
		return false
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice:
		return holdsSecret(t.Elem())
	case t.Kind() == reflect.Struct:
		for f := range fieldsOf(t) {
			if holdsSecret(f.Type) {
				return true
			}
		}
	}
	return false
}

// Object returns JSON in which the field has a value, and nothing else has one but
// its sibling.
func (f Field) Object(value string) string {
	for i, name := range slices.Backward(f.Path) {
		switch {
		case name == "0":
			value = "[" + value + "]"
		case i == len(f.Path)-1 && f.sibling != "":
			value = fmt.Sprintf(`{%q:%s,%q:"sibling"}`, name, value, f.sibling)
		default:
			value = fmt.Sprintf(`{%s:%s}`, escapetest.Quote(name), value)
		}
	}
	return value
}
