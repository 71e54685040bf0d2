// Package jsonappend appends to JSON text what encoding/json would write with
// SetEscapeHTML(false), without the detours that encoding/json takes for a text
// that needs no escaping and for JSON that is known to be good.
//
// From Go 1.27 on encoding/json escapes U+2028 and U+2029 in what a MarshalJSON
// returned, and [Value] does not for a type that was declared by [Trust]: both are
// the same to a reader.
//
// It imports no other package of this module, so that package event may use it.
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
	if !plain(s) {
		dst, _ = encode(dst, s) // a string never fails
		return dst
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// plain reports whether s stands for itself between quotes.
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

// Value appends v. On an error it returns dst as it was.
func Value(dst []byte, v any) ([]byte, error) {
	if m, ok := trusted(v); ok {
		if text, err := m.MarshalJSON(); err == nil {
			return append(dst, text...), nil
		}
		// encoding/json says best what is wrong
	}
	return encode(dst, v)
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

// Trust declares that MarshalJSON of the types of vs, which are pointers, writes
// nothing but valid JSON without white space between its tokens: [Value] takes it
// as it is, while encoding/json would read all of it to make sure. What it
// declares must have a test.
func Trust(vs ...json.Marshaler) {
	for _, v := range vs {
		t := reflect.TypeOf(v)
		if t.Kind() != reflect.Pointer {
			panic("jsonappend: " + t.String() + " is not a pointer")
		}
		compact.Store(t, true)
	}
}

// trusted returns v if its type was declared and it is not nil.
func trusted(v any) (json.Marshaler, bool) {
	m, ok := v.(json.Marshaler)
	if !ok {
		return nil, false
	}
	if _, ok := compact.Load(reflect.TypeOf(v)); !ok {
		return nil, false
	}
	return m, !reflect.ValueOf(v).IsNil()
}
