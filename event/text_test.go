package event_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

func TestTextUnmarshalJSON(t *testing.T) {
	tests := map[string]struct {
		data string
		want event.Text
	}{
		"string":             {`"None"`, "None"},
		"empty string":       {`""`, ""},
		"escapes":            {`"a\"\\\u00e9\n"`, "a\"\\é\n"},
		"number":             {`0`, "0"},
		"negative":           {`-12`, "-12"},
		"number as written":  {`1.50e+03`, "1.50e+03"},
		"more than 64 bits":  {`123456789012345678901234567890`, "123456789012345678901234567890"},
		"true":               {`true`, "true"},
		"false":              {`false`, "false"},
		"null":               {`null`, ""},
		"null as a string":   {`"null"`, "null"},
		"number as a string": {`"007"`, "007"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := event.Text("before")
			require.NoError(t, text.UnmarshalJSON([]byte(tt.data)))
			assert.Equal(t, tt.want, text)

			in := struct{ A event.Text }{"before"}
			require.NoError(t, json.Unmarshal([]byte(`{"A": `+tt.data+` }`), &in))
			assert.Equal(t, tt.want, in.A)

			// It is encoded as a string, which decodes to the same Text.
			out := encode(t, in.A)
			assert.Equal(t, byte('"'), out[0])
			var again event.Text
			require.NoError(t, json.Unmarshal(out, &again))
			assert.Equal(t, tt.want, again)
		})
	}
}

func TestTextRefusesOtherKinds(t *testing.T) {
	for name, data := range map[string]string{
		"object":       `{"pin":"4711"}`,
		"array":        `["4711"]`,
		"nothing":      ``,
		"unterminated": `"4711`,
		"bad escape":   `"4711\x"`,
	} {
		t.Run(name, func(t *testing.T) {
			text := event.Text("before")
			err := text.UnmarshalJSON([]byte(data))
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "4711")
			assert.Equal(t, event.Text("before"), text)
		})
	}
}

func TestTextDoesNotKeepItsInput(t *testing.T) {
	data := []byte("4711")
	var text event.Text
	require.NoError(t, text.UnmarshalJSON(data))
	clear(data)
	assert.Equal(t, event.Text("4711"), text)
}
