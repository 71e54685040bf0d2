package relock_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

func FuzzDecode(f *testing.F) {
	for _, body := range fixtures {
		f.Add(body)
	}
	f.Add(unknownFixture)
	f.Add([]byte(`{"data":{"timestamp":"/Date(1715675467000)/","location":{"x":1}},"event":"session.created","x":"\ud800<"}`))
	f.Add([]byte(`{"event":"security.alert","data":{"details":[1,{"a":1e400}],"location":[],"a":"\ud800"},"data":{}}`))
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(benchSecret)})
	require.NoError(f, err)
	other, err := relock.New(relock.Config{Secrets: event.Secrets("another-secret-of-32-characters..")})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := relock.NewRequest(context.Background(), "http://localhost/", benchSecret, body)
		require.NoError(t, err)
		_, err = other.Check(r, body)
		require.ErrorIs(t, err, verify.ErrUnauthenticated, "another secret")
		if len(body) > 0 && len(body) < verify.DefaultMaxBody {
			body[0] ^= 1
			_, err = hook.Check(r, body)
			require.ErrorIs(t, err, verify.ErrUnauthenticated, "one flipped bit")
			body[0] ^= 1
		}
		e, err := hook.Check(r, body)
		if err != nil {
			status := verify.Status(err)
			require.True(t, status == 400 || status == 413, "%v", err)
			return
		}
		line, err := cloudevent.Encode(e)
		require.NoError(t, err)
		back, err := cloudevent.Decode(line, cloudevent.Payloads{"relock": relock.Decode})
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(e.Payload, back.Payload), "payload")
		back.Raw, back.Credential = e.Raw, e.Credential
		require.Empty(t, cmp.Diff(e, back, eventOptions), "event")
		encodertest.All(t, e)
	})
}
