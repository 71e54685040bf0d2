package event_test

import (
	"context"
	"fmt"

	"github.com/accesshook/accesshook/event"
)

// Vendors of your own may have types of their own. One whose name is near to a
// shared type would be refused as a misspelling: name it to NewMux.
func ExampleNewMux() {
	const lockBlocked event.Type = "lock.blocked" // near to lock.locked

	events := event.NewMux(lockBlocked)
	events.HandleFunc(lockBlocked, func(_ context.Context, e *event.Event) error {
		fmt.Println("call the locksmith:", e.Lock.Name)
		return nil
	})
	events.HandleFunc("badge.*", func(_ context.Context, e *event.Event) error { // near to nothing
		fmt.Println("badge:", e.Type)
		return nil
	})

	_ = events.HandleEvent(context.Background(), &event.Event{Type: lockBlocked, Lock: event.Lock{Name: "Front door"}})
	_ = events.HandleEvent(context.Background(), &event.Event{Type: "badge.shown"})
	// Output:
	// call the locksmith: Front door
	// badge: badge.shown
}
