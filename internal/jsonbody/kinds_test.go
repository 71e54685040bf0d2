package jsonbody_test

// values are of every kind of JSON.
var values = []string{
	`"text"`, `"5"`, `" 5 "`, `"-5"`, `"true"`, `"False"`, `""`, `5`, `-5`, `0`, `1`, `1.0`, `1e3`, `0.5`, `12345678901234567890123`, `1e400`,
	`true`, `false`, `null`, `{}`, `{"name":"Oslo","zip":151}`, ` { "x" : [ 1 ] } `, `[]`, `["a"]`, `[5]`, `[null]`, `[""]`, `["a","b"]`, `[[5]]`,
	`"{\"name\":\"Oslo\"}"`, `"[\"a\",\"b\"]"`, `"{"`, `"\ud800x"`, "\"\xff\"", `"\u0041\n\"\\"`, `"2024-05-14T12:00:00Z"`, `"192.0.2.1"`,
}

// An outcome is what a field has, as encoding/json shows it, nothing if it is zero,
// and the warnings, as what was wanted and what came. A path may stand before them.
type outcome []string

// kinds has what becomes of the values in each field of a document. Of those that are
// not listed, null, empty strings and arrays of one of these leave the field zero, and
// any other is a misfit: a warning says so, and Extra has it unless the field may have
// secrets.
var kinds = map[string]struct {
	want     string
	outcomes map[string]outcome
}{
	"string": {"string", stringOutcomes},
	"named":  {"string", stringOutcomes},
	"text": {"string", map[string]outcome{
		`"text"`: {`"text"`}, `"5"`: {`"5"`}, `" 5 "`: {`" 5 "`}, `"-5"`: {`"-5"`}, `"true"`: {`"true"`}, `"False"`: {`"False"`}, `5`: {`"5"`}, `-5`: {`"-5"`},
		`0`: {`"0"`}, `1`: {`"1"`}, `1.0`: {`"1.0"`}, `1e3`: {`"1e3"`}, `0.5`: {`"0.5"`}, `12345678901234567890123`: {`"12345678901234567890123"`}, `1e400`: {`"1e400"`},
		`true`: {`"true"`}, `false`: {`"false"`}, `["a"]`: {`"a"`, "string array"}, `[5]`: {`"5"`, "string array"}, `[[5]]`: {`"5"`, "/0 string array", "string array"},
		`"{\"name\":\"Oslo\"}"`: {`"{\"name\":\"Oslo\"}"`}, `"[\"a\",\"b\"]"`: {`"[\"a\",\"b\"]"`}, `"{"`: {`"{"`}, `"\ud800x"`: {`"�x"`, "UTF-8 other bytes"},
		"\"\xff\"": {`"�"`, "UTF-8 other bytes"}, `"\u0041\n\"\\"`: {`"A\n\"\\"`}, `"2024-05-14T12:00:00Z"`: {`"2024-05-14T12:00:00Z"`}, `"192.0.2.1"`: {`"192.0.2.1"`},
	}},
	"bool": {"boolean", map[string]outcome{
		`"true"`: {`true`, "boolean string"}, `"False"`: {``, "boolean string"}, `0`: {``, "boolean number"}, `1`: {`true`, "boolean number"}, `true`: {`true`},
		`false`: {``},
	}},
	"int": {"integer", intOutcomes},
	"int8": {"integer", map[string]outcome{
		`"5"`: {`5`, "integer string"}, `" 5 "`: {`5`, "integer string"}, `"-5"`: {`-5`, "integer string"}, `5`: {`5`}, `-5`: {`-5`}, `0`: {``}, `1`: {`1`},
		`1.0`: {`1`, "integer number"}, `[5]`: {`5`, "integer array"}, `[[5]]`: {`5`, "/0 integer array", "integer array"},
	}},
	"int16": {"integer", intOutcomes},
	"int32": {"integer", intOutcomes},
	"int64": {"integer", intOutcomes},
	"uint":  {"integer", uintOutcomes},
	"uint8": {"integer", map[string]outcome{
		`"5"`: {`5`, "integer string"}, `" 5 "`: {`5`, "integer string"}, `5`: {`5`}, `0`: {``}, `1`: {`1`}, `1.0`: {`1`, "integer number"}, `[5]`: {`5`, "integer array"},
		`[[5]]`: {`5`, "/0 integer array", "integer array"},
	}},
	"uint16": {"integer", uintOutcomes},
	"uint32": {"integer", uintOutcomes},
	"uint64": {"integer", uintOutcomes},
	"float32": {"number", map[string]outcome{
		`"5"`: {`5`, "number string"}, `" 5 "`: {`5`, "number string"}, `"-5"`: {`-5`, "number string"}, `5`: {`5`}, `-5`: {`-5`}, `0`: {``}, `1`: {`1`}, `1.0`: {`1`},
		`1e3`: {`1000`}, `0.5`: {`0.5`}, `12345678901234567890123`: {`1.2345679e+22`}, `[5]`: {`5`, "number array"}, `[[5]]`: {`5`, "/0 number array", "number array"},
	}},
	"float64": {"number", map[string]outcome{
		`"5"`: {`5`, "number string"}, `" 5 "`: {`5`, "number string"}, `"-5"`: {`-5`, "number string"}, `5`: {`5`}, `-5`: {`-5`}, `0`: {``}, `1`: {`1`}, `1.0`: {`1`},
		`1e3`: {`1000`}, `0.5`: {`0.5`}, `12345678901234567890123`: {`1.2345678901234568e+22`}, `[5]`: {`5`, "number array"},
		`[[5]]`: {`5`, "/0 number array", "number array"},
	}},
	"time": {"time", map[string]outcome{
		`"2024-05-14T12:00:00Z"`: {`"2024-05-14T12:00:00Z"`},
	}},
	"secret": {"string", map[string]outcome{
		`"text"`: {`secret text`}, `"5"`: {`secret 5`}, `" 5 "`: {`secret  5 `}, `"-5"`: {`secret -5`}, `"true"`: {`secret true`}, `"False"`: {`secret False`},
		`5`: {`secret 5`, "string number"}, `-5`: {`secret -5`, "string number"}, `0`: {`secret 0`, "string number"}, `1`: {`secret 1`, "string number"},
		`1.0`: {`secret 1.0`, "string number"}, `1e3`: {`secret 1e3`, "string number"}, `0.5`: {`secret 0.5`, "string number"},
		`12345678901234567890123`: {`secret 12345678901234567890123`, "string number"}, `1e400`: {`secret 1e400`, "string number"},
		`true`: {`secret true`, "string boolean"}, `false`: {`secret false`, "string boolean"}, `["a"]`: {`secret a`, "string array"},
		`[5]`: {`secret 5`, "/0 string number", "string array"}, `[[5]]`: {`secret 5`, "/0/0 string number", "/0 string array", "string array"},
		`"{\"name\":\"Oslo\"}"`: {`secret {"name":"Oslo"}`}, `"[\"a\",\"b\"]"`: {`secret ["a","b"]`}, `"{"`: {`secret {`}, `"\ud800x"`: {`secret �x`, "UTF-8 other bytes"},
		"\"\xff\"": {`secret �`, "UTF-8 other bytes"}, `"\u0041\n\"\\"`: {`secret A
"\`}, `"2024-05-14T12:00:00Z"`: {`secret 2024-05-14T12:00:00Z`},
		`"192.0.2.1"`: {`secret 192.0.2.1`},
	}},
	"secrets": {"array", map[string]outcome{
		`"text"`: {`[secret text]`, "array string"}, `"5"`: {`[secret 5]`, "array string"}, `" 5 "`: {`[secret  5 ]`, "array string"},
		`"-5"`: {`[secret -5]`, "array string"}, `"true"`: {`[secret true]`, "array string"}, `"False"`: {`[secret False]`, "array string"},
		`5`: {`[secret 5]`, "string number", "array number"}, `-5`: {`[secret -5]`, "string number", "array number"}, `0`: {`[secret 0]`, "string number", "array number"},
		`1`: {`[secret 1]`, "string number", "array number"}, `1.0`: {`[secret 1.0]`, "string number", "array number"},
		`1e3`: {`[secret 1e3]`, "string number", "array number"}, `0.5`: {`[secret 0.5]`, "string number", "array number"},
		`12345678901234567890123`: {`[secret 12345678901234567890123]`, "string number", "array number"}, `1e400`: {`[secret 1e400]`, "string number", "array number"},
		`true`: {`[secret true]`, "string boolean", "array boolean"}, `false`: {`[secret false]`, "string boolean", "array boolean"}, `[]`: {`[]`}, `["a"]`: {`[secret a]`},
		`[5]`: {`[secret 5]`, "/0 string number"}, `[null]`: {`[]`}, `[""]`: {`[]`}, `["a","b"]`: {`[secret a secret b]`},
		`[[5]]`: {`[secret 5]`, "/0/0 string number", "/0 string array"}, `"{\"name\":\"Oslo\"}"`: {`[secret {"name":"Oslo"}]`, "array string"},
		`"[\"a\",\"b\"]"`: {`[secret a secret b]`, "array string"}, `"{"`: {`[secret {]`, "array string"},
		`"\ud800x"`: {`[secret �x]`, "UTF-8 other bytes", "array string"}, "\"\xff\"": {`[secret �]`, "UTF-8 other bytes", "array string"},
		`"\u0041\n\"\\"`: {`[secret A
"\]`, "array string"}, `"2024-05-14T12:00:00Z"`: {`[secret 2024-05-14T12:00:00Z]`, "array string"},
		`"192.0.2.1"`: {`[secret 192.0.2.1]`, "array string"},
	}},
	"hidden": {"string", map[string]outcome{
		`"text"`: {`&secret text`}, `"5"`: {`&secret 5`}, `" 5 "`: {`&secret  5 `}, `"-5"`: {`&secret -5`}, `"true"`: {`&secret true`}, `"False"`: {`&secret False`},
		`5`: {`&secret 5`, "string number"}, `-5`: {`&secret -5`, "string number"}, `0`: {`&secret 0`, "string number"}, `1`: {`&secret 1`, "string number"},
		`1.0`: {`&secret 1.0`, "string number"}, `1e3`: {`&secret 1e3`, "string number"}, `0.5`: {`&secret 0.5`, "string number"},
		`12345678901234567890123`: {`&secret 12345678901234567890123`, "string number"}, `1e400`: {`&secret 1e400`, "string number"},
		`true`: {`&secret true`, "string boolean"}, `false`: {`&secret false`, "string boolean"}, `["a"]`: {`&secret a`, "string array"},
		`[5]`: {`&secret 5`, "/0 string number", "string array"}, `[[5]]`: {`&secret 5`, "/0/0 string number", "/0 string array", "string array"},
		`"{\"name\":\"Oslo\"}"`: {`&secret {"name":"Oslo"}`}, `"[\"a\",\"b\"]"`: {`&secret ["a","b"]`}, `"{"`: {`&secret {`},
		`"\ud800x"`: {`&secret �x`, "UTF-8 other bytes"}, "\"\xff\"": {`&secret �`, "UTF-8 other bytes"}, `"\u0041\n\"\\"`: {`&secret A
"\`},
		`"2024-05-14T12:00:00Z"`: {`&secret 2024-05-14T12:00:00Z`}, `"192.0.2.1"`: {`&secret 192.0.2.1`},
	}},
	"raw": {"JSON", map[string]outcome{
		`"text"`: {`"text"`}, `"5"`: {`"5"`}, `" 5 "`: {`" 5 "`}, `"-5"`: {`"-5"`}, `"true"`: {`"true"`}, `"False"`: {`"False"`}, `""`: {`""`}, `5`: {`5`}, `-5`: {`-5`},
		`0`: {`0`}, `1`: {`1`}, `1.0`: {`1.0`}, `1e3`: {`1e3`}, `0.5`: {`0.5`}, `12345678901234567890123`: {`12345678901234567890123`}, `1e400`: {`1e400`},
		`true`: {`true`}, `false`: {`false`}, `{}`: {`{}`}, `{"name":"Oslo","zip":151}`: {`{"name":"Oslo","zip":151}`}, ` { "x" : [ 1 ] } `: {`{"x":[1]}`}, `[]`: {`[]`},
		`["a"]`: {`["a"]`}, `[5]`: {`[5]`}, `[null]`: {`[null]`}, `[""]`: {`[""]`}, `["a","b"]`: {`["a","b"]`}, `[[5]]`: {`[[5]]`},
		`"{\"name\":\"Oslo\"}"`: {`"{\"name\":\"Oslo\"}"`}, `"[\"a\",\"b\"]"`: {`"[\"a\",\"b\"]"`}, `"{"`: {`"{"`}, `"\ud800x"`: {`"�x"`, "UTF-8 other bytes"},
		"\"\xff\"": {`"�"`, "UTF-8 other bytes"}, `"\u0041\n\"\\"`: {`"A\n\"\\"`}, `"2024-05-14T12:00:00Z"`: {`"2024-05-14T12:00:00Z"`}, `"192.0.2.1"`: {`"192.0.2.1"`},
	}},
	"place": {"JSON", map[string]outcome{
		`"text"`: {`place`}, `"5"`: {`place`}, `" 5 "`: {`place`}, `"-5"`: {`place`}, `"true"`: {`place`}, `"False"`: {`place`}, `5`: {`place`}, `-5`: {`place`},
		`0`: {`place`}, `1`: {`place`}, `1.0`: {`place`}, `1e3`: {`place`}, `0.5`: {`place`}, `12345678901234567890123`: {`place`}, `1e400`: {`place`}, `true`: {`place`},
		`false`: {`place`}, `{}`: {`place`}, `{"name":"Oslo","zip":151}`: {`place`}, ` { "x" : [ 1 ] } `: {`place`}, `[]`: {`place`}, `["a"]`: {`place`}, `[5]`: {`place`},
		`[null]`: {`place`}, `[""]`: {`place`}, `["a","b"]`: {`place`}, `[[5]]`: {`place`}, `"{\"name\":\"Oslo\"}"`: {`place`}, `"[\"a\",\"b\"]"`: {`place`},
		`"{"`: {`place`}, `"\ud800x"`: {`place`}, "\"\xff\"": {`place`}, `"\u0041\n\"\\"`: {`place`}, `"2024-05-14T12:00:00Z"`: {`place`}, `"192.0.2.1"`: {`place`},
	}},
	"struct": {"object", map[string]outcome{
		`{}`: {``}, `{"name":"Oslo","zip":151}`: {`{"name":"Oslo","zip":151}`}, ` { "x" : [ 1 ] } `: {``}, `"{\"name\":\"Oslo\"}"`: {`{"name":"Oslo"}`, "object string"},
	}},
	"scalar": {"object", map[string]outcome{
		`"text"`: {`{"value":"text"}`, "object string"}, `"5"`: {`{"value":"5"}`, "object string"}, `" 5 "`: {`{"value":" 5 "}`, "object string"},
		`"-5"`: {`{"value":"-5"}`, "object string"}, `"true"`: {`{"value":"true"}`, "object string"}, `"False"`: {`{"value":"False"}`, "object string"},
		`5`: {`{"value":"5"}`, "string number", "object number"}, `-5`: {`{"value":"-5"}`, "string number", "object number"},
		`0`: {`{"value":"0"}`, "string number", "object number"}, `1`: {`{"value":"1"}`, "string number", "object number"},
		`1.0`: {`{"value":"1.0"}`, "string number", "object number"}, `1e3`: {`{"value":"1e3"}`, "string number", "object number"},
		`0.5`: {`{"value":"0.5"}`, "string number", "object number"}, `12345678901234567890123`: {`{"value":"12345678901234567890123"}`, "string number", "object number"},
		`1e400`: {`{"value":"1e400"}`, "string number", "object number"}, `true`: {`{"value":"true"}`, "string boolean", "object boolean"},
		`false`: {`{"value":"false"}`, "string boolean", "object boolean"}, `{}`: {``}, `{"name":"Oslo","zip":151}`: {``}, ` { "x" : [ 1 ] } `: {``},
		`["a"]`: {`{"value":"a"}`, "/0 object string", "object array"}, `[5]`: {`{"value":"5"}`, "/0 string number", "/0 object number", "object array"},
		`[[5]]`: {`{"value":"5"}`, "/0/0 string number", "/0/0 object number", "/0 object array", "object array"}, `"{\"name\":\"Oslo\"}"`: {``, "object string"},
		`"[\"a\",\"b\"]"`: {`{"value":"[\"a\",\"b\"]"}`, "object string"}, `"{"`: {`{"value":"{"}`, "object string"},
		`"\ud800x"`: {`{"value":"�x"}`, "UTF-8 other bytes", "object string"}, "\"\xff\"": {`{"value":"�"}`, "UTF-8 other bytes", "object string"},
		`"\u0041\n\"\\"`: {`{"value":"A\n\"\\"}`, "object string"}, `"2024-05-14T12:00:00Z"`: {`{"value":"2024-05-14T12:00:00Z"}`, "object string"},
		`"192.0.2.1"`: {`{"value":"192.0.2.1"}`, "object string"},
	}},
	"pointer": {"object", map[string]outcome{
		`{}`: {`{}`}, `{"name":"Oslo","zip":151}`: {`{"name":"Oslo","zip":151}`}, ` { "x" : [ 1 ] } `: {`{}`},
		`"{\"name\":\"Oslo\"}"`: {`{"name":"Oslo"}`, "object string"},
	}},
	"number": {"integer", map[string]outcome{
		`"5"`: {`5`, "integer string"}, `" 5 "`: {`5`, "integer string"}, `"-5"`: {`-5`, "integer string"}, `5`: {`5`}, `-5`: {`-5`}, `0`: {`0`}, `1`: {`1`},
		`1.0`: {`1`, "integer number"}, `1e3`: {`1000`, "integer number"}, `[5]`: {`5`, "integer array"}, `[[5]]`: {`5`, "/0 integer array", "integer array"},
	}},
	"strings": {"array", map[string]outcome{
		`"text"`: {`["text"]`, "array string"}, `"5"`: {`["5"]`, "array string"}, `" 5 "`: {`[" 5 "]`, "array string"}, `"-5"`: {`["-5"]`, "array string"},
		`"true"`: {`["true"]`, "array string"}, `"False"`: {`["False"]`, "array string"}, `5`: {`["5"]`, "string number", "array number"},
		`-5`: {`["-5"]`, "string number", "array number"}, `0`: {`["0"]`, "string number", "array number"}, `1`: {`["1"]`, "string number", "array number"},
		`1.0`: {`["1.0"]`, "string number", "array number"}, `1e3`: {`["1e3"]`, "string number", "array number"}, `0.5`: {`["0.5"]`, "string number", "array number"},
		`12345678901234567890123`: {`["12345678901234567890123"]`, "string number", "array number"}, `1e400`: {`["1e400"]`, "string number", "array number"},
		`true`: {`["true"]`, "string boolean", "array boolean"}, `false`: {`["false"]`, "string boolean", "array boolean"}, `[]`: {`[]`}, `["a"]`: {`["a"]`},
		`[5]`: {`["5"]`, "/0 string number"}, `[null]`: {`[]`}, `[""]`: {`[]`}, `["a","b"]`: {`["a","b"]`}, `[[5]]`: {`["5"]`, "/0/0 string number", "/0 string array"},
		`"{\"name\":\"Oslo\"}"`: {`["{\"name\":\"Oslo\"}"]`, "array string"}, `"[\"a\",\"b\"]"`: {`["a","b"]`, "array string"}, `"{"`: {`["{"]`, "array string"},
		`"\ud800x"`: {`["�x"]`, "UTF-8 other bytes", "array string"}, "\"\xff\"": {`["�"]`, "UTF-8 other bytes", "array string"},
		`"\u0041\n\"\\"`: {`["A\n\"\\"]`, "array string"}, `"2024-05-14T12:00:00Z"`: {`["2024-05-14T12:00:00Z"]`, "array string"},
		`"192.0.2.1"`: {`["192.0.2.1"]`, "array string"},
	}},
	"ints": {"array", map[string]outcome{
		`"5"`: {`[5]`, "integer string", "array string"}, `" 5 "`: {`[5]`, "integer string", "array string"}, `"-5"`: {`[-5]`, "integer string", "array string"},
		`5`: {`[5]`, "array number"}, `-5`: {`[-5]`, "array number"}, `0`: {`[0]`, "array number"}, `1`: {`[1]`, "array number"},
		`1.0`: {`[1]`, "integer number", "array number"}, `1e3`: {`[1000]`, "integer number", "array number"}, `[]`: {`[]`}, `["a"]`: {`[]`, "/0 integer string"},
		`[5]`: {`[5]`}, `[null]`: {`[]`}, `[""]`: {`[]`}, `["a","b"]`: {`[]`, "/0 integer string", "/1 integer string"}, `[[5]]`: {`[5]`, "/0 integer array"},
		`"[\"a\",\"b\"]"`: {`[]`, "/0 integer string", "/1 integer string", "array string"},
	}},
	"times": {"array", map[string]outcome{
		`[]`: {`[]`}, `["a"]`: {`[]`, "/0 time string"}, `[5]`: {`[]`, "/0 time number"}, `[null]`: {`[]`}, `[""]`: {`[]`},
		`["a","b"]`: {`[]`, "/0 time string", "/1 time string"}, `[[5]]`: {`[]`, "/0/0 time number"},
		`"[\"a\",\"b\"]"`: {`[]`, "/0 time string", "/1 time string", "array string"}, `"2024-05-14T12:00:00Z"`: {`["2024-05-14T12:00:00Z"]`, "array string"},
	}},
	"structs": {"array", structsOutcomes},
	"scalars": {"array", map[string]outcome{
		`"text"`: {`[{"value":"text"}]`, "object string", "array string"}, `"5"`: {`[{"value":"5"}]`, "object string", "array string"},
		`" 5 "`: {`[{"value":" 5 "}]`, "object string", "array string"}, `"-5"`: {`[{"value":"-5"}]`, "object string", "array string"},
		`"true"`: {`[{"value":"true"}]`, "object string", "array string"}, `"False"`: {`[{"value":"False"}]`, "object string", "array string"},
		`5`: {`[{"value":"5"}]`, "string number", "object number", "array number"}, `-5`: {`[{"value":"-5"}]`, "string number", "object number", "array number"},
		`0`: {`[{"value":"0"}]`, "string number", "object number", "array number"}, `1`: {`[{"value":"1"}]`, "string number", "object number", "array number"},
		`1.0`: {`[{"value":"1.0"}]`, "string number", "object number", "array number"}, `1e3`: {`[{"value":"1e3"}]`, "string number", "object number", "array number"},
		`0.5`:                     {`[{"value":"0.5"}]`, "string number", "object number", "array number"},
		`12345678901234567890123`: {`[{"value":"12345678901234567890123"}]`, "string number", "object number", "array number"},
		`1e400`:                   {`[{"value":"1e400"}]`, "string number", "object number", "array number"},
		`true`:                    {`[{"value":"true"}]`, "string boolean", "object boolean", "array boolean"},
		`false`:                   {`[{"value":"false"}]`, "string boolean", "object boolean", "array boolean"}, `{}`: {`[{}]`, "array object"},
		`{"name":"Oslo","zip":151}`: {`[{}]`, "array object"}, ` { "x" : [ 1 ] } `: {`[{}]`, "array object"}, `[]`: {`[]`},
		`["a"]`: {`[{"value":"a"}]`, "/0 object string"}, `[5]`: {`[{"value":"5"}]`, "/0 string number", "/0 object number"}, `[null]`: {`[]`}, `[""]`: {`[]`},
		`["a","b"]`: {`[{"value":"a"},{"value":"b"}]`, "/0 object string", "/1 object string"},
		`[[5]]`:     {`[{"value":"5"}]`, "/0/0 string number", "/0/0 object number", "/0 object array"}, `"{\"name\":\"Oslo\"}"`: {`[{}]`, "array object", "array string"},
		`"[\"a\",\"b\"]"`: {`[{"value":"a"},{"value":"b"}]`, "/0 object string", "/1 object string", "array string"},
		`"{"`:             {`[{"value":"{"}]`, "object string", "array string"}, `"\ud800x"`: {`[{"value":"�x"}]`, "UTF-8 other bytes", "object string", "array string"},
		"\"\xff\"": {`[{"value":"�"}]`, "UTF-8 other bytes", "object string", "array string"}, `"\u0041\n\"\\"`: {`[{"value":"A\n\"\\"}]`, "object string", "array string"},
		`"2024-05-14T12:00:00Z"`: {`[{"value":"2024-05-14T12:00:00Z"}]`, "object string", "array string"},
		`"192.0.2.1"`:            {`[{"value":"192.0.2.1"}]`, "object string", "array string"},
	}},
	"pointers": {"array", structsOutcomes},
	"lists": {"array", map[string]outcome{
		`"5"`: {`[[5]]`, "integer string", "array string", "array string"}, `" 5 "`: {`[[5]]`, "integer string", "array string", "array string"},
		`"-5"`: {`[[-5]]`, "integer string", "array string", "array string"}, `5`: {`[[5]]`, "array number", "array number"},
		`-5`: {`[[-5]]`, "array number", "array number"}, `0`: {`[[0]]`, "array number", "array number"}, `1`: {`[[1]]`, "array number", "array number"},
		`1.0`: {`[[1]]`, "integer number", "array number", "array number"}, `1e3`: {`[[1000]]`, "integer number", "array number", "array number"}, `[]`: {`[]`},
		`["a"]`: {`[]`, "/0 array string"}, `[5]`: {`[[5]]`, "/0 array number"}, `[null]`: {`[]`}, `[""]`: {`[]`},
		`["a","b"]`: {`[]`, "/0 array string", "/1 array string"}, `[[5]]`: {`[[5]]`}, `"[\"a\",\"b\"]"`: {`[]`, "/0 array string", "/1 array string", "array string"},
	}},
	"byName": {"object", map[string]outcome{
		`{}`: {`{}`}, `{"name":"Oslo","zip":151}`: {`{"name":"Oslo","zip":"151"}`, "/zip string number"},
		` { "x" : [ 1 ] } `: {`{"x":"1"}`, "/x/0 string number", "/x string array"}, `"{\"name\":\"Oslo\"}"`: {`{"name":"Oslo"}`, "object string"},
	}},
	"kept": {"object", map[string]outcome{
		`{}`: {``}, `{"name":"Oslo","zip":151}`: {`{"Extra":{"name":"Oslo","zip":151}}`}, ` { "x" : [ 1 ] } `: {`{"Extra":{"x":[1]}}`},
		`"{\"name\":\"Oslo\"}"`: {`{"Extra":{"name":"Oslo"}}`, "object string"},
	}},
	"misfits": {"object", map[string]outcome{
		`{}`: {``}, `{"name":"Oslo","zip":151}`: {``}, ` { "x" : [ 1 ] } `: {``}, `"{\"name\":\"Oslo\"}"`: {``, "object string"},
	}},
	"letters": {"value of jsonbody_test.letters", map[string]outcome{
		`"text"`: {`"text"`}, `"5"`: {`"5"`}, `" 5 "`: {`" 5 "`}, `"-5"`: {`"-5"`}, `"true"`: {`"true"`}, `"[\"a\",\"b\"]"`: {`"[\"a\",\"b\"]"`}, `"{"`: {`"{"`},
		`"\ud800x"`: {`"�x"`}, "\"\xff\"": {`"�"`}, `"192.0.2.1"`: {`"192.0.2.1"`},
	}},
	"address": {"value of netip.Addr", map[string]outcome{
		`[""]`: {``, "value of netip.Addr array"}, `"192.0.2.1"`: {`"192.0.2.1"`},
	}},
	"any": {"value of interface {}", map[string]outcome{
		`"text"`: {`"text"`}, `"5"`: {`"5"`}, `" 5 "`: {`" 5 "`}, `"-5"`: {`"-5"`}, `"true"`: {`"true"`}, `"False"`: {`"False"`}, `""`: {`""`}, `5`: {`5`}, `-5`: {`-5`},
		`0`: {`0`}, `1`: {`1`}, `1.0`: {`1`}, `1e3`: {`1000`}, `0.5`: {`0.5`}, `12345678901234567890123`: {`1.2345678901234568e+22`}, `true`: {`true`}, `false`: {`false`},
		`{}`: {`{}`}, `{"name":"Oslo","zip":151}`: {`{"name":"Oslo","zip":151}`}, ` { "x" : [ 1 ] } `: {`{"x":[1]}`}, `[]`: {`[]`}, `["a"]`: {`["a"]`}, `[5]`: {`[5]`},
		`[null]`: {`[null]`}, `[""]`: {`[""]`}, `["a","b"]`: {`["a","b"]`}, `[[5]]`: {`[[5]]`}, `"{\"name\":\"Oslo\"}"`: {`"{\"name\":\"Oslo\"}"`},
		`"[\"a\",\"b\"]"`: {`"[\"a\",\"b\"]"`}, `"{"`: {`"{"`}, `"\ud800x"`: {`"�x"`}, "\"\xff\"": {`"�"`}, `"\u0041\n\"\\"`: {`"A\n\"\\"`},
		`"2024-05-14T12:00:00Z"`: {`"2024-05-14T12:00:00Z"`}, `"192.0.2.1"`: {`"192.0.2.1"`},
	}},
	"bytes": {"base64", map[string]outcome{
		`"text"`: {`"text"`}, `"true"`: {`"true"`}, `""`: {`""`}, `[]`: {`""`}, `[5]`: {`"BQ=="`}, `[null]`: {`"AA=="`},
	}},
	"counts": {"value of map[string]int", map[string]outcome{
		`{}`: {`{}`},
	}},
}

var (
	stringOutcomes = map[string]outcome{
		`"text"`: {`"text"`}, `"5"`: {`"5"`}, `" 5 "`: {`" 5 "`}, `"-5"`: {`"-5"`}, `"true"`: {`"true"`}, `"False"`: {`"False"`}, `5`: {`"5"`, "string number"},
		`-5`: {`"-5"`, "string number"}, `0`: {`"0"`, "string number"}, `1`: {`"1"`, "string number"}, `1.0`: {`"1.0"`, "string number"}, `1e3`: {`"1e3"`, "string number"},
		`0.5`: {`"0.5"`, "string number"}, `12345678901234567890123`: {`"12345678901234567890123"`, "string number"}, `1e400`: {`"1e400"`, "string number"},
		`true`: {`"true"`, "string boolean"}, `false`: {`"false"`, "string boolean"}, `["a"]`: {`"a"`, "string array"}, `[5]`: {`"5"`, "/0 string number", "string array"},
		`[[5]]`: {`"5"`, "/0/0 string number", "/0 string array", "string array"}, `"{\"name\":\"Oslo\"}"`: {`"{\"name\":\"Oslo\"}"`},
		`"[\"a\",\"b\"]"`: {`"[\"a\",\"b\"]"`}, `"{"`: {`"{"`}, `"\ud800x"`: {`"�x"`, "UTF-8 other bytes"}, "\"\xff\"": {`"�"`, "UTF-8 other bytes"},
		`"\u0041\n\"\\"`: {`"A\n\"\\"`}, `"2024-05-14T12:00:00Z"`: {`"2024-05-14T12:00:00Z"`}, `"192.0.2.1"`: {`"192.0.2.1"`},
	}
	intOutcomes = map[string]outcome{
		`"5"`: {`5`, "integer string"}, `" 5 "`: {`5`, "integer string"}, `"-5"`: {`-5`, "integer string"}, `5`: {`5`}, `-5`: {`-5`}, `0`: {``}, `1`: {`1`},
		`1.0`: {`1`, "integer number"}, `1e3`: {`1000`, "integer number"}, `[5]`: {`5`, "integer array"}, `[[5]]`: {`5`, "/0 integer array", "integer array"},
	}
	uintOutcomes = map[string]outcome{
		`"5"`: {`5`, "integer string"}, `" 5 "`: {`5`, "integer string"}, `5`: {`5`}, `0`: {``}, `1`: {`1`}, `1.0`: {`1`, "integer number"},
		`1e3`: {`1000`, "integer number"}, `[5]`: {`5`, "integer array"}, `[[5]]`: {`5`, "/0 integer array", "integer array"},
	}
	structsOutcomes = map[string]outcome{
		`{}`: {`[{}]`, "array object"}, `{"name":"Oslo","zip":151}`: {`[{"name":"Oslo","zip":151}]`, "array object"}, ` { "x" : [ 1 ] } `: {`[{}]`, "array object"},
		`[]`: {`[]`}, `["a"]`: {`[]`, "/0 object string"}, `[5]`: {`[]`, "/0 object number"}, `[null]`: {`[]`}, `[""]`: {`[]`},
		`["a","b"]`: {`[]`, "/0 object string", "/1 object string"}, `[[5]]`: {`[]`, "/0/0 object number"},
		`"{\"name\":\"Oslo\"}"`: {`[{"name":"Oslo"}]`, "array object", "array string"}, `"[\"a\",\"b\"]"`: {`[]`, "/0 object string", "/1 object string", "array string"},
	}
)
