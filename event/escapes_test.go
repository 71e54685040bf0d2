package event_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/escapetest"
)

const nasty = escapetest.Text

// invisible returns an event with invisible characters in every string.
func invisible(payload any) *event.Event {
	e := new(event.Event)
	escapetest.Fill(e)
	e.Client.Address = netip.MustParseAddr("fe80::1").WithZone(nasty)
	e.Credential, e.Payload = "", payload
	return e
}

// rawJSON and rawText encode themselves without escapes.
type rawJSON struct{}

func (rawJSON) MarshalJSON() ([]byte, error) {
	text := escapetest.Quote(nasty)
	return []byte(`{` + text + `: [` + text + `] }`), nil
}

type rawText struct{ S string }

func (rawText) MarshalText() ([]byte, error) { return []byte(nasty), nil }

func TestEveryStringIsEscaped(t *testing.T) {
	text := escapetest.Quote(nasty)
	for name, payload := range map[string]any{
		"none":            nil,
		"string":          nasty,
		"struct":          struct{ S string }{nasty},
		"map":             map[string]any{nasty: []string{nasty}},
		"raw":             json.RawMessage(`{` + text + `: ` + text + `}`),
		"raw inside":      map[string]json.RawMessage{nasty: json.RawMessage(text)},
		"writes its own":  rawJSON{},
		"text":            rawText{},
		"text of a name":  map[rawText]int{{}: 1},
		"event":           invisible(nil),
		"not UTF-8":       json.RawMessage("\"\xff\u202e\""),
		"not UTF-8 alone": json.RawMessage("\"\xff\""),
	} {
		t.Run(name, func(t *testing.T) {
			e := invisible(payload)
			for how, encode := range map[string]func() ([]byte, error){
				"MarshalJSON":  e.MarshalJSON,
				"AppendJSON":   func() ([]byte, error) { return e.AppendJSON(nil) },
				"json.Marshal": func() ([]byte, error) { return json.Marshal(*e) },
				"no HTML":      func() ([]byte, error) { return encodePlainly(e) },
			} {
				line, err := encode()
				require.NoError(t, err, how)
				escapetest.AssertEscaped(t, line)
				var got event.Event
				require.NoError(t, json.Unmarshal(line, &got), how)
				got.ID = e.ID // which is in the envelope
				requireEqual(t, e, &got)
			}
			for how, encode := range map[string]func() ([]byte, error){
				"Encode": func() ([]byte, error) { return cloudevent.Encode(e) },
				"Append": func() ([]byte, error) { return cloudevent.Append(nil, e) },
			} {
				line, err := encode()
				require.NoError(t, err, how)
				escapetest.AssertEscaped(t, line)
				got, err := cloudevent.Decode(line, cloudevent.Payloads{nasty: func(body []byte) (*event.Event, error) {
					return &event.Event{Payload: json.RawMessage(body)}, nil
				}})
				require.NoError(t, err, how)
				requireEqual(t, e, got)
			}
		})
	}
}

// requireEqual compares events by what the JSON of their payloads says.
func requireEqual(t *testing.T, want, got *event.Event) {
	t.Helper()
	had, has := want.Clone(), got.Clone()
	for _, e := range []*event.Event{had, has} {
		if e.Payload != nil {
			text, err := json.Marshal(e.Payload)
			require.NoError(t, err)
			e.Payload = nil
			require.NoError(t, json.Unmarshal(text, &e.Payload))
		}
	}
	require.Empty(t, cmp.Diff(had, has, sameAddr, cmpopts.EquateEmpty()))
}

func TestWhatCanBeSeenIsNotEscaped(t *testing.T) {
	const text = "Bakdør – øst, Главный вход, الباب, 正门, 정문, किवाड़, 🚪,\u00a0\u3000\ufffd"
	line, err := cloudevent.Encode(&event.Event{ID: "a", Vendor: "acme", Lock: event.Lock{Name: text}, Payload: map[string]string{text: text}})
	require.NoError(t, err)
	assert.Contains(t, string(line), `"lock":{"name":"`+text+`"}`)
	assert.Contains(t, string(line), `"payload":{"`+text+`":"`+text+`"}`)
}

// The handlers of log/slog escape some invisible characters only, and others none.
func TestLogRecordsAreEscaped(t *testing.T) {
	errNasty := errors.New(nasty)
	fails := event.HandlerFunc(func(context.Context, *event.Event) error { return errNasty })
	panics := event.HandlerFunc(func(context.Context, *event.Event) error { panic(nasty) })
	for name, handler := range escapetest.Handlers {
		for what, write := range map[string]func(*testing.T, *slog.Logger){
			"event": func(_ *testing.T, log *slog.Logger) {
				log.Info("x", "pointer", invisible(nil), "value", *invisible(nil))
			},
			"group": func(_ *testing.T, log *slog.Logger) { log.Info("x", slog.Group("g", "e", invisible(nil))) },
			"Retry": func(t *testing.T, log *slog.Logger) {
				assert.ErrorIs(t, event.Retry(event.RetryConfig{Attempts: 2, Logger: log})(fails).HandleEvent(t.Context(), invisible(nil)), errNasty)
			},
			"panic": func(t *testing.T, log *slog.Logger) {
				assert.Error(t, event.Retry(event.RetryConfig{Attempts: 2, Logger: log})(panics).HandleEvent(t.Context(), invisible(nil)))
			},
			"Queue": func(t *testing.T, log *slog.Logger) {
				q := event.NewQueue(fails, event.QueueConfig{Logger: log})
				assert.NoError(t, q.HandleEvent(t.Context(), invisible(nil)))
				_, err := q.Shutdown(t.Context())
				assert.NoError(t, err)
			},
			"Dedupe": func(t *testing.T, log *slog.Logger) {
				h := event.Dedupe(event.DedupeConfig{Logger: log, Store: brokenStore{claim: func() error { return errNasty }}})(event.NewMux())
				assert.NoError(t, h.HandleEvent(t.Context(), invisible(nil)))
			},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var b bytes.Buffer
					write(t, slog.New(handler(&b)))
					assert.Contains(t, b.String(), `u009b2J`)
					for line := range strings.Lines(b.String()) {
						escapetest.AssertEscaped(t, line)
					}
				})
			})
		}
	}
}

func TestPrintedEventIsEscaped(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		for _, e := range []any{invisible(nil), *invisible(nil), []any{invisible(nil)}} {
			text := fmt.Sprintf(verb, e)
			assert.Contains(t, text, `\u009b2J`)
			escapetest.AssertEscaped(t, text)
		}
	}
}
