package unloc_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/unloc"
)

// Whatever decodes can be encoded, and gives the same payload again.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		unlocked, `{}`, `null`, `[]`, "\ufeff{}",
		`{"id":"a b","action":"viewedCode","userId":61452912456,"created":"2025-02-11T07:58:03+01:00"}`,
		`{"id":1,"action":[],"created":true,"keyId":{},"lockId":[[]],"lockName":0,"appUserId":{},"userName":false,"userId":[]}`,
		`{"id":"a","id":null,"x":1e400,"x":-0,"":"","\ud800":"\ud800","\u0000":{"a":[1,2,{"<b>":"\u2028"}]}}`,
		"{\"id\":\"\xff\",\"\xff\":\"\xfe\",\"action\":\"\xc3\x28\"}",
		`{"created":"/Date(-62135596800000)/","appUserId":true}`,
		`{"created":"9999-12-31T23:59:59.999999999-23:59"}`,
		`{"created":"2025-02-11T07:58:03+24:00"}`,
		`{"created":"0000-01-01T00:00:00+00:01"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := unloc.Decode(body)
		if err != nil {
			return
		}
		require.NotEmpty(t, e.ID)
		line, err := cloudevent.Encode(e)
		require.NoError(t, err)
		again, err := cloudevent.Decode(line, cloudevent.Payloads{unloc.Vendor: unloc.Decode})
		require.NoError(t, err)
		if diff := cmp.Diff(e, again, addresses); diff != "" {
			t.Error(diff)
		}
		encodertest.All(t, e)
	})
}
