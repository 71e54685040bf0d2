package event_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

const (
	hidden   = "tr0ub4dor<&>3"
	redacted = "[redacted]"
)

// assertHidden fails if shown has the secret in any form in which fmt, a JSON
// encoder or slog may write a string.
func assertHidden(t *testing.T, shown string) {
	t.Helper()
	digits := hex.EncodeToString([]byte(hidden))
	asJSON, _ := json.Marshal(hidden)
	for _, form := range []string{
		hidden, "tr0ub4dor", "ub4d", digits, strings.ToUpper(digits), strings.Trim(string(asJSON), `"`),
		fmt.Sprintf("% x", hidden), fmt.Sprintf("%# x", hidden), strings.Trim(fmt.Sprint([]byte(hidden)), "[]"),
	} {
		assert.NotContains(t, shown, form)
	}
}

type open struct{ Token event.Secret }

type closed struct {
	token event.Secret
	list  []event.Secret
	keys  map[event.Secret]event.Secret
	ptr   *event.Secret
	inner struct{ token event.Secret }
	any   any
}

type secretValue struct {
	value      any
	visible    bool // fmt shows more than an address
	unexported bool // fmt cannot call its methods
}

// secretValues are values that hold a secret in every way that fmt and encoders
// go through.
func secretValues() map[string]secretValue {
	s := event.NewSecret(hidden)
	shut := closed{token: s, list: []event.Secret{s}, keys: map[event.Secret]event.Secret{s: s}, ptr: &s, any: s}
	shut.inner.token = s
	return map[string]secretValue{
		"value":                  {s, true, false},
		"pointer":                {&s, true, false},
		"pointer to pointer":     {ptr(&s), false, false},
		"field":                  {open{s}, true, false},
		"pointer to struct":      {&open{s}, true, false},
		"unexported fields":      {shut, true, true},
		"pointer to unexported":  {&shut, true, true},
		"slice":                  {[]event.Secret{s}, true, false},
		"slice of pointers":      {[]*event.Secret{&s}, false, false},
		"array":                  {[1]event.Secret{s}, true, false},
		"map value":              {map[string]event.Secret{"a": s}, true, false},
		"map key":                {map[event.Secret]string{s: "a"}, true, false},
		"map key of struct type": {map[open]int{{s}: 1}, true, false},
		"any":                    {[]any{s, &s}, true, false},
		"reflect.Value":          {reflect.ValueOf(shut).Field(0), true, true},
		"event payload":          {event.Event{Payload: &open{s}}.Payload, true, false},
	}
}

func ptr[T any](v T) *T { return &v }

// What fmt takes for pointers, and what it does not.
var formats = []string{
	"%v", "%+v", "%#v", "%w", "%x", "%X", "% x", "%# x", "%d", "%b", "%o", "%p", "%T", "%20v",
	"%s", "%+s", "%-3.2s", "%q", "%#q", "%+q", "%t", "%c", "%U", "%O", "%e", "%g", "%!",
}

func TestSecretFmt(t *testing.T) {
	for name, v := range secretValues() {
		t.Run(name, func(t *testing.T) {
			for _, format := range formats {
				assertHidden(t, fmt.Sprintf(format, v.value))
			}
			assertHidden(t, fmt.Sprint(v.value))
			assertHidden(t, fmt.Sprintln(v.value))
			assertHidden(t, fmt.Errorf("failed: %v", v.value).Error())
			if v.visible {
				for _, format := range []string{"%v", "%+v", "%#v"} {
					assert.Contains(t, fmt.Sprintf(format, v.value), redacted)
				}
			}
		})
	}
}

// Nor is anything to be seen of a secret where fmt does not ask it, such as how long
// it is.
func TestSecretFmtOfUnexportedFields(t *testing.T) {
	type holder struct{ token event.Secret }
	short, long := holder{event.NewSecret("s")}, holder{event.NewSecret(strings.Repeat("l", 1000))}
	for _, format := range formats {
		a, b := fmt.Sprintf(format, short), fmt.Sprintf(format, long)
		assert.InDelta(t, len(a), len(b), 8, "%s: %s, %s", format, a, b) // but for addresses
	}
}

func TestSecretFormatsAloneAsRedacted(t *testing.T) {
	s := event.NewSecret(hidden)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%c", "%e", "%30.1s"} {
		assert.Equal(t, redacted, fmt.Sprintf(format, s), format)
		assert.Equal(t, redacted, fmt.Sprintf(format, &s), format)
		assert.Empty(t, fmt.Sprintf(format, event.Secret{}), format)
	}
	assert.Equal(t, redacted, s.String())
	assert.Empty(t, event.Secret{}.String())
}

func TestSecretJSON(t *testing.T) {
	s := event.NewSecret(hidden)
	type optional struct {
		A event.Secret  `json:"a,omitzero"`
		B *event.Secret `json:"b,omitempty"`
	}
	tests := map[string]struct {
		value any
		want  string
	}{
		"value":             {s, `"[redacted]"`},
		"pointer":           {&s, `"[redacted]"`},
		"field":             {open{s}, `{"Token":"[redacted]"}`},
		"pointer field":     {struct{ Token *event.Secret }{&s}, `{"Token":"[redacted]"}`},
		"slice":             {[]event.Secret{s, {}}, `["[redacted]",null]`},
		"map value":         {map[string]event.Secret{"a": s}, `{"a":"[redacted]"}`},
		"map key":           {map[event.Secret]int{s: 1}, `{"[redacted]":1}`},
		"absent map key":    {map[event.Secret]int{{}: 1}, `{"":1}`},
		"unexported fields": {closed{token: s}, `{}`},
		"absent":            {event.Secret{}, `null`},
		"omitzero present":  {optional{A: s, B: &s}, `{"a":"[redacted]","b":"[redacted]"}`},
		"omitzero absent":   {optional{}, `{}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(tt.value)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
	for name, v := range secretValues() {
		got, err := json.Marshal(v.value)
		if err == nil { // a struct is no JSON name
			assertHidden(t, string(got))
		} else {
			assertHidden(t, err.Error())
		}
		assert.NotContains(t, name, hidden)
	}
}

func TestSecretText(t *testing.T) {
	text, err := event.NewSecret(hidden).MarshalText()
	require.NoError(t, err)
	assert.Equal(t, redacted, string(text))

	text, err = event.Secret{}.MarshalText()
	require.NoError(t, err)
	assert.Empty(t, text)

	// encoding/xml stands for all that use encoding.TextMarshaler.
	doc, err := xml.Marshal(open{event.NewSecret(hidden)})
	require.NoError(t, err)
	assert.Equal(t, "<open><Token>[redacted]</Token></open>", string(doc))
}

func TestSecretSlog(t *testing.T) {
	handlers := map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	}
	for handler, open := range handlers {
		for name, v := range secretValues() {
			t.Run(handler+"/"+name, func(t *testing.T) {
				var out bytes.Buffer
				log := slog.New(open(&out))
				log.Info("a", "secret", v.value)
				log.With("secret", v.value).WithGroup("g").Info("b", slog.Group("h", "secret", v.value))
				assertHidden(t, out.String())
			})
		}
		t.Run(handler+"/is redacted", func(t *testing.T) {
			var out bytes.Buffer
			slog.New(open(&out)).Info("a", "secret", event.NewSecret(hidden))
			assert.Contains(t, out.String(), redacted)
		})
	}
	assert.Equal(t, slog.KindString, event.NewSecret(hidden).LogValue().Kind())
	assert.Equal(t, redacted, event.NewSecret(hidden).LogValue().String())
	assert.Empty(t, event.Secret{}.LogValue().String())
}

func TestSecretGob(t *testing.T) {
	type holder struct {
		Name          string
		Token, Absent event.Secret
	}
	var b bytes.Buffer
	require.NoError(t, gob.NewEncoder(&b).Encode(holder{"x", event.NewSecret(hidden), event.Secret{}}))
	assertHidden(t, b.String())
	var got holder
	require.NoError(t, gob.NewDecoder(&b).Decode(&got))
	assert.Equal(t, holder{"x", decodeSecret(t, `"[redacted]"`), event.Secret{}}, got)
}

func TestSecretKinds(t *testing.T) {
	var everyByte []byte
	for i := range 256 {
		everyByte = append(everyByte, byte(i))
	}
	for name, key := range map[string][]byte{
		"every byte": everyByte, "one zero": {0}, "text": []byte(hidden), "63 bytes": everyByte[:63], "64 bytes": everyByte[:64],
	} {
		s := event.NewSecretBytes(key)
		value, ok := s.Reveal()
		assert.True(t, ok, name)
		assert.Equal(t, string(key), value, name)
		assert.True(t, s.IsBinary(), name)
		assert.Equal(t, redacted, fmt.Sprint(s), name)
		text := event.NewSecret(string(key))
		assert.False(t, text.IsBinary(), name)
		assert.False(t, s.Equal(text), name)
		assert.False(t, reflect.DeepEqual(s, text), name)
		assert.True(t, s.Equal(event.NewSecretBytes(key)), name)
	}
	key := []byte(hidden)
	s := event.NewSecretBytes(key)
	clear(key)
	assert.True(t, s.Equal(event.NewSecretBytes([]byte(hidden))), "it does not keep the key")

	assert.True(t, event.NewSecretBytes(nil).IsZero())
	assert.False(t, event.Secret{}.IsBinary())
	assert.False(t, decodeSecret(t, `"[redacted]"`).IsBinary())
	assert.Equal(t, []event.Secret{event.NewSecret("a"), {}, event.NewSecret("b")}, event.Secrets("a", "", "b"))
	assert.Empty(t, event.Secrets())
}

func TestSecretReveal(t *testing.T) {
	masked := decodeSecret(t, `"[redacted]"`)
	tests := map[string]struct {
		secret event.Secret
		value  string
		ok     bool
		absent bool
	}{
		"zero":                   {event.Secret{}, "", false, true},
		"of nothing":             {event.NewSecret(""), "", false, true},
		"present":                {event.NewSecret(hidden), hidden, true, false},
		"masked":                 {masked, "", false, false},
		"made of the mask":       {event.NewSecret(redacted), redacted, true, false},
		"decoded":                {decodeSecret(t, `"a\u0022\\b"`), `a"\b`, true, false},
		"decoded null":           {decodeSecret(t, `null`), "", false, true},
		"decoded empty":          {decodeSecret(t, `""`), "", false, true},
		"masked and decoded":     {decodeSecret(t, string(encode(t, masked))), "", false, false},
		"present and decoded":    {decodeSecret(t, string(encode(t, event.NewSecret(hidden)))), "", false, false},
		"absent and decoded":     {decodeSecret(t, string(encode(t, event.Secret{}))), "", false, true},
		"decoded escaped mask":   {decodeSecret(t, `"\u005bredacted]"`), "", false, false},
		"like the mask but none": {decodeSecret(t, `"[Redacted]"`), "[Redacted]", true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			value, ok := tt.secret.Reveal()
			assert.Equal(t, tt.value, value)
			assert.Equal(t, tt.ok, ok)
			assert.Equal(t, tt.absent, tt.secret.IsZero())
			shown := redacted
			if tt.absent {
				shown = ""
			}
			assert.Equal(t, shown, tt.secret.String())
		})
	}
	assert.Equal(t, `"[redacted]"`, string(encode(t, masked)))
}

func decodeSecret(t *testing.T, text string) event.Secret {
	t.Helper()
	s := event.NewSecret("something before")
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	return s
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func TestSecretOfAnyLength(t *testing.T) {
	for n := 1; n < 300; n++ {
		value := make([]byte, n)
		for i := range value {
			value[i] = byte(i*7 + n)
		}
		var read event.Secret
		require.NoError(t, read.UnmarshalText(value))
		for _, s := range []event.Secret{event.NewSecret(string(value)), event.NewSecretBytes(value), read} {
			got, ok := s.Reveal()
			require.True(t, ok)
			require.Equal(t, string(value), got)
		}
		require.True(t, read.Equal(event.NewSecret(string(value))), n)
	}
}

// The value is copied once, however long it is.
func TestSecretAllocations(t *testing.T) {
	for _, n := range []int{1, 63, 64, 1000} {
		value := bytes.Repeat([]byte("x"), n)
		var s event.Secret
		assert.Equal(t, 2.0, testing.AllocsPerRun(100, func() { _ = s.UnmarshalText(value) }), n)
	}
}

func TestSecretUnmarshalText(t *testing.T) {
	for text, want := range map[string]event.Secret{
		"":       {},
		hidden:   event.NewSecret(hidden),
		redacted: decodeSecret(t, `"[redacted]"`),
	} {
		s := event.NewSecret("something before")
		require.NoError(t, s.UnmarshalText([]byte(text)))
		assert.True(t, s.Equal(want), text)
	}
	// The text may be used again after the call.
	text := []byte(hidden)
	var s event.Secret
	require.NoError(t, s.UnmarshalText(text))
	clear(text)
	value, _ := s.Reveal()
	assert.Equal(t, hidden, value)
}

func TestSecretRefusesOtherKinds(t *testing.T) {
	for name, data := range map[string]string{
		"number":       "12345678",
		"boolean":      "true",
		"object":       `{"a":"tr0ub4dor"}`,
		"array":        `["tr0ub4dor"]`,
		"nothing":      "",
		"unterminated": `"tr0ub4dor`,
		"one quote":    `"`,
		"bad escape":   `"tr0ub4dor\x"`,
	} {
		t.Run(name, func(t *testing.T) {
			s := event.NewSecret("before")
			err := s.UnmarshalJSON([]byte(data))
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "ub4d")
			assert.NotContains(t, err.Error(), "12345678")
			assert.True(t, s.Equal(event.NewSecret("before")), "a failed decode changes nothing")
		})
	}
}

func TestSecretEqual(t *testing.T) {
	masked := decodeSecret(t, `"[redacted]"`)
	secrets := []struct {
		name   string
		secret event.Secret
		class  int
	}{
		{"zero", event.Secret{}, 0},
		{"empty", event.NewSecret(""), 0},
		{"a", event.NewSecret("a"), 1},
		{"a again", event.NewSecret("a"), 1},
		{"b", event.NewSecret("b"), 2},
		{"a longer one", event.NewSecret("aa"), 3},
		{"masked", masked, 4},
		{"masked again", decodeSecret(t, `"[redacted]"`), 4},
		{"the mask's text", event.NewSecret(redacted), 5},
	}
	for _, a := range secrets {
		for _, b := range secrets {
			t.Run(a.name+"/"+b.name, func(t *testing.T) {
				same := a.class == b.class
				assert.Equal(t, same, a.secret.Equal(b.secret))
				assert.Equal(t, same, reflect.DeepEqual(a.secret, b.secret), "reflect.DeepEqual")
				assert.Equal(t, same, reflect.DeepEqual(&open{a.secret}, &open{b.secret}), "reflect.DeepEqual in a struct")
				assert.Equal(t, same, cmp.Equal(a.secret, b.secret), "cmp")
				assert.Equal(t, same, cmp.Equal([]open{{a.secret}}, []open{{b.secret}}), "cmp in a struct")
			})
		}
	}
}
