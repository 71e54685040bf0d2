package ecs_test

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/internal/encodertest"
)

func TestGolden(t *testing.T) { encodertest.Golden(t, ecs.Append) }

func TestCommon(t *testing.T) {
	t.Run("plain", func(t *testing.T) { encodertest.Common(t, ecs.Append) })
	t.Run("with payload", func(t *testing.T) { encodertest.Secrets(t, ecs.Encoder{Payload: true}.Append) })
}

type object = map[string]any

// encode returns the document of e, which has an ID and a vendor if it had none.
func encode(t *testing.T, e event.Event) object {
	t.Helper()
	if e.ID == "" {
		e.ID = "id-1"
	}
	if e.Vendor == "" {
		e.Vendor = "acme"
	}
	document, err := ecs.Append(nil, &e)
	require.NoError(t, err)
	return encodertest.JSON(t, document)
}

// at returns what stands at a path such as "event", "kind".
func at(document object, path ...string) any {
	var v any = document
	for _, name := range path {
		o, _ := v.(object)
		v = o[name]
	}
	return v
}

func TestWholeDocument(t *testing.T) {
	oslo := time.FixedZone("", 2*60*60)
	got := encode(t, event.Event{
		ID: "id-1", Vendor: "userlock", Source: "head-office", Type: event.SessionStarted, VendorType: "1",
		Time: time.Date(2026, 5, 14, 10, 31, 7, 25e7, oslo), Received: time.Date(2026, 5, 14, 10, 31, 9, 0, oslo),
		Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo, Reason: "because",
		User:     event.User{ID: "u-1", Name: "aokoye", Domain: "EXAMPLE", FullName: "Ada Okoye", Email: "ada@example.com", Phone: "+4790001234"},
		Session:  event.Session{ID: "s-1", Type: "interactive", Expires: time.Date(2026, 5, 15, 0, 0, 0, 0, oslo), Duration: 1500 * time.Millisecond},
		Device:   event.Device{ID: "d-1", Name: "DESK-21", Type: "desktop", OS: "ExampleOS 3", Browser: "ExampleBrowser"},
		Lock:     event.Lock{ID: "l-1", Name: "Front door", KeyID: "k-1"},
		Client:   event.Client{Address: netip.MustParseAddr("192.0.2.21"), MAC: "00:1b:44:11:3a:b7", Name: "LAPTOP-7", UserAgent: "ExampleBrowser/1.0"},
		Location: event.Location{Country: "NOR", CountryCode: "NO", City: "Oslo", Timezone: "Europe/Oslo"},
		Payload:  json.RawMessage(`{"a":1}`),
	})
	user := object{"id": "u-1", "name": "aokoye", "full_name": "Ada Okoye", "domain": "EXAMPLE", "email": "ada@example.com"}
	want := object{
		"@timestamp": "2026-05-14T08:31:07.25Z",
		"ecs":        object{"version": "9.4.0"},
		"message":    `Ada Okoye (EXAMPLE\aokoye) logged on to DESK-21 from 192.0.2.21 in Oslo, NOR: because.`,
		"event": object{
			"id": "id-1", "created": "2026-05-14T08:31:09Z", "kind": "event",
			"category": []any{"authentication", "session"}, "type": []any{"start"}, "action": "logged-in", "outcome": "success",
			"code": "1", "reason": "because", "severity": 1.0, "duration": 15e8,
			"module": "userlock", "dataset": "userlock.event", "provider": "UserLock",
		},
		"user": user,
		"source": object{
			"ip": "192.0.2.21", "mac": "00-1B-44-11-3A-B7", "domain": "LAPTOP-7", "user": user,
			"geo": object{"country_iso_code": "NO", "country_name": "Norway", "city_name": "Oslo", "timezone": "Europe/Oslo"},
		},
		"client":     object{"ip": "192.0.2.21"},
		"host":       object{"name": "DESK-21", "hostname": "DESK-21", "os": object{"type": "windows"}},
		"device":     object{"id": "d-1", "type": "desktop"},
		"user_agent": object{"original": "ExampleBrowser/1.0", "name": "ExampleBrowser", "os": object{"full": "ExampleOS 3"}},
		"observer":   object{"vendor": "IS Decisions", "product": "UserLock", "name": "head-office"},
		"related":    object{"user": []any{"aokoye", "u-1", "ada@example.com"}, "ip": []any{"192.0.2.21"}, "hosts": []any{"DESK-21", "LAPTOP-7"}},
		"labels": object{
			"session_id": "s-1", "session_type": "interactive", "session_expires": "2026-05-14T22:00:00Z", "user_phone": "+4790001234",
			"lock_id": "l-1", "lock_name": "Front door", "key_id": "k-1",
		},
		"accesshook": object{"type": "session.started"},
	}
	assert.Empty(t, cmp.Diff(want, got))
}

func TestLeastDocument(t *testing.T) {
	document, err := ecs.Append(nil, &event.Event{ID: "id-1", Vendor: "acme"})
	require.NoError(t, err)
	assert.Equal(t, `{"ecs":{"version":"9.4.0"},"message":"Event of acme.","event":{"id":"id-1","kind":"event","type":["info"],`+
		`"outcome":"unknown","module":"acme","dataset":"acme.event","provider":"acme"},"observer":{"vendor":"acme","product":"acme"}}`, string(document))
}

func TestTimestampIsReceivedWithoutATime(t *testing.T) {
	received := time.Date(2026, 5, 14, 8, 31, 9, 0, time.UTC)
	got := encode(t, event.Event{Received: received})
	assert.Equal(t, "2026-05-14T08:31:09Z", got["@timestamp"])
	assert.Equal(t, "2026-05-14T08:31:09Z", at(got, "event", "created"))
}

// Rules for Windows look for the words of Elastic's own data, whose sessions UserLock
// reports. Those of other vendors are no Windows sessions.
func TestActions(t *testing.T) {
	for typ, want := range map[event.Type]string{
		event.SessionStarted: "logged-in", event.SessionEnded: "logged-out", event.AuthenticationFailed: "logon-failed",
		event.SessionReconnected: "session-reconnected", event.SessionDisconnected: "session-disconnected",
		event.SessionLocked: "session.locked", event.SessionUnlocked: "session.unlocked", event.Unknown: "unknown",
	} {
		assert.Equal(t, want, at(encode(t, event.Event{Vendor: "userlock", Type: typ}), "event", "action"))
		assert.Equal(t, string(typ), at(encode(t, event.Event{Vendor: "relock", Type: typ}), "event", "action"))
	}
}

func TestKind(t *testing.T) {
	for _, typ := range append(event.Types(), "", "security.alert.two") {
		want := "event"
		if typ == event.SecurityAlert {
			want = "alert"
		}
		assert.Equal(t, want, at(encode(t, event.Event{Type: typ}), "event", "kind"), typ)
	}
}

func TestSeverity(t *testing.T) {
	for severity, want := range map[event.Severity]any{
		event.SeverityUnknown: nil, event.SeverityInfo: 1.0, event.SeverityLow: 21.0, event.SeverityMedium: 47.0,
		event.SeverityHigh: 73.0, event.SeverityCritical: 99.0, -1: nil, 6: nil,
	} {
		assert.Equal(t, want, at(encode(t, event.Event{Severity: severity}), "event", "severity"), severity)
	}
}

// A session cannot have lasted less than no time.
func TestDuration(t *testing.T) {
	for duration, want := range map[time.Duration]any{time.Second: 1e9, 0: nil, -time.Second: nil} {
		assert.Equal(t, want, at(encode(t, event.Event{Session: event.Session{Duration: duration}}), "event", "duration"), duration)
	}
}

func TestOutcome(t *testing.T) {
	for outcome, want := range map[event.Outcome]string{
		event.OutcomeUnknown: "unknown", event.OutcomeSuccess: "success", event.OutcomeFailure: "failure", -1: "unknown", 3: "unknown",
	} {
		assert.Equal(t, want, at(encode(t, event.Event{Outcome: outcome}), "event", "outcome"))
	}
}

// Whoever changed an account is not known, and did not do it from the client's address.
func TestUserOfAnAccount(t *testing.T) {
	e := event.Event{User: event.User{ID: "u"}, Client: event.Client{MAC: "00:1b:44:11:3a:b7"}}
	for _, e.Type = range event.Types() {
		account := len(e.Type) > 8 && e.Type[:8] == "account." || len(e.Type) > 7 && e.Type[:7] == "object."
		got := encode(t, e)
		assert.NotNil(t, at(got, "user"), e.Type)
		assert.Equal(t, account, at(got, "user", "target") != nil, e.Type)
		assert.Equal(t, !account, at(got, "source", "user") != nil, e.Type)
	}
}

func TestUserName(t *testing.T) {
	for want, u := range map[string]event.User{
		"ada":             {ID: "1", Name: "ada", Email: "ada@example.com"},
		"ada@example.com": {ID: "1", Email: "ada@example.com", FullName: "Ada"},
		"1":               {ID: "1", FullName: "Ada"},
	} {
		assert.Equal(t, want, at(encode(t, event.Event{User: u}), "user", "name"))
	}
	assert.Nil(t, at(encode(t, event.Event{User: event.User{FullName: "Ada"}}), "user", "name"))
}

func TestMAC(t *testing.T) {
	for mac, want := range map[string]any{
		"aa:bb:cc:dd:ee:0f":       "AA-BB-CC-DD-EE-0F",
		"aa:bb:cc:dd:ee:0f:00:11": "AA-BB-CC-DD-EE-0F-00-11",
		"AA-BB-CC-DD-EE-0F":       "AA-BB-CC-DD-EE-0F",
		"aa:bb:cc:dd:ee":          nil, "aabbccddee0f": nil, "aa:bb:cc:dd:ee:0g": nil, "aa:bb:cc:dd:ee.0f": nil, "a:bb:cc:dd:ee:0fa": nil,
	} {
		got := encode(t, event.Event{Client: event.Client{MAC: mac}})
		assert.Equal(t, want, at(got, "source", "mac"), mac)
		if want == nil {
			assert.Equal(t, mac, at(got, "labels", "client_mac"))
		} else {
			assert.Nil(t, at(got, "labels", "client_mac"))
		}
	}
}

// Elasticsearch refuses a document whose address has a zone.
func TestAddress(t *testing.T) {
	for text, want := range map[string]string{"fe80::1%eth0": "fe80::1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::1"} {
		got := encode(t, event.Event{Client: event.Client{Address: netip.MustParseAddr(text)}})
		assert.Equal(t, want, at(got, "source", "ip"))
		assert.Equal(t, want, at(got, "client", "ip"))
		assert.Equal(t, []any{want}, at(got, "related", "ip"))
	}
}

// Only UserLock's devices are computers that have a host name.
func TestDevice(t *testing.T) {
	got := encode(t, event.Event{Vendor: "relock", Device: event.Device{ID: "d-1", Name: "Pocket phone"}})
	assert.Nil(t, got["host"])
	assert.Nil(t, at(got, "related", "hosts"))
	assert.Equal(t, "Pocket phone", at(got, "labels", "device_name"))
	assert.Nil(t, encode(t, event.Event{Vendor: "userlock"})["host"])
}

func TestCountry(t *testing.T) {
	for _, tt := range []struct{ country, code, name any }{
		{"NO", "NO", "Norway"}, {"norway", "NO", "Norway"}, {"Atlantis", nil, "Atlantis"},
	} {
		l := event.Location{Country: tt.country.(string)}
		l.CountryCode, _ = tt.code.(string)
		got := encode(t, event.Event{Location: l})
		assert.Equal(t, tt.code, at(got, "source", "geo", "country_iso_code"))
		assert.Equal(t, tt.name, at(got, "source", "geo", "country_name"))
	}
}

func TestPayload(t *testing.T) {
	e := &event.Event{ID: "id-1", Vendor: "acme", Payload: map[string]any{"pin": event.NewSecret("4711"), "a": "\u202e"}}
	document, err := ecs.Append(nil, e)
	require.NoError(t, err)
	assert.NotContains(t, string(document), "payload")

	document, err = ecs.Encoder{Payload: true}.Append(nil, e)
	require.NoError(t, err)
	assert.Equal(t, object{"pin": "[redacted]", "a": "\u202e"}, at(encodertest.JSON(t, document), "accesshook", "payload"))
	assert.Contains(t, string(document), `\u202e`)

	e.Payload = make(chan int)
	document, err = ecs.Encoder{Payload: true}.Append([]byte("before"), e)
	require.ErrorContains(t, err, "ecs: payload: ")
	assert.Equal(t, "before", string(document))
}
