package jsonbody_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/internal/timestamp"
)

func unmarshal[T any](t *testing.T, body string) (v T, warnings []event.Warning) {
	t.Helper()
	warnings, err := jsonbody.Unmarshal([]byte(body), &v)
	require.NoError(t, err, body)
	return v, warnings
}

func raw(value string) json.RawMessage { return json.RawMessage(value) }

// Every field of a document, given every kind of value, in a body that needs no
// unquoting and in one that does.
func TestKinds(t *testing.T) {
	typ := reflect.TypeFor[document]()
	tested := 0
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		kind, ok := kinds[name]
		require.True(t, ok, name)
		tested++
		for _, value := range values {
			// What a list or a type's own method refuses is left as it is.
			whole := kind.want == "array" || strings.Contains("letters any bytes counts", name)
			shown, warnings := "", []event.Warning(nil)
			var extra map[string]json.RawMessage
			switch want, ok := kind.outcomes[value]; {
			case ok:
				shown = want[0]
				for _, text := range want[1:] {
					warnings = append(warnings, warning(name, text))
				}
			case value == `null`, value == `""`, !whole && (value == `[null]` || value == `[""]`):
			default:
				path, innermost := "", strings.TrimSpace(value)
				for ; !whole; path += "/0" { // of arrays of one
					inner, ok := only(innermost)
					if !ok {
						break
					}
					innermost = inner
				}
				warnings = append(warnings, w("/"+name+path, kind.want, jsonbody.Kind([]byte(innermost))))
				if !strings.Contains("secret secrets hidden misfits", name) {
					extra = map[string]json.RawMessage{name: jsonbody.Canonical(raw(value))}
				}
			}
			t.Run(name+"/"+value, func(t *testing.T) {
				body := fmt.Sprintf(`{%q:%s}`, name, value)
				d, got := unmarshal[document](t, body)
				assert.Equal(t, shown, show(reflect.ValueOf(&d).Elem().Field(i)))
				assert.Empty(t, cmp.Diff(extra, d.Extra))
				broken := strings.Contains(value, "\xff") || strings.Contains(value, `\ud800`)
				if !broken || extra == nil {
					assert.Empty(t, cmp.Diff(warnings, got))
				} else {
					assert.Subset(t, got, append(warnings, w("/"+name, "UTF-8", "other bytes")))
				}

				// Nothing else is touched.
				reflect.ValueOf(&d).Elem().Field(i).SetZero()
				d.Extra = nil
				assert.Equal(t, document{}, d)

				body = fmt.Sprintf("{ \"string\" : \"a\\n\" ,\t\"%s\":%s,\"inner\":\"last\"} ", name, value)
				d, again := unmarshal[document](t, body)
				assert.Equal(t, "last", d.Inner)
				if name == "string" { // which is there twice
					return
				}
				assert.Equal(t, "a\n", d.String)
				if name != "place" {
					assert.Equal(t, shown, show(reflect.ValueOf(&d).Elem().Field(i)))
				}
				assert.Empty(t, cmp.Diff(extra, d.Extra))
				assert.Empty(t, cmp.Diff(got, again))
			})
		}
	}
	assert.Len(t, kinds, tested)
}

// only returns the only element of an array.
func only(value string) (string, bool) {
	var elements []json.RawMessage
	if json.Unmarshal([]byte(value), &elements) != nil || len(elements) != 1 {
		return "", false
	}
	return string(elements[0]), true
}

// warning reads an outcome's warning.
func warning(name, text string) event.Warning {
	path := "/" + name
	if text[0] == '/' {
		below, rest, _ := strings.Cut(text, " ")
		path, text = path+below, rest
	}
	if got, ok := strings.CutPrefix(text, "UTF-8 "); ok {
		return w(path, "UTF-8", got)
	}
	space := strings.LastIndexByte(text, ' ')
	return w(path, text[:space], text[space+1:])
}

// show returns what a field has in the form of an outcome.
func show(v reflect.Value) string {
	if v.IsZero() {
		return ""
	}
	switch x := v.Addr().Interface().(type) {
	case *jsonbody.Place:
		return "place"
	case *event.Secret:
		text, _ := x.Reveal()
		return "secret " + text
	case **event.Secret:
		return "&" + show(v.Elem())
	case *[]event.Secret:
		all := []string{}
		for i := range *x {
			all = append(all, show(v.Index(i)))
		}
		return fmt.Sprint(all)
	case *kept: // from Go 1.27 on encoding/json knows the option embed
		type shown struct {
			ID    string                     `json:"id,omitzero"`
			Extra map[string]json.RawMessage `json:",omitempty"`
		}
		return show(reflect.ValueOf(&shown{x.ID, x.Extra}).Elem())
	}
	text, err := json.Marshal(v.Addr().Interface())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestUnmarshalErrors(t *testing.T) {
	for body, want := range map[string]error{
		``: jsonbody.ErrNotObject, " \n": jsonbody.ErrNotObject, `null`: jsonbody.ErrNotObject, `[{}]`: jsonbody.ErrNotObject, `"{}"`: jsonbody.ErrNotObject,
		`5`: jsonbody.ErrNotObject, `true`: jsonbody.ErrNotObject, "\ufeff": jsonbody.ErrNotObject, "\ufeff\ufeff{}": jsonbody.ErrNotObject,
		"\xff\xfe{\x00}\x00": jsonbody.ErrNotObject, "\u00a0{}": jsonbody.ErrNotObject, "\f{}": jsonbody.ErrNotObject, `string=a`: jsonbody.ErrNotObject,
		`{`: jsonbody.ErrSyntax, `{}{}`: jsonbody.ErrSyntax, `{"int":1}x`: jsonbody.ErrSyntax, `{"int":NaN}`: jsonbody.ErrSyntax, `{"string":"s3cret`: jsonbody.ErrSyntax,
		`{"s3cret":s3cret}`: jsonbody.ErrSyntax, " \ufeff{}": jsonbody.ErrNotObject, strings.Repeat(`{"s3cret":`, 65): jsonbody.ErrTooDeep,
	} {
		var d document
		warnings, err := jsonbody.Unmarshal([]byte(body), &d)
		assert.ErrorIs(t, err, want, "%q", body)
		assert.Empty(t, warnings)
		assert.Equal(t, document{}, d)
		assert.NotContains(t, err.Error(), "s3cret")
	}
	for _, body := range []string{`{}`, " \t\r\n{} ", "\ufeff{}", "\ufeff \n{}", strings.Repeat(`{"a":`, 63) + `{}` + strings.Repeat("}", 63)} {
		_, err := jsonbody.Unmarshal([]byte(body), new(document))
		assert.NoError(t, err, "%q", body)
	}
}

func TestNames(t *testing.T) {
	type pair struct {
		ID    string `json:"ID"`
		Id    string `json:"Id"`
		Other string `json:"otherName"`
		//lint:ignore SA5008 so encoding/json names a member "-"
		Dash  string `json:"-,"`
		Plain string
		//lint:ignore U1000 it must not be read
		hidden string
		Extra  map[string]json.RawMessage `json:",embed"`
	}
	long := strings.Repeat("n", 100)
	for body, want := range map[string]pair{
		`{"ID":"a","Id":"b"}`:               {ID: "a", Id: "b"},
		`{"Id":"b","ID":"a"}`:               {ID: "a", Id: "b"},
		`{"id":"c"}`:                        {Extra: map[string]json.RawMessage{"id": raw(`"c"`)}},
		`{"OTHERNAME":"a"}`:                 {Other: "a"},
		`{"othername":"a"}`:                 {Other: "a"},
		`{"other\u004eame":"a"}`:            {Other: "a"},
		`{"other_name":"a"}`:                {Extra: map[string]json.RawMessage{"other_name": raw(`"a"`)}},
		`{"otherName ":"a"}`:                {Extra: map[string]json.RawMessage{"otherName ": raw(`"a"`)}},
		`{"-":"a"}`:                         {Dash: "a"},
		`{"plain":"a"}`:                     {Plain: "a"},
		`{"hidden":"a","Extra":1,"":2}`:     {Extra: map[string]json.RawMessage{"hidden": raw(`"a"`), "Extra": raw(`1`), "": raw(`2`)}},
		`{"` + long + `":1,"plain":"last"}`: {Plain: "last", Extra: map[string]json.RawMessage{long: raw(`1`)}},
	} {
		got, warnings := unmarshal[pair](t, body)
		assert.Equal(t, want, got, body)
		assert.Empty(t, warnings, body)
	}
}

func TestUnknownMembers(t *testing.T) {
	d, warnings := unmarshal[document](t, ` { "x" : { "a" : [ 1.50 , "\u003c" ] } , "y":null,"z":"","kept":{"id":"a","b":false},"misfits":{"id":[1,2],"c":3},"struct":{"d":4} } `)
	assert.Equal(t, document{
		Kept:  kept{ID: "a", Extra: map[string]json.RawMessage{"b": raw(`false`)}},
		Extra: map[string]json.RawMessage{"x": raw(`{"a":[1.50,"<"]}`), "y": raw(`null`), "z": raw(`""`)},
	}, d)
	assert.Equal(t, []event.Warning{w("/misfits/id", "string", "array")}, warnings)
}

// Of members of one name the last one with a value counts, as a whole.
func TestRepeatedMembers(t *testing.T) {
	again := func(path string) event.Warning { return w(path, "unique name", "repeated") }
	oslo, bergen := city{Name: "Oslo", Zip: 151}, city{Name: "Bergen"}
	for body, tt := range map[string]struct {
		want     document
		warnings []event.Warning
	}{
		`{"string":"a","string":"b"}`:                                                      {document{String: "b"}, []event.Warning{again("/string")}},
		`{"string":"a","STRING":"b"}`:                                                      {document{String: "b"}, []event.Warning{again("/STRING")}},
		`{"string":"a","string":"a"}`:                                                      {document{String: "a"}, []event.Warning{again("/string")}},
		`{"string":"a","string":null,"string":""}`:                                         {document{String: "a"}, nil},
		`{"string":null,"string":"","string":"a"}`:                                         {document{String: "a"}, nil},
		`{"string":"a","string":5}`:                                                        {document{String: "5"}, []event.Warning{again("/string"), w("/string", "string", "number")}},
		`{"string":"a","string":{}}`:                                                       {document{String: "a"}, []event.Warning{again("/string"), w("/string", "string", "object")}},
		`{"string":{},"string":"a"}`:                                                       {document{String: "a"}, []event.Warning{w("/string", "string", "object")}},
		`{"string":{},"string":null}`:                                                      {document{Extra: map[string]json.RawMessage{"string": raw(`{}`)}}, []event.Warning{w("/string", "string", "object")}},
		`{"string":{},"String":[1,2]}`:                                                     {document{Extra: map[string]json.RawMessage{"string": raw(`[1,2]`)}}, []event.Warning{w("/string", "string", "object"), w("/String", "string", "array"), again("/String")}},
		`{"int":0,"int":{}}`:                                                               {document{}, []event.Warning{again("/int"), w("/int", "integer", "object")}},
		`{"int":1,"int":0}`:                                                                {document{}, []event.Warning{again("/int")}},
		`{"struct":{"name":"Oslo","zip":151},"struct":{"name":"Bergen"}}`:                  {document{Struct: bergen}, []event.Warning{again("/struct")}},
		`{"struct":{"name":"Oslo","zip":151},"struct":null}`:                               {document{Struct: oslo}, nil},
		`{"struct":{"name":"Oslo","zip":151},"struct":{}}`:                                 {document{Struct: oslo}, []event.Warning{again("/struct")}},
		`{"struct":{"name":"Oslo","zip":151},"struct":{"zip":[]}}`:                         {document{Struct: oslo}, []event.Warning{again("/struct"), w("/struct/zip", "integer", "array")}},
		`{"struct":{"name":"Oslo","zip":151},"struct":{"zip":0}}`:                          {document{}, []event.Warning{again("/struct")}},
		`{"number":5,"number":0,"number":{}}`:                                              {document{Number: new(int)}, []event.Warning{again("/number"), again("/number"), w("/number", "integer", "object")}},
		`{"pointer":{"name":"Oslo"},"pointer":{"zip":0}}`:                                  {document{Pointer: &city{}}, []event.Warning{again("/pointer")}},
		`{"struct":{"name":"Oslo","zip":151},"struct":5}`:                                  {document{Struct: oslo}, []event.Warning{again("/struct"), w("/struct", "object", "number")}},
		`{"struct":5,"struct":{"name":"Bergen"}}`:                                          {document{Struct: bergen}, []event.Warning{w("/struct", "object", "number")}},
		`{"struct":{"name":"a","name":"Bergen"}}`:                                          {document{Struct: bergen}, []event.Warning{again("/struct/name")}},
		`{"pointer":{"name":"Oslo","zip":151},"pointer":{"name":"Bergen"}}`:                {document{Pointer: &bergen}, []event.Warning{again("/pointer")}},
		`{"pointer":{"name":"Oslo","zip":151},"pointer":{}}`:                               {document{Pointer: &oslo}, []event.Warning{again("/pointer")}},
		`{"pointer":{},"pointer":5}`:                                                       {document{Pointer: &city{}}, []event.Warning{again("/pointer"), w("/pointer", "object", "number")}},
		`{"strings":["a","b"],"strings":["c"]}`:                                            {document{Strings: []string{"c"}}, []event.Warning{again("/strings")}},
		`{"strings":["a","b"],"strings":[]}`:                                               {document{Strings: []string{}}, []event.Warning{again("/strings")}},
		`{"ints":[1,2,3],"ints":[4]}`:                                                      {document{Ints: []int{4}}, []event.Warning{again("/ints")}},
		`{"byName":{"a":"b"},"byName":{"c":"d"}}`:                                          {document{ByName: map[string]string{"c": "d"}}, []event.Warning{again("/byName")}},
		`{"byName":{"a":"b","a":"c"}}`:                                                     {document{ByName: map[string]string{"a": "c"}}, []event.Warning{again("/byName/a")}},
		`{"byName":{"a":"b","a":null,"a":""}}`:                                             {document{ByName: map[string]string{"a": "b"}}, nil},
		`{"byName":{"a":null,"a":"b"}}`:                                                    {document{ByName: map[string]string{"a": "b"}}, nil},
		`{"byName":{"a":"b","a":{}}}`:                                                      {document{ByName: map[string]string{"a": "b"}}, []event.Warning{w("/byName/a", "string", "object")}},
		`{"raw":{"a":1},"raw":[2]}`:                                                        {document{Raw: raw(`[2]`)}, []event.Warning{again("/raw")}},
		`{"raw":{"a":1},"raw":null}`:                                                       {document{Raw: raw(`{"a":1}`)}, nil},
		`{"letters":"a","letters":"B"}`:                                                    {document{Letters: letters{"a"}}, []event.Warning{again("/letters"), w("/letters", "value of jsonbody_test.letters", "string")}},
		`{"struct":{"name":"a"},"struct":{"name":"b","zip":1},"struct":{"name":"Bergen"}}`: {document{Struct: bergen}, []event.Warning{again("/struct"), again("/struct")}},
		`{"byName":{"a":"b","c":null,"d":"","e":"f"}}`:                                     {document{ByName: map[string]string{"a": "b", "c": "", "d": "", "e": "f"}}, nil},
		`{"kept":{"id":"a"},"kept":{"x":1}}`:                                               {document{Kept: kept{Extra: map[string]json.RawMessage{"x": raw(`1`)}}}, []event.Warning{again("/kept")}},
		`{"kept":{"id":"a"},"kept":{"id":{}}}`:                                             {document{Kept: kept{Extra: map[string]json.RawMessage{"id": raw(`{}`)}}}, []event.Warning{again("/kept"), w("/kept/id", "string", "object")}},
		`{"x":1,"x":2}`:                                                                    {document{Extra: map[string]json.RawMessage{"x": raw(`2`)}}, []event.Warning{again("/x")}},
		`{"x":1,"x":null,"x":""}`:                                                          {document{Extra: map[string]json.RawMessage{"x": raw(`1`)}}, nil},
		`{"x":"","x":1}`:                                                                   {document{Extra: map[string]json.RawMessage{"x": raw(`1`)}}, nil},
		`{"x":null,"x":"","x":1}`:                                                          {document{Extra: map[string]json.RawMessage{"x": raw(`1`)}}, nil},
		`{"x":1,"X":2}`:                                                                    {document{Extra: map[string]json.RawMessage{"x": raw(`1`), "X": raw(`2`)}}, nil},
		`{"place":{"a":1},"place":17}`:                                                     {document{Place: 2}, []event.Warning{again("/place")}},
		`{"place":{"a":1},"place":{}}`:                                                     {document{Place: 2}, []event.Warning{again("/place")}},
		`{"place":{"a":1},"place":[{},{}]}`:                                                {document{Place: 2}, []event.Warning{again("/place")}},
		`{"place":{"a":1},"place":"text"}`:                                                 {document{Place: 2}, []event.Warning{again("/place")}},
		`{"place":{"a":1},"place":{"b":2}}`:                                                {document{Place: 7}, []event.Warning{again("/place")}},
		`{"place":{"a":1},"place":[{"b":2}]}`:                                              {document{Place: 7}, []event.Warning{again("/place")}},
		`{"place":{"a":1},"place":" {\"b\":2}"}`:                                           {document{Place: 7}, []event.Warning{again("/place")}},
		`{"place":{},"place":17}`:                                                          {document{Place: 2}, []event.Warning{again("/place")}},
		`{"place":17,"place":{"b":2}}`:                                                     {document{Place: 4}, []event.Warning{again("/place")}},
	} {
		t.Run(body, func(t *testing.T) {
			got, warnings := unmarshal[document](t, body)
			assert.Equal(t, tt.want, got)
			assert.Empty(t, cmp.Diff(tt.warnings, warnings))
			noRepeatedNames(t, &got)
		})
	}
}

// A repeated secret is one of them, never in Extra.
func TestRepeatedSecrets(t *testing.T) {
	for body, want := range map[string]string{
		`{"secret":"a","secret":"b"}`: "b", `{"secret":"a","secret":{}}`: "a", `{"secret":{},"secret":"b"}`: "b", `{"secret":"a","secret":null}`: "a",
	} {
		d, _ := unmarshal[document](t, body)
		got, _ := d.Secret.Reveal()
		assert.Equal(t, want, got, body)
		assert.Empty(t, d.Extra)
	}
}

// What may have a secret and does not fit is nowhere but in Event.Raw.
func TestSecretsAreNotKept(t *testing.T) {
	type account struct {
		Name  string        `json:"name"`
		Token event.Secret  `json:"token"`
		Next  *account      `json:"next"`
		Array [2]*account   `json:"array"`
		Plain []city        `json:"plain"`
		Past  map[int][]any `json:"past"`
	}
	type body struct {
		Account  account                    `json:"account"`
		Pointer  *account                   `json:"pointer"`
		List     []account                  `json:"list"`
		Lists    [][]*account               `json:"lists"`
		Map      map[string]account         `json:"map"`
		Secrets  map[string]event.Secret    `json:"secrets"`
		Embedded struct{ account }          `json:"embedded"`
		Tokens   []event.Secret             `json:"tokens"`
		Plain    []city                     `json:"plain"`
		Extra    map[string]json.RawMessage `json:",embed"`
	}
	for _, name := range []string{"account", "pointer", "list", "lists", "map", "secrets", "embedded", "tokens"} {
		for _, value := range []string{`[{"token":"s3cret"},{"token":"s3cret"},5,"s3cret"]`, `5`, `"s3cret"`, `{"token":{"a":"s3cret"}}`, `"[{\"token\":\"s3cret\"}"`} {
			text := fmt.Sprintf(`{%q:%s}`, name, value)
			b, _ := unmarshal[body](t, text)
			assert.Empty(t, b.Extra, text)
			encoded, err := jsonbody.Append(nil, &b)
			require.NoError(t, err)
			assert.NotContains(t, string(encoded), "s3cret", text)
		}
	}
	b, _ := unmarshal[body](t, `{"plain":5}`)
	assert.Equal(t, map[string]json.RawMessage{"plain": raw(`5`)}, b.Extra)
}

func TestLists(t *testing.T) {
	number := func(n int) *int { return &n }
	type lists struct {
		Pointers []*int         `json:"pointers"`
		Others   []letters      `json:"others"`
		Structs  []city         `json:"structs"`
		Maps     []map[int]bool `json:"maps"`
	}
	got, warnings := unmarshal[lists](t, `{"pointers":[1,null,"2",{},0,""],"others":["a",null,"B","","c"],`+
		`"structs":[{"name":"a"},null,{},5,{"zip":0},{"zip":{}},{"name":"b"}],"maps":[{"1":true},5]}`)
	assert.Equal(t, lists{
		Pointers: []*int{number(1), number(2), number(0)}, Others: []letters{{"a"}, {}, {"c"}},
		Structs: []city{{Name: "a"}, {}, {}, {}, {Name: "b"}}, Maps: []map[int]bool{{1: true}},
	}, got)
	assert.Equal(t, []event.Warning{
		w("/pointers/2", "integer", "string"), w("/pointers/3", "integer", "object"),
		w("/others/2", "value of jsonbody_test.letters", "string"),
		w("/structs/3", "object", "number"), w("/structs/5/zip", "integer", "object"), w("/maps/1", "value of map[int]bool", "number"),
	}, warnings)
}

// Longer lists are grown in another way than short ones.
func TestLongLists(t *testing.T) {
	for _, n := range []int{0, 1, 2, 63, 64, 65, 127, 128, 129, 1000} {
		for _, between := range []string{"", "null,", `"x",`, `null,"x",{},`} {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "%s%d,", between, i)
			}
			d, _ := unmarshal[document](t, `{"ints":[`+b.String()+`null],"string":"behind"}`)
			require.Len(t, d.Ints, n)
			for i, got := range d.Ints {
				require.Equal(t, i, got)
			}
			assert.Equal(t, "behind", d.String)
		}
	}
}

func TestUnmarshalWarnsAtMost32Times(t *testing.T) {
	for n, want := range map[int]int{31: 31, 32: 32, 33: 32, 60: 32} {
		d, warnings := unmarshal[document](t, `{"strings":[`+strings.Repeat("5,", n)+`"last"],"string":"a","int":{}}`)
		assert.Len(t, warnings, min(want+1, 32))
		assert.Equal(t, w("/strings/0", "string", "number"), warnings[0])
		assert.Equal(t, w(fmt.Sprintf("/strings/%d", want-1), "string", "number"), warnings[want-1])
		require.Len(t, d.Strings, n+1)
		assert.Equal(t, "last", d.Strings[n])
		assert.Equal(t, raw(`{}`), d.Extra["int"], "also if there is no warning")
		d, _ = unmarshal[document](t, `{"strings":[`+strings.Repeat("5,", n)+`"last"],"int":{},"int":1}`)
		assert.Empty(t, d.Extra)
	}
}

// The elements of all lists, and what stands behind pointers, share one room.
func TestRoom(t *testing.T) {
	type large struct {
		X    int           `json:"x"`
		Room [1 << 20]byte `json:"-"`
	}
	type lists struct {
		Large    []large           `json:"large"`
		Points   []*large          `json:"points"`
		Pointer  *large            `json:"pointer"`
		Strings  []string          `json:"strings"`
		Labels   map[string]string `json:"labels"`
		Repeated large             `json:"repeated"`
	}
	fewer := func(path string) event.Warning { return w(path, "fewer elements", "array") }
	thirteen := strings.TrimSuffix(strings.Repeat(`{"x":1},`, 13), ",")
	got, warnings := unmarshal[lists](t, `{"large":[`+thirteen+`],"points":[{"x":1}],"pointer":{"x":1}}`)
	assert.Len(t, got.Large, 11)
	assert.Empty(t, got.Points)
	assert.NotNil(t, got.Pointer, "it is there once")
	assert.Equal(t, []event.Warning{fewer("/large"), w("/points/0", "fewer objects", "object")}, warnings)

	many := strings.TrimSuffix(strings.Repeat(`"x",`, 800_000), ",")
	got, warnings = unmarshal[lists](t, `{"strings":[`+many+`],"labels":{"a":"b"},"large":{"x":1}}`)
	assert.Len(t, got.Strings, 12<<20/16)
	assert.Empty(t, got.Labels)
	assert.Equal(t, []event.Warning{fewer("/strings"), w("/labels", "fewer members", "object"), w("/large", "fewer elements", "object")}, warnings)

	// What is sure not to fit takes no room.
	got, warnings = unmarshal[lists](t, `{"large":[`+strings.Repeat(`5,null,"",[],"x",`, 1000)+thirteen[:7]+`],"pointer":{"x":1}}`)
	assert.Len(t, got.Large, 1)
	assert.NotNil(t, got.Pointer)
	assert.Len(t, warnings, event.MaxWarnings)

	got, warnings = unmarshal[lists](t, `{"points":[`+thirteen+`],"large":"[{\"x\":1}]"}`)
	assert.Len(t, got.Points, 11, "the list itself takes some room, too")
	assert.Empty(t, got.Large, "nor is there room for what is in a string")
	assert.Equal(t, []event.Warning{w("/points/11", "fewer objects", "object"), w("/points/12", "fewer objects", "object"),
		fewer("/large"), w("/large", "array", "string")}, warnings)

	// Repeated members share the room, too.
	got, _ = unmarshal[lists](t, `{`+strings.Repeat(`"strings":[`+strings.Repeat(`"x",`, 10_000)+`"x"],`, 100)+`"points":[{}]}`)
	assert.Empty(t, got.Points)
	got, _ = unmarshal[lists](t, `{`+strings.Repeat(`"repeated":{"x":1},`, 100)+`"points":[{"x":1}]}`)
	assert.Len(t, got.Points, 1, "one piece of memory does for all of them")
	got, _ = unmarshal[lists](t, `{`+strings.Repeat(`"pointer":{"x":1},`, 100)+`"points":[{"x":1}]}`)
	assert.NotNil(t, got.Pointer)
	assert.Empty(t, got.Points)
	got, _ = unmarshal[lists](t, `{`+strings.Repeat(`"large":{"x":1},`, 20)+`"points":[{"x":1},{"x":1}]}`)
	assert.Len(t, got.Points, 1, "what was read for one value that stands for an array does for another")

	// So do those in JSON text.
	got, _ = unmarshal[lists](t, `{"strings":"[`+strings.ReplaceAll(many, `"`, `\"`)+`]","points":[{}]}`)
	assert.Len(t, got.Strings, 12<<20/16)
	assert.Empty(t, got.Points)
}

// Objects that take much memory and say little share less room, in any form. Others are
// not left out for them. What is kept is kept again once it was encoded.
func TestRoomOfObjectsThatSayLittle(t *testing.T) {
	type small struct {
		A, B string
		More map[string]json.RawMessage `json:",embed"`
	}
	type large struct { // four members are enough
		A, B, C, D string     `json:",omitzero"`
		Flag       bool       `json:",omitzero"`
		Room       [1200]byte `json:"-"`
	}
	type scalar struct {
		A    string     `json:",omitzero" accesshook:"scalar"`
		B, C string     `json:",omitzero"`
		Room [1200]byte `json:"-"`
	}
	type lists struct {
		Small        []small  `json:",omitzero"`
		SmallPointer []*small `json:",omitzero"`
		Large        []large  `json:",omitzero"`
		LargePointer []*large `json:",omitzero"`
		Scalar       []scalar `json:",omitzero"`
		One          *large   `json:",omitzero"`
	}
	const (
		littleLarge = 16 << 10 / (64 + 8 + 1200)
		littleSmall = 16 << 10 / (16 + 16 + 8)
		three       = `{"A":"x","B":"x","C":"x"}`
		four        = `{"A":"x","B":"x","C":"x","D":"x"}`
	)
	text := func(object string) string { return `"` + strings.ReplaceAll(object, `"`, `\"`) + `"` }
	of := func(n int, element string) string { return strings.Repeat(element+",", n) }
	for name, c := range map[string]struct {
		members  string // of which each is a list of elements that end with a comma
		want     int    // of all kept
		warnings []event.Warning
	}{
		"one member":           {`"Large":` + of(100, `{"A":"x"}`), littleLarge, []event.Warning{w("/Large", "fewer elements", "array")}},
		"too few":              {`"Large":` + of(100, three), littleLarge, []event.Warning{w("/Large", "fewer elements", "array")}},
		"enough":               {`"Large":` + of(100, four), 100, nil},
		"few that are too few": {`"Large":` + of(littleLarge, three), littleLarge, nil},
		"behind those":         {`"Large":` + of(100, three) + of(100, four), littleLarge + 100, []event.Warning{w("/Large", "fewer elements", "array")}},
		"false":                {`"Large":` + of(100, strings.Replace(four, `"D":"x"`, `"Flag":false`, 1)), littleLarge, []event.Warning{w("/Large", "fewer elements", "array")}},
		"true":                 {`"Large":` + of(100, strings.Replace(four, `"D":"x"`, `"Flag":true`, 1)), 100, nil},
		"nothing":              {`"Large":` + of(100, strings.Replace(four, `"D":"x"`, `"D":null`, 1)), littleLarge, []event.Warning{w("/Large", "fewer elements", "array")}},
		"unknown":              {`"Large":` + of(100, strings.Replace(four, `"D"`, `"X"`, 1)), littleLarge, []event.Warning{w("/Large", "fewer elements", "array")}},
		"in arrays of one":     {`"Large":` + of(1, `[[`+four+`]]`) + of(100, `[[`+three+`]]`), 1 + littleLarge, nil},
		"empty arrays":         {`"Large":` + of(100, `[[[[[[]]]]]]`) + of(20, four), 20, nil},
		"in text":              {`"Large":` + of(1, text(four)) + of(100, text(three)), 1 + littleLarge, nil},
		"numbers":              {`"Large":` + of(100, `5`) + of(20, four), 20, nil},
		"pointers":             {`"LargePointer":` + of(100, `{"A":"x"}`) + of(100, four), littleLarge + 100, []event.Warning{w("/LargePointer", "fewer elements", "array")}},
		"pointers to nothing":  {`"LargePointer":` + of(100, `{}`) + of(100, four), littleLarge + 100, []event.Warning{w("/LargePointer", "fewer elements", "array")}},
		"one room":             {`"Large":` + of(100, three) + `;"LargePointer":` + of(100, three) + `;"Small":` + of(1000, `{}`), littleLarge + (16<<10-littleLarge*1272)/40, nil},
		"small":                {`"Small":` + of(1000, `{"A":"x"}`), 1000, nil},
		"small, unknown":       {`"Small":` + of(1000, `{"z":1}`), 1000, nil},
		"small and empty":      {`"Small":` + of(1000, `{}`), littleSmall, []event.Warning{w("/Small", "fewer elements", "array")}},
		"small pointers":       {`"SmallPointer":` + of(1000, `{"A":"x"}`), 1000, nil},
		"small, to nothing":    {`"SmallPointer":` + of(1000, `{}`), littleSmall, []event.Warning{w("/SmallPointer", "fewer elements", "array")}},
		"scalars":              {`"Scalar":` + of(100, `"x"`), 16 << 10 / (48 + 1200), nil},
	} {
		t.Run(name, func(t *testing.T) {
			body := regexp.MustCompile(`":([^;]+),(;|$)`).ReplaceAllString(c.members, `":[$1]$2`)
			got, warnings := unmarshal[lists](t, `{`+strings.ReplaceAll(body, ";", ",")+`}`)
			assert.Equal(t, c.want, len(got.Small)+len(got.SmallPointer)+len(got.Large)+len(got.LargePointer)+len(got.Scalar))
			if c.warnings != nil {
				assert.Equal(t, c.warnings, warnings)
			}
			encoded, err := jsonbody.Append(nil, &got)
			require.NoError(t, err)
			again, _ := unmarshal[lists](t, string(encoded))
			assert.Equal(t, got, again)
		})
	}

	// A repeated member does not count.
	got, _ := unmarshal[lists](t, `{"Large":[`+of(100, `{"A":"x","B":"x","C":"x","Flag":true,"Flag":false}`)+`null]}`)
	assert.Len(t, got.Large, littleLarge)

	// What there is once is not left out.
	for _, one := range []string{three, `{}`, text(three), four, text(four)} {
		got, warnings := unmarshal[lists](t, `{"Large":[`+of(100, three)+`{}],"One":`+one+`}`)
		assert.NotNil(t, got.One, one)
		assert.False(t, slices.ContainsFunc(warnings, func(w event.Warning) bool { return w.Want == "fewer objects" }), one)
	}
	for rest, want := range map[string]int{three: 0, `5`: 0, four: 1, text(four): 1, text(three): 0} {
		got, warnings := unmarshal[lists](t, `{"LargePointer":[`+of(100, three)+`{}],"Large":`+rest+`}`)
		assert.Len(t, got.Large, want, rest)
		assert.Equal(t, rest != `5` && want == 0, slices.ContainsFunc(warnings, func(w event.Warning) bool { return w.Path == "/Large" && w.Want == "fewer elements" }), rest)
	}
}

func TestJSONText(t *testing.T) {
	for value, tt := range map[string]struct {
		want     document
		warnings []event.Warning
	}{
		`{"struct":" \n{\"name\":\"Oslo\",\"zip\":\"151\"}"}`: {document{Struct: city{"Oslo", 151}}, []event.Warning{w("/struct/zip", "integer", "string"), w("/struct", "object", "string")}},
		`{"structs":"[{\"zip\":1},5,{\"zip\":[]}]"}`: {document{Structs: []city{{Zip: 1}, {}}},
			[]event.Warning{w("/structs/1", "object", "number"), w("/structs/2/zip", "integer", "array"), w("/structs", "array", "string")}},
		`{"structs":["{\"zip\":1}","{}"]}`:                   {document{Structs: []city{{Zip: 1}, {}}}, []event.Warning{w("/structs/0", "object", "string"), w("/structs/1", "object", "string")}},
		`{"struct":["{\"zip\":1}"]}`:                         {document{Struct: city{Zip: 1}}, []event.Warning{w("/struct/0", "object", "string"), w("/struct", "object", "array")}},
		`{"kept":"{\"id\":\"a\",\"b\":{\"c\":1}}"}`:          {document{Kept: kept{"a", map[string]json.RawMessage{"b": raw(`{"c":1}`)}}}, []event.Warning{w("/kept", "object", "string")}},
		`{"byName":"{\"a\":\"b\"}"}`:                         {document{ByName: map[string]string{"a": "b"}}, []event.Warning{w("/byName", "object", "string")}},
		`{"struct":"{\"zip\":1}}"}`:                          {document{Extra: map[string]json.RawMessage{"struct": raw(`"{\"zip\":1}}"`)}}, []event.Warning{w("/struct", "object", "string")}},
		`{"struct":"[{\"zip\":1}]"}`:                         {document{Extra: map[string]json.RawMessage{"struct": raw(`"[{\"zip\":1}]"`)}}, []event.Warning{w("/struct", "object", "string")}},
		`{"structs":"[\"{}\"]"}`:                             {document{Structs: []city{{}}}, []event.Warning{w("/structs/0", "object", "string"), w("/structs", "array", "string")}},
		`{"structs":"[\"{\\\"zip\\\":\\\"1\\\"}\"]"}`:        {document{Structs: []city{{Zip: 1}}}, []event.Warning{w("/structs/0/zip", "integer", "string"), w("/structs/0", "object", "string"), w("/structs", "array", "string")}},
		`{"string":"{\"a\":1}"}`:                             {document{String: `{"a":1}`}, nil},
		`{"struct":"` + strings.Repeat(`{\"a\":`, 65) + `"}`: {document{Extra: map[string]json.RawMessage{"struct": raw(`"` + strings.Repeat(`{\"a\":`, 65) + `"`)}}, []event.Warning{w("/struct", "object", "string")}},
	} {
		t.Run(value, func(t *testing.T) {
			got, warnings := unmarshal[document](t, value)
			assert.Equal(t, tt.want, got)
			assert.Empty(t, cmp.Diff(tt.warnings, warnings))
		})
	}
}

// Integers are exact, however they are written.
func TestIntegers(t *testing.T) {
	for literal, want := range map[string]string{
		`9223372036854775807`: "i9223372036854775807 u9223372036854775807", `9223372036854775808`: "u9223372036854775808", `18446744073709551615`: "u18446744073709551615",
		`18446744073709551616`: "", `-9223372036854775808`: "i-9223372036854775808", `-9223372036854775809`: "", `-0`: "i0 u0", `-0.0`: "i0 u0", `0e5`: "i0 u0", `0.000e-7`: "i0 u0",
		`1.0`: "i1 u1", `-1.0`: "i-1", `1e3`: "i1000 u1000", `1E+3`: "i1000 u1000", `1.5e1`: "i15 u15", `1500e-2`: "i15 u15", `1501e-2`: "", `15.00e0`: "i15 u15",
		`0.0015e4`: "i15 u15", `9007199254740993.0`: "i9007199254740993 u9007199254740993", `9223372036854775807e0`: "i9223372036854775807 u9223372036854775807",
		`922337203685477580.7e1`: "i9223372036854775807 u9223372036854775807", `1e18`: "i1000000000000000000 u1000000000000000000", `1e19`: "u10000000000000000000", `1e20`: "",
		`1844674407370955161500e-2`: "u18446744073709551615", `1e-1`: "", `1e400`: "", `1e99999999999999999999`: "", `1e-99999999999999999999`: "", `1e-2147483648`: "", `1e9223372036854775807`: "", `0.1e-9223372036854775808`: "", `1e2147483647`: "",
		`0.1e-2147483648`: "", `0.0000000000000000000000000000000000000001e40`: "i1 u1", `10000000000000000000000000000000000000000e-40`: "i1 u1",
		`"0x10"`: "", `"1_000"`: "", `"+5"`: "i5", `"1e"`: "", `"e3"`: "", `".5e1"`: "", `"5."`: "i5 u5", `"--5"`: "", `"-"`: "", `"1.0.0"`: "", `"1e1.0"`: "", `"٣"`: "", `"\t7\n"`: "i7 u7",
		`"007"`: "i7 u7", `"00.0"`: "i0 u0", `"- 5"`: "", `"infinity"`: "", `"nan"`: "",
	} {
		type numbers struct {
			I *int64  `json:"i"`
			U *uint64 `json:"u"`
		}
		got, warnings := unmarshal[numbers](t, `{"i":`+literal+`,"u":`+literal+`}`)
		shown := ""
		if got.I != nil {
			shown += " i" + strconv.FormatInt(*got.I, 10)
		}
		if got.U != nil {
			shown += " u" + strconv.FormatUint(*got.U, 10)
		}
		assert.Equal(t, want, strings.TrimSpace(shown), literal)
		if _, err := strconv.ParseInt(literal, 10, 64); err != nil && !strings.HasPrefix(literal, "9223372036854775808") && !strings.HasPrefix(literal, "18446744073709551615") {
			assert.Len(t, warnings, 2, literal)
		}
	}
	type sizes struct {
		I8  []int8   `json:"i8"`
		I16 []int16  `json:"i16"`
		I32 []int32  `json:"i32"`
		U8  []uint16 `json:"u8"`
		U16 []uint16 `json:"u16"`
		U32 []uint32 `json:"u32"`
	}
	got, _ := unmarshal[sizes](t, `{"i8":[127,128,-128,-129],"i16":[32767,32768,-32768,-32769],"i32":[2147483647,2147483648,-2147483648,-2147483649],`+
		`"u8":[255,-1],"u16":[65535,65536,-1],"u32":[4294967295,4294967296,-1]}`)
	assert.Equal(t, sizes{[]int8{127, -128}, []int16{32767, -32768}, []int32{2147483647, -2147483648}, []uint16{255}, []uint16{65535}, []uint32{4294967295}}, got)
}

func TestFloats(t *testing.T) {
	type floats struct {
		F []float64 `json:"f"`
		S []float32 `json:"s"`
	}
	got, warnings := unmarshal[floats](t, `{"f":[0.1,-1.5e-7,1.7976931348623157e308,5e-324,1e309,"Inf","NaN","0x1p4","1_0","1e","",".5","2.5 "],"s":[3.4028234e38,3.5e38]}`)
	assert.Equal(t, floats{[]float64{0.1, -1.5e-7, 1.7976931348623157e308, 5e-324, .5, 2.5}, []float32{3.4028234e38}}, got)
	assert.Len(t, warnings, 9)

	// Package strconv reads the same, but for the last place of those with more
	// than 19 digits.
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var b strings.Builder
		if random.IntN(2) == 0 {
			b.WriteByte('-')
		}
		digits := func(n int) {
			for range n {
				b.WriteByte(byte('0' + random.IntN(10)))
			}
		}
		b.WriteByte(byte('1' + random.IntN(9)))
		digits(random.IntN(30))
		if random.IntN(2) == 0 {
			b.WriteByte('.')
			digits(1 + random.IntN(30))
		}
		if random.IntN(2) == 0 {
			fmt.Fprintf(&b, "e%d", random.IntN(500)-250)
		}
		literal := b.String()
		want, err := strconv.ParseFloat(literal, 64)
		if err != nil {
			continue
		}
		got, _ := unmarshal[floats](t, `{"f":[`+literal+`]}`)
		require.Len(t, got.F, 1, literal)
		mantissa, _, _ := strings.Cut(literal, "e")
		if got := got.F[0]; len(strings.Trim(mantissa, "-")) <= 19 || math.Nextafter(got, want) != want {
			require.Equal(t, want, got, literal)
		}
	}
}

// Times are read as package timestamp does, in the format of the Reader.
func TestTimes(t *testing.T) {
	oslo := time.FixedZone("Oslo", 2*60*60)
	r, err := jsonbody.Open([]byte(`{"time":"14/05/2024 14:00","times":["2024-05-14 12:00:00Z",1715688000,"soon","0001-01-01T00:00:00Z","2024-05-14\u005412:00:00Z"],` +
		`"raw":1,"kept":"{\"id\":1}","structs":[]}`))
	require.NoError(t, err)
	defer r.Close()
	r.SetTimes(timestamp.Format{Zone: oslo, Layouts: []string{"02/01/2006 15:04"}})
	var d document
	assert.Equal(t, jsonbody.Set, r.Read(&d))
	assert.True(t, noon.Equal(d.Time), d.Time)
	require.Len(t, d.Times, 3)
	for _, got := range d.Times {
		assert.True(t, noon.Equal(got), got)
	}
	assert.Equal(t, []event.Warning{w("/times/1", "time", "number"), w("/times/2", "time", "string"), w("/kept/id", "string", "number"), w("/kept", "object", "string")}, r.Warnings())

	// Also in JSON text.
	type inside struct {
		In struct {
			At time.Time `json:"at"`
		} `json:"in"`
	}
	r, err = jsonbody.Open([]byte(`{"in":"{\"at\":\"14/05/2024 14:00\"}"}`))
	require.NoError(t, err)
	defer r.Close()
	r.SetTimes(timestamp.Format{Zone: oslo, Layouts: []string{"02/01/2006 15:04"}})
	var in inside
	r.Read(&in)
	assert.True(t, noon.Equal(in.In.At), in.In.At)
}

// U+FFFD stands for what is no UTF-8, with a warning wherever it is kept.
func TestBrokenUTF8(t *testing.T) {
	broken := func(path string) event.Warning { return w(path, "UTF-8", "other bytes") }
	for _, bad := range []string{"\xff", `\ud800`, `\udc00`, `\ud800\u0041`, "\xed\xa0\x80", "\xc0\x80"} {
		shown := strings.Map(func(r rune) rune {
			if r == '\ufffd' {
				return r
			}
			return -1
		}, func() string { var s string; _ = json.Unmarshal([]byte(`"`+bad+`"`), &s); return s }())
		if strings.HasSuffix(bad, "41") {
			shown += "A"
		}
		body := strings.ReplaceAll(`{"string":"a_b","x":{"c":["_"]},"raw":"_","_":1,"byName":{"_":"_"},"secret":"_","struct":{"_":1},"strings":["_","good"]}`, "_", bad)
		d, warnings := unmarshal[document](t, body)
		d.Secret = event.Secret{}
		assert.Equal(t, document{
			String: "a" + shown + "b", Raw: raw(`"` + shown + `"`), ByName: map[string]string{shown: shown}, Strings: []string{shown, "good"},
			Extra: map[string]json.RawMessage{"x": raw(`{"c":["` + shown + `"]}`), shown: raw(`1`)},
		}, d, body)
		assert.Equal(t, []event.Warning{
			broken("/string"), broken("/x"), broken("/raw"), broken("/" + shown), broken("/byName/" + shown), broken("/byName/" + shown), broken("/secret"), broken("/strings/0"),
		}, warnings, body)
	}
	_, warnings := unmarshal[document](t, `{"string":"\ud83d\ude00 \ufffd","x":"漢\u0000"}`)
	assert.Empty(t, warnings)
}

// A text that methods of the type read.
func TestTextUnmarshalers(t *testing.T) {
	type texts struct {
		Word  word                       `json:"word"`
		Words []word                     `json:"words"`
		Extra map[string]json.RawMessage `json:",embed"`
	}
	for body, tt := range map[string]struct {
		want     texts
		warnings []event.Warning
	}{
		`{"word":"a"}`:                 {texts{Word: word{"a"}}, nil},
		`{"word":"\u0061"}`:            {texts{Word: word{"a"}}, nil},
		`{"word":5}`:                   {texts{Word: word{"5"}}, []event.Warning{w("/word", "value of jsonbody_test.word", "number")}},
		`{"word":true}`:                {texts{Word: word{"true"}}, []event.Warning{w("/word", "value of jsonbody_test.word", "boolean")}},
		`{"word":["a"]}`:               {texts{Word: word{"a"}}, []event.Warning{w("/word", "value of jsonbody_test.word", "array")}},
		`{"word":{"a":1}}`:             {texts{Extra: map[string]json.RawMessage{"word": raw(`{"a":1}`)}}, []event.Warning{w("/word", "value of jsonbody_test.word", "object")}},
		`{"word":"refused"}`:           {texts{Extra: map[string]json.RawMessage{"word": raw(`"refused"`)}}, []event.Warning{w("/word", "value of jsonbody_test.word", "string")}},
		`{"word":null}`:                {texts{}, nil},
		`{"word":""}`:                  {texts{}, nil},
		`{"words":"a"}`:                {texts{Words: []word{{"a"}}}, []event.Warning{w("/words", "array", "string")}},
		`{"words":["a","","refused"]}`: {texts{Words: []word{{"a"}}}, []event.Warning{w("/words/2", "value of jsonbody_test.word", "string")}},
	} {
		got, warnings := unmarshal[texts](t, body)
		assert.Equal(t, tt.want, got, body)
		assert.Equal(t, tt.warnings, warnings, body)
	}
}

// A word refuses what is empty.
type word struct{ text string }

func (w *word) UnmarshalText(text []byte) error {
	w.text = string(text)
	if len(text) == 0 || w.text == "refused" {
		return errLetters
	}
	return nil
}

func TestReadKeepsNothingOfTheBody(t *testing.T) {
	for _, body := range []string{
		`{"string":"abc","strings":["d"],"secret":"e","raw":{"a":"f"},"x":"g","byName":{"h":"i"},"any":["j"],"kept":"{\"k\":\"l\"}","letters":"m"}`,
		`{"string":"abc","strings":["d"],"secret":"e","raw":{"a":"f"},"x":"g","byName":{"h":"i"},"any":["j"],"kept":"{\"k\":\"l\"}","letters":"m","esc":"\n"}`,
	} {
		want, _ := unmarshal[document](t, body)
		text := []byte(body)
		var got document
		_, err := jsonbody.Unmarshal(text, &got)
		require.NoError(t, err)
		assert.Equal(t, body, string(text), "the body is not changed")
		clear(text) // as a pooled buffer is used again
		assert.Equal(t, reveal(&want), reveal(&got))
	}
}

// reveal returns d as JSON with secrets in clear.
func reveal(d *document) string {
	text, err := jsonbody.AppendClear(nil, d)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Readers are pooled: what one has read must not show in another.
func TestReadConcurrently(t *testing.T) {
	type own struct { // whose plan nobody has made yet
		Name  string   `json:"name"`
		Names []string `json:"names"`
		Next  *own     `json:"next"`
	}
	var wg sync.WaitGroup
	for i := range 8 {
		name := strings.Repeat(string(rune('a'+i)), 50)
		wg.Go(func() {
			for range 200 {
				var o own
				warnings, err := jsonbody.Unmarshal([]byte(`{"name":"`+name+`","names":["`+name+`\n",5],"next":{"name":"`+name+`"}}`), &o)
				assert.NoError(t, err)
				assert.Equal(t, own{name, []string{name + "\n", "5"}, &own{Name: name}}, o)
				assert.Equal(t, []event.Warning{w("/names/1", "string", "number")}, warnings)
			}
		})
	}
	wg.Wait()
}

func TestStructFields(t *testing.T) {
	type base struct {
		Name string `json:"name"`
		Deep string `json:"deep"`
	}
	type middle struct {
		base
		Deep string `json:"deep"`
	}
	type outer struct {
		middle
		Named base   `json:"named"`
		Name  string `json:"name"`
		Self  *outer `json:"self"`
	}
	type chain struct {
		Name string `json:"name"`
		Next *chain `json:"next"`
	}
	next, _ := unmarshal[chain](t, `{"next":5,"next":{"name":"a","next":6,"next":{"name":"b"},"next":{"name":"c","next":{"name":"d"}}}}`)
	assert.Equal(t, chain{Next: &chain{Name: "a", Next: &chain{Name: "c", Next: &chain{Name: "d"}}}}, next)

	got, warnings := unmarshal[outer](t, `{"name":"a","deep":"b","named":{"name":"c"},"self":{"deep":"d","self":{"name":"e"}}}`)
	assert.Empty(t, warnings)
	assert.Equal(t, outer{
		Name: "a", middle: middle{Deep: "b"}, Named: base{Name: "c"},
		Self: &outer{middle: middle{Deep: "d"}, Self: &outer{Name: "e"}},
	}, got)
}

// Mistakes in a struct are mistakes of the program.
func TestWrongStructsPanic(t *testing.T) {
	type inner struct{ A string }
	structOf := func(n int, tag string) any {
		var fields []reflect.StructField
		for i := range n {
			fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(i), Type: reflect.TypeFor[int](), Tag: reflect.StructTag(tag)})
		}
		return reflect.New(reflect.StructOf(fields)).Interface()
	}
	for want, v := range map[string]any{
		`has two fields "a"`:   structOf(2, `json:"a"`),
		"more than 256 fields": structOf(257, ""),
		"embeds a pointer":     new(struct{ *inner }),
		"Rest is no map": new(struct {
			Rest map[string]any `json:",embed"`
		}),
	} {
		for range 2 { // not only the first time
			func() {
				defer func() { assert.Contains(t, fmt.Sprint(recover()), want) }()
				_, _ = jsonbody.Unmarshal([]byte(`{}`), v)
			}()
		}
	}
}

// Of a name that two embedded structs have, the field of the outer struct counts,
// wherever it stands.
func TestOuterFieldCounts(t *testing.T) {
	type a struct{ ID, A string }
	type b struct{ ID, B string }
	type A = a
	type B = b
	first, _ := unmarshal[struct {
		ID string
		A
		B
	}](t, `{"ID":"x","A":"y","B":"z"}`)
	assert.Equal(t, "xyz", first.ID+first.A.A+first.B.B)
	last, _ := unmarshal[struct {
		A
		B
		ID string
	}](t, `{"ID":"x","A":"y","B":"z"}`)
	assert.Equal(t, "xyz", last.ID+last.A.A+last.B.B)
	assert.Panics(t, func() {
		_, _ = jsonbody.Unmarshal([]byte(`{}`), new(struct {
			A
			B
		}))
	})
}

// Members of structs that are fields count for the struct, too.
func TestMembersWithin(t *testing.T) {
	type inner struct {
		A, B, C string     `json:",omitzero"`
		Room    [1000]byte `json:"-"`
	}
	type outer struct{ Inner inner }
	type lists struct{ All []outer }
	for element, want := range map[string]int{`{"Inner":{"A":"x"}}`: 15, `{"Inner":{"A":"x","B":"y","C":"z"}}`: 100, `{"":0}`: 15, `{"":0,"":0,"":0,"":0}`: 15} {
		got, _ := unmarshal[lists](t, `{"All":[`+strings.Repeat(element+",", 100)+`null]}`)
		assert.Len(t, got.All, want, element)
	}
}

// What has come as JSON in a string may be as deep as it is once it is a part of the body.
func TestDepthOfText(t *testing.T) {
	type value struct {
		Raw json.RawMessage `json:"raw"`
	}
	type document struct {
		Value value                      `json:"value"`
		Extra map[string]json.RawMessage `json:",embed"`
	}
	for _, depth := range []int{31, 32, 63} {
		got, _ := unmarshal[document](t, `{"value":"{\"raw\":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}"}`)
		assert.Equal(t, depth < 32, got.Value.Raw != nil, depth)
		assert.Equal(t, depth >= 32, got.Extra != nil, depth)
		encoded, err := jsonbody.Append(nil, &got)
		require.NoError(t, err)
		again, _ := unmarshal[document](t, string(encoded))
		assert.Equal(t, got, again)
	}
}

// JSON in a string may have JSON in a string, but not any amount of it.
func TestTextInText(t *testing.T) {
	type nested struct {
		Name  string                     `json:"name,omitzero"`
		Inner *nested                    `json:"inner,omitzero"`
		Extra map[string]json.RawMessage `json:",embed"`
	}
	body := `{"name":"` + strings.Repeat("x", 3000) + `"}`
	for range 6 {
		quoted, err := json.Marshal(body)
		require.NoError(t, err)
		body = `{"inner":` + string(quoted) + `}`
	}
	got, _ := unmarshal[nested](t, body)
	depth := 0
	for n := &got; n.Inner != nil; n = n.Inner {
		depth++
	}
	assert.Equal(t, 3, depth)
}

func TestFieldIndex(t *testing.T) {
	assert.Equal(t, -1, jsonbody.FieldIndex[city]("Name"))
	zip := jsonbody.FieldIndex[city]("zip")
	r, err := jsonbody.Open([]byte(`{"a":"151","b":{}}`))
	require.NoError(t, err)
	defer r.Close()
	var c city
	s := jsonbody.StructOf(&c)
	require.True(t, r.Object())
	require.True(t, r.Next())
	assert.Equal(t, jsonbody.Set, r.Field(s, zip))
	require.True(t, r.Next())
	assert.Equal(t, jsonbody.Misfit, r.Field(s, jsonbody.FieldIndex[city]("name")))
	assert.False(t, r.Next())
	assert.Equal(t, city{Zip: 151}, c)
	assert.Equal(t, []event.Warning{w("/a", "integer", "string"), w("/b", "string", "object")}, r.Warnings())
}

func TestResults(t *testing.T) {
	for value, want := range map[string]jsonbody.Result{
		`null`: jsonbody.Absent, `""`: jsonbody.Absent, `{}`: jsonbody.Empty, `{"zip":null}`: jsonbody.Empty, `{"zip":{}}`: jsonbody.Empty, `{"zip":0}`: jsonbody.Zero, `{"name":"a","zip":0}`: jsonbody.Set, `[{"zip":0}]`: jsonbody.Zero,
		`5`: jsonbody.Misfit, `[]`: jsonbody.Misfit, `[{}]`: jsonbody.Empty, `"{}"`: jsonbody.Empty, `"{\"zip\":1}"`: jsonbody.Set, `"["`: jsonbody.Misfit,
	} {
		r, err := jsonbody.Open([]byte(`{"v":` + value + `,"w":1}`))
		require.NoError(t, err)
		r.Object()
		r.Next()
		assert.Equal(t, want, r.Read(new(city)), value)
		require.True(t, r.Next(), value)
		assert.Equal(t, "w", string(r.Name()), value)
		r.Close()
	}
}
