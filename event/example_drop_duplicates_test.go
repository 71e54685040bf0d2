package event_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// Dedupe directly under an endpoint: the vendor waits for the callbacks. A request
// that is sent again is answered as the first was, without calling them.
func ExampleDedupe() {
	const secret = "a secret for this example"
	dedupe := event.Dedupe(event.DedupeConfig{}) // one for all endpoints
	hook, err := relock.New(relock.Config{
		Secrets: event.Secrets(secret),
		Endpoint: verify.Config{
			Wrap:   []func(event.Handler) event.Handler{dedupe},
			Logger: slog.New(slog.DiscardHandler), // its record of a duplicate has duplicate=true
			Observe: func(_ context.Context, o verify.Observation) {
				fmt.Println("answered", o.Status, "duplicate", o.Duplicate)
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	events := event.NewMux()
	event.On(events, page)
	handler := hook.Handler(events)

	for range 3 {
		r, err := relock.NewRequest(context.Background(), "http://localhost/webhooks/relock", secret, &relock.SecurityAlert{AlertType: "impossible_travel"})
		if err != nil {
			fmt.Println(err)
			return
		}
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// page: impossible_travel
	// answered 200 duplicate false
	// answered 200 duplicate true
	// answered 200 duplicate true
}

func page(_ context.Context, _ *event.Event, alert *relock.SecurityAlert) error {
	fmt.Println("page:", alert.AlertType)
	return nil
}
