// Package userlock receives the webhook notifications of UserLock, by IS Decisions:
// logons, logoffs, locks and denied logons of Windows sessions.
//
//	hook, err := userlock.New(userlock.Config{
//		IDs: event.Secrets(os.Getenv("USERLOCK_ID"), os.Getenv("USERLOCK_BACKUP_ID")),
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	events := event.NewMux()
//	events.HandleFunc("session.*", func(ctx context.Context, e *event.Event) error {
//		log.Println(e.Time, e.Type, e.User.Domain, e.User.Name, e.Device.Name)
//		return nil
//	})
//	mux.Handle("/webhooks/userlock", hook.Handler(events))
//
// # The UserLock ID is the secret
//
// UserLock signs nothing. Each notification has the UserLock ID of the server that sent
// it, a GUID. A request is genuine if a top-level field of its body is one of Config.IDs.
// Get the ID of each server, the backup server too, with
//
//	Get-UserLockServerConfiguration -Property 'ServerGuid'
//
// Anyone who has seen one notification has the secret, and can make up others. Serve
// this endpoint over TLS only, let only the UserLock servers reach it, and never point
// UserLock at a public demonstration. After ResetGUID list the new ID beside the old one
// until the reset is done.
//
// All IDs of one Config belong to one owner. For servers of owners who do not trust each
// other, make endpoints with different names.
//
// An accepted ID goes no further than Event.Raw, which is the body as it came. In the
// payload, and in whatever is logged or encoded, it is masked wherever it stands in the
// body and however it is spelled: only its first eight digits are left ([ServerID]). A
// field whose text has it is left out, with a warning.
//
// # What decodes
//
// After verification, a value is not lost because it is of another form than expected.
// Names match by their letters and digits alone, in any letter case. A value of another
// JSON type is converted, with a warning. Broken UTF-8 becomes U+FFFD, with a warning.
// What has no field, or does not fit its field, is in Notification.Extra. [verify.Unmarshal]
// has the rules. A verified body that is not a JSON object is answered 400, and its event
// has the type unknown and only Raw.
//
// Before verification, an object with a repeated name, or nested deeper than 64 levels,
// is refused with 401.
//
// # Event.ID
//
// Event.ID is the lower-case hex SHA-256 of the body without the UserLock IDs in it. Equal
// bodies are one event. So are bodies that differ in the ID alone, as when both the primary
// and the backup server report a logon: event.Dedupe handles it once.
//
// # What the vendor's pages leave open
//
// The names of the JSON fields are not public. So the ID is found by its value, whatever
// its field is called, and the other fields by a table of names, to which Config.Aliases
// adds. [FieldOf] looks a name up. When no ID matches, the log lists the names that came.
//
// Whether times have a zone is not documented: Config.Location says what those without
// one mean, and Config.TimeLayouts reads other forms. No page says whether EventType is a
// code or a word: both are taken. Whether events of UAC and MFA are sent is unknown; they
// would be of the type unknown. That the method is POST is inferred from the body. Retries,
// order and the expected answer are not documented. Agents keep events while no server can
// be reached; that these are sent hours later is inferred.
//
// See https://www.isdecisions.com/en/userlock/docs/build-with-userlock/userlock-webhook.
package userlock
