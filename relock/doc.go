// Package relock receives the webhooks of Relock, which binds sessions to devices:
// who authenticated, on which device, from where, and security alerts.
//
//	hook, err := relock.New(relock.Config{Secrets: event.Secrets(os.Getenv("RELOCK_WEBHOOK_SECRET"))})
//	…
//	events := event.NewMux()
//	events.HandleFunc(event.AuthenticationFailed, func(ctx context.Context, e *event.Event) error {
//		return count(ctx, e.User.ID, e.Reason)
//	})
//	event.On(events, func(ctx context.Context, e *event.Event, alert *relock.SecurityAlert) error {
//		return page(ctx, e.Severity, alert.Description)
//	})
//	mux.Handle("/webhooks/relock", hook.Handler(events))
//
// # Authentication
//
// Relock signs the body with HMAC-SHA256. The key is the secret that was chosen when
// the webhook was configured. The signature is in the header X-Relock-Signature, in
// lower-case hex and without a prefix.
//
// # Payloads
//
// Each of the seven documented events has a struct. [Unknown] is the payload of any
// other. Every field may be zero. [Rest] keeps what has no field, or cannot be
// converted to its type. Payloads are encoded as the whole body, and [Decode] reads
// that back. A security.alert is of high severity unless Relock names another.
//
// # What Relock's page leaves open
//
// The webhook page was public for about a day in October 2025, and the product's own
// roadmap calls webhooks future work. Treat the contract as plausible, not as proven.
//
// The page promises event IDs, but no payload has one. Event.ID is the SHA-256 of the
// body, so equal bodies are one event. No timestamp is signed, so an old request
// verifies again. The header X-Relock-Timestamp, which another page mentions, is
// ignored: anyone who replays a request can change it. security.alert is missing from
// the list of events to subscribe to. Retries and the order of events are not documented.
//
// The rate limit of 100 requests in 15 minutes is advice for receivers, not a promise of
// the sender. A [verify.RateLimit] with EveryRequest keeps to it, and refuses Relock
// itself from the 101st event on. Without EveryRequest only failures are counted.
//
// See https://github.com/davidrelock/relock-docs/blob/a14ab92/docs/api/webhooks.md.
package relock
