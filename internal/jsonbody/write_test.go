package jsonbody_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// noRepeatedNames asserts that what v is encoded to has no name twice.
func noRepeatedNames(t *testing.T, v any) {
	t.Helper()
	text, err := jsonbody.Append(nil, v)
	require.NoError(t, err)
	r, err := jsonbody.OpenUnauthenticated(text)
	if assert.NoError(t, err, "%s", text) {
		r.Close()
	}
	assert.True(t, json.Valid(text), "%s", text)
}

func TestAppend(t *testing.T) {
	five := 5
	secret, masked := event.NewSecret("s<\"é"), event.Secret{}
	require.NoError(t, masked.UnmarshalText([]byte("[redacted]")))
	always := struct {
		A string
		B int                        `json:"b"`
		C []int                      `json:"c"`
		D *city                      `json:"d"`
		E map[string]string          `json:"e"`
		F json.RawMessage            `json:"f"`
		G event.Secret               `json:"g"`
		H time.Time                  `json:"h"`
		I any                        `json:"i"`
		J city                       `json:"j"`
		K bool                       `json:"k"`
		L float64                    `json:"l"`
		M map[string]json.RawMessage `json:",embed"`
	}{}
	for name, tt := range map[string]struct {
		value       any
		want, clear string // clear is empty if it is the same
	}{
		"zero":                {document{}, `{}`, ``},
		"pointer":             {&document{String: "a"}, `{"string":"a"}`, ``},
		"written always":      {always, `{"A":"","b":0,"c":[],"d":null,"e":{},"f":null,"g":null,"h":"0001-01-01T00:00:00Z","i":null,"j":{},"k":false,"l":0}`, ``},
		"strings":             {document{String: "a\"\\\n\x01<&>é\u2028", Named: "b", Text: "5"}, `{"string":"a\"\\\n\u0001<&>é\u2028","named":"b","text":"5"}`, ``},
		"broken UTF-8":        {document{String: "a\xffb"}, `{"string":"a\ufffdb"}`, ``},
		"bool":                {document{Bool: true}, `{"bool":true}`, ``},
		"integers":            {document{Int: -1, Int8: -128, Int64: math.MinInt64, Uint8: 255, Uint64: math.MaxUint64}, `{"int":-1,"int8":-128,"int64":-9223372036854775808,"uint8":255,"uint64":18446744073709551615}`, ``},
		"floats":              {document{Float32: 0.1, Float64: 1e21}, `{"float32":0.1,"float64":1e+21}`, ``},
		"time":                {document{Time: noon.Add(123).In(time.FixedZone("", 7200))}, `{"time":"2024-05-14T14:00:00.000000123+02:00"}`, ``},
		"raw":                 {document{Raw: raw(` { "a" : [ 1.50 , "\u003c" ] , "a":2 } `)}, `{"raw":{"a":[1.50,"<"],"a":2}}`, ``},
		"place":               {document{Place: 7, Int: 1}, `{"int":1}`, ``},
		"struct":              {document{Struct: city{Zip: 1}, Scalar: address{Value: "v"}}, `{"struct":{"zip":1},"scalar":{"value":"v"}}`, ``},
		"pointers":            {document{Pointer: &city{}, Number: &five}, `{"pointer":{},"number":5}`, ``},
		"lists":               {document{Strings: []string{"", "a"}, Ints: []int{}, Structs: []city{{}, {Name: "a"}}, Pointers: []*city{nil, {Zip: 1}}, Lists: [][]int{nil, {1, 2}}}, `{"strings":["","a"],"ints":[],"structs":[{},{"name":"a"}],"pointers":[null,{"zip":1}],"lists":[[],[1,2]]}`, ``},
		"maps":                {document{ByName: map[string]string{"z": "1", "a\"": "2", "": ""}, Counts: map[string]int{"b": 1, "a": 2}}, `{"byName":{"":"","a\"":"2","z":"1"},"counts":{"a":2,"b":1}}`, ``},
		"empty map":           {document{ByName: map[string]string{}}, `{"byName":{}}`, ``},
		"methods":             {document{Letters: letters{"a"}, Address: netip.MustParseAddr("::1"), Bytes: []byte{1, 2, 3}}, `{"letters":"a","address":"::1","bytes":"AQID"}`, ``},
		"any":                 {document{Any: map[string]any{"b": "<", "a": []int{1}}}, `{"any":{"a":[1],"b":"<"}}`, ``},
		"struct in any":       {document{Any: &city{Name: "<"}}, `{"any":{"name":"<"}}`, ``},
		"embedded":            {document{embedded: embedded{"a"}, Left: "out"}, `{"inner":"a"}`, ``},
		"Extra is sorted":     {document{Int: 1, Extra: map[string]json.RawMessage{"z": raw(`1`), "b\"": raw(` [ ] `), "a": nil}}, `{"int":1,"a":null,"b\"":[],"z":1}`, ``},
		"Extra below":         {document{Kept: kept{"a", map[string]json.RawMessage{"x": raw(`1`)}}}, `{"kept":{"id":"a","x":1}}`, ``},
		"misfit":              {document{Extra: map[string]json.RawMessage{"int": raw(`{}`)}}, `{"int":{}}`, ``},
		"misfit beside value": {document{Int: 5, Extra: map[string]json.RawMessage{"int": raw(`{}`), "Int": raw(`1`)}}, `{"int":5,"Int":1}`, ``},
		"secrets": {document{Secret: secret, Secrets: []event.Secret{secret, {}, masked}, Hidden: &secret, Misfits: misfits{Pin: secret}},
			`{"secret":"[redacted]","secrets":["[redacted]",null,"[redacted]"],"hidden":"[redacted]","misfits":{"pin":"[redacted]"}}`,
			`{"secret":"s<\"é","secrets":["s<\"é",null,"[redacted]"],"hidden":"s<\"é","misfits":{"pin":"s<\"é"}}`},
	} {
		// From Go 1.27 on encoding/json writes U+FFFD as it is.
		escaped := func(text []byte) string { return strings.ReplaceAll(string(text), "\ufffd", `\ufffd`) }
		t.Run(name, func(t *testing.T) {
			got, err := jsonbody.Append([]byte("before "), tt.value)
			require.NoError(t, err)
			assert.Equal(t, "before "+tt.want, escaped(got))
			if tt.clear == "" {
				tt.clear = tt.want
			}
			got, err = jsonbody.AppendClear([]byte("before "), tt.value)
			require.NoError(t, err)
			assert.Equal(t, "before "+tt.clear, escaped(got))
		})
	}
}

// A field that is written although it is zero gives way to what did not fit it.
func TestNoNameTwice(t *testing.T) {
	type payload struct {
		Name  string                     `json:"name"`
		Count int                        `json:"count,omitzero"`
		Extra map[string]json.RawMessage `json:",embed"`
	}
	for body, want := range map[string]string{
		`{"name":{},"count":{}}`:       `{"count":{},"name":{}}`,
		`{"name":{},"NAME":[1,2]}`:     `{"name":[1,2]}`,
		`{"name":{},"name":"a"}`:       `{"name":"a"}`,
		`{"name":"a","name":{}}`:       `{"name":"a"}`,
		`{"count":0,"count":{}}`:       `{"name":""}`,
		`{"x":1,"name":"","x":[2]}`:    `{"name":"","x":[2]}`,
		`{"Name":{},"x":1,"count":[]}`: `{"count":[],"name":{},"x":1}`,
	} {
		p, _ := unmarshal[payload](t, body)
		got, err := jsonbody.Append(nil, &p)
		require.NoError(t, err)
		assert.Equal(t, want, string(got), body)
		again, _ := unmarshal[payload](t, want)
		assert.Equal(t, p, again, body)
	}
}

type failing struct{}

var errFailing = errors.New("failing")

func (failing) MarshalJSON() ([]byte, error)  { return nil, errFailing }
func (*failing) UnmarshalJSON(_ []byte) error { return errFailing }

// Invisible characters are escaped in fields of every kind, and come back.
func TestAppendEscapes(t *testing.T) {
	want := new(document)
	assert.Greater(t, escapetest.Fill(want), 20)
	want.Any = map[string]any{escapetest.Text: escapetest.Text}
	want.Address = netip.MustParseAddr("fe80::1").WithZone(escapetest.Text)
	for name, encode := range map[string]func([]byte, any) ([]byte, error){"Append": jsonbody.Append, "AppendClear": jsonbody.AppendClear} {
		text, err := encode(nil, want)
		require.NoError(t, err, name)
		escapetest.AssertEscaped(t, text)
		got, _ := unmarshal[document](t, string(text))
		again, err := encode(nil, &got)
		require.NoError(t, err, name)
		escapetest.AssertEscaped(t, again)
		same, _ := unmarshal[document](t, string(again))
		assert.True(t, reflect.DeepEqual(got, same), name)
		assert.Equal(t, escapetest.Text, got.String, name)
		assert.Equal(t, map[string]string{escapetest.Text: escapetest.Text}, got.ByName, name)
		assert.Contains(t, got.Extra, escapetest.Text, name)
	}
	secret, err := jsonbody.AppendClear(nil, document{Secret: event.NewSecret(escapetest.Text)})
	require.NoError(t, err)
	escapetest.AssertEscaped(t, secret)
}

func TestAppendErrors(t *testing.T) {
	for text, v := range map[string]any{
		"raw: ":                     document{Raw: raw(`{`)},
		"x: ":                       document{Extra: map[string]json.RawMessage{"x": raw(``)}},
		"kept: y: ":                 document{Kept: kept{Extra: map[string]json.RawMessage{"y": raw(`1 2`)}}},
		"float64: ":                 document{Float64: math.NaN()},
		"float32: ":                 document{Float32: float32(math.Inf(-1))},
		"time: ":                    document{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"times: ":                   document{Times: []time.Time{noon, noon.In(time.FixedZone("", 24*60*60))}},
		"any: ":                     document{Any: func() {}},
		"F: json: error calling Ma": &struct{ F failing }{},
	} {
		got, err := jsonbody.Append([]byte("before"), v)
		assert.ErrorContains(t, err, text)
		assert.Equal(t, "before", string(got), "what was there remains")
	}
	_, err := jsonbody.Append(nil, struct{ F failing }{})
	assert.ErrorIs(t, err, errFailing)
	_, err = jsonbody.Append(nil, document{Extra: map[string]json.RawMessage{escapetest.Text: raw(`{`)}})
	require.Error(t, err)
	escapetest.AssertEscaped(t, err.Error())
}

func TestCanonical(t *testing.T) {
	invisible := escapetest.Quote(escapetest.Text)
	for name, tt := range map[string]struct{ raw, want string }{
		"white space":        {" {\n \"a\" : [ 1 , 2 ] }\t", `{"a":[1,2]}`},
		"order stays":        {`{"z":1,"a":2}`, `{"z":1,"a":2}`},
		"repeated names":     {`{"a":1,"a":2}`, `{"a":1,"a":2}`},
		"big number":         {`123456789012345678901234567890`, `123456789012345678901234567890`},
		"digits":             {`[1.0,1e2,-0,0.10E+1,1e400]`, `[1.0,1e2,-0,0.10E+1,1e400]`},
		"escaped HTML":       {`"\u003ca\u003e\u0026"`, `"<a>&"`},
		"HTML":               {`"<a>&"`, `"<a>&"`},
		"line separators":    {`"\u2028"`, "\"\u2028\""},
		"escaped letters":    {`"\u0041\u00e9\ud83d\ude00"`, `"Aé😀"`},
		"escaped slash":      {`"a\/b"`, `"a/b"`},
		"escaped names":      {`{"\u0041\/":1}`, `{"A/":1}`},
		"control characters": {`"\u0000\u001f\u000a\t"`, `"\u0000\u001f\n\t"`},
		"lone surrogate":     {`"\ud800"`, "\"\ufffd\""},
		"lone low surrogate": {`"a\udc00b"`, "\"a\ufffdb\""},
		"broken UTF-8":       {"\"a\xffb\"", "\"a\ufffdb\""},
		"null":               {`null`, `null`},
		"empty":              {`[{},[],""]`, `[{},[],""]`},
		"invisible":          {`{` + invisible + `:[` + escapetest.Escape(invisible) + `]}`, `{` + invisible + `:[` + invisible + `]}`},
	} {
		t.Run(name, func(t *testing.T) {
			before := raw(tt.raw)
			got := jsonbody.Canonical(before)
			assert.Equal(t, tt.want, string(got))
			assert.Equal(t, tt.raw, string(before), "it is not changed")
			assert.Equal(t, got, jsonbody.Canonical(got), "idempotent")

			// Through encoding/json, which escapes HTML, and back.
			out, err := json.Marshal(map[string]json.RawMessage{"a": got})
			require.NoError(t, err)
			var in map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(out, &in))
			assert.Equal(t, string(got), string(jsonbody.Canonical(in["a"])))

			// Through Extra and back.
			d, _ := unmarshal[document](t, `{"x":`+tt.raw+`}`)
			assert.Equal(t, tt.want, string(d.Extra["x"]))
			out, err = jsonbody.Append(nil, &d)
			require.NoError(t, err)
			assert.Equal(t, `{"x":`+escapetest.Escape(tt.want)+`}`, string(out))

			clear(before)
			assert.Equal(t, tt.want, string(got), "it shares no memory")
		})
	}
	assert.Nil(t, jsonbody.Canonical(nil))
	for _, text := range []string{``, `{`, `{"a"}`, `1 2`, `x`} {
		assert.Nil(t, jsonbody.Canonical(raw(text)), text)
	}
}
