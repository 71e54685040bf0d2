package durable_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// secrets of the tests. Whatever begins with canary is a secret in a body.
const (
	canary     = "CANARY-7hVq-"
	userLockID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	secret     = "a-secret-of-thirty-two-characters"
)

// A vendor is what the tests need of a vendor's package.
type vendor struct {
	hook    func(verify.Config) (*verify.Endpoint, error)
	request func(ctx context.Context, body []byte) (*http.Request, error)
	bodies  map[string]string
}

const someURL = "http://hooks.example.com/"

var vendors = map[string]vendor{
	userlock.Vendor: {
		hook: func(c verify.Config) (*verify.Endpoint, error) {
			return userlock.New(userlock.Config{
				IDs: event.Secrets(userLockID), Aliases: map[string]string{"Benutzer": "UserAccount"}, Endpoint: c,
			})
		},
		request: func(ctx context.Context, body []byte) (*http.Request, error) {
			return userlock.NewRequest(ctx, someURL, userLockID, body)
		},
		bodies: map[string]string{
			"logon":              `{"UserLockId":"` + userLockID + `","EventType":1,"EventTime":"2024-05-14T08:31:07","UserAccount":"ada","UserDomain":"EXAMPLE","ComputerName":"WKS007","ClientAddress":"192.0.2.10","SessionId":"5A1C","SubSessionId":0}`,
			"denied":             `{"UserLockId":"{` + userLockID + `}","EventType":4,"EventTime":"2024-05-14T22:10:00+02:00","UserAccount":"ada","LogonInfo":"bad <password> & co"}`,
			"MAC":                `{ "UserLockId" : "` + userLockID + `" , "EventType":201,"UserAccount":"grace","ClientAddress":"00:1B:44:11:3A:B7","new":{"a":[1,2.50,null]}}`,
			"ID under any name":  `{"X":"` + userLockID + `","EventType":6,"UserAccount":"ada"}`,
			"alias of a field":   `{"UserLockId":"` + userLockID + `","EventType":6,"Benutzer":"ada"}`,
			"unknown event":      `{"UserLockId":"` + userLockID + `","EventType":777}`,
			"nothing but the ID": `{"UserLockId":"` + userLockID + `"}`,
		},
	},
	unloc.Vendor: {
		hook: func(c verify.Config) (*verify.Endpoint, error) {
			return unloc.New(unloc.Config{Credentials: []verify.Credential{verify.NewCredential("gate", secret)}, Endpoint: c})
		},
		request: func(ctx context.Context, body []byte) (*http.Request, error) {
			return unloc.NewRequest(ctx, someURL, "gate", secret, body)
		},
		bodies: map[string]string{
			"unlocked":      `{"id":"5b1d7c02-93aa-4e0f-8d11-0a64f3b7c9e2","action":"unlocked","created":"2025-02-11T06:58:03.417Z","keyId":"77c0","lockId":"e2a9","lockName":"Bakdør – øst","appUserId":"+4790001234","userName":"Ola Hansen"}`,
			"drifted":       `{"id":5,"action":"locked","created":true,"lockId":{"a":1},"userName":null,"more":["\u2028<b>"]}`,
			"unknown event": `{"action":"melted"}`,
			"empty":         `{}`,
		},
	},
	relock.Vendor: {
		hook: func(c verify.Config) (*verify.Endpoint, error) {
			return relock.New(relock.Config{Secrets: event.Secrets(secret), Endpoint: c})
		},
		request: func(ctx context.Context, body []byte) (*http.Request, error) {
			return relock.NewRequest(ctx, someURL, secret, body)
		},
		bodies: map[string]string{
			"login":         `{"event":"authentication.success","data":{"userId":"u-ada","sessionId":"s-1001","deviceId":"d-77","timestamp":"2024-05-14T08:31:07Z","ipAddress":"192.0.2.10","userAgent":"ExampleBrowser/1.0","location":{"country":"NO","city":"Bergen","timezone":"Europe/Oslo"}}}`,
			"ended":         `{"event":"session.ended","data":{"sessionId":"s-1003","userId":"u-ada","timestamp":"2024-05-14T09:05:07.25Z","reason":"user_logout","duration":1800.5}}`,
			"alert":         `{"event":"security.alert","data":{"alertId":"a-5","userId":"u-ada","alertType":"suspicious_activity","severity":"high","description":"two\nlines","timestamp":"2024-05-14T08:36:07Z","details":{"attemptCount":7,"locations":["NO","SE"]}}}`,
			"unknown event": `{"event":"passkey.created","data":{"userId":"u-ada","passkeyId":"p-1"},"version":2}`,
			"odd name":      `{"event":"a b.*.>","data":{}}`,
		},
	},
	loginradius.Vendor: {
		hook: func(c verify.Config) (*verify.Endpoint, error) {
			return loginradius.New(loginradius.Config{Secrets: event.Secrets(secret), Endpoint: c})
		},
		request: func(ctx context.Context, body []byte) (*http.Request, error) {
			return loginradius.NewRequest(ctx, someURL, secret, body)
		},
		bodies: map[string]string{
			"login": `{"HookName":"login","Time":"2024-05-14T08:31:07Z","HookId":"8c1f3f6e","Data":{"Uid":"u-4711","Password":"` + canary + `password","LastPasswordChangeToken":"` + canary + `token",` +
				`"NoOfLogins":7,"Email":[{"Type":"Primary","Value":"w@example.org"}],"PIN":{"PIN":"` + canary + `pin","SkippedDate":null},"SomethingNew":"` + canary + `new",` +
				`"Identities":[{"Provider":"google","ProviderAccessCredential":{"AccessToken":"` + canary + `access"}}]}}`,
			"custom object": `{"HookName":"createcustomobject","Time":"2024-05-14T08:31:07Z","Data":{"Id":"65f0","IsActive":true,"Uid":"u-4711","CustomObject":{"b":[1,2.50,1e3],"a":null}}}`,
			"unknown event": `{"HookName":"passkeyadded","Data":{"Uid":"u-4711","Key":"` + canary + `key"}}`,
			"empty":         `{}`,
		},
	},
}

// A door is an endpoint with a store behind it, and knows the last event that
// came through.
type door struct {
	http.Handler
	vendor vendor
	came   *event.Event
}

func newDoor(t testing.TB, name string, store event.Handler) *door {
	t.Helper()
	d := &door{vendor: vendors[name]}
	hook, err := d.vendor.hook(verify.Config{Name: "north", Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	d.Handler = hook.Handler(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		d.came = e
		return store.HandleEvent(ctx, e)
	}))
	return d
}

// send sends body as the vendor does, and returns the answer.
func (d *door) send(t testing.TB, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r, err := d.vendor.request(t.Context(), body)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

var (
	addresses = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	// presence compares secrets by whether there is one.
	presence = cmp.Comparer(func(a, b event.Secret) bool { return a.IsZero() == b.IsZero() })
)

// random returns another body of the vendor, by a rule that depends on r alone:
// members are replaced, left out and added, at any depth.
func random(t testing.TB, r *rand.Rand, body string) []byte {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(body)))
	decoder.UseNumber()
	var members map[string]any
	require.NoError(t, decoder.Decode(&members))
	var change func(v any, depth int) any
	change = func(v any, depth int) any {
		if object, ok := v.(map[string]any); ok && (depth == 0 || r.IntN(6) > 0) {
			for _, name := range slices.Sorted(maps.Keys(object)) {
				v := object[name]
				switch {
				case strings.Contains(fmt.Sprint(v), userLockID) || r.IntN(3) > 0 && depth > 0:
				case depth > 0 && r.IntN(8) == 0:
					delete(object, name)
				default:
					object[name] = change(v, depth+1)
				}
			}
			if r.IntN(2) == 0 {
				object[fmt.Sprintf("added%d", r.IntN(100))] = randomValue(r)
			}
			return object
		}
		if r.IntN(2) == 0 {
			return v
		}
		return randomValue(r)
	}
	changed, err := json.Marshal(change(members, 0))
	require.NoError(t, err)
	return changed
}

func randomValue(r *rand.Rand) any {
	values := []any{
		nil, true, false, 0, -1, 1.5, 1e300, json.Number("12345678901234567890"), "", "x", "0", "true",
		"2024-05-14T08:31:07.123456789+05:30", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "/Date(1715675467000)/",
		"[redacted]", "null", "a\x00b\x1b\x7f", "\u2028\u2029<&>\"\\", "Grüße 扉 😀", "\ufffd", "192.0.2.1", "::ffff:192.0.2.1", "fe80::1%eth0",
		[]any{}, map[string]any{}, []any{nil, 1, "x", []any{}}, map[string]any{"a": map[string]any{"b": "c"}, "": nil},
	}
	v := values[r.IntN(len(values))]
	if v == "x" {
		runes := make([]rune, r.IntN(200))
		for i := range runes {
			runes[i] = rune(r.IntN(0x3000))
		}
		return string(runes)
	}
	return v
}
