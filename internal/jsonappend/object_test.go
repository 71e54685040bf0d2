package jsonappend_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

func TestEncoded(t *testing.T) {
	o := jsonappend.Begin([]byte("x"))
	o.Encoded(`"a":1,"b":2`)
	o.Object("c", func() { o.Encoded(`"d":3`) })
	o.Encoded(`"e":4`)
	b, err := o.End()
	require.NoError(t, err)
	assert.Equal(t, `x{"a":1,"b":2,"c":{"d":3},"e":4}`, string(b))
}

func TestTextsAreThereOnce(t *testing.T) {
	o := jsonappend.Begin(nil)
	o.Texts("a", "x", "", "y", "x", "y")
	o.Texts("b", "", "")
	o.Texts("c", "", "x")
	b, err := o.End()
	require.NoError(t, err)
	assert.Equal(t, `{"a":["x","y"],"c":["x"]}`, string(b))
}
