package event_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Answer the vendor first and handle events later. The order is Queue, Retry,
// Dedupe, callbacks: each attempt of a Retry asks Dedupe again, and an event is done
// only when a callback was.
func ExampleQueue() {
	events := event.NewMux()
	attempt := 0
	events.HandleFunc(event.LockUnlocked, func(ctx context.Context, e *event.Event) error {
		if attempt++; attempt == 1 {
			return errors.New("alarm system does not answer")
		}
		fmt.Println("unlocked:", e.Lock.Name)
		return nil
	})

	dedupe := event.Dedupe(event.DedupeConfig{})
	retry := event.Retry(event.RetryConfig{Attempts: 5, Delay: time.Millisecond})
	queue := event.NewQueue(retry(dedupe(events)), event.QueueConfig{Key: event.ByLock})

	// In a service: http.Handle("/webhooks/unloc", hook.Handler(queue)).
	// The vendor sends this event twice.
	for range 2 {
		err := queue.HandleEvent(context.Background(), &event.Event{
			ID: "4711", Vendor: "unloc", Source: "unloc",
			Type: event.LockUnlocked, Lock: event.Lock{ID: "1", Name: "Front door"},
		})
		fmt.Println("answered:", err)
	}

	// At the end, after http.Server.Shutdown.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	left, err := queue.Shutdown(ctx)
	fmt.Println("left:", len(left), err)
	// Unordered output:
	// answered: <nil>
	// answered: <nil>
	// unlocked: Front door
	// left: 0 <nil>
}
