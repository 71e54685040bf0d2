package accesshook_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// Every encoder of every payload escapes what cannot be seen, and it is there again after
// decoding.
func TestPayloadsAreEscaped(t *testing.T) {
	const url, userLockID = "https://hooks.example.com/", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	decode := cloudevent.Payloads{
		userlock.Vendor: userlock.Decode, unloc.Vendor: unloc.Decode, relock.Vendor: relock.Decode, loginradius.Vendor: loginradius.Decode,
	}
	play := map[string]func(any) (*http.Request, error){
		userlock.Vendor:    func(p any) (*http.Request, error) { return userlock.NewRequest(t.Context(), url, userLockID, p) },
		unloc.Vendor:       func(p any) (*http.Request, error) { return unloc.NewRequest(t.Context(), url, "user", "password", p) },
		relock.Vendor:      func(p any) (*http.Request, error) { return relock.NewRequest(t.Context(), url, "secret", p) },
		loginradius.Vendor: func(p any) (*http.Request, error) { return loginradius.NewRequest(t.Context(), url, "secret", p) },
	}
	notification, profile, object := new(userlock.Notification), new(loginradius.Hook), new(loginradius.Hook)
	for vendor, payloads := range map[string][]any{
		userlock.Vendor: {notification},
		unloc.Vendor:    {new(unloc.AccessEvent)},
		relock.Vendor: {
			new(relock.AuthenticationSucceeded), new(relock.AuthenticationFailed), new(relock.DeviceRegistered), new(relock.DeviceRevoked),
			new(relock.SessionCreated), new(relock.SessionEnded), new(relock.SecurityAlert), new(relock.Unknown),
		},
		loginradius.Vendor: {profile, object},
	} {
		for _, payload := range payloads {
			require.Greater(t, escapetest.Fill(payload), 4, "%T", payload)
		}
		notification.ServerID = "7c9e6679" // it has no other characters
		profile.Object, object.Profile = nil, nil
		object.RemovedEmail = ""
		profile.Extra, object.Extra = nil, nil // they have no names that are not known
		for _, payload := range payloads {
			e := &event.Event{ID: "id-1", Vendor: vendor, Payload: payload}
			line, err := cloudevent.Encode(e)
			require.NoError(t, err)
			escapetest.AssertEscaped(t, line)
			got, err := cloudevent.Decode(line, decode)
			require.NoError(t, err)
			assert.Empty(t, cmp.Diff(e, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })), "%T", payload)

			text, err := json.Marshal(payload)
			require.NoError(t, err)
			escapetest.AssertEscaped(t, text)
			text, err = json.Marshal(reflect.ValueOf(payload).Elem().Interface())
			require.NoError(t, err)
			escapetest.AssertEscaped(t, text)
			r, err := play[vendor](payload)
			require.NoError(t, err)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			escapetest.AssertEscaped(t, body)
		}
	}
}
