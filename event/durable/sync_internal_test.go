package durable

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSyncState(t *testing.T) {
	const of3 = `"meta_cluster":{"leader":"a","replicas":[{"name":"b"},{"name":"c"}],"cluster_size":3}`
	answer := func(name, data string) string {
		return `{"server":{"name":"` + name + `","id":"ID"},"data":{` + data + `}}`
	}
	syncs := func(name string) string { return answer(name, `"config":{"sync_always":true},`+of3) }
	for name, tt := range map[string]struct {
		answers []string
		want    string
		away    []string
	}{
		"none":            {nil, "no server says", nil},
		"all":             {[]string{syncs("a"), syncs("b"), syncs("c")}, "", nil},
		"again":           {[]string{syncs("a"), syncs("b"), syncs("b")}, "", []string{"c"}},
		"too few":         {[]string{syncs("a"), syncs("a")}, "1 of 3 servers have answered; not: b, c", []string{"b", "c"}},
		"one not":         {[]string{syncs("a"), answer("b", `"config":{},`+of3), syncs("c")}, "do not sync each write: b;", nil},
		"alone":           {[]string{answer("a", `"config":{"sync_always":true}`)}, "", nil},
		"stores nothing":  {[]string{answer("x", `"disabled":true`)}, "no server says", nil},
		"beside":          {[]string{answer("x", `"disabled":true`), syncs("a"), syncs("b"), syncs("c")}, "", nil},
		"not one of them": {[]string{answer("x", `"config":{"sync_always":true}`), syncs("a"), syncs("b")}, "", []string{"c"}},
		"one more":        {[]string{answer("a", `"config":{"sync_always":true},"meta_cluster":{"leader":"a","cluster_size":2}`)}, "1 of 2 servers have answered", nil},
	} {
		var s syncState
		for _, text := range tt.answers {
			var a syncAnswer
			require.NoError(t, json.Unmarshal([]byte(text), &a))
			s.add(a)
		}
		assert.Equal(t, tt.away, s.missing(), name)
		assert.Equal(t, tt.want == "" && tt.away == nil, s.complete() && s.err() == nil, name)
		if tt.want == "" {
			assert.NoError(t, s.err(), name)
		}
		if tt.want != "" {
			assert.ErrorContains(t, s.err(), tt.want, name)
		}
	}
}
