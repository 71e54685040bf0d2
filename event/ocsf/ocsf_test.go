package ocsf_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ocsf"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/internal/encodertest/ocsfschema"
)

func TestGolden(t *testing.T) { encodertest.Golden(t, ocsf.Append) }
func TestCommon(t *testing.T) { encodertest.Common(t, ocsf.Append) }

func document(t testing.TB, e *event.Event) map[string]any {
	t.Helper()
	b, err := ocsf.Append(nil, e)
	require.NoError(t, err)
	return encodertest.JSON(t, b)
}

// at returns what is at a path such as "user.name" in a document, or nil.
func at(document map[string]any, path string) any {
	var value any = document
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func TestDocumentsAreValid(t *testing.T) {
	s := ocsfschema.Read(t)
	for _, c := range encodertest.Cases(t) {
		d := document(t, c.Event)
		assert.Empty(t, s.Check(d), "%s %s", c.Name, d)
		assert.Equal(t, float64(c.Event.Time.UnixMilli()), d["time"])
		assert.NotNil(t, d["observables"])
	}
}

// some are values of fields that a vendor may send, or not.
var some = []func(*event.Event){
	func(e *event.Event) { e.User.Name = "ada" },
	func(e *event.Event) { e.User.ID = "u-1" },
	func(e *event.Event) { e.User.Email = "ada@example.com" },
	func(e *event.Event) { e.User.Email = "ada at example" },
	func(e *event.Event) { e.User.Phone = "+4790001234" },
	func(e *event.Event) { e.User.FullName = "Ada Okoye" },
	func(e *event.Event) { e.User.Domain = "EXAMPLE" },
	func(e *event.Event) { e.Session = event.Session{ID: "s", Type: "terminal", Duration: time.Minute} },
	func(e *event.Event) { e.Session = event.Session{Type: "Other", Expires: time.Unix(1e9, 0)} },
	func(e *event.Event) { e.Device.ID = "d" },
	func(e *event.Event) { e.Device.Name = "DESK-21" },
	func(e *event.Event) { e.Device.Type = "mobile" },
	func(e *event.Event) { e.Device.Type = "Other" },
	func(e *event.Event) { e.Device.OS = "Windows 11" },
	func(e *event.Event) { e.Device.OS = "unknown" },
	func(e *event.Event) { e.Device.Browser = "b" },
	func(e *event.Event) { e.Lock.ID = "l" },
	func(e *event.Event) { e.Lock.Name = "Front door" },
	func(e *event.Event) { e.Lock.KeyID = "k" },
	func(e *event.Event) { e.Client.Address = netip.MustParseAddr("2001:db8::1") },
	func(e *event.Event) { e.Client.Address = netip.MustParseAddr("::ffff:192.0.2.1") },
	func(e *event.Event) { e.Client.Address = netip.MustParseAddr("fe80::1%eth0") },
	func(e *event.Event) { e.Client.MAC = "00:1b:44:11:3a:b7" },
	func(e *event.Event) { e.Client.MAC = "00:11:22:33:44:55:66:77" },
	func(e *event.Event) { e.Client.Name = "LAPTOP-7" },
	func(e *event.Event) { e.Client.UserAgent = "ExampleBrowser/1.0" },
	func(e *event.Event) { e.Location = event.Location{Country: "Norway"} },
	func(e *event.Event) { e.Location = event.Location{CountryCode: "NO", Timezone: "Europe/Oslo"} },
	func(e *event.Event) { e.Location = event.Location{City: "Oslo"} },
	func(e *event.Event) { e.Outcome, e.Severity = event.OutcomeFailure, event.SeverityCritical },
	func(e *event.Event) { e.Reason, e.Source, e.VendorType = "r", "s", "v" },
	func(e *event.Event) { e.Received = time.Date(9999, 12, 31, 23, 59, 59, 1e9-1, time.UTC) },
	func(e *event.Event) { e.Time = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) },
}

// Whatever fields an event has, its document is valid.
func TestDocumentsOfPartsAreValid(t *testing.T) {
	s := ocsfschema.Read(t)
	types := append(event.Types(), "", "door.forced", "lock.jammed", "device.lost", "account.merged", "session.idle", "authentication.tried", "object.read", "security.", "x")
	for _, vendor := range []string{"acme", "userlock"} {
		for _, typ := range types {
			base := event.Event{ID: "id", Vendor: vendor, Type: typ}
			assert.Empty(t, s.Check(document(t, &base)), "%s %s", vendor, typ)
			for i, one := range some {
				e := base
				one(&e)
				assert.Empty(t, s.Check(document(t, &e)), "%s %s %d", vendor, typ, i)
				some[(i*7+3)%len(some)](&e)
				assert.Empty(t, s.Check(document(t, &e)), "%s %s %d and another", vendor, typ, i)
			}
		}
	}
}

// Nothing of an event is lost, but for its payload and warnings.
func TestEverythingIsSomewhere(t *testing.T) {
	for _, vendor := range []string{"acme", "userlock"} {
		for _, typ := range append(event.Types(), "door.forced") {
			e := &event.Event{
				ID: "the-id", Vendor: vendor, Source: "the-source", Type: typ, VendorType: "the-word", Reason: "the-reason",
				User:    event.User{ID: "user-id", Name: "user-name", FullName: "full-name", Domain: "the-domain", Email: "no-address", Phone: "the-phone"},
				Session: event.Session{ID: "session-id", Type: "session-type", Expires: time.UnixMilli(1e12), Duration: 1234 * time.Millisecond},
				Device:  event.Device{ID: "device-id", Name: "device-name", Type: "device-type", OS: "device-os", Browser: "device-browser"},
				Lock:    event.Lock{ID: "lock-id", Name: "lock-name", KeyID: "key-id"},
				Client: event.Client{
					Address: netip.MustParseAddr("2001:db8::7"), MAC: "00:1b:44:11:3a:b7", Name: "client-name", UserAgent: "user-agent",
				},
				Location: event.Location{Country: "the-country", CountryCode: "NO", City: "the-city", Timezone: "the-zone"},
				Time:     time.UnixMilli(1_111_111_111_111), Received: time.UnixMilli(1_222_222_222_222),
			}
			b, err := ocsf.Append(nil, e)
			require.NoError(t, err)
			text := strings.ReplaceAll(string(b), "2001-09-09T01:46:40Z", "1000000000000")
			for _, part := range []string{
				"/the-id", "the-source", string(typ), "the-word", "the-reason", "user-id", "user-name", "full-name", "the-domain", "no-address", "the-phone",
				"session-id", "session-type", "1000000000000", "1234", "device-id", "device-name", "device-type", "device-os", "device-browser",
				"lock-id", "lock-name", "key-id", "2001:db8::7", "00:1b:44:11:3a:b7", "client-name", "user-agent",
				"the-country", "NO", "the-city", "the-zone", "1111111111111", "1222222222222",
			} {
				assert.Contains(t, text, part, "%s %s", vendor, typ)
			}
		}
	}
}

// What detections look at.
func TestAttributes(t *testing.T) {
	cases := make(map[string]map[string]any)
	for _, c := range encodertest.Cases(t) {
		cases[c.Name] = document(t, c.Event)
	}
	for name, attributes := range map[string]map[string]any{
		"userlock/1": {
			"class_uid": 3002., "activity_id": 1., "status_id": 1., "logon_type_id": 2., "is_remote": nil, "auth_protocol": nil, "auth_protocol_id": nil,
			"user.name": "aokoye", "user.domain": "EXAMPLE", "src_endpoint.ip": "192.0.2.21", "dst_endpoint.hostname": "DESK-21", "session.uid": "5A1C00000012",
			"src_endpoint.location.country": "NO", "unmapped.location.country": "Norway", "metadata.product.vendor_name": "IS Decisions", "metadata.event_code": "1",
			"service": nil,
		},
		"userlock/0":                     {"activity_id": 2.},
		"userlock/2":                     {"class_uid": 3002., "activity_id": 99., "activity_name": "Lock"},
		"userlock/3":                     {"activity_id": 1., "logon_type_id": 7.},
		"userlock/5":                     {"activity_id": 99., "activity_name": "Reconnect"},
		"userlock/6":                     {"activity_id": 99., "activity_name": "Disconnect"},
		"userlock/420":                   {"status_id": 2., "is_remote": true, "logon_type_id": 10., "status_detail": "denied_by_active_directory", "severity_id": 3.},
		"userlock/201":                   {"src_endpoint.mac": "00:1b:44:11:3a:b7", "src_endpoint.ip": nil},
		"userlock/777":                   {"class_uid": 0., "device.hostname": "DESK-21", "actor.user.name": "aokoye", "unmapped.client.address": "192.0.2.21"},
		"unloc/unlocked":                 {"class_uid": 3004., "activity_name": "Unlock", "entity.uid": "a4b8f7c2-1c55-4f0d-9e8b-2f7e5a9c0d33", "actor.user.uid": "+4790001234"},
		"unloc/viewedCode":               {"activity_id": 2.},
		"relock/authentication.success":  {"service.name": "Relock", "service.uid": "intranet", "src_endpoint.uid": "d-12", "http_request.user_agent": "ExampleBrowser/1.0"},
		"relock/session.ended":           {"duration": 1800000.},
		"relock/session.created":         {"session.expiration_time": 1778751067000., "session.created_time": 1778747467250.},
		"relock/device.registered":       {"class_uid": 3004., "activity_id": 6., "entity.device.uid": "d-12", "entity.device.type_id": 5., "src_endpoint.uid": nil},
		"relock/device.revoked":          {"activity_id": 7., "entity.uid": "d-12"},
		"relock/security.alert":          {"class_uid": 2004., "is_alert": true, "severity_id": 5., "finding_info.title": "Attempts from two places at once", "status": "New"},
		"loginradius/blockaccount":       {"class_uid": 3001., "activity_id": 5.},
		"loginradius/assignroles":        {"class_uid": 3005., "activity_id": 1., "user.name": "yuki"},
		"loginradius/unassignroles":      {"activity_id": 2.},
		"loginradius/removerolecontext":  {"activity_id": 2.},
		"loginradius/addemail":           {"activity_id": 99., "activity_name": "Email Addition", "type_uid": 300199.},
		"loginradius/createcustomobject": {"class_uid": 3004., "activity_id": 1., "entity.user.uid": "uid-5"},
	} {
		for path, want := range attributes {
			assert.Equal(t, want, at(cases[name], path), "%s %s", name, path)
		}
	}
}

// The key is another one for every vendor, source and ID.
func TestUID(t *testing.T) {
	seen := make(map[any]string)
	parts := []string{"a", "b", "a/b", "a%2Fb", "b/a", "a/b/a", "%", "/"}
	for _, vendor := range parts {
		for _, source := range parts {
			for _, id := range parts {
				uid := at(document(t, &event.Event{ID: id, Vendor: vendor, Source: source}), "metadata.uid")
				name := fmt.Sprintf("%q %q %q", vendor, source, id)
				assert.NotContains(t, seen, uid, name)
				seen[uid] = name
			}
		}
	}
	same := document(t, &event.Event{ID: "a", Vendor: "acme"})
	assert.Equal(t, "acme/acme/a", at(same, "metadata.uid"), "without a source it is the vendor's")
}

func TestTime(t *testing.T) {
	e := event.Event{ID: "a", Vendor: "acme"}
	assert.Equal(t, 0., document(t, &e)["time"])
	e.Received = time.UnixMilli(1500)
	assert.Equal(t, 1500., document(t, &e)["time"])
	e.Time = time.UnixMilli(-1)
	assert.Equal(t, -1., document(t, &e)["time"])
	assert.Equal(t, 1500., at(document(t, &e), "metadata.logged_time"))
}

// A session cannot have lasted less than no time.
func TestDuration(t *testing.T) {
	for duration, want := range map[time.Duration]any{
		time.Minute: 60_000., 1<<63 - 1: 9_223_372_036_854., 1: nil, 0: nil, -1: nil, -time.Hour: nil,
	} {
		d := document(t, &event.Event{ID: "a", Vendor: "acme", Type: event.SessionEnded, Session: event.Session{Duration: duration}})
		assert.Equal(t, want, d["duration"], duration)
	}
}

// Values of other forms than the schema's are no attributes.
func TestForms(t *testing.T) {
	s := ocsfschema.Read(t)
	for _, email := range []string{
		"ada@example.com", "a.b+c@mail.example.com", "@example.com", "ada@", "ada@example", "ada@.com", "ada@example.", "a@b@example.com", "å@example.com",
		"a b@example.com", "ada@ex_ample.com", "ada@example..com", "(a)@example.com", "a,b@example.com", "a\n@example.com", "",
	} {
		d := document(t, &event.Event{ID: "a", Vendor: "acme", Type: event.AccountUpdated, User: event.User{ID: "u", Email: email}})
		fits := s.Matches("email_t", email)
		assert.Equal(t, fits, at(d, "user.email_addr") == email, email)
		assert.Equal(t, !fits && email != "", at(d, "unmapped.user.email") == email, email)
	}
	for _, mac := range []string{
		"00:1b:44:11:3a:b7", "00:1B:44:11:3A:B7", "00:1b:44:11:3a:b", "00:1b:44:11:3a:b7:00:00", "001b44113ab7", "g0:1b:44:11:3a:b7", "00:1b:44:11:3a:`7",
	} {
		d := document(t, &event.Event{ID: "a", Vendor: "acme", Type: event.AuthenticationFailed, Client: event.Client{MAC: mac}})
		fits := s.Matches("mac_t", mac)
		assert.Equal(t, fits, at(d, "src_endpoint.mac") == mac, mac)
		assert.Equal(t, !fits, at(d, "unmapped.client.mac") == mac, mac)
	}
}

// What a class has a place for only in part is not lost.
func TestUnmapped(t *testing.T) {
	e := event.Event{ID: "a", Vendor: "acme", Source: "acme", Type: event.SessionStarted, Time: time.UnixMilli(1000)}
	e.Client.Address = netip.MustParseAddr("fe80::1%eth0")
	d := document(t, &e)
	assert.Equal(t, "fe80::1", at(d, "src_endpoint.ip"))
	assert.Equal(t, "fe80::1%eth0", at(d, "unmapped.client.address"))
	assert.Equal(t, "acme", at(d, "service.name"))
	assert.Nil(t, at(d, "service.uid"), "the endpoint has no name of its own")
	assert.Nil(t, at(d, "session.created_time"), "of a session that nobody can find")

	e.Type, e.Outcome = event.SecurityAlert, event.OutcomeFailure
	assert.Equal(t, "Failure", at(document(t, &e), "unmapped.outcome"))
}

func TestDevices(t *testing.T) {
	for word, want := range map[string]string{
		"mobile": "Mobile", "Phone": "Mobile", "LAPTOP": "Laptop", "browser": "Browser", "watch": "watch", "other": "Unknown", "unknown": "Unknown", "": "Unknown",
	} {
		d := document(t, &event.Event{ID: "a", Vendor: "acme", Type: event.DeviceRegistered, Device: event.Device{ID: "d", Type: word}})
		assert.Equal(t, want, at(d, "entity.device.type"), word)
	}
	for word, want := range map[string]any{
		"Windows 11": 100., "macOS 15": 300., "Mac OS X": 300., "iOS 19": 301., "iPadOS": 302., "Android 16": 201., "Linux": 200., "iOSlike": 301., "BeOS": 99., "unknown": 0., "": nil,
	} {
		d := document(t, &event.Event{ID: "a", Vendor: "acme", Type: event.DeviceRegistered, Device: event.Device{ID: "d", OS: word}})
		assert.Equal(t, want, at(d, "entity.device.os.type_id"), word)
	}
}
