package loginradius_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/loginradius"
)

// FuzzDecode holds for any body: decoding does not panic; what is decoded is
// encoded, in every form, and decoded back to an equal payload; and nothing that
// is encoded depends on a secret or on a member that nobody knows.
func FuzzDecode(f *testing.F) {
	for _, text := range fixtures() {
		f.Add([]byte(text))
	}
	for _, text := range []string{
		`{"HookName":"login","Time":"2019-01-01T00:00:00+24:00","Data":{"CreatedDate":"2019-01-01T00:00:00+23:59"}}`,
		`{"HookName":"login","Time":"9999-12-31T23:59:59-14:00","Data":{"Identities":[1,-2,[3],{"Email":5}]}}`,
		`{"HookName":"createcustomobject","Data":{"CustomObject":{"a":1,"a":2,"\ud800":"` + "\xff" + `"}}}`,
		`{"HookName":"login","Data":{"Email":[],"Email":[{"Type":"primary"}],"Email":null,"PIN":{"PIN":"[redacted]"}}}`,
		`{"hookname":"new","data":"{\"Uid\":17,\"PIN\":[\"4711\"],\"Password\":{}}","Time":"6/11/2019 8:27:56 PM"}`,
		`{"HookName":"removeemail","Data":{"UserProfile":[{"Email":"a@example.net"}],"UserProfile":{},"RemovedEmail":5,"Uid":null}}`,
		` {"Data" : {"Roles" : [ "a" , null , 1 ] , "Awards" : [ { "Id" : 7 } ] } } `,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := loginradius.Decode(body)
		if err != nil {
			require.Nil(t, e)
			return
		}
		require.LessOrEqual(t, len(e.Warnings), event.MaxWarnings)
		_, line := roundTrip(t, body)
		encodertest.All(t, e)

		h := e.Payload.(*loginradius.Hook)
		before, err := json.Marshal(h)
		require.NoError(t, err)
		replaceSecrets(reflect.ValueOf(h))
		after, err := json.Marshal(h)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), "an encoding depends on a secret")

		// The same body with two members that nobody knows.
		if bytes.Contains(line, []byte(canary)) {
			return // the fuzzer has put it where it may be
		}
		unknown := bytes.Replace(body, []byte("{"), []byte(`{"new_token":"`+canary+`","new":{"token":["`+canary+`"]},`), 1)
		if _, err := loginradius.Decode(unknown); err == nil {
			_, line := roundTrip(t, unknown)
			require.NotContains(t, string(line), canary)
		}
	})
}

// replaceSecrets gives every secret in v that is present another value.
func replaceSecrets(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[event.Secret]():
		if !v.IsZero() {
			v.Set(reflect.ValueOf(event.NewSecret("another " + canary)))
		}
	case v.Type().PkgPath() == "time":
	case v.Kind() == reflect.Pointer && !v.IsNil():
		replaceSecrets(v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			replaceSecrets(v.Field(i))
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		for i := range v.Len() {
			replaceSecrets(v.Index(i))
		}
	}
}
