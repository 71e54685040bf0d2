// Package unlocapi asks the API of Unloc for what its webhooks cannot give: it registers
// webhooks, reads the access log, and hands on the events that a receiver has missed.
//
//	client, err := unlocapi.New(unlocapi.Config{
//		ProjectID:    os.Getenv("UNLOC_PROJECT_ID"),
//		ClientID:     os.Getenv("UNLOC_CLIENT_ID"),
//		ClientSecret: event.NewSecret(os.Getenv("UNLOC_CLIENT_SECRET")),
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	mux.Handle("/webhooks/unloc", hook.Handler(events))
//	for ; ; time.Sleep(time.Hour) {
//		since := time.Now().AddDate(0, 0, -7)
//		result, err := unlocapi.Reconcile(ctx, client, since, hook, events)
//		log.Println(result.Delivered, "of", result.Found, "events were missing", err)
//	}
//
// Unloc does not say whether it sends a webhook again that failed. [Reconcile] needs a
// memory that drops what came already: see there.
//
// The credentials are those of an API client of one project. Its access token has the scope
// project.admin, is kept in memory until shortly before it expires, and is renewed once if
// it is refused. No error of this package holds it, the client's secret, or the URL of a
// webhook.
//
// # What Unloc's pages leave open
//
// The answer to the registration of a webhook, the order of the access log, the name of the
// list in it, and rates are not documented. A list of any name is accepted. A page without
// a cursor is the last one, as documented, however many events it has.
//
// See https://developer.unloc.app/reference/authentication-doc,
// https://developer.unloc.app/reference/pagination and
// https://developer.unloc.app/reference/getaccesslog.
package unlocapi
