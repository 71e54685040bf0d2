package jsonbody_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

func TestMarshal(t *testing.T) {
	var masked event.Secret
	require.NoError(t, masked.UnmarshalText([]byte("[redacted]")))
	type secrets struct {
		A event.Secret            `json:"a"`
		B *event.Secret           `json:"b,omitempty"`
		C event.Secret            `json:"c,omitzero"`
		D map[string]event.Secret `json:"d,omitempty"`
	}
	secret := event.NewSecret("s<\"é")
	tests := map[string]struct {
		value       any
		want, clear string
	}{
		"secret":            {secret, `"[redacted]"`, `"s<\"é"`},
		"masked before":     {masked, `"[redacted]"`, `"[redacted]"`},
		"absent":            {event.Secret{}, `null`, `""`},
		"left out":          {secrets{}, `{"a":null}`, `{"a":""}`},
		"inside":            {secrets{secret, &secret, secret, map[string]event.Secret{"x": secret}}, `{"a":"[redacted]","b":"[redacted]","c":"[redacted]","d":{"x":"[redacted]"}}`, `{"a":"s<\"é","b":"s<\"é","c":"s<\"é","d":{"x":"s<\"é"}}`},
		"maps in order":     {map[string]int{"z": 1, "a": 2, "m": 3, "b": 4, "y": 5}, `{"a":2,"b":4,"m":3,"y":5,"z":1}`, ``},
		"HTML":              {"<&>\u2028", "\"<&>\u2028\"", ``},
		"broken UTF-8":      {"a\xffb", `"a` + "\ufffd" + `b"`, ``},
		"digits of a raw":   {json.RawMessage(`1.50`), `1.50`, ``},
		"repeated in a raw": {json.RawMessage(`{"a":1,"a":2}`), `{"a":1,"a":2}`, ``},
		"embedded maps":     {document{Extra: map[string]json.RawMessage{"z": json.RawMessage(`1`), "b": json.RawMessage(`2`)}}.Extra, `{"b":2,"z":1}`, ``},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := jsonbody.Marshal(tt.value)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
			if tt.clear == "" {
				tt.clear = tt.want
			}
			got, err = jsonbody.MarshalClear(tt.value)
			require.NoError(t, err)
			assert.Equal(t, tt.clear, string(got))
		})
	}
	_, err := jsonbody.Marshal(func() {})
	assert.Error(t, err)
}

func TestCanonical(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
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
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			raw := json.RawMessage(tt.raw)
			got := jsonbody.Canonical(raw)
			assert.Equal(t, tt.want, string(got))
			assert.Equal(t, tt.raw, string(raw), "raw is not changed")
			assert.Equal(t, got, jsonbody.Canonical(got), "idempotent")

			// Through encoding/json, which escapes HTML, and back.
			out, err := json.Marshal(map[string]json.RawMessage{"a": got})
			require.NoError(t, err)
			var in map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(out, &in))
			assert.Equal(t, string(got), string(jsonbody.Canonical(in["a"])))

			// Through our own encoder.
			out, err = jsonbody.Marshal(map[string]json.RawMessage{"a": got})
			require.NoError(t, err)
			assert.Equal(t, `{"a":`+tt.want+`}`, string(out))
		})
	}
}

func TestCanonicalSharesNoMemory(t *testing.T) {
	raw := json.RawMessage(`{"a":1}`)
	got := jsonbody.Canonical(raw)
	clear(raw)
	assert.Equal(t, `{"a":1}`, string(got))
}

func TestCanonicalOfNothing(t *testing.T) {
	assert.Nil(t, jsonbody.Canonical(nil))
	for _, raw := range []string{``, `{`, `{"a"}`, `1 2`, `x`} {
		assert.Nil(t, jsonbody.Canonical(json.RawMessage(raw)), raw)
	}
}
