package cef

import "github.com/accesshook/accesshook/event"

// names are what the types mean, for the header.
var names = map[event.Type]string{
	event.Unknown: "Unknown event",

	event.AuthenticationSucceeded: "Authentication succeeded",
	event.AuthenticationFailed:    "Authentication failed",

	event.SessionStarted:      "Session started",
	event.SessionEnded:        "Session ended",
	event.SessionLocked:       "Session locked",
	event.SessionUnlocked:     "Session unlocked",
	event.SessionReconnected:  "Session reconnected",
	event.SessionDisconnected: "Session disconnected",

	event.DeviceRegistered: "Device registered",
	event.DeviceRevoked:    "Device revoked",

	event.SecurityAlert: "Security alert",

	event.LockUnlocked:   "Door unlocked",
	event.LockLocked:     "Door locked",
	event.LockCodeViewed: "Code of a door viewed",

	event.AccountCreated:            "Account created",
	event.AccountUpdated:            "Account updated",
	event.AccountDeleted:            "Account deleted",
	event.AccountBlocked:            "Account blocked",
	event.AccountPasswordChanged:    "Password changed",
	event.AccountPasswordReset:      "Password reset",
	event.AccountPasswordSet:        "Password set",
	event.AccountEmailVerified:      "E-mail address verified",
	event.AccountEmailInvalidated:   "E-mail address invalidated",
	event.AccountEmailAdded:         "E-mail address added",
	event.AccountEmailRemoved:       "E-mail address removed",
	event.AccountPhoneVerified:      "Phone number verified",
	event.AccountPhoneInvalidated:   "Phone number invalidated",
	event.AccountPhoneChanged:       "Phone number changed",
	event.AccountPhoneRemoved:       "Phone number removed",
	event.AccountUsernameChanged:    "User name changed",
	event.AccountUIDChanged:         "User ID changed",
	event.AccountRolesAssigned:      "Roles assigned",
	event.AccountRolesRemoved:       "Roles removed",
	event.AccountRoleContextRemoved: "Role context removed",
	event.AccountLinked:             "Account linked",
	event.AccountUnlinked:           "Account unlinked",
	event.AccountPINSet:             "PIN set",
	event.AccountPINChanged:         "PIN changed",
	event.AccountPINReset:           "PIN reset",
	event.AccountConsentUpdated:     "Consent updated",

	event.ObjectCreated: "Record created",
	event.ObjectUpdated: "Record updated",
	event.ObjectDeleted: "Record deleted",
}
