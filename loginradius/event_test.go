package loginradius_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
)

func decode(t *testing.T, body string) (*event.Event, *loginradius.Hook) {
	t.Helper()
	e, err := loginradius.Decode([]byte(body))
	require.NoError(t, err)
	require.IsType(t, new(loginradius.Hook), e.Payload)
	return e, e.Payload.(*loginradius.Hook)
}

func TestDecodeProfileEvent(t *testing.T) {
	text := body("login", "2024-05-14T08:31:07.5Z", fullProfile())
	e, h := decode(t, text)

	at := time.Date(2024, 5, 14, 8, 31, 7, 500_000_000, time.UTC)
	want := &event.Event{
		ID:     fmt.Sprintf("%x", sha256.Sum256([]byte(text))),
		Vendor: "loginradius", Source: "loginradius",
		Type: event.AuthenticationSucceeded, VendorType: "login",
		Time: at, Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo,
		User: event.User{
			ID: "u-4711", Name: "wtest", FullName: "Wilma T. Testermann",
			Email: "w.own@example.org", Phone: "+15555550123",
		},
		Location: event.Location{Country: "Netherlands", CountryCode: "NL", City: "Utrecht"},
		Payload:  h,
	}
	assert.Empty(t, cmp.Diff(want, e, sameSecrets))
	assert.Equal(t, "login", h.HookName)
	assert.True(t, at.Equal(h.Time))
	assert.Equal(t, "8c1f3f6e-1f0b-4a55-9d63-6a4b1d5f0c11", h.HookID)
	assert.Nil(t, h.Object)

	p := h.Profile
	for want, s := range map[string]event.Secret{
		"password\x00\x1b\ufffd": p.Password,
		"change-token":           p.LastPasswordChangeToken,
		"pin":                    p.PIN.PIN,
		"pin-token":              p.PIN.LastPINChangeToken,
		"own-access":             p.ProviderAccessCredential.AccessToken,
		"own-secret":             p.ProviderAccessCredential.TokenSecret,
		"linked-access":          p.Identities[0].ProviderAccessCredential.AccessToken,
		"linked-secret":          p.Identities[0].ProviderAccessCredential.TokenSecret,
		"github":                 p.Identities[1].ProviderAccessCredential.AccessToken,
	} {
		got, ok := s.Reveal()
		assert.True(t, ok, want)
		assert.Equal(t, canary+want, got)
	}
	assert.True(t, p.PIN.SkippedDate.IsZero(), "year 1 means never")
	assert.Equal(t, "https://img.example.org/1", p.ProfileImageURLs["Image Url"])
	assert.Equal(t, "wilmat", p.Identities[0].ProfileName)
	assert.Equal(t, int64(7), p.NoOfLogins)
}

// No member may be lost: that every field of a Profile has got a value from a
// body that has all members is TestEveryMemberHasAField.
func TestDecodeLoginOf2019(t *testing.T) {
	e, h := decode(t, loginBody(42))
	assert.Empty(t, e.Warnings)
	assert.Equal(t, "0", string(h.Profile.LoginLockedType))
	assert.Equal(t, "Primary", h.Profile.Email[0].Type)
	assert.Equal(t, h.Profile.UID, e.User.ID)
	assert.Equal(t, h.Profile.Email[0].Value, e.User.Email)
	assert.Equal(t, h.Profile.PhoneID, e.User.Phone)
	assert.Nil(t, h.Profile.Identities)
}

func TestDecodeRemoveEmail(t *testing.T) {
	cases := map[string]struct {
		data, uid, removed string
		profile            bool
	}{
		"wrapper":         {`{"UserProfile":{"Uid":"u-1","LocalCountry":"nl"},"RemovedEmail":"old@example.net"}`, "u-1", "old@example.net", true},
		"other order":     {`{"RemovedEmail":"old@example.net","UserProfile":{"Uid":"u-1","LocalCountry":"nl"}}`, "u-1", "old@example.net", true},
		"without profile": {`{"RemovedEmail":"old@example.net"}`, "", "old@example.net", false},
		"null profile":    {`{"UserProfile":null,"RemovedEmail":"old@example.net"}`, "", "old@example.net", false},
		"bare profile":    {`{"Uid":"u-1","LocalCountry":"nl"}`, "u-1", "", true},
		"bare, and email": {`{"Uid":"u-1","LocalCountry":"nl","RemovedEmail":"old@example.net"}`, "u-1", "old@example.net", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.removed != "" { // what the data looks like in an event with a new name
				e, h := decode(t, body("dropemail", someTime, c.data))
				assert.Equal(t, event.Unknown, e.Type)
				assert.Equal(t, []string{c.uid, c.removed}, []string{e.User.ID, h.RemovedEmail})
			}
			e, h := decode(t, body("removeemail", someTime, c.data))
			assert.Equal(t, event.AccountEmailRemoved, e.Type)
			assert.Equal(t, c.uid, e.User.ID)
			assert.Equal(t, c.removed, h.RemovedEmail)
			assert.Equal(t, c.profile, h.Profile != nil)
			if c.profile {
				assert.Equal(t, event.Location{Country: "nl", CountryCode: "NL"}, e.Location)
			}
			assert.Empty(t, e.Warnings)
		})
	}
}

func TestDecodeCustomObject(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"object":  {`{ "b" : 1.50, "a": [1e3, null] }`, `{"b":1.50,"a":[1e3,null]}`},
		"array":   {`[ {"Name":"size"} , 12345678901234567890 ]`, `[{"Name":"size"},12345678901234567890]`},
		"nested":  {`{"CustomObject":{"k":"\u0061"}}`, `{"CustomObject":{"k":"a"}}`},
		"string":  {`"text"`, `"text"`},
		"number":  {`0`, `0`},
		"boolean": {`false`, `false`},
		"null":    {`null`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			e, h := decode(t, body("deletecustomobject", someTime, customObject(c.content)))
			assert.Equal(t, event.ObjectDeleted, e.Type)
			assert.Equal(t, event.User{ID: "u-4711"}, e.User)
			assert.Nil(t, h.Profile)
			assert.Equal(t, c.want, string(h.Object.CustomObject))
			assert.Equal(t, "65f0a1b2c3d4e5f60718293a", h.Object.ID)
			assert.True(t, h.Object.IsActive)
			assert.Equal(t, 546738000, h.Object.DateModified.Nanosecond())
			assert.Empty(t, e.Warnings)
		})
	}
}

// An account that says of itself that it is deleted is not what deletes it, and
// the other way round.
func TestDeletionIsNotInferredFromFlags(t *testing.T) {
	e, _ := decode(t, body("updateprofile", someTime, `{"Uid":"u","IsDeleted":true,"IsActive":false}`))
	assert.Equal(t, event.AccountUpdated, e.Type)
	e, _ = decode(t, body("deleteaccount", someTime, `{"Uid":"u","IsDeleted":false,"IsActive":true}`))
	assert.Equal(t, event.AccountDeleted, e.Type)
}

func TestDecodeUnknownEvent(t *testing.T) {
	profile := func(h *loginradius.Hook) bool { return h.Profile != nil && h.Object == nil }
	object := func(h *loginradius.Hook) bool { return h.Profile == nil && h.Object != nil }
	neither := func(h *loginradius.Hook) bool { return h.Profile == nil && h.Object == nil }
	for name, c := range map[string]struct {
		body       string
		vendorType string
		want       func(*loginradius.Hook) bool
	}{
		"profile":         {body("BrandNew", someTime, fullProfile()), "BrandNew", profile},
		"object":          {body("BrandNew", someTime, customObject(`[]`)), "BrandNew", object},
		"wrapper":         {body("BrandNew", someTime, `{"UserProfile":{"Uid":"u"},"RemovedEmail":"x"}`), "BrandNew", profile},
		"empty wrapper":   {body("BrandNew", someTime, `{"UserProfile":{},"RemovedEmail":"x"}`), "BrandNew", neither},
		"only wrapped":    {body("BrandNew", someTime, `{"UserProfile":{"FirstName":"f"}}`), "BrandNew", profile},
		"something else":  {body("BrandNew", someTime, `{"Weight":1}`), "BrandNew", neither},
		"no data":         {`{"HookName":"BrandNew"}`, "BrandNew", neither},
		"no name":         {`{"Data":{"Uid":"u"}}`, "", profile},
		"null name":       {`{"HookName":null}`, "", neither},
		"no readable Uid": {body("BrandNew", someTime, `{"Uid":{}}`), "BrandNew", neither},
		"name is number":  {`{"HookName":5,"Data":{"Uid":"u"}}`, "5", profile},
		"name is object":  {`{"HookName":{"login":1}}`, "", neither},
	} {
		t.Run(name, func(t *testing.T) {
			e, h := decode(t, c.body)
			assert.Equal(t, event.Unknown, e.Type)
			assert.Equal(t, event.OutcomeUnknown, e.Outcome)
			assert.Equal(t, event.SeverityInfo, e.Severity)
			assert.Equal(t, c.vendorType, e.VendorType)
			assert.True(t, c.want(h))
			roundTrip(t, []byte(c.body))
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":      "",
		"null":         "null",
		"array":        `[{"HookName":"login"}]`,
		"string":       `"` + canary + `"`,
		"half":         `{"HookName":"login","Data":{"Password":"` + canary,
		"trailing":     `{"HookName":"login"} ` + canary,
		"vendor's own": `{"Data":{"Password":"` + canary + `","Uid":"u",},}`, // the page's short sample
		"deep":         `{"Data":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			e, err := loginradius.Decode([]byte(text))
			require.Error(t, err)
			assert.Nil(t, e)
			assert.True(t, strings.HasPrefix(err.Error(), "loginradius: "), err)
			assert.NotContains(t, err.Error(), "CANARY")
		})
	}
}

func TestByteOrderMark(t *testing.T) {
	e, _ := decode(t, "\ufeff"+loginBody(1))
	assert.Equal(t, event.AuthenticationSucceeded, e.Type)
}

// What Data is taken for, where the event's name does not say.
func TestShapesOfUnknownEvents(t *testing.T) {
	hook := func(body string) (*event.Event, *loginradius.Hook) {
		e, err := loginradius.Decode([]byte(body))
		require.NoError(t, err)
		return e, e.Payload.(*loginradius.Hook)
	}
	_, h := hook(`{"HookName":"new","Data":{"UserProfile":{"Uid":"u-1"}}}`)
	require.NotNil(t, h.Profile)
	assert.Equal(t, "u-1", h.Profile.UID)

	_, h = hook(`{"HookName":"new","Data":{"ID":"p-1","Uid":"u-1","CustomObject":{"a":1}}}`)
	require.NotNil(t, h.Profile, "a profile that has a custom object as well stays a profile")
	assert.Nil(t, h.Object)

	_, h = hook(`{"HookName":"new","Data":{"Uid":"u-1","Id":"o-1","CustomObject":{"a":1}}}`)
	require.NotNil(t, h.Object)
	assert.Nil(t, h.Profile)

	_, h = hook(`{"HookName":"new","Data":{"a":1}}`)
	assert.Nil(t, h.Profile)
	assert.Nil(t, h.Object)
}

func TestRepeatedUserProfile(t *testing.T) {
	e, h := decode(t, `{"HookName":"removeemail","Data":{"UserProfile":{"Uid":"u-1"},"RemovedEmail":"a@example.com","UserProfile":null}}`)
	assert.Equal(t, "u-1", h.Profile.UID, "null says nothing")
	assert.Empty(t, e.Warnings)
	e, h = decode(t, `{"HookName":"removeemail","Data":{"UserProfile":{"Uid":"u-1","UserName":"n"},"UserProfile":{"Uid":"u-2"}}}`)
	assert.Equal(t, &loginradius.Profile{UID: "u-2"}, h.Profile, "the last one counts, as a whole")
	assert.Equal(t, []event.Warning{{Path: "/Data/UserProfile", Want: "unique name", Got: "repeated"}}, e.Warnings)
}
