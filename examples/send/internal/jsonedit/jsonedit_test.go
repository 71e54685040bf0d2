package jsonedit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/send/internal/jsonedit"
)

func TestApply(t *testing.T) {
	for name, test := range map[string]struct{ body, edit, want string }{
		"field":                 {`{"a":1,"b":2}`, "a=x", `{"a":"x","b":2}`},
		"nested":                {`{"a":{"b":{"c":1}}}`, "a.b.c=x", `{"a":{"b":{"c":"x"}}}`},
		"text, not a number":    {`{"a":1}`, "a=17", `{"a":"17"}`},
		"text, not a boolean":   {`{"a":1}`, "a=true", `{"a":"true"}`},
		"empty text":            {`{"a":1}`, "a=", `{"a":""}`},
		"text with = and :=":    {`{"a":1}`, "a=b=c:=d", `{"a":"b=c:=d"}`},
		"text with HTML":        {`{"a":1}`, "a=<&>", `{"a":"<&>"}`},
		"text with quotes":      {`{"a":1}`, `a="x\`, `{"a":"\"x\\"}`},
		"JSON number":           {`{"a":"x"}`, "a:=17.50", `{"a":17.50}`},
		"JSON boolean":          {`{"a":"x"}`, "a:=true", `{"a":true}`},
		"JSON null":             {`{"a":"x"}`, "a:=null", `{"a":null}`},
		"JSON object":           {`{"a":"x"}`, `a:={"b": [1, 2]}`, `{"a":{"b": [1, 2]}}`},
		"the rest stays":        {"\n{ \"n\" : 1.0e+2,\t\"s\":\"\\u00e9\\/\" ,\"a\" : 1 , \"z\":12345678901234567890 }\r\n", "a:=2", "\n{ \"n\" : 1.0e+2,\t\"s\":\"\\u00e9\\/\" ,\"a\" : 2 , \"z\":12345678901234567890 }\r\n"},
		"broken UTF-8 stays":    {"{\"s\":\"\xff\",\"a\":1}", "a:=2", "{\"s\":\"\xff\",\"a\":2}"},
		"missing":               {`{"a":1}`, "b=x", `{"a":1,"b":"x"}`},
		"missing in an empty":   {`{ }`, "b=x", `{"b":"x" }`},
		"missing, nested":       {`{"a":{"b":1}}`, "a.c.d=x", `{"a":{"b":1,"c":{"d":"x"}}}`},
		"missing, array":        {`{}`, "a.0.b=x", `{"a":[{"b":"x"}]}`},
		"null on the way":       {`{"a":null}`, "a.b=x", `{"a":{"b":"x"}}`},
		"element":               {`{"a":[1, [2,3] ,4]}`, "a.1.0:=9", `{"a":[1, [9,3] ,4]}`},
		"next element":          {`{"a":[1,2 ]}`, "a.2:=3", `{"a":[1,2,3 ]}`},
		"element of an empty":   {`{"a":[]}`, "a.0:=3", `{"a":[3]}`},
		"number as a name":      {`{"a":{"7":1}}`, "a.7:=2", `{"a":{"7":2}}`},
		"whole array":           {`[1,2]`, "1:=3", `[1,3]`},
		"dot in a name":         {`{"a.b":1}`, `a\.b=x`, `{"a.b":"x"}`},
		"other in a name":       {`{"a=:\\":1}`, `a\=\:\\=x`, `{"a=:\\":"x"}`},
		"backslash alone":       {`{"a\\x":1}`, `a\x=y`, `{"a\\x":"y"}`},
		"colon in a name":       {`{"a:b":1}`, `a:b=x`, `{"a:b":"x"}`},
		"name in an escape":     {`{"\u0061":1}`, "a:=2", `{"\u0061":2}`},
		"letter case":           {`{"userId":1}`, "userid:=2", `{"userId":2}`},
		"exact letter case":     {`{"A":1,"a":1,"A":1}`, "a:=2", `{"A":1,"a":2,"A":1}`},
		"last of the same name": {`{"a":1,"a":1}`, "a:=2", `{"a":1,"a":2}`},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := jsonedit.Parse(test.edit)
			require.NoError(t, err)
			body := []byte(test.body)
			got, err := e.Apply(body)
			require.NoError(t, err)
			assert.Equal(t, test.want, string(got))
			assert.Equal(t, test.body, string(body), "the argument stays")
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	for name, test := range map[string]struct{ body, edit, want string }{
		"not JSON":           {`a=b`, "a=x", "the body is not JSON"},
		"two values":         {`{} {}`, "a=x", "the body is not JSON"},
		"string on the way":  {`{"a":{"b":"x"}}`, "a.b.c=x", "a.b is neither an object nor an array"},
		"a string":           {`"a"`, "a=x", "the body is neither an object nor an array"},
		"name in an array":   {`{"a":[1]}`, "a.b=x", "a is an array, and b is not an index"},
		"negative":           {`{"a":[1]}`, "a.-1=x", "a is an array, and -1 is not an index"},
		"leading zero":       {`{"a":[1]}`, "a.00=x", "a is an array, and 00 is not an index"},
		"beyond the next":    {`{"a":[1]}`, "a.3=x", "a has 1 elements, and 3 is not the next"},
		"beyond none":        {`{}`, "a.1=x", "a has no elements, and 1 is not 0"},
		"beyond none, later": {`{}`, "a.0.900000000=x", "a.0 has no elements, and 900000000 is not 0"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := jsonedit.Parse(test.edit)
			require.NoError(t, err)
			_, err = e.Apply([]byte(test.body))
			assert.EqualError(t, err, test.want)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for edit, want := range map[string]string{
		"":        `"" is neither path=text nor path:=JSON`,
		"a.b":     `"a.b" is neither path=text nor path:=JSON`,
		`a\=b`:    `"a\\=b" is neither path=text nor path:=JSON`,
		"=x":      "a name in the path is empty",
		"a..b=x":  "a name in the path is empty",
		"a.=x":    "a name in the path is empty",
		"a:=x":    `what follows := in "a:=x" is not JSON; for a string use =`,
		"a:=":     `what follows := in "a:=" is not JSON; for a string use =`,
		"a:={} 1": `what follows := in "a:={} 1" is not JSON; for a string use =`,
	} {
		_, err := jsonedit.Parse(edit)
		assert.EqualError(t, err, want, edit)
	}
}

func TestReplace(t *testing.T) {
	body := []byte(`{"data":{"sessionId":"s-1","list":[{"x":""}]}}`)
	got, ok := jsonedit.String("data.sessionId", "s-2").Replace(body)
	assert.True(t, ok)
	assert.Equal(t, `{"data":{"sessionId":"s-2","list":[{"x":""}]}}`, string(got))
	got, ok = jsonedit.String("data.list.0.x", "y").Replace(body)
	assert.True(t, ok)
	assert.Equal(t, `{"data":{"sessionId":"s-1","list":[{"x":"y"}]}}`, string(got))
	for _, path := range []string{"id", "data.alertId", "data.sessionId.x", "data.list.1", "data.list.x"} {
		_, ok = jsonedit.String(path, "x").Replace(body)
		assert.False(t, ok, path)
	}
	_, ok = jsonedit.String("a", "x").Replace([]byte("not JSON"))
	assert.False(t, ok)
}
