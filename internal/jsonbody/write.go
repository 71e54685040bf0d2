package jsonbody

import (
	stdjson "encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// Append appends v, a struct or a pointer to one, by its tags, as [Unmarshal] reads
// it. Secrets are masked, invisible characters are escaped, and what is not UTF-8
// becomes U+FFFD. On an error it returns dst as it was.
func Append(dst []byte, v any) ([]byte, error) { return writer{}.top(dst, v) }

// AppendClear is Append with secrets in clear, for requests that play the vendor. A
// secret that was masked before stays masked.
func AppendClear(dst []byte, v any) ([]byte, error) { return writer{clear: true}.top(dst, v) }

type writer struct{ clear bool }

func (w writer) top(dst []byte, v any) ([]byte, error) {
	value := reflect.ValueOf(v)
	if value.Kind() != reflect.Pointer || value.IsNil() {
		addressable := reflect.New(value.Type())
		addressable.Elem().Set(value)
		value = addressable
	}
	value = value.Elem()
	out, err := w.append(dst, planOfFields(value.Type()), value)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (w writer) append(dst []byte, p *plan, v reflect.Value) (_ []byte, err error) {
	switch p.kind {
	case kindString, kindText:
		return jsonappend.String(dst, v.String()), nil
	case kindBool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case kindInt:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case kindUint:
		return strconv.AppendUint(dst, v.Uint(), 10), nil
	case kindTime:
		return appendTime(dst, v.Addr().Interface().(*time.Time))
	case kindSecret:
		return w.secret(dst, v.Addr().Interface().(*event.Secret)), nil
	case kindRaw:
		return appendRaw(dst, v.Bytes())
	case kindStruct:
		return w.object(dst, p, v)
	case kindPointer:
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return w.append(dst, p.elem, v.Elem())
	case kindList:
		dst = append(dst, '[')
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = w.append(dst, p.elem, v.Index(i)); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case kindStrings:
		m := v.Interface().(map[string]string)
		dst = append(dst, '{')
		for i, name := range slices.Sorted(maps.Keys(m)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsonappend.String(dst, name), ':')
			dst = jsonappend.String(dst, m[name])
		}
		return append(dst, '}'), nil
	}
	if v.Kind() == reflect.Interface && !v.IsNil() {
		return w.top(dst, v.Interface())
	}
	return jsonappend.Value(dst, v.Addr().Interface()) // methods may have a pointer receiver
}

func (w writer) object(dst []byte, p *plan, v reflect.Value) (_ []byte, err error) {
	dst = append(dst, '{')
	first := len(dst)
	var extra map[string]stdjson.RawMessage
	if p.extra != nil {
		extra = in(v, p.extra).Interface().(map[string]stdjson.RawMessage)
	}
	for i := range p.fields {
		f := &p.fields[i]
		value := in(v, f.path)
		if f.kind == kindPlace || isZero(f.plan, value) && (!f.zero || isIn(extra, f.name)) {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(jsonappend.String(dst, f.name), ':')
		if dst, err = w.append(dst, f.plan, value); err != nil {
			return dst, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if len(extra) == 0 {
		return append(dst, '}'), nil
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		// What did not fit a field has its name. No object is to have it twice.
		if i, ok := p.byName[name]; ok && !isZero(p.fields[i].plan, in(v, p.fields[i].path)) {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(jsonappend.String(dst, name), ':')
		if dst, err = appendRaw(dst, extra[name]); err != nil {
			return dst, fmt.Errorf("%s: %w", jsonappend.Visible(name), err)
		}
	}
	return append(dst, '}'), nil
}

func isIn(m map[string]stdjson.RawMessage, name string) bool {
	_, ok := m[name]
	return ok
}

func isZero(p *plan, v reflect.Value) bool {
	switch p.kind {
	case kindString, kindText:
		return v.Len() == 0
	case kindTime:
		return v.Addr().Interface().(*time.Time).IsZero()
	default:
		return v.IsZero()
	}
}

func (w writer) secret(dst []byte, s *event.Secret) []byte {
	if s.IsZero() {
		return append(dst, "null"...)
	}
	text := s.String()
	if w.clear {
		if value, ok := s.Reveal(); ok {
			text = value
		}
	}
	return jsonappend.String(dst, text)
}

func appendTime(dst []byte, t *time.Time) ([]byte, error) {
	dst, err := t.AppendText(append(dst, '"')) // refuses what RFC 3339 cannot write
	return append(dst, '"'), err
}

// appendRaw appends JSON that somebody may have changed, after a look at it.
func appendRaw(dst []byte, raw stdjson.RawMessage) ([]byte, error) {
	out, err := format(dst, raw)
	if err != nil {
		return dst, err
	}
	return jsonappend.EscapeInvisible(out, len(dst)), nil
}

func format(dst []byte, raw stdjson.RawMessage) ([]byte, error) {
	if raw == nil {
		return append(dst, "null"...), nil
	}
	return jsontext.AppendFormat(dst, []byte(raw), lenient)
}

// A verified vendor may repeat names in what is kept as it is, and send broken
// UTF-8, for which U+FFFD stands.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// Canonical puts raw values into the form in which they come back after having
// been encoded and decoded: without white space, with the shortest strings.
// Numbers keep their digits. Its result shares no memory with raw.
func Canonical(raw stdjson.RawMessage) stdjson.RawMessage {
	if raw == nil {
		return nil
	}
	out, err := format(nil, raw)
	if err != nil {
		return nil
	}
	return out
}
