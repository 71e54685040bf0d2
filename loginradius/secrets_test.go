package loginradius_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/secrettest"
	"github.com/accesshook/accesshook/loginradius"
)

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

// A value in place of a name or a time may be an object with members of its own, which
// nobody knows either.
func TestUnknownMembersAreNotKeptInExtra(t *testing.T) {
	for _, name := range []string{"HookName", "Time", "HookId"} {
		for _, value := range []string{`{"Password":"` + canary + `"}`, `[{"Password":"` + canary + `"}]`, `["login",{"PIN":["` + canary + `"]}]`} {
			e, h := decode(t, `{"`+name+`":`+value+`,"Data":{"Uid":"u"}}`)
			assert.Empty(t, h.Extra, name+value)
			assert.NotEmpty(t, e.Warnings, name+value)
			line, err := cloudevent.Encode(e)
			require.NoError(t, err)
			assert.NotContains(t, string(line), canary)
		}
	}
}

// digits is a secret that is a number.
const digits = "904711904711"

// A secret that came as another JSON type, twice, under a name in other letter case or
// in a place of its own is as secret.
func TestSecretsInEveryForm(t *testing.T) {
	text, number := `"`+canary+`"`, digits
	values := map[string]string{
		"string": text, "number": number, "array of one": "[" + number + "]", "array": "[" + text + "," + number + "]",
		"object": `{"Hash":` + text + `,"Salt":` + number + `}`, "array of objects": `[{"Hash":` + text + `},{"Salt":` + number + `}]`,
		"JSON text": `"{\"PIN\":\"` + canary + `\",\"AccessToken\":` + digits + `,\"Hash\":\"` + canary + `\"}"`,
		"broken":    `"` + canary + `\ud800"`,
	}
	members := map[string]string{
		"Password":                `"Password":%s`,
		"LastPasswordChangeToken": `"LastPasswordChangeToken":%s`,
		"PIN":                     `"PIN":{"PIN":%s}`,
		"PIN, not wrapped":        `"PIN":%s`,
		"LastPINChangeToken":      `"PIN":{"LastPINChangeToken":%s}`,
		"AccessToken":             `"ProviderAccessCredential":{"AccessToken":%s}`,
		"TokenSecret":             `"ProviderAccessCredential":{"TokenSecret":%s}`,
		"credential, not wrapped": `"ProviderAccessCredential":%s`,
		"other case":              `"password":%s,"pin":{"pin":1},"PROVIDERACCESSCREDENTIAL":{"accesstoken":2}`,
		"repeated":                `"Password":"x","Password":%s,"Password":null,"PASSWORD":{}`,
		"repeated after":          `"Password":%s,"Password":"x"`,
		"repeated PIN":            `"PIN":{"PIN":%s},"PIN":[1,2],"PIN":{}`,
		"other names":             `"access_token":%s,"Consents":3`,
	}
	places := map[string]string{
		"Data":          `{"HookName":"login","Data":{"Uid":"u",%s}}`,
		"Data again":    `{"HookName":"login","Data":{"Uid":"u",%s},"Data":[1,2]}`,
		"Identities":    `{"HookName":"login","Data":{"Uid":"u","Identities":[{"Provider":"google",%s}]}}`,
		"one identity":  `{"HookName":"login","Data":{"Uid":"u","Identities":{"Provider":"google",%s}}}`,
		"UserProfile":   `{"HookName":"removeemail","Data":{"UserProfile":{"Uid":"u",%s},"RemovedEmail":{"x":1}}}`,
		"removeemail":   `{"HookName":"removeemail","Data":{"Uid":"u",%s}}`,
		"unknown event": `{"HookName":"new","Data":{"Uid":"u",%s}}`,
		"no event":      `{"HookName":{"x":1},"Time":[],"Data":{"Uid":"u",%s}}`,
	}
	hidden := func(t *testing.T, body string) {
		e, _ := decode(t, body)
		line, err := cloudevent.Encode(e)
		require.NoError(t, err)
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("event", "event", e, "payload", e.Payload, "warnings", e.Warnings)
		for _, shown := range []string{string(line), log.String(), fmt.Sprintf("%+v %#v %v", *e, e.Payload, e.Warnings)} {
			assert.NotContains(t, shown, canary, body)
			assert.NotContains(t, shown, digits, body)
		}
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			for _, member := range members {
				for _, value := range values {
					data := fmt.Sprintf(member, value)
					hidden(t, fmt.Sprintf(place, data))
				}
			}
		})
	}
	t.Run("Data as JSON text", func(t *testing.T) {
		for _, member := range members {
			for _, value := range values {
				data, err := json.Marshal(`{"Uid":"u",` + fmt.Sprintf(member, value) + `}`)
				require.NoError(t, err)
				hidden(t, `{"HookName":"login","Data":`+string(data)+`}`)
				hidden(t, `{"HookName":"login","Data":`+string(data[:len(data)-2])+`"}`) // no JSON
			}
		}
	})
}

// Nothing that prints or encodes shows a secret, and neither does a log.
func TestSecretsAreHiddenFromPrinters(t *testing.T) {
	e, h := decode(t, `{"HookName":"login","Data":{"Uid":"u","Password":`+digits+`,"password":["`+canary+`"],"PIN":"`+canary+`",`+
		`"Identities":[{"ProviderAccessCredential":{"AccessToken":"`+canary+`","TokenSecret":`+digits+`}}]}}`)
	require.Len(t, e.Warnings, 5)
	secrettest.AssertHidden(t, e, canary, digits)
	secrettest.AssertHidden(t, *h.Profile, canary, digits)
}
