// Command minimal receives Relock's webhooks and prints refused logons and alerts.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

func main() {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(os.Getenv("RELOCK_WEBHOOK_SECRET"))})
	if err != nil {
		log.Fatal(err)
	}
	events := event.NewMux()
	events.HandleFunc(event.AuthenticationFailed, func(_ context.Context, e *event.Event) error {
		_, err := fmt.Printf("refused: user %q from %s: %q\n", e.User.ID, e.Client.Address, e.Reason)
		return err // an error is answered 500
	})
	event.On(events, func(_ context.Context, e *event.Event, a *relock.SecurityAlert) error {
		_, err := fmt.Printf("%s alert for user %q: %q\n", e.Severity, a.UserID, a.Description)
		return err
	})
	http.Handle("/webhooks/relock", hook.Handler(events)) // no method: it answers 405 itself
	server := &http.Server{
		Addr:              "127.0.0.1:8080",
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      45 * time.Second, // from the header on: body 10, callbacks 30, answer 5
		IdleTimeout:       time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}
