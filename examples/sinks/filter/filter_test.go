package filter_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks/filter"
)

var known = filter.Known{Vendors: []string{"userlock", "unloc", "relock", "loginradius"}}

// samples are events that conditions tell apart, by a name.
var samples = map[string]*event.Event{
	"logon":   {Vendor: "userlock", Type: event.SessionStarted, Severity: event.SeverityInfo},
	"refused": {Vendor: "userlock", Type: event.AuthenticationFailed, Severity: event.SeverityMedium},
	"door":    {Vendor: "unloc", Type: event.LockUnlocked, Severity: event.SeverityInfo},
	"alert":   {Vendor: "relock", Type: event.SecurityAlert, Severity: event.SeverityCritical},
	"blocked": {Vendor: "loginradius", Type: event.AccountBlocked, Severity: event.SeverityHigh},
	"new":     {Vendor: "relock", Type: event.Unknown},
}

func TestMatch(t *testing.T) {
	for text, want := range map[string]string{
		"severity>=medium":                     "alert blocked refused",
		"severity>high":                        "alert",
		"severity<=info":                       "door logon new",
		"severity<info":                        "new",
		"severity=info":                        "door logon",
		"severity!=info,unknown":               "alert blocked refused",
		"vendor=userlock,unloc":                "door logon refused",
		"vendor!=userlock":                     "alert blocked door new",
		"type=session.*":                       "logon",
		"type=unknown":                         "new",
		"type=*":                               "alert blocked door logon new refused",
		"type!=account.*,session.*":            "alert door new refused",
		"type=session.*,authentication.failed": "logon refused",
		"vendor=userlock severity>=medium":     "refused",
		"vendor=userlock and severity>=medium": "refused",
		" vendor = userlock , relock  and\tseverity > low ": "alert refused",
		"severity>info and severity<critical":               "blocked refused",
		"type=lock.* type!=lock.locked vendor=unloc":        "door",
	} {
		f, err := known.Parse(text)
		require.NoError(t, err, text)
		var got []string
		for _, name := range []string{"alert", "blocked", "door", "logon", "new", "refused"} {
			if f.Match(samples[name]) {
				got = append(got, name)
			}
		}
		assert.Equal(t, want, strings.Join(got, " "), text)
	}
}

func TestZeroSelectsAll(t *testing.T) {
	for name, e := range samples {
		assert.True(t, filter.Filter{}.Match(e), name)
	}
}

func TestString(t *testing.T) {
	f, err := known.Parse(" vendor = userlock , unloc and severity >= medium")
	require.NoError(t, err)
	assert.Equal(t, "vendor=userlock,unloc severity>=medium", f.String())
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "the filter is empty: write such as severity>=medium",
		" ":                                "the filter is empty: write such as severity>=medium",
		strings.Repeat("a", 4097):          "the filter has more than 4096 bytes",
		"medium":                           `"medium" is no condition: write such as severity>=medium`,
		"severity":                         `"severity" is no condition: write such as severity>=medium`,
		"and severity>low":                 `"and" is no condition: write such as severity>=medium`,
		"severity>low and":                 `"and" is no condition: write such as severity>=medium`,
		"severity>low and and type=lock.*": `"and" is no condition: write such as severity>=medium`,
		"severity>low or type=lock.*":      `"or" is no condition: write such as severity>=medium`,
		">=medium":                         `">=medium" is no condition: write such as severity>=medium`,
		"user=ada":                         `"user" is not known: want vendor, type or severity`,
		"Severity>=medium":                 `"Severity" is not known: want vendor, type or severity`,
		"!severity=low":                    `"!severity=low" is no condition: write such as severity>=medium`,
		"severity>=":                       "severity>=: a value is missing",
		"vendor=unloc,":                    "vendor=: a value is missing",
		"severity>=loud":                   `severity "loud" is not known: want unknown, info, low, medium, high or critical`,
		"severity==low":                    `severity "=low" is not known: want unknown, info, low, medium, high or critical`,
		"severity>low,high":                "severity> takes one value",
		"vendor>unloc":                     "vendor has no order: want vendor= or vendor!=",
		"vendor=okta":                      `vendor "okta" is not known: want userlock, unloc, relock or loginradius`,
		"vendor=relock vendor=unloc":       "vendor= is there twice: separate its values by commas",
		"type=sesion.*":                    `type "sesion.*" is not known: want account.*, authentication.*, device.*, lock.*, object.*, security.*, session.* or unknown`,
		"type=session":                     `type "session" is not known: want session.*, session.disconnected, session.ended, session.locked, session.reconnected, session.started or session.unlocked`,
		"type=relock.*":                    `type "relock.*" is not known: want account.*, authentication.*, device.*, lock.*, object.*, security.*, session.* or unknown`,
		"type=session.created":             `type "session.created" is not known: want session.*, session.disconnected, session.ended, session.locked, session.reconnected, session.started or session.unlocked`,
		"type=session.paused":              `type "session.paused" is not known: want session.*, session.disconnected, session.ended, session.locked, session.reconnected, session.started or session.unlocked`,
		"type=door.*":                      `type "door.*" is not known: want account.*, authentication.*, device.*, lock.*, object.*, security.*, session.* or unknown`,
		"type=sess*":                       `type "sess*" is not known: want account.*, authentication.*, device.*, lock.*, object.*, security.*, session.* or unknown`,
		"type=*.*":                         `type "*.*" is not known: want account.*, authentication.*, device.*, lock.*, object.*, security.*, session.* or unknown`,
		"type=session.*.*":                 `type "session.*.*" is not known: want session.*, session.disconnected, session.ended, session.locked, session.reconnected, session.started or session.unlocked`,
	} {
		_, err := known.Parse(text)
		assert.EqualError(t, err, want, text)
	}
}

func TestOwnVendorsAndTypes(t *testing.T) {
	own := filter.Known{Types: []event.Type{"door.opened", "door.closed", "lock.blocked"}}
	f, err := own.Parse("vendor=gatekeeper type=door.*")
	require.NoError(t, err)
	assert.True(t, f.Match(&event.Event{Vendor: "gatekeeper", Type: "door.opened"}))
	assert.False(t, f.Match(&event.Event{Vendor: "gatekeeper", Type: event.LockUnlocked}))
	_, err = own.Parse("type=session.started")
	assert.EqualError(t, err, `type "session.started" is not known: want door.* or lock.*`)
	_, err = own.Parse("type=lock.blocked") // one letter from a type of package event
	assert.NoError(t, err)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"severity>=medium", "vendor=userlock,unloc and type!=account.*", "type=session.*,authentication.failed severity<high",
		"type=*", "severity!=info,low", "vendor = relock", "and", "type=.*", "severity>=\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := known.Parse(text)
		if err != nil {
			return
		}
		second, err := known.Parse(first.String())
		require.NoError(t, err)
		assert.Equal(t, first.String(), second.String())
		for name, e := range samples {
			assert.Equal(t, first.Match(e), second.Match(e), name)
		}
	})
}
