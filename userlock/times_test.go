package userlock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	require.NoError(t, err)
	return l
}

func TestTimes(t *testing.T) {
	at := time.Date(2024, 5, 14, 8, 31, 7, 0, time.UTC)
	ms := at.Add(123 * time.Millisecond)
	c := userlock.Config{Location: location(t, "Europe/Oslo")}
	for sent, want := range map[string]time.Time{
		`"2024-05-14T10:31:07"`:                    at, // no zone: Config.Location
		`"2024-05-14 10:31:07"`:                    at,
		`"2024-05-14T10:31:07.1234567"`:            at.Add(123456700),
		`"2024-05-14T10:31"`:                       at.Truncate(time.Minute),
		`"20240514T103107"`:                        at,
		`"2024-05-13T24:00:00"`:                    time.Date(2024, 5, 13, 22, 0, 0, 0, time.UTC),
		`"2024-05-14T08:31:07Z"`:                   at,
		`"2024-05-14T08:31:07.0000000Z"`:           at,
		`"2024-05-14t08:31:07z"`:                   at,
		`" 2024-05-14T08:31:07Z "`:                 at,
		`"2024-05-14T04:31:07-04:00"`:              at,
		`"2024-05-14T10:31:07+0200"`:               at,
		`"2024-05-14T10:31:07+02"`:                 at,
		`"2024-05-14T08:31:07.123GMT"`:             ms,
		`"2024-05-14T10:31:07+02:00[Europe/Oslo]"`: at,
		`"2024-05-14T08:31:07Z[UTC]"`:              at,
		`"1990-12-31T23:59:60Z"`:                   time.Date(1991, 1, 1, 0, 0, 0, 0, time.UTC),
		`"Tue, 14 May 2024 08:31:07 GMT"`:          at,
		`"/Date(1715675467000)/"`:                  at,
		`"/Date(1715675467000+0200)/"`:             at,
		`"1715675467"`:                             at,
		`"1715675467123"`:                          ms,
		`"1715675467.123"`:                         ms,
		`"133601490671230000"`:                     ms, // Windows FILETIME
		`"638512722671230000"`:                     ms, // .NET ticks
		`"0001-01-01T00:00:00"`:                    {},
		`null`:                                     {},
		`""`:                                       {},
	} {
		e, n := decodeAs(t, c, `"EventType":1,"EventTime":`+sent)
		assert.True(t, want.Equal(n.EventTime), "%s: %s", sent, n.EventTime)
		warned(t, e, sent)
		if want.IsZero() {
			want = e.Received
		}
		assert.True(t, want.Equal(e.Time), "%s: %s", sent, e.Time)
	}
	for sent, want := range map[string]time.Time{
		`1715675467`: at, `1715675467123`: ms, `1715675467.123`: ms,
	} {
		e, n := decode(t, `"EventTime":`+sent)
		assert.True(t, want.Equal(n.EventTime), "%s: %s", sent, n.EventTime)
		warned(t, e, sent, event.Warning{Path: "/EventTime", Want: "time", Got: "number"})
	}
	_, n := decode(t, `"EventTime":"2024-05-14T08:31:07"`)
	assert.True(t, at.Equal(n.EventTime), "UTC if no zone is configured")
}

// What is no time is kept, with a warning.
func TestNoTimes(t *testing.T) {
	for sent, kind := range map[string]string{
		`"yesterday"`: "string", `"14/05/2024 08:31:07"`: "string", `20240514`: "number", `-1`: "number", `true`: "boolean", `{"at":1}`: "object",
	} {
		e, n := decode(t, `"EventType":1,"EventTime":`+sent)
		assert.True(t, n.EventTime.IsZero(), sent)
		assert.Equal(t, e.Received, e.Time, sent)
		assert.Equal(t, sent, string(n.Extra["EventTime"]))
		warned(t, e, sent, event.Warning{Path: "/EventTime", Want: "time", Got: kind})
	}
}

// What only an operator can know is configured.
func TestTimeLayouts(t *testing.T) {
	at := time.Date(2024, 5, 14, 8, 31, 7, 0, time.UTC)
	c := userlock.Config{Location: location(t, "Europe/Paris"), TimeLayouts: []string{"02/01/2006 15:04:05", "02/01/2006 15:04"}}
	for sent, want := range map[string]time.Time{
		"14/05/2024 10:31:07":  at,
		"05/06/2024 10:31":     time.Date(2024, 6, 5, 8, 31, 0, 0, time.UTC),
		"2024-05-14T08:31:07Z": at,
	} {
		e, n := decodeAs(t, c, `"EventTime":"`+sent+`"`)
		assert.True(t, want.Equal(n.EventTime), "%s: %s", sent, n.EventTime)
		warned(t, e, sent)
	}
}

// Without a zone, an hour that clocks show twice, or never, has two meanings.
func TestClockChanges(t *testing.T) {
	c := userlock.Config{Location: location(t, "Europe/Paris")}
	for sent, want := range map[string]time.Time{
		"2024-03-31T02:30:00": time.Date(2024, 3, 31, 1, 30, 0, 0, time.UTC),  // never shown
		"2024-10-27T02:30:00": time.Date(2024, 10, 27, 0, 30, 0, 0, time.UTC), // shown twice: the first
	} {
		e, n := decodeAs(t, c, `"EventTime":"`+sent+`"`)
		assert.True(t, want.Equal(n.EventTime), "%s: %s", sent, n.EventTime)
		warned(t, e, sent, event.Warning{Path: "/EventTime", Want: "time with a zone", Got: "time that the clocks showed twice or never"})
	}
	for _, sent := range []string{"2024-03-31T01:59:59", "2024-03-31T03:00:00", "2024-10-27T01:59:59", "2024-10-27T03:00:00", "2024-10-27T02:30:00+02:00"} {
		e, _ := decodeAs(t, c, `"EventTime":"`+sent+`"`)
		warned(t, e, sent)
	}
}
