package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// What is written is, to the byte, what encoding/json writes for these types, with
// escapes for invisible characters.

type referenceData struct {
	Vendor     string           `json:"vendor"`
	Source     string           `json:"source,omitzero"`
	Type       event.Type       `json:"type"`
	VendorType string           `json:"vendorType,omitzero"`
	Time       time.Time        `json:"time,omitzero"`
	Received   time.Time        `json:"received,omitzero"`
	Outcome    event.Outcome    `json:"outcome"`
	Severity   event.Severity   `json:"severity"`
	Reason     string           `json:"reason,omitzero"`
	User       event.User       `json:"user,omitzero"`
	Session    referenceSession `json:"session,omitzero"`
	Device     event.Device     `json:"device,omitzero"`
	Lock       event.Lock       `json:"lock,omitzero"`
	Client     referenceClient  `json:"client,omitzero"`
	Location   event.Location   `json:"location,omitzero"`
	Payload    any              `json:"payload,omitempty"`
	Warnings   []event.Warning  `json:"warnings,omitempty"`
}

type referenceSession struct {
	ID       string      `json:"id,omitzero"`
	Type     string      `json:"type,omitzero"`
	Expires  time.Time   `json:"expires,omitzero"`
	Duration json.Number `json:"duration,omitzero"`
}

type referenceClient struct {
	Address   netip.Addr `json:"address,omitzero"`
	MAC       string     `json:"mac,omitzero"`
	Name      string     `json:"name,omitzero"`
	UserAgent string     `json:"userAgent,omitzero"`
}

type referenceEnvelope struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Time            time.Time `json:"time,omitzero"`
	Subject         string    `json:"subject,omitzero"`
	DataContentType string    `json:"datacontenttype"`
}

// encodePlainly is encoding/json without escaping HTML.
func encodePlainly(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func referenceMarshal(e *event.Event) ([]byte, error) {
	duration := json.Number("")
	if e.Session.Duration != 0 {
		duration = json.Number(strings.TrimSuffix(referenceSeconds(e.Session.Duration), "."))
	}
	data, err := encodePlainly(referenceData{
		Vendor: e.Vendor, Source: e.Source, Type: e.Type, VendorType: e.VendorType,
		Time: e.Time.UTC(), Received: e.Received.UTC(),
		Outcome: e.Outcome, Severity: e.Severity, Reason: e.Reason,
		User:    e.User,
		Session: referenceSession{ID: e.Session.ID, Type: e.Session.Type, Expires: e.Session.Expires.UTC(), Duration: duration},
		Device:  e.Device, Lock: e.Lock, Client: referenceClient(e.Client), Location: e.Location,
		Payload: e.Payload, Warnings: e.Warnings,
	})
	return data, err
}

// referenceSeconds moves the decimal point of the nanoseconds.
func referenceSeconds(d time.Duration) string {
	digits, negative := strings.CutPrefix(strconv.FormatInt(int64(d), 10), "-")
	sign := ""
	if negative {
		sign = "-"
	}
	if len(digits) < 10 {
		digits = strings.Repeat("0", 10-len(digits)) + digits
	}
	return sign + digits[:len(digits)-9] + "." + strings.TrimRight(digits[len(digits)-9:], "0")
}

func referenceEncode(e *event.Event) ([]byte, error) {
	if e.ID == "" || e.Vendor == "" {
		return nil, errors.New("no ID or Vendor")
	}
	data, err := referenceMarshal(e)
	if err != nil {
		return nil, err
	}
	source := "accesshook/" + e.Vendor
	if e.Source != "" && e.Source != e.Vendor {
		source += "/" + e.Source
	}
	subject := e.Lock.ID
	if subject == "" {
		subject = e.Device.ID
	}
	if cleaned(e.ID) != e.ID {
		quoted, _ := encodePlainly(e.ID)
		data = []byte(`{"id":` + string(quoted) + "," + string(data[1:]))
	}
	head, err := encodePlainly(referenceEnvelope{
		SpecVersion: "1.0", ID: cleaned(e.ID), Source: cleaned(source), Type: "accesshook." + cleaned(string(e.Type)),
		Time: e.Time.UTC(), Subject: cleaned(subject), DataContentType: "application/json",
	})
	return []byte(strings.TrimSuffix(string(head), "}") + `,"data":` + string(data) + "}"), err
}

var notInAttributes = regexp.MustCompile(`[\x{0}-\x{1f}\x{7f}-\x{9f}\x{fdd0}-\x{fdef}\x{fffe}\x{ffff}\x{1fffe}\x{10ffff}]`)

// cleaned is text as an attribute of a CloudEvent may be.
func cleaned(text string) string {
	if !notInAttributes.MatchString(text) {
		return text
	}
	return notInAttributes.ReplaceAllString(string([]rune(text)), "\ufffd")
}

var replacementEscape = regexp.MustCompile(`((?:^|[^\\])(?:\\\\)*)\\ufffd`)

// plainReplacement is s with U+FFFD as itself. Before Go 1.27 encoding/json escapes it
// where it stands for what is not UTF-8.
func plainReplacement(s string) string {
	for {
		next := replacementEscape.ReplaceAllString(s, "$1\ufffd")
		if next == s {
			return s
		}
		s = next
	}
}

// requireSameAsReference reports whether e can be encoded.
func requireSameAsReference(t *testing.T, e *event.Event) bool {
	t.Helper()
	want, wantErr := referenceMarshal(e)
	got, err := e.MarshalJSON()
	if wantErr != nil {
		require.Error(t, err, "%+v", wantErr)
		require.Nil(t, got)
	} else {
		require.NoError(t, err)
		require.Equal(t, plainReplacement(escapetest.Escape(want)), plainReplacement(string(got)))
	}
	want, wantErr = referenceEncode(e)
	got, err = cloudevent.Encode(e)
	if wantErr != nil {
		require.Error(t, err, "%+v", wantErr)
		require.Nil(t, got)
		return false
	}
	require.NoError(t, err)
	require.Equal(t, plainReplacement(escapetest.Escape(want)), plainReplacement(string(got)))
	return true
}

// Texts that need escaping, or seem to.
var hostile = []string{
	"", "plain", `"`, `\`, `a"b\c`, "<script>&amp;</script>", "\u2028", "\u2029", "a\u2028b", "é", "漢字", "😀", "\ufffd", "\ufeff",
	"\x00", "\x01\x1f", "\b\f\n\r\t", "\x7f", "\u0080", "\ufdd0", "a\uffffb", "\U0001fffe", "\U0010ffff", "\xff", "a\xffb", "\xc3\x28", "\xe2\x80", "\xe2\x80\xa8\xff", "\xed\xa0\x80", "\xf4\x90\x80\x80",
	"\xe2\x80\xa7", "\xe2\x80\xaa", nasty, `\u0000`, `{"a":1}`, "12345678901234567890", "1e400",
}

func TestMarshalJSONIsWhatEncodingJSONWrites(t *testing.T) {
	encoded := 0
	for _, text := range hostile {
		for _, payload := range []any{
			nil, text, []string{text}, map[string]string{text: text}, json.RawMessage(text), json.Number(text), json.RawMessage(nil), event.Text(text),
			&relock.SecurityAlert{AlertID: text, Details: json.RawMessage(text)},
			&relock.SessionEnded{UserID: text, Rest: relock.Rest{
				Extra: map[string]json.RawMessage{text: json.RawMessage(`"` + text + `"`)}, Envelope: map[string]json.RawMessage{"x": json.RawMessage("[ 1 ,\n2 ]")}}},
			relock.Unknown{Event: text, Location: relock.Location{City: text}},
			(*relock.SessionEnded)(nil), (*loginradius.Hook)(nil),
			&relock.DeviceRevoked{Timestamp: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
			&unloc.AccessEvent{ID: text, LockName: text, Extra: map[string]json.RawMessage{text: json.RawMessage(` { "a" : "b" } `)}},
			&userlock.Notification{UserAccount: text, EventType: event.Text(text)},
			&loginradius.Hook{HookName: text, HookID: text},
			&loginradius.Hook{HookName: "createcustomobject", Object: &loginradius.CustomObject{ID: text, CustomObject: json.RawMessage("[ 1,\n2 ]")}},
		} {
			e := &event.Event{
				ID: "i" + text, Vendor: "v" + text, Source: text, Type: event.Type(text), VendorType: text, Reason: text,
				User:    event.User{ID: text, Name: text, FullName: text, Domain: text, Email: text, Phone: text},
				Session: event.Session{ID: text, Type: text}, Device: event.Device{ID: text, Name: text, Type: text, OS: text, Browser: text},
				Lock: event.Lock{ID: text, Name: text, KeyID: text}, Location: event.Location{Country: text, CountryCode: text, City: text, Timezone: text},
				Client:  event.Client{Address: netip.MustParseAddr("fe80::1").WithZone(text), MAC: text, Name: text, UserAgent: text},
				Payload: payload, Warnings: []event.Warning{{Path: text, Want: text, Got: text}},
			}
			if requireSameAsReference(t, e) {
				encoded++
			}
		}
	}
	assert.Greater(t, encoded, 300)
}

func TestMarshalJSONOfAnyEventIsWhatEncodingJSONWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		e := randomEvent(r)
		requireSameAsReference(t, &e)
	}
	for _, d := range []time.Duration{1, -1, 999999999, -999999999, time.Second, -time.Second, 1500 * time.Millisecond, -1001 * time.Millisecond, 1<<63 - 1, -1 << 63} {
		requireSameAsReference(t, &event.Event{ID: "a", Vendor: "b", Session: event.Session{Duration: d}})
	}
	for _, year := range []int{-1, 0, 1, 2, 1969, 9999, 10000, 30000} {
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 14*60*60), time.FixedZone("", -13*60*60-17)} {
			at := time.Date(year, 1, 1, 0, 0, 0, 120, zone)
			requireSameAsReference(t, &event.Event{ID: "a", Vendor: "b", Time: at})
			requireSameAsReference(t, &event.Event{ID: "a", Vendor: "b", Received: at, Session: event.Session{Expires: at}})
		}
	}
	requireSameAsReference(t, &event.Event{ID: "a", Vendor: "b", Outcome: 3})
	requireSameAsReference(t, &event.Event{ID: "a", Vendor: "b", Severity: -1})
}

var decoders = []func([]byte) (*event.Event, error){relock.Decode, unloc.Decode, userlock.Decode, loginradius.Decode}

// FuzzMarshalJSON holds for whatever a vendor's package decodes, and for payloads
// that it does not know.
func FuzzMarshalJSON(f *testing.F) {
	for _, body := range []string{
		`{"event":"authentication.success","data":{"userId":"u","timestamp":"2026-02-03T04:05:06.789Z","ipAddress":"192.0.2.33","location":{"country":"NO","x":[ 1 ]}}}`,
		`{"event":"security.alert","data":{"severity":"high","details":[1, {"a":1e400,"b":123456789012345678901234567890,"c":-0.10}],"x":"\ud800<&>\u2028"},"y":null}`,
		`{"event":"session.ended","data":{"duration":3600,"userId":"` + "\xff\xe2\x80\xa8" + `"}}`,
		`{"event":"new.event","data":{"userId":"\"\\\/\b\f\n\r\t"},"more":{ "a" : [ ] }}`,
		`{"id":"a","action":"unlocked","created":"2025-02-11T06:58:03.417Z","keyId":"k","lockId":"l","lockName":"Bakdør <øst>","appUserId":"+4790001234","x": 1.50}`,
		`{"UserLockId":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","EventType":4,"UserAccount":"D\\u","ClientAddress":"fe80::1%eth0","Extra":[ true ]}`,
		`{"HookName":"login","Time":"2019-01-01T00:00:00Z","Data":{"UserProfile":{"Uid":"u","Password":"p","FullName":"A <b>\u2029","Email":[{"Type":"Primary","Value":"a@example.com"}]}}}`,
		`{"HookName":"createcustomobject","Data":{"CustomObject":{"a":1,"a": 2,"\ud800":"` + "\xff" + `"}}}`,
		`[ 1 ]`, `"` + "\u2028" + `"`, "{", "",
	} {
		f.Add([]byte(body))
	}
	if dir := os.Getenv("ACCESSHOOK_SAMPLES"); dir != "" {
		samples, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
		require.NoError(f, err)
		for _, name := range samples {
			body, err := os.ReadFile(name)
			require.NoError(f, err)
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, decode := range decoders {
			if e, err := decode(body); err == nil {
				e.Raw = body
				require.True(t, requireSameAsReference(t, e))
			}
		}
		text := string(body)
		requireSameAsReference(t, &event.Event{ID: text, Vendor: text, Payload: json.RawMessage(body), User: event.User{Name: text}})
	})
}
