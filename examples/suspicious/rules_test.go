package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/userlock"
)

// Credentials of the vendors in all tests.
const (
	serverID = "3c2a9d64-5b1e-4f07-8a6d-e91f20b7c543"
	secret   = "a webhook secret for tests only"
)

// variables is the environment of the program under test.
func variables(more ...string) lookupEnv {
	all := map[string]string{"USERLOCK_IDS": serverID, "RELOCK_SECRETS": secret, "LOGINRADIUS_SECRETS": secret, "UNLOC_CREDENTIALS": "gate:" + secret}
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return func(name string) (string, bool) { value, ok := all[name]; return value, ok }
}

// A site is the endpoints with rules behind them. What the rules find is in found.
type site struct {
	t       *testing.T
	rules   *rules
	handler http.Handler
	found   []string // "type account: reason"
	err     error    // of whatever takes what was found
	sent    int
	day     time.Time
}

func newSite(t *testing.T, change ...func(*rules)) *site {
	s := &site{t: t, day: time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)}
	s.rules = &rules{window: 10 * time.Minute, ofUser: 3, fromAddress: 5, learn: 14 * 24 * time.Hour, domain: "EXAMPLE"}
	for _, f := range change {
		f(s.rules)
	}
	require.NoError(t, s.rules.open(filepath.Join(t.TempDir(), "learned.json"), ""))
	s.rules.accounts = map[string]string{"relock id:u-1042": "ada"}
	s.rules.next = event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		if s.err == nil {
			s.found = append(s.found, fmt.Sprintf("%s %s: %s", e.Type, e.User.Name, e.Reason))
		}
		return s.err
	})
	mux := http.NewServeMux()
	served, err := endpoints(mux, s.rules, variables(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Equal(t, 4, served)
	s.handler = mux
	return s
}

func (s *site) post(r *http.Request, err error) int {
	s.t.Helper()
	require.NoError(s.t, err)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	s.sent++
	return w.Code
}

// userlock sends an event of a user, some minutes after the begin of the day.
func (s *site) userlock(code event.Text, minute float64, account, address, country string) int {
	s.t.Helper()
	return s.post(userlock.NewRequest(s.t.Context(), "/webhooks/userlock", serverID, userlock.Notification{
		EventType: code, EventTime: s.at(minute), UserAccount: account, ClientAddress: address, Country: country,
		SessionID: event.Text(fmt.Sprint(s.sent)), // no duplicate
	}))
}

func (s *site) at(minute float64) time.Time {
	return s.day.Add(time.Duration(minute * float64(time.Minute)))
}

const (
	day     = 24 * 60. // minutes
	logonOK = "1"
	refused = "20"
	desk    = "192.0.2.21"
	abroad  = "203.0.113.77"
	second  = 1 / 60.
)

// taught has two weeks of logons of a user from a desk in Norway.
func (s *site) taught(account string) {
	s.t.Helper()
	for ago := 15.; ago > 0; ago-- {
		require.Equal(s.t, 200, s.userlock(logonOK, -ago*day, account, desk, "Norway"))
	}
	require.Empty(s.t, s.found)
}

func (s *site) expect(want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.found); diff != "" {
		s.t.Errorf("found (-want +got):\n%s", diff)
	}
}

const (
	ofUser      = "account.suspicious ada: 3 refused logons of the user within 10m0s, then a logon from an address that is new for the user"
	fromAddress = "account.suspicious ada: 5 refused logons from its address within 10m0s, then a logon from an address that is new for the user"
	manyRefused = "account.watched ada: 3 refused logons of the user within 10m0s"
)

func TestRefusedLogonsCountWithALogonFromANewAddress(t *testing.T) {
	relockRefused := func(s *site, minute float64, address string) {
		s.post(relock.NewRequest(t.Context(), "/webhooks/relock", secret, relock.AuthenticationFailed{UserID: "u-1042", IPAddress: address, Timestamp: s.at(minute)}))
	}
	for name, test := range map[string]struct {
		send func(s *site)
		want []string
	}{
		"one user at two vendors": {func(s *site) {
			relockRefused(s, 0, abroad)
			relockRefused(s, 1, "198.51.100.4")
			s.userlock(refused, 2, `EXAMPLE\Ada`, "198.51.100.5", "")
			s.userlock(logonOK, 3, `EXAMPLE\ada`, abroad, "Norway")
		}, []string{manyRefused, ofUser}},
		"the user is at the usual desk": {func(s *site) {
			for i := range 9 {
				s.userlock(refused, float64(i)/10, `EXAMPLE\ada`, abroad, "")
			}
			s.userlock(logonOK, 2, `EXAMPLE\ada`, desk, "Norway")
		}, []string{manyRefused}},
		"one address, many users": {func(s *site) {
			for i := range 5 {
				s.userlock(refused, float64(i)/10, fmt.Sprintf(`EXAMPLE\user%d`, i), abroad, "")
			}
			s.userlock(logonOK, 2, `EXAMPLE\ada`, abroad, "Norway")
		}, []string{fromAddress}},
		"one network of IPv6": {func(s *site) {
			for i := range 5 {
				s.userlock(refused, float64(i)/10, fmt.Sprintf(`EXAMPLE\user%d`, i), fmt.Sprintf("2001:db8:7:7::%d", i), "")
			}
			s.userlock(logonOK, 2, `EXAMPLE\ada`, "2001:db8:7:7:ffff::9", "Norway")
		}, []string{fromAddress}},
		"two networks of IPv6": {func(s *site) {
			for i := range 5 {
				s.userlock(refused, float64(i)/10, fmt.Sprintf(`EXAMPLE\user%d`, i), "2001:db8:7:7::1", "")
			}
			s.userlock(logonOK, 2, `EXAMPLE\ada`, "2001:db8:7:8::1", "Norway")
		}, nil},
		"two are not enough": {func(s *site) {
			s.userlock(refused, 0, `EXAMPLE\ada`, abroad, "")
			s.userlock(refused, 1, `EXAMPLE\ada`, abroad, "")
			s.userlock(logonOK, 2, `EXAMPLE\ada`, abroad, "Norway")
		}, nil},
		"spread over more than the window": {func(s *site) {
			for i := range 3 {
				s.userlock(refused, float64(i)*5, `EXAMPLE\ada`, abroad, "")
			}
			s.userlock(logonOK, 11, `EXAMPLE\ada`, abroad, "Norway")
		}, nil},
		"long ago": {func(s *site) {
			for i := range 3 {
				s.userlock(refused, float64(i), `EXAMPLE\ada`, abroad, "")
			}
			s.userlock(logonOK, 12, `EXAMPLE\ada`, abroad, "Norway")
		}, []string{manyRefused}},
		"sent twice": {func(s *site) {
			for range 3 {
				s.sent = 0 // the same body
				s.userlock(refused, 0, `EXAMPLE\ada`, abroad, "")
			}
			s.userlock(logonOK, 1, `EXAMPLE\ada`, abroad, "Norway")
		}, nil},
		"in another order than they happened": {func(s *site) {
			for _, minute := range []float64{5, 1, 3, 20, 21} { // the last two come first of all that follows
				s.userlock(refused, minute, `EXAMPLE\ada`, abroad, "")
			}
			s.userlock(logonOK, 19, `EXAMPLE\ada`, abroad, "Norway")
			s.userlock(refused, 22, `EXAMPLE\ada`, abroad, "")
			s.userlock(logonOK, 18, `EXAMPLE\ada`, "203.0.113.78", "Norway")
		}, []string{manyRefused, manyRefused, ofUser}},
		"a clock that is ahead": {func(s *site) {
			for i := range 3 {
				s.userlock(refused, 400*day+float64(i), `EXAMPLE\ada`, abroad, "") // counts as now
			}
			s.userlock(logonOK, 500*day, `EXAMPLE\ada`, abroad, "Norway")
		}, []string{manyRefused, ofUser}},
		"a local account of the same name": {func(s *site) {
			for i := range 4 {
				s.userlock(refused, float64(i), `DESK-21\ada`, abroad, "")
			}
			s.userlock(logonOK, 5, `DESK-21\ada`, abroad, "Brazil")
		}, nil},
		"no address": {func(s *site) {
			for i := range 9 {
				s.userlock(refused, float64(i)/10, `EXAMPLE\ada`, "", "")
			}
			s.userlock(logonOK, 5, `EXAMPLE\ada`, "", "Norway")
		}, []string{manyRefused}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.taught(`EXAMPLE\ada`)
			test.send(s)
			s.expect(test.want...)
		})
	}
}

func TestRefusedLogonsAloneIfAskedFor(t *testing.T) {
	s := newSite(t, func(r *rules) { r.refusedAlone = true })
	for i := range 9 {
		s.userlock(refused, float64(i)/10, `EXAMPLE\ada`, desk, "")
	}
	s.expect(strings.Replace(manyRefused, "watched", "suspicious", 1)) // once
}

// An intruder cannot hide the refused logons of a user behind those of others.
func TestDecoys(t *testing.T) {
	s := newSite(t)
	s.taught(`EXAMPLE\ada`)
	for i := range 10 {
		s.userlock(refused, 0, fmt.Sprintf(`EXAMPLE\decoy%d`, i), abroad, "")
	}
	for range 3 {
		s.userlock(refused, 1, `EXAMPLE\ada`, abroad, "")
	}
	s.userlock(logonOK, 2, `EXAMPLE\ada`, "198.51.100.9", "Norway")
	s.expect(manyRefused, ofUser)
}

// Each of them counts, also those that come while another is being judged.
func TestRefusedLogonsAtOnce(t *testing.T) {
	s := newSite(t, func(r *rules) { r.refusedAlone = true })
	var found atomic.Int32
	s.rules.next = event.HandlerFunc(func(context.Context, *event.Event) error { found.Add(1); return nil })
	ctx, cancel := context.WithCancel(t.Context())
	var busy, all sync.WaitGroup
	busy.Go(func() { // or else one after the other has the lock
		for ctx.Err() == nil {
			s.rules.mu.Lock()
			runtime.Gosched()
			s.rules.mu.Unlock()
		}
	})
	now := time.Now()
	for i := range 500 {
		found.Store(0)
		for range 3 {
			all.Go(func() {
				assert.NoError(t, s.rules.HandleEvent(ctx, &event.Event{
					Vendor: "userlock", Type: event.AuthenticationFailed, Time: now, Received: now,
					User: event.User{Domain: "EXAMPLE", Name: fmt.Sprint("ada", i)}, Client: event.Client{Address: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})},
				}))
			})
		}
		all.Wait()
		require.Positive(t, found.Load())
	}
	cancel()
	busy.Wait()
}

func TestCountryThatIsNew(t *testing.T) {
	const brazil = "account.suspicious ada: first logon from the country BR"
	t.Run("after learning", func(t *testing.T) {
		s := newSite(t)
		s.taught(`EXAMPLE\ada`)
		s.userlock(logonOK, 0, `EXAMPLE\ada`, abroad, "Norway")
		s.expect()
		s.userlock(logonOK, 1, `EXAMPLE\ada`, abroad, "BRA")
		s.userlock("5", 2, `EXAMPLE\ada`, abroad, "Brazil") // a reconnection; an intruder teaches nothing
		s.userlock(logonOK, 3, `EXAMPLE\ada`, abroad, "Norway")
		s.userlock(logonOK, 4, `EXAMPLE\ada`, abroad, "")
		s.userlock("0", 4, `EXAMPLE\ada`, abroad, "Brazil") // a logoff
		s.expect(brazil, brazil)
	})
	t.Run("of a user that LoginRadius knows", func(t *testing.T) {
		s := newSite(t)
		s.rules.accounts["loginradius id:c-7"] = "ada"
		login := func(minute float64, country string) {
			s.post(loginradius.NewRequest(t.Context(), "/webhooks/loginradius", secret, loginradius.Hook{
				HookName: "login", Time: s.at(minute), Profile: &loginradius.Profile{UID: "c-7", Identity: loginradius.Identity{LocalCountry: country}},
			}))
		}
		s.taught(`EXAMPLE\ada`)
		login(1, "Norway")
		login(2, "Brazil")
		s.expect(brazil)
	})
	t.Run("for less than the time of learning", func(t *testing.T) {
		s := newSite(t)
		for i := range 20 {
			s.userlock(logonOK, float64(i)*13*day/20-13*day, `EXAMPLE\ada`, desk, "Norway")
		}
		s.userlock(logonOK, 0, `EXAMPLE\ada`, abroad, "Brazil")
		s.expect()
	})
	t.Run("after few logons", func(t *testing.T) {
		s := newSite(t)
		s.userlock(logonOK, -9000*day, `EXAMPLE\ada`, desk, "Norway") // a clock that was reset
		for i := range 8 {
			s.userlock(logonOK, float64(i)-20, `EXAMPLE\ada`, desk, "Norway")
		}
		s.userlock(logonOK, 0, `EXAMPLE\ada`, abroad, "Brazil")
		s.expect()
	})
	t.Run("the first of all countries", func(t *testing.T) {
		s := newSite(t)
		for ago := 15.; ago > 0; ago-- {
			s.userlock(logonOK, -ago*day, `EXAMPLE\ada`, desk, "")
		}
		s.userlock(logonOK, 0, `EXAMPLE\ada`, abroad, "Norway")
		s.expect()
	})
	t.Run("after a restart", func(t *testing.T) {
		s := newSite(t)
		s.taught(`EXAMPLE\ada`)
		require.NoError(t, s.rules.save())
		path := s.rules.path
		s = newSite(t)
		require.NoError(t, s.rules.open(path, ""))
		s.userlock(logonOK, 1, `EXAMPLE\ada`, abroad, "Brazil")
		s.expect(brazil)
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode(), "it is personal data")
	})
}

func TestAlerts(t *testing.T) {
	s := newSite(t)
	alert := func(user, severity string) {
		s.post(relock.NewRequest(t.Context(), "/webhooks/relock", secret, relock.SecurityAlert{UserID: user, Severity: severity, Timestamp: s.at(0)}))
	}
	alert("u-1042", "medium")
	alert("u-1042", "high")
	alert("u-1042", "critical")
	alert("u-7\u202e", "high")
	alert(strings.Repeat("x", 20000), "high") // or else no journal takes the audit line as one
	s.expect(
		`account.suspicious ada: security.alert of severity high about relock "id:u-1042"`,
		`account.suspicious ada: security.alert of severity critical about relock "id:u-1042"`,
		`account.suspicious : security.alert of severity high about relock "id:u-7\u202e"`,
		`account.suspicious : security.alert of severity high about relock "id:`+strings.Repeat("x", 253)+`"`)
}

// A customer of LoginRadius may have claimed the e-mail address or the name of anybody.
func TestAccountOfAUser(t *testing.T) {
	r := rules{domain: "EXAMPLE", accounts: map[string]string{"relock id:u-1042": "Ada", `userlock name:other\ada`: "ada.other", "loginradius id:c-7": "ada@example.com"}}
	for _, test := range []struct {
		vendor string
		user   event.User
		want   string
	}{
		{"userlock", event.User{Name: "Ada", Domain: "example"}, "ada"},
		{"userlock", event.User{Name: "Ada", Domain: "OTHER"}, "ada.other"},
		{"userlock", event.User{Name: "ada", Domain: "DESK-21"}, ""},
		{"userlock", event.User{Name: "ada"}, ""},
		{"userlock", event.User{Name: "a\u202eda", Domain: "EXAMPLE"}, ""},
		{"userlock", event.User{Name: strings.Repeat("a", 257), Domain: "EXAMPLE"}, ""},
		{"relock", event.User{ID: "u-1042"}, "ada"},
		{"relock", event.User{Name: "Ada", Domain: "EXAMPLE"}, ""},
		{"loginradius", event.User{ID: "c-7", Email: "x@example.com"}, "ada@example.com"},
		{"loginradius", event.User{ID: "c-8", Name: "ada", Email: "ada@example.com"}, ""},
		{"unloc", event.User{}, ""},
	} {
		assert.Equal(t, test.want, r.account(&event.Event{Vendor: test.vendor, User: test.user}), "%s %+v", test.vendor, test.user)
	}
}

// What was found and could not be stored is found again when the vendor sends again.
func TestWhatCannotBeStoredIsNotForgotten(t *testing.T) {
	s := newSite(t)
	s.taught(`EXAMPLE\ada`)
	s.err = event.Unavailable(errors.New("the disk is full"), time.Second)
	sent := s.sent
	for range 2 {
		s.sent = sent
		assert.Equal(t, 503, s.userlock(logonOK, 0, `EXAMPLE\ada`, abroad, "Brazil"))
	}
	s.err = nil
	s.sent = sent
	assert.Equal(t, 200, s.userlock(logonOK, 0, `EXAMPLE\ada`, abroad, "Brazil"))
	s.expect("account.suspicious ada: first logon from the country BR")
}

// Strangers choose names and addresses. They cannot fill memory, and do not push out others.
func TestTablesAreBounded(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	send := func(name, address string, at time.Time) {
		e := &event.Event{Vendor: "userlock", Type: event.AuthenticationFailed, Time: at, Received: at, User: event.User{Domain: "EXAMPLE", Name: name}}
		if address != "" {
			e.Client.Address = netip.MustParseAddr(address)
		}
		require.NoError(t, s.rules.HandleEvent(t.Context(), e))
	}
	send("ada", abroad, now)
	send("ada", abroad, now)
	for i := range maxKeys {
		send(fmt.Sprintf("one%d", i), "198.51.100.1", now)
		send(fmt.Sprintf("none%d", i), "", now)
	}
	assert.Len(t, s.rules.users.entries, maxKeys/2, "an address leaves room for names from others")
	for i := range maxKeys + 5000 {
		send(fmt.Sprintf("many%d", i), fmt.Sprintf("2001:db8:%x:%x::1", i/0x10000, i%0x10000), now)
	}
	assert.Len(t, s.rules.users.entries, maxKeys)
	assert.Len(t, s.rules.addresses.entries, maxKeys)
	s.expect()
	send("ada", abroad, now)
	s.expect(manyRefused)
	assert.LessOrEqual(t, len(s.rules.users.entries["ada"].times), 3)

	later := now.Add(10 * time.Minute)
	send("bo", abroad, later)
	assert.Len(t, s.rules.users.entries, 1, "old ones are dropped")
	assert.Len(t, s.rules.addresses.entries, 1)
}

func TestLearnedIsBounded(t *testing.T) {
	l := &learned{}
	for i := range 1000 {
		l.add(time.Now(), "NO", desk)
		l.add(time.Now(), "NO", fmt.Sprint(i))
	}
	assert.Equal(t, []string{"NO"}, l.Countries)
	assert.Len(t, l.Addresses, maxAddresses)
	assert.Contains(t, l.Addresses, desk, "it is in use")
}
