package userlock_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

// TestCodes has the whole table of the vendor's database reference.
func TestCodes(t *testing.T) {
	const byUserLock, byAD = "denied_by_userlock", "denied_by_active_directory"
	for code, want := range map[int]struct {
		typ     event.Type
		session string
		reason  string
	}{
		0:   {event.SessionEnded, "interactive", ""},
		1:   {event.SessionStarted, "interactive", ""},
		2:   {event.SessionLocked, "interactive", ""},
		3:   {event.SessionUnlocked, "interactive", ""},
		4:   {event.AuthenticationFailed, "interactive", byUserLock},
		5:   {event.SessionReconnected, "interactive", ""},
		6:   {event.SessionDisconnected, "interactive", ""},
		20:  {event.AuthenticationFailed, "interactive", byAD},
		420: {event.AuthenticationFailed, "terminal", byAD},
		100: {event.SessionEnded, "iis", ""},
		101: {event.SessionStarted, "iis", ""},
		104: {event.AuthenticationFailed, "iis", byUserLock},
		120: {event.AuthenticationFailed, "iis", byAD},
		200: {event.SessionEnded, "wifi_vpn", ""},
		201: {event.SessionStarted, "wifi_vpn", ""},
		204: {event.AuthenticationFailed, "wifi_vpn", byUserLock},
		220: {event.AuthenticationFailed, "wifi_vpn", byAD},
		500: {event.SessionEnded, "saas", ""},
		501: {event.SessionStarted, "saas", ""},
		504: {event.AuthenticationFailed, "saas", byUserLock},
		7:   {event.Unknown, "", ""},
		401: {event.Unknown, "", ""},
		-1:  {event.Unknown, "", ""},
		300: {event.Unknown, "", ""},
	} {
		for _, form := range []string{"%d", `"%d"`, `" %d "`, "%d.0", `"%d.0"`, "%de0"} {
			sent := fmt.Sprintf(form, code)
			e, _ := decode(t, `"EventType":`+sent+`,"LogonInfo":"details"`)
			assert.Equal(t, want.typ, e.Type, sent)
			assert.Equal(t, want.session, e.Session.Type, sent)
			if want.reason == "" {
				want.reason = "details"
			}
			assert.Equal(t, want.reason, e.Reason, sent)
			assert.Equal(t, strings.Trim(sent, `"`), e.VendorType)
			assert.Equal(t, want.typ == event.AuthenticationFailed, e.Outcome == event.OutcomeFailure, sent)
			assert.Equal(t, want.typ == event.AuthenticationFailed, e.Severity == event.SeverityMedium, sent)
			warned(t, e, sent)
		}
	}
}

// TestWords has the names of events in the vendor's pages, should they be sent.
func TestWords(t *testing.T) {
	for word, want := range map[string]event.Type{
		"Logon": event.SessionStarted, "logged on": event.SessionStarted,
		"LOGOFF": event.SessionEnded, "Logged off": event.SessionEnded,
		"Lock": event.SessionLocked, "Locked": event.SessionLocked,
		"unlock": event.SessionUnlocked, "Unlocked": event.SessionUnlocked,
		"Reconnection": event.SessionReconnected, "Reconnected": event.SessionReconnected,
		"disconnect": event.SessionDisconnected, "Disconnected": event.SessionDisconnected,
		"Logon denied": event.AuthenticationFailed, "logon_denied": event.AuthenticationFailed,
		"Denied by Active Directory": event.AuthenticationFailed, "Logon denied by something new": event.AuthenticationFailed,
		"Logon denied, as the user has more sessions open than the policy of the group allows": event.AuthenticationFailed,
		// What is nearly a code is none: another number may be a success.
		"0.99999999999999999999": event.Unknown, "1.00000000000000000001": event.Unknown, "1e-400": event.Unknown, "0x1p0": event.Unknown, "4.2e2": event.AuthenticationFailed,
		"Ouverture": event.Unknown, "4.5": event.Unknown, "1e400": event.Unknown, "NaN": event.Unknown, "Infinity": event.Unknown,
	} {
		e, _ := decode(t, fmt.Sprintf(`"EventType":%q`, word))
		assert.Equal(t, want, e.Type, word)
		assert.Equal(t, word, e.VendorType)
		warned(t, e, word)
	}
}

func TestEventTypes(t *testing.T) {
	types := userlock.EventTypes()
	assert.Len(t, types, 20)
	assert.Equal(t, event.AuthenticationFailed, types["420"])
	assert.NotContains(t, types, "")
	for name, typ := range types {
		assert.Contains(t, event.Types(), typ, name)
		assert.NotEqual(t, event.Unknown, typ, name)
	}
	clear(types)
	assert.Len(t, userlock.EventTypes(), 20, "a copy")
}
