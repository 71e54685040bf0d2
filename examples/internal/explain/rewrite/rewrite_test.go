package rewrite_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/internal/explain/rewrite"
)

func parse(t testing.TB, text string) *rewrite.Text {
	parsed, ok := rewrite.Parse([]byte(text))
	require.True(t, ok, text)
	return parsed
}

// awkward has all that programs write in different ways.
const awkward = ` { "b" : [ 1, [ ] ,{"z":{}, "a":[true,[null, -2.5]]}],` + "\r\n\t" +
	`"a\/\u00e9":"\"\\\/\b\f\n\r\t\u0001 é \u00E9 ` + "\u2028\x7f" + `<>&'+` + "`=" + ` \ud83d\ude00 😀", "":1e3 , "n":1.0,"m":-1000 , "t":[{"a":1},{"b":2}],"f":[1e-7,1e21,123456789012345678901234567890,0.000001,5e-324]} ` + "\n"

func TestAppendKeeps(t *testing.T) {
	for _, text := range []string{awkward, `""`, "\t[]", "{}\n", "-0", " true ", `[ { } , [ ] , "\ud83d" ]`, "[\"\xff\"]"} {
		assert.Equal(t, text, string(parse(t, text).Append(nil, rewrite.Style{})))
	}
}

// The styles of programs that are at hand, by those programs.
func TestAppendAsOthers(t *testing.T) {
	python := func(arguments string) func(*testing.T, string) string {
		return func(t *testing.T, text string) string {
			return tool(t, text, "python3", "-c", "import json,sys; sys.stdout.buffer.write(json.dumps(json.loads(sys.stdin.buffer.read()), "+arguments+").encode())")
		}
	}
	node := func(expression string) func(*testing.T, string) string {
		return func(t *testing.T, text string) string {
			return tool(t, text, "node", "-e", "const v = JSON.parse(require('fs').readFileSync(0, 'utf8')); process.stdout.write("+expression+")")
		}
	}
	golang := func(prefix, indent string) func(*testing.T, string) string {
		return func(t *testing.T, text string) string {
			var v any
			require.NoError(t, json.Unmarshal([]byte(text), &v))
			var out []byte
			var err error
			if indent == "" {
				out, err = json.Marshal(v)
			} else {
				out, err = json.MarshalIndent(v, prefix, indent)
			}
			require.NoError(t, err)
			return string(out)
		}
	}
	sorted := rewrite.Alphabetical
	for name, test := range map[string]struct {
		style rewrite.Style
		as    func(*testing.T, string) string
	}{
		"json.dumps":           {rewrite.Style{Layout: rewrite.Spaced, Strings: rewrite.ASCII, Numbers: rewrite.Python}, python("")},
		"json.dumps compact":   {rewrite.Style{Layout: rewrite.Compact, Strings: rewrite.Plain, Numbers: rewrite.Python}, python("separators=(',', ':'), ensure_ascii=False")},
		"json.dumps sort_keys": {rewrite.Style{Layout: rewrite.Indent4, Strings: rewrite.ASCII, Numbers: rewrite.Python, Order: sorted}, python("indent=4, sort_keys=True")},
		"JSON.stringify":       {rewrite.Style{Layout: rewrite.Compact, Strings: rewrite.Plain, Numbers: rewrite.Shortest}, node("JSON.stringify(v)")},
		"JSON.stringify 2":     {rewrite.Style{Layout: rewrite.Indent2, Strings: rewrite.Plain, Numbers: rewrite.Shortest}, node("JSON.stringify(v, null, 2)")},
		"JSON.stringify tab":   {rewrite.Style{Layout: rewrite.IndentTab, Strings: rewrite.Plain, Numbers: rewrite.Shortest}, node(`JSON.stringify(v, null, "\t")`)},
		"json.Marshal":         {rewrite.Style{Layout: rewrite.Compact, Strings: rewrite.HTML, Numbers: rewrite.Shortest, Order: sorted}, golang("", "")},
		"json.MarshalIndent":   {rewrite.Style{Layout: rewrite.IndentTab, Strings: rewrite.HTML, Numbers: rewrite.Shortest, Order: sorted}, golang("", "\t")},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.as(t, awkward), string(parse(t, awkward).Append(nil, test.style)))
		})
	}
}

// tool runs a program with text as its input. Where it is missing, the test is skipped,
// but not in CI.
func tool(t *testing.T, text, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "" {
		t.Skip(name + " is missing")
	}
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(text), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

// The styles of programs that are not, by what they are known to write.
func TestAppendStyles(t *testing.T) {
	for name, test := range map[string]struct {
		style    rewrite.Style
		in, want string
	}{
		"Jackson": {
			rewrite.Style{Layout: rewrite.Jackson}, `{"a":[1,{"b":[]},[{"c":{}}]],"d":{"e":1}}`,
			"{\n  \"a\" : [ 1, {\n    \"b\" : [ ]\n  }, [ {\n    \"c\" : { }\n  } ] ],\n  \"d\" : {\n    \"e\" : 1\n  }\n}",
		},
		"slash escaped":    {rewrite.Style{Strings: rewrite.SlashEscaped}, `{"/":"\/\u002f\u00e9é\\/"}`, `{"\/":"\/\/\u00e9é\\\/"}`},
		"slash plain":      {rewrite.Style{Strings: rewrite.SlashPlain}, `"\/\u00e9é\\\/"`, `"/\u00e9é\\/"`},
		"PHP":              {rewrite.Style{Strings: rewrite.ASCIISlash}, `"é/😀"`, `"\u00e9\/\ud83d\ude00"`},
		"PHP unescaped":    {rewrite.Style{Strings: rewrite.PlainSlash}, `"\u00e9/"`, `"é\/"`},
		"System.Text.Json": {rewrite.Style{Strings: rewrite.SystemTextJSON}, `"é<\"+'` + "`\x7f" + `/"`, `"\u00E9\u003C\u0022\u002B\u0027\u0060\u007F/"`},
		"Gson":             {rewrite.Style{Strings: rewrite.GSON}, `"é<='/"`, `"é\u003c\u003d\u0027/"`},
		"upper case":       {rewrite.Style{Strings: rewrite.UpperASCII}, `"é\u001f"`, `"\u00E9\u001F"`},
		"lone surrogates":  {rewrite.Style{Strings: rewrite.Plain}, `"\uD83D\uD83D\uDE00\uDE00"`, "\"\\ud83d😀\\ude00\""},
		"no UTF-8":         {rewrite.Style{Strings: rewrite.ASCII}, "\"\xe9\"", "\"\xe9\""},
		"point":            {rewrite.Style{Numbers: rewrite.Point}, `[1,-2,1.5,1e3]`, `[1.0,-2.0,1.5,1e3]`},
		"exponent":         {rewrite.Style{Numbers: rewrite.Exponent}, `[1000,-1200,0,7,1.0]`, `[1e3,-12e2,0,7,1.0]`},
		"upper exponent":   {rewrite.Style{Numbers: rewrite.UpperExponent}, `[1000]`, `[1E3]`},
		"Java":             {rewrite.Style{Numbers: rewrite.JavaExponent}, `[1000,-1234500,0]`, `[1.0E3,-1.2345E6,0]`},
		"one number":       {rewrite.Style{Numbers: rewrite.Shortest, Number: 2}, `{"a":[1.0,2.0],"b":3.0}`, `{"a":[1.0,2],"b":3.0}`},
		"order, as it is": {
			rewrite.Style{Order: rewrite.Names("c", "a").With("a", rewrite.Names("y"))}, "{\n \"b\": 1,\n  \"a\" :[{\"x\":1, \"y\":2}],\n\"c\": 3 }",
			"{\n \"c\": 3,\n  \"a\" :[{\"y\":2, \"x\":1}],\n\"b\": 1 }",
		},
		"repeated": {rewrite.Style{Order: rewrite.Alphabetical}, `{"b":1,"a":1,"b":2,"\u0061":2}`, `{"a":1,"\u0061":2,"b":1,"b":2}`},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, string(parse(t, test.in).Append(nil, test.style)))
		})
	}
}

func TestFields(t *testing.T) {
	type inner struct {
		Z int `json:"z,omitzero"`
		B int `json:"b"`
	}
	type rest struct {
		Extra map[string]json.RawMessage `json:",embed"`
		Q     []*inner                   `json:"q"`
		Hid   string                     `json:"-"`
	}
	type outer struct {
		C    *inner `json:"c"`
		A    string `json:"a"`
		Next *outer `json:"next"`
		rest
	}
	text := parse(t, `{"a":1,"x":0,"next":{"a":1,"c":2},"q":[{"b":1,"z":2}],"c":{"b":1,"z":2}}`)
	order := rewrite.Fields(reflect.TypeFor[*outer]())
	assert.Equal(t, `{"c":{"z":2,"b":1},"a":1,"next":{"c":2,"a":1},"q":[{"z":2,"b":1}],"x":0}`, string(text.Append(nil, rewrite.Style{Order: order})))
	assert.Nil(t, rewrite.Fields(reflect.TypeFor[int]()))
	assert.Nil(t, rewrite.Fields(reflect.TypeFor[struct{ _ int }]()))
}

// Indentation cannot make a small text a huge one.
func TestAppendIsBounded(t *testing.T) {
	const depth = 9000
	text := strings.Repeat("[", depth) + strings.Repeat("1,", 1000) + "1" + strings.Repeat("]", depth)
	for layout := range rewrite.Jackson {
		out := parse(t, text).Append(nil, rewrite.Style{Layout: layout})
		assert.Less(t, len(out), 20*len(text), layout)
	}
	text = strings.Repeat("[", 20) + "1" + strings.Repeat("]", 20)
	assert.True(t, json.Valid(parse(t, text).Append(nil, rewrite.Style{Layout: rewrite.Indent4})), "what is not deep is whole")
}

func TestTextFields(t *testing.T) {
	fields, ok := parse(t, ` {"a" : [1 ] ,"\u0062":"x"}`).Fields()
	assert.True(t, ok)
	assert.Equal(t, []rewrite.Field{{"a", json.RawMessage("[1 ]")}, {"b", json.RawMessage(`"x"`)}}, fields)
	_, ok = parse(t, `[1]`).Fields()
	assert.False(t, ok)
	assert.Equal(t, 3, parse(t, `{"a":[1,-2e3,"4",true],"b":0}`).Numbers())
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "{", `{"a":1,}`, "nul", `"a`, "1 2", strings.Repeat("[", 20000), `"` + strings.Repeat("a", rewrite.MaxSize) + `"`} {
		_, ok := rewrite.Parse([]byte(text))
		assert.False(t, ok, "%.20s", text)
	}
}

// FuzzAppend checks that every style is JSON with the same values, and that writing it
// again changes nothing.
func FuzzAppend(f *testing.F) {
	f.Add([]byte(awkward), uint8(1), uint8(3), uint8(1), true)
	f.Add([]byte(`{"a":[1,{"b":[]},[{"c":{}}]]}`), uint8(6), uint8(10), uint8(5), false)
	f.Add([]byte("[\"\xff\\ud800\", -0, 1E400]"), uint8(2), uint8(6), uint8(4), true)
	f.Fuzz(func(t *testing.T, data []byte, layout, strings, numbers uint8, sort bool) {
		text, ok := rewrite.Parse(data)
		if !ok {
			return
		}
		require.Equal(t, string(data), string(text.Append(nil, rewrite.Style{})))
		style := rewrite.Style{
			Layout:  rewrite.Layout(int(layout) % rewrite.LayoutCount),
			Strings: rewrite.Strings(int(strings) % rewrite.StringCount),
			Numbers: rewrite.Numbers(int(numbers) % rewrite.NumberCount),
		}
		if sort {
			style.Order = rewrite.Alphabetical
		}
		once := text.Append(nil, style)
		if len(once) > 16*len(data)+4096 {
			return // cut off
		}
		again, ok := rewrite.Parse(once)
		require.True(t, ok, "%q", once)
		require.Equal(t, string(once), string(again.Append(nil, style)))
		require.Equal(t, values(data, sort), values(once, sort))
	})
}

func values(text []byte, sorted bool) any {
	var v any
	if sorted { // the last of several members with a name counts, and they keep their order
		_ = json.Unmarshal(text, &v)
		return v
	}
	d := json.NewDecoder(bytes.NewReader(text))
	var all []any
	for {
		t, err := d.Token()
		if err != nil {
			return append(all, len(all))
		}
		all = append(all, t)
	}
}
