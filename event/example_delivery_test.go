package event_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/accesshook/accesshook/event"
)

// The order for events that are handled after the vendor was answered: the Queue
// outermost, then Retry, then Dedupe, then the callbacks. Each attempt of a retry
// asks Dedupe again, and an event counts as done only when a callback was done
// with it.
func Example_queueRetryDedupe() {
	mux := event.NewMux()
	attempt := 0
	mux.HandleFunc(event.LockUnlocked, func(ctx context.Context, e *event.Event) error {
		if attempt++; attempt == 1 {
			return errors.New("alarm system does not answer")
		}
		fmt.Println("unlocked:", e.Lock.Name)
		return nil
	})

	dedupe := event.Dedupe(event.DedupeConfig{})
	retry := event.Retry(event.RetryConfig{Attempts: 5, Delay: time.Millisecond})
	queue := event.NewQueue(retry(dedupe(mux)), event.QueueConfig{Key: event.ByLock})

	// In a service: http.Handle("/webhooks/unloc", hook.Handler(queue)).
	// The vendor sends this event twice.
	for range 2 {
		err := queue.HandleEvent(context.Background(), &event.Event{
			ID: "4711", Vendor: "unloc", Source: "unloc", Credential: "user gate",
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

// Dedupe directly under an endpoint: the vendor waits for the callbacks, and a
// duplicate is answered without calling them. In a service it stands in
// verify.Config.Wrap, one wrapper for all endpoints.
func ExampleDedupe() {
	var duplicates atomic.Int64
	dedupe := event.Dedupe(event.DedupeConfig{
		Keep: 48 * time.Hour,
		Observe: func(_ context.Context, o event.DedupeObservation) {
			if o.Result == event.DedupeDuplicate || o.Result == event.DedupeShared {
				duplicates.Add(1)
			}
		},
	})
	h := dedupe(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		fmt.Println("handled", e.ID)
		return nil
	}))

	e := &event.Event{ID: "4711", Vendor: "relock", Source: "relock", Credential: "secret 1"}
	for range 3 {
		fmt.Println(h.HandleEvent(context.Background(), e))
	}
	fmt.Println("duplicates:", duplicates.Load())
	// Output:
	// handled 4711
	// <nil>
	// <nil>
	// <nil>
	// duplicates: 2
}

// What is left when the time to shut down is over is returned, to be saved.
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

// A callback says when to try again, or that it is of no use.
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
