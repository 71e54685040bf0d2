package event_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Retry calls its handler again until it succeeds, or says that it never will.
func ExampleRetry() {
	attempt := 0
	h := event.Retry(event.RetryConfig{Delay: time.Millisecond})(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		fmt.Println("attempt")
		if attempt++; attempt == 1 {
			return event.Unavailable(errors.New("rate limit"), 10*time.Millisecond)
		}
		return event.Permanent(errors.New("no such user"))
	}))
	err := h.HandleEvent(context.Background(), &event.Event{ID: "4711", Vendor: "relock"})
	fmt.Println(err)
	fmt.Println(event.IsPermanent(err))
	// Output:
	// attempt
	// attempt
	// event: after 2 attempts: no such user
	// true
}
