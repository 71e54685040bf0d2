// Package event is what a service sees of a webhook: what happened, from whom
// it came, in one vocabulary for all vendors.
//
// A vendor package (userlock, unloc, relock, loginradius, or one of your own)
// verifies a request, decodes it and turns it into an [Event]. A [Handler] takes
// it; a [Mux] sends it to callbacks by its [Type], by a family of types, or by
// the Go type of its payload ([On]):
//
//	events := event.NewMux()
//	events.HandleFunc(event.AuthenticationFailed, count)
//	events.HandleFunc("session.*", clock)
//	event.On(events, func(ctx context.Context, e *event.Event, a *relock.SecurityAlert) error {
//		return page(ctx, a.AlertType, a.Description)
//	})
//
// What a callback returns decides the answer to the vendor: nil means done,
// [Permanent] means that trying again cannot help (answered as received, and
// reported), [Unavailable] means try again later (503), any other error means
// failed (500).
//
// Around a Mux, [Dedupe] takes equal deliveries for one, [Retry] tries again, and
// [Queue] answers before the work is done:
//
//	queue := event.NewQueue(event.Retry(event.RetryConfig{})(event.Dedupe(event.DedupeConfig{})(events)), event.QueueConfig{})
//	mux.Handle("/webhooks/relock", hook.Handler(queue))
//	… // at the end: http.Server.Shutdown, then queue.Shutdown
//
// The order is that one: Dedupe around a Queue would call done what is only
// queued. Without a Queue, Dedupe alone belongs into verify.Config.Wrap. When an
// event is tried again, all callbacks of a Mux run again, those that had
// succeeded as well.
//
// Package event does not verify anything. An Event that did not come from an
// endpoint of package verify is only as trustworthy as whoever made it.
package event
