package userlock_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

func TestDecode(t *testing.T) {
	e, n := decode(t, `"EventType":1,"EventTime":"2024-05-14T08:31:07","UserAccount":"ada","UserDomain":"EXAMPLE","UserFullName":"Ada Example","ComputerName":"WKS007","ComputerSession":2,"Country":"NO","ClientName":"LAPTOP7","ClientAddress":"192.0.2.10","SessionId":"5A1C","SubSessionId":0,"Status":0,"SessionType":"Workstation","LogonInfo":"none"`)
	at := time.Date(2024, 5, 14, 8, 31, 7, 0, time.UTC)
	assert.Empty(t, cmp.Diff(&userlock.Notification{
		ServerID: "7c9e6679", EventType: "1", EventTime: at, UserAccount: "ada", UserDomain: "EXAMPLE", UserFullName: "Ada Example",
		ComputerName: "WKS007", ComputerSession: "2", ClientName: "LAPTOP7", ClientAddress: "192.0.2.10", SessionType: "Workstation",
		SessionID: "5A1C", SubSessionID: "0", Country: "NO", Status: "0", LogonInfo: "none",
	}, n))
	want := &event.Event{
		ID: e.ID, Vendor: "userlock", Source: "userlock", Type: event.SessionStarted, VendorType: "1", Time: at, Received: e.Received, Credential: "ID 1",
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

// An event of which nothing is known never comes without a word.
func TestNothingKnown(t *testing.T) {
	none := event.Warning{Path: "", Want: "EventType", Got: "none"}
	for name, members := range map[string]string{
		"unknown names": `"what":4,"who":"ada"`, "null": `"EventType":null`, "empty": `"EventType":"","UserAccount":""`, "never": `"EventTime":"0001-01-01T00:00:00"`,
	} {
		e, _ := decode(t, members)
		assert.Equal(t, event.Unknown, e.Type, name)
		assert.Equal(t, e.Received, e.Time, name)
		warned(t, e, name, none)
	}
	e, n := decode(t, `"UserAccount":"ada","futureField":{"a":[1]}`)
	assert.Equal(t, event.Unknown, e.Type, "no EventType is not the code 0")
	assert.Empty(t, e.VendorType)
	assert.JSONEq(t, `{"a":[1]}`, string(n.Extra["futureField"]))
	warned(t, e, "something is known")
}

func TestUsers(t *testing.T) {
	for members, want := range map[string]event.User{
		`"UserAccount":"EXAMPLE\\ada"`:                         {Name: "ada", Domain: "EXAMPLE"},
		`"UserAccount":"EXAMPLE\\ada","UserDomain":""`:         {Name: "ada", Domain: "EXAMPLE"},
		`"UserAccount":"EXAMPLE\\ada","UserDomain":"OTHER"`:    {Name: "ada", Domain: "OTHER"},
		`"UserAccount":"ada@example.com"`:                      {Name: "ada@example.com"},
		`"UserAccount":null,"UserFullName":"Ada"`:              {FullName: "Ada"},
		`"UserAccount":"\u0041da","UserDomain":"EX\u0041MPLE"`: {Name: "Ada", Domain: "EXAMPLE"},
	} {
		e, _ := decode(t, members)
		assert.Empty(t, cmp.Diff(want, e.User), members)
		warned(t, e, members)
	}
	e, _ := decode(t, `"UserAccount":7`)
	assert.Equal(t, "7", e.User.Name)
	warned(t, e, "number", event.Warning{Path: "/UserAccount", Want: "string", Got: "number"})
}

func TestClientAddresses(t *testing.T) {
	ip := func(s string) event.Client { return event.Client{Address: netip.MustParseAddr(s)} }
	mac := func(s string) event.Client { return event.Client{MAC: s} }
	for sent, want := range map[string]event.Client{
		"192.0.2.10":              ip("192.0.2.10"),
		" 192.0.2.10 ":            ip("192.0.2.10"),
		"::ffff:192.0.2.10":       ip("192.0.2.10"),
		"192.0.2.10:3389":         ip("192.0.2.10"),
		"192.0.2.10/32":           ip("192.0.2.10"),
		"fe80::1%eth0":            ip("fe80::1"),
		"[2001:db8::1]":           ip("2001:db8::1"),
		"[2001:db8::1]:3389":      ip("2001:db8::1"),
		"00:1B:44:11:3A:B7":       mac("00:1b:44:11:3a:b7"),
		"00-1B-44-11-3A-B7":       mac("00:1b:44:11:3a:b7"),
		"001b.4411.3ab7":          mac("00:1b:44:11:3a:b7"),
		"ecf4-bb37-ddaa":          mac("ec:f4:bb:37:dd:aa"),
		"AA-BB-CC-DD-EE-FF:SSID":  mac("aa:bb:cc:dd:ee:ff"),
		"00:1b:44:ff:fe:11:3a:b7": mac("00:1b:44:ff:fe:11:3a:b7"), // EUI-64, no IPv6 address
		"":                        {},
	} {
		e, n := decode(t, fmt.Sprintf(`"EventType":1,"ClientAddress":%q`, sent))
		assert.Empty(t, cmp.Diff(want, e.Client, eventOptions), sent)
		assert.Equal(t, sent, n.ClientAddress)
		warned(t, e, sent)
	}
	e, _ := decode(t, `"ClientAddress":"192.0.2.1, 10.0.0.1"`)
	assert.Empty(t, cmp.Diff(ip("192.0.2.1"), e.Client, eventOptions))
	warned(t, e, "list", event.Warning{Path: "/ClientAddress", Want: "one IP address", Got: "list"})

	e, n := decode(t, `"client ip":"LAPTOP7"`)
	assert.Zero(t, e.Client)
	assert.Equal(t, "LAPTOP7", n.ClientAddress)
	warned(t, e, "no address", event.Warning{Path: "/client ip", Want: "IP or MAC address", Got: "string"})
}

func TestCountries(t *testing.T) {
	for sent, code := range map[string]string{
		"NO": "NO", "no": "NO", "NOR": "NO", "Norway": "NO", "France": "FR", "UK": "GB", "Korea, Republic of": "KR", "XX": "", "Atlantis": "", "": "",
	} {
		e, _ := decode(t, fmt.Sprintf(`"EventType":1,"Country":%q`, sent))
		assert.Equal(t, event.Location{Country: sent, CountryCode: code}, e.Location, sent)
		warned(t, e, sent)
	}
}

// A value of another JSON type is converted where it can be, and kept in Extra where
// it cannot.
func TestOtherTypes(t *testing.T) {
	for members, want := range map[string]struct {
		field func(*userlock.Notification) string
		value string
		got   string // in the warning; "" without one
	}{
		`"UserAccount":17`:                    {func(n *userlock.Notification) string { return n.UserAccount }, "17", "number"},
		`"UserAccount":true`:                  {func(n *userlock.Notification) string { return n.UserAccount }, "true", "boolean"},
		`"UserAccount":["ada"]`:               {func(n *userlock.Notification) string { return n.UserAccount }, "ada", "array"},
		`"SessionId":12345678901234567890123`: {func(n *userlock.Notification) string { return string(n.SessionID) }, "12345678901234567890123", ""},
		`"Status":false`:                      {func(n *userlock.Notification) string { return string(n.Status) }, "false", ""},
		`"Country":{"code":"NO"}`:             {func(n *userlock.Notification) string { return string(n.Extra["Country"]) }, `{"code":"NO"}`, "object"},
		`"LogonInfo":["a","b"]`:               {func(n *userlock.Notification) string { return string(n.Extra["LogonInfo"]) }, `["a","b"]`, "array"},
	} {
		e, n := decode(t, `"EventType":1,`+members)
		assert.Equal(t, want.value, want.field(n), members)
		assert.Equal(t, event.SessionStarted, e.Type, members)
		if want.got == "" {
			warned(t, e, members)
			continue
		}
		require.Len(t, e.Warnings, 1, members)
		assert.Equal(t, "string", e.Warnings[0].Want, members)
		assert.Equal(t, want.got, e.Warnings[0].Got, members)
	}
}

// TestSamples reads the payloads that were constructed after the vendor's pages where
// they are at hand.
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
		e, err := check(t, userlock.Config{IDs: event.Secrets(primary, other)}, string(body))
		require.NoError(t, err, name)
		warned(t, e, name)
		assert.NotEqual(t, event.Unknown, e.Type, name)
		assert.NotEmpty(t, e.User.Name, name)
		assert.False(t, e.Payload.(*userlock.Notification).EventTime.IsZero(), name)
	}
}
