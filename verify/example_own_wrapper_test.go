package verify_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// Wrap puts wrappers of your own around what handles the events: for traces, metrics, or
// to drop what a service does not want. The first is outermost.
func ExampleConfig_wrap() {
	hook, err := relock.New(relock.Config{
		Secrets: event.Secrets("the secret of the webhook"),
		Endpoint: verify.Config{Wrap: []func(event.Handler) event.Handler{
			traced,
			event.Dedupe(event.DedupeConfig{}),
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	events := event.NewMux()
	events.HandleFunc(event.SecurityAlert, func(context.Context, *event.Event) error {
		return errors.New("pager does not answer")
	})
	handler := hook.Handler(events)

	for _, payload := range []any{&relock.SecurityAlert{}, &relock.SessionCreated{}} {
		r, err := relock.NewRequest(context.Background(), "/webhooks/relock", "the secret of the webhook", payload)
		if err != nil {
			log.Fatal(err)
		}
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// security.alert begins
	// security.alert ends with pager does not answer
	// session.started begins
	// session.started ends with <nil>
}

// traced prints when an event begins and how it ends.
func traced(next event.Handler) event.Handler {
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		fmt.Println(e.Type, "begins")
		err := next.HandleEvent(ctx, e)
		fmt.Println(e.Type, "ends with", err)
		return err // pass it on: it decides the answer
	})
}
