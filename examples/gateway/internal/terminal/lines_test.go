package terminal

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

var update = flag.Bool("update", false, "write the golden files")

func TestLines(t *testing.T) {
	for _, width := range []int{40, 60, 80, 100, 120, 160} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			var got []byte
			for _, e := range vendorEvents(t) {
				got = Lines{Width: width, Zone: time.FixedZone("", 3600)}.Append(got, e)
			}
			golden(t, fmt.Sprintf("%d.txt", width), got)
		})
	}
}

func TestLinesInColor(t *testing.T) {
	var got []byte
	for _, e := range vendorEvents(t) {
		got = Lines{Width: 120, Color: true}.Append(got, e)
	}
	golden(t, "color.txt", []byte(strings.ReplaceAll(string(got), "\x1b", "^")))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(string(want), string(got)))
}

// received is when the events of these tests arrive.
var received = time.Date(2026, 3, 4, 13, 3, 22, 0, time.UTC)

const (
	userLockID = "5b7f3a1e-8c2d-4e90-9b6a-1f2e3d4c5b6a"
	secret     = "a-secret-of-the-relock-tests-0123456789"
)

// vendorEvents returns events of every vendor and of every family of types, decoded from
// requests as the vendors send them.
func vendorEvents(t *testing.T) []*event.Event {
	t.Helper()
	var events []*event.Event
	add := func(decode func([]byte) (*event.Event, error), r *http.Request, err error) {
		t.Helper()
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		e, err := decode(body)
		require.NoError(t, err)
		e.Received = received
		events = append(events, e)
	}
	ctx, now := t.Context(), received.Add(-time.Second)

	logon := func(n userlock.Notification) {
		n.EventTime, n.UserAccount, n.UserDomain, n.ComputerName = now, "aokoye", "EXAMPLE", "DESK-21"
		r, err := userlock.NewRequest(ctx, "http://gateway.example", userLockID, &n)
		add(userlock.Decode, r, err)
	}
	logon(userlock.Notification{EventType: "1", ClientAddress: "192.0.2.21", Country: "Norway"})
	logon(userlock.Notification{EventType: "4", ClientAddress: "2001:db8:85a3:8d3:1319:8a2e:370:7348", Country: "FR", LogonInfo: "the time is not allowed"})
	logon(userlock.Notification{EventType: "201", ClientAddress: "02-00-5E-10-00-24"})
	logon(userlock.Notification{EventType: "6"})
	logon(userlock.Notification{EventType: "Quarantined"})

	door := func(action, lock, user string) {
		r, err := unloc.NewRequest(ctx, "http://gateway.example", "unloc", "password", &unloc.AccessEvent{
			ID: "7a0c", Action: action, Created: now, LockID: "6a1d9a1c", LockName: lock, AppUserID: "+15555550123", UserName: user,
		})
		add(unloc.Decode, r, err)
	}
	door("unlocked", "Warehouse, east door", "Ada Okoye")
	door("viewedCode", "倉庫の東側の入口ドア", "山田　太郎")
	door("locked", "", "")

	place := relock.Location{Country: "NO", City: "Oslo"}
	for _, payload := range []any{
		&relock.DeviceRegistered{DeviceID: "d-77", UserID: "u-1042", Timestamp: now, IPAddress: "192.0.2.33", Location: place, DeviceInfo: relock.DeviceInfo{Name: "Ada's laptop"}},
		&relock.AuthenticationSucceeded{UserID: "u-1042", DeviceID: "d-77", Timestamp: now, IPAddress: "192.0.2.33", Location: place},
		&relock.AuthenticationFailed{UserID: "u-1042", Timestamp: now, IPAddress: "198.51.100.129", Location: place, Reason: "device_not_trusted"},
		&relock.SecurityAlert{UserID: "u-1042", Timestamp: now, Severity: "critical", Description: "Logons from two continents within a minute", IPAddress: "198.51.100.129", Location: place},
		&relock.SessionEnded{UserID: "u-1042", DeviceID: "d-77", Timestamp: now, Reason: "user_logout", Duration: 840},
	} {
		r, err := relock.NewRequest(ctx, "http://gateway.example", secret, payload)
		add(relock.Decode, r, err)
	}

	hook := func(name string, at time.Time, p *loginradius.Profile, o *loginradius.CustomObject) {
		r, err := loginradius.NewRequest(ctx, "http://gateway.example", secret, &loginradius.Hook{HookName: name, Time: at, Profile: p, Object: o})
		add(loginradius.Decode, r, err)
	}
	profile := &loginradius.Profile{UID: "u-1042", Password: event.NewSecret("a-hash-that-must-not-be-written")}
	profile.Email = []loginradius.Email{{Type: "Primary", Value: "ada.okoye@example.com"}}
	profile.LocalCity, profile.LocalCountry = "Oslo", "Norway"
	hook("changepassword", now, profile, nil)
	hook("blockaccount", now.AddDate(0, 0, -3), profile, nil)
	hook("invalidateemailverification", now.AddDate(-6, 0, 0), profile, nil)
	hook("deletecustomobject", now, nil, &loginradius.CustomObject{ID: "object-5", UID: "u-1042"})

	body, err := relock.Decode([]byte(`{}`))
	require.NoError(t, err)
	body.Time, body.Received = received, received
	return append(events, body,
		&event.Event{Vendor: "parking", Type: "barrier.raised_by_hand", Time: received, Severity: event.SeverityHigh, Location: event.Location{Country: "Atlantis"}})
}

// TestLineOfColorIsTheSame: what colour says, words say as well.
func TestLineOfColorIsTheSame(t *testing.T) {
	sgr := regexp.MustCompile("\x1b\\[[0-9;]+m")
	for _, e := range vendorEvents(t) {
		plain := string(Lines{Width: 100}.Append(nil, e))
		colored := string(Lines{Width: 100, Color: true}.Append(nil, e))
		assert.NotEqual(t, plain, colored)
		assert.Equal(t, plain, sgr.ReplaceAllString(colored, ""))
	}
}

func TestLinesHoldNothingSecret(t *testing.T) {
	for _, e := range vendorEvents(t) {
		e.Raw = []byte(`{"password":"a-body-that-must-not-be-written"}`)
		line := string(Lines{Width: 1000}.Append(nil, e))
		assert.NotContains(t, line, "must-not-be-written")
		assert.NotContains(t, strings.ToLower(line), userLockID)
	}
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name string
		e    event.Event
		want outcome
	}{
		{"success", event.Event{Outcome: event.OutcomeSuccess, Severity: event.SeverityMedium}, succeeded},
		{"failure", event.Event{Outcome: event.OutcomeFailure, Severity: event.SeverityMedium}, failed},
		{"grave failure", event.Event{Outcome: event.OutcomeFailure, Severity: event.SeverityHigh}, alert},
		{"grave success", event.Event{Outcome: event.OutcomeSuccess, Severity: event.SeverityCritical}, alert},
		{"alert that the vendor thinks little of", event.Event{Type: event.SecurityAlert, Severity: event.SeverityLow}, alert},
		{"unknown", event.Event{Type: event.Unknown}, unclear},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, outcomeOf(&c.e))
			assert.Contains(t, string(Lines{Width: 80}.Append(nil, &c.e)), string(c.want))
		})
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2026, 3, 4, 23, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		received time.Time
		zone     *time.Location
		want     string
	}{
		{"UTC", at, nil, "23:30:00"},
		{"zone", at, time.FixedZone("", 3600), "00:30:00"},
		{"the next day, soon", at.Add(time.Hour), nil, "23:30:00"},
		{"half a day later", at.Add(12 * time.Hour), nil, "04 Mar"},
		{"half a day later, in a zone", at.Add(12 * time.Hour), time.FixedZone("", 3600), "05 Mar"},
		{"of the future", at.Add(-12 * time.Hour), nil, "04 Mar"},
		{"the next year", at.AddDate(1, 0, 0), nil, "Mar 2026"},
		{"not known when received", time.Time{}, nil, "23:30:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := Lines{Width: 80, Zone: c.zone}.Append(nil, &event.Event{Vendor: "unloc", Time: at, Received: c.received})
			assert.Equal(t, fmt.Sprintf("%-8s unloc", c.want), string(line[:len("15:04:05 unloc")]))
		})
	}
	assert.Equal(t, "         unloc", string(Lines{Width: 80}.Append(nil, &event.Event{Vendor: "unloc"})[:14]))
}

// hostile is text that vendors pass on from whoever chooses a name.
var hostile = []string{
	"\x1b[2J\x1b[31mred\x1b]0;title\x07",
	"\u009b2J\u202egnp\u2028\u0085\u007f",
	"a\nb\r\n\tc\u2029\v\f",
	"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
	"\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u115f\u1160\u034f\u17b4\uffa0\ufe0f\U000e0101\U000e0041\ufff9\u2800",
	"\xff\xfe\xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80 cut \xe2\x80",
	"\x00\ue000\U0010ffff\U000f0000\u0378",
	"\u0301starts with a mark", "zalgo" + strings.Repeat("\u0301\u0489", 5000),
	strings.Repeat("a", 10_000), strings.Repeat("界", 10_000), strings.Repeat("👩‍👩‍👧‍👦🏽", 1000), strings.Repeat("\x1b", 10_000),
	"각각각각", "🇳🇴🇳🇴🇳", "   spaces   ok   ", "　wide　spaces　", "…", "\\", `"`, "\ufffd",
}

// TestHostileText puts each hostile text into each field of an event.
func TestHostileText(t *testing.T) {
	for _, field := range stringFields(reflect.TypeFor[event.Event](), nil) {
		for _, text := range hostile {
			for _, width := range []int{1, 7, 42, 60, 80, 101, 120, 300} {
				before := fullEvent()
				after := fullEvent()
				reflect.ValueOf(after).Elem().FieldByIndex(field).SetString(text)
				checkLine(t, before, after, width)
			}
		}
	}
}

func FuzzLine(f *testing.F) {
	fields := stringFields(reflect.TypeFor[event.Event](), nil)
	for i, text := range hostile {
		f.Add(text, i, 60+10*i)
	}
	f.Fuzz(func(t *testing.T, text string, field, width int) {
		e := fullEvent()
		reflect.ValueOf(e).Elem().FieldByIndex(fields[uint(field)%uint(len(fields))]).SetString(text)
		checkLine(t, fullEvent(), e, int(uint(width)%400))
	})
}

// checkLine checks the line of an event that differs in one field from another.
func checkLine(t *testing.T, before, after *event.Event, width int) {
	t.Helper()
	line := string(Lines{Width: width}.Append(nil, after))
	text, ended := strings.CutSuffix(line, "\n")
	require.True(t, ended)
	require.LessOrEqual(t, columns.StringWidth(text), max(width-1, 0), "%d: %q", width, line)
	require.True(t, utf8.ValidString(text), "%q", text)
	require.LessOrEqual(t, len(text), 1+width*(1+maxMarks)*utf8.UTFMax, "%q", text)
	require.Equal(t, -1, strings.IndexFunc(text, acts), "%q", text)
	was := cells(t, string(Lines{Width: width}.Append(nil, before)), width)
	is := cells(t, line, width)
	changed := 0
	for i := range was {
		if was[i] != is[i] {
			changed++
		}
	}
	require.LessOrEqual(t, changed, 1, "%d: %q\n%q", width, was, is)
}

// acts reports whether r does something to a terminal, or cannot be seen on it.
func acts(r rune) bool {
	return !unicode.IsGraphic(r) || unicode.In(r, unicode.Bidi_Control, unicode.Cf, unicode.Zl, unicode.Zp) ||
		strings.ContainsRune("\u034f\u115f\u1160\u17b4\u3164\ufe0f\uffa0\U000e0101", r)
}

// cells cuts a line where its columns begin.
func cells(t *testing.T, line string, width int) []string {
	t.Helper()
	c := layoutFor(max(width-1, 0))
	var ends []int
	end := 0
	for _, w := range []struct{ width, gap int }{{c.time, 1}, {c.vendor, 1}, {c.what, c.gap}, {c.who, c.gap}, {c.where, c.gap}, {c.from, c.gap}, {c.place, c.gap}} {
		if w.width > 0 {
			end += w.width + w.gap
			ends = append(ends, end)
		}
	}
	var all []string
	cell, at := "", 0
	for _, r := range strings.TrimSuffix(line, "\n") {
		w := columns.RuneWidth(r)
		if w > 0 && len(ends) > 0 && at >= ends[0] {
			if at > ends[0] {
				t.Fatalf("a character stands in two columns: %q", line)
			}
			all, cell, ends = append(all, cell), "", ends[1:]
		}
		cell += string(r)
		at += w
	}
	for range ends {
		all, cell = append(all, cell), ""
	}
	return append(all, cell)
}

// stringFields returns the indexes of all string fields of t, and of the structs in it.
func stringFields(t reflect.Type, prefix []int) [][]int {
	var all [][]int
	for i := range t.NumField() {
		index := append(slices.Clip(prefix), i)
		switch f := t.Field(i).Type; {
		case f.Kind() == reflect.String:
			all = append(all, index)
		case f.Kind() == reflect.Struct && f.PkgPath() == t.PkgPath():
			all = append(all, stringFields(f, index)...)
		}
	}
	return all
}

func TestStringFieldsAreFound(t *testing.T) {
	names := make([]string, 0, 32)
	for _, index := range stringFields(reflect.TypeFor[event.Event](), nil) {
		names = append(names, reflect.TypeFor[event.Event]().FieldByIndex(index).Name)
	}
	assert.Subset(t, names, []string{"ID", "Type", "VendorType", "Reason", "FullName", "Domain", "KeyID", "MAC", "UserAgent", "CountryCode", "City"})
}

// fullEvent returns an event with something in every column, in all layouts.
func fullEvent() *event.Event {
	return &event.Event{
		ID: "id", Vendor: "relock", Source: "relock", Type: event.AuthenticationFailed, VendorType: "authentication.failed",
		Time: received, Received: received, Outcome: event.OutcomeFailure, Severity: event.SeverityMedium, Reason: "because",
		User:     event.User{ID: "u", Name: "ada", FullName: "Ada", Domain: "D", Email: "a@example.com", Phone: "+1"},
		Session:  event.Session{ID: "s", Type: "t"},
		Device:   event.Device{ID: "d", Name: "desk", Type: "t", OS: "o", Browser: "b"},
		Lock:     event.Lock{},
		Client:   event.Client{Address: netip.MustParseAddr("192.0.2.1"), MAC: "m", Name: "n", UserAgent: "a"},
		Location: event.Location{Country: "Norway", CountryCode: "NO", City: "Oslo", Timezone: "z"},
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		name, in string
		limit    int
		want     string
		width    int
	}{
		{"fits", "door", 4, "door", 4},
		{"one too many", "doors", 4, "doo…", 4},
		{"no room", "door", 0, "", 0},
		{"room for the mark alone", "door", 1, "…", 1},
		{"wide, fits", "倉庫", 4, "倉庫", 4},
		{"wide, cut", "倉庫の", 4, "倉…", 3},
		{"wide, odd", "倉庫の", 5, "倉庫…", 5},
		{"marks stay with their letter", "ae\u0301bc", 3, "ae\u0301…", 3},
		{"marks of the last letter", "abe\u0301", 3, "abe\u0301", 3},
		{"a mark without a letter", "\u0301a", 10, `\u0301a`, 7},
		{"a pile of marks", "e\u0301\u0301\u0301\u0301\u0301", 10, "e\u0301\u0301\u0301\u0301" + `\u0301`, 7},
		{"escapes are not cut", "ab\x1bc", 5, "ab…", 3},
		{"escapes that fit", "ab\x1b", 6, `ab\x1b`, 6},
		{"newline", "a\nb", 10, `a\nb`, 4},
		{"C1", "\u009b", 10, `\u009b`, 6},
		{"direction", "\u202e", 10, `\u202e`, 6},
		{"line separator", "\u2028", 10, `\u2028`, 6},
		{"beyond 16 bits", "\U000e0041", 10, `\U000e0041`, 10},
		{"not UTF-8", "\xffa", 10, `\xffa`, 5},
		{"the replacement character itself", "\ufffd", 10, "\ufffd", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, width := cut(c.in, c.limit)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.width, width)
			again, _ := cut(got, c.limit)
			assert.Equal(t, got, again, "visible text stays as it is")
		})
	}
}

func TestWords(t *testing.T) {
	seen := make(map[string]event.Type)
	for _, typ := range event.Types() {
		if typ == event.Unknown {
			continue
		}
		word := words[typ]
		assert.NotEmpty(t, word, typ)
		assert.LessOrEqual(t, len(word), whatWidth, word)
		assert.NotContains(t, seen, word)
		seen[word] = typ
		assert.Equal(t, word, what(&event.Event{Type: typ, VendorType: "x"}))
	}
	assert.Len(t, words, len(seen), "words for types that do not exist")
	assert.Equal(t, `"Quarantined"`, what(&event.Event{Type: event.Unknown, VendorType: "Quarantined"}))
	assert.Equal(t, `"door unlocked"`, what(&event.Event{VendorType: "door unlocked"}))
	assert.Equal(t, "not readable", what(&event.Event{Type: event.Unknown}))
	assert.Equal(t, "barrier raised by hand", what(&event.Event{Type: "barrier.raised_by_hand"}))
}

func TestWho(t *testing.T) {
	all := event.User{ID: "u-1", Name: "ada", FullName: "Ada Okoye", Domain: "EXAMPLE", Email: "ada@example.com", Phone: "+1555"}
	for _, c := range []struct {
		name  string
		unset func(u *event.User)
		limit int
		want  string
	}{
		{"domain and name", func(*event.User) {}, 11, `EXAMPLE\ada`},
		{"the domain is cut", func(*event.User) {}, 10, `EXAMP…\ada`},
		{"hardly any room", func(*event.User) {}, 5, `…\ada`},
		{"no room for a domain", func(*event.User) {}, 4, `ada`},
		{"no room", func(*event.User) {}, 2, `a…`},
		{"name", func(u *event.User) { u.Domain = "" }, 11, "ada"},
		{"full name", func(u *event.User) { u.Name = "" }, 11, "Ada Okoye"},
		{"e-mail", func(u *event.User) { u.Name, u.FullName = "", "" }, 20, "ada@example.com"},
		{"ID", func(u *event.User) { u.Name, u.FullName, u.Email = "", "", "" }, 20, "u-1"},
		{"phone", func(u *event.User) { *u = event.User{Phone: u.Phone} }, 20, "+1555"},
		{"nobody", func(u *event.User) { *u = event.User{} }, 20, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := all
			c.unset(&u)
			assert.Equal(t, c.want, who(&u, c.limit))
		})
	}
}

func TestWhere(t *testing.T) {
	e := &event.Event{
		Lock: event.Lock{Name: "East door", ID: "l-1"}, Device: event.Device{Name: "DESK-21", ID: "d-1"}, Client: event.Client{Name: "LAPTOP"},
	}
	for _, c := range []struct {
		want  string
		field *string
	}{
		{"East door", &e.Lock.Name}, {"l-1", &e.Lock.ID}, {"DESK-21", &e.Device.Name}, {"LAPTOP", &e.Client.Name}, {"d-1", &e.Device.ID},
	} {
		assert.Equal(t, c.want, where(e))
		*c.field = ""
	}
	assert.Empty(t, where(e))
}

func TestFromAndPlace(t *testing.T) {
	ip := netip.MustParseAddr("192.0.2.33")
	oslo := event.Location{Country: "Norway", CountryCode: "NO", City: "Oslo"}
	desk := event.Device{Name: "DESK-21"}
	for _, c := range []struct {
		name        string
		e           event.Event
		limit       int
		from, place string
	}{
		{"all", event.Event{Device: desk, Client: event.Client{Address: ip}, Location: oslo}, 21, "192.0.2.33 NO", "DESK-21 192.0.2.33 NO"},
		{"the country has no room", event.Event{Device: desk, Client: event.Client{Address: ip}, Location: oslo}, 20, "192.0.2.33 NO", "DESK-21 192.0.2.33"},
		{"the address has no room", event.Event{Device: desk, Client: event.Client{Address: ip}, Location: oslo}, 17, "192.0.2.33 NO", "DESK-21"},
		{"only the country has room beside the address", event.Event{Client: event.Client{Address: ip}, Location: oslo}, 10, "192.0.… NO", "192.0.… NO"},
		{"MAC", event.Event{Client: event.Client{MAC: "02:00:5e:10:00:24"}}, 20, "02:00:5e:10:00:24", "02:00:5e:10:00:24"},
		{"city", event.Event{Location: oslo}, 20, "Oslo NO", "Oslo NO"},
		{"country that has no code", event.Event{Location: event.Location{Country: "Atlantis"}}, 20, "Atlantis", "Atlantis"},
		{"address and country that has no code", event.Event{Client: event.Client{Address: ip}, Location: event.Location{Country: "Atlantis"}}, 20, "192.0.2.33", "192.0.2.33"},
		{"where alone", event.Event{Device: desk}, 20, "", "DESK-21"},
		{"nothing", event.Event{}, 20, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.from, from(&c.e, c.limit))
			assert.Equal(t, c.place, place(&c.e, c.limit))
		})
	}
}
