package jsonbody_test

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/internal/timestamp"
)

// A plain struct is read and written alike by all JSON packages.
type plain struct {
	String  string             `json:"string,omitzero"`
	Named   named              `json:"named,omitzero"`
	Bool    bool               `json:"bool,omitzero"`
	Int     int                `json:"int,omitzero"`
	Int8    int8               `json:"int8,omitzero"`
	Int64   int64              `json:"int64,omitzero"`
	Uint16  uint16             `json:"uint16,omitzero"`
	Uint64  uint64             `json:"uint64,omitzero"`
	Float32 float32            `json:"float32,omitzero"`
	Float64 float64            `json:"float64,omitzero"`
	Time    time.Time          `json:"time,omitzero"`
	Raw     stdjson.RawMessage `json:"raw,omitzero"`
	Struct  city               `json:"struct"`
	Pointer *city              `json:"pointer,omitzero"`
	Number  *int               `json:"number,omitzero"`
	Strings []string           `json:"strings,omitzero"`
	Floats  []float64          `json:"floats,omitzero"`
	Times   []time.Time        `json:"times,omitzero"`
	Structs []city             `json:"structs,omitzero"`
	Points  []*city            `json:"points,omitzero"`
	Lists   [][]int            `json:"lists,omitzero"`
	ByName  map[string]string  `json:"byName,omitzero"`
	Any     any                `json:"any,omitzero"`
	Counts  map[string]int     `json:"counts,omitzero"`
	Self    *plain             `json:"self,omitzero"`
	embedded
}

// fill makes a value of any kind.
func fill(random *rand.Rand, v reflect.Value, depth int) {
	text := func() string {
		alphabet := []rune("abcdefghijklmnopqrstuvwxyz \"\\/\n\t<&>\u0000\u007f\u2028äß漢😀\ufffd{}[]:,")
		text := make([]rune, 1+random.IntN(12))
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		return string(text)
	}
	var into any
	if v.CanInterface() { // not the embedded struct
		into = v.Addr().Interface()
	}
	switch x := into.(type) {
	case *time.Time:
		*x = time.Unix(random.Int64N(250_000_000_000), random.Int64N(1e9)).UTC()
		return
	case *stdjson.RawMessage:
		*x = stdjson.RawMessage([]string{`1`, `"a"`, `""`, `[1,null,{"a":[]}]`, `{"b":1.50}`, `true`, `{}`}[random.IntN(7)])
		return
	case *any:
		*x = []any{"text", 1.5, true, []any{"a", nil}, map[string]any{"a": 1.0, "b": nil}}[random.IntN(5)]
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text())
	case reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int64:
		v.SetInt(int64(random.Uint64()) >> random.IntN(64))
	case reflect.Uint16, reflect.Uint64:
		v.SetUint(random.Uint64() >> random.IntN(64))
	case reflect.Float32:
		v.SetFloat(float64(math.Float32frombits(random.Uint32() & 0xbf7fffff)))
	case reflect.Float64:
		v.SetFloat(math.Float64frombits(random.Uint64() & 0xbfefffffffffffff))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(random, v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), random.IntN(4), 4))
		for i := range v.Len() {
			fill(random, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range random.IntN(4) {
			value := reflect.New(v.Type().Elem()).Elem()
			fill(random, value, depth+1)
			v.SetMapIndex(reflect.ValueOf(text()), value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if random.IntN(3) > 0 && (depth < 3 || v.Type().Field(i).Name != "Self") {
				fill(random, v.Field(i), depth+1)
			}
		}
	}
}

// What other JSON packages write of a struct is read without a warning, and gives the
// same struct, and so is what is written of it here.
func TestOtherEncodersAreRead(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	for range 3000 {
		var want plain
		fill(random, reflect.ValueOf(&want).Elem(), 0)
		for name, encode := range map[string]func() ([]byte, error){
			"encoding/json": func() ([]byte, error) { return stdjson.Marshal(&want) },
			"v2":            func() ([]byte, error) { return json.Marshal(&want) },
			"here":          func() ([]byte, error) { return jsonbody.Append(nil, &want) },
			"here, a value": func() ([]byte, error) { return jsonbody.Append(nil, want) },
		} {
			body, err := encode()
			require.NoError(t, err)
			var got plain
			warnings, err := jsonbody.Unmarshal(body, &got)
			require.NoError(t, err)
			if len(warnings) > 0 || !reflect.DeepEqual(want, got) {
				t.Fatalf("%s: %s\nwarnings %v\nwant %+v\n got %+v", name, body, warnings, want, got)
			}
		}
	}
}

// Any field and element that is of another kind than it should be.
func TestNothingDisappears(t *testing.T) {
	full := `{"string":"a","named":"b","text":"c","bool":true,"int":1,"int8":2,"int16":3,"int32":4,"int64":5,"uint":6,"uint8":7,"uint16":8,"uint32":9,"uint64":10,` +
		`"float32":1.5,"float64":2.5,"time":"2024-05-14T12:00:00Z","secret":"s","secrets":["t"],"hidden":"u","raw":{"a":[1]},"struct":{"name":"Oslo","zip":151},` +
		`"scalar":{"type":"t","value":"v"},"pointer":{"name":"Oslo"},"number":3,"strings":["a","b"],"ints":[1,2],"times":["2024-05-14T12:00:00Z"],` +
		`"structs":[{"name":"a"},{"zip":2}],"scalars":[{"value":"x"}],"pointers":[{"zip":1}],"lists":[[1],[2,3]],"byName":{"a":"b"},"kept":{"id":"i","x":1},` +
		`"misfits":{"id":"i","pin":"p"},"letters":"abc","address":"192.0.2.1","any":{"a":[1]},"bytes":"AQID","counts":{"a":1},"inner":"i","x":{"y":1},"z":[1]}`
	nothingDisappears(t, []byte(full))
	many := strings.Repeat(`{"zip":0},`, 5000) + `{"zip":1},` + strings.Repeat(`{"zip":0},{},`, 2500) + `{}`
	nothingDisappears(t, []byte(`{"structs":[`+many+`]}`))
	nothingDisappears(t, []byte(`{"pointers":[`+many+`]}`))
	nothingDisappears(t, []byte(`{"structs":"[`+strings.ReplaceAll(many, `"`, `\"`)+`]","pointers":[`+strings.Repeat(`"{\"zip\":0}",[{}],`, 2500)+`{}]}`))
	var whole any
	require.NoError(t, stdjson.Unmarshal([]byte(full), &whole))
	for value := range drifts(whole) {
		body, err := stdjson.Marshal(value)
		require.NoError(t, err)
		nothingDisappears(t, body)
	}
}

// drifts yields v with each part of it in place of each value.
func drifts(v any) func(yield func(any) bool) {
	return func(yield func(any) bool) {
		switch x := v.(type) {
		case map[string]any:
			for name, was := range x {
				for part := range drifts(was) {
					x[name] = part
					if !yield(x) {
						return
					}
				}
				delete(x, name)
				x[strings.ToUpper(name)] = was
				if !yield(x) {
					return
				}
				delete(x, strings.ToUpper(name))
				x[name] = was
			}
		case []any:
			for i, was := range x {
				for part := range drifts(was) {
					x[i] = part
					if !yield(x) {
						return
					}
				}
				x[i] = was
			}
		}
		for _, value := range values {
			if utf8.ValidString(value) && !yield(stdjson.RawMessage(value)) {
				return
			}
		}
	}
}

// nothingDisappears checks what must hold of every body.
func nothingDisappears(t *testing.T, body []byte) {
	t.Helper()
	before := bytes.Clone(body)
	var d document
	warnings, err := jsonbody.Unmarshal(body, &d)
	if err != nil {
		return
	}
	if !bytes.Equal(before, body) {
		t.Fatalf("%q was changed", before)
	}
	if len(warnings) > event.MaxWarnings {
		t.Fatalf("%d warnings", len(warnings))
	}
	for _, w := range warnings {
		if len(w.Path) > 256 || !utf8.ValidString(w.Path) || w.Want == "" || w.Got == "" {
			t.Fatalf("warning %q", w)
		}
	}
	if len(warnings) < event.MaxWarnings {
		nothingIsMissing(t, body, &d, warnings)
	}

	// What was read is written, and read again as the same.
	d.Place = 0
	encoded, err := jsonbody.AppendClear(nil, &d)
	if err != nil {
		t.Fatalf("%q cannot be written: %v", body, err)
	}
	if r, err := jsonbody.OpenUnauthenticated(encoded); err != nil {
		t.Fatalf("%q is written as %q: %v", body, encoded, err)
	} else {
		r.Close()
	}
	var again document
	if _, err := jsonbody.Unmarshal(encoded, &again); err != nil || !reflect.DeepEqual(&d, &again) {
		t.Fatalf("%q is written as %q\nread before %+v\n     and now %+v", body, encoded, d, again)
	}
}

// nothingIsMissing checks that each member is in its field, in Extra or in a warning.
func nothingIsMissing(t *testing.T, body []byte, d *document, warnings []event.Warning) {
	t.Helper()
	dec := jsontext.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_, _ = dec.ReadToken()
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		name := token.String()
		value, err := dec.ReadValue()
		if err != nil {
			t.Fatal(err)
		}
		path := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		if saysNothing(value) || d.Extra[name] != nil || slices.ContainsFunc(warnings, func(w event.Warning) bool {
			return strings.HasPrefix(path, w.Path) || strings.HasPrefix(w.Path, path)
		}) {
			continue
		}
		field, tag := fieldOf(d, name)
		if !field.IsValid() || field.IsZero() && !isZeroOf(field, value) && d.Extra[tag] == nil {
			t.Fatalf("%q: %q is nowhere in %+v, %v", body, name, d, warnings)
		}
	}
}

// saysNothing reports whether a value is null or empty, or an array of one such value.
func saysNothing(value jsontext.Value) bool {
	if inner, ok := only(string(value)); ok {
		return saysNothing(jsontext.Value(inner))
	}
	return string(value) == `null` || string(value) == `""`
}

// fieldOf returns the field for a name, and the name in its tag.
func fieldOf(d *document, name string) (reflect.Value, string) {
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if tag != "" && tag != "-" && strings.EqualFold(tag, name) {
			return v.Field(i), tag
		}
	}
	if strings.EqualFold(name, "inner") {
		return reflect.ValueOf(&d.Inner).Elem(), "inner"
	}
	return reflect.Value{}, ""
}

// isZeroOf reports whether a value means what its field has if nothing is sent.
func isZeroOf(field reflect.Value, value jsontext.Value) bool {
	if inner, ok := only(string(value)); ok && isZeroOf(field, jsontext.Value(inner)) {
		return true
	}
	switch x := field.Addr().Interface().(type) {
	case *time.Time, *[]time.Time:
		text := string(jsonbody.Unquote(value))
		at, status := (&timestamp.Format{}).Parse(text)
		return status == timestamp.Read && at.IsZero()
	case *city, *address, *kept, *misfits:
		return value.Kind() == '{' // with members that no field is for
	default:
		again := reflect.New(reflect.TypeOf(x).Elem())
		return stdjson.Unmarshal(value, again.Interface()) == nil && again.Elem().IsZero()
	}
}

// FuzzUnmarshal reads anything into a document, where nothing may disappear, and into
// a plain struct. What encoding/json and the JSON library agree on there is no drift.
func FuzzUnmarshal(f *testing.F) {
	for _, value := range values {
		for _, name := range []string{"string", "int", "uint64", "time", "secrets", "structs", "scalars", "pointer", "lists", "byName", "kept", "any", "x"} {
			f.Add([]byte(fmt.Sprintf(`{%q:%s}`, name, value)))
		}
	}
	f.Add([]byte(`{"string":"a","string":{},"STRING":"b","x":1,"x":null,"x":2,"byName":{"a":1,"a":null},"structs":"[{\"zip\":1},5]"}`))
	f.Add([]byte("\ufeff { \"na\\u006ded\" : \"\xff\" , \"struct\" : { \"name\" : \"\\ud800\" } } "))
	random := rand.New(rand.NewPCG(1, 9))
	for range 20 {
		var p plain
		fill(random, reflect.ValueOf(&p).Elem(), 0)
		body, err := stdjson.Marshal(&p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		nothingDisappears(t, body)

		var got, one, two plain
		warnings, err := jsonbody.Unmarshal(body, &got)
		if err != nil || !comparable(body) || stdjson.Unmarshal(body, &one) != nil || json.Unmarshal(body, &two, json.MatchCaseInsensitiveNames(true)) != nil {
			return
		}
		tidy(&one)
		tidy(&two)
		if !reflect.DeepEqual(one, two) {
			return
		}
		if len(warnings) > 0 || !reflect.DeepEqual(one, got) {
			t.Fatalf("%q\nwarnings %v\nwant %+v\n got %+v", body, warnings, one, got)
		}
	})
}

// comparable reports whether there is nothing in body that is read in another way here
// on purpose: elements that say nothing, names that need folding of Unicode, long
// numbers, and times but those of RFC 3339.
func comparable(body []byte) bool {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return dec.StackDepth() == 0
		}
		kind, n := dec.StackIndex(dec.StackDepth())
		isName := kind == '{' && n%2 == 1
		switch {
		case isName && strings.ContainsFunc(token.String(), func(r rune) bool { return r >= utf8.RuneSelf }):
			return false
		case kind == '[' && (token.Kind() == 'n' || token.Kind() == '"' && token.String() == ""):
			return false
		case token.Kind() == '0' && len(token.String()) > 19:
			return false
		case token.Kind() == '"' && !isName && len(token.String()) >= len("0000-00-00T00:00:00Z"):
			if at, err := time.Parse(time.RFC3339, token.String()); err == nil && at.UTC().Year() <= 1 {
				return false
			}
		}
	}
}

// tidy brings what others have read into the form in which it is read here.
func tidy(p *plain) {
	if p.Raw = jsonbody.Canonical(p.Raw); string(p.Raw) == "null" {
		p.Raw = nil
	}
	for _, at := range append([]*time.Time{&p.Time}, pointers(p.Times)...) {
		*at = at.Round(0)
		if _, offset := at.Zone(); offset == 0 {
			*at = at.UTC()
		}
	}
	if p.Self != nil {
		tidy(p.Self)
	}
}

func pointers(times []time.Time) (all []*time.Time) {
	for i := range times {
		all = append(all, &times[i])
	}
	return all
}
