package sentence_test

import (
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/internal/sentence"
)

func TestGolden(t *testing.T) {
	encodertest.Golden(t, func(dst []byte, e *event.Event) ([]byte, error) { return sentence.Append(dst, e), nil })
}

func say(e *event.Event) string { return string(sentence.Append(nil, e)) }

func TestAppend(t *testing.T) {
	ada := event.User{Name: "aokoye", Domain: "EXAMPLE", FullName: "Ada Okoye"}
	address := event.Client{Address: netip.MustParseAddr("192.0.2.21"), Name: "LAPTOP-7"}
	for want, e := range map[string]event.Event{
		`Ada Okoye (EXAMPLE\aokoye) logged on to DESK-21 from 192.0.2.21.`:      {Type: event.SessionStarted, User: ada, Device: event.Device{Name: "DESK-21"}, Client: address},
		`A logon of EXAMPLE\aokoye to DESK-21 was refused: denied by UserLock.`: {Type: event.AuthenticationFailed, User: event.User{Name: "aokoye", Domain: "EXAMPLE"}, Device: event.Device{Name: "DESK-21"}, Reason: "denied_by_userlock"},
		`A logon of somebody was refused: denied by Active Directory.`:          {Type: event.AuthenticationFailed, Reason: "denied_by_active_directory"},
		`A logon of somebody was refused: Wrong_password.`:                      {Type: event.AuthenticationFailed, Reason: "Wrong_password. "},
		`Somebody logged off.`:                                                    {Type: event.SessionEnded},
		`user-17 authenticated from LAPTOP-7 in Oslo, NO.`:                        {Type: event.AuthenticationSucceeded, User: event.User{ID: "user-17"}, Client: event.Client{Name: "LAPTOP-7", MAC: "00:1b:44:11:3a:b7"}, Location: event.Location{City: "Oslo", Country: "NO"}},
		`yuki@example.com authenticated from 00:1b:44:11:3a:b7 in Japan.`:         {Type: event.AuthenticationSucceeded, User: event.User{ID: "uid-5", Email: "yuki@example.com"}, Client: event.Client{MAC: "00:1b:44:11:3a:b7"}, Location: event.Location{Country: "Japan"}},
		`Kari Moen (+4790001234) viewed the code of Front door.`:                  {Type: event.LockCodeViewed, User: event.User{ID: "+4790001234", Phone: "+4790001234", FullName: "Kari Moen"}, Lock: event.Lock{ID: "l-1", Name: "Front door"}},
		`Kari Moen (+4790001234) locked a lock.`:                                  {Type: event.LockLocked, User: event.User{ID: "u-1", Phone: "+4790001234", FullName: "Kari Moen"}},
		`u-1 locked a lock.`:                                                      {Type: event.LockLocked, User: event.User{ID: "u-1", Domain: "EXAMPLE"}},
		`Somebody unlocked a lock.`:                                               {Type: event.LockUnlocked},
		`Kari Moen locked l-1.`:                                                   {Type: event.LockLocked, User: event.User{FullName: "Kari Moen"}, Lock: event.Lock{ID: "l-1"}},
		`u lost a device, which was revoked: user requested.`:                     {Type: event.DeviceRevoked, User: event.User{ID: "u"}, Reason: "user_requested"},
		`Event 777 of UserLock about u.`:                                          {Type: event.Unknown, Vendor: "userlock", VendorType: "777", User: event.User{ID: "u"}},
		`Event door.forced of acme at Back door from 2001:db8::1: wind and snow.`: {Type: "door.forced", Vendor: "acme", VendorType: "17", Lock: event.Lock{Name: "Back door"}, Client: event.Client{Address: netip.MustParseAddr("2001:db8::1%eth0")}, Reason: "wind_and_snow"},
		`Event of acme.`:                                                          {Vendor: "acme"},
		`Event 17 of acme.`:                                                       {Vendor: "acme", VendorType: "17"},
	} {
		assert.Equal(t, want, say(&e))
	}
}

func TestEveryTypeHasAForm(t *testing.T) {
	for _, typ := range event.Types() {
		if got := say(&event.Event{Vendor: "acme", Type: typ}); typ != event.Unknown {
			assert.False(t, strings.HasPrefix(got, "Event "), got)
		}
	}
}

func TestLengthIsBounded(t *testing.T) {
	for _, typ := range append(event.Types(), "acme.own") {
		for _, text := range []string{strings.Repeat("長", 5000), strings.Repeat("\xff", 5000)} {
			e := &event.Event{
				Vendor: text, Type: typ, VendorType: text, Reason: text,
				User:     event.User{ID: text, Name: text, FullName: text, Domain: text},
				Device:   event.Device{ID: text, Name: text},
				Lock:     event.Lock{Name: text},
				Client:   event.Client{Name: text},
				Location: event.Location{City: text, Country: text},
			}
			got := say(e)
			assert.LessOrEqual(t, utf8.RuneCountInString(got), 1500)
			assert.Contains(t, got, "…")
			assert.Equal(t, strings.HasPrefix(text, "長"), utf8.ValidString(got))
		}
	}
}

// A cut counts characters, so that it is at one place before and after what is not UTF-8
// has been replaced.
func TestCut(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", sentence.MaxName), strings.Repeat("å", sentence.MaxName), strings.Repeat("\xff", sentence.MaxName)} {
		e := &event.Event{Type: event.SessionEnded, User: event.User{Name: text}}
		require.Equal(t, text+" logged off.", say(e))
		e.User.Name += "b"
		require.Equal(t, text+"… logged off.", say(e))
	}
}
