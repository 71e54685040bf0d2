// Package ocsf writes events in the Open Cybersecurity Schema Framework, OCSF 1.8.0, which
// Splunk, Google SecOps and Datadog read:
//
//	line, err := ocsf.Append(nil, e)
//
// # Classes
//
// The class and the activity of an event follow from its type alone.
//
//	authentication.*, session.started   Authentication (3002), Logon
//	session.ended                       Authentication, Logoff
//	session.unlocked                    Authentication, Logon, of the logon type Unlock
//	session.locked                      Authentication, Other: "Lock"
//	session.reconnected, .disconnected  Authentication, Other: "Reconnect", "Disconnect"
//	account.created, .deleted           Account Change (3001), Create, Delete
//	account.blocked                     Account Change, Disable
//	account.password_changed, _set      Account Change, Password Change
//	account.password_reset              Account Change, Password Reset
//	account.roles_assigned              User Access Management (3005), Assign Privileges
//	account.roles_removed,
//	account.role_context_removed        User Access Management, Revoke Privileges
//	account.*, others                   Account Change, Other, with a name of its own
//	device.registered, .revoked         Entity Management (3004), Enroll, Unenroll
//	lock.unlocked, .locked              Entity Management, Other: "Unlock", "Lock"
//	lock.code_viewed                    Entity Management, Read
//	object.created, .updated, .deleted  Entity Management, Create, Update, Delete
//	security.alert                      Detection Finding (2004), Create
//	unknown                             Base Event (0), Unknown
//
// Whoever unlocks a session has to authenticate, and the schema has a logon type for it.
// Locking, disconnecting and reconnecting neither begin nor end a session, so they are
// no Logon and no Logoff.
//
// OCSF has no class for doors. A lock is a managed entity, and unlocking changes it.
// "Activate" and "Deactivate" would not say which of the two leaves the door open. It is
// not Authentication: rules that look for logons at a rare hour would find every opened
// door.
//
// account.blocked is Disable and not Lock, which is what happens to an account after too
// many failed logons.
//
// Types of your own vendors are Other in the class of their family: "lock.jammed" is
// Entity Management. Those of other families are a Base Event.
//
// # Attributes
//
// The time is Event.Time in milliseconds, else Event.Received, else 0. metadata.uid is
// made of Event.Vendor, Event.Source and Event.ID, and as unique as the last two.
// metadata.type has Event.Type, metadata.event_code the vendor's own word.
//
// The schema demands attributes that a vendor may not send. A user without a name and an
// ID gets the e-mail address, the phone number, the full name or the domain as name,
// or else "Unknown". The privileges of a role event are "Unknown": no vendor says which
// roles changed. The target of an Authentication is the computer for UserLock, else the
// vendor's product as service. auth_protocol is left out: no vendor says it.
//
// observables repeats names, IDs and e-mail addresses of users, IP and MAC addresses, and
// names of hosts.
//
// unmapped has the fields of the event that the class has no attribute for, under the names
// of [event.Event.MarshalJSON], and values that the schema does not take, such as an
// e-mail address of an unusual form. The payload and the warnings are left out, and so is
// Raw: a document has no secrets.
//
// Invisible characters are escapes, as described at [event.Event.MarshalJSON].
//
// On the same event Append takes 0.8 times as long as cloudevent.Append, which writes the
// payload too, and 1.05 times at most, with one allocation into a buffer that has room
// (BenchmarkRatio in internal/encodertest).
//
// See https://schema.ocsf.io/1.8.0.
package ocsf
