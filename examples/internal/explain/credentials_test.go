package explain_test

import (
	"encoding/base64"
	"fmt"
	"go/parser"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain"
	"github.com/accesshook/accesshook/userlock"
)

const unlocked = `{"id":"e1","action":"unlocked","created":"2026-01-02T03:04:05Z","lockId":"l1"}`

// What was sent instead of the right user and password.
func TestBasic(t *testing.T) {
	basic := func(pair string) string {
		return "Authorization: Basic " + strings.TrimSpace(tool(t, pair, "openssl", "base64", "-A"))
	}
	const register = "with the password "
	for name, test := range map[string]struct {
		head       string
		configured string // "": pair
		cause      string
	}{
		"none":                   {"", "", "There is no Authorization header. Some senders add it only after a first answer of 401: then another request follows."},
		"renamed":                {"X-Forwarded-Authorization: x", "", "There is no Authorization header. There is X-Forwarded-Authorization, as if a proxy had renamed it."},
		"twice":                  {basic(pair) + "\r\n" + basic(pair), "", "The Authorization header is there 2 times. What was sent is credential 1."},
		"empty":                  {"Authorization:", "", "The Authorization header is empty."},
		"Bearer":                 {"Authorization: Bearer canary-token", "", "The Authorization header has the scheme Bearer, not Basic."},
		"another scheme":         {"Authorization: Canary-token x", "", "The Authorization header does not begin with Basic."},
		"no scheme":              {"Authorization: " + base64.StdEncoding.EncodeToString([]byte(pair)), "", "The Authorization header has no scheme before its base64. What was sent is credential 1."},
		"plain":                  {"Authorization: Basic " + pair, "", "The Authorization header has user and password as they are, not in base64. What was sent is credential 1."},
		"no padding":             {"Authorization: Basic " + base64.RawStdEncoding.EncodeToString([]byte(pair)), "", "The Authorization header has base64 without padding or of the alphabet of URLs. What was sent is credential 1."},
		"no base64":              {"Authorization: Basic ???", "", "What follows Basic in the Authorization header is not base64."},
		"no colon":               {basic("canary"), "", "The Authorization header has no colon between user and password."},
		"base64 twice":           {basic(base64.StdEncoding.EncodeToString([]byte(pair))), "", "The Authorization header has no colon between user and password. What was sent is credential 1 in base64."},
		"masked":                 {"Authorization: Basic [redacted]", "", "The Authorization header is masked."},
		"recording":              {"Authorization: Basic [redacted]\r\nAccesshook-Masked: the header fields Authorization", "", ""},
		"swapped":                {basic("canary-p@ssword:gate"), "", "What was sent is credential 1 with user and password swapped."},
		"another password":       {basic("gate:canary-other"), "", "The user is that of credential 1, and the password is another one."},
		"another user":           {basic("canary-user:canary-other"), "", ""},
		"new line":               {basic(pair + "\n"), "", "What was sent is credential 1 " + register + "with a line feed at its end."},
		"space":                  {basic("gate: canary-p@ssword"), "", "What was sent is credential 1 " + register + "with a space before it."},
		"escapes":                {basic("gate:canary-p%40ssword"), "", "What was sent is credential 1 " + register + "with %-escapes."},
		"configured escapes":     {basic(pair), "gate:canary-p%40ssword", "What was sent is credential 1 " + register + "with its %-escapes decoded."},
		"quotes":                 {basic(`gate:"canary-p@ssword"`), "", "What was sent is credential 1 " + register + "in quotation marks."},
		"configured quotes":      {basic(pair), `"gate:canary-p@ssword"`, "What was sent is credential 1 without its quotation marks."},
		"upper case":             {basic("GATE:canary-p@ssword"), "", "What was sent is credential 1 with the user in upper case."},
		"ISO 8859-1":             {basic("gate:canary-\xe9"), "gate:canary-é", "What was sent is credential 1 " + register + "in ISO 8859-1."},
		"user alone":             {basic("gate:"), "", "What was sent is credential 1 without its password."},
		"swapped, new line":      {basic("canary-p@ssword:gate\n"), "", "What was sent is credential 1 with user and password swapped, and with the password with a line feed at its end."},
		"comma":                  {basic("gate:canary,door:canary-2"), "gate:canary|door:canary-2", "What was sent is credentials 1 and 2 joined with a comma, which separates credentials in UNLOC_CREDENTIALS: use UNLOC_CREDENTIALS_FILE."},
		"configured space":       {basic(pair), pair + " ", "What was sent is credential 1 " + register + "without the white space around it."},
		"secret of another":      {basic("gate:" + secret), "", "What was sent is entry 1 of RELOCK_SECRETS, which is for another vendor."},
		"longer scheme and case": {"Authorization: bAsIc   " + base64.StdEncoding.EncodeToString([]byte(pair)) + " ", "", "accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := capture.Read(strings.NewReader("POST /webhooks/unloc HTTP/1.1\r\nHost: example.com\r\n" + test.head + "\r\n\r\n" + unlocked))
			require.NoError(t, err)
			r := explained(t, "unloc", q, given("unloc", strings.Split(or(test.configured, pair), "|")...))
			if test.cause == "accepted" {
				assert.True(t, r.Accepted, "%+v", r)
				return
			}
			assert.False(t, r.Accepted)
			assert.Equal(t, test.cause, r.Cause)
			assert.NotEmpty(t, r.Advice)
			assert.NotContains(t, fmt.Sprint(r), "canary")
		})
	}
}

// notification is a body of UserLock.
func notification(id string) string {
	return `{"ServerGuid":"` + id + `","EventType":1,"EventTime":"2026-01-02T03:04:05Z","UserAccount":"ada"}`
}

func TestUserLockID(t *testing.T) {
	const other = "0a1b2c3d-1111-4222-8333-444455556666"
	dotNET := strings.TrimSpace(tool(t, "", "python3", "-c", "import uuid; print(uuid.UUID(bytes_le=uuid.UUID('"+id+"').bytes))"))
	binary := strings.TrimSpace(tool(t, "", "python3", "-c", "import uuid,base64; print(base64.b64encode(uuid.UUID('"+id+"').bytes_le).decode())"))
	for name, test := range map[string]struct {
		body, head string
		cause      string
		note       string
	}{
		"right":       {notification("{" + strings.ToUpper(id) + "}"), "", "", ""},
		"another":     {notification(other), "", `The field "ServerGuid" has a GUID that is none of the UserLock IDs.`, `The field "ServerGuid" is a GUID that begins with 0a1b2c3d.`},
		"within":      {`{"Event":` + notification(id) + `}`, "", `The body has ID 1, but not as the whole value of a field of its top level: it stands within the field "Event".`, ""},
		"in a text":   {notification("urn:uuid:" + id), "", `The body has ID 1, but not as the whole value of a field of its top level: it stands within the field "ServerGuid".`, ""},
		"in a list":   {"[" + notification(id) + "]", "", "The body is not a JSON object.", ""},
		"as a name":   {`{"` + id + `":1}`, "", "The body has ID 1, but not as the whole value of a field of its top level: it is the name of a field.", ""},
		"byte order":  {notification(dotNET), "", "The body has ID 1 with the bytes of its first three parts in reverse, as .NET's Guid.ToByteArray orders them.", ""},
		"base64":      {notification(binary), "", "The body has ID 1 in base64.", ""},
		"in a header": {notification(""), "\r\nX-Server: " + id, "ID 1 is in the header X-Server, and not in the body.", ""},
		"zeros":       {notification("00000000-0000-0000-0000-000000000000"), "", `The field "ServerGuid" has a GUID of zeros, as one that is not set.`, ""},
		"masked":      {notification("5f0c8a2e-****-****-****-************"), "", `The UserLock ID in the field "ServerGuid" is masked.`, ""},
		"recording":   {notification("5f0c8a2e-****-****-****-************"), "\r\nAccesshook-Masked: names or values in the body", "", ""},
		"none":        {`{"a":1}`, "", "The body has no UserLock ID.", ""},
		"no body":     {"", "", "The body is missing.", ""},
		"repeated":    {`{"id":"` + id + `","id":"` + id + `"}`, "", "The body has a field twice: two programs could read it in two ways.", ""},
		"secret":      {`{"a":"` + secret + `"}`, "", "The body has entry 1 of RELOCK_SECRETS, which is for another vendor.", ""},
		"UTF-16":      {"\xff\xfe{\x00" + strings.Join(strings.Split(notification(id), ""), "\x00"), "", "The body is in UTF-16.", ""},
		"syntax":      {notification(id)[1:], "", "The body is not a JSON object.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := capture.Read(strings.NewReader("POST / HTTP/1.1\r\nHost: example.com" + test.head + "\r\n\r\n" + test.body))
			require.NoError(t, err)
			r := explained(t, "userlock", q, given(""))
			assert.Equal(t, name == "right", r.Accepted)
			assert.Equal(t, test.cause, r.Cause)
			assert.Equal(t, name != "right", r.Advice != "", r.Advice)
			assert.Contains(t, strings.Join(r.Notes, "\n"), test.note)
			assert.NotContains(t, fmt.Sprint(r), other[9:])
		})
	}
}

func TestUserLockFields(t *testing.T) {
	const other = "0a1b2c3d-1111-4222-8333-444455556666"
	body := `{"ServerGuid":"` + id + `","Other":"` + other + `","event":"logon","user":"grace","UserAccount":"canary-ada","LogonComputerName":"W7",
		"When":"2026-01-02T03:04:05Z","From":"192.0.2.1","Card":"02:00:5E:10:00:53","n":12,"Unix":"1767323045","Local":"02/01/2026 03:04:05",
		"flag":true,"none":null,"empty":"","Über":"x","list":[1],"object":{"a":"canary"},"SessionId":{},"guid":"x","` + other + `":1,"---":"x","Utilisateur":"canary","utili-sateur":"x","` + strings.Repeat("n", 65) + `":"x"}`
	q := capture.Body([]byte(body), nil)
	r := explained(t, "userlock", q, given(""))
	assert.True(t, r.Accepted)
	unknown := "The name is not known."
	assert.Equal(t, []explain.Field{
		{Name: "ServerGuid", Value: "GUID", Taken: "UserLockId"},
		{Name: "Other", Value: "GUID", Why: unknown},
		{Name: "event", Value: "text of 5 characters", Taken: "EventType"},
		{Name: "user", Value: "text of 5 characters", Why: "Another name for UserAccount is better, or the value does not fit."},
		{Name: "UserAccount", Value: "text of 10 characters", Taken: "UserAccount"},
		{Name: "LogonComputerName", Value: "text of 2 characters", Why: unknown},
		{Name: "When", Value: "time", Why: unknown},
		{Name: "From", Value: "IP address", Why: unknown},
		{Name: "Card", Value: "MAC address", Why: unknown},
		{Name: "n", Value: "number", Why: unknown},
		{Name: "Unix", Value: "text of a number, perhaps a time", Why: unknown},
		{Name: "Local", Value: "text that may be a time, in a form that only Config.TimeLayouts can tell", Why: unknown},
		{Name: "flag", Value: "true or false", Why: unknown},
		{Name: "none", Value: "null", Why: "It has no value."},
		{Name: "empty", Value: "text of 0 characters", Why: "It has no value."},
		{Name: `Über`, Value: "text of 1 character", Why: unknown},
		{Name: "list", Value: "array", Why: unknown},
		{Name: "object", Value: "object", Why: unknown},
		{Name: "SessionId", Value: "object", Why: "Another name for SessionId is better, or the value does not fit."},
		{Name: "guid", Value: "text of 1 character", Why: "It has the name of a UserLock ID, and is none."},
		{Name: "0a1b2c3d…", Value: "number", Why: unknown},
		{Name: "---", Value: "text of 1 character", Why: unknown},
		{Name: "Utilisateur", Value: "text of 6 characters", Why: unknown},
		{Name: "utili-sateur", Value: "text of 1 character", Why: unknown},
		{Name: strings.Repeat("n", 64) + "…", Value: "text of 1 character", Why: unknown},
	}, r.Fields)
	assert.NotContains(t, fmt.Sprint(r), "canary")
	assert.NotContains(t, fmt.Sprint(r), other[9:])

	assert.Equal(t, `Aliases: map[string]string{
	// "Other": "", // GUID
	"LogonComputerName": "ComputerName", // text of 2 characters
	"When": "EventTime", // time
	"From": "ClientAddress", // IP address
	// "Card": "", // MAC address
	// "n": "", // number
	// "Unix": "", // text of a number, perhaps a time
	// "Local": "", // text that may be a time, in a form that only Config.TimeLayouts can tell
	// "flag": "", // true or false
	// "Über": "", // text of 1 character
	// "list": "", // array
	// "object": "", // object
	// "Utilisateur": "", // text of 6 characters
},`, r.Aliases)
	_, err := parser.ParseExpr("userlock.Config{\n" + r.Aliases + "\n}")
	require.NoError(t, err)
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(id), Aliases: map[string]string{"LogonComputerName": "ComputerName", "When": "EventTime", "From": "ClientAddress"}})
	require.NoError(t, err)
	e, err := hook.Decode([]byte(body))
	require.NoError(t, err)
	assert.Equal(t, "W7", e.Device.Name)
	assert.Equal(t, "192.0.2.1", e.Client.Address.String())
	assert.Equal(t, 2026, e.Time.Year())

	masked := explained(t, "userlock", capture.Body([]byte(notification("5f0c8a2e-****-****-****-************")), nil), given(""))
	assert.Equal(t, explain.Field{Name: "ServerGuid", Value: "masked GUID", Taken: "UserLockId"}, masked.Fields[0])
	assert.Empty(t, masked.Aliases)
	none := explained(t, "userlock", capture.Body([]byte(notification(id)), nil), map[string]envsecret.Values{})
	assert.Equal(t, "UserLockId", none.Fields[0].Taken)
}

// Of a recording that cannot be checked any more, the report has the status of the time.
// What else was found out is shown although the scheme of the credential is in it.
func TestRecordingThatCannotBeChecked(t *testing.T) {
	const found = "OK: The Authorization header is there once, with the scheme Basic."
	text := "POST /webhooks/unloc HTTP/1.1\r\nAccesshook-Status: 200\r\nAccesshook-Masked: the header fields Authorization\r\n" +
		"Accesshook-Finding: " + found + "\r\nAuthorization: Basic [redacted]\r\n\r\n" + unlocked
	q, err := capture.Read(strings.NewReader(text))
	require.NoError(t, err)
	r := explained(t, "unloc", q, given(""))
	assert.False(t, r.Accepted)
	assert.Equal(t, 200, r.Answered)
	assert.Equal(t, []string{found}, r.Recorded)
	var b strings.Builder
	require.NoError(t, r.Write(&b))
	assert.Contains(t, b.String(), "\nThe request was answered 200 when it came.\n")
	assert.NotContains(t, b.String(), "would be refused")
}

// What may be a UserLock ID is proposed for no field that would show it.
func TestNoAliasForAnID(t *testing.T) {
	body := `{"userlockKey":"` + id + `","userSessionId":"` + id + `"}`
	r := explained(t, "userlock", capture.Body([]byte(body), nil), map[string]envsecret.Values{})
	assert.Equal(t, `Aliases: map[string]string{
	// "userlockKey": "", // GUID
	"userSessionId": "SessionId", // GUID
},`, r.Aliases)
}

func TestGuess(t *testing.T) {
	for want, q := range map[string]*capture.Request{
		"unloc by its path":                       {Target: "https://example.com/webhooks/unloc?a", Header: http.Header{"Signature": {"x"}}},
		"relock by its header X-Relock-Signature": capture.Body(nil, http.Header{"X-Relock-Signature": {"x"}}),
		"loginradius by its header Signature":     capture.Body(nil, http.Header{"signature": {"x"}}),
		"unloc by its header Authorization":       capture.Body([]byte(alert), http.Header{"Authorization": {"x"}}),
		"relock by its fields event and data":     capture.Body([]byte(alert), nil),
		"loginradius by its field HookName":       capture.Body([]byte(`{"hookName":"login"}`), nil),
		"unloc by its field lockId":               capture.Body([]byte(unlocked), nil),
		"userlock by a GUID in its body":          capture.Body([]byte(notification(id)), nil),
		"relock by a header":                      capture.Body(nil, http.Header{"X-Relock-Signature-256": {"x"}}),
		" by ":                                    capture.Body([]byte(`[1]`), nil),
	} {
		v, why, ok := explain.Guess(q)
		assert.Equal(t, want, v.Name+" by "+why)
		assert.Equal(t, v.Name != "", ok)
	}
}
