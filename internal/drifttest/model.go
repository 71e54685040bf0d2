package drifttest

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/timestamp"
)

// A fate is what becomes of a value.
type fate int

const (
	nothing   fate = iota // it says nothing
	fits                  // it is of the documented type
	converted             // it was converted, wholly or in part, and there is a warning
	misfit                // it could not be converted, and there is a warning
)

// model says what a value is to become in a field of type t, as it is encoded again.
// It is written after the documentation of verify.Unmarshal, not after the decoder.
func model(t reflect.Type, sent any) (want any, _ fate) {
	if t == reflect.TypeFor[json.RawMessage]() {
		return sent, fits
	}
	if sent == nil || sent == "" {
		return nil, nothing
	}
	if t.Kind() == reflect.Pointer {
		return model(t.Elem(), sent)
	}
	isObject := isObjectType(t)
	switch v := sent.(type) {
	case map[string]any:
		if isObject {
			return object(t, v)
		}
	case []any:
		if t.Kind() == reflect.Slice {
			return list(t, v)
		}
		if len(v) == 1 { // an array of one for its element
			want, f := model(t, v[0])
			return want, drifted(f)
		}
		return nil, misfit
	case string:
		if isObject || t.Kind() == reflect.Slice { // JSON in a string
			if inner, err := parse([]byte(v)); err == nil {
				_, isMap := inner.(map[string]any)
				_, isArray := inner.([]any)
				if isMap && (isObject || isObjectType(t.Elem())) || isArray && !isObject {
					want, f := model(t, inner)
					return want, drifted(f)
				}
			}
		}
	}
	switch {
	case t.Kind() == reflect.Slice: // one value for an array
		want, f := model(t.Elem(), sent)
		if f == nothing || f == misfit {
			return nil, f
		}
		return []any{want}, converted
	case isObject:
		return standIn(t, sent)
	}
	return scalar(t, sent)
}

func isObjectType(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !isLeaf(t) || t.Kind() == reflect.Map
}

// drifted is the fate of a value that is wrapped in something undocumented.
func drifted(inner fate) fate {
	if inner == fits {
		return converted
	}
	return inner
}

func object(t reflect.Type, sent map[string]any) (any, fate) {
	want, all := make(map[string]any), nothing
	if t.Kind() == reflect.Map {
		for name, v := range sent {
			v, f := model(t.Elem(), v)
			all = max(all, f)
			if f != misfit {
				want[name] = v
			}
		}
		return want, min(max(all, fits), converted)
	}
	tags, extra := tagged(t)
	for name, v := range sent {
		name = fold(tags, name)
		tag, ok := tags[name]
		if !ok && extra {
			want[name], all = v, max(all, fits)
		}
		if !ok {
			continue
		}
		w, f := model(tag.typ, v)
		all = max(all, f)
		if f == misfit && extra && !holdsSecret(tag.typ) {
			w = v
		}
		want[name] = w
	}
	return want, min(all, converted)
}

// fold returns the name of a field that differs in letter case alone, or else name.
func fold(tags map[string]tag, name string) string {
	if _, ok := tags[name]; ok {
		return name
	}
	for tag := range tags {
		if lower(tag) == lower(name) {
			return tag
		}
	}
	return name
}

func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func list(t reflect.Type, sent []any) (any, fate) {
	want, all := []any{}, fits
	for _, v := range sent {
		v, f := model(t.Elem(), v)
		all = max(all, f)
		if f == fits || f == converted {
			want = append(want, v)
		}
	}
	return want, min(all, converted)
}

// standIn is for a scalar in place of an object.
func standIn(t reflect.Type, sent any) (any, fate) {
	if t.Kind() == reflect.Struct {
		tags, _ := tagged(t)
		for name, tag := range tags {
			if tag.scalar {
				w, f := model(tag.typ, sent)
				return map[string]any{name: w}, drifted(f)
			}
		}
	}
	return nil, misfit
}

// scalar is for a string, a number or a boolean in the place of another.
func scalar(t reflect.Type, sent any) (any, fate) {
	text, natural := "", fits
	switch v := sent.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case bool:
		text = strconv.FormatBool(v)
	default:
		return nil, misfit
	}
	_, isString := sent.(string)
	if !isString {
		natural = converted
	}
	trimmed := strings.TrimSpace(text)
	switch t {
	case reflect.TypeFor[event.Text]():
		return text, fits
	case reflect.TypeFor[event.Secret]():
		return "[redacted]", natural
	case reflect.TypeFor[time.Time]():
		var times timestamp.Format
		switch at, status := times.Parse(text); {
		case status == timestamp.Unreadable:
			return nil, misfit
		case at.IsZero():
			return nil, nothing
		default:
			b, _ := at.MarshalText()
			return string(b), natural
		}
	}
	switch t.Kind() {
	case reflect.String:
		return text, natural
	case reflect.Bool:
		switch strings.ToLower(trimmed) {
		case "true", "1":
			return true, fateOf(text, "true", isString)
		case "false", "0":
			return false, fateOf(text, "false", isString)
		}
	case reflect.Int64:
		if n, ok := integer(trimmed); ok {
			return json.Number(n), fateOf(text, n, isString)
		}
	}
	return nil, misfit
}

func fateOf(text, natural string, isString bool) fate {
	if isString || text != natural {
		return converted
	}
	return fits
}

func integer(text string) (string, bool) {
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		if e, err := strconv.Atoi(text[i+1:]); err != nil || e < -1000 || e > 1000 {
			return "0", err == nil && strings.Trim(text[:i], "-0.") == "" // others would take long to compute
		}
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok || !exact.IsInt() || !exact.Num().IsInt64() {
		return "", false
	}
	return exact.Num().String(), true
}
