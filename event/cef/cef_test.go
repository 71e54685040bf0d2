package cef_test

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cef"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/internal/escapetest"
)

func TestGolden(t *testing.T) { encodertest.Golden(t, cef.Append) }
func TestCommon(t *testing.T) { encodertest.Common(t, cef.Append) }

// A message is a line that was read.
type message struct {
	header    [7]string // without the extension
	extension map[string]string
}

// A key stands at the beginning or after a space, and an equal sign without a backslash
// behind it.
var key = regexp.MustCompile(`(?:^| )([A-Za-z0-9]+)=`)

// parse reads a line as the standard says, and fails if it is another.
func parse(t testing.TB, line string) message {
	t.Helper()
	require.True(t, utf8.ValidString(line))
	var m message
	rest := line
	for i := range m.header {
		end := 0
		for ; rest[end] != '|'; end++ {
			if rest[end] == '\\' {
				end++
				require.Contains(t, `\|`, rest[end:end+1], line)
			}
		}
		m.header[i] = strings.NewReplacer(`\\`, `\`, `\|`, `|`).Replace(rest[:end])
		rest = rest[end+1:]
	}
	require.Equal(t, "CEF:0", m.header[0])
	m.extension = make(map[string]string)
	keys := key.FindAllStringSubmatchIndex(rest, -1)
	require.NotEmpty(t, keys, line)
	require.Zero(t, keys[0][0], line)
	for i, at := range keys {
		end := len(rest)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		name, value := rest[at[2]:at[3]], rest[at[1]:end]
		require.NotContains(t, m.extension, name, line)
		require.NotEmpty(t, value, line)
		require.Equal(t, strings.Trim(value, " "), value, line)
		m.extension[name] = unescape(t, value)
	}
	return m
}

func unescape(t testing.TB, value string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		c := value[i]
		require.NotEqual(t, byte('='), c, value)
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		i++
		switch value[i] {
		case '\\', '=':
			b.WriteByte(value[i])
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		default:
			require.Fail(t, "no such escape", value)
		}
	}
	return b.String()
}

// A kind is what the dictionary of the standard says of a value.
type kind func(t testing.TB, value string)

func text(longest int) kind {
	return func(t testing.TB, value string) {
		t.Helper()
		assert.LessOrEqual(t, utf8.RuneCountInString(value), longest, "%.100s", value)
	}
}

func timestamp(t testing.TB, value string) {
	t.Helper()
	_, err := strconv.ParseInt(value, 10, 64)
	assert.NoError(t, err)
}

func ipv4(t testing.TB, value string) {
	t.Helper()
	a, err := netip.ParseAddr(value)
	assert.True(t, err == nil && a.Is4(), value)
}

func ipv6(t testing.TB, value string) {
	t.Helper()
	a, err := netip.ParseAddr(value)
	assert.True(t, err == nil && a.Is6() && !a.Is4In6(), value)
}

func mac(t testing.TB, value string) {
	t.Helper()
	assert.Regexp(t, `^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$`, value)
}

var dictionary = map[string]kind{
	"act": text(63), "c6a2": ipv6, "c6a2Label": text(1023), "cat": text(1023),
	"cs1": text(4000), "cs1Label": text(1023), "cs2": text(4000), "cs2Label": text(1023), "cs3": text(4000), "cs3Label": text(1023),
	"cs4": text(4000), "cs4Label": text(1023), "cs5": text(4000), "cs5Label": text(1023), "cs6": text(4000), "cs6Label": text(1023),
	"deviceCustomDate1": timestamp, "deviceCustomDate1Label": text(1023), "deviceCustomDate2": timestamp, "deviceCustomDate2Label": text(1023),
	"deviceExternalId": text(255), "dhost": text(1023), "dntdom": text(255), "duid": text(1023), "duser": text(1023), "end": timestamp, "externalId": text(40),
	"msg": text(1023), "outcome": text(63), "reason": text(1023), "requestClientApplication": text(1023), "rt": timestamp,
	"shost": text(1023), "smac": mac, "sntdom": text(255), "src": ipv4, "start": timestamp, "suid": text(1023), "suser": text(1023),
}

// check fails if a line is not as the standard says.
func check(t testing.TB, line string) message {
	t.Helper()
	m := parse(t, line)
	for i, longest := range []int{5, 63, 63, 31, 1023, 512, 2} {
		text(longest)(t, m.header[i])
		assert.NotEmpty(t, m.header[i])
	}
	severity, err := strconv.Atoi(m.header[6])
	assert.True(t, err == nil && severity >= 0 && severity <= 10, m.header[6])
	for name, value := range m.extension {
		if fits := dictionary[name]; fits != nil {
			fits(t, value)
		} else {
			assert.Regexp(t, `^accesshook[A-Z][A-Za-z]*$`, name)
			text(1023)(t, value)
		}
		if label := name + "Label"; dictionary[label] != nil {
			assert.Contains(t, m.extension, label)
		}
		if field, ok := strings.CutSuffix(name, "Label"); ok {
			assert.Contains(t, m.extension, field)
		}
	}
	return m
}

func encode(t testing.TB, e *event.Event) message {
	t.Helper()
	line, err := cef.Append(nil, e)
	require.NoError(t, err)
	return check(t, string(line))
}

func TestLinesAreAsTheStandardSays(t *testing.T) {
	for _, c := range encodertest.Cases(t) {
		m := encode(t, c.Event)
		assert.Equal(t, strconv.FormatInt(c.Event.Time.UnixMilli(), 10), m.extension["rt"], c.Name)
		assert.NotEmpty(t, m.extension["msg"], c.Name)
		assert.NotEmpty(t, m.extension["suser"]+m.extension["duser"], c.Name)
	}
}

func TestEveryTypeHasAName(t *testing.T) {
	seen := make(map[string]bool)
	for _, typ := range event.Types() {
		m := encode(t, &event.Event{ID: "a", Vendor: "acme", Type: typ})
		assert.Equal(t, string(typ), m.header[4])
		assert.NotEqual(t, string(typ), m.header[5])
		assert.False(t, seen[m.header[5]], typ)
		seen[m.header[5]] = true
	}
	m := encode(t, &event.Event{ID: "a", Vendor: "acme", Type: "door.forced"})
	assert.Equal(t, [7]string{"CEF:0", "acme", "acme", "unknown", "door.forced", "door.forced", "0"}, m.header)
	m = encode(t, &event.Event{ID: "a", Vendor: "acme"})
	assert.Equal(t, [7]string{"CEF:0", "acme", "acme", "unknown", "unknown", "Unknown event", "0"}, m.header)
}

func TestValues(t *testing.T) {
	cases := make(map[string]message)
	for _, c := range encodertest.Cases(t) {
		cases[c.Name] = encode(t, c.Event)
	}
	assert.Equal(t, [7]string{"CEF:0", "IS Decisions", "UserLock", "unknown", "authentication.failed", "Authentication failed", "5"}, cases["userlock/420"].header)
	assert.Equal(t, "10", cases["relock/security.alert"].header[6])
	for name, values := range map[string]map[string]string{
		"userlock/420": {
			"cat": "authentication", "act": "failed", "outcome": "failure", "reason": "denied_by_active_directory", "src": "192.0.2.21", "smac": "", "c6a2": "",
			"suser": "aokoye", "duser": "aokoye", "sntdom": "EXAMPLE", "dntdom": "EXAMPLE", "suid": "", "shost": "LAPTOP-7", "dhost": "DESK-21",
			"cs1": "5A1C00000012", "cs1Label": "sessionId", "cs2": "terminal", "cs3": "NO", "cs3Label": "sourceCountry", "cs4": "", "cs4Label": "",
			"cs5": "", "cs5Label": "", "cs6": "420", "cs6Label": "vendorType", "accesshookCountry": "Norway", "accesshookSource": "head-office",
			"accesshookFullName": "Ada Okoye", "deviceCustomDate1": "1778747469400", "deviceCustomDate1Label": "received", "start": "", "end": "",
		},
		"userlock/201": {"src": "", "smac": "00:1b:44:11:3a:b7"},
		"unloc/unlocked": {
			"cat": "lock", "act": "unlocked", "outcome": "success", "suser": "Kari Moen", "suid": "+4790001234", "duser": "", "accesshookPhone": "+4790001234",
			"deviceExternalId": "a4b8f7c2-1c55-4f0d-9e8b-2f7e5a9c0d33", "cs5": "Front door", "cs5Label": "lockName",
			"accesshookKeyId": "3c1f6f0a-77a1-4f0e-8f0b-6d2f6f1f3d11", "externalId": "0b6f2f4e-52b4-4a0f-9d0e-3f6a1c7d9b55", "accesshookEventId": "",
		},
		"relock/authentication.success": {"suser": "user-17", "deviceExternalId": "d-12", "requestClientApplication": "ExampleBrowser/1.0", "cs4": "Oslo", "accesshookTimezone": "Europe/Oslo"},
		"relock/session.ended":          {"start": "1778745667250", "end": "1778747467250"},
		"relock/session.created":        {"deviceCustomDate2": "1778751067000", "deviceCustomDate2Label": "sessionExpires"},
		"relock/device.registered":      {"accesshookDeviceName": "Pocket phone", "accesshookDeviceType": "mobile", "accesshookOs": "ExampleOS 3", "accesshookBrowser": "ExampleBrowser", "dhost": ""},
		"relock/security.alert":         {"outcome": ""},
		"loginradius/blockaccount":      {"duser": "yuki", "duid": "uid-5", "suser": "", "accesshookEmail": "yuki@example.com"},
		"loginradius/createcustomobject": {
			"duser": "uid-5", "suser": "",
		},
	} {
		for key, want := range values {
			assert.Equal(t, want, cases[name].extension[key], "%s %s", name, key)
		}
	}
}

// The name of a user is what people know it by.
func TestUserName(t *testing.T) {
	for want, u := range map[string]event.User{
		"ada":             {ID: "1", Name: "ada", Email: "ada@example.com", FullName: "Ada", Phone: "+47"},
		"ada@example.com": {ID: "1", Email: "ada@example.com", FullName: "Ada", Phone: "+47"},
		"Ada":             {ID: "1", FullName: "Ada", Phone: "+47"},
		"1":               {ID: "1", Phone: "+47"},
		"+47":             {Phone: "+47"},
	} {
		m := encode(t, &event.Event{ID: "a", Vendor: "acme", Type: event.SessionStarted, User: u})
		assert.Equal(t, want, m.extension["suser"])
	}
}

// The whole ID is in a line, also one that is longer than externalId may be.
func TestLongID(t *testing.T) {
	id := strings.Repeat("0123456789", 6)
	m := encode(t, &event.Event{ID: id, Vendor: "acme"})
	assert.Equal(t, id[:40], m.extension["externalId"])
	assert.Equal(t, id, m.extension["accesshookEventId"])
	m = encode(t, &event.Event{ID: id[:38] + "\u202e", Vendor: "acme"}) // which is written as six characters
	assert.Equal(t, id[:38]+`\u202e`, m.extension["accesshookEventId"])
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string][3]string{
		"192.0.2.1":        {"192.0.2.1", "", ""},
		"::ffff:192.0.2.1": {"192.0.2.1", "", ""},
		"2001:db8::1":      {"", "2001:db8::1", ""},
		"fe80::1%eth0":     {"", "fe80::1", "eth0"},
	} {
		m := encode(t, &event.Event{ID: "a", Vendor: "acme", Client: event.Client{Address: netip.MustParseAddr(address)}})
		assert.Equal(t, want, [3]string{m.extension["src"], m.extension["c6a2"], m.extension["accesshookZone"]}, address)
	}
	for _, address := range []string{"00:11:22:33:44:55:66:77", "00-11-22-33-44-55", "001122334455", "00:11:22:33:44:5g"} {
		m := encode(t, &event.Event{ID: "a", Vendor: "acme", Client: event.Client{MAC: address}})
		assert.NotContains(t, m.extension, "smac", address)
		assert.Equal(t, address, m.extension["accesshookMac"])
	}
}

// Any text is read back as it was, with text in place of what is invisible.
func TestCharacters(t *testing.T) {
	for sent, want := range map[string]string{
		`a|b`:                      `a|b`,
		`a\b`:                      `a\b`,
		`a=b`:                      `a=b`,
		`\`:                        `\`,
		`a\=b\|c`:                  `a\=b\|c`,
		`EXAMPLE\nadia`:            `EXAMPLE\nadia`,
		"a\nb\r\nc\rd":             "a\nb\r\nc\rd",
		"a suser=root src=1.2.3.4": "a suser=root src=1.2.3.4",
		"a\tb\x00\u202e\u2028":     `a\tb\u0000\u202e\u2028`,
		"a\nb\u202ec\n":            "a\nb" + `\u202e` + "c\n",
		"\xff":                     "\ufffd",
		"  a  b  ":                 "a  b",
		"正门 – Bakdør 😀":            "正门 – Bakdør 😀",
		"\ufeffa":                  `\ufeffa`,
	} {
		m := encode(t, &event.Event{ID: "a", Vendor: "acme", Reason: sent, User: event.User{Name: sent}, Lock: event.Lock{Name: sent}})
		for _, key := range []string{"reason", "suser", "cs5"} {
			assert.Equal(t, want, m.extension[key], "%q", sent)
		}
		line := strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(want)
		m = encode(t, &event.Event{ID: "a", Vendor: sent, Type: event.Type(sent)})
		assert.Equal(t, line, strings.Trim(m.header[1], " "), "%q", sent)
		assert.Equal(t, line, strings.Trim(m.header[4], " "), "%q", sent)
	}
	m := encode(t, &event.Event{ID: "a", Vendor: "acme", Reason: "  ", Lock: event.Lock{Name: " "}, User: event.User{ID: " "}})
	for _, key := range []string{"reason", "suid", "cs5", "cs5Label"} {
		assert.NotContains(t, m.extension, key)
	}
}

// Each value is as long as the standard allows, whatever was sent.
func TestLengths(t *testing.T) {
	for name, sent := range encodertest.Texts {
		for _, typ := range []event.Type{event.SessionStarted, "." + event.Type(sent)} {
			e := new(event.Event)
			escapetest.Fill(e)
			e.ID, e.Vendor, e.Source, e.Type, e.VendorType, e.Reason = "a"+sent, "b"+sent, sent, typ, sent, sent
			e.User = event.User{ID: sent, Name: sent, FullName: sent, Domain: sent, Email: sent, Phone: sent}
			e.Session.ID, e.Session.Type = sent, sent
			e.Lock = event.Lock{ID: sent, Name: sent, KeyID: sent}
			e.Client = event.Client{MAC: sent, Name: sent, UserAgent: sent}
			e.Time = time.UnixMilli(1e12)
			line, err := cef.Append(nil, e)
			require.NoError(t, err)
			check(t, string(line))
			escapetest.AssertEscaped(t, line)
			assert.Less(t, len(line), 200_000, name)
		}
	}
	long := strings.Repeat("長", 5000)
	m := encode(t, &event.Event{ID: "a", Vendor: "acme", Reason: long, Lock: event.Lock{ID: long, Name: long}})
	assert.Equal(t, strings.Repeat("長", 1023), m.extension["reason"])
	assert.Equal(t, strings.Repeat("長", 255), m.extension["deviceExternalId"])
	assert.Equal(t, strings.Repeat("長", 4000), m.extension["cs5"])
}

func TestTime(t *testing.T) {
	e := event.Event{ID: "a", Vendor: "acme", Session: event.Session{Duration: time.Second}}
	m := encode(t, &e)
	for _, key := range []string{"rt", "start", "end", "deviceCustomDate1", "deviceCustomDate1Label"} {
		assert.NotContains(t, m.extension, key)
	}
	e.Received = time.UnixMilli(1500)
	assert.Equal(t, "1500", encode(t, &e).extension["rt"])
	e.Time = time.UnixMilli(-1)
	assert.Equal(t, "-1", encode(t, &e).extension["rt"])
	assert.Equal(t, "-1001", encode(t, &e).extension["start"])
}

// Nothing of an event is lost, but for its payload and warnings.
func TestEverythingIsSomewhere(t *testing.T) {
	for _, vendor := range []string{"acme", "userlock"} {
		for _, typ := range append(event.Types(), "door.forced") {
			line, err := cef.Append(nil, &event.Event{
				ID: "the-id", Vendor: vendor, Source: "the-source", Type: typ, VendorType: "the-word", Reason: "the-reason",
				User:    event.User{ID: "user-id", Name: "user-name", FullName: "full-name", Domain: "the-domain", Email: "the-email", Phone: "the-phone"},
				Session: event.Session{ID: "session-id", Type: "session-type", Expires: time.UnixMilli(1e12)},
				Device:  event.Device{ID: "device-id", Name: "device-name", Type: "device-type", OS: "device-os", Browser: "device-browser"},
				Lock:    event.Lock{ID: "lock-id", Name: "lock-name", KeyID: "key-id"},
				Client: event.Client{
					Address: netip.MustParseAddr("2001:db8::7"), MAC: "00:1b:44:11:3a:b7", Name: "client-name", UserAgent: "user-agent",
				},
				Location: event.Location{Country: "the-country", CountryCode: "NO", City: "the-city", Timezone: "the-zone"},
				Time:     time.UnixMilli(1_111_111_111_111), Received: time.UnixMilli(1_222_222_222_222),
			})
			require.NoError(t, err)
			for _, part := range []string{
				"the-id", "the-source", string(typ), "the-word", "the-reason", "user-id", "user-name", "full-name", "the-domain", "the-email", "the-phone",
				"session-id", "session-type", "1000000000000", "device-id", "device-name", "device-type", "device-os", "device-browser",
				"lock-id", "lock-name", "key-id", "2001:db8::7", "00:1b:44:11:3a:b7", "client-name", "user-agent",
				"the-country", "NO", "the-city", "the-zone", "1111111111111", "1222222222222",
			} {
				assert.Contains(t, string(line), part, "%s %s", vendor, typ)
			}
		}
	}
}
