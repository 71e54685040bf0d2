package cloudevent_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

type payload struct {
	Name string       `json:"name"`
	PIN  event.Secret `json:"pin,omitzero"`
}

// decode is what a vendor package has as Decode.
func decode(body []byte) (*event.Event, error) {
	p := new(payload)
	if err := json.Unmarshal(body, p); err != nil {
		return nil, err
	}
	return &event.Event{ID: "of the inner event", Vendor: "of the inner event", Payload: p, Raw: body}, nil
}

var payloads = cloudevent.Payloads{"acme": decode}

func full() *event.Event {
	oslo := time.FixedZone("", 2*60*60)
	return &event.Event{
		ID: "id-1", Vendor: "acme", Source: "north", Type: event.LockUnlocked, VendorType: "unlocked",
		Time:     time.Date(2026, 5, 14, 10, 31, 7, 500, oslo),
		Received: time.Date(2026, 5, 14, 10, 31, 8, 0, oslo),
		Outcome:  event.OutcomeSuccess, Severity: event.SeverityInfo, Reason: "a < b && b > c",
		User:     event.User{ID: "u", Name: "un", FullName: "uf", Domain: "ud", Email: "ue@example.com", Phone: "+4712345678"},
		Session:  event.Session{ID: "s", Type: "st", Expires: time.Date(2026, 5, 15, 0, 0, 0, 0, oslo), Duration: 1500 * time.Millisecond},
		Device:   event.Device{ID: "device-1"},
		Lock:     event.Lock{ID: "lock-1", Name: "Front <door>", KeyID: "lk"},
		Client:   event.Client{Address: netip.MustParseAddr("203.0.113.9")},
		Location: event.Location{Country: "NO", CountryCode: "NO"},
		Payload:  &payload{Name: "line\nbreak", PIN: event.NewSecret("4711")},
		Raw:      []byte(`{"pin":"4711"}`),
		Warnings: []event.Warning{{Path: "/x", Want: "string", Got: "number"}},
	}
}

// attributes decodes line and returns all but data.
func attributes(t *testing.T, line []byte) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(line, &m))
	require.IsType(t, map[string]any{}, m["data"])
	delete(m, "data")
	return m
}

func TestEncodeAttributes(t *testing.T) {
	line, err := cloudevent.Encode(full())
	require.NoError(t, err)
	assert.Equal(t, map[string]any{
		"specversion": "1.0", "id": "id-1", "source": "accesshook/acme/north", "type": "accesshook.lock.unlocked",
		"time": "2026-05-14T08:31:07.0000005Z", "subject": "lock-1", "datacontenttype": "application/json",
	}, attributes(t, line))
	assert.True(t, bytes.HasPrefix(line, []byte(`{"specversion":"1.0","id":"id-1","source":`)), "%s", line)
	assert.Equal(t, "application/cloudevents+json", cloudevent.ContentType)
}

func TestEncodeData(t *testing.T) {
	e := full()
	line, err := cloudevent.Encode(e)
	require.NoError(t, err)
	var got struct{ Data json.RawMessage }
	require.NoError(t, json.Unmarshal(line, &got))
	want, err := json.Marshal(e)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(got.Data))
}

func TestEncodeLeastEvent(t *testing.T) {
	line, err := cloudevent.Encode(&event.Event{ID: "id-1", Vendor: "acme"})
	require.NoError(t, err)
	assert.Equal(t, `{"specversion":"1.0","id":"id-1","source":"accesshook/acme","type":"accesshook.",`+
		`"datacontenttype":"application/json","data":{"vendor":"acme","type":"","outcome":"unknown","severity":"unknown"}}`, string(line))
}

func TestEncodeSource(t *testing.T) {
	for source, want := range map[string]string{
		"":      "accesshook/acme",
		"acme":  "accesshook/acme",
		"north": "accesshook/acme/north",
		"ACME":  "accesshook/acme/ACME",
	} {
		line, err := cloudevent.Encode(&event.Event{ID: "a", Vendor: "acme", Source: source})
		require.NoError(t, err)
		assert.Equal(t, want, attributes(t, line)["source"], source)
	}
}

func TestEncodeSubject(t *testing.T) {
	person := event.User{ID: "u", Name: "n", FullName: "f", Email: "e@example.com", Phone: "+4712345678"}
	tests := map[string]struct {
		lock, device string
		want         any
	}{
		"neither":    {"", "", nil},
		"lock":       {"l", "", "l"},
		"device":     {"", "d", "d"},
		"lock first": {"l", "d", "l"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			line, err := cloudevent.Encode(&event.Event{
				ID: "a", Vendor: "acme", User: person,
				Lock: event.Lock{ID: tt.lock, Name: "ln", KeyID: "lk"}, Device: event.Device{ID: tt.device, Name: "dn"},
			})
			require.NoError(t, err)
			assert.Equal(t, tt.want, attributes(t, line)["subject"])
		})
	}
}

func TestEncodeIsOneLine(t *testing.T) {
	e := full()
	e.ID, e.Reason = "a\nb", "c\r\nd\u2028e"
	e.Payload = json.RawMessage("{\n\t\"a\": [\n1, 2]\n}\n")
	line, err := cloudevent.Encode(e)
	require.NoError(t, err)
	assert.NotContains(t, string(line), "\n")
	assert.NotContains(t, string(line), "\r")
	assert.Contains(t, string(line), `"payload":{"a":[1,2]}`)
}

// JSON is UTF-8, whatever a payload of another package keeps of a body as it came.
func TestEncodeIsUTF8(t *testing.T) {
	for name, p := range map[string]any{
		"raw":            json.RawMessage("{\"a\xff\xfe\": \"b\xed\xa0\x80\"}"),
		"raw inside":     map[string]json.RawMessage{"a\xff": json.RawMessage("\"\xff\"")},
		"text":           "a\xff",
		"writes its own": jsonText("\"\xc3\""),
	} {
		t.Run(name, func(t *testing.T) {
			line, err := cloudevent.Encode(&event.Event{ID: "a", Vendor: "acme", Payload: p, Warnings: []event.Warning{{Path: "/\xff"}}})
			require.NoError(t, err)
			assert.True(t, utf8.Valid(line), "%q", line)
			assert.True(t, json.Valid(line))
			e, err := cloudevent.Decode(line, cloudevent.Payloads{"acme": func(body []byte) (*event.Event, error) {
				return &event.Event{Payload: json.RawMessage(body)}, nil
			}})
			require.NoError(t, err)
			again, err := cloudevent.Encode(e)
			require.NoError(t, err)
			assert.JSONEq(t, string(line), string(again))
		})
	}
}

type jsonText string

func (s jsonText) MarshalJSON() ([]byte, error) { return []byte(s), nil }

func TestEncodeDoesNotEscapeHTML(t *testing.T) {
	line, err := cloudevent.Encode(&event.Event{ID: "<&>", Vendor: "acme", Lock: event.Lock{ID: "a&b"}})
	require.NoError(t, err)
	assert.Contains(t, string(line), `"id":"<&>"`)
	assert.Contains(t, string(line), `"subject":"a&b"`)
}

func TestEncodeShowsNoSecrets(t *testing.T) {
	line, err := cloudevent.Encode(full())
	require.NoError(t, err)
	assert.NotContains(t, string(line), "4711")
	assert.Contains(t, string(line), `"pin":"[redacted]"`)
}

func TestEncodeChangesNothing(t *testing.T) {
	e, want := full(), full()
	_, err := cloudevent.Encode(e)
	require.NoError(t, err)
	assert.Equal(t, want, e)
}

func TestEncodeErrors(t *testing.T) {
	with := func(change func(*event.Event)) *event.Event {
		e := full()
		change(e)
		return e
	}
	for name, e := range map[string]*event.Event{
		"nil":       nil,
		"no ID":     with(func(e *event.Event) { e.ID = "" }),
		"no vendor": with(func(e *event.Event) { e.Vendor = "" }),
		"payload":   with(func(e *event.Event) { e.Payload = func() {} }),
		"raw":       with(func(e *event.Event) { e.Payload = json.RawMessage(`{`) }),
		"outcome":   with(func(e *event.Event) { e.Outcome = 17 }),
		"time":      with(func(e *event.Event) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"received":  with(func(e *event.Event) { e.Received = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }),
	} {
		t.Run(name, func(t *testing.T) {
			line, err := cloudevent.Encode(e)
			assert.ErrorContains(t, err, "cloudevent: ")
			assert.Nil(t, line)
		})
	}
}

func TestDecodeIsTheInverse(t *testing.T) {
	tests := map[string]*event.Event{
		"full":       full(),
		"least":      {ID: "a", Vendor: "acme"},
		"no source":  {ID: "a", Vendor: "acme", Type: event.Unknown, Payload: &payload{}},
		"no payload": {ID: "a", Vendor: "unknown-vendor", Source: "unknown-vendor", Type: event.Unknown, Reason: "<>&\u2028\x00"},
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			line, err := cloudevent.Encode(e)
			require.NoError(t, err)
			got, err := cloudevent.Decode(line, payloads)
			require.NoError(t, err)

			want := e.Clone()
			want.Raw = nil
			if p, ok := e.Payload.(*payload); ok {
				masked := *p
				require.NoError(t, json.Unmarshal(must(json.Marshal(p.PIN)), &masked.PIN))
				want.Payload = &masked
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
			again, err := cloudevent.Encode(got)
			require.NoError(t, err)
			assert.Equal(t, string(line), string(again))
		})
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestDecodeMasks(t *testing.T) {
	e, err := cloudevent.Decode(must(cloudevent.Encode(full())), payloads)
	require.NoError(t, err)
	pin := e.Payload.(*payload).PIN
	_, ok := pin.Reveal()
	assert.False(t, ok)
	assert.False(t, pin.IsZero())
	assert.Nil(t, e.Raw)
}

func TestDecodeErrors(t *testing.T) {
	const data = `"data":{"vendor":"acme","type":"unknown","payload":{}}`
	failed := errors.New("failed")
	tests := map[string]struct {
		line string
		want string
		is   error
	}{
		"nothing":               {``, "cloudevent: ", nil},
		"not JSON":              {`{`, "cloudevent: ", nil},
		"not an object":         {`[]`, "cloudevent: ", nil},
		"null":                  {`null`, "specversion", nil},
		"no specversion":        {`{"id":"a","type":"accesshook.unknown",` + data + `}`, "specversion", nil},
		"old specversion":       {`{"specversion":"0.3","id":"a","type":"accesshook.unknown",` + data + `}`, `specversion "0.3", want 1.0`, nil},
		"longer specversion":    {`{"specversion":"1.0.2","id":"a","type":"accesshook.unknown",` + data + `}`, "specversion", nil},
		"somebody else's":       {`{"specversion":"1.0","id":"a","type":"com.example.unknown",` + data + `}`, "not an accesshook event", nil},
		"somebody else's, near": {`{"specversion":"1.0","id":"a","type":"accesshook2.unknown",` + data + `}`, "not an accesshook event", nil},
		"no type":               {`{"specversion":"1.0","id":"a",` + data + `}`, "not an accesshook event", nil},
		"no id":                 {`{"specversion":"1.0","type":"accesshook.unknown",` + data + `}`, "not an accesshook event", nil},
		"no data":               {`{"specversion":"1.0","id":"a","type":"accesshook.unknown"}`, "not an accesshook event", nil},
		"data of another kind":  {`{"specversion":"1.0","id":"a","type":"accesshook.unknown","data":"x"}`, "cloudevent: ", nil},
		"no vendor":             {`{"specversion":"1.0","id":"a","type":"accesshook.unknown","data":{"type":"unknown"}}`, "not an accesshook event", nil},
		"unknown vendor":        {`{"specversion":"1.0","id":"a","type":"accesshook.unknown","data":{"vendor":"other","payload":{}}}`, `"other"`, cloudevent.ErrNoDecoder},
		"payload without event": {`{"specversion":"1.0","id":"a","type":"accesshook.unknown","data":{"vendor":"empty","payload":{}}}`, "cloudevent: payload: no event", nil},
		"payload refused":       {`{"specversion":"1.0","id":"a","type":"accesshook.unknown","data":{"vendor":"strict","payload":{}}}`, "cloudevent: payload: failed", failed},
	}
	all := cloudevent.Payloads{"acme": decode, "strict": func([]byte) (*event.Event, error) { return nil, failed }, "empty": func([]byte) (*event.Event, error) { return nil, nil }}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := cloudevent.Decode([]byte(tt.line), all)
			require.ErrorContains(t, err, tt.want)
			assert.Nil(t, e)
			if tt.is != nil {
				assert.ErrorIs(t, err, tt.is)
			} else {
				assert.NotErrorIs(t, err, cloudevent.ErrNoDecoder)
			}
		})
	}
}

func TestDecodeWithoutPayloads(t *testing.T) {
	line := must(cloudevent.Encode(full()))
	_, err := cloudevent.Decode(line, nil)
	assert.ErrorIs(t, err, cloudevent.ErrNoDecoder)
	_, err = cloudevent.Decode(line, cloudevent.Payloads{"acme": nil})
	assert.ErrorIs(t, err, cloudevent.ErrNoDecoder)

	e := full()
	e.Payload = nil
	got, err := cloudevent.Decode(must(cloudevent.Encode(e)), nil)
	require.NoError(t, err, "no payload needs no decoder")
	assert.Nil(t, got.Payload)
	assert.Equal(t, "id-1", got.ID)
}

func TestDecodeErrorsAreShort(t *testing.T) {
	long := string(bytes.Repeat([]byte("x"), 10_000))
	_, err := cloudevent.Decode(fmt.Appendf(nil, `{"specversion":%q}`, long), nil)
	assert.Less(t, len(err.Error()), 200)
	_, err = cloudevent.Decode(fmt.Appendf(nil, `{"specversion":"1.0","id":"a","type":"accesshook.x","data":{"vendor":%q,"payload":{}}}`, long), nil)
	assert.Less(t, len(err.Error()), 200)
}

func TestDecodeGivesTheDecoderThePayloadOnly(t *testing.T) {
	e, err := cloudevent.Decode([]byte(
		`{"specversion":"1.0","id":"a","type":"accesshook.unknown","extension":1,"data":{"vendor":"acme","payload":{"name":"<n>","x":1.50}}}`,
	), cloudevent.Payloads{"acme": func(body []byte) (*event.Event, error) {
		assert.Equal(t, `{"name":"<n>","x":1.50}`, string(body))
		return decode(body)
	}})
	require.NoError(t, err)
	assert.Equal(t, &event.Event{ID: "a", Vendor: "acme", Payload: &payload{Name: "<n>"}}, e, "only Payload is the decoder's")
}

// CloudEvents 1.0, "Type System": a String has no control characters and no
// noncharacters. An attribute may go into an HTTP header.
func TestEncodeAttributesWithoutControlCharacters(t *testing.T) {
	for sent, want := range map[string]string{
		"front\x00\n":                 "front\ufffd\ufffd",
		"\x1f \x7f\u0080\u009f\u00a0": "\ufffd \ufffd\ufffd\ufffd\u00a0",
		"\ufdd0\ufdef\ufffe\uffff":    "\ufffd\ufffd\ufffd\ufffd",
		"\U0001fffe\U0010ffff":        "\ufffd\ufffd",
		"\ud7ff\ue000\ufdcf\ufdf0":    "\ud7ff\ue000\ufdcf\ufdf0",
		"dør-1":                       "dør-1",
		"broken\xff":                  "broken\ufffd",
	} {
		e := full()
		e.ID, e.Vendor, e.Source, e.Type, e.Lock.ID = sent, "acme"+sent, sent, event.Type(sent), sent
		line, err := cloudevent.Encode(e)
		require.NoError(t, err)
		assert.Equal(t, map[string]any{
			"specversion": "1.0", "id": want, "source": "accesshook/acme" + want + "/" + want, "type": "accesshook." + want,
			"time": "2026-05-14T08:31:07.0000005Z", "subject": want, "datacontenttype": "application/json",
		}, attributes(t, line), "%q", sent)
		// The data has what the vendor sent.
		e, err = cloudevent.Decode(line, cloudevent.Payloads{e.Vendor: decode, "acme" + want: decode})
		require.NoError(t, err)
		assert.Equal(t, strings.ToValidUTF8(sent, "\ufffd"), e.Lock.ID)
	}
}
