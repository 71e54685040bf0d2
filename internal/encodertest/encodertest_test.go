package encodertest_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

func TestCasesHaveEveryEvent(t *testing.T) {
	types := make(map[event.Type]bool)
	names := make(map[string]bool)
	for _, c := range encodertest.Cases(t) {
		types[c.Event.Type], names[c.Name] = true, true
		assert.True(t, strings.HasPrefix(c.Name, c.Event.Vendor+"/"), c.Name)
		assert.NotEqual(t, c.Event.Vendor, c.Event.Source, c.Name)
		assert.NotEmpty(t, c.Event.Raw, c.Name)
		assert.False(t, c.Event.Time.IsZero() || c.Event.Received.IsZero(), c.Name)
	}
	for _, typ := range event.Types() {
		assert.True(t, types[typ], typ)
	}
	assert.Len(t, names, len(userlock.EventTypes())+len(unloc.EventTypes())+len(relock.EventTypes())+len(loginradius.EventTypes())+4)
}

// Every field of a payload has a value, and every secret of LoginRadius's is in clear.
func TestCasesAreFull(t *testing.T) {
	empty := make(map[string]bool) // until one case has it
	for _, c := range encodertest.Cases(t) {
		look(reflect.ValueOf(c.Event.Payload).Elem(), "", empty)
	}
	for path, is := range empty {
		assert.False(t, is, path)
	}
	for _, path := range []string{
		"Hook.Profile.Password", "Hook.Profile.PIN.PIN", "Hook.Profile.Identities[].ProviderAccessCredential.TokenSecret",
	} {
		assert.Contains(t, empty, path)
	}
}

// look notes the fields of v that have no value in this case and in those before.
func look(v reflect.Value, path string, empty map[string]bool) {
	if path == "" {
		path = v.Type().Name()
	}
	was, seen := empty[path]
	empty[path] = v.IsZero() && (was || !seen)
	if s, ok := v.Interface().(event.Secret); ok {
		_, clear := s.Reveal()
		empty[path] = !clear && (was || !seen)
		return
	}
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		look(v.Elem(), path, empty)
	case v.Kind() == reflect.Struct && v.Type().PkgPath() != "time":
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; name {
			case "Extra", "Rest": // for what is not documented
			case "SessionType": // the code tells it
			default:
				look(v.Field(i), path+"."+name, empty)
			}
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && v.Len() > 0:
		look(v.Index(0), path+"[]", empty)
	}
}

func TestJSON(t *testing.T) {
	got := encodertest.JSON(t, []byte(`{"a":{"b":[1,"c",null,{}]},"b":true}`))
	assert.Equal(t, map[string]any{"a": map[string]any{"b": []any{1.0, "c", nil, map[string]any{}}}, "b": true}, got)
	for _, document := range []string{
		``, `{`, `[]`, `1`, `{}{}`, `{} x`, `{"a":1,"a":2}`, `{"x":[{"a":1,"b":2,"a":1}]}`, `{"x":{"a":{},"a":{}}}`, `{"a":1,}`,
	} {
		assert.True(t, encodertest.Fails(t, func(t testing.TB) { encodertest.JSON(t, []byte(document)) }), document)
	}
}

func TestFails(t *testing.T) {
	assert.False(t, encodertest.Fails(t, func(testing.TB) {}))
	assert.True(t, encodertest.Fails(t, func(t testing.TB) { t.Errorf("failed") }))
	assert.True(t, encodertest.Fails(t, func(t testing.TB) { t.FailNow() }))
	assert.Panics(t, func() { encodertest.Fails(t, func(testing.TB) { panic("another") }) })
}

func TestAll(t *testing.T) {
	for _, c := range encodertest.Cases(t) {
		encodertest.All(t, c.Event)
	}
}

func TestSchemas(t *testing.T) {
	t.Setenv("ACCESSHOOK_SCHEMAS", "/somewhere")
	require.Equal(t, "/somewhere", encodertest.Schemas(t))
}
