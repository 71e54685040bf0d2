package event_test

import (
	"context"
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

// A Mux calls the callbacks registered for the type of an event, for its family of
// types, or for the Go type of its payload.
func ExampleMux() {
	events := event.NewMux()
	events.HandleFunc(event.AuthenticationFailed, func(_ context.Context, e *event.Event) error {
		fmt.Println("count a failure of", e.User.ID)
		return nil
	})
	events.HandleFunc("session.*", func(_ context.Context, e *event.Event) error {
		fmt.Println("clock", e.User.ID, e.Type)
		return nil
	})
	event.On(events, func(_ context.Context, e *event.Event, alert *relock.SecurityAlert) error {
		fmt.Println("page:", e.Severity, alert.AlertType)
		return nil
	})
	events.Default(func(_ context.Context, e *event.Event) error {
		fmt.Println("not handled:", e.Vendor, e.VendorType)
		return nil
	})

	// An endpoint does this with each request that it has verified.
	for _, body := range []string{
		`{"event":"authentication.failed","data":{"userId":"ada"}}`,
		`{"event":"session.created","data":{"userId":"ada"}}`,
		`{"event":"session.ended","data":{"userId":"ada"}}`,
		`{"event":"security.alert","data":{"alertType":"impossible_travel","severity":"high"}}`,
		`{"event":"coffee.brewed"}`,
	} {
		e, err := relock.Decode([]byte(body))
		if err != nil {
			fmt.Println(err)
			continue
		}
		if err := events.HandleEvent(context.Background(), e); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// count a failure of ada
	// clock ada session.started
	// clock ada session.ended
	// page: high impossible_travel
	// not handled: relock coffee.brewed
}
