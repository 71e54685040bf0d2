package encodertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// A Case is an event, named after its vendor and the vendor's name of it: "userlock/420".
type Case struct {
	Name  string
	Event *event.Event
}

// What no encoder may write: the UserLock ID, the beginning of every secret of
// LoginRadius's, and the label of the credential.
const (
	serverID   = "7C9E6679-7425-40DE-944B-E07FC1F90AE7"
	canary     = "CANARY-9sKd-"
	credential = "label of a credential"
)

// newNames are events that no version of this module knows.
var newNames = map[string]string{
	userlock.Vendor: "777", unloc.Vendor: "calibrated", relock.Vendor: "passkey.created", loginradius.Vendor: "mergeaccounts",
}

var vendors = []struct {
	name, source string
	types        map[string]event.Type
	body         func(testing.TB, string) []byte
	decode       func([]byte) (*event.Event, error)
}{
	{userlock.Vendor, "head-office", userlock.EventTypes(), userlockBody, userlock.Decode},
	{unloc.Vendor, "doors", unloc.EventTypes(), unlocBody, unloc.Decode},
	{relock.Vendor, "intranet", relock.EventTypes(), relockBody, relock.Decode},
	{loginradius.Vendor, "shop", loginradius.EventTypes(), loginradiusBody, loginradius.Decode},
}

// Cases returns an event for each of the vendors' names of events, and one with a new
// name each. Their bodies have every documented field, with secrets where LoginRadius
// sends some. They are as if an endpoint with a name had received them.
func Cases(t testing.TB) []Case {
	t.Helper()
	var cases []Case
	for _, v := range vendors {
		names := append(slices.Collect(maps.Keys(v.types)), newNames[v.name])
		slices.Sort(names)
		for _, name := range names {
			body := v.body(t, name)
			e, err := v.decode(body)
			require.NoError(t, err)
			require.Empty(t, e.Warnings, "%s", body)
			e.Source, e.Credential, e.Raw = v.source, credential, body
			e.Received = time.Date(2026, 5, 14, 8, 31, 9, 400e6, time.UTC)
			cases = append(cases, Case{v.name + "/" + name, e})
		}
	}
	return cases
}

// userlockBody leaves out SessionType, since the code tells it.
func userlockBody(_ testing.TB, code string) []byte {
	address, info := "192.0.2.21", ""
	if len(code) == 3 && code[0] == '2' { // Wi-Fi
		address = "00:1B:44:11:3A:B7"
	}
	if strings.HasSuffix(code, "20") {
		info = `,"LogonInfo":"unknown user name or bad password"`
	}
	return []byte(`{"UserLockId":"` + serverID + `","EventType":` + code + `,"EventTime":"2026-05-14T08:31:07.25Z",` +
		`"UserAccount":"aokoye","UserDomain":"EXAMPLE","UserFullName":"Ada Okoye",` +
		`"ComputerName":"DESK-21","ComputerSession":2,"ClientName":"LAPTOP-7","ClientAddress":"` + address + `",` +
		`"SessionId":"5A1C00000012","SubSessionId":1,"Country":"Norway","Status":0` + info + `}`)
}

func unlocBody(_ testing.TB, action string) []byte {
	return []byte(`{"id":"0b6f2f4e-52b4-4a0f-9d0e-3f6a1c7d9b55","action":"` + action + `","created":"2026-05-14T08:31:07.25Z",` +
		`"keyId":"3c1f6f0a-77a1-4f0e-8f0b-6d2f6f1f3d11","lockId":"a4b8f7c2-1c55-4f0d-9e8b-2f7e5a9c0d33","lockName":"Front door",` +
		`"appUserId":"+4790001234","userId":"+4790001234","userName":"Kari Moen"}`)
}

func relockBody(_ testing.TB, name string) []byte {
	const (
		at       = `"userId":"user-17","timestamp":"2026-05-14T08:31:07.25Z"`
		session  = `,"sessionId":"s-4711"`
		device   = `,"deviceId":"d-12"`
		address  = `,"ipAddress":"203.0.113.9"`
		agent    = `,"userAgent":"ExampleBrowser/1.0"`
		location = `,"location":{"country":"NO","city":"Oslo","timezone":"Europe/Oslo"}`
	)
	data := map[string]string{
		"authentication.success": session + device + address + agent + location,
		"authentication.failed":  session + address + agent + location + `,"reason":"device_not_trusted"`,
		"device.registered":      device + address + location + `,"deviceInfo":{"name":"Pocket phone","type":"mobile","os":"ExampleOS 3","browser":"ExampleBrowser"}`,
		"device.revoked":         device + `,"reason":"user_requested","revokedBy":"admin-3"`,
		"session.created":        session + device + address + agent + `,"expiresAt":"2026-05-14T09:31:07Z"`,
		"session.ended":          session + device + `,"reason":"user_logout","duration":1800`,
		"security.alert": address + location + `,"alertId":"a-5","alertType":"suspicious_activity","severity":"critical",` +
			`"description":"Attempts from two places at once","details":{"attemptCount":7}`,
		newNames[relock.Vendor]: session + device + address + agent + location,
	}
	return []byte(`{"event":"` + name + `","data":{` + at + data[name] + `}}`)
}

func loginradiusBody(t testing.TB, name string) []byte {
	h := &loginradius.Hook{HookName: name, Time: time.Date(2026, 5, 14, 8, 31, 7, 250e6, time.UTC), HookID: "h-31"}
	switch loginradius.EventTypes()[name] {
	case event.ObjectCreated, event.ObjectUpdated, event.ObjectDeleted:
		h.Object = new(loginradius.CustomObject)
		fill(reflect.ValueOf(h.Object), "Object", 0)
		h.Object.UID = "uid-5"
	default:
		h.RemovedEmail = "old@example.com"
		p := new(loginradius.Profile)
		fill(reflect.ValueOf(p), "Data", 0)
		p.UID, p.UserName, p.FullName, p.PhoneID = "uid-5", "yuki", "Yuki Adeyemi", "+81312345678"
		p.Email = []loginradius.Email{{Type: "Primary", Value: "yuki@example.com"}}
		p.LocalCountry, p.LocalCity = "Japan", "Osaka"
		h.Profile = p
	}
	// It writes the secrets in clear.
	r, err := loginradius.NewRequest(context.Background(), "http://localhost/", "a secret of 16 or more", h)
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return body
}

// fill gives every field of v a value: a name for a string, and a secret of its own for
// each [event.Secret].
func fill(v reflect.Value, name string, depth int) {
	const deepest = 20 // a type may hold itself
	switch {
	case depth > deepest:
	case v.Type() == reflect.TypeFor[event.Secret]():
		v.Set(reflect.ValueOf(event.NewSecret(canary + name)))
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`{"size":44}`))
	default:
		fillKind(v, name, depth+1)
	}
}

func fillKind(v reflect.Value, name string, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), name, depth)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name, depth)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name, depth)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"color": "blue"}))
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Int64, reflect.Int:
		v.SetInt(1)
	default:
		panic(fmt.Sprintf("encodertest: a field is a %s", v.Type()))
	}
}
