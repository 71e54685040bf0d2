package loginradius_test

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/loginradius"
)

// exactSecrets compares secrets by value, sameSecrets by whether they are there.
var (
	exactSecrets = cmp.Comparer(event.Secret.Equal)
	sameSecrets  = cmp.Options{
		cmp.Comparer(func(a, b event.Secret) bool { return a.IsZero() == b.IsZero() }),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	}
)

// roundTrip decodes, encodes and decodes again, alone and in a CloudEvent, and
// returns the event of the body and its line.
func roundTrip(t testing.TB, body []byte) (*event.Event, []byte) {
	t.Helper()
	e, err := loginradius.Decode(body)
	require.NoError(t, err)

	encoded, err := json.Marshal(e.Payload)
	require.NoError(t, err)
	again, err := loginradius.Decode(encoded)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(e.Payload, again.Payload, sameSecrets), "%s", encoded)
	for _, w := range again.Warnings { // of what Extra has, under the documented name, or of nothing at all
		require.True(t, w.Got == "neither" || slices.ContainsFunc(e.Warnings, func(had event.Warning) bool {
			return strings.EqualFold(had.Path, w.Path) && had.Want == w.Want && had.Got == w.Got
		}), "%v: %s", w, encoded)
	}

	line, err := cloudevent.Encode(e)
	require.NoError(t, err)
	require.NotContains(t, string(line), "\n")
	back, err := cloudevent.Decode(line, cloudevent.Payloads{loginradius.Vendor: loginradius.Decode})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(e, back, sameSecrets))
	return e, line
}

func TestRoundTrip(t *testing.T) {
	for name, text := range fixtures() {
		t.Run(name, func(t *testing.T) {
			_, line := roundTrip(t, []byte(text))
			assert.NotContains(t, string(line), canary)
		})
	}
}

// Every member that LoginRadius documents has a field, and gets it from a body.
func TestEveryMemberHasAField(t *testing.T) {
	_, h := decode(t, body("login", someTime, fullProfile()))
	var check func(path string, v reflect.Value)
	check = func(path string, v reflect.Value) {
		switch {
		case path == ".PIN.SkippedDate": // "never" in the fixture
		case v.Type() == reflect.TypeFor[event.Secret](), v.Kind() != reflect.Struct || v.NumField() == 0:
			assert.False(t, v.IsZero(), path)
		case v.Type().PkgPath() == "time":
			assert.False(t, v.IsZero(), path)
		default:
			for i := range v.NumField() {
				f := v.Field(i)
				check(path+"."+v.Type().Field(i).Name, f)
				if f.Kind() == reflect.Slice && f.Len() > 0 && f.Index(0).Kind() == reflect.Struct {
					check(path+"."+v.Type().Field(i).Name+"[0]", f.Index(0))
				}
			}
		}
	}
	// What a fixture has as "" on purpose is filled in here.
	p := h.Profile
	for _, i := range []*loginradius.Identity{&p.Identity, &p.Identities[0]} {
		i.Positions[0].EndDate = "2020"
	}
	check("", reflect.ValueOf(p).Elem())
}
