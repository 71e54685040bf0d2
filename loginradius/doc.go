// Package loginradius receives the webhooks of LoginRadius, which manages customer
// accounts: logins, registrations, and changes of accounts and of custom objects.
//
//	hook, err := loginradius.New(loginradius.Config{Secrets: event.Secrets(os.Getenv("LOGINRADIUS_WEBHOOK_SECRET"))})
//	…
//	events := event.NewMux()
//	events.HandleFunc(event.AuthenticationSucceeded, func(ctx context.Context, e *event.Event) error {
//		return record(ctx, e.User.ID, e.Location.City)
//	})
//	event.On(events, func(ctx context.Context, e *event.Event, h *loginradius.Hook) error {
//		return store(ctx, h.HookName, h.Profile) // nil for custom objects
//	})
//	mux.Handle("/webhooks/loginradius", hook.Handler(events))
//
// LoginRadius sends an event once and ignores the response. What a receiver misses
// never comes again: answer fast, and store first what must not be lost, with package
// event/durable.
//
// # Authentication
//
// LoginRadius signs the body with HMAC-SHA256. The key is an API secret of the site, as
// text. The signature is in the header Signature, in upper-case hex and without a
// prefix.
//
// By default LoginRadius signs with the primary API secret, which can also read, change
// and delete every account. Do not give that to a webhook receiver. Create a secondary
// API secret with webhook access only, and choose it for the webhook. List both secrets
// in Config.Secrets while one replaces the other.
//
// A webhook may have Basic or Bearer authentication as well. Require it in addition to
// the signature with Config.Endpoint.Also:
//
//	bearer, err := verify.NewBearer(event.NewSecret(os.Getenv("LOGINRADIUS_WEBHOOK_TOKEN")))
//	…
//	config.Endpoint.Also = bearer
//
// Whether such a webhook is still signed is not documented. Try it with one event first.
//
// [PublishedNetworks] has the addresses from which LoginRadius connects to other
// services. Use them with AllowFromReport of [verify.Config] first: what a wrong list
// refuses is lost.
//
// # Payload
//
// Event.Payload is a [*Hook], whatever happened. It has a [Profile] or a [CustomObject];
// for an event with a new name, whichever its data looks like. Every field may be zero.
//
// Only the event's name says what happened. An account that was just deleted has been
// seen with IsDeleted false, and events about roles may list no roles.
//
// A Hook is encoded as the whole body, without what is null, empty, zero or false.
// [Decode] reads that back.
//
// # Secrets in payloads
//
// LoginRadius sends the whole account with nearly every event: the hash of the password,
// PINs, tokens that reset them, and the tokens of social logins, with which one can act
// as the customer at another company. They are fields of type [event.Secret], in
// [Profile], in each of its Identities, and in the profile of removeemail. fmt, log/slog
// and every encoding mask them. Only [event.Secret.Reveal] and [NewRequest] give them
// away.
//
// Members without a field may be secrets as well, and so may values that cannot be
// converted to their field's type. They are neither kept nor encoded: only Event.Raw has
// them. CustomFields and the content of custom objects are encoded. Whoever defines them
// must not put secrets there.
//
// # What LoginRadius's page leaves open
//
//   - That exactly the bytes of the body are signed is inferred. Signatures of some events
//     did not match until a fix of April 2023.
//   - HookId is said to be unique to the triggered hook in one place, and to be the ID of
//     the webhook in another, so nothing is built on it. Event.ID is the SHA-256 of the
//     body: equal bodies are one event, and one event of two subscriptions is most likely
//     two.
//   - No timestamp is signed but that in the body, so an old request verifies again.
//   - Timeouts and the order of events are not documented.
//   - One API call can cause several events. A call with the header X-PreventWebhook, or
//     the parameter prevent_webhook, causes none.
//   - The names and payloads of createtraditionalaccount, updateuid and
//     consentprofileupdate are inferred from those of the other events.
//
// See https://www.loginradius.com/docs/developer/integrations/webhook/.
package loginradius
