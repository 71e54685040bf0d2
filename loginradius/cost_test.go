package loginradius_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
)

// Bodies of a mebibyte that decode to as much as possible: memory and work stay
// within a small multiple, whatever a vendor's account sends.
func TestCostOfLargeBodies(t *testing.T) {
	const size = loginradius.DefaultMaxBody
	fill := func(head, element, tail string) []byte {
		n := (size - len(head) - len(tail)) / (len(element) + 1)
		return []byte(head + strings.Repeat(element+",", n) + element + tail)
	}
	drifted := "[" + strings.Repeat("1,", 1000) + "{}]"
	for name, body := range map[string][]byte{
		"identities of numbers":  fill(`{"HookName":"login","Data":{"Identities":[`, `1`, `]}}`),
		"empty identities":       fill(`{"HookName":"login","Data":{"Identities":[`, `{}`, `]}}`),
		"drifted skills, often":  fill(`{"HookName":"login","Data":{`, `"Skills":`+drifted, `}}`),
		"drifted, in identities": fill(`{"HookName":"login","Data":{"Identities":[`, `{"Skills":`+drifted+`}`, `]}}`),
		"empty bookmarks":        fill(`{"HookName":"login","Data":{"JobBookmarks":[`, `{}`, `]}}`),
		"null bookmarks":         fill(`{"HookName":"login","Data":{"JobBookmarks":[`, `null`, `]}}`),
		"spaced nulls":           fill(`{"HookName":"login","Data":{"JobBookmarks":[`, ` null `, `]}}`),
		"bookmarks, often":       fill(`{"HookName":"login","Data":{`, `"JobBookmarks":[`+strings.Repeat("{},", 499)+`{}]`, `}}`),
		"identities, often":      fill(`{"HookName":"login","Data":{`, `"Identities":[`+strings.Repeat("1,", 499)+`1]`, `}}`),
		"profiles":               fill(`{"HookName":"removeemail","Data":{`, `"UserProfile":{}`, `}}`),
		"identities of profiles": fill(`{"HookName":"removeemail","Data":{`, `"UserProfile":{"Identities":[`+strings.Repeat("1,", 499)+`1]}`, `}}`),
		"empty e-mails":          fill(`{"HookName":"login","Data":{"Email":[`, `{}`, `]}}`),
		"names again and again":  fill(`{"HookName":"login","Data":{`, `"Uid":1`, `}}`),
		"custom object":          fill(`{"HookName":"createcustomobject","Data":{"CustomObject":[`, `{"a":[]}`, `]}}`),
	} {
		t.Run(name, func(t *testing.T) {
			require.LessOrEqual(t, len(body), size+len(drifted)+64)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			e, err := loginradius.Decode(body)
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64*size), "bytes allocated")
			assert.LessOrEqual(t, len(e.Warnings), event.MaxWarnings)
		})
	}
}
