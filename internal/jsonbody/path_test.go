package jsonbody

import (
	"bytes"
	"math/rand/v2"
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
		`{"many":[1,2,3,[],{},{"a":[1]},7,8,9,10,11,[12,{"b":[13]}],14],"c":15,"d":16,"e":17,"f":18,"g":19,"h":20,"i":21,"j":22,"k":{"l":[23]},"m":24}`,
	}, scanSeeds[:3]...) {
		r, err := open([]byte(body))
		require.NoError(t, err)
		dec := jsontext.NewDecoder(bytes.NewReader([]byte(body)), lenient)
		way := make(way)
		paths := make([]string, len(r.tokens))
		for i, token := range r.tokens {
			_, err := dec.ReadToken()
			require.NoError(t, err)
			if c := body[token.start]; c != '}' && c != ']' { // nobody asks for these
				paths[i] = string(dec.StackPointer())
				assert.Equal(t, paths[i], r.path(i, way), "token %d of %s", i, body)
			}
		}
		for range 200 { // in any order
			if i := rand.IntN(len(paths)); paths[i] != "" {
				assert.Equal(t, paths[i], r.path(i, way), "token %d of %s", i, body)
			}
		}
		r.Close()
	}
}
