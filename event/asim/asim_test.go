package asim_test

import (
	"encoding/csv"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/asim"
	"github.com/accesshook/accesshook/internal/encodertest"
)

func TestGolden(t *testing.T) { encodertest.Golden(t, asim.Append) }

func TestCommon(t *testing.T) { encodertest.Common(t, asim.Append) }

type object = map[string]any

// encode returns the record of e, which begins a session if it has no type.
func encode(t *testing.T, e event.Event) object {
	t.Helper()
	e.ID = "id-1"
	if e.Vendor == "" {
		e.Vendor = "acme"
	}
	if e.Type == "" {
		e.Type = event.SessionStarted
	}
	record, err := asim.Append(nil, &e)
	require.NoError(t, err)
	return encodertest.JSON(t, record)
}

// everything returns an event with all fields.
func everything(vendor string) event.Event {
	oslo := time.FixedZone("", 2*60*60)
	return event.Event{
		Vendor: vendor, Source: "head-office", VendorType: "v", Type: event.AuthenticationFailed,
		Time: time.Date(2026, 5, 14, 10, 31, 7, 25e7, oslo), Received: time.Date(2026, 5, 14, 10, 31, 9, 0, oslo),
		Outcome: event.OutcomeFailure, Severity: event.SeverityCritical, Reason: "wrong_password",
		User:     event.User{ID: "u-1", Name: "aokoye", Domain: "EXAMPLE", FullName: "Ada Okoye", Email: "ada@example.com", Phone: "+4790001234"},
		Session:  event.Session{ID: "s-1", Type: "terminal", Expires: time.Date(2026, 5, 15, 0, 0, 0, 0, oslo), Duration: 1500 * time.Millisecond},
		Device:   event.Device{ID: "d-1", Name: "desk-21.example.com", Type: "desktop", OS: "ExampleOS 3", Browser: "ExampleBrowser"},
		Lock:     event.Lock{ID: "l-1", Name: "Front door", KeyID: "k-1"},
		Client:   event.Client{Address: netip.MustParseAddr("fe80::1%eth0"), MAC: "00:1b:44:11:3a:b7", Name: "laptop-7.example.net", UserAgent: "ExampleBrowser/1.0"},
		Location: event.Location{Country: "Norway", CountryCode: "NO", City: "Oslo", Timezone: "Europe/Oslo"},
	}
}

func TestWholeRecord(t *testing.T) {
	assert.Empty(t, cmp.Diff(object{
		"TimeGenerated": "2026-05-14T08:31:07.25Z", "EventStartTime": "2026-05-14T08:31:07.25Z", "EventEndTime": "2026-05-14T08:31:07.25Z",
		"EventCount": 1.0, "EventSchema": "Authentication", "EventSchemaVersion": "0.1.3",
		"EventType": "Logon", "EventSubType": "RemoteInteractive", "EventResult": "Failure",
		"EventResultDetails": "Incorrect password", "EventOriginalResultDetails": "wrong_password",
		"EventSeverity": "High", "EventOriginalSeverity": "critical", "EventOriginalUid": "id-1", "EventOriginalType": "v",
		"EventMessage": `A logon of Ada Okoye (EXAMPLE\aokoye) to desk-21.example.com from fe80::1 in Oslo, Norway was refused: wrong password.`,
		"EventVendor":  "IS Decisions", "EventProduct": "UserLock", "Dvc": "UserLock",
		"TargetUsername": `EXAMPLE\aokoye`, "TargetUsernameType": "Windows", "User": `EXAMPLE\aokoye`,
		"TargetUserId": "u-1", "TargetUserIdType": "Other", "TargetSessionId": "s-1",
		"TargetHostname": "desk-21", "TargetDomain": "example.com", "TargetDomainType": "FQDN", "TargetDvcOs": "Windows",
		"SrcIpAddr": "fe80::1", "SrcHostname": "laptop-7", "SrcDomain": "example.net", "SrcDomainType": "FQDN",
		"HttpUserAgent": "ExampleBrowser/1.0", "SrcGeoCountry": "NO", "SrcGeoCity": "Oslo",
		"SrcDvcOs": "ExampleOS 3",
		"AdditionalFields": object{
			"type": "authentication.failed", "source": "head-office", "received": "2026-05-14T08:31:09Z",
			"userFullName": "Ada Okoye", "userEmail": "ada@example.com", "userPhone": "+4790001234",
			"sessionType": "terminal", "sessionExpires": "2026-05-14T22:00:00Z", "sessionSeconds": 1.5,
			"clientMac": "00:1b:44:11:3a:b7", "deviceId": "d-1", "deviceType": "desktop", "browser": "ExampleBrowser", "timezone": "Europe/Oslo",
			"lockId": "l-1", "lockName": "Front door", "keyId": "k-1",
		},
	}, encode(t, everything("userlock"))))
}

func TestHas(t *testing.T) {
	for _, typ := range append(event.Types(), "", "acme.own") {
		want := map[event.Type]any{
			event.AuthenticationSucceeded: "Logon", event.AuthenticationFailed: "Logon",
			event.SessionStarted: "Logon", event.SessionEnded: "Logoff",
		}[typ]
		assert.Equal(t, want != nil, asim.Has(typ), typ)
		record, err := asim.Append([]byte("before"), &event.Event{ID: "i", Vendor: "acme", Type: typ})
		if want == nil {
			assert.ErrorIs(t, err, asim.ErrNotAuthentication, typ)
			assert.Equal(t, "before", string(record))
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, want, encodertest.JSON(t, record[len("before"):])["EventType"])
	}
}

func TestResult(t *testing.T) {
	for outcome, want := range map[event.Outcome]string{
		event.OutcomeUnknown: "NA", event.OutcomeSuccess: "Success", event.OutcomeFailure: "Failure", -1: "NA", 3: "NA",
	} {
		got := encode(t, event.Event{Outcome: outcome, Reason: "account_locked"})
		assert.Equal(t, want, got["EventResult"])
		assert.Equal(t, want == "Failure", got["EventResultDetails"] == "User locked")
	}
	for reason, want := range map[string]string{
		"": "Other", "whatever": "Other", "denied_by_userlock": "Logon violates policy", "denied_by_active_directory": "No such user or password",
	} {
		assert.Equal(t, want, encode(t, event.Event{Outcome: event.OutcomeFailure, Reason: reason})["EventResultDetails"])
	}
}

// A session cannot have lasted less than no time.
func TestDuration(t *testing.T) {
	for duration, want := range map[time.Duration]any{1500 * time.Millisecond: 1.5, 0: nil, -time.Hour: nil} {
		fields, _ := encode(t, event.Event{Session: event.Session{Duration: duration}})["AdditionalFields"].(object)
		assert.Equal(t, want, fields["sessionSeconds"], duration)
	}
}

// Vendors write their words in capitals, too, and in words of their own.
func TestWords(t *testing.T) {
	for word, want := range map[string]any{
		"terminal": "RemoteInteractive", "Terminal": "RemoteInteractive", "Workstation": "Interactive", "SAAS": "Remote",
		"": nil, "kiosk": nil, strings.Repeat("terminal", 20): nil,
	} {
		assert.Equal(t, want, encode(t, event.Event{Session: event.Session{Type: word}})["EventSubType"], word)
	}
	got := encode(t, event.Event{Outcome: event.OutcomeFailure, Reason: "INVALID_PASSWORD"})
	assert.Equal(t, "Incorrect password", got["EventResultDetails"])
	e := everything("userlock")
	e.ID, e.Session.Type, e.Device.Type, e.Reason = "id-1", "Terminal", "Mobile", "INVALID_PASSWORD"
	buffer := make([]byte, 0, 16<<10)
	assert.LessOrEqual(t, testing.AllocsPerRun(20, func() { _, _ = asim.Append(buffer, &e) }), 2.)
}

// A user is a Windows account, an address or a plain name, and rules count the IDs.
func TestUser(t *testing.T) {
	for _, tt := range []struct {
		user                   event.User
		name, kind, id, idType any
	}{
		{event.User{}, nil, nil, nil, nil},
		{event.User{FullName: "Ada"}, nil, nil, nil, nil},
		{event.User{Name: "ada", Domain: "EXAMPLE"}, `EXAMPLE\ada`, "Windows", `EXAMPLE\ada`, "Other"},
		{event.User{Name: "ada"}, "ada", "Simple", "ada", "Other"},
		{event.User{Name: "ada@example.com", ID: "7"}, "ada@example.com", "UPN", "7", "Other"},
		{event.User{Name: "ada@example.com", Domain: "EXAMPLE"}, "ada@example.com", "UPN", "ada@example.com", "Other"},
		{event.User{Email: "ada@example.com"}, "ada@example.com", "UPN", "ada@example.com", "Other"},
		{event.User{Domain: "EXAMPLE", ID: "7"}, "7", "Simple", "7", "Other"},
	} {
		got := encode(t, event.Event{User: tt.user})
		assert.Equal(t, []any{tt.name, tt.kind, tt.id, tt.idType},
			[]any{got["TargetUsername"], got["TargetUsernameType"], got["TargetUserId"], got["TargetUserIdType"]})
		assert.Equal(t, tt.name, got["User"])
		fields, _ := got["AdditionalFields"].(object)
		assert.Equal(t, tt.user.Domain != "" && tt.kind != "Windows", fields["userDomain"] == "EXAMPLE")
	}
}

func TestHosts(t *testing.T) {
	for name, want := range map[string][2]any{
		"DESK-21": {"DESK-21", nil}, "a.b.c": {"a", "b.c"}, "192.0.2.1": {"192.0.2.1", nil}, "::ffff:192.0.2.1": {"::ffff:192.0.2.1", nil}, ".a": {".a", nil}, "a.": {"a.", nil},
	} {
		got := encode(t, event.Event{Vendor: "userlock", Device: event.Device{Name: name}, Client: event.Client{Name: name}})
		assert.Equal(t, want, [2]any{got["TargetHostname"], got["TargetDomain"]})
		assert.Equal(t, want, [2]any{got["SrcHostname"], got["SrcDomain"]})
	}
	got := encode(t, event.Event{Vendor: "relock", Device: event.Device{Name: "Pocket phone", Type: "watch"}})
	assert.Nil(t, got["TargetHostname"])
	assert.Equal(t, "Pocket phone", got["AdditionalFields"].(object)["deviceName"])
}

func TestCountryIsACodeIfThereIsOne(t *testing.T) {
	assert.Equal(t, "NO", encode(t, event.Event{Location: event.Location{Country: "Norway", CountryCode: "NO"}})["SrcGeoCountry"])
	assert.Equal(t, "Atlantis", encode(t, event.Event{Location: event.Location{Country: "Atlantis"}})["SrcGeoCountry"])
}

// A field is what the schema says about one.
type field struct {
	typ, class string
	values     []string
}

func TestSchema(t *testing.T) {
	text, err := os.Open(filepath.Join(encodertest.Schemas(t), "asim", "authentication.csv"))
	require.NoError(t, err)
	defer text.Close()
	reader := csv.NewReader(text)
	reader.Comment = '#'
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	schema := make(map[string]field)
	for _, row := range rows {
		f := field{typ: row[1], class: row[2]}
		if row[3] != "" {
			f.values = strings.Split(row[3], "|")
		}
		schema[row[0]] = f
	}
	require.Equal(t, []string{"Logon", "Logoff", "Elevate"}, schema["EventType"].values)
	count := 0
	for _, c := range encodertest.Cases(t) {
		if asim.Has(c.Event.Type) {
			record, err := asim.Append(nil, c.Event)
			require.NoError(t, err)
			check(t, schema, encodertest.JSON(t, record))
			count++
		}
	}
	assert.Greater(t, count, 15)
	for _, vendor := range []string{"userlock", "acme"} {
		check(t, schema, encode(t, everything(vendor)))
	}
	for name, change := range map[string]func(object){
		"unknown field":     func(o object) { o["Nothing"] = "x" },
		"mandatory":         func(o object) { delete(o, "Dvc") },
		"conditional":       func(o object) { delete(o, "TargetUsernameType") },
		"value":             func(o object) { o["EventResult"] = "Denied" },
		"value of a detail": func(o object) { o["EventResultDetails"] = "Bad luck" },
		"number":            func(o object) { o["EventCount"] = "1" },
		"time":              func(o object) { o["TimeGenerated"] = "yesterday" },
		"empty":             func(o object) { o["Dvc"] = "" },
		"object":            func(o object) { o["Dvc"] = object{} },
	} {
		o := encode(t, everything("userlock"))
		change(o)
		assert.True(t, encodertest.Fails(t, func(t testing.TB) { check(t, schema, o) }), name)
	}
}

func check(t testing.TB, schema map[string]field, record object) {
	t.Helper()
	for name, v := range record {
		f, known := schema[name]
		require.True(t, known, name)
		switch f.typ {
		case "datetime":
			text, _ := v.(string)
			_, err := time.Parse(time.RFC3339, text)
			assert.NoError(t, err, name)
		case "int":
			assert.IsType(t, 0.0, v, name)
		case "string":
			text, _ := v.(string)
			assert.NotEmpty(t, text, name)
			assert.True(t, f.values == nil || slices.Contains(f.values, text), "%s: %s", name, text)
		case "dynamic":
			assert.IsType(t, object{}, v, name)
		default:
			t.Errorf("%s is a %s", name, f.typ)
		}
	}
	for name, f := range schema {
		switch f.class {
		case "Mandatory":
			assert.Contains(t, record, name)
		case "Conditional":
			assert.Equal(t, record[strings.TrimSuffix(name, "Type")] != nil, record[name] != nil, name)
		}
	}
}
