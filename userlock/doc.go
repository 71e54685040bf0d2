// Package userlock receives the webhook notifications of UserLock by IS
// Decisions: logons, logoffs, locks, denied logons of Windows sessions.
//
// UserLock does not sign anything. Each notification carries the UserLock ID of
// the server that sent it, and that GUID is the secret: find it with
//
//	Get-UserLockServerConfiguration -Property 'ServerGuid'
//
// on every UserLock server, the backup server included, and list them all:
//
//	hook, err := userlock.New(userlock.Config{IDs: event.Secrets(primary, backup)})
//	…
//	mux.Handle("/webhooks/userlock", hook.Handler(events))
//
// # What this protects, and what it does not
//
// Whoever has seen one notification has the secret and can make up others: serve
// this endpoint over TLS only, let only UserLock's servers reach it, and never
// point UserLock at a public demonstration. After ResetGUID list the new ID
// beside the old one until the reset is done.
//
// The ID, which is a member of the body's top-level object, gets no further than
// the verifier: what is decoded, encoded and logged has its first eight digits
// ([ServerID]); only Event.Raw is the body as it came. A copy of it in a name, in
// a nested value or inside of another text would stay.
//
// # What the vendor's pages leave open
//
// The JSON names of the notification are not public. So the ID is found by its
// value, whatever its member is called, and the other members by a table of
// names that are compared by letters and digits alone, in any letter case;
// Config.Aliases adds names. If a member is not recognised it is in
// Notification.Extra, and when no ID matches, the log lists the names that
// arrived. Whether times have a zone is not documented either: Config.Location
// says what zone-less ones mean. EventType is taken as a code or as its name,
// since no page says which is sent, nor whether events of UAC and MFA are: these
// would be unknown ones. That the method is POST is inferred from the body.
// Retries, order and the answer that is expected are not documented. Agents keep
// events while no server can be reached; that these are sent later, perhaps hours
// old, is inferred.
//
// Event.ID is the SHA-256 of the body without the value of the UserLock ID. Equal
// bodies have equal IDs, also if one comes from the primary server and the other
// from the backup server, so event.Dedupe handles such an event once. Nothing more
// is promised. All IDs in one Config belong to one owner: servers of owners who do
// not trust each other get endpoints with different names.
//
// See https://www.isdecisions.com/en/userlock/docs/build-with-userlock/userlock-webhook.
package userlock
