// Package drifttest puts a value of every JSON type into every field of a payload,
// and checks what becomes of it: it is in the field, converted and warned of, or
// kept beside the field. Nothing disappears without a word. No encoding has an invisible
// character as it is.
package drifttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/escapetest"
)

// Values are of every JSON type.
var Values = []string{
	`null`, `""`, `" "`, `"text"`, `"two words"`, `"Tromsø"`, `"\u0041\n"`, `"a\ud800b"`,
	`"17"`, `" 17 "`, `"1e3"`, `"1.5"`, `"true"`, `"False"`, `"[redacted]"`,
	`"2024-05-14T08:31:07Z"`, `"2024-05-14T10:31:07.250+0200"`, `"0001-01-01T00:00:00Z"`, `"1715675467"`, `"yesterday"`,
	`17`, `0`, `1`, `-5`, `1.0`, `1e3`, `1.5`, `1715675467`, `12345678901234567890123`, `1e400`,
	`true`, `false`,
	`{}`, `{"a":1}`, `{"a":{"b":[]}}`,
	`[]`, `[null]`, `[{}]`, `["one"]`, `[17]`, `[true]`, `[["one"]]`, `["one","two"]`, `[1,2,3]`, `[{"a":1},{"a":2}]`,
	`"{}"`, `"[]"`, `"{\"a\":1}"`, `" [\"one\"]"`, `"{\"a\":"`, `"[1,"`,
	invisible, `[` + invisible + `]`, `{` + invisible + `:` + invisible + `}`, escapetest.Quote(`{` + invisible + `:` + invisible + `}`),
}

var invisible = escapetest.Quote(escapetest.Text)

// A Payload is a struct of a vendor's, and where it is in a body.
type Payload struct {
	Vendor string
	Decode func(body []byte) (*event.Event, error)
	Type   reflect.Type
	Body   string // with %s for the struct's JSON
	Path   string // of the struct in the body, such as "/data"

	// Ignore is for warnings that have other reasons. Optional.
	Ignore func(event.Warning) bool
}

// Run checks each value in each field.
func (p Payload) Run(t *testing.T) {
	for _, f := range Fields(p.Type) {
		t.Run(strings.TrimPrefix(f.String(), "/"), func(t *testing.T) {
			for _, value := range Values {
				p.Check(t, f, value)
			}
		})
	}
}

// Check checks one value in one field against what the documentation says.
func (p Payload) Check(t testing.TB, f Field, value string) {
	t.Helper()
	body := fmt.Sprintf(p.Body, f.Object(value))
	payload, warnings := p.roundTrip(t, body)
	sent, err := parse([]byte(strings.ToValidUTF8(value, "\ufffd")))
	require.NoError(t, err, body)
	path := p.Path + f.String()
	got := at(payload, path)
	want, fate := model(f.Type, sent)
	if strings.Contains(value, `\ud800`) {
		fate = max(fate, converted)
	}
	switch {
	case fate == misfit && f.keeps(sent):
		assert.Equal(t, sent, got, "%s: kept", body)
	case fate == misfit:
		assert.Empty(t, says(got), "%s: not kept", body)
	default:
		assert.Equal(t, says(want), says(got), "%s: value", body)
	}
	switch {
	case fate == fits, sent == nil, sent == "":
		assert.Empty(t, warnings, "%s: warning", body)
	case fate == converted || fate == misfit:
		assert.True(t, within(warnings, path), "%s: no warning in %v", body, warnings)
	}
	if f.sibling != "" {
		assert.Equal(t, "sibling", at(payload, path[:strings.LastIndexByte(path, '/')+1]+f.sibling), "%s: what follows", body)
	}
}

// Fuzz checks that any value in any field is there again, or kept, or warned of.
func Fuzz(f *testing.F, payloads map[string]Payload) {
	type target struct {
		Payload
		Field
	}
	var targets []target
	for _, name := range slices.Sorted(maps.Keys(payloads)) {
		for _, field := range Fields(payloads[name].Type) {
			targets = append(targets, target{payloads[name], field})
		}
	}
	for i, value := range Values {
		f.Add(uint16(i), value)
	}
	f.Fuzz(func(t *testing.T, n uint16, value string) {
		const deepest = 32 // within what a body may have
		if strings.Count(value, "[")+strings.Count(value, "{") > deepest {
			return
		}
		if sent, err := parse([]byte(value)); err == nil {
			to := targets[int(n)%len(targets)]
			to.checkAny(t, to.Field, value, sent)
		}
	})
}

func (p Payload) checkAny(t testing.TB, f Field, value string, sent any) {
	t.Helper()
	body := fmt.Sprintf(p.Body, f.Object(value))
	payload, warnings := p.roundTrip(t, body)
	path := p.Path + f.String()
	got := at(payload, path)
	want, fate := model(f.Type, sent)
	if f.keeps(sent) && got == nil {
		require.Empty(t, says(want), "%s: lost", body)
		require.NotEqual(t, misfit, fate, "%s: lost", body)
	}
	if !within(warnings, path) && len(warnings) < event.MaxWarnings {
		require.Equal(t, says(want), says(got), "%s: value", body)
	}
}

// roundTrip decodes, encodes and decodes again. It returns what the payload was encoded
// to.
func (p Payload) roundTrip(t testing.TB, body string) (payload any, warnings []event.Warning) {
	t.Helper()
	e, err := p.Decode([]byte(body))
	require.NoError(t, err, body)
	text, err := json.Marshal(e.Payload)
	require.NoError(t, err, body)
	line, err := cloudevent.Encode(e)
	require.NoError(t, err, body)
	escapetest.AssertEscaped(t, text)
	escapetest.AssertEscaped(t, line)
	back, err := cloudevent.Decode(line, cloudevent.Payloads{p.Vendor: p.Decode})
	require.NoError(t, err, body)
	requireEqual(t, e, back, line)

	payload, err = parse(text)
	require.NoError(t, err, body)
	warnings = e.Warnings
	if p.Ignore != nil {
		warnings = slices.DeleteFunc(slices.Clone(warnings), p.Ignore)
	}
	return payload, warnings
}

func requireEqual(t testing.TB, want, got any, text []byte) {
	t.Helper()
	if !reflect.DeepEqual(want, got) { // faster than cmp.Diff
		require.Empty(t, cmp.Diff(want, got, masked), "%s", text)
	}
}

// masked compares what an encoding has masked by whether it is there.
var masked = cmp.Options{
	cmp.Comparer(func(a, b event.Secret) bool { return a.IsZero() == b.IsZero() }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

func parse(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one value")
	}
	return v, nil
}

// at returns the value at a path, or nil.
func at(v any, path string) any {
	for name := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		switch c := v.(type) {
		case map[string]any:
			v = c[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(c) {
				return nil
			}
			v = c[i]
		default:
			return nil
		}
	}
	return v
}

// says returns v without what says nothing and what a zero field stands for.
func says(v any) any {
	switch c := v.(type) {
	case map[string]any:
		full := make(map[string]any)
		for name, v := range c {
			if v = says(v); v != nil {
				full[name] = v
			}
		}
		if len(full) > 0 {
			return full
		}
	case []any:
		full := []any{}
		for _, v := range c {
			if v = says(v); v != nil {
				full = append(full, v)
			}
		}
		if len(full) > 0 {
			return full
		}
	case json.Number:
		if c != "0" {
			return c
		}
	default:
		if v != "" && v != false {
			return v
		}
	}
	return nil
}

// within reports whether there is a warning at a path or below it.
func within(warnings []event.Warning, path string) bool {
	return slices.ContainsFunc(warnings, func(w event.Warning) bool {
		return w.Path == path || strings.HasPrefix(w.Path, path+"/")
	})
}
