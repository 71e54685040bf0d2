package userlock_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/drifttest"
	"github.com/accesshook/accesshook/userlock"
)

// drifts are the ways to an event.
func drifts(t testing.TB) map[string]drifttest.Payload {
	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary)})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	all := make(map[string]drifttest.Payload)
	for name, decode := range map[string]func([]byte) (*event.Event, error){
		"Decode":          userlock.Decode,
		"Endpoint.Decode": hook.Decode,
		"Endpoint.Check": func(body []byte) (*event.Event, error) {
			return hook.Check(r, append([]byte(`{"Key":"`+primary+`",`), body[1:]...))
		},
	} {
		all[name] = drifttest.Payload{
			Vendor: userlock.Vendor, Type: reflect.TypeFor[userlock.Notification](), Body: `%s`,
			Decode: func(body []byte) (*event.Event, error) {
				e, err := decode(body)
				if err == nil {
					e.Raw, e.Credential = nil, "" // no encoding has them
				}
				return e, err
			},
			Ignore: func(w event.Warning) bool {
				return w.Want == "IP or MAC address" || w.Got == "control character" || w.Got == "none"
			},
		}
	}
	return all
}

// Whatever other JSON type a field has, nothing disappears.
func TestDrift(t *testing.T) {
	for name, p := range drifts(t) {
		t.Run(name, p.Run)
	}
}

func FuzzDrift(f *testing.F) { drifttest.Fuzz(f, drifts(f)) }
