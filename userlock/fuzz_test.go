package userlock_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// Whatever is accepted can be encoded, gives the same payload again, and shows no ID.
func FuzzDecode(f *testing.F) {
	for _, body := range fixtures {
		f.Add(fill(body))
	}
	f.Add(fill(unknownFixture))
	f.Add([]byte(`{"guid":"` + primary + `","user":1,"USER_ACCOUNT":"a\\b","EventTime":"/Date(1)/","x":{"y":["\ud800"]}}`))
	f.Add([]byte(`{"id":"` + primary + `","user":"a","UserAccount":["b"],"time":"x","EventTime":1715675467,"x":["` + backup + `"]}`))
	f.Add([]byte(`[{"UserLockId":"` + primary + `","UserAccount":"ACME\jdoe"}]`))
	hook := newHook(f, userlock.Config{})
	stranger := newHook(f, userlock.Config{IDs: event.Secrets("1B4E28BA-2FA1-11D2-883F-0016D3CCA427")})
	r := post()
	f.Fuzz(func(t *testing.T, body []byte) {
		if e, err := userlock.Decode(body); err == nil {
			roundTrip(t, e)
			encodertest.All(t, e)
		}
		_, err := stranger.Check(r, body)
		require.ErrorIs(t, err, verify.ErrUnauthenticated, "another ID")
		e, err := hook.Check(r, body)
		if e == nil {
			require.Error(t, err)
			return
		}
		encodertest.All(t, e)
		var line string
		if err == nil {
			line = roundTrip(t, e)
		} else {
			require.ErrorIs(t, err, verify.ErrMalformed)
			text, err := cloudevent.Encode(e)
			require.NoError(t, err)
			line = string(text)
		}
		for _, id := range []string{primary, backup} {
			require.NotContains(t, normal(line), normal(id))
		}
	})
}
