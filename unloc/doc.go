// Package unloc receives the webhooks of Unloc, whose app opens door locks.
//
// Unloc does not sign anything. It sends a user and a password with every
// request, as HTTP Basic authentication, if they are part of the URL that was
// registered with it; this package requires that.
//
//	hook, err := unloc.New(unloc.Config{Credentials: []verify.Credential{
//		verify.NewCredential("unloc", os.Getenv("UNLOC_WEBHOOK_PASSWORD")),
//	}})
//	…
//	mux.Handle("/webhooks/unloc", hook.Handler(events))
//
// Basic authentication says who sent a request and nothing about its body:
// whoever has the password can send any event, and repeat or change one that
// was sent. Over plain HTTP everybody on the way has the password. So the server
// behind the registered URL must speak TLS, or stand behind a proxy that does on
// a network of its own, and must not log the Authorization header.
//
// # Registration and rotation
//
// [URL] builds the URL to register with Unloc, and refuses users and passwords
// that Unloc asks to refrain from. To change a password without a gap, put the
// new credential beside the old one in [Config], register the new URL, delete
// the old registration, and drop the old credential some days later: events that
// Unloc reports late go to the URL that is registered by then, but its page does
// not say what happens to those already under way. A running endpoint takes the
// new list by SetVerifier with [NewVerifier].
//
// A registration is for one lock, and the body says which lock but not which
// registration or project it belongs to: paths or users of their own tell them
// apart.
//
// # What Unloc's page leaves open
//
// Retries, time-outs, what Unloc makes of an answer, and the order of events are
// not documented. An app reports what happened while it was offline once it is
// online again, so that an event may be hours or days old when it comes, and
// come after a later one: a short MaxAge loses events. To be sure that none is
// missing, compare with Unloc's access log from time to time; the page itself
// does not promise that every event is sent.
//
// Only keys that were created by an integrator, by Unloc's API, cause events. A
// door that is opened with a key that was shared in the app stays silent.
//
// viewedCode is documented for the access log. That it is sent to webhooks is
// inferred.
//
// A lock's privacy policy may make events anonymous, or private, in the access
// log. Whether it does for webhooks, and what an anonymous user looks like in
// JSON, is not documented: expect [AccessEvent.AppUserID] to be absent, empty or
// any text.
//
// # Payload
//
// Every request carries one [AccessEvent], whatever happened. Every field may be
// missing, and members that it has no field for are kept in its Extra. It is
// encoded as the whole body; [Decode] reads that back.
//
// # Event.ID
//
// Event.ID is Unloc's id if that is 1 to 128 letters, digits, dots, hyphens and
// underscores; otherwise the lower-case hex SHA-256 of the body. De-duplication
// takes two requests with the same id for one event even if the rest of the body
// differs, and two with different ids for two events even if the rest is the
// same. That an id is unique, and stays the same should Unloc send an event
// again, is inferred from its form.
//
// See https://developer.unloc.app/docs/webhooks-guide.
package unloc
