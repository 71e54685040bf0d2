// Package jsonappend appends values to JSON as encoding/json writes them with
// SetEscapeHTML(false). It is faster for strings that need no escaping, and for JSON that
// is known to be valid.
//
// From Go 1.27 on encoding/json escapes U+2028 and U+2029 in the result of a MarshalJSON.
// [Value] does not for a type that was declared by [Trust]. Both mean the same to a
// reader.
//
// It imports no other package of this module, so that package event can use it.
package jsonappend

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"
)

// String appends s as a JSON string.
func String(dst []byte, s string) []byte {
	dst = append(dst, '"')
	return append(Escaped(dst, s), '"')
}

// Escaped appends s as it is written between the quotes of a JSON string.
func Escaped(dst []byte, s string) []byte {
	if plain(s) {
		return append(dst, s...)
	}
	before := len(dst)
	dst, _ = encode(dst, s) // a string never fails
	return append(dst[:before], dst[before+1:len(dst)-1]...)
}

// plain reports whether s needs no escaping.
func plain(s string) bool {
	ascii := true
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c == '"', c == '\\':
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return ascii || utf8.ValidString(s) && !strings.Contains(s, "\u2028") && !strings.Contains(s, "\u2029")
}

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
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

var compact sync.Map // of reflect.Type

// Trust declares types by a value of each, which must be a pointer. Their MarshalJSON,
// and AppendJSON if they have one, must return valid JSON without white space between
// tokens: [Value] does not check it, as encoding/json does. Each declared type needs a
// test of that.
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
