package unloc_test

import (
	"reflect"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/drifttest"
	"github.com/accesshook/accesshook/unloc"
)

func drifts() map[string]drifttest.Payload {
	return map[string]drifttest.Payload{"access event": {
		Vendor: unloc.Vendor, Decode: unloc.Decode, Type: reflect.TypeFor[unloc.AccessEvent](), Body: `%s`,
		Ignore: func(w event.Warning) bool { return w.Got == "neither" },
	}}
}

// Whatever other JSON type a field has, nothing disappears.
func TestDrift(t *testing.T) { drifts()["access event"].Run(t) }

func FuzzDrift(f *testing.F) { drifttest.Fuzz(f, drifts()) }
