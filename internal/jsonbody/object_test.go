package jsonbody_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/jsonbody"
)

func TestObject(t *testing.T) {
	const (
		most = jsonbody.MaxDepth
		many = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	)
	nested := func(objects, arrays int) string {
		return strings.Repeat(`{"a":`, objects) + strings.Repeat("[", arrays) + "1" + strings.Repeat("]", arrays) + strings.Repeat("}", objects)
	}
	require.Equal(t, 64, most)
	tests := map[string]struct {
		body string
		want error
	}{
		"least":                         {`{}`, nil},
		"white space before":            {" \t\r\n{}", nil},
		"other white space":             {"\u00a0{}", jsonbody.ErrNotObject},
		"form feed":                     {"\f{}", jsonbody.ErrNotObject},
		"does not check the syntax":     {`{"a":`, nil},
		"as deep as allowed, objects":   {nested(most, 0), nil},
		"as deep as allowed, arrays":    {nested(1, most-1), nil},
		"as deep as allowed, mixed":     {nested(30, most-30), nil},
		"too deep, objects":             {nested(most+1, 0), jsonbody.ErrTooDeep},
		"too deep, arrays":              {nested(1, most), jsonbody.ErrTooDeep},
		"too deep, mixed":               {nested(30, most-29), jsonbody.ErrTooDeep},
		"too deep, open":                {strings.Repeat(`{"a":`, 100_000), jsonbody.ErrTooDeep},
		"too deep behind much":          {`{"a":[` + strings.Repeat("{},", 1000) + "1],\"b\":" + nested(most, 0) + "}", jsonbody.ErrTooDeep},
		"wide, not deep":                {`{"a":[` + strings.Repeat("[{}],", 1000) + "[]]}", nil},
		"deep twice, side by side":      {`{"a":` + nested(0, most-1) + `,"b":` + nested(0, most-1) + "}", nil},
		"brackets in a string":          {`{"a":"` + many + `"}`, nil},
		"brackets in a name":            {`{"` + many + `":1}`, nil},
		"brackets behind a quote":       {`{"a":"\"` + many + `"}`, nil},
		"brackets behind two escapes":   {`{"a":"\\\"` + many + `"}`, nil},
		"string that ends in an escape": {`{"a":"\\","b":` + nested(0, most) + "}", jsonbody.ErrTooDeep},
		"string that ends in two":       {`{"a":"\"\\","b":` + nested(0, most) + "}", jsonbody.ErrTooDeep},
		"closing brackets in a string":  {`{"a":"` + strings.Repeat("]", 100) + `","b":` + nested(0, most) + "}", jsonbody.ErrTooDeep},
		"quotes escaped as Unicode":     {`{"a":"\u0022` + many + `"}`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, mark := range []string{"", "\ufeff"} {
				got, err := jsonbody.Object([]byte(mark + tt.body))
				assert.ErrorIs(t, err, tt.want)
				if tt.want == nil {
					assert.Equal(t, tt.body, string(got), "without the mark")
				} else {
					assert.Nil(t, got)
				}
			}
			if tt.want == jsonbody.ErrTooDeep {
				_, err := jsonbody.NewReader([]byte(tt.body))
				assert.ErrorIs(t, err, jsonbody.ErrTooDeep)
				_, err = jsonbody.Unmarshal([]byte(tt.body), new(document))
				assert.ErrorIs(t, err, jsonbody.ErrTooDeep)
				err = jsonbody.Members([]byte(tt.body), func(*jsonbody.Member) bool { return true })
				assert.ErrorIs(t, err, jsonbody.ErrTooDeep)
			}
		})
	}
}
