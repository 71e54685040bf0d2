package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

const serverID = "0b7c6e0e-5a43-4e0b-9a55-1d2f7f3c9e21"

func TestDemo(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, runDemo(t.Context(), &out))
	want := `2026-03-27.csv
user,day,hours,overtime,notes
example\aokoye,2026-03-27,8.75,0.75,
example\cmoe,2026-03-27,14.50,6.50,no logoff

2026-03-28.csv
user,day,hours,overtime,notes
example\blund,2026-03-28,2.00,0.00,

2026-03-29.csv
user,day,hours,overtime,notes
example\blund,2026-03-29,5.00,0.00,

2026-03-30.csv
user,day,hours,overtime,notes
"'=hyperlink(""https://example.com"")",2026-03-30,8.00,0.00,

`
	assert.Empty(t, cmp.Diff(want, out.String()))
}

// A service is an attendance that serves.
type service struct {
	*attendance
	t    *testing.T
	url  string
	stop func()
}

func start(t *testing.T, dir string, now time.Time) *service {
	a := &attendance{dir: dir, zone: zone(t, "Europe/Oslo"), workday: 8 * time.Hour}
	a.setClock(now)
	handler, err := a.open(t.Context(), event.Secrets(serverID))
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- a.serve(ctx, &http.Server{Handler: handler}, l) }()
	return &service{a, t, "http://" + l.Addr().String() + "/webhooks/userlock", func() {
		cancel()
		require.NoError(t, <-served)
	}}
}

// send returns the status of the answer.
func (s *service) send(id string, n userlock.Notification) int {
	r, err := userlock.NewRequest(s.t.Context(), s.url, id, n)
	require.NoError(s.t, err)
	res, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	require.NoError(s.t, res.Body.Close())
	return res.StatusCode
}

// files returns what the service writes now.
func (s *service) files() map[string]string {
	require.NoError(s.t, s.write(s.t.Context()))
	files := map[string]string{}
	names, err := filepath.Glob(filepath.Join(s.dir, "*.csv*"))
	require.NoError(s.t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(s.t, err)
		files[filepath.Base(name)] = string(text)
	}
	return files
}

func zone(t *testing.T, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

func at(t *testing.T, zone *time.Location, text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	require.NoError(t, err)
	return at
}

func notification(code string, at time.Time, user, session string) userlock.Notification {
	return userlock.Notification{EventType: event.Text(code), EventTime: at, UserAccount: user, SessionID: event.Text(session)}
}

// The events of the demo give the same files in any order, repeated, and with a restart
// of the service in the middle.
func TestAnyOrderAndRestart(t *testing.T) {
	slog.SetLogLoggerLevel(slog.LevelWarn)
	oslo := zone(t, "Europe/Oslo")
	var want map[string]string
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 1))
		deliveries := slices.Concat(sample, sample[:6])
		if seed > 0 {
			random.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
		}
		s := start(t, t.TempDir(), at(t, oslo, "2026-03-31 08:00"))
		for i, d := range deliveries {
			if i == len(deliveries)/2 {
				s.stop()
				s = start(t, s.dir, s.now())
			}
			require.Equal(t, http.StatusOK, s.send(serverID, notification(d.code, at(t, oslo, d.at), d.user, d.session)))
		}
		got := s.files()
		s.stop()
		if want == nil {
			want = got
		}
		assert.Len(t, got, 4)
		assert.Empty(t, cmp.Diff(want, got), "seed %d", seed)
	}
}

// A day has a file once it has ended. For a week its file takes late events, then it is final.
func TestLate(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	defer slog.SetDefault(old)
	oslo, dir := zone(t, "Europe/Oslo"), t.TempDir()
	logon := notification("1", at(t, oslo, "2026-03-27 08:00"), "ada", "1")
	const (
		head  = "user,day,hours,overtime,notes\n"
		noEnd = head + "ada,2026-03-27,16.00,8.00,no logoff\n"
		ended = head + "ada,2026-03-27,8.00,0.00,\n"
	)
	for _, step := range []struct {
		now  string
		send userlock.Notification
		want string
		late int
	}{
		{"2026-03-27 23:59", logon, "", 0},
		{"2026-03-28 00:00", notification("4", time.Time{}, "ada", "1"), noEnd, 0},
		{"2026-04-03 23:59", notification("0", at(t, oslo, "2026-03-27 16:00"), "ada", "1"), ended, 0},
		{"2026-04-04 00:00", notification("0", at(t, oslo, "2026-03-27 15:00"), "ada", "1"), ended, 1},
		{"2026-04-11 00:00", notification("0", at(t, oslo, "2026-03-27 12:00"), "ada", "1"), "kept", 1},
	} {
		if step.want == "kept" { // what is older than writeDays
			require.NoError(t, os.WriteFile(filepath.Join(dir, "2026-03-27.csv"), []byte("kept"), 0o600))
		}
		log.Reset()
		slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))
		s := start(t, dir, at(t, oslo, step.now))
		assert.Equal(t, http.StatusOK, s.send(serverID, step.send))
		files := s.files()
		s.stop()
		assert.Equal(t, step.want, files["2026-03-27.csv"], step.now)
		assert.LessOrEqual(t, len(files), 1, "no file of a day that has not ended, and no temporary one")
		assert.Equal(t, step.late, strings.Count(log.String(), "does not count"), step.now)
	}
}

// A late event can take all hours from a day, whose file is there.
func TestDayWithoutHours(t *testing.T) {
	oslo, dir := zone(t, "Europe/Oslo"), t.TempDir()
	s := start(t, dir, at(t, oslo, "2026-03-29 08:00"))
	send := func(code, time string) {
		require.Equal(t, http.StatusOK, s.send(serverID, notification(code, at(t, oslo, time), "ada", "1")))
	}
	const head = "user,day,hours,overtime,notes\n"
	send("1", "2026-03-27 22:00")
	send("0", "2026-03-28 06:00")
	before := map[string]string{
		"2026-03-27.csv": head + "ada,2026-03-27,2.00,0.00,\n",
		"2026-03-28.csv": head + "ada,2026-03-28,6.00,0.00,\n",
	}
	assert.Empty(t, cmp.Diff(before, s.files()))
	send("2", "2026-03-27 23:00")
	after := map[string]string{"2026-03-27.csv": head + "ada,2026-03-27,1.00,0.00,\n", "2026-03-28.csv": head}
	assert.Empty(t, cmp.Diff(after, s.files()))
	s.stop()

	require.NoError(t, os.RemoveAll(filepath.Join(dir, "events")))
	s = start(t, dir, s.now())
	assert.Empty(t, cmp.Diff(after, s.files()), "a new store says nothing about old days")
	s.stop()
}

func TestOnlyUserLockIsHeard(t *testing.T) {
	oslo := zone(t, "Europe/Oslo")
	s := start(t, t.TempDir(), at(t, oslo, "2026-03-31 08:00"))
	defer s.stop()
	assert.Equal(t, http.StatusUnauthorized, s.send("5f0c8a2e-9d41-4b7e-8c36-1a2b3c4d5e6f", notification("1", at(t, oslo, "2026-03-30 08:00"), "ada", "1")))
	assert.Empty(t, s.files())
}

func TestTimesheets(t *testing.T) {
	const (
		in, out, lock, unlock, off, on = event.SessionStarted, event.SessionEnded, event.SessionLocked, event.SessionUnlocked, event.SessionDisconnected, event.SessionReconnected
	)
	type m struct {
		at      string // a time of 6 January 2026, or more
		typ     event.Type
		session string
	}
	for _, test := range []struct {
		name  string
		marks []m
		want  string // day, hours, notes
	}{
		{"a day", []m{{"08:00", in, "1"}, {"16:00", out, "1"}}, "06 8h0m0s []"},
		{"a pause", []m{{"08:00", in, "1"}, {"12:00", lock, "1"}, {"12:30", unlock, "1"}, {"16:00", out, "1"}}, "06 7h30m0s []"},
		{"a lock in a disconnected session", []m{{"08:00", in, "1"}, {"12:00", lock, "1"}, {"12:10", off, "1"}, {"13:00", on, "1"}, {"16:00", out, "1"}}, "06 7h0m0s []"},
		{"a lock and a disconnection at once", []m{{"08:00", in, "1"}, {"12:00", off, "1"}, {"12:00", lock, "1"}, {"13:00", unlock, "1"}, {"13:00", on, "1"}, {"16:00", out, "1"}}, "06 7h0m0s []"},
		{"a logon and an unlock at once", []m{{"08:00", unlock, "1"}, {"08:00", in, "1"}, {"16:00", out, "1"}}, "06 8h0m0s []"},
		{"a repeated event", []m{{"08:00", in, "1"}, {"08:00", in, "1"}, {"16:00", out, "1"}, {"16:00", out, "1"}}, "06 8h0m0s []"},
		{"two sessions overlap", []m{{"08:00", in, "1"}, {"10:00", in, "2"}, {"12:00", out, "1"}, {"14:00", out, "2"}}, "06 6h0m0s []"},
		{"one session in another", []m{{"08:00", in, "1"}, {"10:00", in, "2"}, {"11:00", out, "2"}, {"14:00", out, "1"}}, "06 6h0m0s []"},
		{"two sessions with a gap", []m{{"08:00", in, "1"}, {"10:00", out, "1"}, {"12:00", in, "2"}, {"14:00", out, "2"}}, "06 4h0m0s []"},
		{"no logoff", []m{{"20:00", in, "1"}}, "06 4h0m0s [no logoff]"},
		{"no logoff after a lock", []m{{"20:00", in, "1"}, {"21:00", lock, "1"}}, "06 1h0m0s []"},
		{"no logoff, and a logon on the next day", []m{{"20:00", in, "1"}, {"07 08:00", in, "1"}, {"07 09:00", out, "1"}}, "06 4h0m0s [no logoff] 07 1h0m0s []"},
		{"no logoff, and a logon on the same day", []m{{"20:00", in, "1"}, {"21:00", in, "1"}, {"22:00", out, "1"}}, "06 2h0m0s [no logoff]"},
		{"no logoff for three days", []m{{"20:00", in, "1"}, {"09 20:00", out, "1"}}, "06 4h0m0s [no logoff]"},
		{"no logon", []m{{"16:00", out, "1"}}, "06 0s [no logon]"},
		{"over midnight", []m{{"20:00", in, "1"}, {"07 06:00", out, "1"}}, "06 4h0m0s [] 07 6h0m0s []"},
		{"until midnight", []m{{"20:00", in, "1"}, {"07 00:00", out, "1"}}, "06 4h0m0s []"},
		{"over midnight without an end", []m{{"20:00", in, "1"}, {"07 06:00", lock, "1"}, {"07 22:00", unlock, "1"}}, "06 4h0m0s [] 07 8h0m0s [no logoff]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var marks []mark
			for _, m := range test.marks {
				if !strings.Contains(m.at, " ") {
					m.at = "06 " + m.at
				}
				marks = append(marks, mark{"ada", m.session, at(t, time.UTC, "2026-01-"+m.at), m.typ})
			}
			var got []string
			days := timesheets(marks)
			for _, day := range slices.Sorted(maps.Keys(days)) {
				got = append(got, fmt.Sprint(day[len("2026-01-"):], " ", days[day]["ada"].worked, " ", days[day]["ada"].notes))
			}
			assert.Equal(t, test.want, strings.Join(got, " "))
		})
	}
}

// A user who is logged on the whole day has worked as long as the day is.
func TestClockChanges(t *testing.T) {
	for _, test := range []struct {
		zone, day string
		want      time.Duration
	}{
		{"Europe/Oslo", "2026-03-29", 23 * time.Hour},
		{"Europe/Oslo", "2026-10-25", 25 * time.Hour},
		{"Europe/Oslo", "2026-10-26", 24 * time.Hour},
		{"Africa/Cairo", "2024-04-26", 23 * time.Hour},      // begins at 1:00
		{"America/Sao_Paulo", "2018-02-17", 25 * time.Hour}, // 23:00 comes twice
		{"Atlantic/Azores", "2026-10-25", 25 * time.Hour},   // 0:00 comes twice
		{"Australia/Lord_Howe", "2026-04-05", 24*time.Hour + 30*time.Minute},
		{"Pacific/Apia", "2011-12-29", 24 * time.Hour}, // before a day that was left out
	} {
		t.Run(test.zone+" "+test.day, func(t *testing.T) {
			noon := at(t, zone(t, test.zone), test.day+" 12:00")
			days := timesheets([]mark{
				{"ada", "1", noon.Add(-24 * time.Hour), event.SessionStarted}, {"ada", "1", noon, event.SessionLocked},
				{"ada", "1", noon, event.SessionUnlocked}, {"ada", "1", noon.Add(24 * time.Hour), event.SessionEnded},
			})
			assert.Equal(t, test.want, days[test.day]["ada"].worked)
		})
	}
}

// What timesheets says of random marks, in any order and repeated, is what a look at each
// minute says.
func TestMinuteByMinute(t *testing.T) {
	oslo := zone(t, "Europe/Oslo")
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 2))
		begin := at(t, oslo, []string{"2026-03-28 00:00", "2026-10-24 00:00"}[seed%2])
		var marks []mark
		for range 1 + random.IntN(12) {
			marks = append(marks, mark{"ada", fmt.Sprint(random.IntN(3)), begin.Add(time.Duration(random.IntN(3*24*60)) * time.Minute), types[random.IntN(len(types))]})
		}
		want := byMinute(marks, begin)
		for range 5 {
			again := slices.Concat(marks, marks[:random.IntN(len(marks))])
			random.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			got := map[string]time.Duration{}
			for day, sheet := range timesheets(again) {
				if worked := sheet["ada"].worked; worked > 0 {
					got[day] = worked
				}
			}
			require.Empty(t, cmp.Diff(want, got), "seed %d: %v", seed, marks)
		}
	}
}

func byMinute(marks []mark, begin time.Time) map[string]time.Duration {
	worked := map[string]time.Duration{}
	for minute := begin; minute.Before(begin.Add(5 * 24 * time.Hour)); minute = minute.Add(time.Minute) {
		working := false
		for _, session := range []string{"0", "1", "2"} {
			var last, next *mark
			for _, m := range marks {
				switch {
				case m.session != session:
				case m.time.After(minute):
					if next == nil || compare(m, *next) < 0 {
						next = &m
					}
				case last == nil || compare(m, *last) > 0:
					last = &m
				}
			}
			switch {
			case last == nil, !slices.Contains(begins, last.typ):
			case next != nil && next.typ != event.SessionStarted && next.time.Sub(last.time) <= longest:
				working = true
			case last.time.Format(time.DateOnly) == minute.Format(time.DateOnly):
				working = true
			}
		}
		if working {
			worked[minute.Format(time.DateOnly)] += time.Minute
		}
	}
	return worked
}

func TestNoFormulas(t *testing.T) {
	for _, name := range []string{"=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1"} {
		assert.Equal(t, "'"+name, cell(name))
	}
	for _, name := range []string{"", "ada", `example\=1`, "a=1"} {
		assert.Equal(t, name, cell(name))
	}
}

// Sessions that nobody sits at are no work, and neither are refused logons.
func TestMarks(t *testing.T) {
	for code, want := range map[event.Text]bool{"0": true, "1": true, "2": true, "3": true, "5": true, "6": true, "4": false, "20": false, "101": false, "201": false, "501": false, "999": false} {
		r, err := userlock.NewRequest(t.Context(), "/", serverID, userlock.Notification{EventType: code, UserAccount: "ada"})
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		e, err := userlock.Decode(body)
		require.NoError(t, err)
		_, ok := markOf(e, time.UTC)
		assert.Equal(t, want, ok, code)
	}
}

// Each note is there once, in the same order whatever came first.
func TestNotes(t *testing.T) {
	a := &attendance{dir: t.TempDir()}
	require.NoError(t, a.writeFile("2026-03-27", map[string]*row{"ada": {notes: []string{"no logon", "no logoff", "no logon"}}}))
	text, err := os.ReadFile(filepath.Join(a.dir, "2026-03-27.csv"))
	require.NoError(t, err)
	assert.Equal(t, "user,day,hours,overtime,notes\nada,2026-03-27,0.00,0.00,\"no logoff, no logon\"\n", string(text))
}

func TestSettings(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context()) // or else it would serve what it does not refuse
	cancel()
	for _, set := range []struct{ name, value string }{
		{"USERLOCK_IDS", ""}, {"ATTENDANCE_ZONE", "Mars"}, {"ATTENDANCE_WORKDAY", "8"}, {"ATTENDANCE_WORKDAY", "-8h"},
	} {
		t.Run(set.name+set.value, func(t *testing.T) {
			t.Setenv("ATTENDANCE_DIR", t.TempDir())
			t.Setenv("ATTENDANCE_ADDR", "127.0.0.1:0")
			t.Setenv("USERLOCK_IDS", serverID)
			t.Setenv(set.name, set.value)
			assert.ErrorContains(t, runService(ended), set.name)
		})
	}
}
