// Package relockapi registers webhooks with Relock.
//
//	client, err := relockapi.New(relockapi.Config{APIKey: event.NewSecret(os.Getenv("RELOCK_API_KEY"))})
//	…
//	registration, err := client.ConfigureWebhook(ctx, relockapi.Webhook{
//		URL:    "https://hooks.example.com/webhooks/relock",
//		Events: slices.Sorted(maps.Keys(relock.EventTypes())),
//		Secret: event.NewSecret(os.Getenv("RELOCK_WEBHOOK_SECRET")),
//	})
//
// Receive the events with package relock and the same secret.
//
// # What is documented
//
// One request is: POST /webhooks/configure with the URL, the events and the secret. No
// page documents a way to list, change, test or remove webhooks. Of the answer to a
// success there is one example, and of errors there are six forms. All of them become an
// [*Error].
//
// The seven events of the webhook page are those of [relock.EventTypes]. The page of the
// API does not list security.alert, so Relock may refuse it or leave it out:
// see [Registration].Missing.
//
// The pages differ about rate limits: 20 requests a minute in one, 100 in 15 minutes in
// another.
//
// # What is not
//
// No page says whether a second call for a URL replaces the first webhook or adds one. So
// a request that Relock may have worked on is not sent again: an error other than an
// [*Error] with a Status of 400 to 499 can mean that the webhook is configured. If there
// are two then, most likely each sends every event, with equal bodies if the secrets are
// equal, and [event.Dedupe] drops one of them.
//
// The pages were public for about a day in October 2025, and have been withdrawn. Treat
// the contract as plausible, not as proven.
//
// See https://github.com/davidrelock/relock-docs/blob/a14ab92/docs/api/endpoints.md and
// https://github.com/davidrelock/relock-docs/blob/a14ab92/docs/api/webhooks.md.
package relockapi
