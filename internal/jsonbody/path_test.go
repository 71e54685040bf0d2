package jsonbody

import (
	"bytes"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The path of each name and value is what the JSON library says.
func TestPath(t *testing.T) {
	for _, body := range append([]string{
		`{"a/b":{"~":{"~1":[[],[1,{"":"x"}],{"a~0/":null}]}},"x\/y":"\u007e","ä":[[[1,2],[3]],{"😀":[{}]}],"` + "\xff" + `":{"\ud800":1}}`,
		`{"a":1,"a":{"a":2,"a":[3]},"0":[{"0":[0]}]}`,
	}, scanSeeds[:3]...) {
		r, err := open([]byte(body))
		require.NoError(t, err)
		dec := jsontext.NewDecoder(bytes.NewReader([]byte(body)), lenient)
		for i, token := range r.tokens {
			_, err := dec.ReadToken()
			require.NoError(t, err)
			if c := body[token.start]; c != '}' && c != ']' { // nobody asks for these
				assert.Equal(t, string(dec.StackPointer()), r.path(i), "token %d of %s", i, body)
			}
		}
		r.Close()
	}
}
