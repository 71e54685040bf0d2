package encodertest

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// JSON returns a document that is a JSON object. It fails if the document is anything
// else, or has two members of one name in an object, however deep.
func JSON(t testing.TB, document []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(document))
	v := readValue(t, d)
	_, err := d.Token()
	require.ErrorIs(t, err, io.EOF, "%s", document)
	require.IsType(t, map[string]any{}, v, "%s", document)
	return v.(map[string]any)
}

func readValue(t testing.TB, d *json.Decoder) any {
	t.Helper()
	token, err := d.Token()
	require.NoError(t, err)
	switch token {
	case json.Delim('{'):
		object := make(map[string]any)
		for d.More() {
			name, err := d.Token()
			require.NoError(t, err)
			require.NotContains(t, object, name, "twice in an object")
			object[name.(string)] = readValue(t, d)
		}
		_, err = d.Token()
		require.NoError(t, err)
		return object
	case json.Delim('['):
		array := []any{}
		for d.More() {
			array = append(array, readValue(t, d))
		}
		_, err = d.Token()
		require.NoError(t, err)
		return array
	}
	return token
}
