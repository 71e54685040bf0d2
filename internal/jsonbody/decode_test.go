package jsonbody_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

type place struct {
	City string `json:"city"`
	Zip  int    `json:"zip"`
}

type document struct {
	Name     string                     `json:"name"`
	Age      int                        `json:"age"`
	Small    int8                       `json:"small"`
	Unsigned uint                       `json:"unsigned"`
	Ratio    float64                    `json:"ratio"`
	OK       bool                       `json:"ok"`
	When     time.Time                  `json:"when"`
	Times    []time.Time                `json:"times"`
	Secret   event.Secret               `json:"secret"`
	Level    event.Text                 `json:"level"`
	Tags     []string                   `json:"tags"`
	Place    place                      `json:"place"`
	Where    *place                     `json:"where"`
	Places   []place                    `json:"places"`
	ByName   map[string]place           `json:"byName"`
	Counts   map[string]int             `json:"counts"`
	Raw      json.RawMessage            `json:"raw"`
	Extra    map[string]json.RawMessage `json:",embed"`
}

func w(path, want, got string) event.Warning { return event.Warning{Path: path, Want: want, Got: got} }

var noon = time.Date(2024, 5, 14, 12, 0, 0, 0, time.UTC)

// Each body has members beside the one that does not fit: they must be there.
func TestUnmarshalMisfitCostsItsFieldOnly(t *testing.T) {
	tests := map[string]struct {
		member string
		want   document
		warn   []event.Warning
	}{
		"nothing":                    {`"x":1`, document{Extra: map[string]json.RawMessage{"x": json.RawMessage(`1`)}}, nil},
		"number for string":          {`"name":5`, document{}, []event.Warning{w("/name", "string", "number")}},
		"boolean for string":         {`"name":true`, document{}, []event.Warning{w("/name", "string", "boolean")}},
		"object for string":          {`"name":{"a":[1,"}"]}`, document{}, []event.Warning{w("/name", "string", "object")}},
		"array for string":           {`"name":["a","]"]`, document{}, []event.Warning{w("/name", "string", "array")}},
		"string for integer":         {`"small":"5"`, document{}, []event.Warning{w("/small", "number", "string")}},
		"fraction for integer":       {`"small":1.5`, document{}, []event.Warning{w("/small", "number", "number")}},
		"integer out of range":       {`"small":128`, document{}, []event.Warning{w("/small", "number", "number")}},
		"negative for unsigned":      {`"unsigned":-1`, document{}, []event.Warning{w("/unsigned", "number", "number")}},
		"string for float":           {`"ratio":"x"`, document{}, []event.Warning{w("/ratio", "number", "string")}},
		"float out of range":         {`"ratio":1e999`, document{}, []event.Warning{w("/ratio", "number", "number")}},
		"number for boolean":         {`"ok":1`, document{}, []event.Warning{w("/ok", "boolean", "number")}},
		"string for boolean":         {`"ok":"true"`, document{}, []event.Warning{w("/ok", "boolean", "string")}},
		"number for time":            {`"when":1715688000`, document{}, []event.Warning{w("/when", "time", "number")}},
		"text for time":              {`"when":"soon"`, document{}, []event.Warning{w("/when", "time", "string")}},
		"late time":                  {`"when":"10000-01-01T00:00:00Z"`, document{}, []event.Warning{w("/when", "time", "string")}},
		"object for time":            {`"when":{}`, document{}, []event.Warning{w("/when", "time", "object")}},
		"number for secret":          {`"secret":4711`, document{}, []event.Warning{w("/secret", "string", "number")}},
		"object for secret":          {`"secret":{"pin":4711}`, document{}, []event.Warning{w("/secret", "string", "object")}},
		"array for Text":             {`"level":[1]`, document{}, []event.Warning{w("/level", "string", "array")}},
		"object for Text":            {`"level":{}`, document{}, []event.Warning{w("/level", "string", "object")}},
		"number for Text":            {`"level":1.50`, document{Level: "1.50"}, nil},
		"boolean for Text":           {`"level":false`, document{Level: "false"}, nil},
		"string for slice":           {`"tags":"a"`, document{}, []event.Warning{w("/tags", "array", "string")}},
		"object for slice":           {`"tags":{"0":"a"}`, document{}, []event.Warning{w("/tags", "array", "object")}},
		"element of slice":           {`"tags":["a",5,"b"]`, document{Tags: []string{"a", "", "b"}}, []event.Warning{w("/tags/1", "string", "number")}},
		"number for struct":          {`"place":5`, document{}, []event.Warning{w("/place", "object", "number")}},
		"array for struct":           {`"place":[]`, document{}, []event.Warning{w("/place", "object", "array")}},
		"member of struct":           {`"place":{"city":[],"zip":7}`, document{Place: place{Zip: 7}}, []event.Warning{w("/place/city", "string", "array")}},
		"string for pointer":         {`"where":"x"`, document{}, []event.Warning{w("/where", "object", "string")}},
		"member behind pointer":      {`"where":{"city":"a","zip":"x"}`, document{Where: &place{City: "a"}}, []event.Warning{w("/where/zip", "number", "string")}},
		"boolean for map":            {`"counts":true`, document{}, []event.Warning{w("/counts", "object", "boolean")}},
		"value of map":               {`"counts":{"a":"x","b":2}`, document{Counts: map[string]int{"a": 0, "b": 2}}, []event.Warning{w("/counts/a", "number", "string")}},
		"names escaped in the path":  {`"counts":{"a/b~c":"x"}`, document{Counts: map[string]int{"a/b~c": 0}}, []event.Warning{w("/counts/a~1b~0c", "number", "string")}},
		"null":                       {`"name":null,"place":null,"tags":null,"when":null,"secret":null,"level":null,"where":null`, document{}, nil},
		"empty string":               {`"ratio":"","place":"","tags":"","when":"","ok":"","secret":"","level":"","where":"","counts":""`, document{}, nil},
		"empty strings in arrays":    {`"places":["",{"zip":""}],"times":[""]`, document{Places: []place{{}, {}}, Times: []time.Time{{}}}, nil},
		"white space":                {" \"name\" \n:\t{ \"a\" : 1 } \r\n", document{}, []event.Warning{w("/name", "string", "object")}},
		"exact names":                {`"Name":"a"`, document{Extra: map[string]json.RawMessage{"Name": json.RawMessage(`"a"`)}}, nil},
		"any kind of raw":            {`"raw":{"a":[1,null]}`, document{Raw: json.RawMessage(`{"a":[1,null]}`)}, nil},
		"the last of repeated names": {`"name":"a","name":"b"`, document{Name: "b"}, nil},
		"repeated, last one misfits": {`"name":"a","name":5`, document{}, []event.Warning{w("/name", "string", "number")}},
		"repeated, first misfits":    {`"name":5,"name":"b"`, document{Name: "b"}, []event.Warning{w("/name", "string", "number")}},
		"broken UTF-8":               {"\"name\":\"a\xffb\"", document{Name: "a\ufffdb"}, nil},
		"broken UTF-8 and misfit":    {"\"name\":\"a\xffb\",\"place\":\"\xff\"", document{Name: "a\ufffdb"}, []event.Warning{w("/place", "object", "string")}},
		"lone surrogate":             {`"name":"\ud800x"`, document{Name: "\ufffdx"}, nil},
		"several, deep": {
			`"places":[{"city":1},5,{"city":"a","zip":"x"}],"byName":{"a":{"zip":[]},"b":{"city":"b"}}`,
			document{Places: []place{{}, {}, {City: "a"}}, ByName: map[string]place{"a": {}, "b": {City: "b"}}},
			[]event.Warning{
				w("/places/0/city", "string", "number"), w("/places/1", "object", "number"), w("/places/2/zip", "number", "string"),
				w("/byName/a/zip", "number", "array"),
			},
		},
		"times in other forms": {
			`"times":["2024-05-14 12:00:00","\/Date(1715688000000)\/",5,"2024-05-14T14:00:00+02:00","2024-05-14T12:00:00","0001-01-01T00:00:00"]`,
			document{Times: []time.Time{noon, noon, {}, noon, noon, {}}},
			[]event.Warning{w("/times/2", "time", "number")},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, mark := range []string{"", "\ufeff"} {
				body := mark + `{"age":7,` + tt.member + `,"Rest":{"a":1}}`
				tt.want.Age = 7
				if tt.want.Extra == nil {
					tt.want.Extra = map[string]json.RawMessage{}
				}
				tt.want.Extra["Rest"] = json.RawMessage(`{"a":1}`)

				in := []byte(body)
				var got document
				warnings, err := jsonbody.Unmarshal(in, &got)
				require.NoError(t, err)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
				assert.Equal(t, tt.warn, warnings)
				assert.Equal(t, body, string(in), "the body is not changed")
			}
		})
	}
}

func TestUnmarshalErrors(t *testing.T) {
	tests := map[string]struct {
		body string
		want error
	}{
		"nothing":                {``, jsonbody.ErrNotObject},
		"white space":            {" \n", jsonbody.ErrNotObject},
		"null":                   {`null`, jsonbody.ErrNotObject},
		"array":                  {`[{}]`, jsonbody.ErrNotObject},
		"string":                 {`"{}"`, jsonbody.ErrNotObject},
		"number":                 {`5`, jsonbody.ErrNotObject},
		"boolean":                {`true`, jsonbody.ErrNotObject},
		"byte order mark only":   {"\ufeff", jsonbody.ErrNotObject},
		"two byte order marks":   {"\ufeff\ufeff{}", jsonbody.ErrNotObject},
		"UTF-16":                 {"\xff\xfe{\x00}\x00", jsonbody.ErrNotObject},
		"open":                   {`{`, jsonbody.ErrSyntax},
		"open after a value":     {`{"age":1`, jsonbody.ErrSyntax},
		"two objects":            {`{}{}`, jsonbody.ErrSyntax},
		"something behind":       {`{"age":1}x`, jsonbody.ErrSyntax},
		"comma behind":           {`{"age":1,}`, jsonbody.ErrSyntax},
		"no colon":               {`{"age" 1}`, jsonbody.ErrSyntax},
		"name that is no string": {`{age:1}`, jsonbody.ErrSyntax},
		"single quotes":          {`{'age':1}`, jsonbody.ErrSyntax},
		"control character":      {"{\"name\":\"a\nb\"}", jsonbody.ErrSyntax},
		"bad escape":             {`{"name":"\x"}`, jsonbody.ErrSyntax},
		"bad number":             {`{"age":01}`, jsonbody.ErrSyntax},
		"bad literal":            {`{"ok":tru}`, jsonbody.ErrSyntax},
		"misfit and then open":   {`{"name":5,"age":`, jsonbody.ErrSyntax},
		"misfit, then behind":    {`{"name":5}x`, jsonbody.ErrSyntax},
		"mismatched brackets":    {`{"tags":[}]`, jsonbody.ErrSyntax},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var d document
			warnings, err := jsonbody.Unmarshal([]byte(tt.body), &d)
			assert.ErrorIs(t, err, tt.want)
			assert.Nil(t, warnings)

			r, err := jsonbody.NewReader([]byte(tt.body))
			assert.ErrorIs(t, err, tt.want)
			assert.Nil(t, r)

			err = jsonbody.Members([]byte(tt.body), func(*jsonbody.Member) bool {
				t.Error("no call before the body is known to be good")
				return true
			})
			assert.ErrorIs(t, err, tt.want)
		})
	}
}

func TestUnmarshalStartsFromZero(t *testing.T) {
	// What a first try has put into v must not show after a repair.
	var d document
	_, err := jsonbody.Unmarshal([]byte(`{"counts":{"a":1},"where":{"zip":1},"counts":{"b":"x"},"where":5}`), &d)
	require.NoError(t, err)
	assert.Nil(t, d.Where)
}

func TestUnmarshalWarnsAtMost32Times(t *testing.T) {
	for n, want := range map[int]int{31: 31, 32: 32, 33: 32, 60: 32} {
		var d document
		warnings, err := jsonbody.Unmarshal([]byte(`{"tags":[`+strings.Repeat("5,", n)+`"last"],"name":"a"}`), &d)
		require.NoError(t, err)
		assert.Len(t, warnings, want)
		assert.Equal(t, w("/tags/0", "string", "number"), warnings[0])
		assert.Equal(t, w(fmt.Sprintf("/tags/%d", want-1), "string", "number"), warnings[want-1])
		assert.Equal(t, "a", d.Name)
		require.Len(t, d.Tags, n+1)
		assert.Equal(t, "last", d.Tags[n])
	}
}

func TestUnmarshalWorkIsBounded(t *testing.T) {
	for name, member := range map[string]string{
		"array":         `"tags":[` + strings.Repeat("5,", 100_000) + `5]`,
		"empty strings": `"places":[` + strings.Repeat(`"",`, 100_000) + `""]`,
		"far apart":     `"raw":"` + strings.Repeat("x", 1<<20) + `","tags":[` + strings.Repeat("5,", 100_000) + `5]`,
	} {
		t.Run(name, func(t *testing.T) {
			var d document
			start := time.Now()
			warnings, err := jsonbody.Unmarshal([]byte(`{"name":"a",`+member+`}`), &d)
			assert.Less(t, time.Since(start), 10*time.Second)
			require.NoError(t, err)
			assert.NotEmpty(t, warnings)
			assert.LessOrEqual(t, len(warnings), event.MaxWarnings)
		})
	}
}

func TestUnmarshalGivesUpWithAWarning(t *testing.T) {
	// Each misfit is repaired without a warning, but there are too many.
	var d document
	warnings, err := jsonbody.Unmarshal([]byte(`{"places":[`+strings.Repeat(`"",`, 2000)+`""]}`), &d)
	require.NoError(t, err)
	assert.Equal(t, []event.Warning{w("", "documented types", "object")}, warnings)
	assert.Equal(t, document{}, d)
}

func TestUnmarshalGivesUpEarlierOnLargeBodies(t *testing.T) {
	large := strings.Repeat("x", 1<<20)
	var d document
	warnings, err := jsonbody.Unmarshal([]byte(`{"raw":"`+large+`","places":[`+strings.Repeat(`"",`, 100)+`""]}`), &d)
	require.NoError(t, err)
	assert.Equal(t, []event.Warning{w("", "documented types", "object")}, warnings)

	warnings, err = jsonbody.Unmarshal([]byte(`{"raw":"`+large+`","places":[`+strings.Repeat(`"",`, 5)+`""]}`), &d)
	require.NoError(t, err)
	assert.Empty(t, warnings)
	assert.Len(t, d.Places, 6)
}

func TestUnmarshalRepairsManyMisfits(t *testing.T) {
	var d document
	_, err := jsonbody.Unmarshal([]byte(`{"places":[`+strings.Repeat(`5,`, 90)+`{"city":"a"}],"name":"a"}`), &d)
	require.NoError(t, err)
	assert.Equal(t, "a", d.Name)
	require.Len(t, d.Places, 91)
	assert.Equal(t, "a", d.Places[90].City)
}

func TestWarn(t *testing.T) {
	var warnings []event.Warning
	for range 2 * event.MaxWarnings {
		warnings = jsonbody.Warn(warnings, "/a", "string", "number")
	}
	assert.Len(t, warnings, event.MaxWarnings)

	for name, tt := range map[string]struct{ path, want string }{
		"short":               {"/" + strings.Repeat("x", 255), "/" + strings.Repeat("x", 255)},
		"long":                {"/" + strings.Repeat("x", 256), "/" + strings.Repeat("x", 255)},
		"in a character":      {"/" + strings.Repeat("é", 200), "/" + strings.Repeat("é", 127)},
		"in a long character": {strings.Repeat("😀", 100), strings.Repeat("😀", 64)},
		"odd characters":      {"/ab" + strings.Repeat("😀", 100), "/ab" + strings.Repeat("😀", 63)},
	} {
		got := jsonbody.Warn(nil, tt.path, "string", "number")
		assert.Equal(t, []event.Warning{w(tt.want, "string", "number")}, got, name)
	}
}

func TestKind(t *testing.T) {
	for value, want := range map[string]string{
		`"a"`: "string", `{}`: "object", `[]`: "array", `true`: "boolean", `false`: "boolean", `null`: "null",
		`0`: "number", `-1`: "number", `9e9`: "number", ``: "nothing",
	} {
		assert.Equal(t, want, jsonbody.Kind([]byte(value)), value)
	}
}

func TestFloorDecodes(t *testing.T) {
	var d document
	require.NoError(t, jsonbody.Floor([]byte("{\"name\":\"a\xff\",\"name\":\"b\xff\"}"), &d), "under the same options")
	assert.Equal(t, "b\ufffd", d.Name)
	assert.Error(t, jsonbody.Floor([]byte(`{"name":5}`), &d), "with nothing around it")
}
