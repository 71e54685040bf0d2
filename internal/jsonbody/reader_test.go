package jsonbody_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

func newReader(t *testing.T, body string) *jsonbody.Reader {
	t.Helper()
	r, err := jsonbody.NewReader([]byte(body))
	require.NoError(t, err)
	return r
}

// at returns a Reader at the value of the member "v" of body.
func at(t *testing.T, body string) *jsonbody.Reader {
	t.Helper()
	r := newReader(t, body)
	require.True(t, r.Object())
	for r.Next() {
		if r.Name() == "v" {
			return r
		}
		r.Skip()
	}
	t.Fatal("no member v")
	return nil
}

// frames put a value into a body: compact, with white space everywhere, with
// escapes (which slow the way of the Reader down), broken UTF-8 and a BOM.
var frames = map[string]string{
	"compact":      `{"v":%s,"after":1}`,
	"white space":  "\r\n {\t\"v\" \n : \t%s \r\n, \"after\" : 1 } \n",
	"newlines":     "\n{\n\"v\"\n:\n%s\n,\n\"after\"\n:\n1\n}\n",
	"returns":      "\r{\r\"v\"\r:\r%s\r,\r\"after\"\r:\r1\r}\r",
	"tabs":         "\t{\t\"v\"\t:\t%s\t,\t\"after\"\t:\t1\t}\t",
	"escapes":      `{"esc\"\\":"\\\"","v":%s,"after":1}`,
	"broken UTF-8": "{\"\xff\":\"\xff\",\"v\":%s,\"after\":1}",
	"BOM":          "\ufeff{\"v\":%s,\"after\":1}",
	"last":         `{"after":0,"v":%s}`,
}

var values = map[string]string{
	"string": `"a"`, "empty string": `""`, "string of brackets": `"}],{"`, "escapes": `"\"\\\u0041"`, "number": `5`, "fraction": `-1.50e3`,
	"true": `true`, "false": `false`, "null": `null`, "object": `{"a":[1,{"b":"}"}],"v":2}`, "empty object": `{}`,
	"array": `[[],{},"]",[1,2]]`, "empty array": `[]`, "spaces inside": `{ "a" : [ 1 , 2 ] , "b" : { } }`,
	"ends in an escaped backslash": `"a\\"`, "ends in an escaped quote": `"a\""`, "ends in both": `"a\\\""`, "ends in two backslashes": `"a\\\\"`,
	"only backslashes": `"\\\\"`, "object of such": `{"a\\":"b\\\"","c":["\\"]}`,
}

// readers are all ways to read a value. They take kinds; of others they warn.
var readers = map[string]struct {
	want  string
	takes string
	read  func(*jsonbody.Reader) any
}{
	"String": {"string", "string", func(r *jsonbody.Reader) any { return r.String() }},
	"Text":   {"string", "string number boolean", func(r *jsonbody.Reader) any { return string(r.Text()) }},
	"Int":    {"integer", "number", func(r *jsonbody.Reader) any { return r.Int() }},
	"Time":   {"time", "string", func(r *jsonbody.Reader) any { return r.Time() }},
	"Object": {"object", "object", func(r *jsonbody.Reader) any {
		if r.Object() {
			for r.Next() {
				r.Skip()
			}
		}
		return nil
	}},
	"Raw":  {"", "", func(r *jsonbody.Reader) any { r.Raw(); return nil }},
	"Skip": {"", "", func(r *jsonbody.Reader) any { r.Skip(); return nil }},
	"Keep": {"", "", func(r *jsonbody.Reader) any { r.Keep(new(map[string]json.RawMessage)); return nil }},
}

// Whatever is asked for, the Reader is at the next member afterwards.
func TestReaderPassesEveryKindBy(t *testing.T) {
	for frame, format := range frames {
		for kind, value := range values {
			for method, m := range readers {
				t.Run(frame+"/"+kind+"/"+method, func(t *testing.T) {
					r := at(t, fmt.Sprintf(format, value))
					m.read(r)
					if frame != "last" {
						require.True(t, r.Next())
						assert.Equal(t, "after", r.Name())
						assert.EqualValues(t, 1, r.Int())
					}
					assert.False(t, r.Next())
				})
			}
		}
	}
}

func TestReaderWarnsOfOtherKinds(t *testing.T) {
	kinds := map[string]string{
		`"x"`: "string", `5`: "number", `1.5`: "number", `true`: "boolean", `false`: "boolean", `{}`: "object", `[]`: "array",
		`{"a":"}"}`: "object", `["]"]`: "array", `null`: "", `""`: "",
	}
	for method, m := range readers {
		for value, kind := range kinds {
			for frame, format := range frames {
				t.Run(method+"/"+value+"/"+frame, func(t *testing.T) {
					r := at(t, fmt.Sprintf(format, value))
					got := m.read(r)
					takes := m.want == "" || kind == "" || strings.Contains(m.takes, kind)
					// Of their own kind, these two do not take everything.
					if method == "Time" && kind == "string" || method == "Int" && value == "1.5" {
						takes = false
					}
					if takes {
						assert.Empty(t, r.Warnings())
						return
					}
					assert.Empty(t, got)
					assert.Equal(t, []event.Warning{w("/v", m.want, kind)}, r.Warnings())
				})
			}
		}
	}
}

func TestReaderString(t *testing.T) {
	tests := map[string]struct{ value, want string }{
		"plain":                 {`"abc"`, "abc"},
		"empty":                 {`""`, ""},
		"not ASCII":             {`"é漢😀"`, "é漢😀"},
		"escapes":               {`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		"Unicode escapes":       {`"\u0041\u00e9\u6f22"`, "Aé漢"},
		"surrogates":            {`"\ud83d\ude00"`, "😀"},
		"lone surrogate":        {`"\ud83dx"`, "\ufffdx"},
		"zero byte":             {`"\u0000"`, "\x00"},
		"escaped backslash":     {`"a\\"`, `a\`},
		"escaped quote":         {`"a\\\""`, `a\"`},
		"escaped quote only":    {`"\""`, `"`},
		"backslash and u":       {`"\\u0041"`, `\u0041`},
		"broken UTF-8":          {"\"a\xff\xfeb\"", "a\ufffd\ufffdb"},
		"looks like the end":    {`"\"}"`, `"}`},
		"null":                  {`null`, ""},
		"escapes in other ones": {`"plain"`, "plain"},
	}
	for name, tt := range tests {
		for frame, format := range frames {
			t.Run(name+"/"+frame, func(t *testing.T) {
				r := at(t, fmt.Sprintf(format, tt.value))
				assert.Equal(t, tt.want, r.String())
				assert.Empty(t, r.Warnings())

				// Text reads strings as well, in the same way.
				assert.Equal(t, event.Text(tt.want), at(t, fmt.Sprintf(format, tt.value)).Text())
			})
		}
	}
}

func TestReaderNames(t *testing.T) {
	r := newReader(t, "{\"user\\u0049d\":1, \"a\\\"\\\\\":2,\"\":3 ,\"\xff\":4,\"a\\\\\":5,\"dup\":6,\"dup\":7,\"{}[],:\":8}")
	require.True(t, r.Object())
	for i, want := range []string{"userId", `a"\`, "", "\ufffd", `a\`, "dup", "dup", "{}[],:"} {
		require.True(t, r.Next())
		assert.Equal(t, want, r.Name())
		assert.EqualValues(t, i+1, r.Int())
	}
	assert.False(t, r.Next())
}

func TestReaderText(t *testing.T) {
	for value, want := range map[string]event.Text{
		`"a"`: "a", `"007"`: "007", `0`: "0", `-1.50e+3`: "-1.50e+3", `123456789012345678901234567890`: "123456789012345678901234567890",
		`true`: "true", `false`: "false", `null`: "", `""`: "",
	} {
		r := at(t, `{"v":`+value+`}`)
		assert.Equal(t, want, r.Text())
		assert.Empty(t, r.Warnings())
	}
}

func TestReaderInt(t *testing.T) {
	tests := map[string]struct {
		value string
		want  int64
		warns string
	}{
		"zero":          {`0`, 0, ""},
		"negative zero": {`-0`, 0, ""},
		"positive":      {`3600`, 3600, ""},
		"negative":      {`-5`, -5, ""},
		"largest":       {`9223372036854775807`, 9223372036854775807, ""},
		"smallest":      {`-9223372036854775808`, -9223372036854775808, ""},
		"too large":     {`9223372036854775808`, 0, "number"},
		"too small":     {`-9223372036854775809`, 0, "number"},
		"fraction":      {`1.5`, 0, "number"},
		"exponent":      {`1e3`, 0, "number"},
		"in a string":   {`"5"`, 0, "string"},
		"null":          {`null`, 0, ""},
		"empty string":  {`""`, 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := at(t, `{"v":`+tt.value+`}`)
			assert.Equal(t, tt.want, r.Int())
			if tt.warns == "" {
				assert.Empty(t, r.Warnings())
			} else {
				assert.Equal(t, []event.Warning{w("/v", "integer", tt.warns)}, r.Warnings())
			}
		})
	}
}

func TestReaderTime(t *testing.T) {
	tests := map[string]struct {
		value string
		want  time.Time
		warns string
	}{
		"RFC 3339":          {`"2024-05-14T12:00:00Z"`, noon, ""},
		"offset":            {`"2024-05-14T14:00:00+02:00"`, noon, ""},
		"other form":        {`"2024-05-14 12:00:00"`, noon, ""},
		".NET":              {`"/Date(1715688000000)/"`, noon, ""},
		".NET as it writes": {`"\/Date(1715688000000)\/"`, noon, ""},
		"escapes":           {`"2024-05-14\u005412:00:00Z"`, noon, ""},
		"never":             {`"0001-01-01T00:00:00"`, time.Time{}, ""},
		"null":              {`null`, time.Time{}, ""},
		"empty string":      {`""`, time.Time{}, ""},
		"late":              {`"9999-12-31T23:59:59-02:00"`, time.Time{}, "string"},
		"words":             {`"soon"`, time.Time{}, "string"},
		"number":            {`1715688000`, time.Time{}, "number"},
		"object":            {`{}`, time.Time{}, "object"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := at(t, `{"v":`+tt.value+`}`)
			assert.True(t, tt.want.Equal(r.Time()))
			if tt.warns == "" {
				assert.Empty(t, r.Warnings())
			} else {
				assert.Equal(t, []event.Warning{w("/v", "time", tt.warns)}, r.Warnings())
			}
		})
	}
}

func TestReaderIn(t *testing.T) {
	const body = `{"v":"2024-05-14T14:00:00","z":"2024-05-14T12:00:00Z"}`
	r := at(t, body)
	r.In(oslo)
	assert.True(t, noon.Equal(r.Time()))
	require.True(t, r.Next())
	assert.True(t, noon.Equal(r.Time()), "a time with a zone keeps it")

	assert.True(t, noon.Add(2*time.Hour).Equal(at(t, body).Time()), "UTC if nothing is said")
}

func TestReaderRawAndKeep(t *testing.T) {
	for name, tt := range map[string]struct{ value, raw, kept string }{
		"object": {`{ "a" : [ 1.50 , "\u003c" ] }`, `{"a":[1.50,"<"]}`, `{"a":[1.50,"<"]}`},
		"string": {`"\u0041"`, `"A"`, `"A"`},
		"empty":  {`""`, `""`, `""`},
		"number": {`1e400`, `1e400`, `1e400`},
		"null":   {`null`, ``, `null`},
		"false":  {`false`, `false`, `false`},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.raw, string(at(t, `{"v":`+tt.value+`}`).Raw()))
			if tt.raw == "" {
				assert.Nil(t, at(t, `{"v":`+tt.value+`}`).Raw())
			}
			var m map[string]json.RawMessage
			at(t, `{"v":`+tt.value+`}`).Keep(&m)
			assert.Equal(t, map[string]json.RawMessage{"v": json.RawMessage(tt.kept)}, m)
		})
	}

	m := map[string]json.RawMessage{"before": json.RawMessage(`0`)}
	r := newReader(t, `{"a":1,"\u0062":2,"a":3}`)
	require.True(t, r.Object())
	for r.Next() {
		r.Keep(&m)
	}
	assert.Equal(t, map[string]json.RawMessage{
		"before": json.RawMessage(`0`), "a": json.RawMessage(`3`), "b": json.RawMessage(`2`),
	}, m)
}

func TestReaderObjectsInside(t *testing.T) {
	for name, body := range map[string]string{
		"compact":     `{"a":{"b":{"c":"deep","x":{}},"d":"behind"},"e":{},"f":"last"}`,
		"white space": " { \"a\" : {\n\"b\" : { \"c\" : \"deep\" , \"x\" : { } } ,\t\"d\" : \"behind\" } , \"e\" : { } , \"f\" : \"last\" } ",
		"escapes":     `{"\u0061":{"b":{"c":"\u0064eep","x":{}},"d":"behind"},"e":{},"f":"last"}`,
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			var walk func(r *jsonbody.Reader, path string)
			walk = func(r *jsonbody.Reader, path string) {
				for r.Next() {
					path := path + "/" + r.Name()
					if r.Kind() != "object" {
						got = append(got, path+"="+r.String())
						continue
					}
					got = append(got, path)
					require.True(t, r.Object())
					walk(r, path)
				}
			}
			r := newReader(t, body)
			require.True(t, r.Object())
			walk(r, "")
			assert.Equal(t, []string{"/a", "/a/b", "/a/b/c=deep", "/a/b/x", "/a/d=behind", "/e", "/f=last"}, got)
			assert.Empty(t, r.Warnings())
		})
	}
}

func TestReaderWarningPaths(t *testing.T) {
	for _, mark := range []string{"", "\ufeff"} {
		r := newReader(t, mark+`{"a":{"b/c~":5,"x":{"y":[]}},"dup":1,"dup":2, "\u0065" : 3,"z":4}`)
		require.True(t, r.Object())
		var walk func()
		walk = func() {
			for r.Next() {
				if r.Kind() == "object" && r.Object() {
					walk()
				} else {
					_ = r.String()
				}
			}
		}
		walk()
		assert.Equal(t, []event.Warning{
			w("/a/b~1c~0", "string", "number"), w("/a/x/y", "string", "array"), w("/dup", "string", "number"),
			w("/dup", "string", "number"), w("/e", "string", "number"), w("/z", "string", "number"),
		}, r.Warnings())
	}
}

func TestReaderWarn(t *testing.T) {
	r := newReader(t, `{"a":{"b":"x","c":1}}`)
	require.True(t, r.Object())
	require.True(t, r.Next())
	require.True(t, r.Object())
	require.True(t, r.Next())
	_ = r.String()
	r.Warn("unique name", "repeated")
	assert.Equal(t, []event.Warning{w("/a/b", "unique name", "repeated")}, r.Warnings())
}

func TestReaderWarnsAtMost32Times(t *testing.T) {
	var body strings.Builder
	for i := range 100 {
		fmt.Fprintf(&body, `"m%d":5,`, i)
	}
	r := newReader(t, "{"+body.String()+`"last":"x"}`)
	require.True(t, r.Object())
	var last string
	for r.Next() {
		last = r.String()
	}
	assert.Equal(t, "x", last)
	assert.Len(t, r.Warnings(), event.MaxWarnings)
	assert.Equal(t, "/m31", r.Warnings()[31].Path)
}

func TestReaderWorkIsBounded(t *testing.T) {
	body := "{" + strings.Repeat(`"a":5,`, 200_000) + `"b":"x"}`
	start := time.Now()
	r := newReader(t, body)
	require.True(t, r.Object())
	for r.Next() {
		_ = r.String()
	}
	assert.Less(t, time.Since(start), 10*time.Second)
	assert.Len(t, r.Warnings(), event.MaxWarnings)
}

// Finding out where 32 values stand costs time, but no memory for every token
// before them.
func TestReaderPathsTakeLittleMemory(t *testing.T) {
	body := "{" + strings.Repeat(`"a":1,`, 50_000) + strings.Repeat(`"b":5,`, 31) + `"b":5}`
	r := newReader(t, body)
	require.True(t, r.Object())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for r.Next() {
		if r.Name() == "a" {
			r.Skip()
			continue
		}
		_ = r.String()
	}
	runtime.ReadMemStats(&after)
	require.Len(t, r.Warnings(), event.MaxWarnings)
	assert.Equal(t, "/b", r.Warnings()[31].Path)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(10*len(body)))
}

func TestTaggedBoundsElements(t *testing.T) {
	type named struct{ Name string }
	list := func(element string, n int) string { return "[" + strings.Repeat(element+",", n-1) + element + "]" }
	few := []event.Warning{{Path: "/v", Want: "fewer elements", Got: "array"}}
	for name, tt := range map[string]struct {
		value string
		want  int
		warns []event.Warning
	}{
		"objects":              {list(`{}`, 5000), 5000, nil},
		"too many objects":     {list(`{}`, 5001), 0, few},
		"nulls":                {list(`null`, 5000), 5000, nil},
		"too many nulls":       {list(`null`, 5001), 0, few},
		"nulls between spaces": {list(" null\t\r\n", 5001), 0, few},
		"too many of both":     {list(`{},null`, 2501), 0, few},
		"nulls in objects":     {list(`{"Name":null,"b": null}`, 5000), 5000, nil},
		"braces in a string":   {`[{"Name":"\"` + strings.Repeat(`{,null\u007b[null`, 5000) + `"}]`, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := at(t, `{"v":`+tt.value+`,"after":"x"}`)
			assert.Len(t, jsonbody.Tagged[[]named](r), tt.want)
			require.True(t, r.Next())
			assert.Equal(t, "x", r.String())
			assert.Empty(t, cmp.Diff(tt.warns, r.Warnings()))
		})
	}
}

func TestElementsShareOneRoom(t *testing.T) {
	type large [1 << 20]byte
	r := at(t, `{"v":[1,2,3,4,5,6,7,8,9,10,11,12,13,14],"after":[]}`)
	require.True(t, r.Array())
	n := 0
	for r.More() {
		if jsonbody.Fits[large](r) {
			r.Skip()
			n++
		}
	}
	assert.Equal(t, 12, n)
	want := []event.Warning{{Path: "/v/12", Want: "fewer elements", Got: "number"}, {Path: "/v/13", Want: "fewer elements", Got: "number"}}
	assert.Empty(t, cmp.Diff(want, r.Warnings()))
	require.True(t, r.Next())
	assert.Empty(t, jsonbody.Tagged[[]string](r), "nothing needs no room")
	assert.Len(t, r.Warnings(), 2)
}

func TestReaderPeekString(t *testing.T) {
	tests := map[string]struct {
		value, want string
		ok          bool
	}{
		"plain":    {`"abc"`, "abc", true},
		"empty":    {`""`, "", true},
		"escapes":  {`"a\\\"\u0041"`, `a\"A`, true},
		"broken":   {"\"\xff\"", "\ufffd", true},
		"number":   {`5`, "", false},
		"null":     {`null`, "", false},
		"object":   {`{"a":"b"}`, "", false},
		"array":    {`["a"]`, "", false},
		"brackets": {`"}"`, "}", true},
	}
	for name, tt := range tests {
		for frame, format := range frames {
			t.Run(name+"/"+frame, func(t *testing.T) {
				body := fmt.Sprintf(format, tt.value)
				r := at(t, body)
				for range 2 { // nothing is passed by
					text, start, end, ok := r.PeekString()
					assert.Equal(t, tt.ok, ok)
					assert.Equal(t, tt.want, text)
					if ok {
						assert.Equal(t, tt.value, body[start:end], "where in the body, quotes included")
					} else {
						assert.Zero(t, start)
						assert.Zero(t, end)
					}
				}
				if tt.ok {
					assert.Equal(t, tt.want, r.String())
				} else {
					r.Skip()
				}
				assert.Equal(t, frame != "last", r.Next())
			})
		}
	}
}

func TestReaderHereAndBack(t *testing.T) {
	for frame, format := range frames {
		t.Run(frame, func(t *testing.T) {
			body := fmt.Sprintf(format, `{"a":[1,"x"],"b":"y"}`)
			r := at(t, body)
			here := r.Here()
			assert.Equal(t, here, r.Here(), "nothing is passed by")
			assert.True(t, strings.HasPrefix(body[r.Offset(here):], `{"a":[1`), "%q", body[r.Offset(here):])
			assert.Equal(t, "object", r.Kind())

			r.Skip()
			for r.Next() {
				r.Skip()
			}
			for range 2 {
				r.Back(here)
				require.True(t, r.Object())
				require.True(t, r.Next())
				assert.Equal(t, "a", r.Name())
				assert.Equal(t, `[1,"x"]`, string(r.Raw()))
				require.True(t, r.Next())
				assert.Equal(t, "y", r.String())
				assert.False(t, r.Next())
			}
		})
	}
	r := newReader(t, "\ufeff {}")
	assert.Equal(t, len("\ufeff "), r.Offset(r.Here()), "of the body's own object")
}

func TestReaderKind(t *testing.T) {
	for value, want := range map[string]string{
		`"a"`: "string", `{}`: "object", `[]`: "array", `true`: "boolean", `false`: "boolean", `null`: "null", `0`: "number", `-1`: "number",
	} {
		for frame, format := range frames {
			r := at(t, fmt.Sprintf(format, value))
			assert.Equal(t, want, r.Kind(), frame)
			assert.Equal(t, want, r.Kind(), "nothing is passed by")
			r.Skip()
			assert.Equal(t, frame != "last", r.Next())
		}
	}
}

func TestReaderDoesNotKeepTheBody(t *testing.T) {
	body := []byte(`{"v":"abc","raw":{"a":1}}`)
	r, err := jsonbody.NewReader(body)
	require.NoError(t, err)
	clear(body) // as a pooled buffer is used again
	require.True(t, r.Object())
	require.True(t, r.Next())
	assert.Equal(t, "v", r.Name())
	assert.Equal(t, "abc", r.String())
	require.True(t, r.Next())
	assert.Equal(t, `{"a":1}`, string(r.Raw()))
}

func TestReaderErrorsHoldNothingOfTheBody(t *testing.T) {
	for _, body := range []string{`s3cret`, `{"a":"s3cret`, `{"s3cret":s3cret}`, strings.Repeat(`{"s3cret":`, 100)} {
		_, err := jsonbody.NewReader([]byte(body))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "s3cret")
		_, err = jsonbody.Unmarshal([]byte(body), new(document))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "s3cret")
		err = jsonbody.Members([]byte(body), func(*jsonbody.Member) bool { return true })
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "s3cret")
	}
}
