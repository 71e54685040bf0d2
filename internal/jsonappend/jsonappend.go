// Package jsonappend appends values to JSON as encoding/json writes them with
// SetEscapeHTML(false), but for two things. Invisible characters are written as escapes:
// control characters with DEL and U+0080 to U+009F, line separators, and all that turns
// text round or has no width. They could change what a terminal or a browser shows. And
// U+FFFD stands for each byte that is not UTF-8, also in a MarshalJSON's result.
//
// It is faster than encoding/json for strings, and for JSON that is known to be valid.
//
// It imports no other package of this module, so that package event can use it.
package jsonappend

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"
)

// An Appender appends the JSON that its MarshalJSON returns. Its result is ignored if it
// returns an error.
type Appender interface {
	AppendJSON(dst []byte) ([]byte, error)
}

// Value appends v. On an error it returns dst unchanged.
//
// A value whose type was declared by [Trust] encodes itself, directly into dst if it is
// an [Appender].
func Value(dst []byte, v any) ([]byte, error) {
	if trusted(v) {
		if b, err := appendTrusted(dst, v); err == nil {
			return b, nil
		}
		// the error of encoding/json says best what is wrong
	}
	return encode(dst, v)
}

func appendTrusted(dst []byte, v any) ([]byte, error) {
	if a, ok := v.(Appender); ok {
		return a.AppendJSON(dst)
	}
	text, err := v.(json.Marshaler).MarshalJSON()
	return append(dst, text...), err
}

func encode(dst []byte, v any) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return dst, err
	}
	return EscapeInvisible(bytes.TrimSuffix(b.Bytes(), []byte("\n")), len(dst)), nil
}

var compact sync.Map // of reflect.Type

// Trust declares types by a value of each, which must be a pointer. Their MarshalJSON,
// and AppendJSON if they have one, must return valid JSON without white space between
// tokens and without invisible characters: [Value] does not look at it. Each declared
// type needs a test of that.
func Trust(vs ...json.Marshaler) {
	for _, v := range vs {
		t := reflect.TypeOf(v)
		if t.Kind() != reflect.Pointer {
			panic("jsonappend: " + t.String() + " is not a pointer")
		}
		compact.Store(t, true)
	}
}

// trusted reports whether the type of v was declared by Trust, and v is not nil.
func trusted(v any) bool {
	if v == nil {
		return false
	}
	_, ok := compact.Load(reflect.TypeOf(v))
	return ok && !reflect.ValueOf(v).IsNil()
}
