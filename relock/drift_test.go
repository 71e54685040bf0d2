package relock_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/drifttest"
	"github.com/accesshook/accesshook/relock"
)

// drifts are all payloads, and the envelope.
func drifts() map[string]drifttest.Payload {
	all := make(map[string]drifttest.Payload)
	add := func(name, body, path string, t reflect.Type) {
		all[name] = drifttest.Payload{
			Vendor: relock.Vendor, Decode: relock.Decode, Type: t, Body: body, Path: path,
			Ignore: func(w event.Warning) bool {
				return strings.HasSuffix(w.Want, "IP address") || w.Got == "neither"
			},
		}
	}
	for name, payload := range map[string]any{
		"authentication.success": relock.AuthenticationSucceeded{},
		"authentication.failed":  relock.AuthenticationFailed{},
		"device.registered":      relock.DeviceRegistered{},
		"device.revoked":         relock.DeviceRevoked{},
		"session.created":        relock.SessionCreated{},
		"session.ended":          relock.SessionEnded{},
		"security.alert":         relock.SecurityAlert{},
		"passkey.created":        relock.Unknown{},
	} {
		add(name, `{"event":"`+name+`","data":%s}`, "/data", reflect.TypeOf(payload))
	}
	type envelope struct {
		Event string         `json:"event"`
		Extra map[string]any `json:",embed"`
	}
	add("envelope", `%s`, "", reflect.TypeFor[envelope]())
	return all
}

// Whatever another JSON type than documented a field gets, nothing disappears.
func TestDrift(t *testing.T) {
	for name, p := range drifts() {
		t.Run(name, p.Run)
	}
}

func FuzzDrift(f *testing.F) { drifttest.Fuzz(f, drifts()) }
