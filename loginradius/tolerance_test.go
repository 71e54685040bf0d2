package loginradius_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
)

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

// What LoginRadius's samples and API examples do to types, and what else they may do
// one day: values are converted where they can be.
func TestIrregularities(t *testing.T) {
	type (
		profile  = loginradius.Profile
		identity = loginradius.Identity
		email    = loginradius.Email
	)
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		return v
	}
	for name, c := range map[string]struct {
		data     string
		want     profile
		warnings string // paths within Data
	}{
		"LoginLockedType is a number":      {`{"LoginLockedType":1}`, profile{LoginLockedType: "1"}, ""},
		"LoginLockedType is a string":      {`{"LoginLockedType":"None"}`, profile{LoginLockedType: "None"}, ""},
		"LoginLockedType is null":          {`{"LoginLockedType":null}`, profile{}, ""},
		"LoginLockedType is an object":     {`{"LoginLockedType":{}}`, profile{}, "LoginLockedType"},
		"numbers as strings":               {`{"Age":"24","PublicRepository":"3","Verified":"true"}`, profile{Identity: identity{Age: "24", PublicRepository: "3", Verified: "true"}}, ""},
		"numbers as numbers":               {`{"Age":24,"PublicRepository":3,"Verified":true}`, profile{Identity: identity{Age: "24", PublicRepository: "3", Verified: "true"}}, ""},
		"IsProtected is a string":          {`{"IsProtected":"false"}`, profile{Identity: identity{IsProtected: "false"}}, ""},
		"IsProtected is a boolean":         {`{"IsProtected":false}`, profile{Identity: identity{IsProtected: "false"}}, ""},
		"IsGeoEnabled is a boolean":        {`{"IsGeoEnabled":false}`, profile{Identity: identity{IsGeoEnabled: "false"}}, ""},
		"numbers in AgeRange":              {`{"AgeRange":{"Min":15,"Max":"20"}}`, profile{Identity: identity{AgeRange: loginradius.AgeRange{Min: "15", Max: "20"}}}, ""},
		"score as a string":                {`{"KloutScore":{"Score":"52.0"}}`, profile{Identity: identity{KloutScore: loginradius.KloutScore{Score: "52.0"}}}, ""},
		"nullable booleans":                {`{"IsSecurePassword":null,"IsRequiredFieldsFilledOnce":null}`, profile{}, ""},
		"empty strings":                    {`{"FirstName":"","Website":"","ProfileUrl":""}`, profile{}, ""},
		"misspelled members":               {`{"Positions":[{"Comapny":{"Name":"n"},"Position":"p"}]}`, profile{Identity: identity{Positions: []loginradius.Position{{Position: "p"}}}}, ""},
		"provider's times":                 {`{"Created":"11/19/2018 00:58:02","UpdatedTime":"true"}`, profile{Identity: identity{Created: "11/19/2018 00:58:02", UpdatedTime: "true"}}, ""},
		"birth date with hyphens":          {`{"BirthDate":"06-08-1995"}`, profile{Identity: identity{BirthDate: "06-08-1995"}}, ""},
		"birth date with slashes":          {`{"BirthDate":"6/8/1995"}`, profile{Identity: identity{BirthDate: "6/8/1995"}}, ""},
		"Uid is a number":                  {`{"Uid":17,"UserName":"w"}`, profile{UID: "17", UserName: "w"}, "Uid"},
		"PhoneId is a number":              {`{"PhoneId":12125552390}`, profile{PhoneID: "12125552390"}, "PhoneId"},
		"UserName is a number":             {`{"UserName":12345}`, profile{UserName: "12345"}, "UserName"},
		"IsActive is a string":             {`{"IsActive":"true","IsDeleted":"false"}`, profile{IsActive: true}, "IsActive IsDeleted"},
		"IsActive is a number":             {`{"IsActive":1,"IsDeleted":0}`, profile{IsActive: true}, "IsActive IsDeleted"},
		"IsActive is something else":       {`{"IsActive":"yes","Uid":"u"}`, profile{UID: "u"}, "IsActive"},
		"NoOfLogins is a string":           {`{"NoOfLogins":"38"}`, profile{NoOfLogins: 38}, "NoOfLogins"},
		"NoOfLogins has an exponent":       {`{"NoOfLogins":1e3}`, profile{NoOfLogins: 1000}, "NoOfLogins"},
		"NoOfLogins is fractional":         {`{"NoOfLogins":1.5,"Uid":"u"}`, profile{UID: "u"}, "NoOfLogins"},
		"NoOfLogins is huge":               {`{"NoOfLogins":1e400,"Uid":"u"}`, profile{UID: "u"}, "NoOfLogins"},
		"Email is an object":               {`{"Email":{"Type":"Primary","Value":"b@example.com"}}`, profile{Identity: identity{Email: []email{{Type: "Primary", Value: "b@example.com"}}}}, "Email"},
		"Email is a string":                {`{"Email":"a@example.com"}`, profile{Identity: identity{Email: []email{{Value: "a@example.com"}}}}, "Email"},
		"Email is a list of strings":       {`{"Email":["a@example.com","b@example.com"]}`, profile{Identity: identity{Email: []email{{Value: "a@example.com"}, {Value: "b@example.com"}}}}, "Email/0 Email/1"},
		"UnverifiedEmail is a string":      {`{"UnverifiedEmail":"a@example.net","Uid":"u"}`, profile{UID: "u", UnverifiedEmail: []email{{Value: "a@example.net"}}}, "UnverifiedEmail"},
		"UnverifiedEmail is empty":         {`{"UnverifiedEmail":"","Uid":"u"}`, profile{UID: "u"}, ""},
		"PreviousUids is a string":         {`{"PreviousUids":"u-0","Uid":"u"}`, profile{UID: "u", Identity: identity{PreviousUIDs: []string{"u-0"}}}, "PreviousUids"},
		"Roles are JSON text":              {`{"Roles":"[\"Admin\",\"Guest\"]"}`, profile{Roles: []string{"Admin", "Guest"}}, "Roles"},
		"Roles have numbers":               {`{"Roles":["Admin",7]}`, profile{Roles: []string{"Admin", "7"}}, "Roles/1"},
		"Roles have what says nothing":     {`{"Roles":[null,"Admin",""]}`, profile{Roles: []string{"Admin"}}, ""},
		"PhoneNumbers is a number":         {`{"PhoneNumbers":5,"Uid":"u"}`, profile{UID: "u", Identity: identity{PhoneNumbers: []loginradius.Phone{{PhoneNumber: "5"}}}}, "PhoneNumbers"},
		"Country is a string":              {`{"Country":"India","Uid":"u"}`, profile{UID: "u", Identity: identity{Country: loginradius.Country{Name: "India"}}}, "Country"},
		"Country is JSON text":             {`{"Country":"{\"Code\":\"IN\"}"}`, profile{Identity: identity{Country: loginradius.Country{Code: "IN"}}}, "Country"},
		"Country again, as a whole":        {`{"Country":{"Code":"A"},"Country":{"Name":"B"}}`, profile{Identity: identity{Country: loginradius.Country{Name: "B"}}}, "Country"},
		"Country, then null":               {`{"Country":{"Code":"A"},"Country":null}`, profile{Identity: identity{Country: loginradius.Country{Code: "A"}}}, ""},
		"CustomFields is empty":            {`{"CustomFields":{}}`, profile{CustomFields: map[string]string{}}, ""},
		"CustomFields is null":             {`{"CustomFields":null}`, profile{}, ""},
		"CustomFields has a number":        {`{"CustomFields":{"a":1,"b":"x"}}`, profile{CustomFields: map[string]string{"a": "1", "b": "x"}}, "CustomFields/a"},
		"CustomFields has an object":       {`{"CustomFields":{"a":{"c":1},"b":"x"}}`, profile{CustomFields: map[string]string{"b": "x"}}, "CustomFields/a"},
		"Identities is an object":          {`{"Identities":{"Provider":"google"}}`, profile{Identities: []identity{{Provider: "google"}}}, "Identities"},
		"deep in an array":                 {`{"Identities":[{"Provider":"google"},{"Email":[{"Type":7,"Value":"a@example.net"}]}]}`, profile{Identities: []identity{{Provider: "google"}, {Email: []email{{Type: "7", Value: "a@example.net"}}}}}, "Identities/1/Email/0/Type"},
		"other letter case":                {`{"uid":"u","PASSWORD":"p","noOfLogins":3}`, profile{UID: "u", Password: event.NewSecret("p"), NoOfLogins: 3}, ""},
		"ID, Uid and Id":                   {`{"ID":"a","Uid":"b","Id":"c"}`, profile{UID: "b", Identity: identity{ID: "c"}}, "Id"},
		"broken UTF-8":                     {"{\"UserName\":\"Zo\xeb\",\"FullName\":\"Ann \\ud83d\"}", profile{UserName: "Zo\ufffd", Identity: identity{FullName: "Ann \ufffd"}}, "UserName FullName"},
		"Password is empty":                {`{"Password":""}`, profile{}, ""},
		"Password is a number":             {`{"Password":5,"Uid":"u"}`, profile{UID: "u", Password: event.NewSecret("5")}, "Password"},
		"Password is an object":            {`{"Password":{"Hash":"h"},"Uid":"u"}`, profile{UID: "u"}, "Password"},
		"Password is binary":               {`{"Password":"\u0000\u001b\r\ufffd"}`, profile{Password: event.NewSecret("\x00\x1b\r\ufffd")}, ""},
		"Password is masked by the vendor": {`{"Password":"**********"}`, profile{Password: event.NewSecret("**********")}, ""},
		"PIN is a string":                  {`{"PIN":"4711"}`, profile{PIN: loginradius.PIN{PIN: event.NewSecret("4711")}}, "PIN"},
		"no fraction":                      {`{"LastPasswordChangeDate":"2024-01-02T03:04:05Z"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:05Z")}, ""},
		"2 digits of a second":             {`{"LastPasswordChangeDate":"2024-01-02T03:04:27.33Z"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:27.33Z")}, ""},
		"5 digits":                         {`{"LastPasswordChangeDate":"2024-01-02T03:04:36.48263Z"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:36.48263Z")}, ""},
		"7 digits":                         {`{"LastPasswordChangeDate":"2024-01-02T03:04:56.9658619Z"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:56.9658619Z")}, ""},
		"without zone":                     {`{"LastPasswordChangeDate":"2024-01-02T03:04:05"}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:05Z")}, ""},
		"never":                            {`{"LastPasswordChangeDate":"0001-01-01T00:00:00Z"}`, profile{}, ""},
		"never without zone":               {`{"LastPasswordChangeDate":"0001-01-01T00:00:00"}`, profile{}, ""},
		"never with seven zeros":           {`{"PIN":{"SkippedDate":"0001-01-01T00:00:00.0000000Z"}}`, profile{}, ""},
		"a time that is a GUID":            {`{"LastPasswordChangeDate":"1d2c3b4a-0000-4000-8000-000000000001"}`, profile{}, "LastPasswordChangeDate"},
		"a time that is empty":             {`{"LastPasswordChangeDate":""}`, profile{}, ""},
		"a time that is a number":          {`{"LastPasswordChangeDate":1704164645}`, profile{LastPasswordChangeDate: at("2024-01-02T03:04:05Z")}, "LastPasswordChangeDate"},
	} {
		t.Run(name, func(t *testing.T) {
			e, h := decode(t, body("login", someTime, c.data))
			assert.Empty(t, cmp.Diff(&c.want, h.Profile, exactSecrets))
			assert.Equal(t, c.warnings, warnedOf(e, "/Data/"))
		})
	}
}

// warnedOf returns the paths of an event's warnings, each once.
func warnedOf(e *event.Event, prefix string) string {
	var paths []string
	for _, w := range e.Warnings {
		paths = append(paths, strings.TrimPrefix(w.Path, prefix))
	}
	return strings.Join(slices.Compact(paths), " ")
}

func TestCountries(t *testing.T) {
	for sent, want := range map[string]string{
		`"Netherlands"`: "NL", `"The Netherlands"`: "NL", `"NLD"`: "NL", `"nl"`: "NL", `["Netherlands"]`: "NL", `"United States"`: "US", `"UK"`: "GB",
		`"Korea, Republic of"`: "KR", `"Korea"`: "", `"XX"`: "", `"unknown"`: "", `""`: "", `null`: "", `{"Code":"NL"}`: "",
	} {
		e, h := decode(t, `{"HookName":"login","Data":{"LocalCountry":`+sent+`}}`)
		assert.Equal(t, want, e.Location.CountryCode, sent)
		assert.Equal(t, h.Profile.LocalCountry, e.Location.Country, sent)
	}
}

// A serializer of another kind writes names in camelCase, and Data as a string.
func TestEnvelope(t *testing.T) {
	for name, c := range map[string]struct {
		body     string
		typ      event.Type
		user     string
		warnings string
	}{
		"names in camelCase":      {`{"hookName":"login","data":{"uid":"u1"}}`, event.AuthenticationSucceeded, "u1", ""},
		"names in upper case":     {`{"HOOKNAME":"LOGIN","DATA":{"UID":"u1"}}`, event.AuthenticationSucceeded, "u1", ""},
		"event in spaces":         {`{"HookName":" login ","Data":{"Uid":"u1"}}`, event.AuthenticationSucceeded, "u1", ""},
		"Data is JSON text":       {`{"HookName":"login","Data":"{\"Uid\":\"u1\"}"}`, event.AuthenticationSucceeded, "u1", "/Data"},
		"Data is an array of one": {`{"HookName":"login","Data":[{"Uid":"u1"}]}`, event.AuthenticationSucceeded, "u1", "/Data"},
		"Data of an object, text": {`{"HookName":"createcustomobject","Data":"{\"Uid\":\"u1\"}"}`, event.ObjectCreated, "u1", "/Data"},
		"removal as JSON text":    {`{"HookName":"removeemail","Data":"{\"UserProfile\":{\"Uid\":\"u1\"}}"}`, event.AccountEmailRemoved, "u1", "/Data"},
		"new event, JSON text":    {`{"HookName":"new","Data":"{\"Uid\":\"u1\"}"}`, event.Unknown, "u1", "/Data"},
		"new event, converted":    {`{"HookName":"new","Data":{"Uid":17}}`, event.Unknown, "17", "/Data/Uid"},
		"last HookName counts":    {`{"HookName":"new","Data":{"Uid":"u1"},"HookName":"login"}`, event.AuthenticationSucceeded, "u1", "/HookName"},
		"last Data counts":        {`{"HookName":"login","Data":{"Uid":"u0"},"Data":{"Uid":"u1"}}`, event.AuthenticationSucceeded, "u1", "/Data"},
		"empty Data after Data":   {`{"HookName":"login","Data":{"Uid":"u1"},"Data":{}}`, event.AuthenticationSucceeded, "u1", "/Data"},
		"number after Data":       {`{"HookName":"login","Data":{"Uid":"u1"},"Data":17}`, event.AuthenticationSucceeded, "u1", "/Data"},
		"null after Data":         {`{"HookName":"login","Data":{"Uid":"u1"},"Data":null}`, event.AuthenticationSucceeded, "u1", ""},
		"HookName is a number":    {`{"HookName":5,"Data":{"Uid":"u1"}}`, event.Unknown, "u1", "/HookName"},
		"Data is a string":        {`{"HookName":"login","Data":"u1"}`, event.AuthenticationSucceeded, "", "/Data"},
		"Data is broken JSON":     {`{"HookName":"login","Data":"{\"Uid\":\"u1\""}`, event.AuthenticationSucceeded, "", "/Data"},
		"no HookName":             {`{"Data":{"Uid":"u1"}}`, event.Unknown, "u1", ""},
		"no known member":         {`{"event":"login","user":{"Uid":"u1"}}`, event.Unknown, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := decode(t, c.body)
			assert.Equal(t, c.typ, e.Type)
			assert.Equal(t, c.user, e.User.ID)
			assert.Equal(t, c.warnings, warnedOf(e, ""))
			roundTrip(t, []byte(c.body))
		})
	}
	e, _ := decode(t, `{"event":"login","user":{"Uid":"u1"}}`)
	assert.Equal(t, []event.Warning{{Want: "HookName and Data", Got: "neither"}}, e.Warnings)
	for _, data := range []string{`{"Uid":17}`, `{"Uid":"a","Uid":"b"}`, `"{\"Uid\":\"a\"}"`, `[{"Uid":"a"}]`, `{"RemovedEmail":7}`} {
		e, _ = decode(t, `{"HookName":"new","Data":`+data+`}`)
		assert.Len(t, e.Warnings, 1, "%s: Data is looked at before it is read", data)
	}
}

func TestEnvelopeTime(t *testing.T) {
	for name, c := range map[string]struct{ time, want, extra string }{
		"seconds":              {`"2024-05-14T08:31:07Z"`, "2024-05-14T08:31:07Z", ""},
		"milliseconds":         {`"2024-05-14T08:31:07.372Z"`, "2024-05-14T08:31:07.372Z", ""},
		"offset":               {`"2024-05-14T10:31:07+02:00"`, "2024-05-14T08:31:07Z", ""},
		"offset, no colon":     {`"2024-05-14T10:31:07+0200"`, "2024-05-14T08:31:07Z", ""},
		"lower case":           {`"2024-05-14t08:31:07z"`, "2024-05-14T08:31:07Z", ""},
		"GMT":                  {`"2024-05-14T08:31:07.370582GMT"`, "2024-05-14T08:31:07.370582Z", ""},
		".NET":                 {`"/Date(1715675467000)/"`, "2024-05-14T08:31:07Z", ""},
		"number":               {`1715675467`, "2024-05-14T08:31:07Z", ""},
		"milliseconds, number": {`1715675467123`, "2024-05-14T08:31:07.123Z", ""},
		"number as a string":   {`"1715675467"`, "2024-05-14T08:31:07Z", ""},
		"never":                {`"0001-01-01T00:00:00Z"`, "", ""},
		"never elsewhere":      {`"0001-01-01T00:00:00+05:00"`, "", ""},
		"null":                 {`null`, "", ""},
		"year 0":               {`"0000-01-01T00:00:00Z"`, "", ""},
		"too late once in UTC": {`"9999-12-31T23:59:59-01:00"`, "", `"9999-12-31T23:59:59-01:00"`},
		"American":             {`"6/11/2019 8:27:56 PM"`, "", `"6/11/2019 8:27:56 PM"`},
		"words":                {`"yesterday"`, "", `"yesterday"`},
		"object":               {`{ "Ticks": 1 }`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := `{"HookName":"login","Time":` + c.time + `,"Data":{"Uid":"u"}}`
			e, h := decode(t, text)
			got := ""
			if !e.Time.IsZero() {
				got = e.Time.UTC().Format(time.RFC3339Nano)
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.extra, string(h.Extra["Time"]))
			assert.Equal(t, c.extra != "" || c.time[0] == '1' || c.time[0] == '{', len(e.Warnings) > 0, "%v", e.Warnings)
			assert.Equal(t, "u", h.Profile.UID)
			roundTrip(t, []byte(text))
		})
	}
}

// An account has times in a form of its own, which only its operator knows.
func TestTimeLayouts(t *testing.T) {
	const text = `{"HookName":"login","Time":"6/11/2019 8:27:56 PM","Data":{"Uid":"u","LastPasswordChangeDate":"5/1/2019 1:02:03 AM","CreatedDate":"2019-01-02T03:04:05Z"}}`
	hook, err := loginradius.New(loginradius.Config{
		Secrets: event.Secrets(testSecret), Endpoint: quiet,
		TimeLayouts: []string{"02.01.2006 15:04", "1/2/2006 3:04:05 PM"},
	})
	require.NoError(t, err)
	r, err := loginradius.NewRequest(t.Context(), "https://example.org", testSecret, []byte(text))
	require.NoError(t, err)
	e, err := hook.Check(r, []byte(text))
	require.NoError(t, err)
	assert.Equal(t, time.Date(2019, 6, 11, 20, 27, 56, 0, time.UTC), e.Time)
	p := e.Payload.(*loginradius.Hook).Profile
	assert.Equal(t, time.Date(2019, 5, 1, 1, 2, 3, 0, time.UTC), p.LastPasswordChangeDate)
	assert.Equal(t, time.Date(2019, 1, 2, 3, 4, 5, 0, time.UTC), p.CreatedDate)
	assert.Empty(t, e.Warnings)
	assert.Empty(t, e.Payload.(*loginradius.Hook).Extra)

	for _, layout := range []string{"", "yesterday", "15:04"} {
		_, err = loginradius.New(loginradius.Config{Secrets: event.Secrets(testSecret), TimeLayouts: []string{time.RFC3339, layout}})
		assert.ErrorContains(t, err, "loginradius: Config.TimeLayouts[1]", layout)
	}
}

// A value as deep as a body may be costs what does not fit of it.
func TestNestedAsDeepAsAllowed(t *testing.T) {
	deep := strings.Repeat("[", 62) + strings.Repeat("]", 62)
	e, err := loginradius.Decode([]byte(`{"HookName":"login","Data":{"Uid":"u-1","Skills":` + deep + `}}`))
	require.NoError(t, err)
	assert.Equal(t, "u-1", e.User.ID)
	assert.NotEmpty(t, e.Warnings)
	assert.Contains(t, e.Warnings[0].Path, "/Data/Skills/0")
}
