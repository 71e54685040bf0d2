package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/verify"
)

const (
	oneGUID   = "5f0c8a2e9d414b7e8c361a2b3c4d5e6f"
	otherGUID = "0123456789abcdef0123456789abcdef"
)

// guid is an ID of 32 hexadecimal digits, with hyphens and braces.
func guid(dst, text []byte) ([]byte, bool) {
	n := 0
	for _, c := range bytes.ToLower(bytes.Trim(text, "{}")) {
		switch {
		case c == '-':
		case '0' <= c && c <= '9' || 'a' <= c && c <= 'f':
			dst, n = append(dst, c), n+1
		default:
			return nil, false
		}
	}
	return dst, n == 32
}

func guids(t *testing.T) *verify.BodyID {
	v, err := verify.NewBodyID(verify.BodyIDConfig{
		IDs: event.Secrets(oneGUID, otherGUID), Normalize: guid,
		Mask: func(dst, id []byte) []byte { return append(append(dst, id[:4]...), "…"...) },
	})
	require.NoError(t, err)
	return v
}

// spellings are how an ID may stand in a body.
func spellings(id string) map[string]string {
	hyphens := strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
	escaped := ""
	for _, c := range []byte(id) {
		escaped += fmt.Sprintf(`\u%04x`, c)
	}
	return map[string]string{
		"digits": id, "hyphens": hyphens, "upper case": strings.ToUpper(hyphens), "braces": "{" + hyphens + "}", "escaped": escaped, "half escaped": `\u00` + fmt.Sprintf("%02X", id[0]) + id[1:],
		"URN": "urn:uuid:" + hyphens, "within a sentence": "server (" + hyphens + ") says hello", "dots": strings.Join(strings.Split(hyphens, "-"), "."),
		"spaces": strings.Join(strings.Split(id, ""), " "), "beside letters": "ID" + id + "!", "in JSON text": `{\"id\":\"` + hyphens + `\"}`,
	}
}

// Wherever an accepted ID stands in an accepted body, and however it is written,
// nothing that is decoded, encoded, hashed or logged has it.
func TestIDsAreMaskedEverywhere(t *testing.T) {
	for place, format := range map[string]string{
		"beside": `{"id":%[2]q,"x":"%[1]s"}`, "before": `{"x":"%[1]s","id":%[2]q}`, "nested": `{"id":%[2]q,"x":{"y":[{"z":"%[1]s"}]}}`, "in an array": `{"id":%[2]q,"x":["%[1]s",1,"%[1]s"]}`,
		"as a name": `{"id":%[2]q,"%[1]s":1}`, "as a name within": `{"id":%[2]q,"x":[{"%[1]s":{"y":"%[1]s"}}]}`, "repeated names": `{"id":%[2]q,"x":{"y":"%[1]s","y":"%[1]s"}}`,
		"broken UTF-8": "{\"id\":%[2]q,\"x\":\"\xff\",\"y\":\"%[1]s\xff\"}", "lone surrogate": `{"id":%[2]q,"x":"%[1]s\ud800"}`, "byte order mark": "\ufeff {\"id\":%[2]q , \"x\" : [ \"%[1]s\" ] }",
		"deep": `{"id":%[2]q,"x":` + strings.Repeat("[", 63) + `"%[1]s"` + strings.Repeat("]", 63) + `}`,
	} {
		for spelling := range spellings(oneGUID) {
			t.Run(place+"/"+spelling, func(t *testing.T) {
				var events []*event.Event
				for _, id := range []string{oneGUID, otherGUID} {
					j := newJournal()
					hook, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: guids(t), Config: j.config(), Decode: keepAll})
					require.NoError(t, err)
					body := fmt.Sprintf(format, spellings(id)[spelling], id)
					e, err := hook.Check(post(), []byte(body))
					require.NoError(t, err, body)
					assert.Equal(t, body, string(e.Raw))
					events = append(events, e)
					again, err := hook.Decode([]byte(body))
					require.NoError(t, err)
					assert.Equal(t, e.Reason, again.Reason)
					assert.Equal(t, e.ID, again.ID)
					_, err = hook.Deliver(t.Context(), []byte(body), event.HandlerFunc(func(_ context.Context, fetched *event.Event) error {
						assert.Equal(t, e.Reason, fetched.Reason)
						assert.Equal(t, e.ID, fetched.ID)
						return nil
					}))
					require.NoError(t, err)

					r := post()
					r.Body = http.NoBody
					r = httptest.NewRequest("POST", "/", strings.NewReader(body))
					hook.Handler(event.NewMux()).ServeHTTP(httptest.NewRecorder(), r)
					_, record := j.next(t)
					encoded, err := json.Marshal(e)
					require.NoError(t, err)
					for _, text := range []string{e.Reason, string(encoded), fmt.Sprint(record)} {
						assert.NotContains(t, letters(text), id, text)
					}
				}
				assert.Equal(t, events[0].ID, events[1].ID, "the same body, but for the ID")
				assert.Equal(t, strings.ReplaceAll(events[0].Reason, oneGUID[:4], otherGUID[:4]), events[1].Reason)
				assert.Equal(t, "ID 1", events[0].Credential)
				assert.Equal(t, "ID 2", events[1].Credential)
			})
		}
	}
}

// keepAll shows in the event what it was given.
func keepAll(_ http.Header, body []byte) (*event.Event, error) {
	var all struct {
		Extra map[string]json.RawMessage `json:",embed"`
	}
	warnings, err := verify.Unmarshal(body, &all)
	if err != nil {
		return nil, err
	}
	return &event.Event{Reason: string(body), Payload: all.Extra, Warnings: warnings}, nil
}

// letters are what is left of an ID in all spellings, escapes of JSON unescaped twice.
func letters(text string) string {
	for range 2 {
		var b strings.Builder
		for i := 0; i < len(text); i++ {
			var r rune
			if n, _ := fmt.Sscanf(text[i:], `\u%04x`, &r); n == 1 {
				b.WriteRune(r)
				i += 5
			} else {
				b.WriteByte(text[i])
			}
		}
		text = b.String()
	}
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || 'a' <= r && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(text))
}

// A body that is not JSON may have its strings end where others begin.
func TestIDsBetweenSharedQuotes(t *testing.T) {
	v := guids(t)
	other := newBodyID(t, "11112222")
	for body, want := range map[string]string{
		`"` + oneGUID + `"` + oneGUID + `"`:                 `"5f0c…""5f0c…"`,
		`"` + oneGUID + `"` + otherGUID + `"x"`:             `"5f0c…""0123…"x"`,
		`"` + oneGUID + `"` + oneGUID + `"` + oneGUID + `"`: `"5f0c…""5f0c…""5f0c…"`,
		`["` + oneGUID + `" "` + oneGUID + `"]`:             `["5f0c…" "5f0c…"]`,
		`"` + oneGUID + `"11112222"`:                        `"5f0c…""11\"******"`,
		`"11112222"` + oneGUID + `"11112222"`:               `"11\"******""5f0c…""11\"******"`,
	} {
		if strings.Contains(body, "1111") {
			anybody := verifierFunc(func(*http.Request, []byte) (string, error) { return "anybody", nil })
			assert.Equal(t, want, shown([]byte(body), verify.AnyOf(v, other, anybody).(verify.BodyVerifier).Credentials([]byte(body))), body)
			continue
		}
		_, spans, err := v.VerifyBody(nil, []byte(body))
		require.NoError(t, err)
		assert.Equal(t, want, shown([]byte(body), spans), body)

		hook, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: v, Config: newJournal().config(), Decode: keepAll})
		require.NoError(t, err)
		e, err := hook.Check(post(), []byte(body))
		require.ErrorIs(t, err, verify.ErrMalformed)
		require.NotNil(t, e)
		assert.Equal(t, "ID 1", e.Credential)
		assert.Equal(t, body, string(e.Raw))
	}
}

// What is refused is refused whatever else the body has.
func TestBodiesThatTwoReadersCouldUnderstandDifferently(t *testing.T) {
	v := guids(t)
	for name, body := range map[string]string{
		"repeated":              `{"id":"` + oneGUID + `","a":1,"a":2}`,
		"the ID itself":         `{"id":"` + oneGUID + `","id":"x"}`,
		"in another spelling":   `{"id":"` + oneGUID + `","\u0069d":"x"}`,
		"both escaped":          `{"\u0069d":"` + oneGUID + `","i\u0064":"x"}`,
		"behind a hundred":      `{"id":"` + oneGUID + `",` + strings.Repeat(`"a":1,`, 100) + `"b":1}`,
		"equal once replaced":   "{\"id\":\"" + oneGUID + "\",\"\xff\":1,\"\xfe\":2}",
		"too deep":              `{"id":"` + oneGUID + `","a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
		"too deep, not closed":  `{"id":"` + oneGUID + `","a":` + strings.Repeat("[", 64),
		"too deep, then broken": `{"id":"` + oneGUID + `","a":` + strings.Repeat(`{"a":`, 100) + `x`,
	} {
		_, spans, err := v.VerifyBody(nil, []byte(body))
		assert.ErrorIs(t, err, verify.ErrBadCredential, name)
		assert.Empty(t, spans, name)
		_, err = v.Verify(nil, []byte(body))
		assert.ErrorIs(t, err, verify.ErrBadCredential, name)
		assert.NotContains(t, err.Error(), oneGUID, name)
	}
	for name, body := range map[string]string{
		"repeated below":     `{"id":"` + oneGUID + `","a":{"a":1,"a":2},"b":[{"b":1,"b":2}]}`,
		"differ in case":     `{"id":"` + oneGUID + `","ID":"x"}`,
		"as deep as allowed": `{"id":"` + oneGUID + `","a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`,
	} {
		label, err := v.Verify(nil, []byte(body))
		assert.NoError(t, err, name)
		assert.Equal(t, "ID 1", label, name)
	}
}

// All IDs are looked at, and the first that matches gives the label.
func TestLabelsOfEqualIDs(t *testing.T) {
	v := newBodyID(t, "11112222", "33334444", "1111-2222")
	for body, want := range map[string]string{
		`{"a":"11112222"}`: "ID 1", `{"a":"33334444"}`: "ID 2", `{"a":"33334444","b":"11112222"}`: "ID 2", `{"a":"11112222","b":"33334444"}`: "ID 1",
	} {
		label, err := v.Verify(nil, []byte(body))
		require.NoError(t, err)
		assert.Equal(t, want, label, body)
	}
}

// The names of a refused body are told, but not an ID that stands in one.
func TestNamesHideIDs(t *testing.T) {
	for spelling, text := range spellings(oneGUID) {
		_, err := guids(t).Verify(nil, []byte(`{"first":1,"`+text+`":2,"last":3}`))
		require.ErrorIs(t, err, verify.ErrBadCredential, spelling)
		assert.ErrorContains(t, err, "members: first, [redacted], last", spelling)
	}
	_, err := guids(t).Verify(nil, []byte(`{"`+strings.Repeat("x", 1000)+oneGUID+`":2,"last":3}`))
	assert.ErrorContains(t, err, "members: "+strings.Repeat("x", 40)+"…, last")
}

// One that has no IDs, or no memory of them, finds nothing and accepts nothing.
func TestZeroBodyID(t *testing.T) {
	for _, v := range []*verify.BodyID{nil, new(verify.BodyID)} {
		for _, body := range []string{`{}`, `{"a":""}`, ``, `""`, `{"a":"` + oneGUID + `"}`} {
			_, spans, err := v.VerifyBody(nil, []byte(body))
			assert.ErrorIs(t, err, verify.ErrUnauthenticated)
			assert.Empty(t, spans)
			assert.Empty(t, v.Credentials([]byte(body)))
		}
	}
}

// A decoder that walks where the verifier has walked sees what one sees that is given
// a masked copy.
func TestOneWalk(t *testing.T) {
	walked := 0
	type payload struct {
		Marked []string
		Rest   map[string]json.RawMessage
	}
	walk := func(r *jsonbody.Reader) *event.Event {
		walked++
		var p payload
		for r.Object(); r.Next(); {
			if r.IsMarked() {
				p.Marked = append(p.Marked, string(r.Name()))
				r.Skip()
				continue
			}
			r.Keep(&p.Rest, string(r.Name()))
		}
		return &event.Event{Payload: p, Warnings: r.Warnings()}
	}
	var decoded []string
	decode := func(_ http.Header, body []byte) (*event.Event, error) {
		decoded = append(decoded, string(body))
		return keepAll(nil, body)
	}
	anybody := verifierFunc(func(*http.Request, []byte) (string, error) { return "anybody", nil })
	for name, v := range map[string]verify.Verifier{"alone": guids(t), "behind another": verify.AnyOf(anybody, guids(t)), "with another": verify.AllOf(guids(t), anybody)} {
		hook, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: v, Decode: decode, OneWalk: walk, Config: newJournal().config()})
		require.NoError(t, err)
		for body, want := range map[string]*payload{
			`{"a":"` + oneGUID + `","b":1,"c":"` + otherGUID + `"}`: {[]string{"a", "c"}, map[string]json.RawMessage{"b": json.RawMessage(`1`)}},
			`{"b":"x","a":"` + oneGUID + `"}`:                       {[]string{"a"}, map[string]json.RawMessage{"b": json.RawMessage(`"x"`)}},
			"\ufeff{\"a\":\"" + oneGUID + "\"}":                     {[]string{"a"}, nil},
			// More than the object's own values: these are marked, the others masked.
			`{"a":"` + oneGUID + `","b":["` + oneGUID + `",1]}`: {[]string{"a"}, map[string]json.RawMessage{"b": json.RawMessage(`["5f0c…",1]`)}},
			`{"a":"` + oneGUID + `","` + oneGUID + `":1}`:       {[]string{"a"}, map[string]json.RawMessage{"5f0c…": json.RawMessage(`1`)}},
		} {
			walked, decoded = 0, nil
			e, err := hook.Check(post(), []byte(body))
			require.NoError(t, err, name)
			again, err := hook.Decode([]byte(body))
			require.NoError(t, err, name)
			assert.Equal(t, e.ID, again.ID, name)
			assert.Empty(t, decoded, "%s: %s", name, body)
			assert.Equal(t, 2, walked, "%s: %s", name, body)
			assert.Equal(t, *want, e.Payload, name)
			assert.Equal(t, *want, again.Payload, name)
		}
	}
}

// A decoder that walks and panics has found a body that it cannot decode, as any other.
func TestOneWalkThatPanics(t *testing.T) {
	var ids []string
	for _, id := range []string{oneGUID, otherGUID} {
		decode := func(http.Header, []byte) (*event.Event, error) { panic("decode") }
		walk := func(*jsonbody.Reader) *event.Event { panic("walk") }
		hook, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: guids(t), Decode: decode, OneWalk: walk})
		require.NoError(t, err)
		e, err := hook.Check(post(), []byte(`{"id":"`+id+`"}`))
		require.ErrorIs(t, err, verify.ErrMalformed)
		panicked, ok := errors.AsType[*event.PanicError](err)
		require.True(t, ok)
		assert.Equal(t, "walk", panicked.Value)
		require.NotNil(t, e)
		assert.Equal(t, event.Unknown, e.Type)
		ids = append(ids, e.ID)
	}
	assert.Equal(t, ids[0], ids[1], "the same body, but for the ID")
}

// What Normalize makes of a text decides what is an ID, so it decides what is masked
// too: an ID may be spelled in letters that are not its own.
func TestIDsAreMaskedHoweverNormalizeReadsThem(t *testing.T) {
	v, err := verify.NewBodyID(verify.BodyIDConfig{
		IDs: event.Secrets(otherGUID),
		Normalize: func(dst, text []byte) ([]byte, bool) {
			text = bytes.Map(func(r rune) rune {
				if '０' <= r && r <= '９' {
					return r - '０' + '0'
				}
				return r
			}, text)
			return guid(dst, text)
		},
	})
	require.NoError(t, err)
	wide := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r - '0' + '０'
		}
		return r
	}, otherGUID)
	body := fmt.Appendf(nil, `{"id":%q,"beside":%[2]q,"x":[{"y":%[2]q,%[2]q:1}]}`, otherGUID, wide)
	also := verify.AllOf(v, verifierFunc(func(*http.Request, []byte) (string, error) { return "anybody", nil }))
	for name, definition := range map[string]verify.Definition{
		"alone": {Vendor: "v", Verifier: v, Decode: keepAll}, "beside another": {Vendor: "v", Verifier: also, Decode: keepAll},
	} {
		hook, err := verify.NewEndpoint(definition)
		require.NoError(t, err)
		e, err := hook.Check(post(), body)
		require.NoError(t, err)
		assert.NotContains(t, e.Reason, wide, name)
		again, err := hook.Decode(body)
		require.NoError(t, err)
		assert.NotContains(t, again.Reason, wide, name)
		assert.Equal(t, e.ID, again.ID, name)
	}
	notJSON := []byte(`{"id":"` + wide + `"`)
	assert.Len(t, v.Credentials(notJSON), 1)
}

// A Normalize that adds letters would make an ID that is longer than any text for it.
func TestBodyIDRefusesAnIDThatNormalizeMakesLonger(t *testing.T) {
	_, err := verify.NewBodyID(verify.BodyIDConfig{
		IDs:       event.Secrets("abc"),
		Normalize: func(dst, text []byte) ([]byte, bool) { return fmt.Appendf(dst, "%x", text), true },
	})
	assert.EqualError(t, err, "verify: BodyIDConfig.IDs[0] is not an ID")
}

// JSON in a string has escapes of its own, and so has JSON in a string of that.
func TestIDsAreMaskedInEscapesWithinJSONText(t *testing.T) {
	hyphens := strings.Join([]string{otherGUID[:8], otherGUID[8:12], otherGUID[12:16], otherGUID[16:20], otherGUID[20:]}, `\u002d`)
	for name, text := range map[string]string{
		"hyphens": hyphens, "all": spellings(otherGUID)["escaped"],
		"a broken escape before": `\uzzzz` + hyphens, "an escape of an escape": strings.ReplaceAll(hyphens, `\`, `\u005c`),
	} {
		inner := `{"id":"` + text + `"}`
		for depth := range 3 {
			quoted, err := json.Marshal(inner)
			require.NoError(t, err)
			inner = string(quoted)
			hook, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: guids(t), Decode: keepAll})
			require.NoError(t, err)
			e, err := hook.Check(post(), fmt.Appendf(nil, `{"id":%q,"x":%s}`, oneGUID, inner))
			require.NoError(t, err)
			assert.JSONEq(t, `{"id":"5f0c…","x":"0123…"}`, e.Reason, "%s, %d deep", name, depth)
		}
	}
}
