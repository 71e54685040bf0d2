package jsonbody_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/jsonbody"
)

func TestOpenUnauthenticated(t *testing.T) {
	members := func(n int, more ...string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"m%d":1`, i))
		}
		return "{" + strings.Join(append(all, more...), ",") + "}"
	}
	for body, want := range map[string]error{
		`{}`: nil, `{"a":1}`: nil, `{"a":1,"A":2}`: nil, `{"":1,"a":2}`: nil, "\ufeff{\"a\":1,\"b\":2}": nil,
		`{"a":1,"a":1}`:                     jsonbody.ErrRepeated,
		`{"a":1,"b":2,"a":null}`:            jsonbody.ErrRepeated,
		`{"a":1,"\u0061":1}`:                jsonbody.ErrRepeated,
		`{"\/":1,"/":1}`:                    jsonbody.ErrRepeated,
		`{"":1,"":1}`:                       jsonbody.ErrRepeated,
		`{"ä":1,"\u00e4":1}`:                jsonbody.ErrRepeated,
		"{\"\xff\":1,\"\xfe\":1}":           jsonbody.ErrRepeated, // both are U+FFFD
		`{"\ud800":1,"\udc00":1}`:           jsonbody.ErrRepeated,
		`{"a\u0000":1,"a":1}`:               nil,
		`{"a":{"b":1,"b":1}}`:               nil,
		`{"a":[{"b":1,"b":1}],"b":1}`:       nil,
		`{"a":{"b":1},"b":{"a":1}}`:         nil,
		`{"abc":1,"xbc":1,"aXc":1,"abX":1}`: nil, // of one length, with one last byte
		`{"abc":1,"xbc":1,"aXc":1,"xbc":1}`: jsonbody.ErrRepeated,
		members(63):                         nil, members(64): nil, members(65): nil, members(1000): nil,
		members(63, `"m0":1`): jsonbody.ErrRepeated, members(64, `"m63":1`): jsonbody.ErrRepeated, members(65, `"m64":1`): jsonbody.ErrRepeated,
		members(1000, `"m999":1`): jsonbody.ErrRepeated, members(1000, `"\u006d0":1`): jsonbody.ErrRepeated,
		`[]`: jsonbody.ErrNotObject, `{"a":1`: jsonbody.ErrSyntax, strings.Repeat(`{"a":`, 65): jsonbody.ErrTooDeep,
	} {
		r, err := jsonbody.OpenUnauthenticated([]byte(body))
		assert.ErrorIs(t, err, want, body)
		if want != nil {
			assert.Nil(t, r)
			continue
		}
		require.True(t, r.Object(), "it stands at the beginning")
		n := 0
		for ; r.Next(); r.Skip() {
			n++
		}
		assert.Positive(t, n+strings.Count(body, "{}"))
		r.Close()
	}
}
