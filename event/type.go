package event

import "slices"

// A Type is what happened, as "family.action". The strings are API: they appear
// in encodings, in metrics and in stored data.
//
// Types of your own vendors may have other names of the same form.
type Type string

// Unknown is the type of an event whose vendor name is new to this version.
// VendorType has the vendor's name, Payload and Raw have what was sent.
//
// It is also the type of a body that was verified and could not be decoded. Such an
// event has Raw and one of Warnings, no VendorType, and a nil Payload.
const Unknown Type = "unknown"

// Logons, and other attempts to authenticate.
const (
	AuthenticationSucceeded Type = "authentication.succeeded"
	AuthenticationFailed    Type = "authentication.failed"
)

// Sessions of a user on a computer or device.
const (
	SessionStarted      Type = "session.started"
	SessionEnded        Type = "session.ended"
	SessionLocked       Type = "session.locked"
	SessionUnlocked     Type = "session.unlocked"
	SessionReconnected  Type = "session.reconnected"
	SessionDisconnected Type = "session.disconnected"
)

// Devices that a user has registered to authenticate with.
const (
	DeviceRegistered Type = "device.registered"
	DeviceRevoked    Type = "device.revoked"
)

// SecurityAlert is a finding of the vendor's that something may be wrong.
const SecurityAlert Type = "security.alert"

// Door locks.
const (
	LockUnlocked   Type = "lock.unlocked"
	LockLocked     Type = "lock.locked"
	LockCodeViewed Type = "lock.code_viewed"
)

// Customer accounts.
const (
	AccountCreated            Type = "account.created"
	AccountUpdated            Type = "account.updated"
	AccountDeleted            Type = "account.deleted"
	AccountBlocked            Type = "account.blocked"
	AccountPasswordChanged    Type = "account.password_changed"
	AccountPasswordReset      Type = "account.password_reset"
	AccountPasswordSet        Type = "account.password_set"
	AccountEmailVerified      Type = "account.email_verified"
	AccountEmailInvalidated   Type = "account.email_invalidated"
	AccountEmailAdded         Type = "account.email_added"
	AccountEmailRemoved       Type = "account.email_removed"
	AccountPhoneVerified      Type = "account.phone_verified"
	AccountPhoneInvalidated   Type = "account.phone_invalidated"
	AccountPhoneChanged       Type = "account.phone_changed"
	AccountPhoneRemoved       Type = "account.phone_removed"
	AccountUsernameChanged    Type = "account.username_changed"
	AccountUIDChanged         Type = "account.uid_changed"
	AccountRolesAssigned      Type = "account.roles_assigned"
	AccountRolesRemoved       Type = "account.roles_removed"
	AccountRoleContextRemoved Type = "account.role_context_removed"
	AccountLinked             Type = "account.linked"
	AccountUnlinked           Type = "account.unlinked"
	AccountPINSet             Type = "account.pin_set"
	AccountPINChanged         Type = "account.pin_changed"
	AccountPINReset           Type = "account.pin_reset"
	AccountConsentUpdated     Type = "account.consent_updated"
)

// Custom records beside an account.
const (
	ObjectCreated Type = "object.created"
	ObjectUpdated Type = "object.updated"
	ObjectDeleted Type = "object.deleted"
)

var types = []Type{
	Unknown,
	AuthenticationSucceeded, AuthenticationFailed,
	SessionStarted, SessionEnded, SessionLocked, SessionUnlocked, SessionReconnected, SessionDisconnected,
	DeviceRegistered, DeviceRevoked,
	SecurityAlert,
	LockUnlocked, LockLocked, LockCodeViewed,
	AccountCreated, AccountUpdated, AccountDeleted, AccountBlocked,
	AccountPasswordChanged, AccountPasswordReset, AccountPasswordSet,
	AccountEmailVerified, AccountEmailInvalidated, AccountEmailAdded, AccountEmailRemoved,
	AccountPhoneVerified, AccountPhoneInvalidated, AccountPhoneChanged, AccountPhoneRemoved,
	AccountUsernameChanged, AccountUIDChanged,
	AccountRolesAssigned, AccountRolesRemoved, AccountRoleContextRemoved,
	AccountLinked, AccountUnlinked,
	AccountPINSet, AccountPINChanged, AccountPINReset,
	AccountConsentUpdated,
	ObjectCreated, ObjectUpdated, ObjectDeleted,
}

// Types returns every Type that this package names, in no particular order.
func Types() []Type { return slices.Clone(types) }

// Outcome is what the type alone says about success: failure for a failed
// authentication, unknown for an alert and for [Unknown], success for the rest.
func (t Type) Outcome() Outcome {
	switch t {
	case AuthenticationFailed:
		return OutcomeFailure
	case SecurityAlert, Unknown, "":
		return OutcomeUnknown
	default:
		return OutcomeSuccess
	}
}

// Severity is what the type alone says about severity: high for an alert, medium
// for a failed authentication and a blocked account, info for the rest. A severity
// that the vendor sends takes precedence over it, if it is one that
// [ParseSeverity] knows.
func (t Type) Severity() Severity {
	switch t {
	case SecurityAlert:
		return SeverityHigh
	case AuthenticationFailed, AccountBlocked:
		return SeverityMedium
	default:
		return SeverityInfo
	}
}
