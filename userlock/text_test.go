package userlock_test

import (
	"bytes"
	"context"
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

// Broken text is no reason to refuse a body that has the right ID.
func TestBrokenText(t *testing.T) {
	for name, test := range map[string]struct {
		members string
		name    string
		want    event.Warning
	}{
		"lone surrogate":         {`"UserFullName":"Ann \ud83d"`, "Ann \ufffd", event.Warning{Path: "/UserFullName", Want: "UTF-8", Got: "other bytes"}},
		"Latin-1":                {"\"UserFullName\":\"Ren\xe9\"", "Ren\ufffd", event.Warning{Path: "/UserFullName", Want: "UTF-8", Got: "other bytes"}},
		"unescaped DOMAIN\\bob":  {`"UserFullName":"ACME\bob"`, "ACME\bob", event.Warning{Path: "/UserFullName", Want: "text", Got: "control character"}},
		"unescaped DOMAIN\\tom":  {`"UserFullName":"ACME\tom"`, "ACME\tom", event.Warning{Path: "/UserFullName", Want: "text", Got: "control character"}},
		"in an unknown member":   {"\"UserFullName\":\"Ann\",\"x\":\"\xe9\"", "Ann", event.Warning{Path: "/x", Want: "UTF-8", Got: "other bytes"}},
		"in a name":              {"\"UserFullName\":\"Ann\",\"\xe9\":1", "Ann", event.Warning{Path: "/\ufffd", Want: "UTF-8", Got: "other bytes"}},
		"in what does not fit":   {`"UserFullName":"Ann","Country":{"name":"\ud83d"}`, "Ann", event.Warning{Path: "/Country", Want: "string", Got: "object"}},
		"in the ID's other name": {"\"UserFullName\":\"Ann\",\"guid\":\"\xe9\"", "Ann", event.Warning{Path: "/guid", Want: "UTF-8", Got: "other bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			e, n := decode(t, test.members)
			assert.Equal(t, test.name, n.UserFullName)
			assert.Equal(t, userlock.ServerID("7c9e6679"), n.ServerID)
			require.NotEmpty(t, e.Warnings)
			assert.Equal(t, test.want, e.Warnings[0])
		})
	}
	e, _ := decode(t, `"EventType":1,"LogonInfo":"Unknown user name\r\nor bad password\t"`)
	warned(t, e, "lines of a message")
}

// A body that is not JSON is verified by the strings in it. It is answered 400, and
// not lost.
func TestNotJSON(t *testing.T) {
	for name, test := range map[string]struct {
		body     string
		verified bool
	}{
		`unescaped DOMAIN\jdoe`:  {`{"UserLockId":"` + primary + `","UserAccount":"ACME\jdoe"}`, true},
		"array":                  {`[{"UserLockId":"` + primary + `","EventType":4}]`, true},
		"cut off":                {`{"UserLockId":"` + primary + `","EventType":4`, true},
		"NaN":                    {`{"UserLockId":"` + primary + `","EventType":NaN}`, true},
		"line break in a string": {"{\"UserLockId\":\"" + primary + "\",\"LogonInfo\":\"a\nb\"}", true},
		"the ID alone":           {`"` + primary + `"`, true},
		"another ID":             {`{"UserLockId":"` + other + `","UserAccount":"ACME\jdoe"}`, false},
		"no quotes":              {`UserLockId=` + primary + `&EventType=4`, false},
		"one quote":              {`{"UserLockId":"` + primary, false},
		"the ID within a string": {`["id: ` + primary + `"]`, false},
		"repeated name":          {`{"UserLockId":"` + primary + `","x":1,"x":2}`, false},
		"nested deeper than 64":  {`{"UserLockId":"` + primary + `","x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, false},
		"the ID only below":      {`{"Nested":{"UserLockId":"` + primary + `"}}`, false},
		"the ID only as a name":  {`{"` + primary + `":1}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			hook := newHook(t, userlock.Config{Endpoint: verify.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}})
			var got []*event.Event
			handler := hook.Handler(event.HandlerFunc(func(_ context.Context, e *event.Event) error {
				got = append(got, e)
				return nil
			}))
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(test.body)))
			assert.NotContains(t, normal(log.String()+w.Body.String()), normal(primary)[8:])
			if !test.verified {
				assert.Equal(t, http.StatusUnauthorized, w.Code)
				assert.Empty(t, got)
				return
			}
			assert.Equal(t, http.StatusBadRequest, w.Code)
			require.Len(t, got, 1)
			e := got[0]
			assert.Equal(t, event.Unknown, e.Type)
			assert.Equal(t, test.body, string(e.Raw))
			assert.Nil(t, e.Payload)
			assert.Len(t, e.Warnings, 1)
			line, err := cloudevent.Encode(e)
			require.NoError(t, err)
			assert.NotContains(t, normal(string(line)), normal(primary)[8:])

			// The backup's is the same event.
			again, err := hook.Check(post(), []byte(strings.Replace(test.body, primary, backup, 1)))
			require.ErrorIs(t, err, verify.ErrMalformed)
			assert.Equal(t, e.ID, again.ID)
			again.ID, again.Raw, again.Credential, again.Received, again.Time = e.ID, e.Raw, e.Credential, e.Received, e.Time
			assert.Empty(t, cmp.Diff(e, again, eventOptions))
		})
	}
}
