package accesshook_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

// One vendor and two callbacks. NewRequest plays the vendor here.
func Example_oneVendor() {
	const secret = "the secret of the webhook" // a service reads it from its environment

	hook, err := relock.New(relock.Config{Secrets: event.Secrets(secret)})
	if err != nil {
		log.Fatal(err)
	}
	events := event.NewMux()
	events.HandleFunc(event.AuthenticationFailed, countFailure)
	event.On(events, pageSomebody)

	mux := http.NewServeMux()
	mux.Handle("/webhooks/relock", hook.Handler(events))
	server := httptest.NewServer(mux) // a service has an http.Server with timeouts
	defer server.Close()

	for _, payload := range []any{
		&relock.AuthenticationFailed{UserID: "ada", Reason: "device_not_trusted"},
		&relock.SecurityAlert{UserID: "ada", AlertType: "impossible_travel"},
	} {
		r, err := relock.NewRequest(context.Background(), server.URL+"/webhooks/relock", secret, payload)
		if err != nil {
			log.Fatal(err)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			log.Fatal(err)
		}
		res.Body.Close()
		fmt.Println("answered", res.StatusCode)
	}
	// Output:
	// refused: ada device_not_trusted
	// answered 200
	// page: high impossible_travel
	// answered 200
}

// countFailure is for a type of event, of any vendor.
func countFailure(_ context.Context, e *event.Event) error {
	fmt.Println("refused:", e.User.ID, e.Reason)
	return nil // an error would be answered 500
}

// pageSomebody is for a type of payload, which only Relock has.
func pageSomebody(_ context.Context, e *event.Event, alert *relock.SecurityAlert) error {
	fmt.Println("page:", e.Severity, alert.AlertType)
	return nil
}
