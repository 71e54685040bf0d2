package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

func TestDemo(t *testing.T) {
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	var out bytes.Buffer
	require.NoError(t, runDemo(t.Context(), &out))
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(got) // events are judged at the same time
	want := []string{
		`{"id":"door-2","time":"2026-03-27T10:30:00Z","account":"example\\aokoye","lock":"harbour","lockPlace":"Bergen","desk":"desk-21","deskPlace":"Oslo","since":"2026-03-27T08:00:00Z"}`,
		`{"id":"door-7","time":"2026-03-27T13:00:00Z","account":"example\\cmoe","lock":"front","lockPlace":"Oslo","desk":"desk-40","deskPlace":"Bergen","since":"2026-03-27T12:50:00Z"}`,
		`{"id":"door-9","time":"2026-03-27T10:40:00Z","account":"example\\aokoye","lock":"harbour","lockPlace":"Bergen","desk":"desk-21","deskPlace":"Oslo","since":"2026-03-27T08:00:00Z"}`,
	}
	assert.Empty(t, cmp.Diff(want, got))
	assert.Equal(t, 1, strings.Count(log.String(), "opened by somebody who is not in"))
	assert.Equal(t, 1, strings.Count(log.String(), "door opened that is not in"))
	for _, personal := range []string{"+47", "aokoye", "cmoe"} {
		assert.NotContains(t, log.String(), personal)
	}
}

// A recorder is where alerts go.
type recorder struct {
	mu     sync.Mutex
	alerts []alert
	fail   error
}

func (r *recorder) alert(_ context.Context, line []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	var a alert
	err := json.Unmarshal(line, &a)
	r.alerts = append(r.alerts, a)
	return err
}

// ids returns the doors that were alerted of.
func (r *recorder) ids() []string {
	ids := []string{}
	for _, a := range r.alerts {
		ids = append(ids, a.ID)
	}
	slices.Sort(ids)
	return ids
}

func newTest(t *testing.T) (*guard, *recorder) {
	p, err := parsePlaces([]byte(samplePlaces))
	require.NoError(t, err)
	p.desks["desk-22"] = "oslo"
	r := new(recorder)
	g := newGuard(p, r.alert)
	g.now = func() time.Time { return day(24 * time.Hour) }
	return g, r
}

// A step is an event at a minute of the day, of one user.
type step struct {
	minute  int
	typ     event.Type // empty: a door
	where   string
	session string
}

func (s step) event() *event.Event {
	e := &event.Event{Time: day(time.Duration(s.minute) * time.Minute), Type: s.typ}
	if s.typ == "" {
		e.ID = fmt.Sprintf("door-%d-%s", s.minute, s.where)
		e.Type, e.Lock.ID, e.User = event.LockUnlocked, s.where, event.User{ID: "+4790000001", Phone: "+4790000001"}
		return e
	}
	e.User, e.Device.Name, e.Session.ID = event.User{Domain: "EXAMPLE", Name: "aokoye"}, s.where, s.session
	return e
}

func (g *guard) take(ctx context.Context, s step) error {
	if s.typ == "" {
		return g.door(ctx, s.event())
	}
	return g.session(ctx, s.event())
}

func TestJudge(t *testing.T) {
	const in, out, lock, unlock, off, on = event.SessionStarted, event.SessionEnded, event.SessionLocked, event.SessionUnlocked, event.SessionDisconnected, event.SessionReconnected
	oslo, bergen := step{600, "", "front", ""}, step{600, "", "harbour", ""} // doors at 10:00
	for _, test := range []struct {
		name   string
		steps  []step
		alerts int
	}{
		{"elsewhere", []step{{480, in, "DESK-21", "1"}, bergen}, 1},
		{"at her place", []step{{480, in, "DESK-21", "1"}, oslo}, 0},
		{"nowhere", []step{bergen}, 0},
		{"locked", []step{{480, in, "DESK-21", "1"}, {540, lock, "DESK-21", "1"}, bergen}, 0},
		{"disconnected", []step{{480, in, "DESK-21", "1"}, {540, off, "DESK-21", "1"}, bergen}, 0},
		{"logged off", []step{{480, in, "DESK-21", "1"}, {540, out, "DESK-21", "1"}, bergen}, 0},
		{"unlocked", []step{{480, in, "DESK-21", "1"}, {540, lock, "DESK-21", "1"}, {541, unlock, "DESK-21", "1"}, bergen}, 1},
		{"reconnected", []step{{480, in, "DESK-21", "1"}, {540, off, "DESK-21", "1"}, {541, on, "DESK-21", "1"}, bergen}, 1},
		{"locked later", []step{{480, in, "DESK-21", "1"}, {660, lock, "DESK-21", "1"}, bergen}, 1},
		{"locked at that minute", []step{{480, in, "DESK-21", "1"}, {600, lock, "DESK-21", "1"}, bergen}, 0},
		{"logged on later", []step{{660, in, "DESK-21", "1"}, bergen}, 0},
		{"a late door", []step{{480, in, "DESK-21", "1"}, {660, out, "DESK-21", "1"}, bergen}, 1},
		{"a late logon", []step{bergen, {480, in, "DESK-21", "1"}}, 1},
		{"a late logon, before a lock", []step{bergen, {540, lock, "DESK-21", "1"}, {480, in, "DESK-21", "1"}}, 0},
		{"a late logon, twice", []step{bergen, {480, in, "DESK-21", "1"}, {480, in, "DESK-21", "1"}, bergen}, 1},
		{"two sessions, one locked", []step{{480, in, "DESK-21", "1"}, {490, in, "DESK-21", "2"}, {540, lock, "DESK-21", "2"}, bergen}, 1},
		{"here and elsewhere", []step{{480, in, "DESK-21", "1"}, {490, in, "DESK-40", "2"}, bergen}, 0},
		{"the same place in other letters", []step{{480, in, "DESK-22", "1"}, oslo}, 0},
		{"a computer in no place", []step{{480, in, "TS-1", "1"}, bergen}, 0},
		{"a door in no place", []step{{480, in, "DESK-21", "1"}, {600, "", "cellar", ""}}, 0},
		{"a session that is silent since yesterday", []step{{600 - 24*60 - 1, in, "DESK-21", "1"}, bergen}, 0},
		{"a day at the desk", []step{{600 - 24*60, in, "DESK-21", "1"}, bergen}, 1},
		{"a door of yesterday", []step{{-100, in, "DESK-21", "1"}, {-1, "", "harbour", ""}}, 0},
		{"a door of tomorrow", []step{{1440, in, "DESK-21", "1"}, {1501, "", "harbour", ""}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			g, r := newTest(t)
			for _, s := range test.steps {
				require.NoError(t, g.take(t.Context(), s))
			}
			assert.Len(t, r.alerts, test.alerts)
		})
	}
}

// The user of a terminal session sits at the client.
func TestTerminalSession(t *testing.T) {
	for client, alerts := range map[string]int{"": 1, "desk-21": 1, "DESK-40": 0, "HOME": 0} {
		g, r := newTest(t)
		logon := step{480, event.SessionStarted, "DESK-21", "1"}.event()
		logon.Client.Name = client
		require.NoError(t, g.session(t.Context(), logon))
		require.NoError(t, g.take(t.Context(), step{600, "", "harbour", ""}))
		assert.Len(t, r.alerts, alerts, client)
	}
}

// A session of a phone or in a browser says nothing about a desk, and nobody locks it.
func TestOnlyDesks(t *testing.T) {
	for code, alerts := range map[event.Text]int{"1": 1, "101": 0, "201": 0, "501": 0} {
		g, r := newTest(t)
		request, err := userlock.NewRequest(t.Context(), "/", serverID, userlock.Notification{EventType: code, EventTime: day(8 * time.Hour), UserAccount: `EXAMPLE\aokoye`, ComputerName: "DESK-21"})
		require.NoError(t, err)
		body, err := io.ReadAll(request.Body)
		require.NoError(t, err)
		e, err := userlock.Decode(body)
		require.NoError(t, err)
		require.NoError(t, g.session(t.Context(), e))
		require.NoError(t, g.take(t.Context(), step{600, "", "harbour", ""}))
		assert.Len(t, r.alerts, alerts, code)
	}
}

// Whatever the order in which events come, every door that all of them together make
// suspicious is alerted of, once. In the order in which they happened, no other is.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		var steps []step
		for range 3 + random.IntN(15) {
			minute := random.IntN(1440)
			if random.IntN(3) == 0 {
				steps = append(steps, step{minute, "", []string{"front", "harbour"}[random.IntN(2)], ""})
			} else {
				i := random.IntN(3)
				steps = append(steps, step{minute, types[random.IntN(len(types))], []string{"DESK-21", "DESK-40", "TS"}[i], fmt.Sprint(i)})
			}
		}
		slices.SortStableFunc(steps, func(a, b step) int { // a door after what happened in the same minute
			return 2*(a.minute-b.minute) - strings.Compare(string(a.typ), string(b.typ))
		})
		ordered, want := newTest(t)
		for _, s := range steps {
			require.NoError(t, ordered.take(t.Context(), s))
		}
		again := slices.Concat(steps, steps)
		random.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		shuffled, got := newTest(t)
		for _, s := range again {
			require.NoError(t, shuffled.take(t.Context(), s))
		}
		ids := got.ids()
		require.Equal(t, slices.Compact(slices.Clone(ids)), ids, "seed %d: twice", seed)
		require.Subset(t, ids, want.ids(), "seed %d", seed)
	}
}

// An alert that could not be sent is sent when the event is tried again, and then once.
func TestAlertFails(t *testing.T) {
	g, r := newTest(t)
	require.NoError(t, g.take(t.Context(), step{480, event.SessionStarted, "DESK-21", "1"}))
	r.fail = errors.New("away")
	door := step{600, "", "harbour", ""}
	require.ErrorIs(t, g.take(t.Context(), door), r.fail)
	r.fail = nil
	require.NoError(t, g.take(t.Context(), door))
	require.NoError(t, g.take(t.Context(), door))
	assert.Len(t, r.alerts, 1)
}

// Events that come at the same time make one alert for each door.
func TestAtTheSameTime(t *testing.T) {
	g, r := newTest(t)
	require.NoError(t, g.take(t.Context(), step{480, event.SessionStarted, "DESK-21", "1"}))
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			assert.NoError(t, g.take(t.Context(), step{600 + i%5, "", "harbour", ""}))
			assert.NoError(t, g.take(t.Context(), step{500 + i, event.SessionUnlocked, "DESK-21", "1"}))
		})
	}
	all.Wait()
	assert.Len(t, r.alerts, 5)
}

func TestBounded(t *testing.T) {
	g, _ := newTest(t)
	for i := range mostMarks + 100 {
		require.NoError(t, g.take(t.Context(), step{i, event.SessionUnlocked, "DESK-21", fmt.Sprint(i % 3)}))
		require.NoError(t, g.take(t.Context(), step{i, "", "front", ""}))
	}
	p := g.people[`name:example\aokoye`]
	assert.Len(t, p.marks, mostMarks)
	assert.Len(t, p.doors, mostDoors)
	g.now = func() time.Time { return day(72 * time.Hour) }
	require.NoError(t, g.take(t.Context(), step{71 * 60, event.SessionUnlocked, "DESK-21", "1"}))
	assert.Len(t, p.marks, 1)
	assert.Empty(t, p.doors)

	stranger := step{480, event.SessionStarted, "DESK-21", "1"}.event()
	stranger.User.Name = "stranger"
	require.NoError(t, g.session(t.Context(), stranger))
	assert.Len(t, g.people, 3)
}

// The whole way: over HTTP, with a receiver of alerts that is away at first.
func TestOverHTTP(t *testing.T) {
	alerts, calls := make(chan string, 10), 0
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		alerts <- b.String()
	}))
	defer receiver.Close()
	g, _ := newTest(t)
	var err error
	g.alert, err = post(receiver.URL)
	require.NoError(t, err)
	url, stop := start(t, g)

	logon := userlock.Notification{EventType: "1", EventTime: day(8 * time.Hour), UserAccount: `EXAMPLE\aokoye`, ComputerName: "DESK-21"}
	door := unloc.AccessEvent{ID: "door-1", Action: "unlocked", Created: day(9 * time.Hour), AppUserID: "+4790000001", LockID: "harbour"}
	send := func(r *http.Request, err error) int {
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	assert.Equal(t, 401, send(userlock.NewRequest(t.Context(), url+"/webhooks/userlock", "5f0c8a2e-9d41-4b7e-8c36-1a2b3c4d5e6f", logon)))
	assert.Equal(t, 401, send(unloc.NewRequest(t.Context(), url+"/webhooks/unloc", "demo", "a stranger's password", door)))
	assert.Equal(t, 200, send(unloc.NewRequest(t.Context(), url+"/webhooks/unloc", "demo", password, door)))
	assert.Equal(t, 200, send(userlock.NewRequest(t.Context(), url+"/webhooks/userlock", serverID, logon)))
	select {
	case line := <-alerts:
		assert.JSONEq(t, `{"id":"door-1","time":"2026-03-27T09:00:00Z","account":"example\\aokoye","lock":"harbour","lockPlace":"Bergen","desk":"desk-21","deskPlace":"Oslo","since":"2026-03-27T08:00:00Z"}`, line)
	case <-time.After(time.Minute):
		t.Fatal("no alert")
	}
	assert.Equal(t, 200, send(unloc.NewRequest(t.Context(), url+"/webhooks/unloc", "demo", password, door)))
	require.NoError(t, stop())
	assert.Empty(t, alerts, "not twice")
	assert.Equal(t, 2, calls)
}

const (
	serverID = "0b7c6e0e-5a43-4e0b-9a55-1d2f7f3c9e21"
	password = "Zk3v9LwQ7cR4mT0pqu2x"
)

func start(t *testing.T, g *guard) (url string, stop func() error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- g.serve(ctx, l, userlock.Config{IDs: event.Secrets(serverID)}, unloc.Config{Credentials: []verify.Credential{verify.NewCredential("demo", password)}})
	}()
	return "http://" + l.Addr().String(), func() error { cancel(); return <-served }
}

// An alert is not sent elsewhere, and no error has its URL.
func TestPost(t *testing.T) {
	const secret = "T0pSecretPath"
	to := "/elsewhere"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }))
	send, err := post(server.URL + "/" + secret)
	require.NoError(t, err)
	assert.EqualError(t, send(t.Context(), nil), "an alert was answered 302")
	server.Close()
	err = send(t.Context(), nil)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), secret)
	for _, bad := range []string{secret, "http://example.com/%zz" + secret, "//", "ftp://example.com/" + secret} {
		_, err := post(bad)
		assert.EqualError(t, err, "PRESENCE_ALERT_URL is not an http or https URL", bad)
	}
}

func TestPlaces(t *testing.T) {
	const ok = `{"accounts": {"+47 900 00 001": "EXAMPLE\\aokoye"}, "desks": {"DESK-21": "Oslo"}, "locks": {"front": "Oslo"}}`
	p, err := parsePlaces([]byte(ok))
	require.NoError(t, err)
	assert.Equal(t, &places{
		accounts: map[string]string{"phone:+4790000001": `name:example\aokoye`}, desks: map[string]string{"desk-21": "Oslo"}, locks: map[string]string{"front": "Oslo"},
	}, p)
	for name, replace := range map[string][2]string{
		"no JSON":             {ok, "x"},
		"an empty file":       {ok, ""},
		"null":                {ok, "null"},
		"more than one value": {ok, ok + ok},
		"an unknown name":     {`"locks"`, `"doors": {}, "locks"`},
		"no locks":            {`{"front": "Oslo"}`, `{}`},
		"a number":            {`"front": "Oslo"`, `"front": 1`},
		"no country code":     {"+47 900", "900"},
		"no telephone":        {"+47 900 00 001", "ada"},
		"a letter in it":      {"+47 900", "+47 9OO"},
		"two telephones":      {"+47 900 00 001", "+47 900 00 001, +47 900 00 002"},
		"a plus":              {"+47 900 00 001", "+"},
		"no account":          {`EXAMPLE\\aokoye`, " "},
		"no place":            {`"DESK-21": "Oslo"`, `"DESK-21": " "`},
		"no computer":         {`"DESK-21"`, `" "`},
		"a computer twice":    {`"DESK-21": "Oslo"`, `"DESK-21": "Oslo", "DESK-21": "Bergen"`},
		"in other letters":    {`"DESK-21": "Oslo"`, `"DESK-21": "Oslo", "desk-21": "Bergen"`},
		"a telephone twice":   {`"+47 900 00 001": "EXAMPLE\\aokoye"`, `"+47 900 00 001": "EXAMPLE\\aokoye", "004790000001": "EXAMPLE\\blund"`},
		"a section twice":     {`"locks"`, `"desks": {}, "locks"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parsePlaces([]byte(strings.Replace(ok, replace[0], replace[1], 1)))
			assert.Error(t, err)
		})
	}
	path := filepath.Join(t.TempDir(), "places.json")
	require.NoError(t, os.WriteFile(path, []byte(ok+strings.Repeat(" ", maxPlaces)), 0o600))
	_, err = readPlaces(path)
	assert.ErrorContains(t, err, "larger than")
	require.NoError(t, os.WriteFile(path, []byte(ok), 0o600))
	_, err = readPlaces(path)
	assert.NoError(t, err)
}

func TestTooOldIsLogged(t *testing.T) {
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	g, _ := newTest(t)
	require.NoError(t, g.take(t.Context(), step{0, "", "harbour", ""}))
	assert.Empty(t, log.String())
	require.NoError(t, g.take(t.Context(), step{-1, "", "harbour", ""}))
	assert.Contains(t, log.String(), "too old to be judged")
}
