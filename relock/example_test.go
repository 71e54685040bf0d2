package relock_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

func Example() {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets("the secret of the webhook")})
	if err != nil {
		log.Fatal(err)
	}

	events := event.NewMux()
	events.HandleFunc(event.AuthenticationFailed, func(_ context.Context, e *event.Event) error {
		fmt.Println(e.User.ID, "was refused:", e.Reason)
		return nil
	})
	event.On(events, func(_ context.Context, e *event.Event, alert *relock.SecurityAlert) error {
		fmt.Println(e.Severity, "alert:", alert.AlertType)
		return nil
	})

	mux := http.NewServeMux()
	mux.Handle("/webhooks/relock", hook.Handler(events))

	// What Relock would send.
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, payload := range []any{
		&relock.AuthenticationFailed{UserID: "u-7", Reason: "device_not_trusted"},
		&relock.SecurityAlert{AlertType: "suspicious_activity", Severity: "high"},
	} {
		r, err := relock.NewRequest(context.Background(), server.URL+"/webhooks/relock", "the secret of the webhook", payload)
		if err != nil {
			log.Fatal(err)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			log.Fatal(err)
		}
		res.Body.Close()
		fmt.Println(res.Status)
	}
	// Output:
	// u-7 was refused: device_not_trusted
	// 200 OK
	// high alert: suspicious_activity
	// 200 OK
}
