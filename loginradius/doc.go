// Package loginradius receives the webhooks of LoginRadius, which keeps customer
// accounts.
//
// LoginRadius signs the body with HMAC-SHA256 and sends the signature, in
// upper-case hex and without a prefix, in the header Signature. The key is an
// API secret of the site, as text. That it signs exactly the bytes that it sends is
// inferred; signatures of some events did not match until a correction of April
// 2023.
//
//	hook, err := loginradius.New(loginradius.Config{Secrets: event.Secrets(os.Getenv("LOGINRADIUS_WEBHOOK_SECRET"))})
//	…
//	mux.Handle("/webhooks/loginradius", hook.Handler(events))
//
// # Which secret
//
// Unless told otherwise LoginRadius signs with the primary API secret, with
// which one can also read, change and delete every account. Do not give that to
// a webhook receiver: create a secondary API secret that has webhook access and
// nothing else, and choose it for the webhook. Put two into Config.Secrets while
// one replaces the other.
//
// A webhook may also be given Basic or Bearer authentication. Require that on
// top of the signature with Config.Endpoint.Also:
//
//	gate, err := verify.NewBearer(event.NewSecret(os.Getenv("LOGINRADIUS_WEBHOOK_TOKEN")))
//	…
//	c.Endpoint.Also = gate
//
// Whether such a webhook is still signed is not documented: try it with one event,
// since what is refused never comes again.
//
// # Which addresses
//
// LoginRadius publishes the addresses from which it connects to services of
// others, without naming webhooks: [PublishedNetworks] has them. They are no proof
// of who sent a request, and a gate that is shut when LoginRadius moves loses
// events for good: use them with AllowFromReport of [verify.Config] first.
//
// # Secrets in payloads
//
// LoginRadius sends the whole account with nearly every event: the hash of the
// password, PINs, tokens for resetting them, and the tokens of social logins,
// with which one can act as the customer at another company. They are fields of
// type [event.Secret], in [Profile], in each of its Identities and in what
// removeemail wraps: fmt, log/slog and every encoding of an event mask them, and
// only [event.Secret.Reveal] and [NewRequest] give them away.
//
// Members that this package does not know may be secrets as well. They are
// neither kept nor encoded, and Event.Raw is the only place that has them.
// CustomFields and the content of custom objects are encoded: what they hold is
// for whoever has defined them to know.
//
// # Payload
//
// Event.Payload is a [*Hook], whatever happened: a [Profile] or a
// [CustomObject], and in a new event whichever its data looks like. Any field may
// be missing. A Hook is encoded as the whole body, without what is null, empty,
// zero or false; [Decode] reads that back.
//
// What the event is about is said by its name alone. An account that was just
// deleted has been seen with IsDeleted false, and events about roles may list no
// roles.
//
// # What LoginRadius's page leaves open
//
// LoginRadius sends an event once and does not look at the answer: what a
// receiver misses never comes again. Answer fast, and keep what must not be lost
// before answering. Time-outs and the order of events are not documented. One
// call to its API can cause several events, and with several subscriptions each
// of them comes several times; a call with the header X-PreventWebhook, or the
// parameter prevent_webhook, causes none.
//
// HookId is said to be unique to the triggered hook in one place and to be the
// ID of the webhook in another, so nothing is built on it. Event.ID is the
// lower-case hex SHA-256 of the body: equal bodies are one event, and the same
// event sent to two subscriptions is most likely two. No time is signed but that
// in the body, so an old request verifies again.
//
// The names and payloads of createtraditionalaccount, updateuid and
// consentprofileupdate are inferred from those of the other events.
//
// See https://www.loginradius.com/docs/developer/integrations/webhook/.
package loginradius
