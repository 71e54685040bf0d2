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
		"wrapper":         {body("BrandNew", someTime, `{"UserProfile":{},"RemovedEmail":"x"}`), "BrandNew", profile},
		"something else":  {body("BrandNew", someTime, `{"Weight":1}`), "BrandNew", neither},
		"no data":         {`{"HookName":"BrandNew"}`, "BrandNew", neither},
		"no name":         {`{"Data":{"Uid":"u"}}`, "", profile},
		"null name":       {`{"HookName":null}`, "", neither},
		"name is number":  {`{"HookName":5,"Data":{"Uid":"u"}}`, "", profile},
		"name is object":  {`{"HookName":{"login":1}}`, "", neither},
		"blanks in name":  {body(" login ", someTime, `{}`), " login ", neither},
		"name of another": {`{"hookname":"login"}`, "", neither},
	} {
		t.Run(name, func(t *testing.T) {
			e, h := decode(t, c.body)
			assert.Equal(t, event.Unknown, e.Type)
			assert.Equal(t, event.OutcomeUnknown, e.Outcome)
			assert.Equal(t, event.SeverityInfo, e.Severity)
			assert.Equal(t, c.vendorType, e.VendorType)
			assert.True(t, c.want(h))
		})
	}
}

func TestPrimaryEmail(t *testing.T) {
	for name, c := range map[string]struct{ list, want string }{
		"documented":  {`[{"Type":"Primary","Value":"a@example.net"}]`, "a@example.net"},
		"lower case":  {`[{"Type":"secondary","Value":"b@example.net"},{"Type":"primary","Value":"a@example.net"}]`, "a@example.net"},
		"lower names": {`[{"type":"Primary","value":"a@example.net"}]`, "a@example.net"},
		"first one":   {`[{"Type":"Primary","Value":"a@example.net"},{"Type":"Primary","Value":"b@example.net"}]`, "a@example.net"},
		"none":        {`[{"Type":"Secondary","Value":"b@example.net"}]`, ""},
		"empty":       {`[]`, ""},
		"null":        {`null`, ""},
		"null inside": {`[null,{"Type":null,"Value":null}]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := decode(t, body("login", someTime, `{"Email":`+c.list+`}`))
			assert.Equal(t, c.want, e.User.Email)
			assert.Empty(t, e.Warnings)
		})
	}
}

// What LoginRadius's samples and API examples do to types, and what else they
// may do one day.
func TestIrregularities(t *testing.T) {
	type profile = loginradius.Profile
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		return v
	}
	warn := func(path, want, got string) []event.Warning {
		return []event.Warning{{Path: "/Data/" + path, Want: want, Got: got}}
	}
	var withIdentity profile
	withIdentity.Age, withIdentity.PublicRepository, withIdentity.Verified = "24", "3", "true"
	for name, c := range map[string]struct {
		data     string
		want     profile
		warnings []event.Warning
	}{
		"LoginLockedType is a number":      {`{"LoginLockedType":1}`, profile{LoginLockedType: "1"}, nil},
		"LoginLockedType is a string":      {`{"LoginLockedType":"None"}`, profile{LoginLockedType: "None"}, nil},
		"LoginLockedType is null":          {`{"LoginLockedType":null}`, profile{}, nil},
		"LoginLockedType is an object":     {`{"LoginLockedType":{}}`, profile{}, warn("LoginLockedType", "string", "object")},
		"no fraction":                      {`{"LastPasswordChangeDate":"2024-01-02T03:04:05Z"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:05Z")}, nil},
		"2 digits of a second":             {`{"LastPasswordChangeDate":"2024-01-02T03:04:27.33Z"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:27.33Z")}, nil},
		"5 digits":                         {`{"LastPasswordChangeDate":"2024-01-02T03:04:36.48263Z"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:36.48263Z")}, nil},
		"7 digits":                         {`{"LastPasswordChangeDate":"2024-01-02T03:04:56.9658619Z"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:56.9658619Z")}, nil},
		"without zone":                     {`{"LastPasswordChangeDate":"2024-01-02T03:04:05"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:05Z")}, nil},
		"never":                            {`{"LastPasswordChangeDate":"0001-01-01T00:00:00Z"}`, profile{}, nil},
		"never without zone":               {`{"LastPasswordChangeDate":"0001-01-01T00:00:00"}`, profile{}, nil},
		"never with seven zeros":           {`{"PIN":{"SkippedDate":"0001-01-01T00:00:00.0000000Z"}}`, profile{}, nil},
		"a time that is a GUID":            {`{"LastPasswordChangeDate":"1d2c3b4a-0000-4000-8000-000000000001"}`, profile{}, warn("LastPasswordChangeDate", "time", "string")},
		"a time that is empty":             {`{"LastPasswordChangeDate":""}`, profile{}, nil},
		"provider's times":                 {`{"Created":"11/19/2018 00:58:02","UpdatedTime":"true"}`, profile{Identity: loginradius.Identity{Created: "11/19/2018 00:58:02", UpdatedTime: "true"}}, nil},
		"birth date with hyphens":          {`{"BirthDate":"06-08-1995"}`, profile{Identity: loginradius.Identity{BirthDate: "06-08-1995"}}, nil},
		"birth date with slashes":          {`{"BirthDate":"6/8/1995"}`, profile{Identity: loginradius.Identity{BirthDate: "6/8/1995"}}, nil},
		"numbers as strings":               {`{"Age":"24","PublicRepository":"3","Verified":"true"}`, withIdentity, nil},
		"numbers as numbers":               {`{"Age":24,"PublicRepository":3,"Verified":true}`, withIdentity, nil},
		"IsProtected is a string":          {`{"IsProtected":"false"}`, profile{Identity: loginradius.Identity{IsProtected: "false"}}, nil},
		"IsProtected is a boolean":         {`{"IsProtected":false}`, profile{Identity: loginradius.Identity{IsProtected: "false"}}, nil},
		"IsGeoEnabled is a boolean":        {`{"IsGeoEnabled":false}`, profile{Identity: loginradius.Identity{IsGeoEnabled: "false"}}, nil},
		"nullable booleans":                {`{"IsSecurePassword":null,"IsRequiredFieldsFilledOnce":null}`, profile{}, nil},
		"empty strings":                    {`{"FirstName":"","Website":"","ProfileUrl":""}`, profile{}, nil},
		"CustomFields is empty":            {`{"CustomFields":{}}`, profile{CustomFields: map[string]string{}}, nil},
		"CustomFields is null":             {`{"CustomFields":null}`, profile{}, nil},
		"CustomFields has a number":        {`{"CustomFields":{"a":1,"b":"x"}}`, profile{CustomFields: map[string]string{"a": "", "b": "x"}}, warn("CustomFields/a", "string", "number")},
		"UnverifiedEmail is a string":      {`{"UnverifiedEmail":"a@example.net","Uid":"u"}`, profile{UID: "u"}, warn("UnverifiedEmail", "array", "string")},
		"UnverifiedEmail is empty":         {`{"UnverifiedEmail":"","Uid":"u"}`, profile{UID: "u"}, nil},
		"PreviousUids is a string":         {`{"PreviousUids":"u-0","Uid":"u"}`, profile{UID: "u"}, warn("PreviousUids", "array", "string")},
		"PhoneNumbers is a number":         {`{"PhoneNumbers":5,"Uid":"u"}`, profile{UID: "u"}, warn("PhoneNumbers", "array", "number")},
		"Country is a string":              {`{"Country":"India","Uid":"u"}`, profile{UID: "u"}, warn("Country", "object", "string")},
		"Uid is a number":                  {`{"Uid":5,"UserName":"w"}`, profile{UserName: "w"}, warn("Uid", "string", "number")},
		"IsActive is a string":             {`{"IsActive":"true","Uid":"u"}`, profile{UID: "u"}, warn("IsActive", "boolean", "string")},
		"NoOfLogins is fractional":         {`{"NoOfLogins":1.5,"Uid":"u"}`, profile{UID: "u"}, warn("NoOfLogins", "integer", "number")},
		"NoOfLogins is huge":               {`{"NoOfLogins":1e400,"Uid":"u"}`, profile{UID: "u"}, warn("NoOfLogins", "integer", "number")},
		"Password is empty":                {`{"Password":""}`, profile{}, nil},
		"Password is a number":             {`{"Password":5,"Uid":"u"}`, profile{UID: "u"}, warn("Password", "string", "number")},
		"Password is binary":               {`{"Password":"\u0000\u001b\r\ufffd"}`, profile{Password: event.NewSecret("\x00\x1b\r\ufffd")}, nil},
		"Password is masked by the vendor": {`{"Password":"**********"}`, profile{Password: event.NewSecret("**********")}, nil},
		"deep in an array": {
			`{"Identities":[{"Provider":"google"},{"Email":[{"Type":7,"Value":"a@example.net"}]}]}`,
			profile{Identities: []loginradius.Identity{{Provider: "google"}, {Email: []loginradius.Email{{Value: "a@example.net"}}}}},
			warn("Identities/1/Email/0/Type", "string", "number"),
		},
		"ID and Uid":          {`{"ID":"a","Uid":"b","Id":"c","id":"d"}`, profile{UID: "b", Identity: loginradius.Identity{ID: "a"}}, nil},
		"other letter case":   {`{"uid":"u","PASSWORD":"p"}`, profile{}, nil},
		"misspelled members":  {`{"Positions":[{"Comapny":{"Name":"n"},"Position":"p"}]}`, profile{Identity: loginradius.Identity{Positions: []loginradius.Position{{Position: "p"}}}}, nil},
		"numbers in AgeRange": {`{"AgeRange":{"Min":15,"Max":"20"}}`, profile{Identity: loginradius.Identity{AgeRange: loginradius.AgeRange{Min: "15", Max: "20"}}}, nil},
		"score as a string":   {`{"KloutScore":{"Score":"52.0"}}`, profile{Identity: loginradius.Identity{KloutScore: loginradius.KloutScore{Score: "52.0"}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e, h := decode(t, body("login", someTime, c.data))
			assert.Empty(t, cmp.Diff(&c.want, h.Profile, exactSecrets))
			assert.Empty(t, cmp.Diff(c.warnings, e.Warnings))
		})
	}
}

func TestEnvelopeTime(t *testing.T) {
	for name, c := range map[string]struct{ time, want string }{
		"seconds":              {`"2024-05-14T08:31:07Z"`, "2024-05-14T08:31:07Z"},
		"milliseconds":         {`"2024-05-14T08:31:07.372Z"`, "2024-05-14T08:31:07.372Z"},
		"offset":               {`"2024-05-14T10:31:07+02:00"`, "2024-05-14T08:31:07Z"},
		".NET":                 {`"/Date(1715675467000)/"`, "2024-05-14T08:31:07Z"},
		"never":                {`"0001-01-01T00:00:00Z"`, ""},
		"never elsewhere":      {`"0001-01-01T00:00:00+05:00"`, ""},
		"year 0":               {`"0000-01-01T00:00:00Z"`, ""},
		"too late once in UTC": {`"9999-12-31T23:59:59-01:00"`, ""},
		"number":               {`1715675467`, ""},
		"null":                 {`null`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := `{"HookName":"login","Time":` + c.time + `,"Data":{"Uid":"u"}}`
			e, h := decode(t, text)
			if c.want == "" {
				assert.True(t, e.Time.IsZero(), e.Time)
			} else {
				assert.Equal(t, c.want, e.Time.UTC().Format(time.RFC3339Nano))
			}
			assert.Equal(t, "u", h.Profile.UID)
			roundTrip(t, []byte(text))
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
