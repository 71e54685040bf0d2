package terminal

import (
	"strings"

	"github.com/accesshook/accesshook/event"
)

// words are what happened, in few columns.
var words = map[event.Type]string{
	event.AuthenticationSucceeded: "logon accepted",
	event.AuthenticationFailed:    "logon refused",

	event.SessionStarted:      "session started",
	event.SessionEnded:        "session ended",
	event.SessionLocked:       "session locked",
	event.SessionUnlocked:     "session unlocked",
	event.SessionReconnected:  "reconnected",
	event.SessionDisconnected: "disconnected",

	event.DeviceRegistered: "device added",
	event.DeviceRevoked:    "device revoked",

	event.SecurityAlert: "security alert",

	event.LockUnlocked:   "door unlocked",
	event.LockLocked:     "door locked",
	event.LockCodeViewed: "code viewed",

	event.AccountCreated:            "account created",
	event.AccountUpdated:            "account updated",
	event.AccountDeleted:            "account deleted",
	event.AccountBlocked:            "account blocked",
	event.AccountPasswordChanged:    "password changed",
	event.AccountPasswordReset:      "password reset",
	event.AccountPasswordSet:        "password set",
	event.AccountEmailVerified:      "email verified",
	event.AccountEmailInvalidated:   "email unverified",
	event.AccountEmailAdded:         "email added",
	event.AccountEmailRemoved:       "email removed",
	event.AccountPhoneVerified:      "phone verified",
	event.AccountPhoneInvalidated:   "phone unverified",
	event.AccountPhoneChanged:       "phone changed",
	event.AccountPhoneRemoved:       "phone removed",
	event.AccountUsernameChanged:    "username changed",
	event.AccountUIDChanged:         "user ID changed",
	event.AccountRolesAssigned:      "roles assigned",
	event.AccountRolesRemoved:       "roles removed",
	event.AccountRoleContextRemoved: "context removed", // of roles
	event.AccountLinked:             "account linked",
	event.AccountUnlinked:           "account unlinked",
	event.AccountPINSet:             "PIN set",
	event.AccountPINChanged:         "PIN changed",
	event.AccountPINReset:           "PIN reset",
	event.AccountConsentUpdated:     "consent updated",

	event.ObjectCreated: "object created",
	event.ObjectUpdated: "object updated",
	event.ObjectDeleted: "object deleted",
}

// what returns in words what happened. The vendor's own name for an event is in quotes,
// so that it is not taken for ours.
func what(e *event.Event) string {
	switch word, ok := words[e.Type]; {
	case ok:
		return word
	case e.Type != event.Unknown && e.Type != "":
		return strings.NewReplacer(".", " ", "_", " ").Replace(string(e.Type)) // of a vendor of your own
	case e.VendorType != "":
		return `"` + e.VendorType + `"`
	default:
		return "not readable"
	}
}

// who returns the user as people know him, as far as that fits in limit columns. Of a
// Windows domain and a name, the name matters more.
func who(u *event.User, limit int) string {
	switch {
	case u.Name != "" && u.Domain != "":
		return fit(u.Domain, `\`, u.Name, limit)
	case u.Name != "":
		return u.Name
	case u.FullName != "":
		return u.FullName
	case u.Email != "":
		return u.Email
	case u.ID != "":
		return u.ID
	}
	return u.Phone
}

// where returns the lock, the computer or the device.
func where(e *event.Event) string {
	for _, s := range []string{e.Lock.Name, e.Lock.ID, e.Device.Name, e.Client.Name, e.Device.ID} {
		if s != "" {
			return s
		}
	}
	return ""
}

// from returns the address and the country that the user came from, as far as they fit in
// limit columns. Without an address it is the city.
func from(e *event.Event, limit int) string {
	origin, country := address(e), e.Location.CountryCode
	if origin == "" {
		origin = e.Location.City
	}
	switch {
	case country != "":
		return fit(origin, " ", country, limit)
	case origin != "":
		return origin
	}
	return e.Location.Country
}

func address(e *event.Event) string {
	if e.Client.Address.IsValid() {
		return e.Client.Address.String()
	}
	return e.Client.MAC
}

// place returns where and from in one column. Half an address misleads: the country is
// left out first, then the address.
func place(e *event.Event, limit int) string {
	at, origin := where(e), from(e, limit)
	if at == "" || origin == "" {
		return at + origin
	}
	for _, both := range []string{at + " " + origin, at + " " + address(e)} {
		if _, width := cut(both, limit+1); width <= limit {
			return both
		}
	}
	return at
}

// fit returns head, separator and tail. If they do not fit in limit columns, head is cut.
func fit(head, separator, tail string, limit int) string {
	tail, width := cut(tail, limit)
	room := limit - width - len(separator)
	if head == "" || room < 1 {
		return tail
	}
	head, _ = cut(head, room)
	return head + separator + tail
}
