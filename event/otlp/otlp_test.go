package otlp_test

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/otlp"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// read reads a record by the official types, and fails if there is anything else in it.
func read(b []byte) (*logs.LogRecord, error) {
	r := new(logs.LogRecord)
	if err := proto.Unmarshal(b, r); err != nil {
		return nil, err
	}
	if len(r.ProtoReflect().GetUnknown()) > 0 {
		return nil, errors.New("unknown fields")
	}
	if size := proto.Size(r); size != len(b) {
		return nil, fmt.Errorf("%d bytes, and %d if written again", len(b), size)
	}
	return r, nil
}

// appendText is [otlp.Append] in a form for people: one line of JSON.
func appendText(dst []byte, e *event.Event) ([]byte, error) {
	before := len(dst)
	b, err := otlp.Append(dst, e)
	if err != nil {
		return b, err
	}
	r, err := read(b[before:])
	if err != nil {
		return dst, err
	}
	if e.Received.IsZero() {
		if age := time.Since(time.Unix(0, int64(r.ObservedTimeUnixNano))); age < 0 || age > time.Hour {
			return dst, fmt.Errorf("observed %v ago", age)
		}
		r.ObservedTimeUnixNano = 0
	}
	return appendRecord(dst, r)
}

func appendRecord(dst []byte, r *logs.LogRecord) ([]byte, error) {
	o := jsonappend.Begin(dst)
	o.Text("event_name", r.EventName)
	if r.TimeUnixNano != 0 {
		o.Time("time", time.Unix(0, int64(r.TimeUnixNano)))
	}
	if r.ObservedTimeUnixNano != 0 {
		o.Time("observed_time", time.Unix(0, int64(r.ObservedTimeUnixNano)))
	}
	o.Int("severity_number", int64(r.SeverityNumber))
	o.Text("severity_text", r.SeverityText)
	o.Text("body", r.Body.GetStringValue())
	o.Object("attributes", func() {
		for _, a := range r.Attributes {
			switch v := a.Value.Value.(type) {
			case *common.AnyValue_StringValue:
				o.Always(a.Key, v.StringValue)
			case *common.AnyValue_DoubleValue:
				o.Value(a.Key, v.DoubleValue)
			default:
				o.Fail(a.Key, fmt.Errorf("a %T", v))
			}
		}
	})
	return o.End()
}

func TestGolden(t *testing.T) { encodertest.Golden(t, appendText) }

func TestCommon(t *testing.T) { encodertest.Common(t, appendText, "allocations") }

func full() *event.Event {
	return &event.Event{
		ID: "id-1", Vendor: "acme", Source: "north", Type: "badge.lost", VendorType: "BadgeLost", Credential: "secret 1",
		Time: time.Date(2026, 5, 14, 8, 31, 7, 5, time.UTC), Received: time.Date(2026, 5, 14, 8, 31, 8, 6, time.UTC),
		Outcome: event.OutcomeFailure, Severity: event.SeverityHigh, Reason: "found by nobody",
		User:    event.User{ID: "u-1", Name: "aokoye", FullName: "Ada Okoye", Domain: "EXAMPLE", Email: "ada@example.com", Phone: "+4790001234"},
		Session: event.Session{ID: "s-1", Type: "interactive", Expires: time.Date(2026, 5, 15, 0, 0, 0, 0, time.UTC), Duration: 1500 * time.Millisecond},
		Device:  event.Device{ID: "d-1", Name: "Pocket phone", Type: "mobile", OS: "ExampleOS 3", Browser: "ExampleBrowser"},
		Lock:    event.Lock{ID: "l-1", Name: "Front door", KeyID: "k-1"},
		Client: event.Client{
			Address: netip.MustParseAddr("192.0.2.21"), MAC: "00:1B:44:11:3A:B7", Name: "LAPTOP-7", UserAgent: "ExampleBrowser/1.0",
		},
		Location: event.Location{Country: "Norway", CountryCode: "NO", City: "Oslo", Timezone: "Europe/Oslo"},
		Payload:  map[string]any{"pin": "4711"}, Raw: []byte(`{"pin":"4711"}`),
		Warnings: []event.Warning{{Path: "/x", Want: "string", Got: "number"}},
	}
}

func TestEveryField(t *testing.T) {
	b, err := otlp.Append(nil, full())
	require.NoError(t, err)
	r, err := read(b)
	require.NoError(t, err)
	assert.Equal(t, "accesshook.badge.lost", r.EventName)
	assert.Equal(t, uint64(1778747467_000000005), r.TimeUnixNano)
	assert.Equal(t, uint64(1778747468_000000006), r.ObservedTimeUnixNano)
	assert.Equal(t, logs.SeverityNumber_SEVERITY_NUMBER_ERROR, r.SeverityNumber)
	assert.Equal(t, "high", r.SeverityText)
	assert.NotEmpty(t, r.Body.GetStringValue())
	got := make(map[string]any)
	for _, a := range r.Attributes {
		require.NotContains(t, got, a.Key)
		got[a.Key] = a.Value.GetStringValue()
		if a.Key == "accesshook.session.duration" {
			got[a.Key] = a.Value.GetDoubleValue()
		}
	}
	assert.Equal(t, map[string]any{
		"log.record.uid": "acme/north/id-1",
		"accesshook.id":  "id-1", "accesshook.vendor": "acme", "accesshook.source": "north", "accesshook.type": "badge.lost",
		"accesshook.vendor_type": "BadgeLost", "accesshook.outcome": "failure", "accesshook.reason": "found by nobody",
		"user.id": "u-1", "user.name": "aokoye", "user.full_name": "Ada Okoye", "user.email": "ada@example.com",
		"accesshook.user.domain": "EXAMPLE", "accesshook.user.phone": "+4790001234",
		"session.id": "s-1", "accesshook.session.type": "interactive", "accesshook.session.expires": "2026-05-15T00:00:00Z",
		"accesshook.session.duration": 1.5,
		"device.id":                   "d-1", "accesshook.device.name": "Pocket phone", "accesshook.device.type": "mobile",
		"os.description": "ExampleOS 3", "user_agent.name": "ExampleBrowser",
		"accesshook.lock.id": "l-1", "accesshook.lock.name": "Front door", "accesshook.lock.key_id": "k-1",
		"client.address": "192.0.2.21", "accesshook.client.mac": "00:1B:44:11:3A:B7", "accesshook.client.name": "LAPTOP-7",
		"user_agent.original":  "ExampleBrowser/1.0",
		"geo.country.iso_code": "NO", "geo.locality.name": "Oslo",
		"accesshook.location.country": "Norway", "accesshook.location.timezone": "Europe/Oslo",
	}, got)
}

// The page of the package names every attribute, and no other. Those that are not ours
// are of the registry.
func TestAttributesAreDescribed(t *testing.T) {
	page, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var described []string
	for _, name := range regexp.MustCompile(`(?m)(?:^//\t|  +)([a-z_]+(?:\.[a-z_]+)+)\b`).FindAllSubmatch(page, -1) {
		described = append(described, string(name[1]))
	}
	e := full()
	e.Time = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)
	written := keys(t, e)
	e.Vendor = "userlock"
	written = append(written, keys(t, e)...)
	slices.Sort(written)
	slices.Sort(described)
	assert.Equal(t, slices.Compact(written), described)

	for _, known := range []attribute.Key{
		semconv.LogRecordUIDKey, semconv.UserIDKey, semconv.UserNameKey, semconv.UserFullNameKey, semconv.UserEmailKey,
		semconv.SessionIDKey, semconv.DeviceIDKey, semconv.HostNameKey, semconv.OSDescriptionKey, semconv.UserAgentNameKey,
		semconv.UserAgentOriginalKey, semconv.ClientAddressKey, semconv.GeoCountryISOCodeKey, semconv.GeoLocalityNameKey,
	} {
		described = slices.DeleteFunc(described, func(key string) bool { return key == string(known) })
	}
	for _, key := range described {
		assert.True(t, strings.HasPrefix(key, "accesshook."), key)
	}
}

func keys(t *testing.T, e *event.Event) []string {
	b, err := otlp.Append(nil, e)
	require.NoError(t, err)
	r, err := read(b)
	require.NoError(t, err)
	var keys []string
	for _, a := range r.Attributes {
		keys = append(keys, a.Key)
	}
	return keys
}

func TestNegativeDurationIsLeftOut(t *testing.T) {
	for d, want := range map[time.Duration]bool{-time.Second: false, 0: false, 1: true} {
		e := full()
		e.Session.Duration = d
		assert.Equal(t, want, slices.Contains(keys(t, e), "accesshook.session.duration"), d)
	}
}

func TestSeverity(t *testing.T) {
	for s, want := range map[event.Severity]logs.SeverityNumber{
		event.SeverityUnknown:  logs.SeverityNumber_SEVERITY_NUMBER_UNSPECIFIED,
		event.SeverityInfo:     logs.SeverityNumber_SEVERITY_NUMBER_INFO,
		event.SeverityLow:      logs.SeverityNumber_SEVERITY_NUMBER_INFO2,
		event.SeverityMedium:   logs.SeverityNumber_SEVERITY_NUMBER_WARN,
		event.SeverityHigh:     logs.SeverityNumber_SEVERITY_NUMBER_ERROR,
		event.SeverityCritical: logs.SeverityNumber_SEVERITY_NUMBER_FATAL,
	} {
		b, err := otlp.Append(nil, &event.Event{ID: "a", Vendor: "acme", Severity: s})
		require.NoError(t, err)
		r, err := read(b)
		require.NoError(t, err)
		assert.Equal(t, want, r.SeverityNumber, s)
		if want == 0 {
			assert.Empty(t, r.SeverityText)
		} else {
			assert.Equal(t, s.String(), r.SeverityText)
		}
	}
}

// A time that OTLP has no number for is in an attribute.
func TestTimes(t *testing.T) {
	last := time.Unix(0, math.MaxInt64).UTC()
	for _, tt := range []struct {
		at    time.Time
		nanos uint64
		text  string
	}{
		{time.Time{}, 0, ""},
		{time.Unix(0, 0), 0, "1970-01-01T00:00:00Z"},
		{time.Unix(0, -1), 0, "1969-12-31T23:59:59.999999999Z"},
		{time.Unix(0, 1), 1, ""},
		{last, math.MaxInt64, ""},
		{last.Add(1), 0, "2262-04-11T23:47:16.854775808Z"},
		{time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), 0, "0000-01-01T00:00:00Z"},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), 0, "9999-12-31T23:59:59Z"},
	} {
		b, err := otlp.Append(nil, &event.Event{ID: "a", Vendor: "acme", Time: tt.at, Received: tt.at})
		require.NoError(t, err)
		r, err := read(b)
		require.NoError(t, err)
		assert.Equal(t, tt.nanos, r.TimeUnixNano, tt.at)
		text := ""
		for _, a := range r.Attributes {
			if a.Key == "accesshook.time" {
				text = a.Value.GetStringValue()
			}
		}
		assert.Equal(t, tt.text, text, tt.at)
		if tt.nanos == 0 {
			assert.WithinDuration(t, time.Now(), time.Unix(0, int64(r.ObservedTimeUnixNano)), time.Hour)
		} else {
			assert.Equal(t, tt.nanos, r.ObservedTimeUnixNano, tt.at)
		}
	}
}

// What a vendor calls an invisible character is one for who reads the record.
func TestStringsAreAsTheyWere(t *testing.T) {
	e := full()
	e.User.Name, e.Reason = escapetest.Text, "a\xff\xfeb"
	b, err := otlp.Append(nil, e)
	require.NoError(t, err)
	r, err := read(b)
	require.NoError(t, err)
	for _, a := range r.Attributes {
		switch a.Key {
		case "user.name":
			assert.Equal(t, escapetest.Text, a.Value.GetStringValue())
		case "accesshook.reason":
			assert.Equal(t, "a\ufffd\ufffdb", a.Value.GetStringValue())
		}
	}
}

func TestAppendRequest(t *testing.T) {
	var records [][]byte
	for _, c := range encodertest.Cases(t) {
		b, err := otlp.Append(nil, c.Event)
		require.NoError(t, err)
		records = append(records, b)
	}
	b := otlp.AppendRequest([]byte("before"), otlp.Resource{"service.name": "gate", "b\xff": "c\xff", "a": "d"}, records...)
	require.Equal(t, "before", string(b[:6]))
	request := new(collector.ExportLogsServiceRequest)
	require.NoError(t, proto.Unmarshal(b[6:], request))
	assert.Equal(t, len(b)-6, proto.Size(request))
	require.Len(t, request.ResourceLogs, 1)
	resource := request.ResourceLogs[0]
	var attributes []string
	for _, a := range resource.Resource.Attributes {
		attributes = append(attributes, a.Key+"="+a.Value.GetStringValue())
	}
	assert.Equal(t, []string{"a=d", "b\ufffd=c\ufffd", "service.name=gate"}, attributes)
	require.Len(t, resource.ScopeLogs, 1)
	assert.Equal(t, "github.com/accesshook/accesshook/event/otlp", resource.ScopeLogs[0].Scope.Name)
	assert.Equal(t, semconv.SchemaURL, resource.ScopeLogs[0].SchemaUrl)
	require.Len(t, resource.ScopeLogs[0].LogRecords, len(records))
	for i, r := range resource.ScopeLogs[0].LogRecords {
		want, err := read(records[i])
		require.NoError(t, err)
		assert.True(t, proto.Equal(want, r), i)
	}

	require.NoError(t, proto.Unmarshal(otlp.AppendRequest(nil, nil), request))
	assert.Empty(t, request.ResourceLogs[0].ScopeLogs[0].LogRecords)
}
