package jsonbody

import "github.com/go-json-experiment/json"

// Floor decodes body into v with nothing around it: what benchmarks compare
// with.
func Floor(body []byte, v any) error { return json.Unmarshal(body, v, lenient) }
