package event_test

import (
	"context"
	"fmt"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Shutdown returns the events that were not handled in time, to be saved.
func ExampleQueue_Shutdown() {
	queue := event.NewQueue(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		<-ctx.Done() // a system that does not answer
		return ctx.Err()
	}), event.QueueConfig{Workers: 1})
	for _, id := range []string{"a", "b", "c"} {
		_ = queue.HandleEvent(context.Background(), &event.Event{ID: id, Vendor: "relock"})
	}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	left, err := queue.Shutdown(ctx)
	for _, e := range left {
		fmt.Println("save", e.ID) // and e.Raw, to be decoded again
	}
	fmt.Println(err)
	// Output:
	// save a
	// save b
	// save c
	// event: queue shut down with 3 events left: context deadline exceeded
}
