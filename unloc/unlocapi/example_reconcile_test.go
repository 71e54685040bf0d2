package unlocapi_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
	"github.com/accesshook/accesshook/verify"
)

// A receiver that looks every hour for what its webhooks have missed. Each event reaches
// the callback once, whichever way it comes.
func ExampleReconcile() {
	api := simulatedUnloc()
	defer api.Close()
	client, err := unlocapi.New(unlocapi.Config{
		ProjectID:    "p-1029",
		ClientID:     "c-7",
		ClientSecret: event.NewSecret("from-the-environment"), // os.Getenv("UNLOC_CLIENT_SECRET")
		BaseURL:      api.URL,                                 // leave it out: Unloc itself
	})
	if err != nil {
		log.Fatal(err)
	}

	// It remembers events for longer than the seven days that are looked back on. Give it
	// a Store that outlives the process, and that all processes share.
	dedupe := event.Dedupe(event.DedupeConfig{Keep: 8 * 24 * time.Hour})
	hook, err := unloc.New(unloc.Config{
		Credentials: []verify.Credential{verify.NewCredential("unloc", "R4mT0pqu2x-new")},
		Endpoint: verify.Config{
			Wrap:   []func(event.Handler) event.Handler{dedupe},
			Logger: slog.New(slog.DiscardHandler),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	events := event.NewMux()
	events.HandleFunc(event.LockUnlocked, func(_ context.Context, e *event.Event) error {
		fmt.Println(e.User.Phone, "opened", e.Lock.Name)
		return nil
	})
	mux := http.NewServeMux()
	mux.Handle("/webhooks/unloc", hook.Handler(events))

	// Unloc sends the first of two events. The second one happens during an outage.
	r, err := unloc.NewRequest(context.Background(), "https://hooks.example/webhooks/unloc", "unloc", "R4mT0pqu2x-new", []byte(openedDoor("e-1", "Loading dock")))
	if err != nil {
		log.Fatal(err)
	}
	mux.ServeHTTP(httptest.NewRecorder(), r)

	hours := make(chan time.Time, 2) // in a service: time.Tick(time.Hour)
	hours <- time.Now()
	hours <- time.Now().Add(time.Hour)
	close(hours)
	for range hours {
		since := time.Now().AddDate(0, 0, -7)
		result, err := unlocapi.Reconcile(context.Background(), client, since, hook, events)
		if err != nil {
			log.Println(err) // the next hour tries again
		}
		fmt.Println(result.Found, "found,", result.Delivered, "missed by the webhook")
	}
	// Output:
	// +4790001234 opened Loading dock
	// +4790001234 opened North gate
	// 2 found, 1 missed by the webhook
	// 2 found, 0 missed by the webhook
}
