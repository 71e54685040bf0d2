// Package event is what your service sees of a webhook: what happened, and to whom,
// in one vocabulary for all vendors.
//
// An endpoint of a vendor package (userlock, unloc, relock, loginradius, or your
// own) verifies a request, decodes it, and hands an [Event] to your [Handler]. Most
// services need a [Mux] with callbacks, and [Dedupe]:
//
//	events := event.NewMux()
//	events.HandleFunc(event.AuthenticationFailed, func(ctx context.Context, e *event.Event) error {
//		return count(ctx, e.User.Key(), e.Reason)
//	})
//	events.HandleFunc("session.*", clock) // a family of types
//	event.On(events, func(ctx context.Context, e *event.Event, alert *relock.SecurityAlert) error {
//		return page(ctx, alert.AlertType, alert.Description) // a type of payload
//	})
//	dedupe := event.Dedupe(event.DedupeConfig{})
//	mux.Handle("/webhooks/relock", hook.Handler(dedupe(events)))
//
// What a callback returns decides the answer to the vendor:
//
//	nil                       200   done
//	Permanent(err)            200   trying again cannot help; the error is reported
//	Unavailable(err, after)   503   try again later
//	any other error, a panic  500   failed
//
// # Answering before the work is done
//
// A [Queue] answers at once and handles events later, and [Retry] tries again. The
// order is Queue, Retry, Dedupe, Mux:
//
//	retry := event.Retry(event.RetryConfig{})
//	queue := event.NewQueue(retry(dedupe(events)), event.QueueConfig{})
//	mux.Handle("/webhooks/relock", hook.Handler(queue))
//	… // at the end: http.Server.Shutdown, then queue.Shutdown
//
// Dedupe around a Queue would mark done what is only queued. When an event is tried
// again, all callbacks of a Mux run again, also those that had succeeded. What waits
// in a Queue is lost with the process: package event/durable is for what must not
// be.
//
// # Trust
//
// This package verifies nothing. An Event that did not come from an endpoint of
// package verify is only as trustworthy as whoever made it.
//
// One endpoint is one trust domain: all its credentials belong to one owner.
// Owners who do not trust each other get endpoints with different names
// (verify.Config.Name), which are Event.Source.
package event
