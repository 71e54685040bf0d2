package loginradius_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
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
	require.Empty(t, again.Warnings)

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

func TestMasked(t *testing.T) {
	_, h := decode(t, body("login", someTime, `{"Password":"`+canary+`","PIN":{"PIN":"`+canary+`"}}`))
	encoded, err := json.Marshal(h)
	require.NoError(t, err)
	assert.JSONEq(t, body("login", someTime, `{"Password":"[redacted]","PIN":{"PIN":"[redacted]"}}`), string(encoded))

	_, again := decode(t, string(encoded))
	value, ok := again.Profile.Password.Reveal()
	assert.False(t, ok)
	assert.Empty(t, value)
}

// No way of showing a payload may show a secret, however deep it sits.
func TestSecretsAreNeverShown(t *testing.T) {
	for name, text := range fixtures() {
		t.Run(name, func(t *testing.T) {
			e, h := decode(t, text)
			shown := []any{e, *e, h, *h}
			if h.Profile != nil {
				shown = append(shown, h.Profile, *h.Profile, h.Profile.PIN, h.Profile.Identities,
					h.Profile.Identity, h.Profile.ProviderAccessCredential)
			}
			var out bytes.Buffer
			for _, v := range shown {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
					_, _ = fmt.Fprintf(&out, verb+"\n", v)
				}
				encoded, err := json.Marshal(v)
				require.NoError(t, err)
				out.Write(encoded)
				for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
					slog.New(h).Info("shown", "value", v, slog.Group("group", "value", v))
				}
			}
			assert.NotContains(t, out.String(), canary)
			assert.NotContains(t, out.String(), fmt.Sprintf("%x", canary))
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

// sampleMisses returns the members of a sample's Data that an encoding does not
// have although they say something, and adds a note for each warning.
func sampleMisses(t *testing.T, text []byte) (misses []string) {
	t.Helper()
	e, _ := roundTrip(t, text)
	for _, w := range e.Warnings {
		misses = append(misses, fmt.Sprintf("warning %s: %s is %s", w.Path, w.Want, w.Got))
	}
	encoded, err := json.Marshal(e.Payload)
	require.NoError(t, err)
	var sent, got any
	require.NoError(t, json.Unmarshal(text, &sent))
	require.NoError(t, json.Unmarshal(encoded, &got))
	return append(misses, missing("", sent, got)...)
}

// missing compares member by member; what a zero field stands for may be absent.
func missing(path string, sent, got any) (misses []string) {
	switch s := sent.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for name, v := range s {
			misses = append(misses, missing(path+"/"+name, v, g[name])...)
		}
	case []any:
		g, _ := got.([]any)
		if len(g) != len(s) {
			return []string{path}
		}
		for i, v := range s {
			misses = append(misses, missing(fmt.Sprintf("%s/%d", path, i), v, g[i])...)
		}
	case nil:
	case string:
		if s != "" && got == nil && s[:min(4, len(s))] != "0001" {
			misses = append(misses, path)
		}
	default:
		if got == nil && !reflect.ValueOf(s).IsZero() {
			misses = append(misses, path)
		}
	}
	return misses
}

// The published samples are not part of this repository, as they hold what look
// like real persons. With ACCESSHOOK_SAMPLES set to a folder that has them in
// "loginradius", this test reads them; otherwise what the fixtures have of
// documented shapes.
func TestSamples(t *testing.T) {
	samples := map[string]string{
		"login":       loginBody(3),
		"removeemail": body("removeemail", someTime, `{"UserProfile":{"Uid":"u","Password":"p"},"RemovedEmail":"old@example.net"}`),
		"object":      body("updatecustomobject", someTime, customObject(`{"a":[{"op":"delete"}]}`)),
	}
	if dir := os.Getenv("ACCESSHOOK_SAMPLES"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "loginradius", "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			samples[filepath.Base(file)] = string(text)
		}
	}
	for name, text := range samples {
		t.Run(name, func(t *testing.T) {
			assert.Empty(t, sampleMisses(t, []byte(text)))
			e, _ := decode(t, text)
			assert.NotEqual(t, event.Unknown, e.Type)
			assert.NotEmpty(t, e.User.ID)
			assert.False(t, e.Time.IsZero())
		})
	}
}

// The members that may hold anything, and those that nobody knows, are lost to
// every encoding but not to Raw.
func TestUnknownMembersAreNotKept(t *testing.T) {
	text := `{"HookName":"login","token":"` + canary + `","Data":{"Uid":"u","access_token":"` + canary +
		`","Consents":"` + canary + `","KnownLoginVariables":"` + canary + `","RoleContext":"` + canary + `","SignupLog":"` + canary +
		`","CustomObject":{"password":"` + canary + `"},"Email":[{"Type":"Primary","otp":"` + canary + `"}]}}`
	e, line := roundTrip(t, []byte(text))
	assert.NotContains(t, string(line), canary)
	assert.NotContains(t, fmt.Sprintf("%+v", e.Payload.(*loginradius.Hook).Profile), canary)
	assert.Empty(t, e.Warnings)
}
