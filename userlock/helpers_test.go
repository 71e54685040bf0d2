package userlock_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

const (
	primary = "7C9E6679-7425-40DE-944B-E07FC1F90AE7"
	backup  = "0f8fad5b-d9cb-469f-a165-70867728950e"
	other   = "3F2504E0-4F89-41D3-9A0C-0305E82C3301" // a GUID that is no UserLock ID
)

var eventOptions = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

func fill(body []byte) []byte {
	return bytes.ReplaceAll(body, []byte(verifytest.Placeholder), []byte(primary))
}

func newHook(t testing.TB, c userlock.Config) *verify.Endpoint {
	t.Helper()
	if c.IDs == nil {
		c.IDs = event.Secrets(primary, backup)
	}
	hook, err := userlock.New(c)
	require.NoError(t, err)
	return hook
}

func post() *http.Request { return httptest.NewRequest(http.MethodPost, "/", nil) }

// check verifies and decodes a body as an endpoint does.
func check(t testing.TB, c userlock.Config, body string) (*event.Event, error) {
	t.Helper()
	return newHook(t, c).Check(post(), []byte(body))
}

// decode verifies and decodes members beside the ID.
func decode(t testing.TB, members string) (*event.Event, *userlock.Notification) {
	t.Helper()
	return decodeAs(t, userlock.Config{}, members)
}

func decodeAs(t testing.TB, c userlock.Config, members string) (*event.Event, *userlock.Notification) {
	t.Helper()
	e, err := check(t, c, `{"UserLockId":"`+primary+`",`+members+`}`)
	require.NoError(t, err, members)
	roundTrip(t, e)
	return e, e.Payload.(*userlock.Notification)
}

// roundTrip encodes an event, alone and as a CloudEvent, and expects its payload back.
func roundTrip(t testing.TB, e *event.Event) (line string) {
	t.Helper()
	encoded, err := json.Marshal(e.Payload)
	require.NoError(t, err)
	again, err := userlock.Decode(encoded)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(e.Payload, again.Payload), "%s", encoded)

	text, err := cloudevent.Encode(e)
	require.NoError(t, err)
	back, err := cloudevent.Decode(text, cloudevent.Payloads{userlock.Vendor: userlock.Decode})
	require.NoError(t, err)
	back.Raw, back.Credential = e.Raw, e.Credential
	require.Empty(t, cmp.Diff(e, back, eventOptions), "%s", text)
	return string(text)
}

// warned checks that the warnings are these and no others.
func warned(t testing.TB, e *event.Event, what string, want ...event.Warning) {
	t.Helper()
	assert.Empty(t, cmp.Diff(want, e.Warnings, cmpopts.EquateEmpty()), what)
}

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}
