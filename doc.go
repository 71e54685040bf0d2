// Package accesshook is the first page of the library. It has no code, but whole
// programs to copy. A service receives the webhooks of one vendor like this:
//
//	hook, err := relock.New(relock.Config{Secrets: event.Secrets(os.Getenv("RELOCK_WEBHOOK_SECRET"))})
//	if err != nil {
//		return err
//	}
//	events := event.NewMux()
//	events.HandleFunc(event.AuthenticationFailed, func(ctx context.Context, e *event.Event) error {
//		return count(ctx, e.User.Key(), e.Reason)
//	})
//	http.Handle("/webhooks/relock", hook.Handler(events))
//
// # Packages
//
//   - userlock, unloc, relock and loginradius receive one vendor each. New makes an
//     endpoint. NewRequest plays the vendor in your tests.
//   - [github.com/accesshook/accesshook/event] is what your callbacks get: Event, Mux,
//     and the wrappers Dedupe, Retry and Queue.
//   - [github.com/accesshook/accesshook/verify] is what all endpoints share, and what a
//     vendor of your own is made of. verify/verifytest tests such a vendor.
//   - [github.com/accesshook/accesshook/event/cloudevent] writes events as CloudEvents, and
//     event/ecs, event/ocsf, event/cef and event/asim as SIEMs read them. event/otlp, a
//     module of its own, makes log records of OpenTelemetry of them.
//   - unloc/unlocapi, relock/relockapi and loginradius/loginradiusapi call the vendors'
//     APIs: they register webhooks, and fetch what a receiver has missed.
//   - event/durable, a module of its own, stores events before the vendor is answered.
//
// # Examples
//
//   - On this page: receive one vendor, receive several, stop without losing an event, feed
//     a SIEM,
//     test your handler.
//   - In package event: register callbacks (Mux), drop duplicates (Dedupe), answer first
//     and work later (Queue), know one person at several vendors (User.Key).
//   - In package verify: serve behind a proxy (ClientIP), replace secrets while running
//     (Endpoint.SetVerifier), use your own http.Handler (Endpoint.Middleware), use
//     another framework (Endpoint.Receive), run in a function service
//     (Endpoint.Process), wrap all handlers (Config), add a vendor (NewEndpoint).
package accesshook
