package userlock_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// normal returns text in lower case, without what may stand between digits.
func normal(text string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "", "{", "", "}", "", ":", "").Replace(text))
}

// The ID is compared in any of its forms, on both sides.
func TestIDForms(t *testing.T) {
	bare := strings.ReplaceAll(primary, "-", "")
	for _, configured := range []string{primary, strings.ToLower(primary), "{" + primary + "}", "(" + primary + ")", bare} {
		for _, sent := range []string{primary, strings.ToLower(primary), "{" + primary + "}", bare, " " + primary + " "} {
			_, err := check(t, userlock.Config{IDs: event.Secrets(configured)}, `{"id":"`+sent+`"}`)
			assert.NoError(t, err, "%s %s", configured, sent)
		}
	}
	for _, sent := range []string{primary[:35], primary + "0", "{" + primary, primary + "}", "x" + primary[1:], "", backup[:8] + primary[8:], `{` + primary + `)`} {
		_, err := check(t, userlock.Config{IDs: event.Secrets(primary)}, `{"id":"`+sent+`"}`)
		assert.ErrorIs(t, err, verify.ErrBadCredential, sent)
	}
}

// An accepted ID gets no further than Event.Raw, wherever it stands in the body, in
// whatever spelling.
func TestIDIsMasked(t *testing.T) {
	bare, lower := strings.ReplaceAll(primary, "-", ""), strings.ToLower(primary)
	id := `"UserLockId":"` + primary + `"`
	for name, test := range map[string]struct{ body, kept string }{
		"known name":            {`{` + id + `,"SessionId":"` + other + `"}`, other},
		"unknown name":          {`{"X":"` + primary + `","SessionId":"` + other + `"}`, other},
		"name of another field": {`{"SessionId":"` + primary + `","ComputerName":"W7"}`, "W7"},
		"name of the reason":    {`{"LogonInfo":"` + primary + `","ComputerName":"W7"}`, "W7"},
		"beside another GUID":   {`{"correlation":"` + other + `","X":"` + primary + `"}`, other},
		"after a GUID named so": {`{"ServerGuid":"` + other + `","X":"` + primary + `"}`, ""},
		"twice":                 {`{"UserLockId":"{` + primary + `}","ServerGuid":"` + lower + `"}`, ""},
		"both servers":          {`{` + id + `,"Partner":"` + backup + `"}`, ""},
		"escaped":               {`{"UserLockId":"\u0037` + primary[1:] + `","ComputerName":"W7"}`, "W7"},
		"nested":                {`{` + id + `,"Nested":{"id":"` + primary + `","name":"W7"}}`, "W7"},
		"nested, other name":    {`{"X":"` + primary + `","SessionId":"` + other + `","Nested":["` + primary + `"]}`, other},
		"nested, other field":   {`{"SessionId":"` + primary + `","Nested":["` + primary + `"],"ComputerName":"W7"}`, "W7"},
		"nested deep":           {`{` + id + `,"a":{"b":[[{"c":"` + primary + `"}]]}}`, ""},
		"in an array":           {`{` + id + `,"Servers":["W7","` + primary + `","` + backup + `"]}`, "W7"},
		"within a text":         {`{` + id + `,"Urn":"urn:uuid:` + primary + `","LogonInfo":"by ` + lower + `, of course","ComputerName":"W7"}`, "W7"},
		"as a name":             {`{` + id + `,"` + primary + `":"W7"}`, "W7"},
		"as a nested name":      {`{` + id + `,"Servers":{"` + lower + `":"W7"}}`, "W7"},
		"within JSON in a text": {`{` + id + `,"Nested":"{\"id\":\"` + primary + `\"}","ComputerName":"W7"}`, "W7"},
		"without hyphens":       {`{` + id + `,"a":["` + bare + `"]}`, ""},
		"in braces":             {`{` + id + `,"a":["{` + lower + `}"]}`, ""},
		"with spaces":           {`{` + id + `,"a":["` + strings.ReplaceAll(primary, "-", " ") + `"]}`, ""},
		"with escapes":          {`{` + id + `,"a":["` + strings.ReplaceAll(primary, "7", `\u0037`) + `"]}`, ""},
		"another type of field": {`{` + id + `,"EventTime":"` + primary + `","EventType":{"id":"` + primary + `"},"ClientAddress":"` + primary + `"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			hook := newHook(t, userlock.Config{Endpoint: verify.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil))}})
			var e *event.Event
			w := httptest.NewRecorder()
			hook.Handler(event.HandlerFunc(func(_ context.Context, got *event.Event) error {
				e = got
				return fmt.Errorf("failed: %v %+v", got, got.Payload)
			})).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(test.body)))
			require.NotNil(t, e, log.String())

			line := roundTrip(t, e)
			n := e.Payload.(*userlock.Notification)
			slog.New(slog.NewTextHandler(&log, nil)).Info("event", "event", e, "value", *e, "payload", n)
			copied := *e
			copied.Raw = nil
			for where, shown := range map[string]string{
				"CloudEvent": line, "log": log.String(), "answer": w.Body.String() + fmt.Sprint(w.Header()),
				"fmt of the payload": fmt.Sprintf("%v %+v %#v", n, *n, n), "fmt of the event": fmt.Sprintf("%v %+v", e, struct{ e event.Event }{copied}),
			} {
				for _, secret := range []string{primary, backup} {
					assert.NotContains(t, normal(shown), normal(secret)[8:], where)
				}
			}
			assert.Contains(t, line, test.kept, "what is no credential stays")
			assert.Equal(t, test.body, string(e.Raw))
			assert.NotContains(t, e.ID, "7c9e6679")
			assert.Equal(t, userlock.ServerID("7c9e6679"), n.ServerID)

			// From a store, it is decoded to the same.
			again, err := hook.Decode([]byte(test.body))
			require.NoError(t, err)
			assert.Equal(t, e.ID, again.ID)
			assert.Empty(t, cmp.Diff(n, again.Payload))
		})
	}
}

// A field whose text has an accepted ID in it is left out, and a warning says so.
func TestFieldWithTheIDIsWarnedOf(t *testing.T) {
	left := []event.Warning{{Path: "/LogonInfo", Want: "text", Got: "UserLock ID"}}
	for body, want := range map[string][]event.Warning{
		`{"UserLockId":"` + primary + `","EventType":1}`:                                                          nil,
		`{"X":"` + primary + `","EventType":1}`:                                                                   nil,
		`{"UserLockId":"` + primary + `","EventType":1,"LogonInfo":"` + primary + `"}`:                            left,
		`{"UserLockId":"` + primary + `","EventType":1,"LogonInfo":"by ` + primary + `"}`:                         left,
		`{"UserLockId":"` + primary + `","EventType":1,"LogonInfo":"by ` + primary + `","x":["` + primary + `"]}`: left,
	} {
		hook := newHook(t, userlock.Config{})
		e, err := hook.Check(post(), []byte(body))
		require.NoError(t, err)
		assert.Empty(t, e.Payload.(*userlock.Notification).LogonInfo)
		assert.Equal(t, want, e.Warnings, body)
		again, err := hook.Decode([]byte(body))
		require.NoError(t, err)
		assert.Equal(t, want, again.Warnings, body)
	}
}

// What is masked does not depend on which verifier has accepted the request.
func TestMaskedWhateverAccepts(t *testing.T) {
	hook := newHook(t, userlock.Config{})
	token, err := verify.NewBearer(event.NewSecret("a token for tests"))
	require.NoError(t, err)
	basic, err := verify.NewBasicAuth(verify.NewCredential("userlock", "a password for tests"))
	require.NoError(t, err)
	id, err := userlock.NewVerifier(event.NewSecret(primary))
	require.NoError(t, err)
	second, err := userlock.NewVerifier(event.NewSecret(backup))
	require.NoError(t, err)
	bearer, withPassword := post(), post()
	bearer.Header.Set("Authorization", "Bearer a token for tests")
	withPassword.SetBasicAuth("userlock", "a password for tests")

	for _, body := range []string{
		`{"EventId":"` + other + `","Key":"` + primary + `","EventType":1}`,
		`{"UserFullName":"aaaaaaaa-****-****-****-************","UserLockId":"` + primary + `"}`,
		`{"ServerGuid":"aaaaaaaa-****-****-****-************","Key":"` + primary + `"}`,
		`{"SessionId":"` + primary + `"}`,
		`{"UserLockId":"` + primary + `","Key":"` + primary + `"}`,
		`{"UserLockId":"` + primary + `","Guid":"` + other + `"}`,
		`{"UserLockId":"` + primary + `","Partner":"` + backup + `"}`,
	} {
		for name, test := range map[string]struct {
			r *http.Request
			v verify.Verifier
		}{
			"both IDs":     {bearer, verify.AnyOf(id, second)},
			"ID or token":  {bearer, verify.AnyOf(id, second, token)},
			"token or ID":  {bearer, verify.AnyOf(token, second, id)},
			"token and ID": {bearer, verify.AllOf(token, verify.AnyOf(id, second))},
			"ID or Basic":  {withPassword, verify.AnyOf(id, second, basic)},
		} {
			hook.SetVerifier(test.v)
			checked, err := hook.Check(test.r, []byte(body))
			require.NoError(t, err)
			decoded, err := hook.Decode([]byte(body))
			require.NoError(t, err)
			assert.Equal(t, checked.ID, decoded.ID, "%s %s", name, body)
			assert.Empty(t, cmp.Diff(checked.Payload, decoded.Payload), "%s %s", name, body)
			assert.Equal(t, userlock.ServerID("7c9e6679"), checked.Payload.(*userlock.Notification).ServerID)
			line := roundTrip(t, checked)
			for _, secret := range []string{primary, backup} {
				assert.NotContains(t, normal(line), normal(secret)[8:], "%s %s", name, body)
			}
		}
	}

	// The ID's own verifier would refuse these for what they are.
	hook.SetVerifier(verify.AnyOf(id, basic))
	for name, body := range map[string]string{
		"repeated names": `{"LogonInfo":"` + primary + `","UserLockId":"` + primary + `","x":1,"x":2}`,
		"below":          `{"LogonInfo":"by ` + primary + `","x":["` + primary + `"]}`,
	} {
		e, err := hook.Check(withPassword, []byte(body))
		require.NoError(t, err, name)
		assert.Equal(t, "user userlock", e.Credential)
		line := roundTrip(t, e)
		assert.NotContains(t, normal(line+e.Reason), normal(primary)[8:], name)
	}
	e, err := hook.Check(withPassword, []byte(`["`+primary+`"]`))
	require.ErrorIs(t, err, verify.ErrMalformed)
	line, err := cloudevent.Encode(e)
	require.NoError(t, err)
	assert.NotContains(t, normal(string(line)), normal(primary)[8:])
}

// A sender cannot pass another text off as the masked ID.
func TestTextThatLooksMasked(t *testing.T) {
	e, err := check(t, userlock.Config{}, `{"UserFullName":"aaaaaaaa-****-****-****-************","UserLockId":"`+primary+`"}`)
	require.NoError(t, err)
	assert.Equal(t, "aaaaaaaa-****-****-****-************", e.User.FullName)
	e, err = check(t, userlock.Config{}, `{"UserLockId":"`+primary+`","ServerGuid":"zzzzzzzz-****-****-****-************"}`)
	require.NoError(t, err)
	assert.Contains(t, e.Payload.(*userlock.Notification).Extra, "ServerGuid", "not the form of an ID")
}

// Without an endpoint nothing tells which GUID is the ID: none is shown.
func TestDecodeShowsNoGUID(t *testing.T) {
	for _, name := range []string{"a", "UserLockId", "server_guid"} {
		e, err := userlock.Decode([]byte(`{"` + name + `":"` + primary + `","b":"` + other + `","EventType":1,"SessionId":"` + other + `"}`))
		require.NoError(t, err)
		n := e.Payload.(*userlock.Notification)
		assert.Empty(t, n.Extra, name)
		assert.Equal(t, userlock.ServerID("7c9e6679"), n.ServerID, name)
		assert.Equal(t, other, e.Session.ID, "what is known is no UserLock ID")
		assert.Equal(t, event.SessionStarted, e.Type)
		roundTrip(t, e)
	}
}

// A member may have the name under which the ID is encoded and be none. Encoded
// twice under one name, it would hide the ID from whoever takes the last, and the
// body would be refused if it were sent again.
func TestOtherValueUnderTheNameOfTheID(t *testing.T) {
	for value, kind := range map[string]string{
		`"east"`: "string", `5`: "number", `{"a":1}`: "object", `""`: "", `null`: "",
		`"a text that is as long as an ID may be"`: "string",
	} {
		e, err := check(t, userlock.Config{}, `{"UserLockId":`+value+`,"Key":"`+primary+`","EventType":1}`)
		require.NoError(t, err)
		var want []event.Warning
		if kind != "" {
			want = []event.Warning{{Path: "/UserLockId", Want: "GUID", Got: kind}}
		}
		warned(t, e, value, want...)
		encoded, err := json.Marshal(e.Payload)
		require.NoError(t, err)
		assert.Equal(t, `{"UserLockId":"7c9e6679-****-****-****-************","EventType":"1"}`, string(encoded), value)
		again, err := userlock.NewRequest(t.Context(), "https://example.com", primary, e.Payload)
		require.NoError(t, err)
		body, err := io.ReadAll(again.Body)
		require.NoError(t, err)
		f, err := check(t, userlock.Config{}, string(body))
		require.NoError(t, err, value)
		assert.Empty(t, cmp.Diff(e.Payload, f.Payload), value)
	}
	e, err := userlock.Decode([]byte(`{"UserLockId":"east","EventType":1}`))
	require.NoError(t, err)
	assert.Equal(t, `"east"`, string(e.Payload.(*userlock.Notification).Extra["UserLockId"]), "kept where there is no ID")
	roundTrip(t, e)
}

// IDs are frozen. The value of the UserLock ID is left out with its quotes; the rest
// counts as it came.
func TestEventIDVectors(t *testing.T) {
	rest := `,"EventType":1,"UserAccount":"ada"}`
	nested := `,"Nested":["` + primary + `"]}`
	for body, want := range map[string]string{
		`{"UserLockId":"` + primary + `"` + rest:                                   "3dedfecef7a4229df19c168a9e74583b68d7df978191bc62d1e1faa4eef0d352", // of {"UserLockId":,"EventType":1,"UserAccount":"ada"}
		`{"UserLockId":"` + backup + `"` + rest:                                    "3dedfecef7a4229df19c168a9e74583b68d7df978191bc62d1e1faa4eef0d352",
		`{"UserLockId":"{` + strings.ToLower(primary) + `}"` + rest:                "3dedfecef7a4229df19c168a9e74583b68d7df978191bc62d1e1faa4eef0d352",
		`{"UserLockId":"\u0037` + primary[1:] + `"` + rest:                         "3dedfecef7a4229df19c168a9e74583b68d7df978191bc62d1e1faa4eef0d352",
		`{"UserLockId": "` + primary + `"` + rest:                                  hash(`{"UserLockId": ` + rest),
		`{"userLockId":"` + primary + `"` + rest:                                   hash(`{"userLockId":` + rest),
		`{"UserLockId":"` + primary + `","correlation":"` + other + `"}`:           hash(`{"UserLockId":,"correlation":"` + other + `"}`),
		`{"UserLockId":"` + primary + `","Partner":"` + backup + `"}`:              hash(`{"UserLockId":,"Partner":}`),
		`{"UserLockId":"` + primary + `"` + nested:                                 hash(`{"UserLockId":,"Nested":[]}`),
		"\ufeff{\"UserLockId\":\"" + primary + `"` + rest:                          hash("\ufeff{\"UserLockId\":" + rest),
		`{"UserLockId":"` + primary + `","x":"` + strings.Repeat("x", 2000) + `"}`: hash(`{"UserLockId":,"x":"` + strings.Repeat("x", 2000) + `"}`),
	} {
		e, err := check(t, userlock.Config{}, body)
		require.NoError(t, err)
		assert.Equal(t, want, e.ID, body)
	}
	for _, id := range []string{primary, backup} {
		own, err := userlock.Decode([]byte(`{"UserLockId":"` + id + `"` + rest))
		require.NoError(t, err)
		assert.Equal(t, hash(`{"UserLockId":`+rest), own.ID)
	}
}

// Both servers may report one logon, and IDs are rotated: it is one event, handled once.
func TestOneEventWhateverTheID(t *testing.T) {
	calls := 0
	hook := newHook(t, userlock.Config{Endpoint: verify.Config{
		Logger: slog.New(slog.DiscardHandler),
		Wrap:   []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})},
	}})
	handler := hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { calls++; return nil }))
	for _, accepted := range [][]string{{primary, backup}, {other, backup, primary}} {
		v, err := userlock.NewVerifier(event.Secrets(accepted...)...)
		require.NoError(t, err)
		hook.SetVerifier(v)
		for _, id := range []string{primary, backup, strings.ToLower(primary)} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"UserLockId":"`+id+`","EventType":1}`)))
			assert.Equal(t, http.StatusOK, w.Code)
		}
	}
	assert.Equal(t, 1, calls)
}

func TestServerID(t *testing.T) {
	s, err := userlock.NewServerID("{" + primary + "}")
	require.NoError(t, err)
	assert.Equal(t, userlock.ServerID("7c9e6679"), s)
	text, err := s.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "7c9e6679-****-****-****-************", string(text))
	_, err = userlock.NewServerID(primary[:30] + "canary")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "canary")

	whole := userlock.Notification{ServerID: userlock.ServerID(normal(primary))}
	encoded, err := json.Marshal(whole)
	require.NoError(t, err)
	for _, shown := range []string{string(encoded), fmt.Sprint(whole), fmt.Sprintf("%s %q %x", whole.ServerID, whole.ServerID, whole.ServerID)} {
		assert.NotContains(t, shown, normal(primary)[8:12])
	}
	assert.JSONEq(t, `{"UserLockId":"7c9e6679-****-****-****-************"}`, string(encoded))
}

// A verifier that does not say where an ID is, and an ID that is no longer accepted,
// are no reason to show it.
func TestIDsThatNoVerifierFindsAreMasked(t *testing.T) {
	token, err := verify.NewBearer(event.NewSecret("a token for tests"))
	require.NoError(t, err)
	id, err := userlock.NewVerifier(event.NewSecret(primary))
	require.NoError(t, err)
	rotated, err := userlock.NewVerifier(event.NewSecret(other))
	require.NoError(t, err)
	r := post()
	r.Header.Set("Authorization", "Bearer a token for tests")
	hook := newHook(t, userlock.Config{IDs: event.Secrets(primary)})
	for _, body := range []string{`{"Key":"` + primary + `","EventType":1}`, `{"UserLockId":"` + primary + `","EventType":1}`} {
		hook.SetVerifier(id)
		want, err := hook.Check(r, []byte(body))
		require.NoError(t, err)
		for name, v := range map[string]verify.Verifier{
			"of another kind": token, "hidden by a wrapper": struct{ verify.Verifier }{id}, "either": verify.AnyOf(token, rotated), "rotated": rotated,
		} {
			hook.SetVerifier(v)
			e, err := hook.Decode([]byte(body))
			require.NoError(t, err)
			assert.NotContains(t, normal(roundTrip(t, e)), normal(primary)[8:], name)
			assert.Equal(t, want.ID, e.ID, name)
			if e, err = hook.Check(r, []byte(body)); v == verify.Verifier(rotated) {
				require.ErrorIs(t, err, verify.ErrUnauthenticated)
				continue
			}
			require.NoError(t, err, name)
			assert.NotContains(t, normal(roundTrip(t, e)), normal(primary)[8:], name)
			assert.Equal(t, want.ID, e.ID, name)
		}
	}
}
