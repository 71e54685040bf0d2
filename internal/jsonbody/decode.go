package jsonbody

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accesshook/accesshook/event"
)

// What may be repaired in one body is bounded by count and by work: each repair
// decodes the whole value again.
const (
	maxRepairs     = 100
	maxRepairBytes = 8 << 20
)

// A budget is what is left of that.
type budget struct{ repairs, bytes int }

func newBudget() budget { return budget{maxRepairs, maxRepairBytes} }

// spend takes one repair of a value of n bytes, if there is as much.
func (b *budget) spend(n int) bool {
	b.repairs--
	b.bytes -= n
	return b.repairs >= 0 && b.bytes >= 0
}

// A verified vendor may repeat names and send broken UTF-8: the last value
// counts (objects of one name are merged), broken bytes become U+FFFD.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// Unmarshal decodes body, a JSON object, into the struct that v points to. Names
// are matched exactly, null leaves a field zero.
//
// A value that does not fit its field costs that field only and adds a warning:
// it is replaced by null in a copy, which is decoded again. The happy path pays
// nothing for that. After a hundred such values, or 8 MiB of decoding again, it
// gives up: v is zero, and a warning says so. Maps must have string keys, and
// fixed-size arrays are not for it. Times in the other forms of [ParseTime] are accepted, zone-less
// ones as UTC; an empty string is taken for an absent value of any type.
func Unmarshal(body []byte, v any) ([]event.Warning, error) {
	b := newBudget()
	return b.unmarshal(body, v)
}

func (b *budget) unmarshal(body []byte, v any) ([]event.Warning, error) {
	body, err := Object(body)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(body, v, lenient)
	if err == nil {
		return nil, nil
	}
	return b.repair(body, v, err)
}

func (b *budget) repair(body []byte, v any, err error) ([]event.Warning, error) {
	var warnings []event.Warning
	body = slices.Clone(body)
	for {
		misfit, ok := errors.AsType[*json.SemanticError](err)
		if !ok {
			return nil, ErrSyntax
		}
		reflect.ValueOf(v).Elem().SetZero()
		start, end, ok := valueAt(body, int(misfit.ByteOffset))
		if !ok || !b.spend(len(body)) {
			return Warn(warnings, "", "documented types", "object"), nil
		}
		value := body[start:end]
		replacement := []byte("null")
		if t, ok := otherTime(value, misfit.GoType); ok {
			replacement = t
		} else if string(value) != `""` {
			warnings = Warn(warnings, string(misfit.JSONPointer), want(misfit.GoType), Kind(value))
		}
		if bytes.Equal(value, replacement) {
			return Warn(warnings, "", "documented types", "object"), nil
		}
		body = slices.Replace(body, start, end, replacement...)
		if err = json.Unmarshal(body, v, lenient); err == nil {
			return warnings, nil
		}
	}
}

// Warn appends a warning, up to the number that an event may carry.
func Warn(w []event.Warning, path, want, got string) []event.Warning {
	if len(w) == event.MaxWarnings {
		return w
	}
	const maxPath = 256 // names come from the body: keep them short
	if len(path) > maxPath {
		path = strings.ToValidUTF8(path[:maxPath], "")
	}
	return append(w, event.Warning{Path: path, Want: want, Got: got})
}

// valueAt returns where the value at offset begins and ends.
func valueAt(body []byte, offset int) (start, end int, ok bool) {
	if offset < 0 || offset >= len(body) {
		return 0, 0, false
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(body[offset:]), lenient)
	value, err := dec.ReadValue()
	if err != nil {
		return 0, 0, false
	}
	end = offset + int(dec.InputOffset())
	return end - len(value), end, true
}

var timeType = reflect.TypeFor[time.Time]()

func otherTime(value []byte, target reflect.Type) ([]byte, bool) {
	if target != timeType || value[0] != '"' {
		return nil, false
	}
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return nil, false
	}
	t, ok := ParseTime(string(text), time.UTC)
	if !ok {
		return nil, false
	}
	return t.AppendFormat(nil, `"`+time.RFC3339Nano+`"`), true
}

var (
	secretType = reflect.TypeFor[event.Secret]()
	textType   = reflect.TypeFor[event.Text]()
)

// want names the JSON kind that a Go type is decoded from.
func want(t reflect.Type) string {
	if t == nil {
		return "another type"
	}
	switch t {
	case timeType:
		return "time"
	case secretType, textType:
		return "string"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map, reflect.Pointer:
		return "object"
	default:
		return "number"
	}
}

// Kind names the JSON kind of a value.
func Kind(value []byte) string {
	if len(value) == 0 {
		return "nothing"
	}
	switch value[0] {
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
