package loginradius_test

import (
	"reflect"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/drifttest"
	"github.com/accesshook/accesshook/loginradius"
)

// drifts are all that a body may hold.
func drifts() map[string]drifttest.Payload {
	all := make(map[string]drifttest.Payload)
	add := func(name, body, path string, t reflect.Type) {
		all[name] = drifttest.Payload{
			Vendor: loginradius.Vendor, Decode: loginradius.Decode, Type: t, Body: body, Path: path,
			Ignore: func(w event.Warning) bool { return w.Got == "neither" },
		}
	}
	add("Hook", `%s`, "", reflect.TypeFor[loginradius.Hook]())
	add("Profile", `{"HookName":"login","Data":%s}`, "/Data", reflect.TypeFor[loginradius.Profile]())
	add("Object", `{"HookName":"createcustomobject","Data":%s}`, "/Data", reflect.TypeFor[loginradius.CustomObject]())
	type removal struct {
		UserProfile *struct {
			UID          string `json:"Uid"`
			Password     event.Secret
			Email        []loginradius.Email
			PIN          loginradius.PIN
			CustomFields map[string]string
		}
		RemovedEmail string
	}
	add("removal", `{"HookName":"removeemail","Data":%s}`, "/Data", reflect.TypeFor[removal]())
	return all
}

// Whatever another JSON type than documented a field gets, nothing disappears
// without a warning.
func TestDrift(t *testing.T) {
	for name, p := range drifts() {
		t.Run(name, p.Run)
	}
}

func FuzzDrift(f *testing.F) { drifttest.Fuzz(f, drifts()) }
