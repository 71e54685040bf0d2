package userlock

import (
	"strconv"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// Reasons of a denied logon.
const (
	DeniedByUserLock        = "denied_by_userlock"
	DeniedByActiveDirectory = "denied_by_active_directory"
)

// Session.Type of an event whose code tells it.
const (
	SessionInteractive = "interactive" // workstation or terminal
	SessionTerminal    = "terminal"
	SessionIIS         = "iis"
	SessionWiFiVPN     = "wifi_vpn"
	SessionSaaS        = "saas"
)

type code struct {
	typ     event.Type
	session string
	reason  string
}

// codes are the values of EventType in the vendor's database reference.
var codes = map[string]code{
	"0":  {event.SessionEnded, SessionInteractive, ""},
	"1":  {event.SessionStarted, SessionInteractive, ""},
	"2":  {event.SessionLocked, SessionInteractive, ""},
	"3":  {event.SessionUnlocked, SessionInteractive, ""},
	"4":  {event.AuthenticationFailed, SessionInteractive, DeniedByUserLock},
	"5":  {event.SessionReconnected, SessionInteractive, ""},
	"6":  {event.SessionDisconnected, SessionInteractive, ""},
	"20": {event.AuthenticationFailed, SessionInteractive, DeniedByActiveDirectory},

	"420": {event.AuthenticationFailed, SessionTerminal, DeniedByActiveDirectory},

	"100": {event.SessionEnded, SessionIIS, ""},
	"101": {event.SessionStarted, SessionIIS, ""},
	"104": {event.AuthenticationFailed, SessionIIS, DeniedByUserLock},
	"120": {event.AuthenticationFailed, SessionIIS, DeniedByActiveDirectory},

	"200": {event.SessionEnded, SessionWiFiVPN, ""},
	"201": {event.SessionStarted, SessionWiFiVPN, ""},
	"204": {event.AuthenticationFailed, SessionWiFiVPN, DeniedByUserLock},
	"220": {event.AuthenticationFailed, SessionWiFiVPN, DeniedByActiveDirectory},

	"500": {event.SessionEnded, SessionSaaS, ""},
	"501": {event.SessionStarted, SessionSaaS, ""},
	"504": {event.AuthenticationFailed, SessionSaaS, DeniedByUserLock},
}

// words are the names of events in the vendor's pages, normalised, should the
// webhook send those instead of codes.
var words = map[string]code{
	"logon":                        {typ: event.SessionStarted},
	"logoff":                       {typ: event.SessionEnded},
	"loggedon":                     {typ: event.SessionStarted},
	"loggedoff":                    {typ: event.SessionEnded},
	"lock":                         {typ: event.SessionLocked},
	"locked":                       {typ: event.SessionLocked},
	"unlocked":                     {typ: event.SessionUnlocked},
	"reconnected":                  {typ: event.SessionReconnected},
	"disconnected":                 {typ: event.SessionDisconnected},
	"unlock":                       {typ: event.SessionUnlocked},
	"reconnect":                    {typ: event.SessionReconnected},
	"reconnection":                 {typ: event.SessionReconnected},
	"disconnect":                   {typ: event.SessionDisconnected},
	"disconnection":                {typ: event.SessionDisconnected},
	"denied":                       {typ: event.AuthenticationFailed},
	"logondenied":                  {typ: event.AuthenticationFailed},
	"deniedlogon":                  {typ: event.AuthenticationFailed},
	"deniedbyuserlock":             {typ: event.AuthenticationFailed, reason: DeniedByUserLock},
	"logondeniedbyuserlock":        {typ: event.AuthenticationFailed, reason: DeniedByUserLock},
	"deniedbyactivedirectory":      {typ: event.AuthenticationFailed, reason: DeniedByActiveDirectory},
	"logondeniedbyactivedirectory": {typ: event.AuthenticationFailed, reason: DeniedByActiveDirectory},
}

// digits has the codes of one digit, which most events have.
var digits = func() (d [10]code) {
	for i := range d {
		d[i] = codes[strconv.Itoa(i)]
	}
	return d
}()

// codeOf takes a code, also as a float, or a word.
func codeOf(t event.Text) code {
	if len(t) == 1 && '0' <= t[0] && t[0] <= '9' && digits[t[0]-'0'].typ != "" {
		return digits[t[0]-'0']
	}
	s := strings.TrimSpace(string(t))
	if c, ok := codes[s]; ok {
		return c
	}
	if n, ok := jsonbody.Int([]byte(s)); ok {
		if c, ok := codes[strconv.FormatInt(n, 10)]; ok {
			return c
		}
	}
	if c, ok := words[string(normalizeName(nil, s))]; ok {
		return c
	}
	if strings.Contains(strings.ToLower(s), "denied") { // better an alarm too many
		return code{typ: event.AuthenticationFailed}
	}
	return code{typ: event.Unknown}
}

// EventTypes returns what each code of EventType is in the shared vocabulary.
// Codes and words that are not known are [event.Unknown].
func EventTypes() map[string]event.Type {
	types := make(map[string]event.Type, len(codes))
	for name, c := range codes {
		types[name] = c.typ
	}
	return types
}
