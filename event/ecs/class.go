package ecs

import "github.com/accesshook/accesshook/event"

// A class is what all events of a type have in common.
type class struct {
	category, types []string
	// windows is the action of the same event in Elastic's own data of Windows.
	windows string
	alert   bool
	account bool // the event is about an account; who acted is not known
}

func (c *class) kind() string {
	if c.alert {
		return "alert"
	}
	return "event"
}

func (c *class) action(e *event.Event) string {
	if c.windows != "" && e.Vendor == "userlock" {
		return c.windows
	}
	return string(e.Type)
}

func classOf(t event.Type) *class {
	if c, ok := classes[t]; ok {
		return c
	}
	return other
}

// What event.category and event.type are made of.
var (
	authentication = []string{"authentication"}
	logon          = []string{"authentication", "session"}
	session        = []string{"session"}
	iam            = []string{"iam"}

	start  = []string{"start"}
	end    = []string{"end"}
	info   = []string{"info"}
	access = []string{"access"}

	created = &class{category: iam, types: []string{"user", "creation"}, account: true}
	changed = &class{category: iam, types: []string{"user", "change"}, account: true}
	deleted = &class{category: iam, types: []string{"user", "deletion"}, account: true}

	// other is for types of somebody's own, and those that are not known.
	other = &class{types: info}
)

// classes has every type. ECS has no category for doors, and says to leave it out then.
// A lock of the screen neither ends nor begins a session. A device that a user
// authenticates with belongs to the account.
var classes = map[event.Type]*class{
	event.AuthenticationSucceeded: {category: authentication, types: start, windows: "logged-in"},
	event.AuthenticationFailed:    {category: authentication, types: start, windows: "logon-failed"},

	event.SessionStarted:      {category: logon, types: start, windows: "logged-in"},
	event.SessionEnded:        {category: logon, types: end, windows: "logged-out"},
	event.SessionLocked:       {category: session, types: info},
	event.SessionUnlocked:     {category: session, types: info},
	event.SessionReconnected:  {category: logon, types: start, windows: "session-reconnected"},
	event.SessionDisconnected: {category: logon, types: end, windows: "session-disconnected"},

	event.DeviceRegistered: {category: iam, types: changed.types},
	event.DeviceRevoked:    {category: iam, types: changed.types},

	event.SecurityAlert: {category: []string{"intrusion_detection"}, types: info, alert: true},

	event.LockUnlocked:   {types: access},
	event.LockLocked:     {types: info},
	event.LockCodeViewed: {types: access},

	event.AccountCreated:            created,
	event.AccountUpdated:            changed,
	event.AccountDeleted:            deleted,
	event.AccountBlocked:            changed,
	event.AccountPasswordChanged:    changed,
	event.AccountPasswordReset:      changed,
	event.AccountPasswordSet:        changed,
	event.AccountEmailVerified:      changed,
	event.AccountEmailInvalidated:   changed,
	event.AccountEmailAdded:         changed,
	event.AccountEmailRemoved:       changed,
	event.AccountPhoneVerified:      changed,
	event.AccountPhoneInvalidated:   changed,
	event.AccountPhoneChanged:       changed,
	event.AccountPhoneRemoved:       changed,
	event.AccountUsernameChanged:    changed,
	event.AccountUIDChanged:         changed,
	event.AccountRolesAssigned:      changed,
	event.AccountRolesRemoved:       changed,
	event.AccountRoleContextRemoved: changed,
	event.AccountLinked:             changed,
	event.AccountUnlinked:           changed,
	event.AccountPINSet:             changed,
	event.AccountPINChanged:         changed,
	event.AccountPINReset:           changed,
	event.AccountConsentUpdated:     changed,

	event.ObjectCreated: changed,
	event.ObjectUpdated: changed,
	event.ObjectDeleted: changed,

	event.Unknown: other,
}
