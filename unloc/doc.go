// Package unloc receives the webhooks of Unloc, whose app opens door locks.
//
//	hook, err := unloc.New(unloc.Config{Credentials: []verify.Credential{
//		verify.NewCredential("unloc", os.Getenv("UNLOC_WEBHOOK_PASSWORD")),
//	}})
//	if err != nil {
//		log.Fatal(err)
//	}
//	events := event.NewMux()
//	events.HandleFunc(event.LockUnlocked, func(ctx context.Context, e *event.Event) error {
//		log.Println(e.Time, e.User.Phone, "opened", e.Lock.Name)
//		return nil
//	})
//	mux.Handle("/webhooks/unloc", hook.Handler(events))
//
// Unloc signs nothing. It sends a user and a password with every request, by HTTP Basic
// authentication, if they are a part of the URL that was registered with it; this package
// requires that. [URL] builds the URL to register, and package
// [github.com/accesshook/accesshook/unloc/unlocapi] registers it.
//
// Basic authentication says who sent a request and nothing about its body. Anyone who has
// the password can send any event, and repeat or change one that was sent. Over plain HTTP
// everyone on the way has the password. So the server behind the registered URL must speak
// TLS, or stand behind a proxy that does, on a network of its own. Neither may log the
// Authorization header.
//
// All credentials of one Config belong to one owner. For registrations of owners who do
// not trust each other, make endpoints with different names.
//
// # Registration and rotation
//
// To change a password without a gap, put the new credential beside the old one in
// [Config], register the new URL, delete the old registration, and drop the old credential
// some days later. Events that Unloc reports late go to the URL that is registered by then;
// what happens to those already under way is not documented. A running endpoint takes the
// new list by [verify.Endpoint.SetVerifier] with [NewVerifier].
//
// A registration is for one lock. The body says which lock, but not which registration or
// project it belongs to: a path or a user of its own tells one from another.
//
// # What decodes
//
// Every request carries one [AccessEvent], whatever happened. Any field may be missing.
// Names match in any letter case. A value of another JSON type than documented is
// converted, with a warning, and broken UTF-8 becomes U+FFFD. What has no field, or does
// not fit its field, is in AccessEvent.Extra. [verify.Unmarshal] has the rules. A body that
// is not a JSON object is answered 400, and its event has the type unknown and only Raw.
//
// # Event.ID
//
// Event.ID is Unloc's id if that has 1 to 128 letters, digits, dots, hyphens and
// underscores. Otherwise it is the lower-case hex SHA-256 of the body. Requests with the
// same id are one event even if the rest of the body differs; with different ids they are
// two events even if the rest is the same. That an id is unique, and stays the same should
// Unloc send an event again, is inferred from its form.
//
// # What Unloc's page leaves open
//
// Retries, time-outs, the meaning of an answer, and the order of events are not documented.
// An app that was offline reports what happened once it is online again. So an event may be
// hours or days old when it comes, and come after a later one: a short MaxAge loses events.
// The page does not promise that every event is sent. To be sure that none is missing, let
// [github.com/accesshook/accesshook/unloc/unlocapi.Reconcile] look through Unloc's access log
// every hour. It hands on what did not come.
//
// Only keys that an integrator made by Unloc's API cause events. A door that is opened with
// a key that was shared in the app stays silent. viewedCode is documented for the access
// log; that it is sent to webhooks is inferred.
//
// A lock's privacy policy may make events anonymous, or private, in the access log. Whether
// it does for webhooks, and what an anonymous user looks like in JSON, is not documented.
// Expect [AccessEvent.AppUserID] to be absent, empty or any string.
//
// See https://developer.unloc.app/docs/webhooks-guide.
package unloc
