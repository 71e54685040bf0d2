package jsonappend_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

// What is written for every kind of payload is compared with encoding/json in package
// event.

type spaced struct{ err error }

func (s *spaced) MarshalJSON() ([]byte, error) { return []byte(`{ "a" : "<" }`), s.err }

type declared struct{ spaced }

// appender appends itself, which its MarshalJSON would do otherwise.
type appender struct{ spaced }

func (a *appender) AppendJSON(dst []byte) ([]byte, error) {
	return append(dst, `"appended"`...), a.err
}

// trustedAppender is one that was declared.
type trustedAppender struct{ appender }

var errFailed = errors.New("failed")

func TestValueTakesWhatIsDeclaredAsItIs(t *testing.T) {
	jsonappend.Trust(new(declared), new(trustedAppender))
	for name, tt := range map[string]struct {
		v    any
		want string
	}{
		"appends itself":        {new(trustedAppender), `x"appended"`},
		"appends, not declared": {new(appender), `x{"a":"<"}`},
		"appends, nil pointer":  {(*trustedAppender)(nil), `xnull`},
		"declared":              {new(declared), `x{ "a" : "<" }`},
		"not declared":          {new(spaced), `x{"a":"<"}`},
		"declared, no pointer":  {declared{}, `x{}`}, // which has no such method
		"declared, nil pointer": {(*declared)(nil), `xnull`},
		"inside another value":  {[]*declared{{}}, `x[{"a":"<"}]`},
		"nil":                   {nil, `xnull`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := jsonappend.Value([]byte("x"), tt.v)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
}

func TestValueThatFailsLeavesWhatWasThere(t *testing.T) {
	jsonappend.Trust(new(declared), new(trustedAppender))
	for name, v := range map[string]any{
		"appends itself": &trustedAppender{appender{spaced{errFailed}}},
		"declared":       &declared{spaced{errFailed}},
		"not declared":   &spaced{errFailed},
		"no JSON":        func() {},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := jsonappend.Value([]byte("x"), v)
			assert.Equal(t, "x", string(got))
			assert.ErrorContains(t, err, "json: ")
		})
	}
	_, err := jsonappend.Value(nil, &declared{spaced{errFailed}})
	assert.ErrorIs(t, err, errFailed)
}

type value struct{}

func (value) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

func TestTrustWantsPointers(t *testing.T) {
	assert.Panics(t, func() { jsonappend.Trust(value{}) })
}

func TestAppenderAllocatesNothing(t *testing.T) {
	jsonappend.Trust(new(trustedAppender))
	v, dst := new(trustedAppender), make([]byte, 0, 1024)
	assert.Zero(t, testing.AllocsPerRun(10, func() { dst, _ = jsonappend.Value(dst[:0], v) }))
}
