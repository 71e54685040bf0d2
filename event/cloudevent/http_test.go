package cloudevent_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/escapetest"
)

func TestAppendMessage(t *testing.T) {
	e := full()
	h := http.Header{"Authorization": {"kept"}, "Ce-Id": {"an older", "one"}, "Content-Type": {"text/plain"}}
	body, err := cloudevent.AppendMessage([]byte("before"), h, e)
	require.NoError(t, err)
	assert.Equal(t, http.Header{
		"Authorization": {"kept"}, "Content-Type": {"application/json"},
		"Ce-Specversion": {"1.0"}, "Ce-Id": {"id-1"}, "Ce-Source": {"accesshook/acme/north"}, "Ce-Type": {"accesshook.lock.unlocked"},
		"Ce-Time": {"2026-05-14T08:31:07.0000005Z"}, "Ce-Subject": {"lock-1"},
	}, h)
	data, err := e.MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, "before"+string(data), string(body))
	assert.NotContains(t, string(body), "4711")

	_, err = cloudevent.AppendMessage(nil, h, &event.Event{ID: "id-2", Vendor: "acme", Source: "acme"})
	require.NoError(t, err)
	assert.Equal(t, http.Header{
		"Authorization": {"kept"}, "Content-Type": {"application/json"},
		"Ce-Specversion": {"1.0"}, "Ce-Id": {"id-2"}, "Ce-Source": {"accesshook/acme"}, "Ce-Type": {"accesshook."},
	}, h, "nothing of the event before")
}

func TestHeaderValues(t *testing.T) {
	for id, want := range map[string]string{
		"abc-._~!#$&'()*+,/:;=?@[]": "abc-._~!#$&'()*+,/:;=?@[]",
		"Euro € 😀":                  "Euro%20%E2%82%AC%20%F0%9F%98%80", // of the specification
		`50% "a\b"`:                 `50%25%20%22a\b%22`,
		"é":                         "%C3%A9",
		"a\r\nce-type: b":           "a%EF%BF%BD%EF%BF%BDce-type:%20b",
		"\x7f\u0085":                "%EF%BF%BD%EF%BF%BD",
		"\xff\xfe":                  "%EF%BF%BD%EF%BF%BD",
	} {
		h := make(http.Header)
		body, err := cloudevent.AppendMessage(nil, h, &event.Event{ID: id, Vendor: "acme", Lock: event.Lock{ID: id}})
		require.NoError(t, err)
		assert.Equal(t, want, h.Get("Ce-Id"), "%q", id)
		assert.Equal(t, want, h.Get("Ce-Subject"), "%q", id)
		e, err := cloudevent.DecodeMessage(h, body, nil)
		require.NoError(t, err)
		line, err := cloudevent.Encode(&event.Event{ID: id, Vendor: "acme", Lock: event.Lock{ID: id}})
		require.NoError(t, err)
		structured, err := cloudevent.Decode(line, nil)
		require.NoError(t, err)
		assert.Empty(t, cmp.Diff(structured, e, sameAddr), "%q", id)
	}
}

func TestAppendMessageErrors(t *testing.T) {
	long := strings.Repeat("a", 1025)
	for name, e := range map[string]*event.Event{
		"nil":       nil,
		"no ID":     {Vendor: "acme"},
		"no Vendor": {ID: "a"},
		"ID":        {ID: long, Vendor: "acme"},
		"vendor":    {ID: "a", Vendor: long},
		"source":    {ID: "a", Vendor: "acme", Source: long},
		"type":      {ID: "a", Vendor: "acme", Type: event.Type(long)},
		"escaped":   {ID: strings.Repeat(" ", 342), Vendor: "acme"},
		"time":      {ID: "a", Vendor: "acme", Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Ce-Id": {"of before"}}
			dst, err := cloudevent.AppendMessage([]byte("before"), h, e)
			require.Error(t, err)
			assert.Equal(t, "before", string(dst))
			assert.Equal(t, http.Header{"Ce-Id": {"of before"}}, h)
			_, err = cloudevent.NewRequest(t.Context(), "http://example.com/", e)
			assert.Error(t, err)
		})
	}
	_, err := cloudevent.NewRequest(t.Context(), ":", full())
	assert.Error(t, err)
}

// A subject may be as long as the vendor's body.
func TestLongSubjectIsLeftOut(t *testing.T) {
	for length, want := range map[int]int{1024: 1, 1025: 0, 64 << 10: 0} {
		e := full()
		e.Lock.ID = strings.Repeat("l", length)
		h := make(http.Header)
		body, err := cloudevent.AppendMessage(nil, h, e)
		require.NoError(t, err)
		assert.Len(t, h.Values("Ce-Subject"), want, length)
		got, err := cloudevent.DecodeMessage(h, body, payloads)
		require.NoError(t, err)
		assert.Equal(t, e.Lock.ID, got.Lock.ID)
	}
}

// Every event arrives over HTTP in both modes as it does in a line.
func TestOverHTTP(t *testing.T) {
	var got *event.Event
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if got, err = cloudevent.DecodeRequest(r, payloads); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	defer server.Close()
	send := func(req *http.Request, err error) *event.Event {
		require.NoError(t, err)
		got = nil
		resp, err := server.Client().Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		return got
	}

	r := rand.New(rand.NewPCG(7, 8))
	events := []*event.Event{full(), {ID: "least", Vendor: "acme"}}
	hostile := full()
	hostile.Credential, hostile.Payload = "secret 1", nil
	escapetest.Fill(&hostile.User)
	escapetest.Fill(&hostile.Device)
	hostile.ID, hostile.Lock.ID, hostile.Type = escapetest.Text+"\"%41\\", escapetest.Text, escapetest.Text
	events = append(events, hostile)
	for range 200 {
		events = append(events, randomEvent(r))
	}
	for _, e := range events {
		line, err := cloudevent.Encode(e)
		require.NoError(t, err)
		want, err := cloudevent.Decode(line, payloads)
		require.NoError(t, err)

		require.Empty(t, cmp.Diff(want, send(cloudevent.NewRequest(t.Context(), server.URL, e)), sameAddr), "binary")

		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, bytes.NewReader(line))
		require.NoError(t, err)
		req.Header.Set("Content-Type", cloudevent.ContentType+"; charset=UTF-8")
		require.Empty(t, cmp.Diff(want, send(req, nil), sameAddr), "structured")
	}
}

func TestDecodeMessage(t *testing.T) {
	const body = `{"vendor":"acme","type":"lock.locked","outcome":"success"}`
	for name, tt := range map[string]struct {
		header, value string
		id            string // empty if it must be refused
	}{
		"as it is":                 {"ce-id", "a", "a"},
		"lower case":               {"ce-id", "%e2%82%ac", "€"},
		"needlessly encoded":       {"ce-id", "%41%2D", "A-"},
		"one round":                {"ce-id", "%2541", "%41"},
		"UTF-8":                    {"ce-id", "Bakdør", "Bakdør"},
		"space":                    {"ce-id", "a b", "a b"},
		"quoted":                   {"ce-id", `"a \"b\\%20c"`, `a "b\ c`},
		"a quote inside":           {"ce-id", `a"b`, `a"b`},
		"overlong":                 {"ce-id", "%C0%A0", ""},
		"half a character":         {"ce-id", "%E2%82", ""},
		"surrogate":                {"ce-id", "%ED%A0%80", ""},
		"not UTF-8":                {"ce-id", "\xe5", ""},
		"not hexadecimal":          {"ce-id", "%zz", ""},
		"colon":                    {"ce-id", "%4:", ""},
		"one digit":                {"ce-id", "a%4", ""},
		"percent":                  {"ce-id", "%", ""},
		"quote not closed":         {"ce-id", `"a`, ""},
		"quote escaped at the end": {"ce-id", `"a\`, ""},
		"after the quote":          {"ce-id", `"a"b`, ""},
		"empty quotes":             {"ce-id", `""`, ""},
		"empty":                    {"ce-id", "", ""},
		"version":                  {"ce-specversion", "0.3", ""},
		"type":                     {"ce-type", "com.example.lock.locked", ""},
		"charset":                  {"Content-Type", "application/json; charset=utf-8", "id"},
		"other JSON":               {"Content-Type", "application/vnd.example+json", "id"},
		"no JSON":                  {"Content-Type", "text/plain", ""},
		"no media type":            {"Content-Type", ";", ""},
		"batch":                    {"Content-Type", "application/cloudevents-batch+json", ""},
		"other format":             {"Content-Type", "application/cloudevents+avro", ""},
		"structured":               {"Content-Type", "application/cloudevents+json", ""}, // the body is not
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"id"}, "Ce-Type": {"accesshook.lock.locked"}, "Content-Type": {"application/json"}}
			h.Set(tt.header, tt.value)
			e, err := cloudevent.DecodeMessage(h, []byte(body), nil)
			if tt.id == "" {
				require.Error(t, err)
				assert.Nil(t, e)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, &event.Event{ID: tt.id, Vendor: "acme", Type: event.LockLocked, Outcome: event.OutcomeSuccess}, e)
		})
	}
	for _, name := range []string{"Ce-Specversion", "Ce-Id", "Ce-Type", "Content-Type"} {
		h := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"id"}, "Ce-Type": {"accesshook.lock.locked"}, "Content-Type": {"application/json"}}
		h.Add(name, h.Get(name))
		_, err := cloudevent.DecodeMessage(h, []byte(body), nil)
		require.ErrorContains(t, err, "2 headers "+strings.ToLower(name))
		h.Del(name)
		_, err = cloudevent.DecodeMessage(h, []byte(body), nil)
		require.ErrorContains(t, err, "0 headers "+strings.ToLower(name))
	}
}

func TestDecodeMessageBody(t *testing.T) {
	h := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"id"}, "Ce-Type": {"accesshook.lock.locked"}, "Content-Type": {"application/json"}}
	for _, body := range []string{"", "null", "[]", "{", `{"vendor":1}`, `{}`, "\x1f\x8b"} {
		_, err := cloudevent.DecodeMessage(h, []byte(body), nil)
		assert.Error(t, err, body)
	}
	_, err := cloudevent.DecodeMessage(h, []byte(`{"vendor":"acme","payload":{}}`), nil)
	assert.ErrorIs(t, err, cloudevent.ErrNoDecoder)
}

func TestDecodeRequestIsBounded(t *testing.T) {
	for name, limit := range map[string]int64{"own": 10, "default": cloudevent.MaxBody} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "/", &endless{})
			r.Header.Set("Content-Type", cloudevent.ContentType)
			if name == "own" {
				r.Body = http.MaxBytesReader(w, r.Body, limit)
			}
			_, err := cloudevent.DecodeRequest(r, nil)
			var tooLarge *http.MaxBytesError
			require.ErrorAs(t, err, &tooLarge)
			assert.Equal(t, limit, tooLarge.Limit)
		})
	}
}

// An endless reader ends the test by a failure if it is not bounded.
type endless struct{ read int }

func (r *endless) Read(p []byte) (int, error) {
	if r.read += len(p); r.read > 4*cloudevent.MaxBody {
		return 0, http.ErrBodyReadAfterClose
	}
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
