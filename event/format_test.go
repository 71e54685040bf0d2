package event_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

// assertShowsOnly fails if shown has a field of e that is not allowed.
func assertShowsOnly(t *testing.T, e event.Event, shown string, allowed ...string) {
	t.Helper()
	ok := map[string]bool{}
	for _, a := range allowed {
		ok[a] = true
		assert.Contains(t, shown, a)
	}
	for _, c := range append(canaries(e), "198.51.100.77") {
		if !ok[c] {
			assert.NotRegexp(t, c+`\b`, shown)
		}
	}
}

func TestEventFormat(t *testing.T) {
	e := filled()
	want := "canary_Vendor canary_Type canary_ID"
	assert.Equal(t, want, e.String())
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%e", "%c", "%U", "%40.3v"} {
		assert.Equal(t, want, fmt.Sprintf(format, e), format)
		assert.Equal(t, want, fmt.Sprintf(format, &e), format)
	}
	assertShowsOnly(t, e, fmt.Sprintf("%+v", []any{e, &e, struct{ E event.Event }{e}}), e.Vendor, string(e.Type), e.ID)
	assertShowsOnly(t, e, fmt.Sprintf("%#v", map[string]event.Event{"a": e}), e.Vendor, string(e.Type), e.ID)
	assert.Equal(t, "  ", event.Event{}.String())
}

func TestEventLogValue(t *testing.T) {
	e := filled()
	allowed := []string{e.Vendor, e.Source, string(e.Type), e.VendorType, e.ID}
	for _, v := range []any{e, &e} {
		var text, object bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("a", "event", v)
		assertShowsOnly(t, e, text.String(), allowed...)
		slog.New(slog.NewJSONHandler(&object, nil)).Info("a", "event", v)
		assertShowsOnly(t, e, object.String(), allowed...)

		var line struct{ Event map[string]any }
		require.NoError(t, json.Unmarshal(object.Bytes(), &line))
		assert.Equal(t, map[string]any{
			"vendor": e.Vendor, "source": e.Source, "type": string(e.Type), "vendor_type": e.VendorType, "id": e.ID,
			"time": e.Time.Format(time.RFC3339Nano), "outcome": "success", "severity": "info",
		}, line.Event, "log keys are API")
	}
}

func TestEventShowsNoSecretOfItsPayload(t *testing.T) {
	e := event.Event{Vendor: "v", Payload: &open{event.NewSecret(hidden)}, Raw: []byte(hidden)}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		assertHidden(t, fmt.Sprintf(format, e))
		assertHidden(t, fmt.Sprintf(format, &e))
	}
	assertHidden(t, string(encode(t, e)))
}

// fmt does not ask the methods of what is in unexported fields.
func TestEventInUnexportedFields(t *testing.T) {
	e := event.Event{Reason: "canary_Reason", Raw: []byte("canary_Raw"), Payload: &open{event.NewSecret(hidden)}}
	raw := fmt.Sprint(e.Raw)
	for _, format := range []string{"%v", "%+v", "%#v"} {
		for _, v := range []any{
			struct{ e *event.Event }{&e}, &struct{ e *event.Event }{&e},
			struct{ all []*event.Event }{[]*event.Event{&e}}, struct{ any any }{&e},
		} {
			shown := fmt.Sprintf(format, v)
			assert.NotContains(t, shown, "canary")
			assert.NotContains(t, shown, strings.Trim(raw, "[]"))
		}
		assertHidden(t, fmt.Sprintf(format, struct{ e event.Event }{e}))
	}
}

// Encoders that go by reflection know a struct by its tags.
func TestEventRawIsLeftOutByTags(t *testing.T) {
	raw, ok := reflect.TypeFor[event.Event]().FieldByName("Raw")
	require.True(t, ok)
	for _, key := range []string{"json", "xml", "yaml", "toml", "bson", "msgpack"} {
		assert.Equal(t, "-", raw.Tag.Get(key), key)
	}
	doc, err := xml.Marshal(event.Event{Raw: []byte("canary_Raw"), Payload: &open{event.NewSecret(hidden)}})
	require.NoError(t, err)
	assert.NotContains(t, string(doc), "canary")
	assertHidden(t, string(doc))
	assert.Error(t, gob.NewEncoder(io.Discard).Encode(event.Event{Raw: []byte("canary_Raw")}))
}
