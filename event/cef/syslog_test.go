package cef_test

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cef"
	"github.com/accesshook/accesshook/internal/encodertest"
)

// syslogLine is the grammar of RFC 5424, section 6, without structured data.
var syslogLine = regexp.MustCompile(`^<(\d{1,3})>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) - ((?s:.*))$`)

// parts reads all the messages of a stream: the groups of syslogLine.
func parts(t testing.TB, stream string) (all [][]string) {
	t.Helper()
	r := strings.NewReader(stream)
	for r.Len() > 0 {
		var length int
		_, err := fmt.Fscanf(r, "%d ", &length)
		require.NoError(t, err)
		b := make([]byte, length)
		_, err = io.ReadFull(r, b)
		require.NoError(t, err)
		m := syslogLine.FindStringSubmatch(string(b))
		require.NotNil(t, m, "%s", b)
		all = append(all, m[1:])
	}
	return all
}

// A message stands after what dst had, whatever room it has. An error leaves dst as it was.
func TestSyslogAppends(t *testing.T) {
	e := encodertest.Cases(t)[0].Event
	alone, err := cef.AppendSyslog(nil, e, "gateway")
	require.NoError(t, err)
	for _, room := range []int{0, 10, len(alone), 100_000} {
		dst := append(make([]byte, 0, 6+room), "before"...)
		got, err := cef.AppendSyslog(dst, e, "gateway")
		require.NoError(t, err)
		require.Equal(t, "before"+string(alone), string(got))
		require.Equal(t, "before", string(dst))
	}
	buffer := make([]byte, 0, 64<<10)
	assert.LessOrEqual(t, testing.AllocsPerRun(20, func() { _, _ = cef.AppendSyslog(buffer, e, "gateway") }), 2.)
	for _, e := range []*event.Event{
		nil, {ID: "a"}, {Vendor: "acme"}, {ID: "a", Vendor: "acme", Time: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)},
		{ID: "a", Vendor: "acme", Received: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		got, err := cef.AppendSyslog([]byte("before"), e, "gateway")
		assert.ErrorContains(t, err, "cef: ")
		assert.Equal(t, "before", string(got))
	}
}

// Messages stand one behind the other, and each has what Append writes.
func TestSyslogStream(t *testing.T) {
	var stream []byte
	var lines []string
	for _, c := range encodertest.Cases(t) {
		line, err := cef.Append(nil, c.Event)
		require.NoError(t, err)
		lines = append(lines, string(line))
		stream, err = cef.AppendSyslog(stream, c.Event, "gateway.example.com")
		require.NoError(t, err)
	}
	all := parts(t, string(stream))
	require.Len(t, all, len(lines))
	for i, m := range all {
		assert.Equal(t, lines[i], m[6])
	}
}

func TestSyslogHeader(t *testing.T) {
	e := event.Event{ID: "a", Vendor: "acme", Type: event.AccountRoleContextRemoved, Severity: event.SeverityMedium, Time: time.Date(2026, 5, 14, 10, 31, 7, 123456789, time.FixedZone("", 2*60*60))}
	header := func() []string {
		b, err := cef.AppendSyslog(nil, &e, "gateway")
		require.NoError(t, err)
		return parts(t, string(b))[0][:6]
	}
	assert.Equal(t, []string{"84", "2026-05-14T08:31:07.123456Z", "gateway", "accesshook", "-", "account.role_context_removed"}, header())
	for severity, want := range map[event.Severity]int{
		event.SeverityUnknown: 6, event.SeverityInfo: 6, event.SeverityLow: 5, event.SeverityMedium: 4, event.SeverityHigh: 3, event.SeverityCritical: 2, 99: 6, -1: 6,
	} {
		e.Severity = severity
		assert.Equal(t, strconv.Itoa(10*8+want), header()[0], severity)
	}
	e.Type = ""
	assert.Equal(t, "-", header()[5])
	e.Type = event.Type("a b\u202e\n" + strings.Repeat("é", 100))
	assert.Equal(t, "a-b--"+strings.Repeat("-", 27), header()[5])
	e.Time = time.Time{}
	assert.Equal(t, "-", header()[1])
	e.Received = time.Date(2026, 5, 14, 8, 31, 7, 0, time.UTC)
	assert.Equal(t, "2026-05-14T08:31:07Z", header()[1])
}

func TestSyslogHostname(t *testing.T) {
	for sent, want := range map[string]string{
		"":                        "-",
		"gateway.example.com":     "gateway.example.com",
		"2001:db8::1":             "2001:db8::1",
		"my host":                 "my-host",
		"a> - - - - CEF:0|\n<1>1": "a>---------CEF:0|-<1>1",
		"bü\xff\x7f\u202e":        "b----",
		strings.Repeat("h", 1000): strings.Repeat("h", 255),
		strings.Repeat("é", 1000): strings.Repeat("-", 255),
	} {
		b, err := cef.AppendSyslog(nil, &event.Event{ID: "a", Vendor: "acme"}, sent)
		require.NoError(t, err)
		assert.Equal(t, want, parts(t, string(b))[0][2], "%q", sent)
	}
}
