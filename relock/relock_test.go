package relock_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
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

// The order of members, repeated ones, and what is missing.
func TestEnvelope(t *testing.T) {
	for name, c := range map[string]struct {
		body     string
		typ      event.Type
		user     string
		warnings []event.Warning
	}{
		"data first":              {`{"data":{"userId":"u-1"},"event":"device.revoked"}`, event.DeviceRevoked, "u-1", nil},
		"space everywhere":        {" {\t\"event\" :\n\"device.revoked\" , \"data\" : { \"userId\" : \"u-1\" } }\r\n", event.DeviceRevoked, "u-1", nil},
		"escaped names":           {`{"\u0065vent":"device\u002erevoked","d\u0061ta":{"user\u0049d":"u-1"}}`, event.DeviceRevoked, "u-1", nil},
		"byte order mark":         {"\ufeff" + `{"event":"device.revoked","data":{"userId":"u-1"}}`, event.DeviceRevoked, "u-1", nil},
		"last event counts":       {`{"event":"session.ended","data":{"userId":"u-1"},"event":"device.revoked"}`, event.DeviceRevoked, "u-1", nil},
		"event again behind data": {`{"event":"session.ended","data":{"userId":"u-1"},"event":"device.revoked","x":1}`, event.DeviceRevoked, "u-1", nil},
		"last data counts":        {`{"event":"device.revoked","data":{"userId":"u-0"},"data":{"userId":"u-1"}}`, event.DeviceRevoked, "u-1", nil},
		"no data":                 {`{"event":"device.revoked"}`, event.DeviceRevoked, "", nil},
		"data null":               {`{"event":"device.revoked","data":null}`, event.DeviceRevoked, "", nil},
		"data text":               {`{"event":"device.revoked","data":"x"}`, event.DeviceRevoked, "", []event.Warning{{Path: "/data", Want: "object", Got: "string"}}},
		"data before, drifted":    {`{"data":{"userId":7},"event":"device.revoked"}`, event.DeviceRevoked, "", []event.Warning{{Path: "/data/userId", Want: "string", Got: "number"}}},
		"event a number":          {`{"event":5,"data":{"userId":"u-1"}}`, event.Unknown, "u-1", []event.Warning{{Path: "/event", Want: "string", Got: "number"}}},
		"another case":            {`{"event":"Device.Revoked","data":{"userId":"u-1"}}`, event.Unknown, "u-1", nil},
		"names of another case":   {`{"event":"device.revoked","data":{"userid":"u-1"}}`, event.DeviceRevoked, "", nil},
		"empty object":            {`{}`, event.Unknown, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := relock.Decode([]byte(c.body))
			require.NoError(t, err)
			assert.Equal(t, c.typ, e.Type)
			assert.Equal(t, c.user, e.User.ID)
			assert.Empty(t, cmp.Diff(c.warnings, e.Warnings))
		})
	}
}

func TestDriftCostsOneField(t *testing.T) {
	body := strings.Replace(string(fixtures["security.alert"]), `"alertId":"a-5"`, `"alertId":{"id":5},"severity":3`, 1)
	body = strings.Replace(body, `"city":"Lund"`, `"city":["Lund"]`, 1)
	e, err := relock.Decode([]byte(body))
	require.NoError(t, err)
	a := e.Payload.(*relock.SecurityAlert)
	assert.Empty(t, a.AlertID)
	assert.Equal(t, "suspicious_activity", a.AlertType)
	assert.Equal(t, "SE", a.Location.Country)
	assert.Equal(t, event.SeverityHigh, e.Severity, "the second severity is a text")
	assert.Empty(t, cmp.Diff([]event.Warning{
		{Path: "/data/alertId", Want: "string", Got: "object"},
		{Path: "/data/severity", Want: "string", Got: "number"},
		{Path: "/data/location/city", Want: "string", Got: "array"},
	}, e.Warnings))
}

func TestSeverityOfAlerts(t *testing.T) {
	for sent, want := range map[string]event.Severity{
		`"low"`: event.SeverityLow, `"MEDIUM"`: event.SeverityMedium, `"Critical"`: event.SeverityCritical,
		`"catastrophic"`: event.SeverityUnknown, `"unknown"`: event.SeverityUnknown, `""`: event.SeverityHigh, `null`: event.SeverityHigh, `9`: event.SeverityHigh,
	} {
		e, err := relock.Decode([]byte(`{"event":"security.alert","data":{"severity":` + sent + `}}`))
		require.NoError(t, err)
		assert.Equal(t, want, e.Severity, sent)
	}
}

func TestDurations(t *testing.T) {
	for sent, want := range map[string]time.Duration{
		"0": 0, "1": time.Second, "3600": time.Hour, "-5": 0, "9223372036": 9223372036 * time.Second, "9223372037": 0, "9223372036854775807": 0, "1.5": 0, `"60"`: 0,
	} {
		e, err := relock.Decode([]byte(`{"event":"session.ended","data":{"duration":` + sent + `}}`))
		require.NoError(t, err)
		assert.Equal(t, want, e.Session.Duration, sent)
	}
}

func TestTimes(t *testing.T) {
	for sent, want := range map[string]time.Time{
		"2024-05-14T08:31:07Z":           at(8, 31, 7),
		"2024-05-14T08:31:07.000Z":       at(8, 31, 7),
		"2024-05-14T10:31:07.0000+02:00": at(8, 31, 7),
		"2024-05-14T08:31:07":            at(8, 31, 7),
		"2024-05-14 08:31:07":            at(8, 31, 7),
		"/Date(1715675467000)/":          at(8, 31, 7),
		"/Date(1715675467000+0200)/":     at(8, 31, 7),
		"0001-01-01T00:00:00Z":           {},
		"0001-01-01T00:00:00":            {},
		"0001-01-01T00:00:00-11:00":      {},
		"9999-12-31T23:59:59-14:00":      {},
		"2024-05-14T08:31:07+24:00":      {},
		"yesterday":                      {},
		"":                               {},
	} {
		e, err := relock.Decode([]byte(`{"event":"session.ended","data":{"timestamp":"` + sent + `"}}`))
		require.NoError(t, err)
		assert.True(t, want.Equal(e.Time), "%s: %s", sent, e.Time)
		_, err = cloudevent.Encode(e)
		require.NoError(t, err, sent)
	}
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

func TestNewRequest(t *testing.T) {
	r, err := relock.NewRequest(context.Background(), "https://example.com/webhooks/relock", "secret", []byte(`{"a":1}`))
	require.NoError(t, err)
	assert.Equal(t, "POST", r.Method)
	assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
	assert.Equal(t, "aa9e2e3575f5d7098b6caccd790888c36d5fdb63342a73bada2d6a51747a8494", r.Header.Get("X-Relock-Signature"))
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"a":1}`, string(body))

	r, err = relock.NewRequest(context.Background(), "https://example.com", "secret", &relock.SessionEnded{UserID: "u-1", Duration: 5})
	require.NoError(t, err)
	body, err = io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"event":"session.ended","data":{"userId":"u-1","duration":5}}`, string(body))

	_, err = relock.NewRequest(context.Background(), "https://example.com", "", []byte(`{}`))
	assert.ErrorContains(t, err, "secret")
	_, err = relock.NewRequest(context.Background(), "https://example.com", "secret", func() {})
	assert.Error(t, err)
	_, err = relock.NewRequest(context.Background(), "://", "secret", []byte(`{}`))
	assert.Error(t, err)
	for _, payload := range []any{relock.SessionEnded{UserID: "u-1"}, json.RawMessage(`{"event":"session.ended","data":{"userId":"u-1"}}`)} {
		r, err = relock.NewRequest(context.Background(), "https://example.com", "secret", payload)
		require.NoError(t, err)
		body, err = io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.Equal(t, `{"event":"session.ended","data":{"userId":"u-1"}}`, string(body))
	}
	// They would be answered 200 as unknown events, and a wrong test would pass.
	for _, payload := range []any{
		nil, (*relock.SessionEnded)(nil), `{"event":"session.ended"}`, struct{ relock.SessionEnded }{}, new(relock.Location),
		&event.Event{Payload: new(relock.SessionEnded)}, map[string]any{"event": "session.ended"},
	} {
		_, err = relock.NewRequest(context.Background(), "https://example.com", "secret", payload)
		assert.ErrorContains(t, err, "relock: payload", "%T", payload)
	}
}

// Signed by openssl and by Python after the recipe on Relock's page.
func TestSignedByOthers(t *testing.T) {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(benchSecret)})
	require.NoError(t, err)
	body := fixtures["security.alert"]
	file := filepath.Join(t.TempDir(), "body.json")
	require.NoError(t, os.WriteFile(file, body, 0o600))
	for name, args := range map[string][]string{
		"openssl": {"openssl", "dgst", "-sha256", "-hmac", benchSecret, "-r", file},
		"python":  {"python3", "-c", "import hmac,hashlib,sys;print(hmac.new(sys.argv[1].encode(),open(sys.argv[2],'rb').read(),hashlib.sha256).hexdigest())", benchSecret, file},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := exec.LookPath(args[0])
			if errors.Is(err, exec.ErrNotFound) {
				t.Skipf("there is no %s here", args[0])
			}
			require.NoError(t, err)
			out, err := exec.Command(program, args[1:]...).Output()
			require.NoError(t, err)
			signature, _, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header.Set("X-Relock-Signature", signature)
			assert.NoError(t, hook.Verify(r, body))
			assert.ErrorIs(t, hook.Verify(r, append([]byte(" "), body...)), verify.ErrUnauthenticated)
		})
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

func TestConfig(t *testing.T) {
	_, err := relock.New(relock.Config{})
	assert.EqualError(t, err, "relock: Config.Secrets is empty")
	_, err = relock.New(relock.Config{Secrets: event.Secrets("good secret of tests", "bad\n")})
	assert.ErrorContains(t, err, "relock: Config.Secrets[1] has white space")
	_, err = relock.New(relock.Config{Secrets: event.Secrets("fifteen-bytes-x")})
	assert.EqualError(t, err, "relock: Config.Secrets[0] has fewer than 16 bytes")
	v, err := relock.NewVerifier(event.NewSecret(""))
	assert.EqualError(t, err, "relock: secrets[0] is empty")
	assert.Nil(t, v)
	_, err = relock.New(relock.Config{Secrets: event.Secrets("good secret of tests"), Endpoint: verify.Config{Name: "a b"}})
	assert.ErrorContains(t, err, "Name")
}

func FuzzDecode(f *testing.F) {
	for _, body := range fixtures {
		f.Add(body)
	}
	f.Add(unknownFixture)
	f.Add([]byte(`{"data":{"timestamp":"/Date(1715675467000)/","location":{"x":1}},"event":"session.created","x":"\ud800<"}`))
	f.Add([]byte(`{"event":"security.alert","data":{"details":[1,{"a":1e400}],"location":[],"a":"\ud800"},"data":{}}`))
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(benchSecret)})
	require.NoError(f, err)
	other, err := relock.New(relock.Config{Secrets: event.Secrets("another-secret-of-32-characters..")})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := relock.NewRequest(context.Background(), "http://localhost/", benchSecret, body)
		require.NoError(t, err)
		_, err = other.Check(r, body)
		require.ErrorIs(t, err, verify.ErrUnauthenticated, "another secret")
		if len(body) > 0 && len(body) < verify.DefaultMaxBody {
			body[0] ^= 1
			_, err = hook.Check(r, body)
			require.ErrorIs(t, err, verify.ErrUnauthenticated, "one flipped bit")
			body[0] ^= 1
		}
		e, err := hook.Check(r, body)
		if err != nil {
			status := verify.Status(err)
			require.True(t, status == 400 || status == 413, "%v", err)
			return
		}
		line, err := cloudevent.Encode(e)
		require.NoError(t, err)
		back, err := cloudevent.Decode(line, cloudevent.Payloads{"relock": relock.Decode})
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(e.Payload, back.Payload), "payload")
		back.Raw, back.Credential = e.Raw, e.Credential
		require.Empty(t, cmp.Diff(e, back, eventOptions), "event")
	})
}
