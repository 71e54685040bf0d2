package jsonbody_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/internal/jsonbody"
)

type member struct {
	name, value, text string
	isText            bool
}

func members(t *testing.T, body string) []member {
	t.Helper()
	var got []member
	err := jsonbody.Members([]byte(body), func(m *jsonbody.Member) bool {
		assert.Equal(t, m.Value, body[m.Start:m.End], "where the value stands")
		text, ok := m.Text()
		got = append(got, member{strings.Clone(m.Name), strings.Clone(m.Value), strings.Clone(text), ok})
		return true
	})
	require.NoError(t, err)
	return got
}

func TestMembers(t *testing.T) {
	tests := map[string]struct {
		body string
		want []member
	}{
		"none":        {`{}`, nil},
		"white space": {" {\n} ", nil},
		"every kind": {
			`{"s":"a","n":-1.50,"t":true,"f":false,"z":null,"o":{"a":[1]},"a":[{"b":"}"}],"e":""}`,
			[]member{
				{"s", `"a"`, "a", true}, {"n", `-1.50`, "", false}, {"t", `true`, "", false}, {"f", `false`, "", false},
				{"z", `null`, "", false}, {"o", `{"a":[1]}`, "", false}, {"a", `[{"b":"}"}]`, "", false}, {"e", `""`, "", true},
			},
		},
		"white space everywhere": {
			"\r\n{ \"s\" : \"a\" ,\t\"n\":1 , \"o\" : { \"x\" : [ ] } }\n",
			[]member{{"s", `"a"`, "a", true}, {"n", `1`, "", false}, {"o", `{ "x" : [ ] }`, "", false}},
		},
		"escapes": {
			`{"user\u0049d":"a\\","b\"":"\u0041\"}","c\\":{"\"":"\\"},"é":"é"}`,
			[]member{{"userId", `"a\\"`, `a\`, true}, {`b"`, `"\u0041\"}"`, `A"}`, true}, {`c\`, `{"\"":"\\"}`, "", false}, {"é", `"é"`, "é", true}},
		},
		"same name at different levels": {`{"a":{"a":1},"b":[{"a":1},{"a":2}]}`, []member{{"a", `{"a":1}`, "", false}, {"b", `[{"a":1},{"a":2}]`, "", false}}},
		"names differ in case":          {`{"a":1,"A":2}`, []member{{"a", `1`, "", false}, {"A", `2`, "", false}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, members(t, tt.body))
			assert.Equal(t, tt.want, members(t, "\ufeff"+tt.body), "with a BOM")
		})
	}
}

func TestMembersAreStrict(t *testing.T) {
	for name, body := range map[string]string{
		"repeated name":                  `{"a":1,"a":1}`,
		"repeated in disguise":           `{"a":1,"\u0061":1}`,
		"repeated below":                 `{"a":{"b":1,"b":1}}`,
		"repeated in an array":           `{"a":[{"b":1,"b":1}]}`,
		"repeated deep down":             `{"a":[[{"c":{"b":1,"x":2,"b":1}}]]}`,
		"broken UTF-8":                   "{\"a\":\"\xff\"}",
		"broken UTF-8 in a name":         "{\"\xff\":1}",
		"broken UTF-8 below":             "{\"a\":[{\"b\":\"\xc3(\"}]}",
		"overlong":                       "{\"a\":\"\xc0\x80\"}",
		"surrogate in UTF-8":             "{\"a\":\"\xed\xa0\x80\"}",
		"escaped lone surrogate":         `{"a":"\ud800"}`,
		"escaped lone surrogate in name": `{"\udc00":1}`,
		"syntax error after good ones":   `{"a":1,"b":2,}`,
	} {
		t.Run(name, func(t *testing.T) {
			err := jsonbody.Members([]byte(body), func(*jsonbody.Member) bool {
				t.Error("no call before the body is known to be good")
				return true
			})
			assert.ErrorIs(t, err, jsonbody.ErrSyntax)
		})
	}
}

func TestMembersStops(t *testing.T) {
	calls := 0
	require.NoError(t, jsonbody.Members([]byte(`{"a":1,"b":2,"c":3}`), func(m *jsonbody.Member) bool {
		calls++
		return m.Name != "b"
	}))
	assert.Equal(t, 2, calls)
}

func TestMembersInsideMembers(t *testing.T) {
	var got []string
	require.NoError(t, jsonbody.Members([]byte(`{"a":{"x":1,"y":2},"b":{"z":3}}`), func(outer *jsonbody.Member) bool {
		assert.NoError(t, jsonbody.Members([]byte(outer.Value), func(inner *jsonbody.Member) bool {
			got = append(got, outer.Name+"."+inner.Name+"="+inner.Value)
			return true
		}))
		return true
	}))
	assert.Equal(t, []string{"a.x=1", "a.y=2", "b.z=3"}, got)
}

func TestMembersConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		body := `{"name":"` + strings.Repeat(string(rune('a'+i)), 100) + `","\u0061":` + strings.Repeat("1", i+1) + `}`
		wg.Go(func() {
			for range 100 {
				assert.Equal(t, []member{
					{"name", `"` + strings.Repeat(string(rune('a'+i)), 100) + `"`, strings.Repeat(string(rune('a'+i)), 100), true},
					{"a", strings.Repeat("1", i+1), "", false},
				}, members(t, body))
			}
		})
	}
	wg.Wait()
}

func TestMembersKeepsNothing(t *testing.T) {
	var kept *jsonbody.Member
	require.NoError(t, jsonbody.Members([]byte(`{"a":"secret"}`), func(m *jsonbody.Member) bool {
		kept = m
		return true
	}))
	assert.Empty(t, kept.Name)
	assert.Empty(t, kept.Value)
}

func TestAppendQuote(t *testing.T) {
	for text, want := range map[string]string{
		"":            `""`,
		"abc":         `"abc"`,
		"a\"\\\n\x01": `"a\"\\\n\u0001"`,
		"<&>é":        `"<&>é"`,
	} {
		got := jsonbody.AppendQuote([]byte("before "), []byte(text))
		assert.Equal(t, "before "+want, string(got))
		var again string
		require.NoError(t, json.Unmarshal(got[len("before "):], &again))
		assert.Equal(t, text, again)
	}
}
