// Package secrettest finds secrets in what printers and encoders show of a value.
package secrettest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Verbs are those of fmt, and some that it does not have.
var Verbs = []string{
	"%v", "%+v", "%#v", "%s", "%+s", "%q", "%#q", "%x", "%X", "% x", "%# x", "%d", "%b", "%o", "%O", "%c", "%U",
	"%e", "%g", "%t", "%T", "%p", "%w", "%20v", "%-3.2s", "%!", "%z",
}

// AssertHidden fails if a printer or an encoder shows a secret that v holds, itself
// or in another value: as text, in any notation of its bytes, or as its hash.
func AssertHidden(t testing.TB, v any, secrets ...string) {
	t.Helper()
	var all []string
	for _, secret := range secrets {
		all = append(all, forms(secret)...)
	}
	look := func(text, where, how string) {
		for _, form := range all {
			if strings.Contains(text, form) {
				t.Errorf("%T, %s, %s: shows a secret: %.1000q", v, where, how, text)
				return
			}
		}
	}
	for where, holder := range holders(v) {
		for how, text := range show(holder) {
			look(text, where, how)
		}
	}
	look(walk(v), "itself", "by reflection")
}

type closed struct {
	value any
	list  []any
}

// holders returns values that hold v in ways that differ for fmt: it asks methods of
// what is exported alone.
func holders(v any) map[string]any {
	typed := func(v any) any {
		s := reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(v)), 1, 1)
		s.Index(0).Set(reflect.ValueOf(v))
		return s.Interface()
	}
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	return map[string]any{
		"itself":                v,
		"pointer":               p.Interface(),
		"slice":                 typed(v),
		"slice of pointers":     typed(p.Interface()),
		"map":                   map[string]any{"x": v, "y": p.Interface()},
		"exported field":        struct{ X any }{v},
		"unexported fields":     closed{v, []any{v, p.Interface()}},
		"pointer to unexported": &closed{v, []any{typed(v)}},
	}
}

func show(v any) map[string]string {
	texts := make(map[string]string)
	for _, verb := range Verbs {
		texts[verb] = fmt.Sprintf(verb, v)
		texts["error with "+verb] = fmt.Errorf("failed: "+verb, v).Error()
	}
	texts["Println"] = fmt.Sprintln(v)
	encoders := map[string]func(*bytes.Buffer) error{
		"json": func(b *bytes.Buffer) error { return json.NewEncoder(b).Encode(v) },
		"xml":  func(b *bytes.Buffer) error { return xml.NewEncoder(b).Encode(v) },
		"gob":  func(b *bytes.Buffer) error { return gob.NewEncoder(b).Encode(v) },
		"slog text": func(b *bytes.Buffer) error {
			slog.New(slog.NewTextHandler(b, nil)).With("a", v).Info("x", "b", v, slog.Group("g", "c", v))
			return nil
		},
		"slog JSON": func(b *bytes.Buffer) error {
			slog.New(slog.NewJSONHandler(b, nil)).With("a", v).Info("x", "b", v, slog.Group("g", "c", v))
			return nil
		},
	}
	for name, encode := range encoders {
		var b bytes.Buffer
		err := encode(&b)
		texts[name] = b.String() + fmt.Sprint(err)
	}
	return texts
}

// forms returns how a secret may be written. Its hash stands for it where it is weak.
func forms(secret string) []string {
	sum := sha256.Sum256([]byte(secret))
	list := []string{secret}
	for _, b := range [][]byte{[]byte(secret), sum[:]} {
		quoted, _ := json.Marshal(string(b))
		list = append(list,
			hex.EncodeToString(b), fmt.Sprintf("%X", b), fmt.Sprintf("% x", b), fmt.Sprintf("% X", b), fmt.Sprintf("%# x", b),
			strings.Trim(fmt.Sprint(b), "[]"), strings.Trim(fmt.Sprintf("%#v", b), "[]byte{}"),
			base64.RawStdEncoding.EncodeToString(b), strings.Trim(string(quoted), `"`), strings.Trim(fmt.Sprintf("%q", b), `"`))
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// walk writes all that reflection reaches from v, through pointers and unexported
// fields, as printers of test failures do.
func walk(v any) string {
	var out strings.Builder
	seen := make(map[uintptr]bool)
	var visit func(v reflect.Value)
	visit = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			out.WriteString(v.String() + "\n")
		case reflect.Pointer:
			if !v.IsNil() && !seen[v.Pointer()] {
				seen[v.Pointer()] = true
				visit(v.Elem())
			}
		case reflect.Interface:
			visit(v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				visit(v.Field(i))
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				visit(key)
				visit(v.MapIndex(key))
			}
		case reflect.Slice, reflect.Array:
			switch v.Type().Elem().Kind() {
			case reflect.Uint8, reflect.Uint32: // words as ciphers hold their keys
				var little, big []byte
				for i := range v.Len() {
					word := v.Index(i).Uint()
					if v.Type().Elem().Size() == 1 {
						little = append(little, byte(word))
						continue
					}
					little = binary.LittleEndian.AppendUint32(little, uint32(word))
					big = binary.BigEndian.AppendUint32(big, uint32(word))
				}
				fmt.Fprintf(&out, "%x %s %x\n", little, little, big)
				return
			}
			for i := range v.Len() {
				visit(v.Index(i))
			}
		default: // neither functions nor numbers
		}
	}
	visit(reflect.ValueOf(v))
	return out.String()
}
