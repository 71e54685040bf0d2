// Package relock receives the webhooks of Relock, which binds sessions to
// devices.
//
// Relock signs the body with HMAC-SHA256 and sends the signature, in lower-case
// hex and without a prefix, in the header X-Relock-Signature. The key is the
// secret that was chosen when the webhook was configured.
//
//	hook, err := relock.New(relock.Config{Secrets: event.Secrets(os.Getenv("RELOCK_WEBHOOK_SECRET"))})
//	…
//	mux.Handle("/webhooks/relock", hook.Handler(events))
//
// # What Relock's page leaves open
//
// The webhook page was public for about a day in October 2025, and the product's
// own roadmap calls webhooks future work: treat the contract as plausible, not
// as proven. The page promises event IDs, but no payload has one, so Event.ID is
// the hash of the body: equal bodies are one event. When it was sent is not
// signed, so an old request verifies again; a header X-Relock-Timestamp, which
// another page speaks of, is ignored, since whoever sends a request again can
// change it. Retries, their timing and the order of events are not documented.
//
// Its rate limit of 100 requests in 15 minutes is advice for the receiver, not a
// promise of the sender: a [verify.RateLimit] with EveryRequest keeps to it, and
// refuses Relock itself from the 101st event on. Without EveryRequest only
// requests that fail are counted.
//
// # Payloads
//
// Each of the seven documented events has a struct, and [Unknown] is for the
// rest. security.alert is described but missing from the page's list of events to
// subscribe to. Every field may be missing, and members that a struct has no
// field for are kept in its [Rest]. Payloads are encoded as the whole body;
// [Decode] reads that back.
//
// See https://github.com/davidrelock/relock-docs/blob/a14ab92/docs/api/webhooks.md.
package relock
