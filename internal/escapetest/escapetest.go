// Package escapetest finds invisible characters in what encoders and log handlers write,
// which should be escapes.
package escapetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text has invisible characters of each kind, among visible ones: control, bidirectional,
// line-separating, of no width, and tags. It has no quotes, backslashes and slashes, and
// no character that attributes of CloudEvents forbid but control characters.
const Text = "\u009b2J\u202egnp\u2028\u0085\u007f" +
	"\x1b[31mø\t\n\u0080\u009f\u00ad\u034f\u061c\u200b\u200d\u200e\u200f\u2029\u202a\u202d" +
	"\u2060\u2066\u2069\u3164\ufe0f\ufeff漢\ufff9\U0001d173😀\U000e0000\U000e0041\U000e0100"

// Invisible reports whether r must be escaped, by the tables of Unicode.
func Invisible(r rune) bool {
	if ' ' <= r && r <= '~' { // which takes the tables longer
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Escape returns JSON with escapes in place of invisible characters, and U+FFFD in place
// of each byte that is not UTF-8.
func Escape[T ~string | ~[]byte](json T) string {
	var b strings.Builder
	for _, r := range string(json) {
		if !Invisible(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// AssertEscaped fails if encoded has an invisible character as it is, but for line feeds
// at its end, or is not UTF-8.
func AssertEscaped[T ~string | ~[]byte](t testing.TB, encoded T) {
	t.Helper()
	text := strings.TrimRight(string(encoded), "\n")
	if i := strings.IndexFunc(text, Invisible); i >= 0 {
		t.Errorf("not escaped at %d: %.40q in %.4000q", i, text[i:], text)
	}
	if !utf8.ValidString(text) {
		t.Errorf("not UTF-8: %.4000q", text)
	}
}

// Quote returns text as a JSON string, with no more escapes than JSON wants.
func Quote(text string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // never fails
	return strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029", "\n", "").Replace(b.String())
}

// Fill puts Text into every string that v, a pointer, can hold: in fields of structs,
// elements of arrays, and keys and values of maps. It returns how many there are.
func Fill(v any) (n int) { return fill(reflect.ValueOf(v).Elem(), 0) }

func fill(v reflect.Value, depth int) (n int) {
	const deepest = 12 // a type may hold itself
	if depth++; depth > deepest {
		return 0
	}
	if v.Type() == reflect.TypeFor[json.RawMessage]() {
		v.SetBytes([]byte(`{` + Quote(Text) + `:[` + Quote(Text) + `]}`))
		return 2
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(Text)
		return 1
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				n += fill(v.Field(i), depth)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			full := reflect.MakeSlice(v.Type(), 1, 1)
			if n = fill(full.Index(0), depth); n > 0 {
				v.Set(full)
			}
		}
	case reflect.Pointer:
		full := reflect.New(v.Type().Elem())
		if n = fill(full.Elem(), depth); n > 0 {
			v.Set(full)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		n = fill(key, depth) + fill(value, depth)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default: // numbers, booleans, interfaces
	}
	return n
}
