// Package event is what your service sees of a webhook: what happened, and to whom,
// in one vocabulary for all vendors.
//
// An endpoint of a vendor package (userlock, unloc, relock, loginradius, or your
// own) verifies a request, decodes it, and hands an [Event] to your [Handler]. Most
// services need a [Mux] with callbacks, and [Dedupe]:
//
//	events := event.NewMux()
//	events.HandleFunc(event.AuthenticationFailed, func(ctx context.Context, e *event.Event) error {
//		return count(ctx, e.User.Key(), e.Reason)
//	})
//	events.HandleFunc("session.*", clock) // a family of types
//	event.On(events, func(ctx context.Context, e *event.Event, alert *relock.SecurityAlert) error {
//		return page(ctx, alert.AlertType, alert.Description) // a type of payload
//	})
//	dedupe := event.Dedupe(event.DedupeConfig{})
//	mux.Handle("/webhooks/relock", hook.Handler(dedupe(events)))
//
// What a callback returns decides the answer to the vendor:
//
//	nil                       200   done
//	Permanent(err)            200   trying again cannot help; the error is reported
//	Unavailable(err, after)   503   try again later
//	any other error, a panic  500   failed
//
// # Answering before the work is done
//
// A [Queue] answers at once and handles events later, and [Retry] tries again. The
// order is Queue, Retry, Dedupe, Mux:
//
//	retry := event.Retry(event.RetryConfig{})
//	queue := event.NewQueue(retry(dedupe(events)), event.QueueConfig{})
//	mux.Handle("/webhooks/relock", hook.Handler(queue))
//	… // at the end: http.Server.Shutdown, then queue.Shutdown
//
// Dedupe around a Queue would mark done what is only queued. When an event is tried
// again, all callbacks of a Mux run again, also those that had succeeded. What waits
// in a Queue is lost with the process: package event/durable is for what must not
// be.
//
// # Formats
//
// Package cloudevent writes events for your own programs, and reads them back. Packages
// ecs, ocsf, cef and asim write them in the formats of SIEMs, and module event/otlp as log
// records of OpenTelemetry. What an event becomes depends on its type: event.category
// and event.type of the Elastic Common Schema, the class and activity of OCSF, the name of
// CEF, EventType of ASIM's schema Authentication, the name of the log record. Where
// nothing stands, the format has no place for the event.
//
//	Type                          ECS                               OCSF                     CEF                         ASIM    OTLP
//	unknown                       info                              0 Unknown                Unknown event                       accesshook.unknown
//	authentication.succeeded      authentication: start             3002 Logon               Authentication succeeded    Logon   accesshook.authentication.succeeded
//	authentication.failed         authentication: start             3002 Logon               Authentication failed       Logon   accesshook.authentication.failed
//	session.started               authentication, session: start    3002 Logon               Session started             Logon   accesshook.session.started
//	session.ended                 authentication, session: end      3002 Logoff              Session ended               Logoff  accesshook.session.ended
//	session.locked                session: info                     3002 Lock                Session locked                      accesshook.session.locked
//	session.unlocked              session: info                     3002 Logon               Session unlocked                    accesshook.session.unlocked
//	session.reconnected           authentication, session: start    3002 Reconnect           Session reconnected                 accesshook.session.reconnected
//	session.disconnected          authentication, session: end      3002 Disconnect          Session disconnected                accesshook.session.disconnected
//	device.registered             iam: user, change                 3004 Enroll              Device registered                   accesshook.device.registered
//	device.revoked                iam: user, change                 3004 Unenroll            Device revoked                      accesshook.device.revoked
//	security.alert                intrusion_detection: info, alert  2004 Create              Security alert                      accesshook.security.alert
//	lock.unlocked                 access                            3004 Unlock              Door unlocked                       accesshook.lock.unlocked
//	lock.locked                   info                              3004 Lock                Door locked                         accesshook.lock.locked
//	lock.code_viewed              access                            3004 Read                Code of a door viewed               accesshook.lock.code_viewed
//	account.created               iam: user, creation               3001 Create              Account created                     accesshook.account.created
//	account.updated               iam: user, change                 3001 Update              Account updated                     accesshook.account.updated
//	account.deleted               iam: user, deletion               3001 Delete              Account deleted                     accesshook.account.deleted
//	account.blocked               iam: user, change                 3001 Disable             Account blocked                     accesshook.account.blocked
//	account.password_changed      iam: user, change                 3001 Password Change     Password changed                    accesshook.account.password_changed
//	account.password_reset        iam: user, change                 3001 Password Reset      Password reset                      accesshook.account.password_reset
//	account.password_set          iam: user, change                 3001 Password Change     Password set                        accesshook.account.password_set
//	account.email_verified        iam: user, change                 3001 Email Verification  E-mail address verified             accesshook.account.email_verified
//	account.email_invalidated     iam: user, change                 3001 Email Invalidation  E-mail address invalidated          accesshook.account.email_invalidated
//	account.email_added           iam: user, change                 3001 Email Addition      E-mail address added                accesshook.account.email_added
//	account.email_removed         iam: user, change                 3001 Email Removal       E-mail address removed              accesshook.account.email_removed
//	account.phone_verified        iam: user, change                 3001 Phone Verification  Phone number verified               accesshook.account.phone_verified
//	account.phone_invalidated     iam: user, change                 3001 Phone Invalidation  Phone number invalidated            accesshook.account.phone_invalidated
//	account.phone_changed         iam: user, change                 3001 Phone Change        Phone number changed                accesshook.account.phone_changed
//	account.phone_removed         iam: user, change                 3001 Phone Removal       Phone number removed                accesshook.account.phone_removed
//	account.username_changed      iam: user, change                 3001 Username Change     User name changed                   accesshook.account.username_changed
//	account.uid_changed           iam: user, change                 3001 UID Change          User ID changed                     accesshook.account.uid_changed
//	account.roles_assigned        iam: user, change                 3005 Assign Privileges   Roles assigned                      accesshook.account.roles_assigned
//	account.roles_removed         iam: user, change                 3005 Revoke Privileges   Roles removed                       accesshook.account.roles_removed
//	account.role_context_removed  iam: user, change                 3005 Revoke Privileges   Role context removed                accesshook.account.role_context_removed
//	account.linked                iam: user, change                 3001 Link                Account linked                      accesshook.account.linked
//	account.unlinked              iam: user, change                 3001 Unlink              Account unlinked                    accesshook.account.unlinked
//	account.pin_set               iam: user, change                 3001 PIN Setting         PIN set                             accesshook.account.pin_set
//	account.pin_changed           iam: user, change                 3001 PIN Change          PIN changed                         accesshook.account.pin_changed
//	account.pin_reset             iam: user, change                 3001 PIN Reset           PIN reset                           accesshook.account.pin_reset
//	account.consent_updated       iam: user, change                 3001 Consent Update      Consent updated                     accesshook.account.consent_updated
//	object.created                iam: user, change                 3004 Create              Record created                      accesshook.object.created
//	object.updated                iam: user, change                 3004 Update              Record updated                      accesshook.object.updated
//	object.deleted                iam: user, change                 3004 Delete              Record deleted                      accesshook.object.deleted
//
// # Trust
//
// This package verifies nothing. An Event that did not come from an endpoint of
// package verify is only as trustworthy as whoever made it.
//
// One endpoint is one trust domain: all its credentials belong to one owner.
// Owners who do not trust each other get endpoints with different names
// (verify.Config.Name), which are Event.Source.
package event
