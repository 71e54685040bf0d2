package relock_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

var eventOptions = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

func at(hour, minute, second int) time.Time {
	return time.Date(2024, 5, 14, hour, minute, second, 0, time.UTC)
}

// TestDecode has the whole event and payload for each documented event.
func TestDecode(t *testing.T) {
	bergen := relock.Location{Country: "NO", City: "Bergen", Timezone: "Europe/Oslo"}
	inBergen := event.Location{Country: "NO", CountryCode: "NO", City: "Bergen", Timezone: "Europe/Oslo"}
	browser := event.Client{Address: netip.MustParseAddr("192.0.2.10"), UserAgent: "ExampleBrowser/1.0"}
	for name, want := range map[string]event.Event{
		"authentication.success": {
			Type: event.AuthenticationSucceeded, Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo, Time: at(8, 31, 7),
			User: event.User{ID: "u-ada"}, Session: event.Session{ID: "s-1001"}, Device: event.Device{ID: "d-77"}, Client: browser, Location: inBergen,
			Payload: &relock.AuthenticationSucceeded{UserID: "u-ada", SessionID: "s-1001", DeviceID: "d-77", Timestamp: at(8, 31, 7), IPAddress: "192.0.2.10", UserAgent: "ExampleBrowser/1.0", Location: bergen},
		},
		"authentication.failed": {
			Type: event.AuthenticationFailed, Outcome: event.OutcomeFailure, Severity: event.SeverityMedium, Time: at(8, 32, 7).Add(250 * time.Millisecond), Reason: "device_not_trusted",
			User: event.User{ID: "u-ada"}, Session: event.Session{ID: "s-1002"}, Client: event.Client{Address: netip.MustParseAddr("2001:db8::7"), UserAgent: "ExampleBrowser/1.0"}, Location: inBergen,
			Payload: &relock.AuthenticationFailed{UserID: "u-ada", SessionID: "s-1002", Timestamp: at(8, 32, 7).Add(250 * time.Millisecond), Reason: "device_not_trusted", IPAddress: "2001:db8::7", UserAgent: "ExampleBrowser/1.0", Location: bergen},
		},
		"device.registered": {
			Type: event.DeviceRegistered, Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo, Time: at(8, 33, 7),
			User: event.User{ID: "u-ada"}, Device: event.Device{ID: "d-78", Name: "Ada's phone", Type: "mobile", OS: "ExampleOS 3", Browser: "ExampleBrowser"},
			Client: event.Client{Address: netip.MustParseAddr("192.0.2.11")}, Location: inBergen,
			Payload: &relock.DeviceRegistered{DeviceID: "d-78", UserID: "u-ada", DeviceInfo: relock.DeviceInfo{Name: "Ada's phone", Type: "mobile", OS: "ExampleOS 3", Browser: "ExampleBrowser"}, Timestamp: at(8, 33, 7), IPAddress: "192.0.2.11", Location: bergen},
		},
		"device.revoked": {
			Type: event.DeviceRevoked, Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo, Time: at(8, 34, 7), Reason: "user_requested",
			User: event.User{ID: "u-ada"}, Device: event.Device{ID: "d-78"},
			Payload: &relock.DeviceRevoked{DeviceID: "d-78", UserID: "u-ada", Reason: "user_requested", Timestamp: at(8, 34, 7), RevokedBy: "u-grace"},
		},
		"session.created": {
			Type: event.SessionStarted, Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo, Time: at(8, 35, 7),
			User: event.User{ID: "u-ada"}, Device: event.Device{ID: "d-77"}, Session: event.Session{ID: "s-1003", Expires: at(9, 35, 7)}, Client: browser,
			Payload: &relock.SessionCreated{SessionID: "s-1003", UserID: "u-ada", DeviceID: "d-77", Timestamp: at(8, 35, 7), ExpiresAt: at(9, 35, 7), IPAddress: "192.0.2.10", UserAgent: "ExampleBrowser/1.0"},
		},
		"session.ended": {
			Type: event.SessionEnded, Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo, Time: at(9, 5, 7), Reason: "user_logout",
			User: event.User{ID: "u-ada"}, Device: event.Device{ID: "d-77"}, Session: event.Session{ID: "s-1003", Duration: 30 * time.Minute},
			Payload: &relock.SessionEnded{SessionID: "s-1003", UserID: "u-ada", DeviceID: "d-77", Timestamp: at(9, 5, 7), Reason: "user_logout", Duration: 1800},
		},
		"security.alert": {
			Type: event.SecurityAlert, Outcome: event.OutcomeUnknown, Severity: event.SeverityHigh, Time: at(8, 36, 7), Reason: "Attempts from two places at once",
			User: event.User{ID: "u-ada"}, Client: event.Client{Address: netip.MustParseAddr("198.51.100.4")},
			Location: event.Location{Country: "SE", CountryCode: "SE", City: "Lund", Timezone: "Europe/Stockholm"},
			Payload: &relock.SecurityAlert{
				AlertID: "a-5", UserID: "u-ada", AlertType: "suspicious_activity", Severity: "high", Description: "Attempts from two places at once", Timestamp: at(8, 36, 7),
				IPAddress: "198.51.100.4", Location: relock.Location{Country: "SE", City: "Lund", Timezone: "Europe/Stockholm"},
				Details: json.RawMessage(`{"attemptCount":7,"timeWindow":"10 minutes","locations":["NO","SE"]}`),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := relock.Decode(fixtures[name])
			require.NoError(t, err)
			sum := sha256.Sum256(fixtures[name])
			want.ID, want.Vendor, want.Source, want.VendorType = hex.EncodeToString(sum[:]), "relock", "relock", name
			assert.Empty(t, cmp.Diff(want.Payload, e.Payload, eventOptions))
			want.Payload, e.Payload = nil, nil
			assert.Empty(t, cmp.Diff(&want, e, eventOptions))
		})
	}
}

// documented is the list on Relock's page.
var documented = []string{
	"authentication.success", "authentication.failed", "device.registered", "device.revoked", "session.created", "session.ended", "security.alert",
}

func TestEveryDocumentedEventIsKnown(t *testing.T) {
	seen := make(map[event.Type]bool)
	for _, name := range documented {
		require.Contains(t, fixtures, name)
		e, err := relock.Decode(fmt.Appendf(nil, `{"event":%q}`, name))
		require.NoError(t, err)
		assert.NotEqual(t, event.Unknown, e.Type, name)
		assert.NotEqual(t, "*relock.Unknown", fmt.Sprintf("%T", e.Payload), name)
		seen[e.Type] = true
	}
	assert.Len(t, seen, len(documented), "each has a type of its own")
}

func TestUnknownEvent(t *testing.T) {
	e, err := relock.Decode(unknownFixture)
	require.NoError(t, err)
	assert.Equal(t, event.Unknown, e.Type)
	assert.Equal(t, "passkey.created", e.VendorType)
	assert.Equal(t, event.OutcomeUnknown, e.Outcome)
	assert.Equal(t, "u-ada", e.User.ID)
	assert.True(t, e.Time.Equal(at(8, 37, 7)), "the age window needs it")
	want := &relock.Unknown{Event: "passkey.created", UserID: "u-ada", Timestamp: at(8, 37, 7)}
	want.Extra = map[string]json.RawMessage{"passkeyId": json.RawMessage(`"p-1"`)}
	want.Envelope = map[string]json.RawMessage{"version": json.RawMessage(`2`)}
	assert.Empty(t, cmp.Diff(want, e.Payload))
	assert.Empty(t, e.Warnings)
}

// slack-go's parser panicked on 25 bytes (slack-go/slack PR #1128, closed
// unmerged).
func TestPR1128_slack_PanicOnAShortBody(t *testing.T) {
	e, err := relock.Decode([]byte(`{"type":"event_callback"}`))
	require.NoError(t, err)
	assert.Equal(t, event.Unknown, e.Type)
	e, err = relock.Decode([]byte(`{"event":"security.alert"}`))
	require.NoError(t, err)
	assert.Equal(t, event.SecurityAlert, e.Type)
}

// A new event type is an error in go-github and go-playground/webhooks, so that
// the usual handler answers 4xx and the sender tries again
// (google/go-github#940, sourcegraph/sourcegraph-public-snapshot#24132).
func TestIssue940_goGithub_UnknownEventIsNoError(t *testing.T) {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(benchSecret)})
	require.NoError(t, err)
	server := httptest.NewServer(hook.Handler(event.NewMux()))
	defer server.Close()
	r, err := relock.NewRequest(context.Background(), server.URL, benchSecret, &relock.Unknown{Event: "never.heard.of"})
	require.NoError(t, err)
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, 200, res.StatusCode)
}

// Watermill's default de-duplicator keyed on Adler-32: of 20,000 distinct small
// bodies its handler saw 6,752.
func TestWatermillAdler32_IDsOfDistinctBodies(t *testing.T) {
	seen := make(map[string]bool)
	for i := range 20_000 {
		e, err := relock.Decode(fmt.Appendf(nil, `{"event":"x","data":{"n":%d}}`, i))
		require.NoError(t, err)
		seen[e.ID] = true
	}
	assert.Len(t, seen, 20_000)
}

// IDs are frozen: a store that de-duplicates by them outlives this version.
func TestIDVectors(t *testing.T) {
	for body, id := range map[string]string{
		`{}`:      "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
		` {}`:     "19ad4f109270169ad234dd5d2a951fe4c7f3c16b9357c1bd4ccef8525d676f64", // bytes as they came
		`{"a":1}`: "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
	} {
		e, err := relock.Decode([]byte(body))
		require.NoError(t, err)
		assert.Equal(t, id, e.ID)
	}
}

// TestSamples reads the vendor's documented payloads where they are at hand.
func TestSamples(t *testing.T) {
	bodies := make(map[string][]byte)
	for name, body := range fixtures {
		bodies[name] = body
	}
	if dir := os.Getenv("ACCESSHOOK_SAMPLES"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "relock", "*.json"))
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(files), len(documented))
		for _, file := range files {
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			bodies[file] = body
		}
	}
	for name, body := range bodies {
		e, err := relock.Decode(body)
		require.NoError(t, err, name)
		assert.Empty(t, e.Warnings, name)
		assert.NotEqual(t, event.Unknown, e.Type, name)
		assert.NotEmpty(t, e.User.ID, name)
		assert.False(t, e.Time.IsZero(), name)
		line, err := json.Marshal(e.Payload)
		require.NoError(t, err)
		assert.JSONEq(t, string(body), string(line), name)
	}
}

// What was signed and cannot be decoded is answered 400, and still reaches a handler.
func TestUndecodable(t *testing.T) {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(benchSecret), Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)}})
	require.NoError(t, err)
	for name, body := range map[string]string{
		"an array":    `[{"event":"security.alert","data":{"userId":"u-1"}}]`,
		"no JSON":     `NaN`,
		"form data":   `event=security.alert`,
		"half":        `{"event":"security.alert","data":{`,
		"nested deep": `{"data":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			var got *event.Event
			h := hook.Handler(event.HandlerFunc(func(_ context.Context, e *event.Event) error {
				got = e
				return nil
			}))
			r, err := relock.NewRequest(t.Context(), "http://localhost/", benchSecret, []byte(body))
			require.NoError(t, err)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.Equal(t, http.StatusBadRequest, w.Code)
			require.NotNil(t, got)
			assert.Equal(t, event.Unknown, got.Type)
			assert.Equal(t, body, string(got.Raw))
			assert.Nil(t, got.Payload)
			assert.NotEmpty(t, got.Warnings)
		})
	}
}
