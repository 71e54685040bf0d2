package userlock_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
)

var eventOptions = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

func fill(body []byte) []byte {
	return bytes.ReplaceAll(body, []byte(verifytest.Placeholder), []byte(primary))
}

// check verifies and decodes a body as an endpoint does.
func check(t testing.TB, c userlock.Config, body string) (*event.Event, error) {
	if c.IDs == nil {
		c.IDs = event.Secrets(primary, backup)
	}
	hook, err := userlock.New(c)
	require.NoError(t, err)
	r, err := http.NewRequest(http.MethodPost, "http://localhost/", nil)
	require.NoError(t, err)
	return hook.Check(r, []byte(body))
}

func decode(t testing.TB, members string) (*event.Event, *userlock.Notification) {
	e, err := check(t, userlock.Config{}, `{"UserLockId":"`+primary+`",`+members+`}`)
	require.NoError(t, err)
	return e, e.Payload.(*userlock.Notification)
}

func TestDecode(t *testing.T) {
	e, n := decode(t, `"EventType":1,"EventTime":"2024-05-14T08:31:07","UserAccount":"ada","UserDomain":"EXAMPLE","UserFullName":"Ada Example","ComputerName":"WKS007","ComputerSession":2,"Country":"NO","ClientName":"LAPTOP7","ClientAddress":"192.0.2.10","SessionId":"5A1C","SubSessionId":0,"Status":0,"SessionType":"Workstation","LogonInfo":"none"`)
	at := time.Date(2024, 5, 14, 8, 31, 7, 0, time.UTC)
	assert.Empty(t, cmp.Diff(&userlock.Notification{
		ServerID: "7c9e6679", EventType: "1", EventTime: at, UserAccount: "ada", UserDomain: "EXAMPLE", UserFullName: "Ada Example",
		ComputerName: "WKS007", ComputerSession: "2", ClientName: "LAPTOP7", ClientAddress: "192.0.2.10", SessionType: "Workstation",
		SessionID: "5A1C", SubSessionID: "0", Country: "NO", Status: "0", LogonInfo: "none",
	}, n))
	want := &event.Event{
		ID: e.ID, Vendor: "userlock", Source: "userlock", Type: event.SessionStarted, VendorType: "1", Time: at, Received: e.Received, Credential: e.Credential,
		Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo, Reason: "none",
		User:     event.User{Name: "ada", Domain: "EXAMPLE", FullName: "Ada Example"},
		Session:  event.Session{ID: "5A1C", Type: "Workstation"},
		Device:   event.Device{Name: "WKS007"},
		Client:   event.Client{Address: netip.MustParseAddr("192.0.2.10"), Name: "LAPTOP7"},
		Location: event.Location{Country: "NO", CountryCode: "NO"},
		Payload:  n, Raw: e.Raw,
	}
	assert.Empty(t, cmp.Diff(want, e, eventOptions))
}

// TestCodes has the whole table of the vendor's database reference, as numbers
// and as texts.
func TestCodes(t *testing.T) {
	for code, want := range map[int]struct {
		typ     event.Type
		session string
		reason  string
	}{
		0: {event.SessionEnded, "interactive", ""}, 1: {event.SessionStarted, "interactive", ""},
		2: {event.SessionLocked, "interactive", ""}, 3: {event.SessionUnlocked, "interactive", ""},
		4: {event.AuthenticationFailed, "interactive", "denied_by_userlock"}, 5: {event.SessionReconnected, "interactive", ""},
		6: {event.SessionDisconnected, "interactive", ""}, 20: {event.AuthenticationFailed, "interactive", "denied_by_active_directory"},
		420: {event.AuthenticationFailed, "terminal", "denied_by_active_directory"},
		100: {event.SessionEnded, "iis", ""}, 101: {event.SessionStarted, "iis", ""},
		104: {event.AuthenticationFailed, "iis", "denied_by_userlock"}, 120: {event.AuthenticationFailed, "iis", "denied_by_active_directory"},
		200: {event.SessionEnded, "wifi_vpn", ""}, 201: {event.SessionStarted, "wifi_vpn", ""},
		204: {event.AuthenticationFailed, "wifi_vpn", "denied_by_userlock"}, 220: {event.AuthenticationFailed, "wifi_vpn", "denied_by_active_directory"},
		500: {event.SessionEnded, "saas", ""}, 501: {event.SessionStarted, "saas", ""}, 504: {event.AuthenticationFailed, "saas", "denied_by_userlock"},
		7: {event.Unknown, "", ""}, 401: {event.Unknown, "", ""}, -1: {event.Unknown, "", ""}, 300: {event.Unknown, "", ""},
	} {
		for _, form := range []string{"%d", `"%d"`, `" %d "`} {
			e, _ := decode(t, `"EventType":`+fmt.Sprintf(form, code)+`,"LogonInfo":"details"`)
			assert.Equal(t, want.typ, e.Type, "%d", code)
			assert.Equal(t, want.session, e.Session.Type, "%d", code)
			if want.reason != "" {
				assert.Equal(t, want.reason, e.Reason, "%d", code)
			} else {
				assert.Equal(t, "details", e.Reason, "%d", code)
			}
			assert.Equal(t, want.typ == event.AuthenticationFailed, e.Outcome == event.OutcomeFailure, "%d", code)
			assert.Equal(t, strings.Trim(fmt.Sprintf(form, code), `"`), e.VendorType)
		}
	}
	for word, want := range map[string]event.Type{
		"Logon": event.SessionStarted, "LOGOFF": event.SessionEnded, "Lock": event.SessionLocked, "unlock": event.SessionUnlocked,
		"Reconnection": event.SessionReconnected, "disconnect": event.SessionDisconnected,
		"Logon denied": event.AuthenticationFailed, "logon_denied": event.AuthenticationFailed, "Denied by Active Directory": event.AuthenticationFailed,
		"Ouverture": event.Unknown, "": event.Unknown,
	} {
		e, _ := decode(t, fmt.Sprintf(`"EventType":%q`, word))
		assert.Equal(t, want, e.Type, word)
	}
	e, _ := decode(t, `"UserAccount":"ada"`)
	assert.Equal(t, event.Unknown, e.Type, "no event type is not the code 0")
}

func TestNames(t *testing.T) {
	for name, members := range map[string]string{
		"columns":          `"UserAccount":"ada","UserDomain":"EXAMPLE","ComputerName":"W7","ClientAddress":"192.0.2.1","SessionId":"5","EventType":3`,
		"camel case":       `"userAccount":"ada","userDomain":"EXAMPLE","computerName":"W7","clientAddress":"192.0.2.1","sessionId":"5","eventType":3`,
		"snake case":       `"user_account":"ada","user_domain":"EXAMPLE","computer_name":"W7","client_address":"192.0.2.1","session_id":"5","event_type":3`,
		"words":            `"User Account":"ada","User-Domain":"EXAMPLE","COMPUTER NAME":"W7","Client Address:":"192.0.2.1","Session ID":"5","Event Type":3`,
		"other words":      `"userName":"EXAMPLE\\ada","machine":"W7","ipAddress":"192.0.2.1","session":"5","event":"unlock"`,
		"numbers as texts": `"login":"EXAMPLE\\ada","workstation":"W7","ip":"192.0.2.1","sessionid":5,"type":"3"`,
	} {
		e, n := decode(t, members)
		assert.Equal(t, "ada", e.User.Name, name)
		assert.Equal(t, "EXAMPLE", e.User.Domain, name)
		assert.Equal(t, "W7", e.Device.Name, name)
		assert.Equal(t, "192.0.2.1", e.Client.Address.String(), name)
		assert.Equal(t, "5", e.Session.ID, name)
		assert.Equal(t, event.SessionUnlocked, e.Type, name)
		assert.Empty(t, n.Extra, name)
		assert.Empty(t, e.Warnings, name)
	}
}

// Of two names for one field the first in the table wins, wherever it stands.
func TestTwoNamesForOneField(t *testing.T) {
	for _, members := range []string{`"UserAccount":"ada","user":"grace"`, `"user":"grace","UserAccount":"ada"`} {
		e, _ := decode(t, members)
		assert.Equal(t, "ada", e.User.Name, members)
		require.Len(t, e.Warnings, 1)
		assert.Equal(t, "unique name", e.Warnings[0].Want)
	}
	e, err := userlock.Decode([]byte(`{"UserAccount":"ada","UserAccount":"grace"}`))
	require.NoError(t, err)
	assert.Equal(t, "ada", e.User.Name)
	_, err = check(t, userlock.Config{}, `{"UserLockId":"`+primary+`","UserAccount":"ada","UserAccount":"grace"}`)
	assert.ErrorIs(t, err, verify.ErrUnauthenticated, "repeated names in a body that is not yet trusted")
}

// What is null, empty or of the wrong kind says nothing, whatever its name: it does
// not take the place of what another name says.
func TestNamesThatSayNothing(t *testing.T) {
	for value, wants := range map[string]int{ // warnings
		`null`: 0, `""`: 0, `{"code":4}`: 1, `["x"]`: 1, `{}`: 1,
	} {
		for _, members := range []string{
			`"UserAccount":` + value + `,"user":"grace","EventType":` + value + `,"event":"Denied"`,
			`"user":"grace","UserAccount":` + value + `,"event":"Denied","EventType":` + value,
		} {
			e, _ := decode(t, members)
			assert.Equal(t, "grace", e.User.Name, members)
			assert.Equal(t, event.AuthenticationFailed, e.Type, members)
			misfits := 0
			for _, w := range e.Warnings {
				if w.Want != "unique name" {
					misfits++
				}
			}
			assert.Equal(t, 2*wants, misfits, "%s: %v", members, e.Warnings)
			if wants == 0 {
				assert.Empty(t, e.Warnings, members)
			}
		}
	}
	e, n := decode(t, `"user":"grace","UserAccount":true,"time":"2026-01-02T03:04:05Z","EventTime":"yesterday"`)
	assert.Equal(t, "grace", e.User.Name)
	assert.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), n.EventTime.UTC())
}

func TestUsers(t *testing.T) {
	for members, want := range map[string]event.User{
		`"UserAccount":"EXAMPLE\\ada"`:                         {Name: "ada", Domain: "EXAMPLE"},
		`"UserAccount":"EXAMPLE\\ada","UserDomain":""`:         {Name: "ada", Domain: "EXAMPLE"},
		`"UserAccount":"EXAMPLE\\ada","UserDomain":"OTHER"`:    {Name: "ada", Domain: "OTHER"},
		`"UserAccount":"ada@example.com"`:                      {Name: "ada@example.com"},
		`"UserAccount":null,"UserFullName":"Ada"`:              {FullName: "Ada"},
		`"UserAccount":7`:                                      {},
		`"UserAccount":"\u0041da","UserDomain":"EX\u0041MPLE"`: {Name: "Ada", Domain: "EXAMPLE"},
	} {
		e, _ := decode(t, members)
		assert.Empty(t, cmp.Diff(want, e.User), members)
	}
}

func TestClientAddresses(t *testing.T) {
	for sent, want := range map[string]event.Client{
		"192.0.2.10":        {Address: netip.MustParseAddr("192.0.2.10")},
		"::ffff:192.0.2.10": {Address: netip.MustParseAddr("192.0.2.10")},
		"fe80::1%eth0":      {Address: netip.MustParseAddr("fe80::1")},
		"192.0.2.10:3389":   {Address: netip.MustParseAddr("192.0.2.10")},
		"00:1B:44:11:3A:B7": {MAC: "00:1b:44:11:3a:b7"},
		"00-1B-44-11-3A-B7": {MAC: "00:1b:44:11:3a:b7"},
		"001b.4411.3ab7":    {MAC: "00:1b:44:11:3a:b7"},
		"LAPTOP7":           {},
		"":                  {},
	} {
		e, n := decode(t, fmt.Sprintf(`"ClientAddress":%q`, sent))
		assert.Empty(t, cmp.Diff(want, e.Client, eventOptions), sent)
		assert.Equal(t, sent, n.ClientAddress)
		assert.Empty(t, e.Warnings)
	}
}

func TestTimes(t *testing.T) {
	oslo, err := time.LoadLocation("Europe/Oslo")
	require.NoError(t, err)
	at := time.Date(2024, 5, 14, 8, 31, 7, 0, time.UTC)
	for sent, want := range map[string]time.Time{
		`"2024-05-14T10:31:07"`:          at, // no zone: Config.Location
		`"2024-05-14 10:31:07"`:          at,
		`"2024-05-14T10:31:07.1234567"`:  at.Add(123456700),
		`"2024-05-14T08:31:07Z"`:         at,
		`"2024-05-14T08:31:07.0000000Z"`: at,
		`"2024-05-14T04:31:07-04:00"`:    at,
		`"/Date(1715675467000)/"`:        at,
		`"/Date(1715675467000+0200)/"`:   at,
		`1715675467`:                     at,
		`"1715675467"`:                   at,
		`1715675467000`:                  at,
		`"0001-01-01T00:00:00"`:          {},
		`null`:                           {},
		`""`:                             {},
	} {
		e, err := check(t, userlock.Config{Location: oslo}, `{"x":"`+primary+`","EventTime":`+sent+`}`)
		require.NoError(t, err)
		n := e.Payload.(*userlock.Notification)
		assert.True(t, want.Equal(n.EventTime), "%s: %s", sent, n.EventTime)
		assert.Empty(t, e.Warnings, sent)
		if want.IsZero() {
			assert.Equal(t, e.Received, e.Time)
		}
	}
	for sent, kind := range map[string]string{`"yesterday"`: "string", `20240514`: "number", `true`: "boolean", `{}`: "object", `-1`: "number"} {
		e, n := decode(t, `"EventTime":`+sent)
		assert.True(t, n.EventTime.IsZero(), sent)
		require.Len(t, e.Warnings, 1, sent)
		assert.Equal(t, kind, e.Warnings[0].Got)
		assert.Equal(t, "/EventTime", e.Warnings[0].Path)
	}
	e, _ := decode(t, `"EventTime":"2024-05-14T08:31:07"`)
	assert.True(t, at.Equal(e.Time), "UTC if no zone is configured")
}

// The ID is compared in any of its forms, on both sides.
func TestIDForms(t *testing.T) {
	bare := strings.ReplaceAll(primary, "-", "")
	for _, configured := range []string{primary, strings.ToLower(primary), "{" + primary + "}", "(" + primary + ")", bare} {
		for _, sent := range []string{primary, strings.ToLower(primary), "{" + primary + "}", bare, " " + primary + " "} {
			_, err := check(t, userlock.Config{IDs: event.Secrets(configured)}, `{"id":"`+sent+`"}`)
			assert.NoError(t, err, "%s %s", configured, sent)
		}
	}
	for _, sent := range []string{primary[:35], primary + "0", "{" + primary, primary + "}", "x" + primary[1:], "", backup[:8] + primary[8:], `{` + primary + `)`} {
		_, err := check(t, userlock.Config{IDs: event.Secrets(primary)}, `{"id":"`+sent+`"}`)
		assert.ErrorIs(t, err, verify.ErrBadCredential, sent)
	}
}

func TestConfig(t *testing.T) {
	for name, ids := range map[string][]string{
		"none": nil, "empty": {""}, "zeros": {"00000000-0000-0000-0000-000000000000"}, "not hex": {"7C9E6679-7425-40DE-944B-E07FC1F90AEX"},
		"31 digits": {primary[1:]}, "33 digits": {primary + "0"}, "one bad": {primary, "x"}, "newline": {primary + "\n"}, "words": {"my secret"},
	} {
		_, err := userlock.New(userlock.Config{IDs: event.Secrets(ids...)})
		assert.ErrorContains(t, err, "userlock: Config.IDs", name)
		v, err2 := userlock.NewVerifier(event.Secrets(ids...)...)
		assert.ErrorContains(t, err2, "userlock: ids", name)
		assert.Nil(t, v)
		if err != nil {
			assert.NotContains(t, err.Error(), primary[:12])
		}
	}
	_, err := userlock.New(userlock.Config{IDs: event.Secrets(primary, "my secret")})
	assert.ErrorContains(t, err, "userlock: Config.IDs[1] is not a GUID, such as ")
	assert.NotContains(t, err.Error(), "my secret")
	for _, aliases := range []map[string]string{{"Utilisateur": "NoSuchField"}, {"": "UserAccount"}, {"--": "UserAccount"}, {strings.Repeat("x", 65): "UserAccount"}} {
		_, err := userlock.New(userlock.Config{IDs: event.Secrets(primary), Aliases: aliases})
		assert.ErrorContains(t, err, "Aliases")
	}
}

func TestAliases(t *testing.T) {
	c := userlock.Config{Aliases: map[string]string{
		"Utilisateur": "UserAccount", "Évènement": "EventType", "user": "UserFullName", "UserDomain": "computer name",
	}}
	e, err := check(t, c, `{"x":"`+primary+`","utilisateur":"ada","Évènement":2,"User":"Ada Example","UserAccount":"grace","UserDomain":"W7"}`)
	require.NoError(t, err)
	n := e.Payload.(*userlock.Notification)
	assert.Equal(t, "ada", n.UserAccount, "an alias is better than what is known, wherever it stands")
	f, err := check(t, c, `{"x":"`+primary+`","UserAccount":"grace","utilisateur":"ada"}`)
	require.NoError(t, err)
	assert.Equal(t, "ada", f.User.Name)
	assert.Equal(t, event.SessionLocked, e.Type)
	assert.Equal(t, "Ada Example", n.UserFullName)
	assert.Equal(t, "W7", n.ComputerName)
	assert.Len(t, e.Warnings, 1)
}

// Maps have no order: of two fields for one name, chance would choose.
func TestAliasesThatContradict(t *testing.T) {
	c := userlock.Config{IDs: event.Secrets(primary), Aliases: map[string]string{"who is": "UserAccount", "Who_Is": "UserFullName"}}
	_, err := userlock.New(c)
	assert.EqualError(t, err, `userlock: Config.Aliases: "Who_Is" and "who is" are one name, for two fields`)
	c.Aliases["Who_Is"] = "user account"
	_, err = userlock.New(c)
	assert.NoError(t, err, "the same field twice")
}

// The ID gets no further than the verifier, whatever its member is called and
// whatever else is a GUID.
func TestIDIsMasked(t *testing.T) {
	session := "3F2504E0-4F89-41D3-9A0C-0305E82C3301"
	digits := func(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }
	for name, body := range map[string]string{
		"known name":            `{"UserLockId":"` + primary + `","SessionId":"` + session + `"}`,
		"unknown name":          `{"X":"` + primary + `","SessionId":"` + session + `"}`,
		"name of another field": `{"SessionId":"` + primary + `","ComputerName":"W7"}`,
		"beside another GUID":   `{"correlation":"` + session + `","X":"` + primary + `"}`,
		"after a GUID named so": `{"ServerGuid":"` + session + `","X":"` + primary + `"}`,
		"twice":                 `{"UserLockId":"{` + primary + `}","ServerGuid":"` + strings.ToLower(primary) + `"}`,
		"both servers":          `{"UserLockId":"` + primary + `","Partner":"` + backup + `"}`,
		"escaped":               `{"UserLockId":"\u0037` + primary[1:] + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			e, err := check(t, userlock.Config{}, body)
			require.NoError(t, err)
			n := e.Payload.(*userlock.Notification)
			assert.Equal(t, userlock.ServerID("7c9e6679"), n.ServerID)
			line, err := cloudevent.Encode(e)
			require.NoError(t, err)
			shown := digits(string(line) + fmt.Sprintf("%+v %#v", n, n) + e.Reason + e.ID)
			assert.NotContains(t, shown, digits(primary)[8:])
			assert.NotContains(t, shown, digits(backup)[8:])
			if strings.Contains(body, session) && !strings.Contains(body, "ServerGuid") {
				assert.Contains(t, shown, digits(session), "what is no credential stays")
			}
			assert.Equal(t, body, string(e.Raw))

			back, err := cloudevent.Decode(line, cloudevent.Payloads{"userlock": userlock.Decode})
			require.NoError(t, err)
			assert.Empty(t, cmp.Diff(n, back.Payload))
		})
	}
}

// An endpoint masks what it accepts, wherever it stands, also when it only
// decodes: the ways to an event agree, and a sender cannot pass another text off
// as a masked ID.
func TestEndpointDecodeAgrees(t *testing.T) {
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary, backup)})
	require.NoError(t, err)
	token, err := verify.NewBearer(event.NewSecret("a token for tests"))
	require.NoError(t, err)
	id, err := userlock.NewVerifier(event.NewSecret(primary))
	require.NoError(t, err)
	other, err := userlock.NewVerifier(event.NewSecret(backup))
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("Authorization", "Bearer a token for tests")
	const guid = "3F2504E0-4F89-41D3-9A0C-0305E82C3301"
	for _, body := range []string{
		`{"EventId":"` + guid + `","Key":"` + primary + `","EventType":1}`,
		`{"UserFullName":"aaaaaaaa-****-****-****-************","UserLockId":"` + primary + `"}`,
		`{"ServerGuid":"aaaaaaaa-****-****-****-************","Key":"` + primary + `"}`,
		`{"SessionId":"` + primary + `"}`,
		`{"UserLockId":"` + primary + `","Key":"` + primary + `"}`,
		`{"UserLockId":"` + primary + `","Guid":"` + guid + `"}`,
		`{"UserLockId":"` + primary + `","Partner":"` + backup + `"}`,
	} {
		for name, v := range map[string]verify.Verifier{
			"both IDs":     verify.AnyOf(id, other),
			"ID or token":  verify.AnyOf(id, other, token),
			"token or ID":  verify.AnyOf(token, other, id),
			"token and ID": verify.AllOf(token, verify.AnyOf(id, other)),
		} {
			hook.SetVerifier(v)
			checked, err := hook.Check(r, []byte(body))
			require.NoError(t, err)
			decoded, err := hook.Decode([]byte(body))
			require.NoError(t, err)
			assert.Equal(t, checked.ID, decoded.ID, "%s %s", name, body)
			assert.Empty(t, cmp.Diff(checked.Payload, decoded.Payload), "%s %s", name, body)
			assert.Equal(t, userlock.ServerID("7c9e6679"), checked.Payload.(*userlock.Notification).ServerID)
			line, err := cloudevent.Encode(checked)
			require.NoError(t, err)
			for _, secret := range []string{primary, backup} {
				assert.NotContains(t, strings.ToUpper(string(line)), strings.ToUpper(secret[8:]), "%s %s", name, body)
			}
			back, err := cloudevent.Decode(line, cloudevent.Payloads{"userlock": userlock.Decode})
			require.NoError(t, err)
			assert.Empty(t, cmp.Diff(checked.Payload, back.Payload), "%s %s", name, body)
		}
	}
	e, err := hook.Check(r, []byte(`{"UserFullName":"aaaaaaaa-****-****-****-************","UserLockId":"`+primary+`"}`))
	require.NoError(t, err)
	assert.Equal(t, "aaaaaaaa-****-****-****-************", e.User.FullName)
	e, err = hook.Check(r, []byte(`{"UserLockId":"`+primary+`","ServerGuid":"zzzzzzzz-****-****-****-************"}`))
	require.NoError(t, err)
	assert.Contains(t, e.Payload.(*userlock.Notification).Extra, "ServerGuid", "not the form of an ID")

	// Without an endpoint nothing tells which GUID is one: none is shown.
	e, err = userlock.Decode([]byte(`{"a":"` + primary + `","b":"` + guid + `","EventType":1}`))
	require.NoError(t, err)
	assert.Empty(t, e.Payload.(*userlock.Notification).Extra)
	assert.Equal(t, event.SessionStarted, e.Type)
}

// A member may have the name under which the ID is encoded and be none. Encoded
// twice under one name, it would hide the ID from whoever takes the last, and the
// body would be refused if it were sent again.
func TestOtherValueUnderTheNameOfTheID(t *testing.T) {
	for value, kind := range map[string]string{
		`"east"`: "string", `5`: "number", `{"a":1}`: "object", `""`: "", `null`: "",
		`"a text that is as long as an ID may be"`: "string",
	} {
		e, err := check(t, userlock.Config{}, `{"UserLockId":`+value+`,"Key":"`+primary+`","EventType":1}`)
		require.NoError(t, err)
		var want []event.Warning
		if kind != "" {
			want = []event.Warning{{Path: "/UserLockId", Want: "GUID", Got: kind}}
		}
		assert.Empty(t, cmp.Diff(want, e.Warnings), value)
		encoded, err := json.Marshal(e.Payload)
		require.NoError(t, err)
		assert.Equal(t, `{"UserLockId":"7c9e6679-****-****-****-************","EventType":"1"}`, string(encoded), value)
		again, err := userlock.NewRequest(t.Context(), "https://example.com", primary, e.Payload)
		require.NoError(t, err)
		body, err := io.ReadAll(again.Body)
		require.NoError(t, err)
		f, err := check(t, userlock.Config{}, string(body))
		require.NoError(t, err, value)
		assert.Empty(t, cmp.Diff(e.Payload, f.Payload), value)
	}
}

func TestLongIDs(t *testing.T) {
	_, err := userlock.New(userlock.Config{IDs: event.Secrets(strings.Repeat("-", 1000) + primary)})
	assert.ErrorContains(t, err, "IDs[0]")
}

// IDs are frozen. The value of the UserLock ID is left out with its quotes; the
// rest counts as it came.
func TestEventIDVectors(t *testing.T) {
	const want = "3dedfecef7a4229df19c168a9e74583b68d7df978191bc62d1e1faa4eef0d352" // of {"UserLockId":,"EventType":1,"UserAccount":"ada"}
	rest := `,"EventType":1,"UserAccount":"ada"}`
	for _, value := range []string{`"` + primary + `"`, `"` + backup + `"`, `"{` + strings.ToLower(primary) + `}"`} {
		e, err := check(t, userlock.Config{}, `{"UserLockId":`+value+rest)
		require.NoError(t, err)
		assert.Equal(t, want, e.ID, "%s: equal but for the UserLock ID is one event", value)
		own, err := userlock.Decode([]byte(`{"UserLockId":` + value + rest))
		require.NoError(t, err)
		assert.Equal(t, want, own.ID)
	}
	for _, body := range []string{
		`{"UserLockId": "` + primary + `"` + rest, `{"userLockId":"` + primary + `"` + rest, `{"UserLockId":"` + primary + `"` + strings.Replace(rest, "1", "0", 1),
	} {
		e, err := check(t, userlock.Config{}, body)
		require.NoError(t, err)
		assert.NotEqual(t, want, e.ID, body)
	}
	one, err := check(t, userlock.Config{}, `{"UserLockId":"`+primary+`","correlation":"3F2504E0-4F89-41D3-9A0C-0305E82C3301"}`)
	require.NoError(t, err)
	two, err := check(t, userlock.Config{}, `{"UserLockId":"`+primary+`","correlation":"1B4E28BA-2FA1-11D2-883F-0016D3CCA427"}`)
	require.NoError(t, err)
	assert.NotEqual(t, one.ID, two.ID, "another GUID is no credential and counts")
}

func TestServerID(t *testing.T) {
	s, err := userlock.NewServerID("{" + primary + "}")
	require.NoError(t, err)
	assert.Equal(t, userlock.ServerID("7c9e6679"), s)
	text, err := s.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "7c9e6679-****-****-****-************", string(text))
	_, err = userlock.NewServerID(primary[:30] + "canary")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "canary")

	whole := userlock.Notification{ServerID: userlock.ServerID(normal(primary))}
	encoded, err := json.Marshal(whole)
	require.NoError(t, err)
	for _, shown := range []string{string(encoded), fmt.Sprint(whole), fmt.Sprintf("%s %q %x", whole.ServerID, whole.ServerID, whole.ServerID)} {
		assert.NotContains(t, shown, normal(primary)[8:12])
	}
	assert.JSONEq(t, `{"UserLockId":"7c9e6679-****-****-****-************"}`, string(encoded))
}

// normal returns the digits of a GUID in lower case.
func normal(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

func TestNewRequest(t *testing.T) {
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary), Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)}})
	require.NoError(t, err)
	var got *userlock.Notification
	events := event.NewMux()
	event.On(events, func(_ context.Context, _ *event.Event, n *userlock.Notification) error { got = n; return nil })
	server := httptest.NewServer(hook.Handler(events))
	defer server.Close()
	n := userlock.Notification{ServerID: "7c9e6679", EventType: "4", UserAccount: "ada", Extra: map[string]json.RawMessage{"new": json.RawMessage(`[1]`)}}
	for _, payload := range []any{n, &n, fill(fixtures["denied"]), json.RawMessage(fill(fixtures["denied"]))} {
		r, err := userlock.NewRequest(context.Background(), server.URL, primary, payload)
		require.NoError(t, err)
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, 200, res.StatusCode)
		require.Equal(t, "ada", got.UserAccount)
	}
	r, err := userlock.NewRequest(context.Background(), server.URL, primary, &n)
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.JSONEq(t, `{"UserLockId":"`+primary+`","EventType":"4","UserAccount":"ada","new":[1]}`, string(body))

	_, err = userlock.NewRequest(context.Background(), server.URL, "", n)
	assert.Error(t, err)
	_, err = userlock.NewRequest(context.Background(), server.URL, primary, (*userlock.Notification)(nil))
	assert.Error(t, err)
	for text, payload := range map[string]any{
		"payload is a int,": 5, "payload is a *event.Event,": &event.Event{Payload: &n}, "payload is a map[string]interface {},": map[string]any{"EventType": "4"},
	} {
		_, err = userlock.NewRequest(context.Background(), server.URL, primary, payload)
		assert.ErrorContains(t, err, text)
	}
}

// When nothing matches, the log says what the members are called, and nothing
// of what they hold.
func TestLogNamesWhatArrived(t *testing.T) {
	var log bytes.Buffer
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary), Endpoint: verify.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}})
	require.NoError(t, err)
	server := httptest.NewServer(hook.Handler(event.NewMux()))
	r, err := userlock.NewRequest(context.Background(), server.URL, backup, &userlock.Notification{UserAccount: "ada-canary"})
	require.NoError(t, err)
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	res.Body.Close()
	server.Close()
	assert.Equal(t, 401, res.StatusCode)
	assert.Contains(t, log.String(), "members: UserLockId, UserAccount")
	assert.NotContains(t, log.String(), "canary")
	assert.NotContains(t, log.String(), backup[:12])
}

// Sent by curl, as no client library would.
func TestSentByCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no curl here")
	}
	require.NoError(t, err)
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary), Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)}})
	require.NoError(t, err)
	server := httptest.NewServer(hook.Handler(event.NewMux()))
	defer server.Close()
	for body, want := range map[string]string{
		string(fill(fixtures["logon"])):                                      "200",
		strings.Replace(string(fill(fixtures["logon"])), primary, backup, 1): "401",
	} {
		// curl says application/x-www-form-urlencoded: the type does not matter.
		out, err := exec.Command(curl, "-s", "-o", filepath.Join(t.TempDir(), "answer"), "-w", "%{http_code}", "--data-binary", body, server.URL).Output()
		require.NoError(t, err)
		assert.Equal(t, want, string(out))
	}
}

// TestSamples reads the payloads that were constructed after the vendor's pages
// where they are at hand.
func TestSamples(t *testing.T) {
	bodies := make(map[string][]byte)
	for name, body := range fixtures {
		bodies[name] = fill(body)
	}
	if dir := os.Getenv("ACCESSHOOK_SAMPLES"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "userlock", "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			bodies[file] = body
		}
	}
	for name, body := range bodies {
		e, err := check(t, userlock.Config{IDs: event.Secrets(primary, "3F2504E0-4F89-41D3-9A0C-0305E82C3301")}, string(body))
		require.NoError(t, err, name)
		assert.Empty(t, e.Warnings, name)
		assert.NotEqual(t, event.Unknown, e.Type, name)
		assert.NotEmpty(t, e.User.Name, name)
		assert.False(t, e.Payload.(*userlock.Notification).EventTime.IsZero(), name)
	}
}

func FuzzDecode(f *testing.F) {
	for _, body := range fixtures {
		f.Add(fill(body))
	}
	f.Add(fill(unknownFixture))
	f.Add([]byte(`{"guid":"` + primary + `","user":1,"USER_ACCOUNT":"a\\b","EventTime":"/Date(1)/","x":{"y":["\ud800"]}}`))
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary, backup)})
	require.NoError(f, err)
	stranger, err := userlock.New(userlock.Config{IDs: event.Secrets("1B4E28BA-2FA1-11D2-883F-0016D3CCA427")})
	require.NoError(f, err)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	secret := strings.ToLower(strings.ReplaceAll(primary, "-", ""))[8:]
	f.Fuzz(func(t *testing.T, body []byte) {
		roundTrip := func(e *event.Event) string {
			line, err := cloudevent.Encode(e)
			require.NoError(t, err)
			back, err := cloudevent.Decode(line, cloudevent.Payloads{"userlock": userlock.Decode})
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(e.Payload, back.Payload))
			back.Raw, back.Credential = e.Raw, e.Credential
			require.Empty(t, cmp.Diff(e, back, eventOptions))
			return string(line)
		}
		if e, err := userlock.Decode(body); err == nil {
			roundTrip(e)
		}
		_, err := stranger.Check(r, body)
		require.ErrorIs(t, err, verify.ErrUnauthenticated, "another ID")
		e, err := hook.Check(r, body)
		if err != nil {
			require.NotEqual(t, 200, verify.Status(err))
			return
		}
		line := roundTrip(e)
		// A nested copy of the ID is the vendor's own doing and stays.
		if strings.Count(strings.ToLower(strings.ReplaceAll(string(body), "-", "")), secret) == 1 {
			require.NotContains(t, strings.ToLower(strings.ReplaceAll(line, "-", "")), secret)
		}
	})
}
