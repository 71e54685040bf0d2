package jsonbody_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

func open(t *testing.T, body string) *jsonbody.Reader {
	t.Helper()
	r, err := jsonbody.Open([]byte(body))
	require.NoError(t, err, body)
	t.Cleanup(r.Close)
	return r
}

// frames put a value into a body: compact, with white space everywhere, with
// escapes, broken UTF-8 and a BOM.
var frames = map[string]string{
	"compact":      `{"v":%s,"after":1}`,
	"white space":  "\r\n {\t\"v\" \n : \t%s \r\n, \"after\" : 1 } \n",
	"escapes":      `{"esc\"\\":"\\\"","v":%s,"after":1}`,
	"broken UTF-8": "{\"\xff\":\"\xff\",\"v\":%s,\"after\":1}",
	"BOM":          "\ufeff{\"v\":%s,\"after\":1}",
	"last":         `{"after":1,"v":%s}`,
}

// at returns a Reader at the value of the member "v".
func at(t *testing.T, body string) *jsonbody.Reader {
	t.Helper()
	r := open(t, body)
	require.True(t, r.Object())
	for r.Next() {
		if string(r.Name()) == "v" {
			return r
		}
		r.Skip()
	}
	t.Fatal("no member v")
	return nil
}

// Whatever is asked for, the Reader is at the next member afterwards.
func TestReaderPassesEveryValueBy(t *testing.T) {
	var d document
	s := jsonbody.StructOf(&d)
	takers := map[string]func(*jsonbody.Reader){
		"Skip": func(r *jsonbody.Reader) { r.Skip() },
		"Keep": func(r *jsonbody.Reader) { r.Keep(new(map[string]json.RawMessage), "v") },
		"Object": func(r *jsonbody.Reader) {
			if r.Object() {
				for r.Next() {
					r.Skip()
				}
			}
		},
		"Back": func(r *jsonbody.Reader) {
			here := r.Here()
			r.Skip()
			r.Back(here)
			r.Skip()
		},
	}
	for name := range kinds {
		if i := jsonbody.FieldIndex[document](name); i >= 0 {
			takers["Field "+name] = func(r *jsonbody.Reader) { r.Field(s, i) }
		}
	}
	require.Len(t, takers, 4+len(kinds))
	for frame, format := range frames {
		for _, value := range values {
			for name, take := range takers {
				d = document{}
				r := at(t, fmt.Sprintf(format, value))
				take(r)
				if frame != "last" {
					require.True(t, r.Next(), "%s %s %s", frame, value, name)
					assert.Equal(t, "after", string(r.Name()), "%s %s %s", frame, value, name)
					assert.Equal(t, "number", r.Kind())
					r.Skip()
				}
				assert.False(t, r.Next(), "%s %s %s", frame, value, name)
			}
		}
	}
}

func TestReaderLooksWithoutTaking(t *testing.T) {
	for _, format := range frames {
		for value, want := range map[string]struct {
			kind, text string
			absent     bool
		}{
			`"abc"`:                {"string", "abc", false},
			`""`:                   {"string", "", true},
			`"a\\\"\u0041"`:        {"string", `a\"A`, false},
			"\"\xff\"":             {"string", "\ufffd", false},
			`"\ud83d\ude00\ud83d"`: {"string", "😀\ufffd", false},
			`5`:                    {"number", "", false},
			`-1e3`:                 {"number", "", false},
			`true`:                 {"boolean", "", false},
			`false`:                {"boolean", "", false},
			`null`:                 {"null", "", true},
			`{"a":"b"}`:            {"object", "", false},
			`["a"]`:                {"array", "", false},
			`{}`:                   {"object", "", false},
		} {
			r := at(t, fmt.Sprintf(format, value))
			for range 2 {
				text, ok := r.Peek()
				assert.Equal(t, want.kind == "string", ok, value)
				assert.Equal(t, want.text, string(text), value)
				assert.Equal(t, want.kind, r.Kind(), value)
				assert.Equal(t, want.absent, r.Absent(), value)
			}
		}
	}
}

func TestReaderNames(t *testing.T) {
	r := open(t, "{\"user\\u0049d\":1, \"a\\\"\\\\\":2,\"\":3 ,\"\xff\":4,\"a\\\\\":5,\"dup\":6,\"dup\":7,\"{}[],:\":8}")
	require.True(t, r.Object())
	for _, want := range []string{"userId", `a"\`, "", "\ufffd", `a\`, "dup", "dup", "{}[],:"} {
		require.True(t, r.Next())
		assert.Equal(t, want, string(r.Name()))
		r.Skip()
	}
	assert.False(t, r.Next())
}

func TestReaderObjectsInside(t *testing.T) {
	for _, body := range []string{
		`{"a":{"b":{"c":"deep","x":{}},"d":"behind"},"e":{},"f":"last","g":[{}]}`,
		" { \"a\" : {\n\"b\" : { \"c\" : \"deep\" , \"x\" : { } } ,\t\"d\" : \"behind\" } , \"e\" : { } , \"f\" : \"last\" , \"g\" : [ { } ] } ",
		`{"\u0061":{"b":{"c":"\u0064eep","x":{}},"d":"behind"},"e":{},"f":"last","g":[{}]}`,
	} {
		var got []string
		var walk func(r *jsonbody.Reader, path string)
		walk = func(r *jsonbody.Reader, path string) {
			for r.Next() {
				path := path + "/" + string(r.Name())
				text, _ := r.Peek()
				got = append(got, path+"="+string(text))
				if r.Object() {
					walk(r, path)
				}
			}
		}
		r := open(t, body)
		require.True(t, r.Object())
		walk(r, "")
		assert.Equal(t, []string{"/a=", "/a/b=", "/a/b/c=deep", "/a/b/x=", "/a/d=behind", "/e=", "/f=last", "/g="}, got)
	}
}

func TestNextString(t *testing.T) {
	for body, want := range map[string][]string{
		`{}`: nil,
		`{"a":"12345","b":5,"c":"1234","d":{"e":"12345"},"f":["12345"],"12345":null,"g":"\u0031"}`: {`12345`, `1`},
		" \ufeff"[1:] + ` { "a" : "12345" , "b" : "123456" } `:                                     {`12345`, `123456`},
		`{"a":[[{}],{"b":"12345"}],"c":"12345"}`:                                                   {`12345`},
	} {
		r := open(t, body)
		var got []string
		for r.NextString(len(`"12345"`)) {
			text, ok := r.Peek()
			require.True(t, ok)
			got = append(got, string(text))
			r.Skip()
		}
		assert.Equal(t, want, got, body)
	}
}

func TestMarks(t *testing.T) {
	for mark := range map[string]bool{"": true, "\ufeff": true} {
		body := mark + `{"a":"xx","b":{"xx":"xx"},"c":["yy","x\u0078",7],"xx":77,"d":"x"}`
		marked := func(r *jsonbody.Reader) (texts []string) {
			for _, span := range r.Marked() {
				texts = append(texts, body[span[0]:span[1]])
			}
			return texts
		}
		isX := func(text []byte) bool { return string(text) == "xx" || string(text) == "77" }
		all := []string{`"xx"`, `"xx"`, `"xx"`, `"x\u0078"`, `"xx"`, `77`}

		r := open(t, body)
		assert.True(t, r.MarkWhere(2, isX))
		assert.Equal(t, all, marked(r))
		assert.False(t, r.MarkWhere(2, isX), "there are no more")
		assert.Equal(t, all, marked(r))

		r = open(t, body)
		assert.True(t, r.MarkWhere(5, isX), "only the long ones")
		assert.Equal(t, []string{`"x\u0078"`}, marked(r))
		assert.True(t, r.MarkWhere(0, isX))
		assert.Equal(t, all, marked(r), "in order")

		// What is marked is known when it comes.
		var names []string
		r.Object()
		for r.Next() {
			if r.IsMarked() {
				names = append(names, string(r.Name()))
			}
			r.Skip()
		}
		assert.Equal(t, []string{"a", "xx"}, names)

		r = open(t, body)
		require.True(t, r.NextString(0))
		assert.False(t, r.IsMarked())
		r.MarkValue()
		assert.True(t, r.IsMarked())
		r.Back(0)
		assert.True(t, r.MarkWhere(0, isX))
		assert.Equal(t, all, marked(r))

		// Spans that somebody else has found.
		r = open(t, body)
		start := strings.Index(body, `"xx"`)
		r.MarkValues([][2]int{{start, start + len(`"xx"`)}})
		var own []string
		for r.NextString(0) {
			if text, _ := r.Peek(); r.IsMarked() {
				own = append(own, string(text))
			}
			r.Skip()
		}
		assert.Equal(t, []string{"xx"}, own)
	}
}

func TestWarnPaths(t *testing.T) {
	for _, mark := range []string{"", "\ufeff"} {
		r := open(t, mark+`{"a":{"b/c~":5,"x":{"y":[]}},"dup":1,"dup":2, "\u0065" : 3,"z":[[],{"q":4}]}`)
		var d struct {
			A struct {
				B string `json:"b/c~"`
				X struct {
					Y int `json:"y"`
				} `json:"x"`
			} `json:"a"`
			Dup string `json:"dup"`
			E   string `json:"e"`
			Z   []struct {
				Q bool `json:"q"`
			} `json:"z"`
		}
		r.Read(&d)
		r.Warn(0, "all", "some")
		assert.Equal(t, []event.Warning{
			w("/a/b~1c~0", "string", "number"), w("/a/x/y", "integer", "array"), w("/dup", "string", "number"),
			w("/dup", "unique name", "repeated"), w("/dup", "string", "number"), w("/e", "string", "number"),
			w("/z/0", "object", "array"), w("/z/1/q", "boolean", "number"), w("", "all", "some"),
		}, r.Warnings())
	}
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

// Names as long as they like are cut, whatever they are written with.
func TestLongNamesInWarnings(t *testing.T) {
	for _, letter := range []string{"n", `\u006e`, "é", `\ud83d\ude00`, "😀", `\n`, "/", "~", "\xff", `\ud800`} {
		for _, n := range []int{1, 100, 255, 256, 257, 1535, 1536, 5000} {
			name := strings.Repeat(letter, n)
			var plain string
			require.NoError(t, json.Unmarshal([]byte(`"`+name+`"`), &plain))
			want := "/byName/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(plain)
			if len(want) > 256 {
				want = strings.ToValidUTF8(want[:256], "")
			}
			_, warnings := unmarshal[document](t, `{"byName":{"`+name+`":{}}}`)
			last := warnings[len(warnings)-1]
			assert.Equal(t, w(want, "string", "object"), last, "%d of %s", n, letter)
		}
	}
	_, warnings := unmarshal[document](t, strings.Repeat(`{"any":`, 1)+`1,"kept":{"id":`+strings.Repeat("[", 60)+`1,2`+strings.Repeat("]", 60)+`}}`)
	assert.Equal(t, []event.Warning{w("/kept/id"+strings.Repeat("/0", 59), "string", "array")}, warnings)
}

func TestKind(t *testing.T) {
	for value, want := range map[string]string{
		`"a"`: "string", `{}`: "object", `[]`: "array", `true`: "boolean", `false`: "boolean", `null`: "null",
		`0`: "number", `-1`: "number", `9e9`: "number", ``: "nothing",
	} {
		assert.Equal(t, want, jsonbody.Kind([]byte(value)), value)
	}
}

func TestUnquote(t *testing.T) {
	for raw, want := range map[string]string{
		`"a"`: "a", `"\u0041\n"`: "A\n", `""`: "", "\"\xff\"": "\ufffd", `5`: "5", `{"a":1}`: `{"a":1}`, ``: ``, `null`: `null`,
	} {
		assert.Equal(t, want, string(jsonbody.Unquote([]byte(raw))), raw)
	}
}

// A string that is kept must not be what another Reader writes.
func TestStringsRemain(t *testing.T) {
	var kept []string
	var want []string
	for i := range 50 {
		text := strings.Repeat(fmt.Sprint(i), 1+i%7)
		r, err := jsonbody.Open([]byte(`{"a":"` + text + `","b":"` + text + `\n"}`))
		require.NoError(t, err)
		r.Object()
		for r.Next() {
			for range 2 { // more than there is room for
				peeked, _ := r.Peek()
				kept = append(kept, r.String(peeked), r.String(r.Name()))
				want = append(want, string(peeked), string(r.Name()))
			}
			r.Skip()
		}
		r.Close()
	}
	assert.Equal(t, want, kept)
}

func TestFloorDecodes(t *testing.T) {
	var c city
	require.NoError(t, jsonbody.Floor([]byte("{\"name\":\"a\xff\",\"name\":\"b\xff\"}"), &c), "under the same options")
	assert.Equal(t, "b\ufffd", c.Name)
	assert.Error(t, jsonbody.Floor([]byte(`{"name":5}`), &c), "with nothing around it")
}
